// The dense implicit oracle: the pseudo-inverse of g_yy, on the critical subspace where constraints are active.
#pragma once

#include "offprint/optimize/hypergradient.hpp"

namespace offprint::optimize {

/// z = V (V^T g_yy V)^+ V^T f_y with rank, residual and multipliers; gradient, lower residual and y are left to the
/// caller. Throws InputError as ExactImplicit says, and when constraints are declared of which the problem's projection
/// knows nothing.
[[nodiscard]] Hypergradient exact_adjoint(CountedProblem& problem, const VectorRef& x, const VectorRef& y,
                                          const ExactImplicit& how);

}  // namespace offprint::optimize
