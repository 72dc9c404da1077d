// The grid on which a velocity distribution is kept: a periodic box around the origin, the same in every direction.
#pragma once

#include <cstddef>

#include <Eigen/Core>

namespace offprint::kinetic {

/// Points v_j = -half_width + j spacing, j = 0..points-1 on each axis; values lie in row-major order (axis 0, that is
/// v_1, slowest). Modes k = pi m / half_width, m in [-points/2, points/2).
struct VelocityGrid {
  int dimension = 2;        ///< 2 or 3
  int points = 64;          ///< per axis; even, at least 8
  double half_width = 9.0;  ///< of the box, about 9 thermal speeds for spectral accuracy

  /// Throws InputError: dimension not 2 or 3, points odd or below 8, half_width not positive and finite.
  void check() const;
  [[nodiscard]] double spacing() const { return 2.0 * half_width / points; }
  [[nodiscard]] double mode_spacing() const;
  [[nodiscard]] double largest_mode() const { return mode_spacing() * points / 2; }
  [[nodiscard]] double cell() const;        ///< volume of one cell: the weight of every quadrature
  [[nodiscard]] Eigen::Index size() const;  ///< points to the power of dimension
  [[nodiscard]] double coordinate(Eigen::Index j) const { return -half_width + static_cast<double>(j) * spacing(); }
  /// Coordinates of all points along one axis, as long as a distribution.
  [[nodiscard]] Eigen::VectorXd coordinates(int axis) const;
  /// |v|^2 at all points.
  [[nodiscard]] Eigen::VectorXd squared_speeds() const;
  bool operator==(const VelocityGrid&) const = default;
};

}  // namespace offprint::kinetic
