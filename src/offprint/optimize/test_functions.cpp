#include "offprint/optimize/test_functions.hpp"

#include <cmath>

#include <fmt/format.h>

#include "offprint/core/error.hpp"

namespace offprint::optimize {

using Eigen::VectorXd;

Chain::Chain(Eigen::Index n, double q) : n_(n), q_(q) {
  if (n < 2) throw InputError(fmt::format("the chain has at least 2 variables, not {}", n));
  if (!(q >= 2 && std::isfinite(q))) throw InputError(fmt::format("the chain's power is {}; it must be at least 2", q));
}

void Chain::value(Point& point) const {
  point.inner.resize(n_);
  point.inner(0) = point.x(0);
  point.inner.tail(n_ - 1) = point.x.tail(n_ - 1) - point.x.head(n_ - 1);
  point.value = point.inner.array().abs().pow(q_).sum() / q_ - point.x(0);
}

void Chain::gradient(Point& point) const {
  const VectorXd s = point.inner.array().sign() * point.inner.array().abs().pow(q_ - 1);
  point.gradient = s;
  point.gradient.head(n_ - 1) -= s.tail(n_ - 1);
  point.gradient(0) -= 1;
}

Curvature Chain::curvature(const Point& point, HessianKind kind) const {
  require_support(*this, kind);
  const VectorXd s = (q_ - 1) * point.inner.array().abs().pow(q_ - 2);
  TridiagonalCurvature h;
  h.diagonal = s;
  h.diagonal.head(n_ - 1) += s.tail(n_ - 1);
  h.off_diagonal = -s.tail(n_ - 1);
  return h;
}

void Rosenbrock::value(Point& point) const {
  const double v = point.x(1) - point.x(0) * point.x(0);
  const double w = 1 - point.x(0);
  point.value = 100 * v * v + w * w;
}

void Rosenbrock::gradient(Point& point) const {
  const double v = point.x(1) - point.x(0) * point.x(0);
  point.gradient.resize(2);
  point.gradient << -400 * point.x(0) * v - 2 * (1 - point.x(0)), 200 * v;
}

Curvature Rosenbrock::curvature(const Point& point, HessianKind kind) const {
  require_support(*this, kind);
  const double x = point.x(0);
  DenseCurvature h{Eigen::MatrixXd(2, 2)};
  h.matrix << 1200 * x * x - 400 * point.x(1) + 2, -400 * x, -400 * x, 200;
  return h;
}

}  // namespace offprint::optimize
