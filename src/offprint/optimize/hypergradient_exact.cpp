#include "offprint/optimize/hypergradient_exact.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include <Eigen/Dense>
#include <fmt/format.h>

#include "offprint/core/error.hpp"
#include "offprint/linalg/lapack.hpp"

namespace offprint::optimize {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr Index kLargest = 4000;  // d_y^2 doubles and d_y^3 work: 128 MB, a minute

// The rows that hold with equality at y. Throws when y is outside, or when the problem does not project.
MatrixXd active_rows(const BilevelProblem& problem, const VectorRef& y, const ExactImplicit& how) {
  const LinearConstraints& c = *how.constraints;
  if (c.a.cols() != y.size() || c.a.rows() != c.b.size())
    throw InputError(fmt::format("the constraints a y <= b have a of {} x {} and b of {}; y has {} entries", c.a.rows(),
                                 c.a.cols(), c.b.size(), y.size()));
  if (!problem.constrained_y() && c.a.rows() > 0)
    throw InputError(
        "a constraint on y is declared, but the problem has no projection onto it; implement project_y and "
        "constrained_y");
  std::vector<Index> active;
  for (Index i = 0; i < c.a.rows(); ++i) {
    const double slack = c.b[i] - c.a.row(i).dot(y);
    const double scale = std::max(1.0, std::abs(c.b[i]));
    if (slack < -how.active_tolerance * scale)
      throw InputError(fmt::format("y breaks constraint {} by {:.3g}; project it first", i + 1, -slack));
    if (slack <= how.active_tolerance * scale) active.push_back(i);
  }
  MatrixXd rows(static_cast<Index>(active.size()), y.size());
  for (std::size_t i = 0; i < active.size(); ++i) rows.row(static_cast<Index>(i)) = c.a.row(active[i]);
  return rows;
}

}  // namespace

LinearConstraints box_constraints(const VectorRef& lower, const VectorRef& upper) {
  if (lower.size() != upper.size())
    throw InputError(fmt::format("a box has {} lower and {} upper ends", lower.size(), upper.size()));
  for (Index i = 0; i < lower.size(); ++i)
    if (!(lower[i] <= upper[i]))
      throw InputError(fmt::format("the box is empty: entry {} has lower {} > upper {}", i + 1, lower[i], upper[i]));
  LinearConstraints out;
  const Index count = lower.array().isFinite().count() + upper.array().isFinite().count();
  out.a = MatrixXd::Zero(count, lower.size());
  out.b.resize(count);
  Index row = 0;
  for (Index i = 0; i < lower.size(); ++i) {
    if (std::isfinite(lower[i])) {
      out.a(row, i) = -1;
      out.b[row++] = -lower[i];
    }
    if (std::isfinite(upper[i])) {
      out.a(row, i) = 1;
      out.b[row++] = upper[i];
    }
  }
  return out;
}

MatrixXd dense_hessian(CountedProblem& problem, const VectorRef& x, const VectorRef& y) {
  const Index d = y.size();
  if (d > kLargest)
    throw InputError(fmt::format("the exact hypergradient takes at most {} lower variables, not {}; use cg or penalty",
                                 kLargest, d));
  MatrixXd hessian(d, d);
  VectorXd unit = VectorXd::Zero(d);
  VectorXd column;
  for (Index j = 0; j < d; ++j) {
    unit[j] = 1;
    problem.hvp(x, y, unit, column);
    hessian.col(j) = column;
    unit[j] = 0;
  }
  if (!hessian.allFinite()) throw InputError("the Hessian of g in y has an entry that is not finite");
  return 0.5 * (hessian + hessian.transpose());
}

Hypergradient exact_adjoint(CountedProblem& problem, const VectorRef& x, const VectorRef& y, const ExactImplicit& how) {
  Hypergradient out;
  VectorXd right;
  problem.f_y(x, y, right);
  const MatrixXd hessian = dense_hessian(problem, x, y);

  MatrixXd basis = MatrixXd::Identity(y.size(), y.size());
  if (how.constraints) {
    const MatrixXd active = active_rows(problem.problem(), y, how);
    if (active.rows() > 0) {
      VectorXd lower;
      problem.g_y(x, y, lower);
      const Eigen::ColPivHouseholderQR<MatrixXd> factor(active.transpose());
      out.least_multiplier = factor.solve(-lower).minCoeff();
      out.strict_complementarity = out.least_multiplier > how.active_tolerance;
      const MatrixXd q = factor.householderQ();
      basis = q.rightCols(y.size() - factor.rank());
    }
  }
  out.subspace = basis.cols();
  out.z = VectorXd::Zero(y.size());
  out.rank = 0;
  if (basis.cols() == 0) return out;

  const auto eigen = linalg::hermitian_eigen(basis.transpose() * hessian * basis);
  const double largest = eigen.values.cwiseAbs().maxCoeff();
  if (eigen.values.minCoeff() < -how.rank_tolerance * largest * 100)
    throw InputError(fmt::format("lower level is not convex here: use penalty (g_yy has the eigenvalue {:.3g})",
                                 eigen.values.minCoeff()));
  const VectorXd projected = basis.transpose() * right;
  const VectorXd coefficients = eigen.vectors.transpose() * projected;
  VectorXd inside = VectorXd::Zero(coefficients.size());
  double outside = 0;
  for (Index i = 0; i < coefficients.size(); ++i) {
    if (std::abs(eigen.values[i]) > how.rank_tolerance * largest) {
      inside[i] = coefficients[i] / eigen.values[i];
      ++out.rank;
    } else {
      outside = std::hypot(outside, coefficients[i]);
    }
  }
  out.z = basis * (eigen.vectors * inside);
  out.solver_residual = projected.norm() > 0 ? outside / projected.norm() : 0;
  return out;
}

}  // namespace offprint::optimize
