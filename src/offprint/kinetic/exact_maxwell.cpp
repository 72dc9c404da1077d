#include "offprint/kinetic/exact_maxwell.hpp"

#include <cmath>
#include <numbers>

#include <fmt/format.h>

#include "offprint/core/error.hpp"
#include "offprint/linalg/gauss_legendre.hpp"

namespace offprint::kinetic {

using Complex = std::complex<double>;
using Eigen::Index;

namespace {

constexpr double kPi = std::numbers::pi;

Complex at_mode(const SpectralGrid& grid, Index mode, const auto& f) {
  const auto& xi = grid.waves();
  return f(xi(mode, 0), xi(mode, 1), xi.cols() == 3 ? xi(mode, 2) : 0.0);
}

}  // namespace

ExactMaxwellOperators::ExactMaxwellOperators(const VelocityGrid& light, const VelocityGrid& heavy, double strength,
                                             double eps, int directions, const Parallel& parallel)
    : light_grid_(light),
      heavy_grid_(heavy),
      light_(light),
      heavy_(heavy),
      strength_(strength),
      eps_(eps),
      parallel_(parallel) {
  if (light.dimension != heavy.dimension) throw InputError("exact operators: the grids differ in dimension");
  if (!(strength > 0) || !(eps > 0)) {
    throw InputError(fmt::format("exact operators: rate {} and eps {} must be positive", strength, eps));
  }
  const bool plane = light.dimension == 2;
  if (directions == 0) directions = plane ? 96 : 14;
  if (directions < (plane ? 8 : 4)) {
    throw InputError(fmt::format("exact operators: {} {}, at least {} are needed", directions,
                                 plane ? "angles" : "polar nodes", plane ? 8 : 4));
  }
  if (plane) {
    normals_ = Eigen::MatrixX3d::Zero(directions, 3);
    weights_ = Eigen::VectorXd::Ones(directions);
    for (int j = 0; j < directions; ++j) {
      const double angle = 2 * kPi * (j + 0.5) / directions;
      normals_.row(j) << std::cos(angle), std::sin(angle), 0.0;
    }
    return;
  }
  const int around = 2 * directions;
  const auto polar = linalg::gauss_legendre(directions);
  normals_.resize(static_cast<Index>(directions) * around, 3);
  weights_.resize(normals_.rows());
  for (Index i = 0; i < directions; ++i) {
    const double sine = std::sqrt(1 - polar.nodes[i] * polar.nodes[i]);
    for (Index j = 0; j < around; ++j) {
      const double angle = 2 * kPi * (static_cast<double>(j) + 0.5) / around;
      normals_.row(i * around + j) << sine * std::cos(angle), sine * std::sin(angle), polar.nodes[i];
      weights_[i * around + j] = polar.weights[i];
    }
  }
}

void ExactMaxwellOperators::set(const Eigen::Ref<const Eigen::VectorXd>& light,
                                const Eigen::Ref<const Eigen::VectorXd>& heavy) {
  light_.set(light);
  heavy_.set(heavy);
}

Complex ExactMaxwellOperators::light_at(double xi1, double xi2, double xi3) const {
  const double m = 1 + eps_ * eps_;
  const double square = eps_ * eps_;
  const double k = std::hypot(xi1, xi2, xi3);
  Complex gain = 0;
  for (Index j = 0; j < normals_.rows(); ++j) {
    const double a = k * normals_(j, 0);
    const double b = k * normals_(j, 1);
    const double c = k * normals_(j, 2);
    gain += weights_[j] * light_((square * xi1 + a) / m, (square * xi2 + b) / m, (square * xi3 + c) / m) *
            heavy_(eps_ * (xi1 - a) / m, eps_ * (xi2 - b) / m, eps_ * (xi3 - c) / m);
  }
  return strength_ * (gain / weights_.sum() - heavy_(0, 0) * light_(xi1, xi2, xi3));
}

Complex ExactMaxwellOperators::heavy_at(double xi1, double xi2, double xi3) const {
  const double m = 1 + eps_ * eps_;
  const double square = eps_ * eps_;
  const double k = std::hypot(xi1, xi2, xi3);
  Complex gain = 0;
  for (Index j = 0; j < normals_.rows(); ++j) {
    const double a = k * normals_(j, 0);
    const double b = k * normals_(j, 1);
    const double c = k * normals_(j, 2);
    gain += weights_[j] * light_(eps_ * (xi1 - a) / m, eps_ * (xi2 - b) / m, eps_ * (xi3 - c) / m) *
            heavy_((xi1 + square * a) / m, (xi2 + square * b) / m, (xi3 + square * c) / m);
  }
  return strength_ * (gain / weights_.sum() - light_(0, 0) * heavy_(xi1, xi2, xi3));
}

Eigen::VectorXcd ExactMaxwellOperators::light_transform() const {
  Eigen::VectorXcd q(light_grid_.modes());
  parallel_for(static_cast<std::size_t>(q.size()), parallel_, [&](std::size_t i) {
    const auto m = static_cast<Index>(i);
    q[m] = at_mode(light_grid_, m, [&](double a, double b, double c) { return light_at(a, b, c); });
  });
  return q;
}

Eigen::VectorXcd ExactMaxwellOperators::heavy_transform() const {
  Eigen::VectorXcd q(heavy_grid_.modes());
  parallel_for(static_cast<std::size_t>(q.size()), parallel_, [&](std::size_t i) {
    const auto m = static_cast<Index>(i);
    q[m] = at_mode(heavy_grid_, m, [&](double a, double b, double c) { return heavy_at(a, b, c); });
  });
  return q;
}

}  // namespace offprint::kinetic
