#include "offprint/kinetic/exact_cross.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include <fmt/format.h>
#include <unistd.h>

#include "offprint/core/error.hpp"

namespace offprint::kinetic {

namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

// Half width of the common grid, in light units.
double common_width(const VelocityGrid& light, const VelocityGrid& heavy, double eps) {
  return std::max(light.half_width, eps * heavy.half_width);
}

// The next number that is a multiple of 8 and has no prime factors but 2, 3 and 5: what FFTs like.
int smooth_points(double least) {
  const double blocks = std::ceil(least / 8 * (1 - 1e-12));
  if (!(blocks < 1e8)) return std::numeric_limits<int>::max();
  for (int n = std::max(1, static_cast<int>(blocks));; ++n) {
    int rest = n;
    for (const int p : {2, 3, 5})
      while (rest % p == 0) rest /= p;
    if (rest == 1) return 8 * n;
  }
}

// sum of exp(i m angle) over |m| < points/2.
double dirichlet(int points, double angle) {
  const double sine = std::sin(angle / 2);
  return std::abs(sine) < 1e-12 ? points - 1 : std::sin((points - 1) * angle / 2) / sine;
}

// Values at x of the trigonometric polynomials that have the grid's modes (without Nyquist ones) and are one at one
// point of it: from values on the grid to any points. Nothing outside the box.
MatrixXd interpolation(const VelocityGrid& from, const VectorXd& x) {
  MatrixXd values = MatrixXd::Zero(x.size(), from.points);
  for (Index i = 0; i < x.size(); ++i) {
    if (std::abs(x[i]) > from.half_width * (1 + 1e-12)) continue;
    for (Index j = 0; j < from.points; ++j) {
      values(i, j) =
          dirichlet(from.points, std::numbers::pi * (x[i] - from.coordinate(j)) / from.half_width) / from.points;
    }
  }
  return values;
}

// The other way: the part of a function, given at evenly spaced x within the box, that lies in the grid's modes, at the
// grid's points. Sampling it there instead would fold its high modes onto the low ones.
MatrixXd restriction(const VelocityGrid& onto, const VectorXd& x) {
  MatrixXd values = MatrixXd::Zero(onto.points, x.size());
  const double share = (x[1] - x[0]) / (2 * onto.half_width);
  for (Index j = 0; j < x.size(); ++j) {
    if (std::abs(x[j]) > onto.half_width * (1 + 1e-12)) continue;
    for (Index i = 0; i < onto.points; ++i) {
      values(i, j) = share * dirichlet(onto.points, std::numbers::pi * (onto.coordinate(i) - x[j]) / onto.half_width);
    }
  }
  return values;
}

VectorXd axis_points(const VelocityGrid& grid, double scale) {
  VectorXd x(grid.points);
  for (Index j = 0; j < x.size(); ++j) x[j] = scale * grid.coordinate(j);
  return x;
}

// The matrix along every axis.
VectorXd along_axes(const MatrixXd& matrix, int dimension, const Eigen::Ref<const VectorXd>& f) {
  using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  VectorXd now = f;
  for (int axis = 0; axis < dimension; ++axis) {
    const Index rows = now.size() / matrix.cols();
    const RowMajor next = matrix * Eigen::Map<const RowMajor>(now.data(), rows, matrix.cols()).transpose();
    now = Eigen::Map<const VectorXd>(next.data(), next.size());
  }
  return now;
}

void check_sizes(const VelocityGrid& light_grid, const VelocityGrid& heavy_grid, Index light, Index heavy) {
  if (light != light_grid.size() || heavy != heavy_grid.size()) {
    throw InputError(fmt::format("exact operators: {} light and {} heavy values on grids of {} and {} points", light,
                                 heavy, light_grid.size(), heavy_grid.size()));
  }
}

}  // namespace

int ExactCrossOperators::points_needed(const VelocityGrid& light, const VelocityGrid& heavy, double eps) {
  return smooth_points(2 * common_width(light, heavy, eps) / std::min(light.spacing(), eps * heavy.spacing()));
}

ExactCrossOperators::ExactCrossOperators(const VelocityGrid& light, const VelocityGrid& heavy, const VhsKernel& kernel,
                                         double eps, const ExactOptions& options)
    : light_grid_(light), heavy_grid_(heavy), eps_(eps) {
  kernel.check();
  if (light.dimension != heavy.dimension) throw InputError("exact operators: the grids differ in dimension");
  if (!(eps > 0)) throw InputError(fmt::format("eps (root of the mass ratio) is {}, but must be positive", eps));
  if (kernel.maxwell()) {
    maxwell_.emplace(light, heavy, kernel.strength, eps, options.directions, options.parallel);
    return;
  }
  const int points = points_needed(light, heavy, eps);
  fine_ = {light.dimension, points, common_width(light, heavy, eps)};
  // As many radii as the light grid's modes need: the common grid's do not come back.
  const CollisionOptions collisions{.directions = options.directions,
                                    .radii = options.radii == 0 ? light.points / 2 + 8 : options.radii,
                                    .parallel = options.parallel};
  const double need = 2 * CollisionOperator::bytes(fine_, collisions, false);
  const double have = static_cast<double>(sysconf(_SC_PHYS_PAGES)) * static_cast<double>(sysconf(_SC_PAGESIZE));
  if (need > have / 2) {
    throw InputError(
        fmt::format("exact operators for a kernel that depends on speed need both species on one grid: at eps = {:.3g} "
                    "N = {} points an axis and {:.3g} GB in {} dimensions, of which this machine has {:.3g}",
                    eps, points, need / 1e9, fine_.dimension, have / 1e9));
  }
  light_q_.emplace(fine_, kernel, eps * eps, 1.0, collisions);
  heavy_q_.emplace(fine_, kernel, 1.0, eps * eps, collisions);
  // V = eps vhat on the common grid; a density in V is eps^-d that in vhat, along each axis.
  light_to_fine_ = interpolation(light, axis_points(fine_, 1));
  heavy_to_fine_ = interpolation(heavy, axis_points(fine_, 1 / eps)) / eps;
  fine_to_light_ = restriction(light, axis_points(fine_, 1));
  fine_to_heavy_ = eps * restriction(heavy, axis_points(fine_, 1 / eps));
}

VectorXd ExactCrossOperators::light(const Eigen::Ref<const VectorXd>& light, const Eigen::Ref<const VectorXd>& heavy) {
  check_sizes(light_grid_.velocities(), heavy_grid_.velocities(), light.size(), heavy.size());
  if (maxwell_) {
    maxwell_->set(light, heavy);
    return light_grid_.inverse(maxwell_->light_transform());
  }
  const int d = fine_.dimension;
  return along_axes(fine_to_light_, d,
                    (*light_q_)(along_axes(light_to_fine_, d, light), along_axes(heavy_to_fine_, d, heavy)));
}

VectorXd ExactCrossOperators::heavy(const Eigen::Ref<const VectorXd>& light, const Eigen::Ref<const VectorXd>& heavy) {
  check_sizes(light_grid_.velocities(), heavy_grid_.velocities(), light.size(), heavy.size());
  if (maxwell_) {
    maxwell_->set(light, heavy);
    return heavy_grid_.inverse(maxwell_->heavy_transform());
  }
  const int d = fine_.dimension;
  return along_axes(fine_to_heavy_, d,
                    (*heavy_q_)(along_axes(heavy_to_fine_, d, heavy), along_axes(light_to_fine_, d, light)));
}

}  // namespace offprint::kinetic
