// The exact collision operators between light and heavy Maxwell molecules, at any mass ratio, on scaled grids.
#pragma once

#include <Eigen/Core>

#include "offprint/core/parallel.hpp"
#include "offprint/kinetic/fourier_interpolator.hpp"
#include "offprint/kinetic/spectral_grid.hpp"

namespace offprint::kinetic {

/// For B = strength (no dependence on speed) Bobylev's Fourier form is exact; with M = 1 + eps^2, per light time,
///   Qhat_LH = B { E_n fhat_L((eps^2 xi + |xi| n)/M) fhat_H(eps (xi - |xi| n)/M) - n_H fhat_L(xi) }
///   Qhat_HL = B { E_n fhat_L(eps (xi - |xi| n)/M) fhat_H((xi + eps^2 |xi| n)/M) - n_L fhat_H(xi) }
/// with xi conjugate to v and to vhat. O(N^d directions): some 0.1 s at N = 64 in 2-D, seconds at N = 32 in 3-D. For
/// checks and for mass ratios where the expansion does not hold.
class ExactMaxwellOperators {
 public:
  /// `directions` n: angles on the circle, or in 3-D polar Gauss-Legendre nodes, each with twice as many azimuths. 0:
  /// 96 or 14. Throws InputError: bad grids or of different dimensions, eps or strength not positive, fewer than 8
  /// angles or 4 polar nodes.
  ExactMaxwellOperators(const VelocityGrid& light, const VelocityGrid& heavy, double strength, double eps,
                        int directions = 0, const Parallel& parallel = {});
  /// Keeps the two distributions that the operators are then evaluated for.
  void set(const Eigen::Ref<const Eigen::VectorXd>& light, const Eigen::Ref<const Eigen::VectorXd>& heavy);
  /// Transforms at the modes of the light and of the heavy grid.
  [[nodiscard]] Eigen::VectorXcd light_transform() const;
  [[nodiscard]] Eigen::VectorXcd heavy_transform() const;
  /// At any xi; xi3 counts in 3-D only.
  [[nodiscard]] std::complex<double> light_at(double xi1, double xi2, double xi3 = 0) const;
  [[nodiscard]] std::complex<double> heavy_at(double xi1, double xi2, double xi3 = 0) const;

 private:
  SpectralGrid light_grid_;
  SpectralGrid heavy_grid_;
  FourierInterpolator light_;
  FourierInterpolator heavy_;
  double strength_;
  double eps_;
  Eigen::MatrixX3d normals_;
  Eigen::VectorXd weights_;
  Parallel parallel_;
};

}  // namespace offprint::kinetic
