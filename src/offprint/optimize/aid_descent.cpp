// AID-CG: the implicit baseline of the penalty methods.
#include <cmath>

#include <fmt/format.h>

#include "offprint/core/error.hpp"
#include "offprint/optimize/bilevel_start.hpp"
#include "offprint/optimize/penalty_bilevel.hpp"

namespace offprint::optimize {

using Eigen::VectorXd;

BilevelResult aid_cg_descent(const BilevelProblem& problem, const PenaltyStart& start, const AidOptions& o,
                             const BilevelObserver& observer) {
  if (!problem.second_order())
    throw InputError("AID-CG needs second derivatives (hvp, jvp), which this problem does not give; use penalty");
  require_positive(o.outer_step, "the outer step");
  require_positive(o.inner_step, "the inner step");
  if (o.inner_residual > 0 && o.stochastic)
    throw InputError("an adaptive inner loop (inner_residual) needs exact gradients");
  const PenaltyStart from = checked_start(problem, start);
  const double reach_x = from.x.norm();
  const double reach_y = from.y.norm();
  CountedProblem counted(problem);
  SampleSequence samples{.stochastic = o.stochastic};
  VectorXd x = from.x;
  VectorXd y = from.y;
  VectorXd z = start.z.size() > 0 ? start.z : VectorXd::Zero(y.size());  // of the linear system: not projected
  VectorXd next_x;
  VectorXd next_y;
  VectorXd gradient;
  VectorXd direction;
  VectorXd part;
  BilevelResult result;
  const auto finish = [&](const char* why, std::uint64_t steps) {
    result = {std::move(x), std::move(y), std::move(z), counted.calls(), steps, why};
  };
  if (observer && !observer({0, x, y, z, direction, counted.calls()})) {
    finish("observer", 0);
    return result;
  }
  for (std::uint64_t k = 0; k < o.steps; ++k) {
    next_y = y;
    for (std::uint64_t t = 0;; ++t) {
      if (o.inner_residual == 0 && t == o.inner_steps) break;
      counted.g_y(x, next_y, gradient, samples.next_lower());
      if (o.inner_residual > 0 && (projected_residual(problem, next_y, gradient, o.inner_step) <= o.inner_residual ||
                                   t == o.max_inner_steps || !within_reach(next_y, reach_y)))
        break;
      next_y -= o.inner_step * gradient;
      problem.project_y(next_y);
    }
    if (!within_reach(next_y, reach_y)) {
      finish("diverged", k + 1);
      return result;
    }
    const Sample upper = samples.next_upper();
    counted.f_y(x, next_y, gradient, upper);
    solve_adjoint(counted, x, next_y, gradient, o.cg, z);
    counted.f_x(x, next_y, direction, upper);
    counted.jvp(x, next_y, z, part, samples.next_lower());
    direction -= part;
    const double change = o.outer_step * direction.lpNorm<Eigen::Infinity>();
    next_x = x - (change > o.longest ? o.outer_step * o.longest / change : o.outer_step) * direction;
    problem.project_x(next_x);
    if (!within_reach(next_x, reach_x)) {
      finish("diverged", k + 1);
      return result;
    }
    y.swap(next_y);
    if (o.tolerance > 0 && gradient_mapping(problem, x, direction, o.outer_step) <= o.tolerance) {
      finish("tolerance", k);
      return result;
    }
    x.swap(next_x);
    if (observer && !observer({k + 1, x, y, z, direction, counted.calls()})) {
      finish("observer", k + 1);
      return result;
    }
  }
  finish("steps", o.steps);
  return result;
}

}  // namespace offprint::optimize
