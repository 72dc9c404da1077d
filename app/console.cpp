// Table layout.
#include "console.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <numeric>

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace offprint::app {
namespace {

std::vector<std::string> wrapped(const std::string& text, int width) {
  std::vector<std::string> lines;
  std::string line;
  std::size_t at = 0;
  const auto flush = [&] {
    lines.push_back(line);
    line.clear();
  };
  while (at < text.size()) {
    if (text[at] == '\n') {
      flush();
      ++at;
      continue;
    }
    const auto end = std::min(text.find_first_of(" \n", at), text.size());
    std::string word = text.substr(at, end - at);
    at = end < text.size() && text[end] == ' ' ? end + 1 : end;
    if (!line.empty() && display_width(line) + 1 + display_width(word) > width) flush();
    while (display_width(word) > width &&
           width > 4) {  // a word longer than the column is cut at a byte that starts a character
      std::size_t cut = static_cast<std::size_t>(width);
      while (cut > 1 && (static_cast<unsigned char>(word[cut]) & 0xC0U) == 0x80U) --cut;
      lines.push_back(word.substr(0, cut));
      word.erase(0, cut);
    }
    line += (line.empty() ? "" : " ") + word;
  }
  if (!line.empty() || lines.empty()) flush();
  return lines;
}

}  // namespace

Console::Console(const std::string& mode) {
  const bool terminal = isatty(STDOUT_FILENO) != 0;
  coloured_ = mode == "always" || (mode == "auto" && terminal && std::getenv("NO_COLOR") == nullptr);
  winsize size{};
  if (terminal && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= 40) width_ = size.ws_col;
  if (!terminal) width_ = 120;
}

std::string Console::paint(const std::string& text, Colour colour) const {
  if (!coloured_ || colour == Colour::kNone) return text;
  constexpr const char* kCodes[] = {"", "32", "31", "33", "2", "1"};
  return fmt::format("\033[{}m{}\033[0m", kCodes[static_cast<int>(colour)], text);
}

int display_width(const std::string& text) {
  return static_cast<int>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

std::string format_table(const Console& console, const std::vector<Column>& columns,
                         const std::vector<std::vector<Cell>>& rows) {
  const std::size_t n = columns.size();
  std::vector<int> width(n);
  for (std::size_t j = 0; j < n; ++j) {
    width[j] = display_width(columns[j].head);
    for (const auto& row : rows) width[j] = std::max(width[j], display_width(row[j].text));
  }
  const int gaps = 2 * (static_cast<int>(n) - 1);
  const auto total = [&] { return std::accumulate(width.begin(), width.end(), gaps); };
  while (total() > console.width()) {  // take from the widest column that may still give
    std::size_t widest = n;
    for (std::size_t j = 0; j < n; ++j)
      if (columns[j].least > 0 && width[j] > columns[j].least && (widest == n || width[j] > width[widest])) widest = j;
    if (widest == n) break;
    --width[widest];
  }
  std::string out;
  const auto put = [&](const std::vector<Cell>& cells) {
    std::vector<std::vector<std::string>> parts;
    std::size_t height = 1;
    for (std::size_t j = 0; j < n; ++j) {
      parts.push_back(wrapped(cells[j].text, std::max(width[j], 1)));
      height = std::max(height, parts.back().size());
    }
    for (std::size_t k = 0; k < height; ++k) {
      std::string line;
      int pending = 0;
      for (std::size_t j = 0; j < n; ++j) {
        const std::string piece = k < parts[j].size() ? parts[j][k] : "";
        if (!piece.empty()) {
          line += std::string(static_cast<std::size_t>(pending), ' ') + console.paint(piece, cells[j].colour);
          pending = 0;
        }
        pending += width[j] - display_width(piece) + 2;
      }
      out += line + "\n";
    }
  };
  std::vector<Cell> heads;
  for (const auto& column : columns) heads.push_back({column.head, Colour::kBold});
  put(heads);
  for (const auto& row : rows) put(row);
  return out;
}

std::string format_number(double x, int digits) {
  if (!std::isfinite(x)) return std::isnan(x) ? "nan" : x > 0 ? "inf" : "-inf";
  return fmt::format("{:.{}g}", x, digits);
}

}  // namespace offprint::app
