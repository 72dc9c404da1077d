// Labelled texts from tables: TSV, CSV and JSON lines with a text, a label and perhaps a domain for each row.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace offprint::io {

struct LabelledTexts {
  std::vector<std::string> texts;
  std::vector<std::string> labels;
  std::vector<std::string> domains;  ///< empty when the file has no such column

  [[nodiscard]] std::size_t size() const { return texts.size(); }
};

/// Names of the columns (of the keys, in JSON lines).
struct TextColumns {
  std::string text = "text";
  std::string label = "label";
  std::string domain = "domain";
  bool domain_required = false;
};

/// Reads by extension, each also gzip-compressed: .tsv (a header, fields separated by tabs, no quoting: what stands
/// between two tabs is the field), .csv (a header, RFC 4180 quoting), .jsonl and .ndjson (an object a line; labels and
/// domains may be strings, numbers or booleans). Throws InputError naming file and line: another extension; a missing
/// column (with those there are); a row with another number of fields; a line that is no JSON object; an empty label.
/// O(size of the file).
[[nodiscard]] LabelledTexts read_labelled_texts(const std::filesystem::path& path, const TextColumns& columns = {});

/// The distinct values of `names` in ascending order, and each row's index among them.
struct NamedClasses {
  std::vector<std::string> names;
  std::vector<int> codes;
};
[[nodiscard]] NamedClasses named_classes(const std::vector<std::string>& names);

}  // namespace offprint::io
