// Collisions between light and heavy particles, expanded in eps = sqrt(m_L/m_H), each species on a grid of its own
// scale.
#pragma once

#include <Eigen/Core>

#include "offprint/kinetic/moments.hpp"
#include "offprint/kinetic/spectral_grid.hpp"
#include "offprint/kinetic/sphere_average.hpp"
#include "offprint/kinetic/vhs_kernel.hpp"

namespace offprint::kinetic {

/// The light velocity is v in light thermal units, the heavy one V = eps vhat; f_L(v), f_H(vhat). Rates are per light
/// time. Q_LH = Q0 + eps Q1 + eps^2 Q2 + O(eps^3):
///   Q0 = n_H C f,              C h = A(B h) - B h = B (A h - h)      (elastic; A: average over |v| = const)
///   Q1 = -n_H u_H.[grad, C] f
///   Q2 = n_H { 1/2 S:[grad, [grad, C]] f + C_2 f },  C_2 h = div( v A(B h) - A(v B h) )   (recoil)
/// with u_H the mean and S = <vhat vhat^T> the RAW second moment of f_H. Derivatives and averages are taken of f, never
/// of B, whose kink at v = 0 (gamma < 2) a grid does not resolve. Averages of modes |xi| > pi N/(2 half_width), whose
/// spheres leave the band of the grid, are taken as zero. (After Degond and Lucquin-Desreux 1996; Hao, Jiang and Liu
/// 2024.)
class LightOperator {
 public:
  /// `order`: the highest power of eps kept, 0 to 2. Throws InputError: eps not positive, order outside 0..2, bad grid
  /// or kernel.
  LightOperator(const VelocityGrid& grid, const VhsKernel& kernel, double eps, int order = 2);

  /// Q_LH for a light distribution and the heavy species' density, mean (of vhat) and raw second moment. O(size log
  /// size
  /// + rings^2).
  [[nodiscard]] Eigen::VectorXd operator()(const Eigen::Ref<const Eigen::VectorXd>& light, const Moments& heavy) const;
  /// Its transform at the modes.
  [[nodiscard]] Eigen::VectorXcd transform(const Eigen::Ref<const Eigen::VectorXd>& light, const Moments& heavy) const;
  /// Whether the truncated operator is stable: eps^2 n_H T_H k^2/2 <= n_L + n_H at the largest averaged mode,
  /// k = pi N/(2 half_width). Beyond it the first harmonic grows at high |xi| whatever the time step.
  [[nodiscard]] bool stable(double light_density, double heavy_density, double heavy_temperature) const;
  /// The largest even number of points an axis for which it is (with the same half width).
  [[nodiscard]] int largest_stable_points(double light_density, double heavy_density, double heavy_temperature) const;
  [[nodiscard]] const SpectralGrid& grid() const { return grid_; }

 private:
  SpectralGrid grid_;
  SphereAverage sphere_;
  Eigen::VectorXd rate_;  // B(|v|)
  Eigen::MatrixXd velocity_;
  double eps_;
  int order_;
  bool maxwell_;
};

/// What the heavy particles feel of the light ones.
struct LightForces {
  Eigen::VectorXd drift;      ///< F = int B v f_L
  Eigen::MatrixXd friction;   ///< Lambda_ij = int d_j(B v_i) f_L = -int B v_i d_j f_L
  Eigen::MatrixXd diffusion;  ///< D_ij = int B (v_i v_j + |v|^2 delta_ij / d) f_L
};
[[nodiscard]] LightForces light_forces(const SpectralGrid& grid, const VhsKernel& kernel,
                                       const Eigen::Ref<const Eigen::VectorXd>& light);

/// Q_HL = -eps F.grad f_H + eps^2 { div(Lambda vhat f_H) + 1/2 d_i d_j (D_ij f_H) } + O(eps^3), per light time; `order`
/// 0 (nothing), 1 or 2. Throws InputError for another. O(size log size).
[[nodiscard]] Eigen::VectorXcd heavy_operator_transform(const SpectralGrid& grid,
                                                        const Eigen::Ref<const Eigen::VectorXd>& heavy,
                                                        const LightForces& forces, double eps, int order = 2);

}  // namespace offprint::kinetic
