// Parsing and judging.
#include "offprint/core/rule.hpp"

#include <charconv>
#include <cmath>

#include "offprint/core/error.hpp"

namespace offprint {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();

std::string_view trimmed(std::string_view s) {
  while (!s.empty() && s.front() == ' ') s.remove_prefix(1);
  while (!s.empty() && s.back() == ' ') s.remove_suffix(1);
  return s;
}

[[noreturn]] void bad_rule(std::string_view text) {
  throw InputError(
      "rule '" + std::string(text) +
      "' is not understood; write '<= x', '>= x', '< x', '> x', '== x', 'x +- d', 'x +- p%' or 'in [a, b]'");
}

double number(std::string_view s, std::string_view whole) {
  s = trimmed(s);
  if (!s.empty() && s.front() == '+') s.remove_prefix(1);
  double x = 0.0;
  const auto [end, error] = std::from_chars(s.data(), s.data() + s.size(), x);
  if (error != std::errc() || end != s.data() + s.size() || !std::isfinite(x)) bad_rule(whole);
  return x;
}

}  // namespace

std::string to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::kHolds:
      return "holds";
    case Verdict::kFallsShort:
      return "falls short";
    case Verdict::kInconclusive:
      return "inconclusive";
    default:
      return "not run";
  }
}

Verdict parse_verdict(std::string_view text) {
  for (const Verdict v : {Verdict::kHolds, Verdict::kFallsShort, Verdict::kInconclusive, Verdict::kNotRun})
    if (to_string(v) == text) return v;
  throw InputError("'" + std::string(text) + "' is not a verdict: holds, falls short, inconclusive or not run");
}

Rule Rule::parse(std::string_view text) {
  const std::string_view s = trimmed(text);
  Rule rule;
  rule.text_ = std::string(s);
  rule.lo_ = -kInf;
  rule.hi_ = kInf;
  if (s.starts_with("<=")) {
    rule.hi_ = number(s.substr(2), s);
  } else if (s.starts_with(">=")) {
    rule.lo_ = number(s.substr(2), s);
  } else if (s.starts_with("==")) {
    rule.lo_ = rule.hi_ = number(s.substr(2), s);
  } else if (s.starts_with("<")) {
    rule.hi_ = number(s.substr(1), s);
    rule.open_hi_ = true;
  } else if (s.starts_with(">")) {
    rule.lo_ = number(s.substr(1), s);
    rule.open_lo_ = true;
  } else if (s.starts_with("in")) {
    const auto rest = trimmed(s.substr(2));
    const auto comma = rest.find(',');
    if (rest.size() < 2 || rest.front() != '[' || rest.back() != ']' || comma == std::string_view::npos) bad_rule(s);
    rule.lo_ = number(rest.substr(1, comma - 1), s);
    rule.hi_ = number(rest.substr(comma + 1, rest.size() - comma - 2), s);
  } else if (const auto sign = s.find("+-"); sign != std::string_view::npos) {
    const double centre = number(s.substr(0, sign), s);
    auto width = trimmed(s.substr(sign + 2));
    double d = 0.0;
    if (!width.empty() && width.back() == '%') {
      width.remove_suffix(1);
      d = std::abs(centre) * number(width, s) / 100.0;
    } else {
      d = number(width, s);
    }
    rule.lo_ = centre - d;
    rule.hi_ = centre + d;
  } else {
    bad_rule(s);
  }
  if (rule.lo_ > rule.hi_) bad_rule(s);
  return rule;
}

Verdict Rule::judge(const Estimate& measured) const {
  if (std::isnan(measured.value)) return Verdict::kFallsShort;
  const double a = measured.lo.value_or(measured.value);
  const double b = measured.hi.value_or(measured.value);
  const auto above = [&](double x) { return open_lo_ ? x > lo_ : x >= lo_; };
  const auto below = [&](double x) { return open_hi_ ? x < hi_ : x <= hi_; };
  if (above(a) && below(b)) return Verdict::kHolds;
  if (!above(b) || !below(a)) return Verdict::kFallsShort;
  return Verdict::kInconclusive;
}

}  // namespace offprint
