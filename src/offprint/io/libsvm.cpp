// Two passes over blocks of whole lines: the first counts rows and entries of each block, so that the second can write
// every block straight to its place.
#include "offprint/io/libsvm.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <fast_float/fast_float.h>
#include <fmt/format.h>

#include "offprint/core/error.hpp"
#include "offprint/io/gzip.hpp"
#include "offprint/io/mapped_file.hpp"

namespace offprint::io {
namespace {

struct Block {
  const char* begin = nullptr;
  const char* end = nullptr;
  std::int64_t lines = 0;
  std::int64_t rows = 0;
  std::int64_t entries = 0;
};

bool blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

const char* skip_blanks(const char* p, const char* end) {
  while (p != end && blank(*p)) ++p;
  return p;
}

/// Calls f(first, last) for every line of the block, without its comment and the blanks around it.
template <class F>
void for_each_line(const Block& block, F&& f) {
  for (const char* p = block.begin; p != block.end;) {
    const char* line_end = std::find(p, block.end, '\n');
    const char* last = std::find(p, line_end, '#');
    const char* first = skip_blanks(p, last);
    while (last != first && blank(last[-1])) --last;
    f(first, last);
    p = line_end == block.end ? line_end : line_end + 1;
  }
}

std::vector<Block> cut(std::string_view text) {
  constexpr std::size_t kBlock = std::size_t{1} << 20U;
  std::vector<Block> blocks;
  const char* const end = text.data() + text.size();
  for (const char* p = text.data(); p != end;) {
    const char* stop = static_cast<std::size_t>(end - p) <= kBlock ? end : std::find(p + kBlock, end, '\n');
    if (stop != end) ++stop;
    blocks.push_back({p, stop});
    p = stop;
  }
  return blocks;
}

const char* number(const char* p, const char* end, double& value) {
  if (p != end && *p == '+') ++p;
  const auto result = fast_float::from_chars(p, end, value);
  return result.ec == std::errc() ? result.ptr : p;
}

// Where the query number of a ranking file ("qid:7", which may follow the label) ends; p when there is none.
const char* skip_query(const char* p, const char* end) {
  if (!std::string_view(p, end).starts_with("qid:")) return p;
  return std::find_if(p, end, blank);
}

constexpr std::int64_t kLargestIndex = std::numeric_limits<std::int32_t>::max();

[[noreturn]] void refuse(std::string_view name, std::int64_t line, std::string_view what) {
  throw InputError(fmt::format("{}:{}: {}", name, line, what));
}

}  // namespace

LibsvmFile parse_libsvm(std::string_view text, const LibsvmOptions& options, std::string_view name) {
  std::vector<Block> blocks = cut(text);
  parallel_for(blocks.size(), options.parallel, [&](std::size_t i) {
    Block& block = blocks[i];
    for_each_line(block, [&](const char* first, const char* last) {
      ++block.lines;
      if (first == last) return;
      ++block.rows;
      const char* pairs = skip_blanks(std::find_if(first, last, blank), last);
      block.entries += std::count(skip_query(pairs, last), last, ':');
    });
  });
  std::int64_t rows = 0;
  std::int64_t entries = 0;
  std::int64_t lines = 0;
  struct Start {
    std::int64_t row, entry, line;
  };
  std::vector<Start> starts;
  for (const Block& block : blocks) {
    starts.push_back({rows, entries, lines});
    rows += block.rows;
    entries += block.entries;
    lines += block.lines;
  }
  if (rows == 0) throw InputError(fmt::format("{}: the file holds no sample", name));

  LibsvmFile out;
  out.labels.resize(rows);
  std::vector<std::int64_t> columns(static_cast<std::size_t>(entries));
  std::vector<double> values(static_cast<std::size_t>(entries));
  std::vector<std::int64_t> outer(static_cast<std::size_t>(rows) + 1, 0);
  std::vector<std::int64_t> largest(blocks.size(), 0);
  parallel_for(blocks.size(), options.parallel, [&](std::size_t i) {
    auto [row, entry, line] = starts[i];
    for_each_line(blocks[i], [&](const char* p, const char* last) {
      ++line;
      if (p == last) return;
      const char* next = number(p, last, out.labels[row]);
      if (next == p || (next != last && !blank(*next))) refuse(name, line, "the label is no number");
      if (!std::isfinite(out.labels[row])) refuse(name, line, "the label is not finite");
      std::int64_t before = 0;
      for (p = skip_blanks(skip_query(skip_blanks(next, last), last), last); p != last; p = skip_blanks(p, last)) {
        std::int64_t index = 0;
        const auto read = std::from_chars(p, last, index);
        if (read.ec != std::errc() || read.ptr == last || *read.ptr != ':')
          refuse(name, line, fmt::format("'{}' is not INDEX:VALUE", std::string_view(p, std::find_if(p, last, blank))));
        if (index < 1) refuse(name, line, fmt::format("feature index {}; indices start at 1", index));
        if (index <= before)
          refuse(name, line,
                 fmt::format("feature index {} follows {}; indices must rise within a line", index, before));
        if (index > kLargestIndex)
          refuse(name, line, fmt::format("feature index {} is larger than {}", index, kLargestIndex));
        if (options.features > 0 && index > options.features)
          refuse(name, line,
                 fmt::format("feature index {} exceeds the {} features asked for", index, options.features));
        double value = 0.0;
        next = number(read.ptr + 1, last, value);
        if (next == read.ptr + 1 || (next != last && !blank(*next)))
          refuse(name, line, fmt::format("the value of feature {} is no number", index));
        if (!std::isfinite(value)) refuse(name, line, fmt::format("the value of feature {} is not finite", index));
        columns[static_cast<std::size_t>(entry)] = index - 1;
        values[static_cast<std::size_t>(entry)] = value;
        ++entry;
        before = index;
        p = next;
      }
      largest[i] = std::max(largest[i], before);
      outer[static_cast<std::size_t>(++row)] = entry;
    });
  });
  const Eigen::Index features = options.features > 0 ? options.features : *std::ranges::max_element(largest);
  out.x = Eigen::Map<const SparseRows>(rows, features, entries, outer.data(), columns.data(), values.data());
  return out;
}

LibsvmFile read_libsvm(const std::filesystem::path& path, const LibsvmOptions& options) {
  const MappedFile file(path);
  if (!is_gzip(file.bytes())) return parse_libsvm(file.bytes(), options, path.string());
  return parse_libsvm(gunzip(file.bytes(), path.string()), options, path.string());
}

}  // namespace offprint::io
