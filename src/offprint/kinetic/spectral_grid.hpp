// The Fourier side of a velocity grid: transforms that approximate int f(v) exp(-i xi.v) dv, and what belongs to modes.
#pragma once

#include <complex>

#include <Eigen/Core>

#include "offprint/kinetic/velocity_grid.hpp"
#include "offprint/linalg/fft.hpp"

namespace offprint::kinetic {

/// Modes are the half-spectrum of real functions (the last axis holds m = 0..N/2), in the order of linalg::RealGridFft.
/// Nyquist modes, whose sign is not determined, are zero in every transform. const members may run on several threads.
class SpectralGrid {
 public:
  /// Throws InputError as VelocityGrid::check.
  explicit SpectralGrid(const VelocityGrid& grid);

  [[nodiscard]] const VelocityGrid& velocities() const { return grid_; }
  [[nodiscard]] Eigen::Index modes() const { return waves_.rows(); }
  /// modes x dimension: xi of every mode.
  [[nodiscard]] const Eigen::MatrixXd& waves() const { return waves_; }
  /// |xi|^2 in units of mode_spacing()^2: the same integer for modes on one sphere.
  [[nodiscard]] const Eigen::VectorXi& squared_waves() const { return squared_; }

  /// fhat(xi) = sum_j f(v_j) exp(-i xi.v_j) cell. O(size log size). Throws InputError for a wrong size.
  [[nodiscard]] Eigen::VectorXcd transform(const Eigen::Ref<const Eigen::VectorXd>& f) const;
  /// The real function with these transforms.
  [[nodiscard]] Eigen::VectorXd inverse(const Eigen::Ref<const Eigen::VectorXcd>& fhat) const;
  /// fhat at any xi, by the sum itself. O(size) each. For spot checks.
  [[nodiscard]] std::complex<double> transform_at(const Eigen::Ref<const Eigen::VectorXd>& f,
                                                  const Eigen::Ref<const Eigen::VectorXd>& xi) const;

 private:
  VelocityGrid grid_;
  linalg::RealGridFft fft_;
  Eigen::MatrixXd waves_;
  Eigen::VectorXi squared_;
  Eigen::VectorXd sign_;  // (-1)^(sum of m): the box begins at -half_width; 0 for Nyquist modes
};

/// The Fourier sum over the lattice first x second (x third): fhat at every combination of the given values on each
/// axis, row-major, values.size()^d results. Separable, O(N^d values). Used where xi is no mode of the grid.
[[nodiscard]] Eigen::VectorXcd lattice_transform(const VelocityGrid& grid, const Eigen::Ref<const Eigen::VectorXd>& f,
                                                 const Eigen::Ref<const Eigen::VectorXd>& values);

}  // namespace offprint::kinetic
