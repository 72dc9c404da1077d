// Newton's method with an approximate Hessian, regularised by the gradient norm over an adaptive gamma: the method of
// Semenov, Jaggi, Doikov, "Gradient-Normalized Smoothness for Optimization with Approximate Hessians", arXiv
// 2506.13710.
#pragma once

#include "offprint/optimize/metric.hpp"
#include "offprint/optimize/minimize.hpp"

namespace offprint::optimize {

struct GnsOptions {
  HessianKind hessian = HessianKind::kExact;
  /// gamma_0, an estimate of the gradient-normalized smoothness at the start. Doubling and halving forget it in
  /// |log2| steps: there is nothing to tune.
  double gamma0 = 1;
  double gamma_min = 1e-9;  ///< gamma never falls below this between steps
  double epsilon = 1e-8;    ///< lambda = ||g||_* / (gamma + epsilon)
  int max_search = 40;      ///< halvings within one step before the search is given up
  /// Changes of f up to `rounding` max(1, |f|) count as rounding (see below); 0: the paper's test alone.
  double rounding = 1e-15;
  StopRule stop{};
};

/// Algorithm 1: lambda = ||g||_*/(gamma + epsilon), h = -(H + lambda B)^{-1} g; accepted when
/// f(x) - f(x+h) >= ||grad f(x+h)||_*^2 / (8 lambda), then gamma doubles; otherwise, or when H + lambda B is not
/// positive definite or a value is not finite, gamma halves. The constant 8 is what every gamma at most the
/// gradient-normalized smoothness satisfies, for convex and non-convex f; about two solves a step whatever the
/// problem: N = 2K - log2(gamma_K/gamma_0) exactly, without clipping.
/// Near the optimum f(x) - f(x+h) is lost to rounding: a step with |f(x) - f(x+h)| <= 1e-15 max(1, |f(x)|) and a
/// smaller gradient is accepted too, and marked by_cancellation in the trace. An operator's system is solved by
/// conjugate gradients to ||residual||_* <= min(0.1, sqrt(||g||_*)) ||g||_*, ten times more accurately after two
/// rejections in a row. Throws InputError: unsupported kind, gamma0 <= 0, sizes that do not match, a start where f is
/// not finite.
[[nodiscard]] Minimum minimize_gns(const Objective& objective, const Metric& metric, const Eigen::VectorXd& start,
                                   const GnsOptions& options = {});

}  // namespace offprint::optimize
