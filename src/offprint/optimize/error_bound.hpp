// Diagnostics of the error bound dist(y, T(x, sigma)) <= R(y)/mu, on which the closeness of psi_sigma and psi rests.
#pragma once

#include <cstdint>
#include <vector>

#include "offprint/core/parallel.hpp"
#include "offprint/core/random.hpp"
#include "offprint/optimize/bilevel_problem.hpp"
#include "offprint/optimize/lower_solver.hpp"

namespace offprint::optimize {

struct ErrorBoundOptions {
  double sigma = 0;    ///< T(x, sigma) = argmin sigma f + g; 0: the lower level itself
  double delta = 0.1;  ///< the bound is asked of points with residual at most this
  std::size_t samples = 64;
  /// Half of the points are y = Pi_Y(t + r u), t a minimiser, u ~ N(0, I), r log-uniform on [1e-3, 1] times this; the
  /// others are Pi_Y(2 radius u).
  double radius = 1;
  double jump = 10;  ///< flagged: a distance more than this times the median over the grid
  LowerSolver inner{.tolerance = 1e-9};
};

struct ErrorBoundPoint {
  double mu = 0;        ///< least residual/distance over the points looked at with residual <= delta (infinite: none)
  double distance = 0;  ///< the largest distance among them
  double residual = 0;  ///< of the point with that distance
  bool flagged = false;
};

/// Looks at each x of the grid (dimension_x() rows, a column a point). The distance of y to T is that to the nearest
/// minimiser known: those reached by the inner solver from `samples`/4 starts, and from y itself (an upper bound of the
/// distance where minimisers form a continuum). Deterministic for a stream; points over `parallel`.
/// A sampled minimum is an upper bound of mu: it can refute the error bound, not prove it.
/// Throws InputError: sizes, delta <= 0, and what solve_lower throws.
[[nodiscard]] std::vector<ErrorBoundPoint> error_bound(const BilevelProblem& problem, const Eigen::MatrixXd& grid,
                                                       const ErrorBoundOptions& options, Stream random,
                                                       const Parallel& parallel = {});

}  // namespace offprint::optimize
