// psi_sigma, the paper's smooth stand-in for the hyper-objective: value, gradient, and what is known of its path.
//
// l(x, sigma) = min over y in Y of sigma f + g, psi_sigma = (l(x, sigma) - l(x, 0))/sigma <= psi, nonincreasing in
// sigma, and |psi_sigma - psi| = O(sigma/mu) under the error bound (Kwon et al. 2024, section 3).
#pragma once

#include <cstdint>
#include <vector>

#include "offprint/optimize/bilevel_problem.hpp"
#include "offprint/optimize/lower_solver.hpp"

namespace offprint::optimize {

struct PenaltyValue {
  double value = 0;          ///< f(x, y_s) + (g(x, y_s) - g(x, z))/sigma
  Eigen::VectorXd gradient;  ///< f_x(x, y_s) + (g_x(x, y_s) - g_x(x, z))/sigma
  Eigen::VectorXd y;         ///< y_s = argmin sigma f + g
  Eigen::VectorXd z;         ///< argmin g
  double residual_y = 0;     ///< of both inner solves
  double residual_z = 0;
  std::uint64_t steps = 0;  ///< of both inner solves together
  bool converged = false;   ///< both reached the tolerance
};

/// psi_sigma(x) and its gradient, from warm starts of both inner problems. By the envelope theorem the gradient needs
/// first derivatives only; its error is about (L/sigma) times that of y and z, so ask for a tolerance far below sigma
/// times the accuracy wanted. Throws InputError: sigma <= 0, and what solve_lower throws.
[[nodiscard]] PenaltyValue penalty_value(CountedProblem& problem, const VectorRef& x, double sigma,
                                         const VectorRef& start_y, const VectorRef& start_z,
                                         const LowerSolver& inner = {});
[[nodiscard]] PenaltyValue penalty_value(const BilevelProblem& problem, const VectorRef& x, double sigma,
                                         const VectorRef& start_y, const LowerSolver& inner = {});

/// (1/sigma) int_0^sigma f(x, y_t) dt by Gauss-Legendre quadrature of `nodes` points, y_t = argmin t f + g: equal to
/// psi_sigma, computed without a difference (d l/d sigma = f(x, y_sigma)). A test of value, tolerance and smoothness of
/// the path. `nodes` inner solves, each warm-started from its neighbour.
[[nodiscard]] double path_average(CountedProblem& problem, const VectorRef& x, double sigma, const VectorRef& start,
                                  std::size_t nodes = 20, const LowerSolver& inner = {});

}  // namespace offprint::optimize
