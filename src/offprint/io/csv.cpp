// The parallel CSV reader. First pass: the text is cut into blocks of whole records and the records are counted, so
// that, second pass, every block is parsed straight into its rows of the result.
#include "offprint/io/csv.hpp"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <unordered_map>

#include <fmt/format.h>

#include "offprint/core/error.hpp"
#include "offprint/io/csv_fields.hpp"
#include "offprint/io/csv_layout.hpp"
#include "offprint/io/gzip.hpp"
#include "offprint/io/large_pages.hpp"
#include "offprint/io/mapped_file.hpp"

namespace offprint::io {
namespace {

using csv::Dialect;
using csv::Field;

constexpr std::size_t kBlockBytes = std::size_t{1} << 20;
constexpr std::size_t kBinaryProbe = std::size_t{1} << 16;
constexpr int kSkip = -1;

// Records of [begin, end), which are rows first_row, first_row + 1, ... of the table.
struct Block {
  const char* begin = nullptr;
  const char* end = nullptr;
  std::size_t rows = 0;
  std::size_t first_row = 0;
};

std::size_t count_rows(const char* p, const char* end, const Dialect& dialect) {
  std::size_t rows = 0;
  while (p != end) {
    // a printable first character that opens no comment settles it without a closer look
    if ((*p > ' ' && *p != dialect.comment) || !csv::is_skipped(p, end, dialect)) ++rows;
    const auto* line_end = static_cast<const char*>(std::memchr(p, '\n', static_cast<std::size_t>(end - p)));
    p = line_end == nullptr ? end : line_end + 1;
  }
  return rows;
}

// Blocks for text without quotes, where every line feed ends a record; nothing when a quote is met.
std::optional<std::vector<Block>> cut_unquoted(std::string_view data, const Dialect& dialect,
                                               const Parallel& parallel) {
  std::vector<Block> blocks((data.size() + kBlockBytes - 1) / kBlockBytes);
  std::atomic<bool> quote{false};
  const char* const data_end = data.data() + data.size();
  const auto boundary = [&](std::size_t i) {  // the first record that starts at or after the block's nominal start
    if (i == 0) return data.data();
    if (i >= blocks.size()) return data_end;
    const char* p = data.data() + i * kBlockBytes - 1;
    const auto* line_end = static_cast<const char*>(std::memchr(p, '\n', static_cast<std::size_t>(data_end - p)));
    return line_end == nullptr ? data_end : line_end + 1;
  };
  parallel_for(blocks.size(), parallel, [&](std::size_t i) {
    if (quote.load(std::memory_order_relaxed)) return;
    Block& block = blocks[i];
    block.begin = boundary(i);
    block.end = boundary(i + 1);
    const auto size = static_cast<std::size_t>(block.end - block.begin);
    if (size > 0 && std::memchr(block.begin, '"', size) != nullptr) {
      quote = true;
      return;
    }
    block.rows = count_rows(block.begin, block.end, dialect);
  });
  if (quote) return std::nullopt;
  return blocks;
}

// Blocks for text with quotes: whether a line feed ends a record depends on all that comes before it.
std::vector<Block> cut_quoted(std::string_view data, const Dialect& dialect) {
  std::vector<Block> blocks;
  const char* const end = data.data() + data.size();
  for (const char* p = data.data(); p != end;) {
    if (blocks.empty() || static_cast<std::size_t>(p - blocks.back().begin) >= kBlockBytes) blocks.push_back({p, p});
    const bool skipped = csv::is_skipped(p, end, dialect);
    const char* stop = csv::record_end(p, end, dialect, !skipped);
    if (!skipped) ++blocks.back().rows;
    p = stop == end ? end : stop + 1;
    blocks.back().end = p;
  }
  return blocks;
}

// What becomes of each column of the file: dropped, a numeric column, or a text column of the table.
struct Plan {
  std::vector<int> number;
  std::vector<int> text;
};

Plan make_plan(const csv::Layout& layout, const CsvOptions& options, std::string_view name, Table& table) {
  const std::size_t columns = layout.names.size();
  Plan plan{std::vector<int>(columns, kSkip), std::vector<int>(columns, kSkip)};
  const auto claim = [&](std::size_t column) {
    if (plan.number[column] != kSkip || plan.text[column] != kSkip)
      throw InputError(fmt::format("{}: column '{}' is selected twice", name, layout.names[column]));
  };
  for (const auto& wanted : options.text_columns) {
    const std::size_t column = csv::find_column(layout.names, wanted, name);
    claim(column);
    plan.text[column] = static_cast<int>(table.text.size());
    table.text.push_back({layout.names[column], {}});
  }
  const auto take = [&](std::size_t column) {
    plan.number[column] = static_cast<int>(table.names.size());
    table.names.push_back(layout.names[column]);
  };
  for (const auto& wanted : options.columns) {
    const std::size_t column = csv::find_column(layout.names, wanted, name);
    claim(column);
    take(column);
  }
  if (options.columns.empty())
    for (std::size_t column = 0; column < columns; ++column)
      if (plan.text[column] == kSkip) take(column);
  return plan;
}

class Parser {
 public:
  Parser(std::string_view text, const csv::Layout& layout, Plan plan, std::string_view name, Table& table)
      : text_(text), layout_(layout), plan_(std::move(plan)), name_(name), table_(table) {}

  void parse(const Block& block) const {
    // Rows are gathered in a tile and turned into columns there, where it is cheap.
    const std::size_t width = table_.names.size();
    const std::size_t tile_rows = std::clamp<std::size_t>(std::size_t{8192} / std::max<std::size_t>(width, 1), 8, 512);
    std::vector<double> tile(tile_rows * width);
    std::string scratch;
    std::size_t row = block.first_row;
    std::size_t in_tile = 0;
    const auto store = [&] {
      for (std::size_t c = 0; c < width; ++c) {
        double* out = &table_.values(static_cast<Eigen::Index>(row - in_tile), static_cast<Eigen::Index>(c));
        for (std::size_t r = 0; r < in_tile; ++r) out[r] = tile[r * width + c];
      }
      in_tile = 0;
    };
    for (const char* p = block.begin; p != block.end;) {
      if ((*p <= ' ' || *p == layout_.dialect.comment || *p == '"') && csv::is_skipped(p, block.end, layout_.dialect)) {
        const char* stop = csv::record_end(p, block.end, layout_.dialect, false);
        p = stop == block.end ? stop : stop + 1;
        continue;
      }
      p = parse_row(p, block.end, tile.data() + in_tile * width, row, scratch);
      ++row;
      if (++in_tile == tile_rows) store();
    }
    if (in_tile > 0) store();
  }

 private:
  const char* parse_row(const char* p, const char* end, double* numbers, std::size_t row, std::string& scratch) const {
    const Dialect& dialect = layout_.dialect;
    const char* const start = p;
    const std::size_t columns = plan_.number.size();
    for (std::size_t column = 0;; ++column) {
      if (column == columns) wrong_length(start, end);
      const int target = plan_.number[column];
      if (target != kSkip) {
        while (p != end && *p == ' ') ++p;
        const char* after = csv::parse_number(p, end, numbers[target]);
        // the common case: a plain number up to the delimiter or the line's end
        if (after != p) {
          const char* q = after;
          while (q != end && dialect.is_blank(*q)) ++q;
          if (end - q >= 2 && q[0] == '\r' && q[1] == '\n') ++q;
          if (q != end && *q == '\n') {
            if (column + 1 != columns) wrong_length(start, end);
            return q + 1;
          }
          if (q != end && (dialect.blanks() ? q != after : *q == dialect.delimiter)) {
            p = dialect.blanks() ? q : q + 1;
            continue;
          }
        }
      }
      const Field field = csv::next_field(p, end, dialect, scratch);
      if (field.problem != Field::Problem::none) bad_quote(field);
      if (target != kSkip && csv::classify(field.text, numbers[target]) == csv::Kind::text) not_a_number(field, column);
      if (plan_.text[column] != kSkip)
        table_.text[static_cast<std::size_t>(plan_.text[column])].values[row] = field.text;
      p = field.next;
      if (field.last) {
        if (column + 1 != columns) wrong_length(start, end);
        return p;
      }
    }
  }

  [[noreturn]] void wrong_length(const char* start, const char* end) const {
    std::size_t count = 0;
    std::string scratch;
    Field field;
    field.next = start;
    do {
      field = csv::next_field(field.next, end, layout_.dialect, scratch);
      ++count;
    } while (!field.last);
    if (field.problem != Field::Problem::none) bad_quote(field);
    throw InputError(fmt::format("{}: the row has {} field{}, the {} has {}", csv::line_of(text_, start, name_), count,
                                 count == 1 ? "" : "s", layout_.has_header ? "header" : "first row",
                                 plan_.number.size()));
  }

  [[noreturn]] void bad_quote(const Field& field) const {
    throw InputError(csv::place_of(text_, field.begin, name_) +
                     (field.problem == Field::Problem::never_closed
                          ? ": the quoted field that starts here is never closed"
                          : ": the quoted field that starts here is followed by more text; a quote inside a field is "
                            "written twice"));
  }

  [[noreturn]] void not_a_number(const Field& field, std::size_t column) const {
    const bool decimal_comma =
        layout_.dialect.delimiter != ',' && field.text.find_first_not_of("0123456789+-,eE") == std::string_view::npos;
    throw InputError(fmt::format(
        "{}: {} in column {} ('{}') is not a number{}", csv::place_of(text_, field.begin, name_),
        csv::quoted(field.text), column + 1, layout_.names[column],
        decimal_comma ? "; the decimal mark must be a point" : "; select other columns, or keep this one as text"));
  }

  std::string_view text_;
  const csv::Layout& layout_;
  Plan plan_;
  std::string_view name_;
  Table& table_;
};

void refuse_what_is_no_text(std::string_view text, std::string_view name) {
  if (text.empty()) throw InputError(fmt::format("{}: the file is empty", name));
  if (text.substr(0, 2) == "\xff\xfe" || text.substr(0, 2) == "\xfe\xff")
    throw InputError(fmt::format("{}: the text is UTF-16; save it as UTF-8", name));
  const std::size_t nul = text.substr(0, kBinaryProbe).find('\0');
  if (nul != std::string_view::npos)
    throw InputError(fmt::format("{}: this is a binary file, not a text table (byte {} is zero)", name, nul + 1));
}

}  // namespace

Table parse_csv(std::string_view text, const CsvOptions& options, std::string_view name) {
  refuse_what_is_no_text(text, name);
  if (text.substr(0, 3) == "\xef\xbb\xbf") text.remove_prefix(3);
  const csv::Layout layout = csv::find_layout(text, options, name);

  Table table;
  Plan plan = make_plan(layout, options, name, table);
  const std::string_view data(layout.data, static_cast<std::size_t>(text.data() + text.size() - layout.data));
  auto unquoted = cut_unquoted(data, layout.dialect, options.parallel);
  std::vector<Block> blocks = unquoted ? std::move(*unquoted) : cut_quoted(data, layout.dialect);
  std::size_t rows = 0;
  for (auto& block : blocks) {
    block.first_row = rows;
    rows += block.rows;
  }
  if (rows == 0) throw InputError(fmt::format("{}: there is a header but no row of data", name));

  table.values.resize(static_cast<Eigen::Index>(rows), static_cast<Eigen::Index>(table.names.size()));
  prefer_large_pages(table.values.data(), static_cast<std::size_t>(table.values.size()) * sizeof(double));
  for (auto& column : table.text) column.values.resize(rows);
  const Parser parser(text, layout, std::move(plan), name, table);
  parallel_for(blocks.size(), options.parallel, [&](std::size_t i) { parser.parse(blocks[i]); });
  return table;
}

Table read_csv(const std::filesystem::path& path, const CsvOptions& options) {
  const MappedFile file(path);
  if (is_gzip(file.bytes())) return parse_csv(gunzip(file.bytes(), path.string()), options, path.string());
  return parse_csv(file.bytes(), options, path.string());
}

Eigen::Index Table::column(std::string_view name) const {
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) throw InputError(fmt::format("there is no column '{}'{}", name, suggestion(name, names)));
  return found - names.begin();
}

const std::vector<std::string>& Table::text_column(std::string_view name) const {
  std::vector<std::string> known;
  for (const auto& column : text) {
    if (column.name == name) return column.values;
    known.push_back(column.name);
  }
  throw InputError(fmt::format("there is no text column '{}'{}", name, suggestion(name, known)));
}

Categories categories(const std::vector<std::string>& values) {
  Categories out;
  std::unordered_map<std::string_view, Eigen::Index> seen;
  out.codes.reserve(values.size());
  for (const auto& value : values) {
    const auto [place, added] = seen.try_emplace(value, static_cast<Eigen::Index>(seen.size()));
    if (added) out.labels.push_back(value);
    out.codes.push_back(place->second);
  }
  return out;
}

}  // namespace offprint::io
