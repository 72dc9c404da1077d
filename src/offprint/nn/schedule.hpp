// Learning-rate schedules: the factor by which the base rate is multiplied at each step.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

namespace offprint::nn {

/// Step (0-based) -> factor.
using Schedule = std::function<double(std::int64_t step)>;

[[nodiscard]] Schedule constant_rate();
/// Multiplied by `factor` at each of the milestones (steps, ascending). Throws InputError when they do not ascend.
[[nodiscard]] Schedule step_decay(std::vector<std::int64_t> milestones, double factor = 0.1);
/// From 1 to `floor` along half a cosine over `steps`, then `floor`. Throws InputError unless steps > 0.
[[nodiscard]] Schedule cosine_decay(std::int64_t steps, double floor = 0.0);
/// Rises linearly over the first `steps` steps, then follows `then` from its own step 0.
[[nodiscard]] Schedule warm_up(std::int64_t steps, Schedule then);

}  // namespace offprint::nn
