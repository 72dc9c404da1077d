// The inner problem where it is not convex, for small problems: many starts, the best end; psi and psi_sigma from that.
#pragma once

#include <cstddef>
#include <cstdint>

#include "offprint/core/random.hpp"
#include "offprint/optimize/lower_solver.hpp"
#include "offprint/optimize/penalty_value.hpp"

namespace offprint::optimize {

/// Starts of the inner solver: the given point, then N(0, radius^2 I) around it, all projected onto Y.
struct ManyStarts {
  std::size_t count = 8;
  double radius = 1;
  std::uint64_t seed = 0;
  LowerSolver inner{.tolerance = 1e-10, .max_steps = 10'000};
};

/// The end of least sigma f + g (the first of them). Throws what solve_lower throws.
[[nodiscard]] LowerSolution solve_lower_from_many(CountedProblem& problem, const VectorRef& x, double sigma,
                                                  const VectorRef& start, const ManyStarts& how = {});

/// penalty_value with both inner problems solved from many starts.
[[nodiscard]] PenaltyValue penalty_value_from_many(CountedProblem& problem, const VectorRef& x, double sigma,
                                                   const VectorRef& start, const ManyStarts& how = {});

/// psi(x), optimistic: f at exact_lower where it is known, otherwise 2 psi_{s/2} - psi_s for s = `sigma`, whose error
/// is O(s^2) where the error bound holds. Within s of a jump of the lower solution it is psi_sigma that one sees.
[[nodiscard]] double hyper_objective(CountedProblem& problem, const VectorRef& x, const VectorRef& start,
                                     const ManyStarts& how = {}, double sigma = 1e-4);

}  // namespace offprint::optimize
