// Detection of delimiter and header.
#include "offprint/io/csv_layout.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "offprint/core/error.hpp"

namespace offprint::io::csv {
namespace {

constexpr int kSampledRecords = 16;

std::vector<std::string> fields_of(const char* p, const char* end, const Dialect& dialect) {
  std::vector<std::string> fields;
  std::string scratch;
  Field field;
  field.next = p;
  do {
    field = next_field(field.next, end, dialect, scratch);
    fields.emplace_back(field.text);
  } while (!field.last);
  return fields;
}

// The starts of the first records, and the comment line directly above the first (or null).
struct Sample {
  std::vector<const char*> records;
  const char* comment_above = nullptr;
};

Sample sample(std::string_view text, const Dialect& dialect) {
  Sample out;
  const char* end = text.data() + text.size();
  for (const char* p = text.data(); p != end && out.records.size() < kSampledRecords;) {
    const bool skipped = is_skipped(p, end, dialect);
    if (!skipped) out.records.push_back(p);
    const char* stop = record_end(p, end, dialect, !skipped);
    if (skipped && out.records.empty()) {
      const char* q = p;
      while (q != stop && dialect.is_blank(*q)) ++q;
      out.comment_above = q != stop && *q == dialect.comment ? q + 1 : nullptr;
    }
    p = stop == end ? end : stop + 1;
  }
  return out;
}

char find_delimiter(std::string_view text, char comment) {
  const char* end = text.data() + text.size();
  char most_frequent = ',';
  std::size_t most = 1;
  for (const char candidate : {'\t', ';', ',', ' '}) {
    const Dialect dialect{candidate, comment};
    std::vector<std::size_t> counts;
    for (const char* p : sample(text, dialect).records) counts.push_back(fields_of(p, end, dialect).size());
    if (counts.empty()) continue;
    if (counts.front() > 1 && std::all_of(counts.begin(), counts.end(), [&](auto c) { return c == counts.front(); }))
      return candidate;
    // Blanks are common inside text, so they are never taken on frequency alone.
    if (candidate != ' ' && counts.front() > most) {
      most = counts.front();
      most_frequent = candidate;
    }
  }
  return most_frequent;
}

std::vector<Kind> kinds_of(const std::vector<std::string>& fields) {
  std::vector<Kind> kinds;
  double value = 0.0;
  for (const auto& field : fields) kinds.push_back(classify(field, value));
  return kinds;
}

// A row of labels: none is a number, at least one is text.
bool are_labels(const std::vector<Kind>& kinds) {
  return std::find(kinds.begin(), kinds.end(), Kind::number) == kinds.end() &&
         std::find(kinds.begin(), kinds.end(), Kind::text) != kinds.end();
}

bool looks_like_header(const std::vector<Kind>& first, const std::vector<Kind>& second) {
  if (are_labels(first)) return true;
  for (std::size_t i = 0; i < std::min(first.size(), second.size()); ++i)
    if (first[i] == Kind::text && second[i] == Kind::number) return true;
  return false;
}

}  // namespace

std::string line_of(std::string_view text, const char* at, std::string_view name) {
  return fmt::format("{}:{}", name, 1 + std::count(text.data(), at, '\n'));
}

std::string place_of(std::string_view text, const char* at, std::string_view name) {
  const char* line = at;
  while (line != text.data() && line[-1] != '\n') --line;
  return fmt::format("{}:{}", line_of(text, at, name), at - line + 1);
}

std::string quoted(std::string_view text) {
  constexpr std::size_t kLongest = 40;
  return text.size() <= kLongest ? fmt::format("'{}'", text) : fmt::format("'{}...'", text.substr(0, kLongest));
}

Layout find_layout(std::string_view text, const CsvOptions& options, std::string_view name) {
  Layout layout;
  layout.dialect.comment = options.comment;
  layout.dialect.delimiter = options.delimiter ? *options.delimiter : find_delimiter(text, options.comment);
  const char* end = text.data() + text.size();
  const Sample start = sample(text, layout.dialect);
  if (start.records.empty())
    throw InputError(fmt::format("{}: the file has no rows, only blank lines or comments", name));

  const auto first = fields_of(start.records[0], end, layout.dialect);
  const auto second =
      start.records.size() > 1 ? fields_of(start.records[1], end, layout.dialect) : std::vector<std::string>{};
  layout.has_header = options.header == Header::present ||
                      (options.header == Header::automatic && looks_like_header(kinds_of(first), kinds_of(second)));
  layout.data = start.records[0];
  if (layout.has_header) {
    const char* stop = record_end(layout.data, end, layout.dialect, true);
    layout.data = stop == end ? end : stop + 1;
    layout.names = first;
  } else if (options.header == Header::automatic && start.comment_above != nullptr) {
    const char* stop = record_end(start.comment_above, end, layout.dialect, false);
    auto names = fields_of(start.comment_above, stop, layout.dialect);
    if (names.size() == first.size() && are_labels(kinds_of(names))) layout.names = std::move(names);
  }
  layout.names.resize(first.size());
  for (std::size_t i = 0; i < layout.names.size(); ++i)
    if (layout.names[i].empty()) layout.names[i] = fmt::format("c{}", i + 1);
  return layout;
}

std::size_t find_column(const std::vector<std::string>& names, std::string_view wanted, std::string_view file) {
  const auto found = std::find(names.begin(), names.end(), wanted);
  if (found != names.end()) {
    const auto again = std::find(found + 1, names.end(), wanted);
    if (again != names.end()) {
      throw InputError(fmt::format("{}: columns {} and {} are both called '{}'; select one by its number", file,
                                   found - names.begin() + 1, again - names.begin() + 1, wanted));
    }
    return static_cast<std::size_t>(found - names.begin());
  }
  std::size_t number = 0;
  const auto [stop, error] = std::from_chars(wanted.data(), wanted.data() + wanted.size(), number);
  if (!wanted.empty() && error == std::errc{} && stop == wanted.data() + wanted.size()) {
    if (number >= 1 && number <= names.size()) return number - 1;
    throw InputError(fmt::format("{}: there is no column {}, the columns are 1 to {}", file, number, names.size()));
  }
  throw InputError(fmt::format("{}: there is no column '{}'{}", file, wanted, suggestion(wanted, names)));
}

}  // namespace offprint::io::csv
