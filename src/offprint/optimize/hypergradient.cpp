#include "offprint/optimize/hypergradient.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "offprint/core/error.hpp"
#include "offprint/optimize/hypergradient_exact.hpp"
#include "offprint/optimize/penalty_value.hpp"

namespace offprint::optimize {
namespace {

using Eigen::Index;
using Eigen::VectorXd;

// CG on the normal equations, from z: the limit is the least-squares solution nearest to the start.
LinearSolve solve_normal_equations(CountedProblem& problem, const VectorRef& x, const VectorRef& y,
                                   const VectorRef& f_y, const ConjugateGradient& how, VectorXd& z) {
  LinearSolve out;
  VectorXd product;
  VectorXd twice;
  problem.hvp(x, y, z, product);
  VectorXd residual = f_y - product;
  VectorXd normal;
  problem.hvp(x, y, residual, normal);
  out.iterations = 2;
  VectorXd direction = normal;
  double squared = normal.squaredNorm();
  const double goal = how.tolerance * how.tolerance * std::max(squared, f_y.squaredNorm() * 1e-300);
  while (squared > goal && out.iterations + 2 <= how.max_iterations) {
    problem.hvp(x, y, direction, product);
    const double length = squared / product.squaredNorm();
    if (!std::isfinite(length)) break;
    z += length * direction;
    residual -= length * product;
    problem.hvp(x, y, residual, twice);
    out.iterations += 2;
    const double next = twice.squaredNorm();
    direction = twice + (next / squared) * direction;
    squared = next;
  }
  out.residual = residual.norm() / f_y.norm();
  return out;
}

Hypergradient neumann(CountedProblem& problem, const VectorRef& x, const VectorRef& y, const Neumann& how) {
  if (!(how.step > 0)) throw InputError(fmt::format("the Neumann step is {}; it must be positive", how.step));
  Hypergradient out;
  VectorXd term;
  VectorXd product;
  problem.f_y(x, y, term);
  const double scale = term.norm();
  out.z = term;
  for (std::uint64_t k = 0; k < how.terms; ++k) {
    problem.hvp(x, y, term, product);
    term -= how.step * product;
    out.z += term;
  }
  out.z *= how.step;
  // f_y - g_yy z = (I - step g_yy)^(terms+1) f_y, one more product of the last term.
  problem.hvp(x, y, term, product);
  out.solver_residual = scale > 0 ? (term - how.step * product).norm() / scale : 0;
  out.iterations = how.terms;
  if (!std::isfinite(out.solver_residual) || out.solver_residual > 1e3)
    throw InputError(fmt::format(
        "the Neumann series diverges (residual {:.3g} after {} terms): its step {} must be below 2/||g_yy||",
        out.solver_residual, how.terms, how.step));
  return out;
}

Hypergradient unrolled(CountedProblem& problem, const VectorRef& x, const VectorRef& start, const Unrolled& how) {
  if (problem.problem().constrained_y())
    throw InputError("unrolling does not differentiate through projections onto Y; use penalty");
  if (!(how.step > 0)) throw InputError(fmt::format("the unrolled step is {}; it must be positive", how.step));
  Eigen::MatrixXd path(start.size(), static_cast<Index>(how.steps) + 1);
  path.col(0) = start;
  VectorXd gradient;
  for (Index t = 0; t < static_cast<Index>(how.steps); ++t) {
    problem.g_y(x, path.col(t), gradient);
    path.col(t + 1) = path.col(t) - how.step * gradient;
  }
  if (!path.allFinite())
    throw InputError(fmt::format("the unrolled iterates are not finite; take a shorter step than {}", how.step));
  Hypergradient out;
  out.y = path.col(path.cols() - 1);
  out.iterations = how.steps;
  problem.f_x(x, out.y, out.gradient);
  VectorXd adjoint;
  VectorXd part;
  problem.f_y(x, out.y, adjoint);
  for (Index t = path.cols() - 2; t >= 0; --t) {
    problem.jvp(x, path.col(t), adjoint, part);
    out.gradient -= how.step * part;
    if (t == 0) break;  // the start does not depend on x
    problem.hvp(x, path.col(t), adjoint, part);
    adjoint -= how.step * part;
  }
  problem.g_y(x, out.y, gradient);
  out.lower_residual = gradient.norm();
  return out;
}

Hypergradient finite_difference(CountedProblem& problem, const VectorRef& x, const VectorRef& y,
                                const FiniteDifference& how) {
  if (!(how.step > 0)) throw InputError(fmt::format("the difference step is {}; it must be positive", how.step));
  Hypergradient out;
  const Index d = problem.problem().dimension_x();
  out.gradient.resize(d);
  VectorXd at = x;
  for (Index i = 0; i < d; ++i) {
    const double h = how.step * std::max(1.0, std::abs(x[i]));
    at[i] = x[i] + h;
    const double above = upper_value(problem, at, y, how.inner);
    at[i] = x[i] - h;
    const double below = upper_value(problem, at, y, how.inner);
    at[i] = x[i];
    out.gradient[i] = (above - below) / (2 * h);
  }
  out.iterations = 2 * static_cast<std::uint64_t>(d);
  out.y = y;
  return out;
}

void require_second_order(const BilevelProblem& problem, const char* oracle) {
  if (!problem.second_order())
    throw InputError(fmt::format(
        "the {} hypergradient needs second derivatives (hvp, jvp), which this problem does not give; use penalty",
        oracle));
}

// The implicit oracles share their end: f_x - d/dx <g_y, z>, and the residual of the lower level.
void finish_implicit(CountedProblem& problem, const VectorRef& x, const VectorRef& y, Hypergradient& out) {
  VectorXd part;
  problem.f_x(x, y, out.gradient);
  problem.jvp(x, y, out.z, part);
  out.gradient -= part;
  problem.g_y(x, y, part);
  out.lower_residual = projected_residual(problem.problem(), y, part);
  out.y = y;
}

struct Oracle {
  CountedProblem& problem;
  const VectorRef& x;
  const VectorRef& y;
  const VectorXd& z;

  Hypergradient operator()(const ExactImplicit& how) const {
    require_second_order(problem.problem(), "exact");
    Hypergradient out = exact_adjoint(problem, x, y, how);
    finish_implicit(problem, x, y, out);
    return out;
  }
  Hypergradient operator()(const ConjugateGradient& how) const {
    require_second_order(problem.problem(), "cg");
    Hypergradient out;
    VectorXd right;
    problem.f_y(x, y, right);
    out.z = z.size() > 0 ? z : VectorXd::Zero(y.size());
    const LinearSolve solve = solve_adjoint(problem, x, y, right, how, out.z);
    out.solver_residual = solve.residual;
    out.iterations = solve.iterations;
    finish_implicit(problem, x, y, out);
    return out;
  }
  Hypergradient operator()(const Neumann& how) const {
    require_second_order(problem.problem(), "neumann");
    Hypergradient out = neumann(problem, x, y, how);
    finish_implicit(problem, x, y, out);
    return out;
  }
  Hypergradient operator()(const PenaltyGradient& how) const {
    const PenaltyValue at = penalty_value(problem, x, how.sigma, y, z.size() > 0 ? z : VectorXd(y), how.inner);
    Hypergradient out;
    out.gradient = at.gradient;
    out.y = at.y;
    out.z = at.z;
    out.lower_residual = std::max(at.residual_y, at.residual_z);
    out.iterations = at.steps;
    return out;
  }
  Hypergradient operator()(const Unrolled& how) const {
    require_second_order(problem.problem(), "unrolled");
    return unrolled(problem, x, y, how);
  }
  Hypergradient operator()(const FiniteDifference& how) const { return finite_difference(problem, x, y, how); }
};

}  // namespace

std::string hypergradient_name(const HypergradientMethod& method) {
  constexpr const char* kNames[] = {"exact", "cg", "neumann", "penalty", "unrolled", "finite-difference"};
  return kNames[method.index()];
}

LinearSolve solve_adjoint(CountedProblem& problem, const VectorRef& x, const VectorRef& y, const VectorRef& f_y,
                          const ConjugateGradient& how, VectorXd& z) {
  LinearSolve out;
  const double scale = f_y.norm();
  if (scale == 0) {
    z.setZero(f_y.size());
    return out;
  }
  const VectorXd start = z;
  VectorXd product;
  VectorXd residual = f_y;
  if (!z.isZero(0)) {
    problem.hvp(x, y, z, product);
    ++out.iterations;
    residual -= product;
  }
  VectorXd direction = residual;
  double squared = residual.squaredNorm();
  double steepest = 0;  // the largest curvature met: what counts as none is relative to it
  while (std::sqrt(squared) > how.tolerance * scale && out.iterations < how.max_iterations) {
    problem.hvp(x, y, direction, product);
    ++out.iterations;
    const double length_squared = direction.squaredNorm();
    const double curvature = direction.dot(product) / length_squared;
    if (!std::isfinite(curvature))
      throw InputError("a product with g_yy is not finite: the lower level's second derivatives overflow here");
    steepest = std::max(steepest, product.norm() / std::sqrt(length_squared));
    if (curvature < -1e-10 * steepest)
      throw InputError(fmt::format(
          "lower level is not convex here: use penalty (g_yy has the curvature {:.3g} along a direction of CG)",
          curvature));
    if (curvature <= 1e-10 * steepest) {
      z = start;
      const LinearSolve rest = solve_normal_equations(problem, x, y, f_y, how, z);
      return {rest.residual, out.iterations + rest.iterations};
    }
    const double length = squared / (curvature * length_squared);
    z += length * direction;
    residual -= length * product;
    const double next = residual.squaredNorm();
    direction = residual + (next / squared) * direction;
    squared = next;
  }
  out.residual = std::sqrt(squared) / scale;
  return out;
}

double upper_value(CountedProblem& problem, const VectorRef& x, const VectorRef& y, const LowerSolver& inner) {
  const auto known = problem.problem().exact_lower(x);
  const double value = problem.f(x, known ? *known : solve_lower(problem, x, 0, y, inner).y);
  if (!std::isfinite(value))
    throw InputError(fmt::format("f is not finite at the lower solution (|x| = {:.3g})", x.norm()));
  return value;
}

Hypergradient hypergradient(CountedProblem& problem, const VectorRef& x, const VectorRef& y,
                            const HypergradientMethod& method, const VectorXd& z) {
  require_vector(x, problem.problem().dimension_x(), "x");
  require_vector(y, problem.problem().dimension_y(), "y");
  if (z.size() > 0) require_vector(z, problem.problem().dimension_y(), "z");
  Hypergradient out = std::visit(Oracle{problem, x, y, z}, method);
  if (!out.gradient.allFinite())
    throw InputError(fmt::format("the {} hypergradient is not finite: a gradient of f or g overflows at |x| = {:.3g}",
                                 hypergradient_name(method), x.norm()));
  return out;
}

Hypergradient hypergradient(const BilevelProblem& problem, const VectorRef& x, const VectorRef& y,
                            const HypergradientMethod& method, const VectorXd& z) {
  CountedProblem counted(problem);
  return hypergradient(counted, x, y, method, z);
}

}  // namespace offprint::optimize
