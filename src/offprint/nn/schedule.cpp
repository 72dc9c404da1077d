#include "offprint/nn/schedule.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

#include <fmt/format.h>

#include "offprint/core/error.hpp"

namespace offprint::nn {

Schedule constant_rate() {
  return [](std::int64_t) { return 1.0; };
}

Schedule step_decay(std::vector<std::int64_t> milestones, double factor) {
  if (!std::ranges::is_sorted(milestones)) throw InputError("the milestones of a step decay must ascend");
  return [milestones = std::move(milestones), factor](std::int64_t step) {
    const auto passed = std::ranges::upper_bound(milestones, step) - milestones.begin();
    return std::pow(factor, static_cast<double>(passed));
  };
}

Schedule cosine_decay(std::int64_t steps, double floor) {
  if (steps < 1) throw InputError(fmt::format("a cosine decay over {} steps; at least 1 is needed", steps));
  return [steps, floor](std::int64_t step) {
    const double done = std::min(1.0, static_cast<double>(step) / static_cast<double>(steps));
    return floor + (1.0 - floor) * 0.5 * (1.0 + std::cos(std::numbers::pi * done));
  };
}

Schedule warm_up(std::int64_t steps, Schedule then) {
  return [steps, then = std::move(then)](std::int64_t step) {
    return step < steps ? static_cast<double>(step + 1) / static_cast<double>(steps) : then(step - steps);
  };
}

}  // namespace offprint::nn
