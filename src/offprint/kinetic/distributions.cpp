#include "offprint/kinetic/distributions.hpp"

#include <cmath>
#include <numbers>

#include <Eigen/Cholesky>
#include <Eigen/LU>
#include <fmt/format.h>

#include "offprint/core/error.hpp"

namespace offprint::kinetic {

namespace {

void check_density(double density) {
  if (!(density >= 0) || !std::isfinite(density)) {
    throw InputError(fmt::format("a distribution of density {}: densities are positive", density));
  }
}

// s of the BKW solution, checked.
double bkw_width(int dimension, double density, double temperature, double amplitude) {
  check_density(density);
  if (!(temperature > 0))
    throw InputError(fmt::format("BKW solution: the temperature is {}, but must be positive", temperature));
  const double largest = 2.0 / (dimension + 2);
  if (!(amplitude >= 0 && amplitude <= largest)) {
    throw InputError(fmt::format("BKW solution: the amplitude is {}, but f >= 0 needs 0 to {} in {} dimensions",
                                 amplitude, largest, dimension));
  }
  return 1 - amplitude;
}

}  // namespace

Eigen::VectorXd gaussian_mixture(const VelocityGrid& grid, const std::vector<Gaussian>& parts) {
  grid.check();
  const int d = grid.dimension;
  Eigen::MatrixXd v(grid.size(), d);
  for (int i = 0; i < d; ++i) v.col(i) = grid.coordinates(i);
  Eigen::VectorXd f = Eigen::VectorXd::Zero(grid.size());
  for (const Gaussian& part : parts) {
    check_density(part.density);
    if (part.mean.size() != d || part.covariance.rows() != d || part.covariance.cols() != d) {
      throw InputError(
          fmt::format("a Gaussian on a grid of {} dimensions needs a mean and covariance of that size", d));
    }
    const Eigen::LLT<Eigen::MatrixXd> factor(part.covariance);
    if (factor.info() != Eigen::Success || !part.mean.allFinite()) {
      throw InputError("a Gaussian's covariance (temperature) must be positive definite and its mean finite");
    }
    const double determinant = std::pow(factor.matrixLLT().diagonal().prod(), 2);
    const double scale = part.density / std::sqrt(std::pow(2 * std::numbers::pi, d) * determinant);
    const Eigen::MatrixXd inverse = factor.solve(Eigen::MatrixXd::Identity(d, d));
    const Eigen::MatrixXd c = v.rowwise() - part.mean.transpose();
    f.array() += scale * (-0.5 * (c * inverse).cwiseProduct(c).rowwise().sum().array()).exp();
  }
  return f;
}

std::complex<double> gaussian_mixture_transform(const std::vector<Gaussian>& parts,
                                                const Eigen::Ref<const Eigen::VectorXd>& xi) {
  std::complex<double> sum = 0;
  for (const Gaussian& part : parts) {
    sum += part.density * std::exp(std::complex<double>(-0.5 * xi.dot(part.covariance * xi), -xi.dot(part.mean)));
  }
  return sum;
}

Eigen::VectorXd maxwellian(const VelocityGrid& grid, double density, const Eigen::Ref<const Eigen::VectorXd>& mean,
                           double temperature) {
  check_density(density);
  if (!(temperature > 0))
    throw InputError(fmt::format("a Maxwellian's temperature is {}, but must be positive", temperature));
  // Separable: one exponential per point of an axis.
  const auto n = static_cast<Eigen::Index>(grid.points);
  Eigen::VectorXd f =
      Eigen::VectorXd::Constant(1, density * std::pow(2 * std::numbers::pi * temperature, -0.5 * grid.dimension));
  for (int axis = 0; axis < grid.dimension; ++axis) {
    Eigen::VectorXd next(f.size() * n);
    Eigen::VectorXd along(n);
    for (Eigen::Index j = 0; j < n; ++j) {
      along[j] = std::exp(-std::pow(grid.coordinate(j) - mean[axis], 2) / (2 * temperature));
    }
    for (Eigen::Index i = 0; i < f.size(); ++i) next.segment(i * n, n) = f[i] * along;
    f = std::move(next);
  }
  return f;
}

Eigen::VectorXd bkw(const VelocityGrid& grid, double density, double temperature, double amplitude) {
  const double d = grid.dimension;
  const double s = bkw_width(grid.dimension, density, temperature, amplitude);
  const Eigen::VectorXd m = maxwellian(grid, density, Eigen::VectorXd::Zero(grid.dimension), s * temperature);
  const Eigen::VectorXd square = grid.squared_speeds();
  return m.array() * (((d + 2) * s - d) / (2 * s) + (1 - s) / (2 * s * s * temperature) * square.array());
}

Eigen::VectorXd bkw_collision_term(const VelocityGrid& grid, double density, double temperature, double amplitude) {
  const double d = grid.dimension;
  const double s = bkw_width(grid.dimension, density, temperature, amplitude);
  const double width = s * temperature;
  const Eigen::VectorXd m = maxwellian(grid, density * density, Eigen::VectorXd::Zero(grid.dimension), width);
  const Eigen::ArrayXd x = grid.squared_speeds().array() / width;
  // (k^2)^2 is the square of -Laplace: Laplace^2 M = M (x^2 - 2 (d+2) x + d (d+2)) / width^2.
  const double c = (grid.dimension == 2 ? 1.0 / 32 : 1.0 / 24) * (1 - s) * (1 - s) / (s * s);
  return c * m.array() * (x * x - 2 * (d + 2) * x + d * (d + 2));
}

double bkw_rate(int dimension) { return dimension == 2 ? 1.0 / 8 : 1.0 / 6; }

}  // namespace offprint::kinetic
