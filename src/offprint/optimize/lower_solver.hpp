// Solving the inner problem: min over y in Y of sigma f(x, y) + g(x, y), to a given residual.
#pragma once

#include <cstdint>

#include "offprint/optimize/bilevel_problem.hpp"

namespace offprint::optimize {

/// How the inner problem is solved.
struct LowerSolver {
  /// > 0: projected gradient steps of this length (test, then step: one residual costs one gradient of each level).
  /// 0: no step length is needed, but values are: L-BFGS without constraints on y, spectral projected gradient with a
  /// non-monotone line search (Birgin, Martinez, Raydan 2000) with them. Tens of steps where fixed ones take thousands.
  double step = 0;
  /// Stop when the residual is at most this. The error of a penalty gradient is about (L/sigma) times that of y and z:
  /// the tolerance must shrink with sigma.
  double tolerance = 1e-11;
  std::uint64_t max_steps = 100'000;
};

struct LowerSolution {
  Eigen::VectorXd y;
  /// ||y - Pi_Y(y - rho grad)|| / rho with rho the step length (1 where there is none); the gradient's norm without
  /// constraints.
  double residual = 0;
  std::uint64_t steps = 0;
  bool converged = false;  ///< the residual reached the tolerance
};

/// Minimises sigma f(x, .) + g(x, .) over Y from `start` (projected first). sigma = 0 never asks f. A line search at
/// its rounding limit ends with converged = false.
/// Throws InputError: sigma negative, a value or gradient that is not finite (naming level and step), "lower level
/// appears unbounded" when the iterates run away.
[[nodiscard]] LowerSolution solve_lower(CountedProblem& problem, const VectorRef& x, double sigma,
                                        const VectorRef& start, const LowerSolver& how = {});

/// ||y - Pi_Y(y - rho v)|| / rho for a gradient v. Throws InputError unless rho > 0.
[[nodiscard]] double projected_residual(const BilevelProblem& problem, const VectorRef& y, const VectorRef& v,
                                        double rho = 1);
/// The same in X: the gradient mapping of psi or psi_sigma.
[[nodiscard]] double gradient_mapping(const BilevelProblem& problem, const VectorRef& x, const VectorRef& v,
                                      double step);

/// Throws InputError naming `name` unless v has `size` finite entries.
void require_vector(const VectorRef& v, Eigen::Index size, const char* name);
/// Throws InputError unless sigma > 0 and finite ("sigma weighs f against g and must be positive ...").
void require_sigma(double sigma);

}  // namespace offprint::optimize
