// Penalty methods for bilevel problems (Kwon, Kwon, Wright, Nowak, ICLR 2024): minimise psi_sigma over X by gradients
// alone. Algorithm A solves both inner problems anew at each outer step, Algorithm B takes one step of everything with
// momentum-assisted estimators. Beside them the baselines F2SA and AID-CG.
//
// sigma weighs f against g (sigma f + g); methods that weigh g have lambda = 1/sigma.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>

#include "offprint/optimize/bilevel_iterate.hpp"
#include "offprint/optimize/bilevel_problem.hpp"
#include "offprint/optimize/hypergradient.hpp"

namespace offprint::optimize {

/// Where a penalty method starts: x, y (for sigma f + g) and z (for g). Empty y or z: zero.
struct PenaltyStart {
  Eigen::VectorXd x;
  Eigen::VectorXd y;
  Eigen::VectorXd z;
};

// ---------------------------------------------------------------- Algorithm A

/// Outer step k = 0, 1, ...: z and y go `inner_steps` projected gradient steps (or as many as the accuracy asks for) on
/// g + |v - z_k|^2/(2 rho) and sigma_k f + g + |u - y_k|^2/(2 rho), are averaged with weight beta, and
/// x <- Pi_X(x - alpha_k d), d = mean over M samples of f_x(x, y) + (g_x(x, y) - g_x(x, z))/sigma_k, both g_x on the
/// same sample (their noise cancels up to L |y - z|).
struct DoubleLoopOptions {
  double sigma = 0.1;
  double sigma_decay = 0;  ///< sigma_k = sigma (k+1)^-sigma_decay; 1/5 is the paper's decreasing schedule
  /// alpha_0. psi_sigma is only O(1/sigma)-smooth where the error bound is weak: keep it below sigma there.
  double outer_step = 0.05;
  /// The largest change of an entry of x in one step; longer ones are scaled back. For variables like log lambda, whose
  /// gradient can grow a hundredfold where the inner problem turns badly conditioned.
  double longest = std::numeric_limits<double>::infinity();
  /// alpha_k = outer_step (k+1)^-outer_decay. Default: sigma_decay, which keeps alpha_k proportional to sigma_k.
  std::optional<double> outer_decay{};
  std::uint64_t steps = 1000;
  /// Stop when the gradient mapping |x - Pi_X(x - alpha d)|/alpha is at most this (measured before the step is taken).
  double tolerance = 0;

  double inner_step = 0.1;  ///< gamma for g; 1/L_g is safe. 0: spectral steps (see LowerSolver), with inner_accuracy
  double inner_step_y = 0;  ///< gamma for sigma f + g; 0: inner_step/(1 + sigma_k)
  double inner_decay = 0;   ///< both inner steps shrink as (k+1)^-inner_decay
  std::uint64_t inner_steps = 5;
  /// > 0: instead of inner_steps, go on until both residuals are at most inner_accuracy sigma_k tolerance: the error of
  /// d is about residual/sigma_k, so that a fixed tolerance would not do.
  double inner_accuracy = 0;
  std::uint64_t max_inner_steps = 1'000'000;
  double proximal = 0;   ///< 1/rho. 0 where the error bound is strong (strongly convex or PL lower level)
  double averaging = 1;  ///< beta in (0, 1]

  bool stochastic = false;          ///< draw samples from the problem; inner_accuracy and tolerance must then be 0
  std::uint64_t outer_samples = 1;  ///< M
  bool concurrent = false;          ///< solve for y and z on two threads: worth it from about 0.1 ms a gradient
};

/// Throws InputError: sizes, sigma <= 0, a step or count out of range, and what solve_lower throws.
BilevelResult penalty_double_loop(const BilevelProblem& problem, const PenaltyStart& start,
                                  const DoubleLoopOptions& options, const BilevelObserver& observer = {});

/// F2SA (Kwon, Kwon, Wright, Nowak, ICML 2023) as a schedule of the double loop: inner steps shrink as k^-4/7, the
/// outer step as k^-5/7, lambda = 1/sigma grows as k^1/7; no proximal term, no averaging, one sample.
[[nodiscard]] DoubleLoopOptions f2sa_schedule(DoubleLoopOptions options);

// ---------------------------------------------------------------- Algorithm B

/// One step of z, y and x at a time, all from the old point: y -= gamma (sigma e_fy + e_gy), z -= gamma e_gz,
/// x -= alpha (e_fx + e_diff/sigma), each e = G(w_k; xi_k) + (1 - eta)(e - G(w_{k-1}; xi_k)) with the sample xi_k at
/// both points (STORM). The difference g_x(x, y) - g_x(x, z) has one estimator. 12 gradients an iteration, 6 with eta =
/// 1 (no memory: plain single-loop F2SA).
struct SingleLoopOptions {
  double sigma = 0.1;
  double outer_step = 0.01;  ///< alpha, at most about sigma gamma: y and z must be able to follow x
  double inner_step = 0.05;  ///< gamma
  double momentum = 0.01;    ///< eta in (0, 1]
  /// Each parameter is its value times (k+1)^-decay; the paper's choice is 1/5, 3/5, 2/5, 4/5.
  double sigma_decay = 0;
  double outer_decay = 0;
  double inner_decay = 0;
  double momentum_decay = 0;
  std::uint64_t steps = 1000;
  bool stochastic = true;
};

/// Throws InputError: sizes, sigma <= 0, steps <= 0, momentum outside (0, 1].
BilevelResult penalty_single_loop(const BilevelProblem& problem, const PenaltyStart& start,
                                  const SingleLoopOptions& options, const BilevelObserver& observer = {});

// ---------------------------------------------------------------- AID with CG

/// Approximate implicit differentiation: y goes gradient steps on g, z solves g_yy z = f_y by CG from the last z, x
/// goes along f_x - d/dx<g_y, z>. Needs second derivatives; where g has many minimisers it stops where gradient descent
/// on g happens to lead, not at the optimistic solution.
struct AidOptions {
  double outer_step = 0.05;
  double longest = std::numeric_limits<double>::infinity();  ///< as in DoubleLoopOptions
  std::uint64_t steps = 1000;
  double tolerance = 0;  ///< stop when the gradient mapping is at most this
  double inner_step = 0.1;
  std::uint64_t inner_steps = 5;
  double inner_residual = 0;  ///< > 0: instead of inner_steps, until |g_y| is at most this
  std::uint64_t max_inner_steps = 1'000'000;
  ConjugateGradient cg{.tolerance = 1e-6, .max_iterations = 10};
  bool stochastic = false;  ///< samples for the inner steps and both gradients; the linear system sees all of g
};

/// `start.z` is a warm start of the linear system. Throws InputError: sizes, a problem without second derivatives,
/// negative curvature.
BilevelResult aid_cg_descent(const BilevelProblem& problem, const PenaltyStart& start, const AidOptions& options,
                             const BilevelObserver& observer = {});

}  // namespace offprint::optimize
