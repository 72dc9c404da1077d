#include "offprint/optimize/log_sum_exp.hpp"

#include <cmath>

#include <fmt/format.h>

#include "offprint/core/error.hpp"
#include "offprint/linalg/lapack.hpp"

namespace offprint::optimize {

using Eigen::MatrixXd;
using Eigen::VectorXd;

LogSumExp::LogSumExp(MatrixXd rows, VectorXd b, const LogSumExpOptions& options)
    : rows_(std::move(rows)), b_(std::move(b)), options_(options) {
  if (rows_.size() == 0) throw InputError("log-sum-exp needs at least one row and one column");
  if (b_.size() != rows_.rows())
    throw InputError(fmt::format("log-sum-exp has {} rows but {} offsets", rows_.rows(), b_.size()));
  if (!rows_.allFinite() || !b_.allFinite()) throw InputError("log-sum-exp has an entry that is not finite");
  if (!(options_.mu > 0 && std::isfinite(options_.mu)))
    throw InputError(fmt::format("mu is {}; it must be positive", options_.mu));
  if (!(options_.l2 >= 0)) throw InputError(fmt::format("l2 is {}; it must be at least 0", options_.l2));
}

void LogSumExp::value(Point& point) const {
  point.inner.noalias() = rows_ * point.x;
  point.inner = (point.inner - b_) / options_.mu;
  const double top = point.inner.maxCoeff();
  point.inner = (point.inner.array() - top).exp();
  const double sum = point.inner.sum();
  point.inner /= sum;
  point.value = options_.mu * (top + std::log(sum)) + options_.l2 / 2 * point.x.squaredNorm();
}

void LogSumExp::gradient(Point& point) const {
  point.gradient.noalias() = rows_.transpose() * point.inner;
  if (options_.l2 > 0) point.gradient += options_.l2 * point.x;
}

bool LogSumExp::supports(HessianKind kind) const {
  return kind == HessianKind::kExact || kind == HessianKind::kGaussNewton || kind == HessianKind::kDiagonal;
}

Curvature LogSumExp::curvature(const Point& point, HessianKind kind) const {
  require_support(*this, kind);
  VectorXd mean = point.gradient;  // A^T pi
  if (options_.l2 > 0) mean -= options_.l2 * point.x;
  if (kind == HessianKind::kDiagonal) {
    LowRankCurvature h;
    h.diagonal =
        ((rows_.array().square().matrix().transpose() * point.inner - mean.cwiseAbs2()) / options_.mu).array() +
        options_.l2;
    h.u.resize(dimension(), 0);
    return h;
  }
  const MatrixXd weighted = (point.inner / options_.mu).cwiseSqrt().asDiagonal() * rows_;
  DenseCurvature h{MatrixXd(dimension(), dimension())};
  linalg::self_product_into(h.matrix, 1, weighted, linalg::Op::kAdjoint, 0);
  if (kind == HessianKind::kExact) h.matrix.noalias() -= mean * (mean / options_.mu).transpose();
  h.matrix.diagonal().array() += options_.l2;
  return h;
}

}  // namespace offprint::optimize
