// Finite-difference checks of a bilevel problem's derivatives and of every hypergradient oracle: for your own problem,
// before you believe any result.
#pragma once

#include <string>
#include <vector>

#include "offprint/core/random.hpp"
#include "offprint/optimize/bilevel_problem.hpp"
#include "offprint/optimize/hypergradient.hpp"

namespace offprint::optimize {

/// One derivative against its finite difference along random directions.
struct DerivativeCheck {
  std::string name;  ///< "f_x", "f_y", "g_x", "g_y", "g_x_difference", "hvp", "hvp symmetry", "jvp"
  double error = 0;  ///< largest |analytic - difference| over max(1, |difference|), over the directions
};

struct CheckOptions {
  double step = 1e-5;  ///< central difference; the error is about step^2 |third derivative| + 1e-16 |value|/step
  /// The same for psi: longer, because the inner solve's error is divided by it.
  double psi_step = 1e-4;
  LowerSolver inner{.tolerance = 1e-13, .max_steps = 5000};  ///< for psi, where exact_lower is not known
  std::size_t directions = 5;
};

/// Compares every derivative that the problem offers with central differences of what it is the derivative of, at (x,
/// y), along `directions` random unit vectors of `random`. 2 values (or gradients) a direction. A correct derivative
/// gives an error of about 1e-9 for values near 1. Throws InputError for sizes or values that are not finite.
[[nodiscard]] std::vector<DerivativeCheck> check_gradients(const BilevelProblem& problem, const VectorRef& x,
                                                           const VectorRef& y, Stream random,
                                                           const CheckOptions& how = {});

/// One oracle against the finite difference of psi.
struct HypergradientCheck {
  std::string name;  ///< as hypergradient_name
  Hypergradient at;
  /// Over the directions: largest |<gradient, u> - difference| over max(1, |difference|).
  double error = 0;
  std::string refused;  ///< what the oracle said when it does not apply here (the error is then NaN)
};

/// Compares the oracles with central differences of psi along random directions (2 inner solves each, see
/// FiniteDifference for what psi is). `y` is the lower solution where exact_lower is known, otherwise it is solved for
/// here from the y given. A penalty oracle is off by O(sigma), a truncated one by its residual.
[[nodiscard]] std::vector<HypergradientCheck> check_hypergradient(const BilevelProblem& problem, const VectorRef& x,
                                                                  const VectorRef& y,
                                                                  const std::vector<HypergradientMethod>& methods,
                                                                  Stream random, const CheckOptions& how = {});

}  // namespace offprint::optimize
