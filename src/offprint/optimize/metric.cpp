#include "offprint/optimize/metric.hpp"

#include <cmath>

#include <fmt/format.h>

#include "offprint/core/error.hpp"
#include "offprint/linalg/lapack.hpp"

namespace offprint::optimize {

using linalg::Op;
using linalg::Triangle;

Metric Metric::identity(Eigen::Index n) {
  Metric metric;
  metric.size_ = n;
  return metric;
}

Metric Metric::matrix(Eigen::MatrixXd b) {
  if (b.rows() != b.cols() || b.rows() == 0)
    throw InputError(fmt::format("the metric is a {} x {} matrix; it must be square", b.rows(), b.cols()));
  if (!b.allFinite()) throw InputError("the metric has an entry that is not finite");
  Metric metric;
  metric.size_ = b.rows();
  metric.factor_ = b;
  if (const auto pivot = linalg::failing_minor_of_cholesky(metric.factor_); pivot != 0)
    throw InputError(fmt::format(
        "metric is not positive definite: pivot {}; add a multiple of the identity, or use the identity", pivot));
  metric.b_ = std::move(b);
  return metric;
}

Metric Metric::gram(const Eigen::Ref<const Eigen::MatrixXd>& rows, double shift) {
  Eigen::MatrixXd b = Eigen::MatrixXd::Zero(rows.cols(), rows.cols());
  linalg::self_product_into(b, 1, rows, Op::kAdjoint, 0);
  b.diagonal().array() += shift;
  return matrix(std::move(b));
}

double Metric::norm(const Eigen::VectorXd& h) const {
  if (is_identity()) return h.norm();
  return std::sqrt(std::max(0.0, h.dot(b_.selfadjointView<Eigen::Lower>() * h)));
}

double Metric::dual_norm(const Eigen::VectorXd& g) const {
  if (is_identity()) return g.norm();
  Eigen::VectorXd y = g;
  linalg::solve_triangular_in_place(factor_, Triangle::kLower, Op::kNone, y);
  return y.norm();
}

Eigen::VectorXd Metric::solve(const Eigen::VectorXd& g) const {
  Eigen::VectorXd y = g;
  if (is_identity()) return y;
  linalg::solve_triangular_in_place(factor_, Triangle::kLower, Op::kNone, y);
  linalg::solve_triangular_in_place(factor_, Triangle::kLower, Op::kAdjoint, y);
  return y;
}

}  // namespace offprint::optimize
