// Averages over spheres |v| = const of functions on a velocity grid, exactly and in Fourier space.
#pragma once

#include <vector>

#include <Eigen/Core>

#include "offprint/kinetic/spectral_grid.hpp"

namespace offprint::kinetic {

/// A h(v) = average of h over the sphere of radius |v|. Its transform is the average of hhat over |xi| = const, and for
/// the Fourier sum of values on a grid that average has a closed form: E_n exp(-i r n.v) = J_0(r |v|) in 2-D,
/// sin(r|v|)/(r|v|) in 3-D. So the values are summed over grid points of equal |v| (rings), and a dense matrix takes
/// ring sums to modes of equal |xi|: no interpolation, no pole, no error but rounding. Spheres that leave the band of
/// the grid
/// (|xi| >= pi N/(2 half_width), the corners) would mix in periodic images; their averages are taken as zero.
/// About 0.11 N^2 rings in 2-D (450 at N = 64); O(size + rings^2) a function, memory 16 rings^2 bytes.
class SphereAverage {
 public:
  explicit SphereAverage(const SpectralGrid& grid);

  /// Transforms of the averages of the columns of `h` (size x c), given per ring of modes: rings x c. Real, since
  /// averages are even in v.
  [[nodiscard]] Eigen::MatrixXd average(const Eigen::Ref<const Eigen::MatrixXd>& h) const;
  /// -r d/dr of those: the transform of div(v A h). Same shape.
  [[nodiscard]] Eigen::VectorXd dilation(const Eigen::Ref<const Eigen::VectorXd>& h) const;
  /// The ring of each mode of the half-spectrum.
  [[nodiscard]] const std::vector<int>& ring_of_mode() const { return mode_ring_; }

 private:
  [[nodiscard]] Eigen::MatrixXd ring_sums(const Eigen::Ref<const Eigen::MatrixXd>& h) const;
  std::vector<int> point_ring_;
  std::vector<int> mode_ring_;
  Eigen::Index rings_ = 0;
  Eigen::MatrixXd mean_;      // modes' rings x points' rings: cell E_n exp(-i r n.v)
  Eigen::MatrixXd dilation_;  // -r d/dr of it
};

}  // namespace offprint::kinetic
