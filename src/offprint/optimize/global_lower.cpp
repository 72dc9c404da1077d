#include "offprint/optimize/global_lower.hpp"

#include <cmath>

#include "offprint/core/error.hpp"

namespace offprint::optimize {

using Eigen::VectorXd;

LowerSolution solve_lower_from_many(CountedProblem& problem, const VectorRef& x, double sigma, const VectorRef& start,
                                    const ManyStarts& how) {
  const auto value_of = [&](const VectorXd& y) {
    return problem.g(x, y) + (sigma > 0 ? sigma * problem.f(x, y) : 0.0);
  };
  Stream random(how.seed, "starts");
  LowerSolution best = solve_lower(problem, x, sigma, start, how.inner);
  double least = value_of(best.y);
  for (std::size_t k = 1; k < how.count; ++k) {
    VectorXd y = start;
    for (double& entry : y) entry += how.radius * random.normal();
    LowerSolution next = solve_lower(problem, x, sigma, y, how.inner);
    const double value = value_of(next.y);
    // A tie goes to the earlier start: rounding decides nothing.
    if (value < least - 1e-13 * (1 + std::abs(least))) {
      least = value;
      best = std::move(next);
    }
  }
  return best;
}

PenaltyValue penalty_value_from_many(CountedProblem& problem, const VectorRef& x, double sigma, const VectorRef& start,
                                     const ManyStarts& how) {
  require_sigma(sigma);
  const VectorXd z = solve_lower_from_many(problem, x, 0, start, how).y;
  const VectorXd y = solve_lower_from_many(problem, x, sigma, z, how).y;
  return penalty_value(problem, x, sigma, y, z, how.inner);
}

double hyper_objective(CountedProblem& problem, const VectorRef& x, const VectorRef& start, const ManyStarts& how,
                       double sigma) {
  if (const auto known = problem.problem().exact_lower(x)) return problem.f(x, *known);
  const double whole = penalty_value_from_many(problem, x, sigma, start, how).value;
  const double half = penalty_value_from_many(problem, x, sigma / 2, start, how).value;
  return 2 * half - whole;
}

}  // namespace offprint::optimize
