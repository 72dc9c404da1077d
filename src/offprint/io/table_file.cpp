// Format recognition and addressing.
#include "offprint/io/table_file.hpp"

#include <algorithm>
#include <fstream>

#include <fmt/format.h>

#include "offprint/core/error.hpp"
#include "offprint/io/npy.hpp"

namespace offprint::io {
namespace {

namespace fs = std::filesystem;

enum class Format { text, npy, npz, hdf5, unknown };

std::string lower_extension(const fs::path& path) {
  fs::path name = path.filename();
  std::string extension = name.extension().string();
  if (extension == ".gz") extension = name.stem().extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return extension;
}

Format by_extension(const std::string& extension) {
  const auto one_of = [&](std::initializer_list<std::string_view> names) {
    return std::find(names.begin(), names.end(), extension) != names.end();
  };
  if (one_of({".csv", ".tsv", ".txt", ".dat"})) return Format::text;
  if (extension == ".npy") return Format::npy;
  if (extension == ".npz") return Format::npz;
  if (one_of({".h5", ".hdf5", ".he5", ".mat"})) return Format::hdf5;
  return Format::unknown;
}

Format by_content(const fs::path& path) {
  std::error_code ignored;
  if (!fs::is_regular_file(path, ignored)) return Format::unknown;  // a pipe must not be read twice
  std::string start(8, '\0');
  std::ifstream in(path, std::ios::binary);
  in.read(start.data(), static_cast<std::streamsize>(start.size()));
  start.resize(static_cast<std::size_t>(in.gcount()));
  if (start.starts_with("\x93NUMPY")) return Format::npy;
  if (start.starts_with("PK\x03\x04") || start.starts_with("PK\x05\x06")) return Format::npz;
  if (start.starts_with("\x89HDF\r\n\x1a\n")) return Format::hdf5;
  return Format::unknown;
}

std::string only_array(const fs::path& file, const std::vector<std::string>& names) {
  if (names.size() == 1) return names.front();
  if (names.empty()) throw InputError(fmt::format("{}: the file holds no array of numbers", file.string()));
  constexpr std::size_t kMost = 12;
  const std::vector<std::string> some(names.begin(),
                                      names.begin() + static_cast<std::ptrdiff_t>(std::min(names.size(), kMost)));
  throw InputError(fmt::format("{0}: the file holds {1} arrays, name one as {0}:{2} (it holds {3}{4})", file.string(),
                               names.size(), names.front(), fmt::join(some, ", "),
                               names.size() > kMost ? ", ..." : ""));
}

std::vector<std::string> numeric_datasets(const fs::path& file) {
  std::vector<std::string> names;
  for (auto& info : list_hdf5(file))
    if (info.numeric) names.push_back(std::move(info.path));
  return names;
}

Table read_text(const fs::path& file, CsvOptions options) {
  if (!options.delimiter && lower_extension(file) == ".tsv") options.delimiter = '\t';
  return read_csv(file, options);
}

struct Located {
  DataAddress address;
  Format format = Format::unknown;
};

Located locate(std::string_view text) {
  Located out{parse_address(text), Format::unknown};
  const auto& [file, array] = out.address;
  out.format = by_content(file);
  if (out.format == Format::unknown) out.format = by_extension(lower_extension(file));
  std::error_code error;
  if (out.format == Format::unknown && fs::exists(file, error) && !fs::is_directory(file, error)) {
    throw InputError(
        fmt::format("{}: the format is not known; read are .csv, .tsv, .txt, .dat (also with .gz), .npy, "
                    ".npz, .h5, .hdf5 and .mat (MATLAB 7.3)",
                    file.string()));
  }
  if (!array.empty() && (out.format == Format::text || out.format == Format::npy))
    throw InputError(fmt::format("{}: the file holds one table only, there is no '{}' in it", file.string(), array));
  return out;
}

NdArray read_array(const Located& located, const DataOptions& options) {
  const auto& [file, array] = located.address;
  switch (located.format) {
    case Format::npy:
      return read_npy(file);
    case Format::npz:
      return read_npz(file, array.empty() ? only_array(file, npz_names(file)) : array);
    default:  // what does not exist or is a folder: the reader says so
      return read_hdf5(file, array.empty() ? only_array(file, numeric_datasets(file)) : array, options.hdf5);
  }
}

}  // namespace

DataAddress parse_address(std::string_view address) {
  std::error_code error;
  if (!fs::exists(fs::path(address), error)) {
    for (std::size_t colon = address.find(':'); colon != std::string_view::npos; colon = address.find(':', colon + 1)) {
      const fs::path file(address.substr(0, colon));
      if (fs::exists(file, error) && !fs::is_directory(file, error))
        return {file, std::string(address.substr(colon + 1))};
    }
  }
  return {fs::path(address), ""};
}

DataFile read_data(std::string_view address, const DataOptions& options) {
  const Located located = locate(address);
  if (located.format != Format::text) return {read_array(located, options), {}, {}};
  Table table = read_text(located.address.file, options.csv);
  return {NdArray::from_matrix(table.values), std::move(table.names), std::move(table.text)};
}

MatrixFile read_matrix(std::string_view address, const DataOptions& options) {
  const Located located = locate(address);
  if (located.format == Format::text) {
    Table table = read_text(located.address.file, options.csv);
    return {std::move(table.values), std::move(table.names), std::move(table.text)};
  }
  const NdArray array = read_array(located, options);
  MatrixFile out;
  try {
    out.values = array.matrix();
  } catch (const InputError& error) {
    throw InputError(fmt::format("{}: {}", address, error.what()));
  }
  for (Eigen::Index c = 0; c < out.values.cols(); ++c) out.columns.push_back(fmt::format("c{}", c + 1));
  return out;
}

}  // namespace offprint::io
