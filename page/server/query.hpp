// Pure parsing of what arrives in addresses and headers. Nothing here touches a socket or a file: it is what the fuzz
// target fuzz_http feeds.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace offprint::page {

/// Percent-decoded text, with '+' as a space when it is a query's. Nothing for a broken escape.
[[nodiscard]] std::optional<std::string> percent_decoded(std::string_view text, bool plus_is_space = false);

/// Whether `text` is valid UTF-8 without control characters (tabs and newlines allowed when `lines`).
[[nodiscard]] bool is_clean_text(std::string_view text, bool lines = false);

/// The segments of an absolute path, decoded one by one, so that an encoded slash stays inside its segment. Throws
/// InputError for broken escapes, unclean text, "." and "..", and more than 16 segments.
[[nodiscard]] std::vector<std::string> path_segments(std::string_view path);

/// The query of an address. At most 64 parameters of 4096 bytes each.
class Query {
 public:
  Query() = default;
  /// Throws InputError for broken escapes, unclean text and too many parameters.
  [[nodiscard]] static Query parse(std::string_view text);

  /// The last value of that name; nothing when absent. An empty value counts as absent in the typed getters.
  [[nodiscard]] std::optional<std::string> find(std::string_view name) const;
  [[nodiscard]] std::string text(std::string_view name, std::string fallback = "") const;
  /// Throws InputError when it is not a whole number from `lo` to `hi`.
  [[nodiscard]] std::int64_t whole(std::string_view name, std::int64_t fallback, std::int64_t lo,
                                   std::int64_t hi) const;
  /// Throws InputError when it is none of `choices`.
  [[nodiscard]] std::string choice(std::string_view name, std::string fallback,
                                   std::span<const std::string_view> choices) const;
  /// Throws InputError for a parameter that is none of `known`, with the nearest name.
  void only(std::span<const std::string_view> known) const;

 private:
  std::vector<std::pair<std::string, std::string>> values_;
};

/// "YYYY-MM-DD" of a day that exists, in years 1900 to 2999. Throws InputError.
[[nodiscard]] std::string parse_day(std::string_view text);

struct DayRange {
  std::string from;
  std::string to;  // inclusive
};
/// The day, the week (Monday to Sunday) or the month that holds `day`, a valid one.
[[nodiscard]] DayRange day_range(const std::string& day, std::string_view span);

/// A positive whole number in a path. Throws InputError ("there is no run 'x'") naming `what`.
[[nodiscard]] std::int64_t parse_id(std::string_view text, std::string_view what);

/// A catalogue key: letters, digits, '.', '-', '_', '/', at most 100. Throws InputError.
[[nodiscard]] std::string parse_key(std::string_view text);

/// The value of one cookie in a Cookie header, "" when it has none.
[[nodiscard]] std::string cookie(std::string_view header, std::string_view name);

/// "Host: NAME:PORT" without its port, in lower case; "" when it is malformed. "[::1]:80" gives "[::1]".
[[nodiscard]] std::string host_name(std::string_view host);

/// Whether `if_none_match` (a list of tags, or "*") names `etag`.
[[nodiscard]] bool etag_matches(std::string_view if_none_match, std::string_view etag);

/// Whether Accept-Encoding takes gzip.
[[nodiscard]] bool accepts_gzip(std::string_view accept_encoding);

/// A file name for the disk: the last part of `name`, letters, digits, '.', '-', '_' and spaces kept, others '_', no
/// leading dot, at most 100 bytes; "upload" when nothing is left.
[[nodiscard]] std::string safe_file_name(std::string_view name);

/// The columns' names in the first line of a CSV text (comma, semicolon or tab; quotes); empty when it holds numbers
/// only, or is no such line.
[[nodiscard]] std::vector<std::string> csv_columns(std::string_view first_line);

}  // namespace offprint::page
