#include "offprint/kinetic/moments.hpp"

#include <cmath>

#include <Eigen/LU>
#include <fmt/format.h>

#include "offprint/core/error.hpp"
#include "offprint/kinetic/distributions.hpp"

namespace offprint::kinetic {

namespace {

void check_size(const VelocityGrid& grid, const Eigen::Ref<const Eigen::VectorXd>& f) {
  if (f.size() != grid.size()) {
    throw InputError(fmt::format("a distribution of {} values on a grid of {} points", f.size(), grid.size()));
  }
}

}  // namespace

Moments moments(const VelocityGrid& grid, const Eigen::Ref<const Eigen::VectorXd>& f) {
  check_size(grid, f);
  const int d = grid.dimension;
  Eigen::MatrixXd v(f.size(), d);
  for (int i = 0; i < d; ++i) v.col(i) = grid.coordinates(i);
  const double sum = f.sum();
  Moments m;
  m.density = sum * grid.cell();
  if (!std::isfinite(sum)) throw InputError("a distribution holds a value that is not a finite number");
  if (!(sum > 0)) throw InputError(fmt::format("a distribution of density {}: it must be positive", m.density));
  m.mean = v.transpose() * f / sum;
  m.second = v.transpose() * f.asDiagonal() * v / sum;
  m.temperature = m.pressure().trace() / d;
  return m;
}

MomentTarget target_of(const Moments& m) { return {m.density, m.mean, m.temperature}; }

void project(const VelocityGrid& grid, const MomentTarget& target, Eigen::Ref<Eigen::VectorXd> f) {
  check_size(grid, f);
  const int d = grid.dimension;
  // Columns: 1, c_1..c_d, |c|^2/(2T) - d/2. They are as far from linear dependence as the discrete sums allow.
  Eigen::MatrixXd basis(f.size(), d + 2);
  basis.col(0).setOnes();
  basis.col(d + 1).setConstant(-0.5 * d);
  for (int i = 0; i < d; ++i) {
    basis.col(i + 1) = grid.coordinates(i).array() - target.mean[i];
    basis.col(d + 1) += basis.col(i + 1).cwiseAbs2() / (2 * target.temperature);
  }
  const Eigen::VectorXd m = maxwellian(grid, target.density, target.mean, target.temperature);
  const Eigen::MatrixXd weighted = m.asDiagonal() * basis;
  const Eigen::MatrixXd gram = basis.transpose() * weighted;
  const Eigen::PartialPivLU<Eigen::MatrixXd> factor(gram);
  Eigen::VectorXd wanted = Eigen::VectorXd::Zero(d + 2);
  wanted[0] = target.density / grid.cell();
  // Twice: the second pass removes the first one's rounding.
  for (int pass = 0; pass < 2; ++pass) f += weighted * factor.solve(wanted - basis.transpose() * f);
}

double entropy_functional(const VelocityGrid& grid, const Eigen::Ref<const Eigen::VectorXd>& f) {
  double sum = 0;
  for (const double x : f) sum += x > 0 ? x * std::log(x) : 0.0;
  return sum * grid.cell();
}

double border_share(const VelocityGrid& grid, const Eigen::Ref<const Eigen::VectorXd>& f) {
  check_size(grid, f);
  double border = 0;
  for (Eigen::Index i = 0; i < f.size(); ++i) {
    bool outside = false;
    for (Eigen::Index rest = i, axis = 0; axis < grid.dimension; ++axis, rest /= grid.points) {
      const Eigen::Index j = rest % grid.points;
      outside = outside || j == 0 || j == grid.points - 1;
    }
    if (outside) border += std::abs(f[i]);
  }
  return border / f.cwiseAbs().sum();
}

}  // namespace offprint::kinetic
