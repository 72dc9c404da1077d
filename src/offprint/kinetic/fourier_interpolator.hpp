// The Fourier sum of values on a grid at many points that are no modes of it.
#pragma once

#include <complex>
#include <vector>

#include <Eigen/Core>

#include "offprint/kinetic/velocity_grid.hpp"
#include "offprint/linalg/fft.hpp"

namespace offprint::kinetic {

/// fhat(xi) = sum_j f(v_j) exp(-i xi.v_j) cell in 2-D at any xi within the band of the grid (0 outside), to about 1e-12
/// of sum |f| cell: a transform on twice the modes and the "exponential of semicircle" kernel of 14 points (Barnett,
/// Magland and af Klinteberg 2019). set() is O(N^2 log N), a value 196 multiplications; reading is thread-safe.
class FourierInterpolator {
 public:
  /// Throws InputError for a grid that is not 2-dimensional.
  explicit FourierInterpolator(const VelocityGrid& grid);
  void set(const Eigen::Ref<const Eigen::VectorXd>& f);
  [[nodiscard]] std::complex<double> operator()(double xi1, double xi2) const;

 private:
  VelocityGrid grid_;
  int fine_;
  linalg::BatchFft fft_;
  Eigen::VectorXd correction_;
  std::vector<std::complex<double>> values_;
};

}  // namespace offprint::kinetic
