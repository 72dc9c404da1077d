// What the first lines of a text table tell: delimiter, header, names, where the data begin.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "offprint/io/csv.hpp"
#include "offprint/io/csv_fields.hpp"

namespace offprint::io::csv {

/// "name:LINE" and "name:LINE:COLUMN" of a place in the text, for error messages. O(offset).
[[nodiscard]] std::string line_of(std::string_view text, const char* at, std::string_view name);
[[nodiscard]] std::string place_of(std::string_view text, const char* at, std::string_view name);

/// "'abc'", shortened when long.
[[nodiscard]] std::string quoted(std::string_view text);

struct Layout {
  Dialect dialect;
  bool has_header = false;
  std::vector<std::string> names;  ///< of all columns
  const char* data = nullptr;      ///< the first record after the header
};

/// Works out the layout from the first lines (the rules are at CsvOptions). Throws InputError when there is no record.
[[nodiscard]] Layout find_layout(std::string_view text, const CsvOptions& options, std::string_view name);

/// The index of the column that `wanted` names, by name or number from 1. Throws InputError.
[[nodiscard]] std::size_t find_column(const std::vector<std::string>& names, std::string_view wanted,
                                      std::string_view file);

}  // namespace offprint::io::csv
