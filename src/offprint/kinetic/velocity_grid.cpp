#include "offprint/kinetic/velocity_grid.hpp"

#include <cmath>
#include <numbers>

#include <fmt/format.h>

#include "offprint/core/error.hpp"

namespace offprint::kinetic {

void VelocityGrid::check() const {
  if (dimension != 2 && dimension != 3) {
    throw InputError(fmt::format("velocity grid: {} dimensions were asked for, 2 or 3 are possible", dimension));
  }
  if (points < 8 || points % 2 != 0) {
    throw InputError(
        fmt::format("velocity grid: {} points an axis, but an even number of at least 8 is needed", points));
  }
  if (!(half_width > 0) || !std::isfinite(half_width)) {
    throw InputError(fmt::format("velocity grid: the half width is {}, but must be positive", half_width));
  }
}

double VelocityGrid::mode_spacing() const { return std::numbers::pi / half_width; }

double VelocityGrid::cell() const { return std::pow(spacing(), dimension); }

Eigen::Index VelocityGrid::size() const {
  Eigen::Index all = 1;
  for (int i = 0; i < dimension; ++i) all *= points;
  return all;
}

Eigen::VectorXd VelocityGrid::coordinates(int axis) const {
  Eigen::Index inner = 1;
  for (int i = axis + 1; i < dimension; ++i) inner *= points;
  Eigen::VectorXd v(size());
  for (Eigen::Index i = 0; i < v.size(); ++i) v[i] = coordinate(i / inner % points);
  return v;
}

Eigen::VectorXd VelocityGrid::squared_speeds() const {
  Eigen::VectorXd square = Eigen::VectorXd::Zero(size());
  for (int axis = 0; axis < dimension; ++axis) square += coordinates(axis).cwiseAbs2();
  return square;
}

}  // namespace offprint::kinetic
