// Writing text tables.
#include <array>
#include <charconv>
#include <cmath>

#include <fmt/format.h>

#include "offprint/core/atomic_file.hpp"
#include "offprint/core/error.hpp"
#include "offprint/io/csv.hpp"

namespace offprint::io {
namespace {

void append_number(std::string& line, double value) {
  if (std::isnan(value)) {  // never "-nan"
    line += "nan";
    return;
  }
  std::array<char, 32> digits{};
  const auto result = std::to_chars(digits.data(), digits.data() + digits.size(), value);
  line.append(digits.data(), result.ptr);
}

void append_text(std::string& line, std::string_view text) {
  const bool plain = text.find_first_of(",\"\r\n#") == std::string_view::npos &&
                     (text.empty() || (text.front() != ' ' && text.back() != ' ')) &&
                     text.find('\t') == std::string_view::npos;
  if (plain) {
    line += text;
    return;
  }
  line += '"';
  for (const char c : text) {
    if (c == '"') line += '"';
    line += c;
  }
  line += '"';
}

void write(const std::filesystem::path& path, const std::vector<std::string>& names,
           const Eigen::Ref<const Eigen::MatrixXd>& values, const std::vector<TextColumn>& text) {
  if (!names.empty() && names.size() != static_cast<std::size_t>(values.cols())) {
    throw InputError(fmt::format("cannot write '{}': there are {} names for {} columns", path.string(), names.size(),
                                 values.cols()));
  }
  for (const auto& column : text) {
    if (column.values.size() != static_cast<std::size_t>(values.rows()))
      throw InputError(fmt::format("cannot write '{}': the text column '{}' has {} values for {} rows", path.string(),
                                   column.name, column.values.size(), values.rows()));
  }
  AtomicFile file(path);
  std::string line;
  const auto end_line = [&] {
    line.back() = '\n';  // in place of the last comma
    file.write(line);
    line.clear();
  };
  if (!names.empty() || !text.empty()) {
    for (const auto& name : names) append_text(line, name), line += ',';
    for (const auto& column : text) append_text(line, column.name), line += ',';
    end_line();
  }
  if (values.cols() == 0 && text.empty()) return file.commit();
  for (Eigen::Index r = 0; r < values.rows(); ++r) {
    for (Eigen::Index c = 0; c < values.cols(); ++c) append_number(line, values(r, c)), line += ',';
    for (const auto& column : text) append_text(line, column.values[static_cast<std::size_t>(r)]), line += ',';
    end_line();
  }
  file.commit();
}

}  // namespace

void write_csv(const std::filesystem::path& path, const std::vector<std::string>& names,
               const Eigen::Ref<const Eigen::MatrixXd>& values) {
  write(path, names, values, {});
}

void write_csv(const std::filesystem::path& path, const Table& table) {
  write(path, table.names, table.values, table.text);
}

}  // namespace offprint::io
