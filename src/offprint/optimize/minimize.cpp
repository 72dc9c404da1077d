#include "offprint/optimize/minimize.hpp"

#include <fmt/format.h>

#include "offprint/core/error.hpp"

namespace offprint::optimize {

bool Progression::arrive(const Point& point, double gradient_norm) {
  rule_->cancel.check();
  const int k = static_cast<int>(result_.trace.size());
  result_.trace.push_back({.index = k, .seconds = seconds(), .value = point.value, .gradient_norm = gradient_norm});
  result_.iterations = k;
  result_.gradient_norm = gradient_norm;
  if (rule_->optimum && point.value - *rule_->optimum < rule_->value_tolerance)
    result_.status = "value";
  else if (gradient_norm <= rule_->gradient_tolerance)
    result_.status = "gradient";
  else if (k >= rule_->max_iterations)
    result_.status = "iterations";
  return !result_.status.empty();
}

Minimum Progression::finish(Point point, const std::string& status) {
  result_.point = std::move(point);
  if (!status.empty()) result_.status = status;
  result_.seconds = seconds();
  return std::move(result_);
}

void check(const StopRule& rule) {
  if (!(rule.gradient_tolerance >= 0))
    throw InputError(fmt::format("the gradient tolerance is {}; it must be at least 0", rule.gradient_tolerance));
  if (!(rule.value_tolerance > 0))
    throw InputError(fmt::format("the tolerance on f - f* is {}; it must be positive", rule.value_tolerance));
  if (rule.max_iterations < 0)
    throw InputError(fmt::format("at most {} iterations are allowed; it must be 0 or more", rule.max_iterations));
}

}  // namespace offprint::optimize
