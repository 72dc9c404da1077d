// The Fourier sum of values on a grid at many points that are no modes of it.
#pragma once

#include <complex>
#include <vector>

#include <Eigen/Core>

#include "offprint/kinetic/velocity_grid.hpp"
#include "offprint/linalg/fft.hpp"

namespace offprint::kinetic {

/// fhat(xi) = sum_j f(v_j) exp(-i xi.v_j) cell at any xi within the band of the grid (0 outside): a transform on twice
/// the modes and the "exponential of semicircle" kernel (Barnett, Magland and af Klinteberg 2019) of 14 points an axis
/// in 2-D, to about 1e-12 of sum |f| cell, and of 8 in 3-D, to about 1e-7, so that a value costs 196 or 512
/// multiplications. set() is O(N^d log N), memory 16 (2N)^d bytes; reading is thread-safe.
class FourierInterpolator {
 public:
  /// Throws InputError as VelocityGrid::check.
  explicit FourierInterpolator(const VelocityGrid& grid);
  void set(const Eigen::Ref<const Eigen::VectorXd>& f);
  /// xi3 counts in 3-D only.
  [[nodiscard]] std::complex<double> operator()(double xi1, double xi2, double xi3 = 0) const;

 private:
  VelocityGrid grid_;
  int fine_;
  linalg::BatchFft fft_;
  Eigen::VectorXd correction_;
  std::vector<std::complex<double>> values_;
};

}  // namespace offprint::kinetic
