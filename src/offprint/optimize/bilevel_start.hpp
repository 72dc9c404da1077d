// What every method of this folder checks before its first step.
#pragma once

#include <cmath>

#include <fmt/format.h>

#include "offprint/core/error.hpp"
#include "offprint/optimize/penalty_bilevel.hpp"

namespace offprint::optimize {

/// The start with empty y and z filled by zeros, all projected. Throws InputError for sizes and entries not finite.
[[nodiscard]] inline PenaltyStart checked_start(const BilevelProblem& problem, PenaltyStart start) {
  if (start.y.size() == 0) start.y.setZero(problem.dimension_y());
  if (start.z.size() == 0) start.z.setZero(problem.dimension_y());
  require_vector(start.x, problem.dimension_x(), "x");
  require_vector(start.y, problem.dimension_y(), "y");
  require_vector(start.z, problem.dimension_y(), "z");
  problem.project_x(start.x);
  problem.project_y(start.y);
  problem.project_y(start.z);
  return start;
}

/// Throws InputError "NAME is V; it must be positive".
inline void require_positive(double value, const char* name) {
  if (!(value > 0) || !std::isfinite(value))
    throw InputError(fmt::format("{} is {}; it must be positive and finite", name, value));
}

}  // namespace offprint::optimize
