// Collisions between light and heavy particles without any expansion, on a grid of each species' own scale.
#pragma once

#include <optional>

#include <Eigen/Core>

#include "offprint/core/parallel.hpp"
#include "offprint/kinetic/collision_operator.hpp"
#include "offprint/kinetic/exact_maxwell.hpp"
#include "offprint/kinetic/spectral_grid.hpp"
#include "offprint/kinetic/vhs_kernel.hpp"

namespace offprint::kinetic {

struct ExactOptions {
  /// Maxwell molecules: as ExactMaxwellOperators. Other kernels: as CollisionOptions for unlike particles.
  int directions = 0;
  /// Kernels that depend on speed: Gauss-Legendre nodes in the relative speed. 0: half the points of the light grid and
  /// 8 more.
  int radii = 0;
  Parallel parallel{};
};

/// Q_LH and Q_HL of the exact operators per light time, f_L(v) and f_H(vhat), in 2-D and 3-D, for any eps.
///
/// Maxwell molecules: Bobylev's form (exact_maxwell.hpp). Kernels that depend on speed: the direct spectral operator
/// with both species on ONE grid of fine_points() = (width of the box)/(finer of the light spacing and eps times the
/// heavy one) an axis, that is N/eps for like grids; distributions go there by their
/// trigonometric polynomials, and of the operators the modes of their own grids come back. O(eps^-d N^d log N) an
/// evaluation: what the expansion avoids, hence for moderate eps.
class ExactCrossOperators {
 public:
  /// Throws InputError: bad grids, kernel or eps; more memory than half of the machine's, naming the points an axis
  /// that it would take.
  ExactCrossOperators(const VelocityGrid& light, const VelocityGrid& heavy, const VhsKernel& kernel, double eps,
                      const ExactOptions& options = {});
  /// Q_LH at the points of the light grid.
  [[nodiscard]] Eigen::VectorXd light(const Eigen::Ref<const Eigen::VectorXd>& light,
                                      const Eigen::Ref<const Eigen::VectorXd>& heavy);
  /// Q_HL at the points of the heavy grid.
  [[nodiscard]] Eigen::VectorXd heavy(const Eigen::Ref<const Eigen::VectorXd>& light,
                                      const Eigen::Ref<const Eigen::VectorXd>& heavy);
  /// Points an axis of the common grid; 0 for Maxwell molecules, which need none.
  [[nodiscard]] int fine_points() const { return maxwell_ ? 0 : fine_.points; }
  /// What fine_points() would be.
  [[nodiscard]] static int points_needed(const VelocityGrid& light, const VelocityGrid& heavy, double eps);

 private:
  SpectralGrid light_grid_;
  SpectralGrid heavy_grid_;
  double eps_;
  std::optional<ExactMaxwellOperators> maxwell_;
  VelocityGrid fine_;
  std::optional<CollisionOperator> light_q_, heavy_q_;
  Eigen::MatrixXd light_to_fine_, heavy_to_fine_, fine_to_light_, fine_to_heavy_;
};

}  // namespace offprint::kinetic
