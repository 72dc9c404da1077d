#include "offprint/core/option_range.hpp"

#include <fmt/format.h>

namespace offprint {

std::string range_text(const OptionSpec& option) {
  constexpr double kSmallest = 1e-200;
  const auto& min = option.min;
  const auto& max = option.max;
  if (min && *min > 0 && *min < kSmallest) return max ? fmt::format("above 0, at most {:g}", *max) : "above 0";
  if (min && max) return fmt::format("from {:g} to {:g}", *min, *max);
  if (min) return fmt::format("at least {:g}", *min);
  if (max) return fmt::format("at most {:g}", *max);
  return {};
}

}  // namespace offprint
