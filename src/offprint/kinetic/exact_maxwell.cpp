#include "offprint/kinetic/exact_maxwell.hpp"

#include <cmath>
#include <numbers>

#include <fmt/format.h>

#include "offprint/core/error.hpp"

namespace offprint::kinetic {

using Complex = std::complex<double>;

ExactMaxwellOperators::ExactMaxwellOperators(const VelocityGrid& light, const VelocityGrid& heavy, double strength,
                                             double eps, int angles, const Parallel& parallel)
    : light_grid_(light),
      heavy_grid_(heavy),
      light_(light),
      heavy_(heavy),
      strength_(strength),
      eps_(eps),
      parallel_(parallel) {
  if (!(strength > 0) || !(eps > 0)) {
    throw InputError(fmt::format("exact operators: rate {} and eps {} must be positive", strength, eps));
  }
  if (angles < 8) throw InputError(fmt::format("exact operators: {} angles, at least 8 are needed", angles));
  normals_.resize(angles, 2);
  for (int j = 0; j < angles; ++j) {
    const double angle = 2 * std::numbers::pi * (j + 0.5) / angles;
    normals_.row(j) << std::cos(angle), std::sin(angle);
  }
}

void ExactMaxwellOperators::set(const Eigen::Ref<const Eigen::VectorXd>& light,
                                const Eigen::Ref<const Eigen::VectorXd>& heavy) {
  light_.set(light);
  heavy_.set(heavy);
}

Complex ExactMaxwellOperators::light_at(double xi1, double xi2) const {
  const double m = 1 + eps_ * eps_;
  const double k = std::hypot(xi1, xi2);
  Complex gain = 0;
  for (Eigen::Index j = 0; j < normals_.rows(); ++j) {
    const double a = k * normals_(j, 0);
    const double b = k * normals_(j, 1);
    gain += light_((eps_ * eps_ * xi1 + a) / m, (eps_ * eps_ * xi2 + b) / m) *
            heavy_(eps_ * (xi1 - a) / m, eps_ * (xi2 - b) / m);
  }
  return strength_ * (gain / static_cast<double>(normals_.rows()) - heavy_(0, 0) * light_(xi1, xi2));
}

Complex ExactMaxwellOperators::heavy_at(double xi1, double xi2) const {
  const double m = 1 + eps_ * eps_;
  const double k = std::hypot(xi1, xi2);
  Complex gain = 0;
  for (Eigen::Index j = 0; j < normals_.rows(); ++j) {
    const double a = k * normals_(j, 0);
    const double b = k * normals_(j, 1);
    gain += light_(eps_ * (xi1 - a) / m, eps_ * (xi2 - b) / m) *
            heavy_((xi1 + eps_ * eps_ * a) / m, (xi2 + eps_ * eps_ * b) / m);
  }
  return strength_ * (gain / static_cast<double>(normals_.rows()) - light_(0, 0) * heavy_(xi1, xi2));
}

Eigen::VectorXcd ExactMaxwellOperators::light_transform() const {
  const auto& xi = light_grid_.waves();
  Eigen::VectorXcd q(xi.rows());
  parallel_for(static_cast<std::size_t>(q.size()), parallel_, [&](std::size_t i) {
    const auto m = static_cast<Eigen::Index>(i);
    q[m] = light_at(xi(m, 0), xi(m, 1));
  });
  return q;
}

Eigen::VectorXcd ExactMaxwellOperators::heavy_transform() const {
  const auto& xi = heavy_grid_.waves();
  Eigen::VectorXcd q(xi.rows());
  parallel_for(static_cast<std::size_t>(q.size()), parallel_, [&](std::size_t i) {
    const auto m = static_cast<Eigen::Index>(i);
    q[m] = heavy_at(xi(m, 0), xi(m, 1));
  });
  return q;
}

}  // namespace offprint::kinetic
