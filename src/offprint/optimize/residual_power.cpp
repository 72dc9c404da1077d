#include "offprint/optimize/residual_power.hpp"

#include <cmath>

#include <fmt/format.h>

#include "offprint/core/error.hpp"
#include "offprint/linalg/lapack.hpp"

namespace offprint::optimize {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

ResidualPower::ResidualPower(double p) : p_(p) {
  if (!(p >= 2 && std::isfinite(p))) throw InputError(fmt::format("the power p is {}; it must be at least 2", p));
}

void ResidualPower::value(Point& point) const {
  residual(point.x, point.inner);
  const double squared = point.inner.squaredNorm();
  point.value = (p_ == 2 ? squared : std::pow(squared, p_ / 2)) / p_;
}

void ResidualPower::gradient(Point& point) const {
  transposed_jacobian(point.x, point.inner, point.gradient);
  if (p_ > 2) point.gradient *= std::pow(point.inner.norm(), p_ - 2);
}

bool ResidualPower::supports(HessianKind kind) const {
  return kind == HessianKind::kExact || kind == HessianKind::kGaussNewton || kind == HessianKind::kFisher;
}

double ResidualPower::rank_one_weight(double r) const { return p_ == 2 || r == 0 ? 0 : (p_ - 2) * std::pow(r, p_ - 4); }

Curvature ResidualPower::curvature(const Point& point, HessianKind kind) const {
  require_support(*this, kind);
  const double r = point.inner.norm();
  VectorXd q;
  transposed_jacobian(point.x, point.inner, q);
  if (kind == HessianKind::kFisher) return LowRankCurvature{{}, q, VectorXd::Constant(1, rank_one_weight(r))};
  return assemble(point, p_ == 2 ? 1 : std::pow(r, p_ - 2), rank_one_weight(r), q, kind == HessianKind::kExact);
}

LinearResidualPower::LinearResidualPower(MatrixXd a, VectorXd b, double p)
    : ResidualPower(p), a_(std::move(a)), b_(std::move(b)), gram_(a_.cols(), a_.cols()) {
  if (a_.size() == 0) throw InputError("the residual needs at least one row and one column");
  if (b_.size() != a_.rows())
    throw InputError(fmt::format("the residual has {} rows but {} right-hand values", a_.rows(), b_.size()));
  if (!a_.allFinite() || !b_.allFinite()) throw InputError("the residual has an entry that is not finite");
  linalg::self_product_into(gram_, 1, a_, linalg::Op::kAdjoint, 0);
}

void LinearResidualPower::residual(const VectorXd& x, VectorXd& u) const { u.noalias() = a_ * x - b_; }

void LinearResidualPower::transposed_jacobian(const VectorXd& /*x*/, const VectorXd& u, VectorXd& q) const {
  q.noalias() = a_.transpose() * u;
}

Curvature LinearResidualPower::assemble(const Point& /*point*/, double a, double c, const VectorXd& q,
                                        bool /*second*/) const {
  DenseCurvature h{a * gram_};
  if (c != 0) h.matrix.noalias() += (c * q) * q.transpose();
  return h;
}

BidiagonalResidualPower BidiagonalResidualPower::chebyshev(Index n, double p) {
  if (n < 2) throw InputError(fmt::format("the Chebyshev system has at least 2 variables, not {}", n));
  return {n, p, 0.5, 1, 2, 1};
}

BidiagonalResidualPower BidiagonalResidualPower::rosenbrock(double p) { return {2, p, 1, 10, 1, 0}; }

void BidiagonalResidualPower::residual(const VectorXd& x, VectorXd& u) const {
  u.resize(n_);
  u(0) = first_ * (1 - x(0));
  u.tail(n_ - 1) = scale_ * (x.tail(n_ - 1).array() - inner_ * x.head(n_ - 1).array().square() + shift_);
}

void BidiagonalResidualPower::transposed_jacobian(const VectorXd& x, const VectorXd& u, VectorXd& q) const {
  q.resize(n_);
  q(0) = -first_ * u(0);
  q.tail(n_ - 1) = scale_ * u.tail(n_ - 1);
  q.head(n_ - 1).array() -= 2 * scale_ * inner_ * x.head(n_ - 1).array() * u.tail(n_ - 1).array();
}

Curvature BidiagonalResidualPower::assemble(const Point& point, double a, double c, const VectorXd& q,
                                            bool second) const {
  const auto& x = point.x;
  TridiagonalCurvature h;
  const VectorXd below = -2 * scale_ * inner_ * x.head(n_ - 1);  // of J, under its diagonal
  h.diagonal = VectorXd::Constant(n_, a * scale_ * scale_);
  h.diagonal(0) = a * first_ * first_;
  h.diagonal.head(n_ - 1) += a * below.cwiseAbs2();
  h.off_diagonal = a * scale_ * below;
  if (second) h.diagonal.head(n_ - 1) -= 2 * a * scale_ * inner_ * point.inner.tail(n_ - 1);
  h.q = q;
  h.weight = c;
  return h;
}

}  // namespace offprint::optimize
