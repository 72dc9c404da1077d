// Numeric tables as text: CSV and its relatives (semicolons, tabs, blanks), read in parallel, written atomically.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <Eigen/Core>

#include "offprint/core/parallel.hpp"

namespace offprint::io {

/// A column that was asked for as text.
struct TextColumn {
  std::string name;
  std::vector<std::string> values;  ///< one a row
};

/// A text column as categories: the distinct values in order of first appearance, and each row's index among them.
struct Categories {
  std::vector<std::string> labels;
  std::vector<Eigen::Index> codes;
};
[[nodiscard]] Categories categories(const std::vector<std::string>& values);

/// What a table file holds: `values` is rows x names.size(), missing entries are NaN.
struct Table {
  std::vector<std::string> names;
  Eigen::MatrixXd values;
  std::vector<TextColumn> text;

  /// The index of the numeric column called `name`. Throws InputError with the nearest name.
  [[nodiscard]] Eigen::Index column(std::string_view name) const;
  /// The values of the text column called `name`. Throws InputError with the nearest name.
  [[nodiscard]] const std::vector<std::string>& text_column(std::string_view name) const;
};

enum class Header { automatic, present, absent };

/// How a text table is read. The defaults read what spreadsheets, numpy.savetxt, MATLAB and R write.
struct CsvOptions {
  /// The separator: any character, ' ' meaning runs of blanks and tabs. When not given it is the first of tab,
  /// semicolon, comma, blanks that occurs equally often (and at least once) in each of the first lines.
  std::optional<char> delimiter{};
  /// Automatic: the first row is a header when none of its fields is a number and at least one is text, or when some
  /// column is text in the first row and a number in the second. (A row of missing values is data.) Without a header
  /// row, a comment line directly above the data with as many fields, none of them a number, gives the names
  /// (numpy.savetxt writes these); otherwise they are c1, c2, ...
  Header header = Header::automatic;
  /// Lines whose first character other than blanks is this one are skipped; 0: none.
  char comment = '#';
  /// The numeric columns wanted, in this order, by name or by number from 1 (a name wins). Empty: all that are not in
  /// `text_columns`.
  std::vector<std::string> columns{};
  /// Columns to keep as text (a trajectory's name, a time stamp), by name or number.
  std::vector<std::string> text_columns{};
  Parallel parallel{};
};

/// Reads a text table; gzip-compressed files are recognised by their content. Quoted fields follow RFC 4180 (they may
/// hold the delimiter, line breaks and doubled quotes), lines may end in CR LF, a UTF-8 byte order mark and blank lines
/// are skipped, blanks around a field are dropped. A field is missing (NaN) when it is empty or one of NaN, NA, N/A,
/// null in any case; Inf is infinity. Numbers are rounded correctly to double; the decimal mark is the point.
///
/// Throws InputError naming file, line and column: unreadable, empty or binary file; a row with another number of
/// fields than the first; a field that is no number; a quote that is never closed; an unknown column.
/// Time is linear in the size and the work is spread over `options.parallel`; the result does not depend on it. Beside
/// the result, memory for the file's pages is all that is used (and the decompressed text of a gzip file).
[[nodiscard]] Table read_csv(const std::filesystem::path& path, const CsvOptions& options = {});

/// The same for text in memory; `name` is what errors call it.
[[nodiscard]] Table parse_csv(std::string_view text, const CsvOptions& options = {}, std::string_view name = "input");

/// Writes a header and one line a row, comma-separated, each number with the fewest digits that read back as the same
/// double; NaN is written "nan". Atomic (see AtomicFile). `names` may be empty: then no header is written.
/// Throws InputError when the number of names is not that of the columns, IoError when the file cannot be written.
void write_csv(const std::filesystem::path& path, const std::vector<std::string>& names,
               const Eigen::Ref<const Eigen::MatrixXd>& values);
/// The same with the text columns after the numeric ones, quoted where needed.
void write_csv(const std::filesystem::path& path, const Table& table);

}  // namespace offprint::io
