// What the command prints: tables that fit the terminal, colours when it is one.
#pragma once

#include <string>
#include <vector>

namespace offprint::app {

enum class Colour { kNone, kGreen, kRed, kYellow, kDim, kBold };

/// Text on standard output, coloured when asked for and possible.
class Console {
 public:
  /// mode: "auto" (a terminal, and NO_COLOR unset), "always", "never".
  explicit Console(const std::string& mode);
  [[nodiscard]] std::string paint(const std::string& text, Colour colour) const;
  [[nodiscard]] int width() const { return width_; }
  [[nodiscard]] bool coloured() const { return coloured_; }

 private:
  bool coloured_ = false;
  int width_ = 100;
};

/// A column: its head, and how narrow it may become before others do (0: never wrapped).
struct Column {
  std::string head;
  int least = 0;
};

struct Cell {
  std::string text;
  Colour colour = Colour::kNone;
};

/// The table as lines: columns without `least` keep their natural width, the others share the rest and wrap at spaces.
[[nodiscard]] std::string format_table(const Console& console, const std::vector<Column>& columns,
                                       const std::vector<std::vector<Cell>>& rows);

/// A number as a reader wants it: up to `digits` significant digits, no trailing zeros.
[[nodiscard]] std::string format_number(double x, int digits = 5);

/// Columns a UTF-8 text takes (one per code point; this project prints no wide characters).
[[nodiscard]] int display_width(const std::string& text);

}  // namespace offprint::app
