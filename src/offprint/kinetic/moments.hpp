// Moments of a distribution on a grid, and the projection that gives it prescribed ones.
#pragma once

#include <Eigen/Core>

#include "offprint/kinetic/velocity_grid.hpp"

namespace offprint::kinetic {

/// Sums over the grid (spectrally accurate for distributions that vanish at the border). Particle mass one.
struct Moments {
  double density = 0.0;
  Eigen::VectorXd mean;      ///< u
  Eigen::MatrixXd second;    ///< <v v^T>, the raw second moment: u u^T + pressure
  double temperature = 0.0;  ///< tr(pressure) / d

  [[nodiscard]] Eigen::MatrixXd pressure() const { return second - mean * mean.transpose(); }  ///< divided by density
  [[nodiscard]] double energy() const { return second.trace(); }  ///< <|v|^2> = |u|^2 + d T
};

/// Throws InputError when f has another size than the grid, holds a NaN, or its density is not positive. O(size d^2).
[[nodiscard]] Moments moments(const VelocityGrid& grid, const Eigen::Ref<const Eigen::VectorXd>& f);

/// What a projection aims at.
struct MomentTarget {
  double density = 0.0;
  Eigen::VectorXd mean;
  double temperature = 0.0;
  [[nodiscard]] double energy() const { return mean.squaredNorm() + static_cast<double>(mean.size()) * temperature; }
};
[[nodiscard]] MomentTarget target_of(const Moments& m);

/// Adds M (a + b.c + e (|c|^2/(2T) - d/2)), c = v - u, M the target's Maxwellian, so that density, mean and temperature
/// of f are the target's; the d + 2 coefficients solve the DISCRETE moment equations, so nothing is left over but
/// rounding. Higher moments change by as much as the lower ones were off. O(size d^2).
void project(const VelocityGrid& grid, const MomentTarget& target, Eigen::Ref<Eigen::VectorXd> f);

/// int f ln f over the points where f > 0 (what must not increase).
[[nodiscard]] double entropy_functional(const VelocityGrid& grid, const Eigen::Ref<const Eigen::VectorXd>& f);

/// The share of sum |f| on the outermost points of the box: large when the box is too small.
[[nodiscard]] double border_share(const VelocityGrid& grid, const Eigen::Ref<const Eigen::VectorXd>& f);

}  // namespace offprint::kinetic
