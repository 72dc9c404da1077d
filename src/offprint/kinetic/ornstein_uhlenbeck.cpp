#include "offprint/kinetic/ornstein_uhlenbeck.hpp"

#include <cmath>
#include <complex>

#include <fmt/format.h>

#include "offprint/core/error.hpp"
#include "offprint/kinetic/spectral_grid.hpp"

namespace offprint::kinetic {

namespace {

using Complex = std::complex<double>;
using RowMajor = Eigen::Matrix<Complex, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

// Real parts of the sum over all modes m = -N/2+1..N/2-1 of each axis, at the grid points: the inverse of a transform
// given on that lattice.
Eigen::VectorXd lattice_inverse(const VelocityGrid& grid, const Eigen::Ref<const Eigen::VectorXcd>& fhat,
                                const Eigen::MatrixXcd& phases) {
  const Eigen::Index waves = phases.rows();
  Eigen::VectorXcd now = fhat;
  for (int axis = 0; axis < grid.dimension; ++axis) {
    const Eigen::Index rows = now.size() / waves;
    const RowMajor next = phases.transpose() * Eigen::Map<const RowMajor>(now.data(), rows, waves).transpose();
    now = Eigen::Map<const Eigen::VectorXcd>(next.data(), next.size());
  }
  return now.real();
}

}  // namespace

Eigen::VectorXd OrnsteinUhlenbeck::advance(const VelocityGrid& grid, const Eigen::Ref<const Eigen::VectorXd>& f,
                                           double time) const {
  const int d = grid.dimension;
  if (f.size() != grid.size() || target.size() != d || diffusion.rows() != d || diffusion.cols() != d) {
    throw InputError(fmt::format("Ornstein-Uhlenbeck step: sizes disagree with a grid of {} points in {} dimensions",
                                 grid.size(), d));
  }
  if (lambda < 0 || time < 0) {
    throw InputError(fmt::format("Ornstein-Uhlenbeck step: rate {} and time {} must not be negative", lambda, time));
  }
  const double c = std::exp(-lambda * time);
  const Eigen::VectorXd shift = lambda > 0 ? Eigen::VectorXd((1 - c) * target) : Eigen::VectorXd(time * target);
  const double spread = lambda > 0 ? (1 - c * c) / (4 * lambda) : time / 2;
  const int count = grid.points - 1;  // without the Nyquist mode
  Eigen::VectorXd waves(count);
  for (int m = 0; m < count; ++m) waves[m] = (m + 1 - 0.5 * grid.points) * grid.mode_spacing();
  Eigen::VectorXcd fhat = lattice_transform(grid, f, c * waves);
  Eigen::VectorXd xi(d);
  for (Eigen::Index i = 0; i < fhat.size(); ++i) {
    for (Eigen::Index rest = i, axis = d - 1; axis >= 0; --axis, rest /= count) xi[axis] = waves[rest % count];
    fhat[i] *= std::exp(Complex(-spread * xi.dot(diffusion * xi), -xi.dot(shift)));
  }
  Eigen::MatrixXcd phases(count, grid.points);
  for (int m = 0; m < count; ++m) {
    for (int j = 0; j < grid.points; ++j) {
      phases(m, j) = std::polar(0.5 / grid.half_width, waves[m] * grid.coordinate(j));
    }
  }
  return lattice_inverse(grid, fhat, phases);
}

}  // namespace offprint::kinetic
