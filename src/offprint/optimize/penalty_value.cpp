#include "offprint/optimize/penalty_value.hpp"

#include "offprint/core/error.hpp"
#include "offprint/linalg/gauss_legendre.hpp"

namespace offprint::optimize {

using Eigen::Index;
using Eigen::VectorXd;

PenaltyValue penalty_value(CountedProblem& problem, const VectorRef& x, double sigma, const VectorRef& start_y,
                           const VectorRef& start_z, const LowerSolver& inner) {
  require_sigma(sigma);
  PenaltyValue out;
  LowerSolution z = solve_lower(problem, x, 0, start_z, inner);
  LowerSolution y = solve_lower(problem, x, sigma, start_y, inner);
  out.residual_y = y.residual;
  out.residual_z = z.residual;
  out.steps = y.steps + z.steps;
  out.converged = y.converged && z.converged;
  out.y = std::move(y.y);
  out.z = std::move(z.y);
  out.value = problem.f(x, out.y) + (problem.g(x, out.y) - problem.g(x, out.z)) / sigma;
  VectorXd difference;
  problem.f_x(x, out.y, out.gradient);
  problem.g_x_difference(x, out.y, out.z, difference);
  out.gradient += difference / sigma;
  return out;
}

PenaltyValue penalty_value(const BilevelProblem& problem, const VectorRef& x, double sigma, const VectorRef& start_y,
                           const LowerSolver& inner) {
  CountedProblem counted(problem);
  return penalty_value(counted, x, sigma, start_y, start_y, inner);
}

double path_average(CountedProblem& problem, const VectorRef& x, double sigma, const VectorRef& start,
                    std::size_t nodes, const LowerSolver& inner) {
  require_sigma(sigma);
  const linalg::Quadrature rule = linalg::gauss_legendre(static_cast<Index>(nodes), 0, 1);
  VectorXd y = start;
  double sum = 0;
  for (Index i = 0; i < rule.nodes.size(); ++i) {
    y = solve_lower(problem, x, sigma * rule.nodes[i], y, inner).y;
    sum += rule.weights[i] * problem.f(x, y);
  }
  return sum;
}

}  // namespace offprint::optimize
