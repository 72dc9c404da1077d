// The methods that a user would otherwise take: gradient method, super-universal and cubic Newton, Newton-CG, L-BFGS.
// All take any Objective and return a Minimum with its trace. (gns.hpp with HessianKind::kNone is the gradient method
// with that paper's search.)
#pragma once

#include "offprint/optimize/metric.hpp"
#include "offprint/optimize/minimize.hpp"

namespace offprint::optimize {

struct GradientOptions {
  double l0 = 1;  ///< first estimate of the Lipschitz constant of the gradient
  StopRule stop{};
};
/// x+ = x - B^{-1} g / L. L doubles until f(x+) <= f(x) - ||g||_*^2/(2L), and halves after each step (Nesterov 2013,
/// "Gradient methods for minimizing composite functions", section 3). Trace: lambda = L.
[[nodiscard]] Minimum minimize_gradient(const Objective& objective, const Metric& metric, const Eigen::VectorXd& start,
                                        const GradientOptions& options = {});

struct SuperUniversalOptions {
  HessianKind hessian = HessianKind::kExact;
  double exponent = 2.0 / 3;  ///< a in lambda = H ||g||_*^a; 1/2, 2/3 or 1 in the paper
  double h0 = 1;              ///< first H
  StopRule stop{};
};
/// Super-universal Newton (Doikov, Mishchenko, Nesterov 2022, arXiv 2208.05888): lambda = H ||g||_*^a, accepted when
/// <grad f(x+h), -h> >= ||grad f(x+h)||_*^2/(4 lambda); H is divided by 4 after each step and multiplied by 4 until one
/// is accepted.
[[nodiscard]] Minimum minimize_super_universal(const Objective& objective, const Metric& metric,
                                               const Eigen::VectorXd& start, const SuperUniversalOptions& options = {});

struct CubicOptions {
  HessianKind hessian = HessianKind::kExact;
  double l0 = 1;  ///< first estimate of the Lipschitz constant of the Hessian
  StopRule stop{};
};
/// Cubic Newton (Nesterov, Polyak 2006): h minimises the cubic model with L, found as the root of
/// r = ||(H + (L/2) r B)^{-1} g||; accepted when f(x+h) is at most the model's value, then L halves, otherwise it
/// doubles. Every solve of the root finding counts.
[[nodiscard]] Minimum minimize_cubic(const Objective& objective, const Metric& metric, const Eigen::VectorXd& start,
                                     const CubicOptions& options = {});

struct NewtonCgOptions {
  HessianKind hessian = HessianKind::kExact;
  StopRule stop{};
};
/// Line-search Newton-CG (Nocedal, Wright, "Numerical Optimization", algorithm 7.1): conjugate gradients to
/// min(0.5, sqrt(||g||)) ||g|| or to negative curvature, then Armijo backtracking with constant 1e-4. Euclidean.
[[nodiscard]] Minimum minimize_newton_cg(const Objective& objective, const Eigen::VectorXd& start,
                                         const NewtonCgOptions& options = {});

struct LbfgsOptions {
  int memory = 10;
  StopRule stop{};
};
/// L-BFGS (Nocedal, Wright, algorithms 7.4 and 7.5) with a line search for the strong Wolfe conditions (3.5, 3.6;
/// constants 1e-4 and 0.9). Euclidean.
[[nodiscard]] Minimum minimize_lbfgs(const Objective& objective, const Eigen::VectorXd& start,
                                     const LbfgsOptions& options = {});

}  // namespace offprint::optimize
