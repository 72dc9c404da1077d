// Rules and verdicts: the one place where a measurement is judged.
#pragma once

#include <string>
#include <string_view>

#include "offprint/core/statistics.hpp"

namespace offprint {

enum class Verdict { kHolds, kFallsShort, kInconclusive, kNotRun };
/// "holds", "falls short", "inconclusive", "not run"
[[nodiscard]] std::string to_string(Verdict verdict);
/// Throws InputError for anything else.
[[nodiscard]] Verdict parse_verdict(std::string_view text);

/// A bound on a number, written on the card as one of
///   "<= x"  ">= x"  "< x"  "> x"   one-sided
///   "== x"                        exactly x (flags: == 1)
///   "x +- d"  "x +- p%"           within d, or p percent, of x
///   "in [a, b]"                   within a and b
class Rule {
 public:
  Rule() = default;
  /// Throws InputError quoting the text and the forms above.
  [[nodiscard]] static Rule parse(std::string_view text);
  /// `holds` when the whole confidence interval obeys the rule, `falls short` when none of it does, `inconclusive` when
  /// it straddles the bound; without an interval the value alone decides. NaN falls short.
  [[nodiscard]] Verdict judge(const Estimate& measured) const;
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  std::string text_;
  double lo_ = 0.0;
  double hi_ = 0.0;
  bool open_lo_ = false;
  bool open_hi_ = false;
};

}  // namespace offprint
