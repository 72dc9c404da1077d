// The fields and records of a text table, one at a time: the careful path of the CSV reader.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include <fast_float/fast_float.h>

namespace offprint::io::csv {

struct Dialect {
  char delimiter = ',';
  char comment = '#';
  [[nodiscard]] bool blanks() const { return delimiter == ' '; }  // runs of blanks and tabs separate
  [[nodiscard]] bool is_blank(char c) const { return c == ' ' || (c == '\t' && delimiter != '\t'); }
};

/// One field: its content without quotes and surrounding blanks, and where reading goes on.
struct Field {
  enum class Problem { none, never_closed, text_after_quote };
  std::string_view text;        ///< in the input, or in the scratch string when quotes were doubled
  const char* begin = nullptr;  ///< where the field starts in the input
  const char* next = nullptr;   ///< the next field, or the next record when `last`
  bool last = false;
  bool quoted = false;
  Problem problem = Problem::none;
};

/// The field that starts at p. Works on [p, end).
[[nodiscard]] Field next_field(const char* p, const char* end, const Dialect& dialect, std::string& scratch);

/// Where the record that starts at p ends: its line feed, or end. `quotes` says whether the input has any.
[[nodiscard]] const char* record_end(const char* p, const char* end, const Dialect& dialect, bool quotes);

/// Whether the line that starts at p holds no record: blank, or a comment.
[[nodiscard]] bool is_skipped(const char* p, const char* end, const Dialect& dialect);

enum class Kind { number, missing, text };

/// What a field's content is; `value` gets the number, or NaN when it is missing.
[[nodiscard]] Kind classify(std::string_view text, double& value);

/// Rounds a decimal number at p correctly; returns where it ends, or p when there is none. A leading '+' is accepted;
/// what exceeds double's range becomes infinity or zero.
[[nodiscard]] inline const char* parse_number(const char* p, const char* end, double& value) {
  const char* first = p;
  if (first != end && *first == '+' && first + 1 != end && first[1] != '-') ++first;
  const auto result = fast_float::from_chars(first, end, value);
  return result.ec == std::errc::invalid_argument ? p : result.ptr;
}

}  // namespace offprint::io::csv
