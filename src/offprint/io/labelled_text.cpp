#include "offprint/io/labelled_text.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "offprint/core/error.hpp"
#include "offprint/io/csv.hpp"
#include "offprint/io/gzip.hpp"
#include "offprint/io/mapped_file.hpp"

namespace offprint::io {
namespace {

std::string extension_of(std::filesystem::path path) {
  if (path.extension() == ".gz") path.replace_extension();
  return path.extension().string();
}

[[noreturn]] void refuse_column(const std::string& file, const std::string& wanted, const std::string& role,
                                const std::vector<std::string>& there) {
  throw InputError(
      fmt::format("'{}' has no {} column '{}'; its columns are {}", file, role, wanted, fmt::join(there, ", ")));
}

template <class F>
void for_each_line(std::string_view bytes, F&& f) {
  std::size_t number = 0;
  while (!bytes.empty()) {
    const auto end = bytes.find('\n');
    std::string_view line = bytes.substr(0, end);
    bytes.remove_prefix(end == std::string_view::npos ? bytes.size() : end + 1);
    ++number;
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    if (!line.empty()) f(line, number);
  }
}

std::vector<std::string> split(std::string_view line) {
  std::vector<std::string> fields;
  for (;;) {
    const auto tab = line.find('\t');
    fields.emplace_back(line.substr(0, tab));
    if (tab == std::string_view::npos) return fields;
    line.remove_prefix(tab + 1);
  }
}

class Reader {
 public:
  Reader(std::string file, const TextColumns& columns) : file_(std::move(file)), columns_(columns) {}

  LabelledTexts tsv(std::string_view bytes) {
    std::vector<std::string> header;
    std::size_t text = 0;
    std::size_t label = 0;
    std::optional<std::size_t> domain;
    for_each_line(bytes, [&](std::string_view line, std::size_t number) {
      auto fields = split(line);
      if (header.empty()) {
        header = std::move(fields);
        text = find(header, columns_.text, "text").value();
        label = find(header, columns_.label, "label").value();
        domain = find(header, columns_.domain, "domain", columns_.domain_required);
        return;
      }
      if (fields.size() != header.size())
        throw InputError(
            fmt::format("'{}' line {} has {} fields; the header has {}", file_, number, fields.size(), header.size()));
      add(std::move(fields[text]), std::move(fields[label]),
          domain ? std::optional(std::move(fields[*domain])) : std::nullopt, number);
    });
    return finish();
  }

  LabelledTexts csv(std::string_view bytes) {
    // All columns as text: their names come from the header line.
    CsvOptions options{.delimiter = ',', .header = Header::present, .comment = 0};
    const auto line = bytes.substr(0, bytes.find_first_of("\r\n"));
    CsvOptions header_only = options;
    header_only.header = Header::absent;
    std::vector<std::string> header;
    if (!line.empty()) {
      const auto count = static_cast<std::size_t>(std::count(line.begin(), line.end(), ',')) + 1;
      for (std::size_t k = 1; k <= count; ++k) header_only.text_columns.push_back(std::to_string(k));
      for (const auto& column : parse_csv(line, header_only, file_).text) header.push_back(column.values.front());
    }
    for (const auto& name : {columns_.text, columns_.label, columns_.domain})
      if (std::find(header.begin(), header.end(), name) != header.end()) options.text_columns.push_back(name);
    (void)find(header, columns_.text, "text");
    (void)find(header, columns_.label, "label");
    const bool domain = find(header, columns_.domain, "domain", columns_.domain_required).has_value();
    options.columns = {};
    // Other columns may hold anything: they are kept as text too, so that none is parsed as a number.
    for (const auto& name : header)
      if (std::find(options.text_columns.begin(), options.text_columns.end(), name) == options.text_columns.end())
        options.text_columns.push_back(name);
    const Table table = parse_csv(bytes, options, file_);
    const auto& texts = table.text_column(columns_.text);
    const auto& labels = table.text_column(columns_.label);
    for (std::size_t i = 0; i < texts.size(); ++i)
      add(texts[i], labels[i], domain ? std::optional(table.text_column(columns_.domain)[i]) : std::nullopt, i + 2);
    return finish();
  }

  LabelledTexts json_lines(std::string_view bytes) {
    for_each_line(bytes, [&](std::string_view line, std::size_t number) {
      const auto object = nlohmann::json::parse(line, nullptr, false);
      if (!object.is_object())
        throw InputError(
            fmt::format("'{}' line {} is not a JSON object: JSON lines hold one object a line", file_, number));
      const bool domain = object.contains(columns_.domain);
      if (columns_.domain_required && !domain) (void)value(object, columns_.domain, number);
      add(value(object, columns_.text, number), value(object, columns_.label, number),
          domain ? std::optional(value(object, columns_.domain, number)) : std::nullopt, number);
    });
    return finish();
  }

 private:
  std::optional<std::size_t> find(const std::vector<std::string>& header, const std::string& name,
                                  const std::string& role, bool required = true) const {
    const auto at = std::find(header.begin(), header.end(), name);
    if (at != header.end()) return static_cast<std::size_t>(at - header.begin());
    if (required) refuse_column(file_, name, role, header);
    return std::nullopt;
  }

  [[nodiscard]] std::string value(const nlohmann::json& object, const std::string& key, std::size_t number) const {
    const auto at = object.find(key);
    if (at == object.end()) throw InputError(fmt::format("'{}' line {} has no key '{}'", file_, number, key));
    if (at->is_string()) return at->get<std::string>();
    if (at->is_primitive() && !at->is_null()) return at->dump();
    throw InputError(fmt::format("'{}' line {}: '{}' is neither a string nor a number", file_, number, key));
  }

  void add(std::string text, std::string label, std::optional<std::string> domain, std::size_t line) {
    if (label.empty()) throw InputError(fmt::format("'{}' line {} has an empty label", file_, line));
    out_.texts.push_back(std::move(text));
    out_.labels.push_back(std::move(label));
    if (domain) out_.domains.push_back(std::move(*domain));
  }

  LabelledTexts finish() {
    if (out_.texts.empty()) throw InputError(fmt::format("'{}' has no rows of text", file_));
    if (!out_.domains.empty() && out_.domains.size() != out_.texts.size())
      throw InputError(fmt::format("'{}': only {} of {} rows have a domain; give it to all or none", file_,
                                   out_.domains.size(), out_.texts.size()));
    return std::move(out_);
  }

  std::string file_;
  const TextColumns& columns_;
  LabelledTexts out_;
};

}  // namespace

LabelledTexts read_labelled_texts(const std::filesystem::path& path, const TextColumns& columns) {
  const std::string extension = extension_of(path);
  if (extension != ".tsv" && extension != ".csv" && extension != ".jsonl" && extension != ".ndjson")
    throw InputError(
        fmt::format("'{}': labelled texts are read from .tsv, .csv, .jsonl and .ndjson files", path.string()));
  const MappedFile file(path);
  std::string unpacked;
  std::string_view bytes = file.bytes();
  if (is_gzip(bytes)) {
    unpacked = gunzip(bytes, path.string());
    bytes = unpacked;
  }
  if (bytes.substr(0, 3) == "\xef\xbb\xbf") bytes.remove_prefix(3);
  Reader reader(path.string(), columns);
  if (extension == ".tsv") return reader.tsv(bytes);
  if (extension == ".csv") return reader.csv(bytes);
  return reader.json_lines(bytes);
}

NamedClasses named_classes(const std::vector<std::string>& names) {
  NamedClasses out;
  out.names = names;
  std::sort(out.names.begin(), out.names.end());
  out.names.erase(std::unique(out.names.begin(), out.names.end()), out.names.end());
  out.codes.reserve(names.size());
  for (const auto& name : names)
    out.codes.push_back(
        static_cast<int>(std::lower_bound(out.names.begin(), out.names.end(), name) - out.names.begin()));
  return out;
}

}  // namespace offprint::io
