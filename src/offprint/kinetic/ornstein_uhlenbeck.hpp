// The heavy particles in the bath of light ones: exact steps of their Fokker-Planck equation.
#pragma once

#include <Eigen/Core>

#include "offprint/kinetic/velocity_grid.hpp"

namespace offprint::kinetic {

/// d_t f = lambda div((V - target) f) + 1/2 d_i d_j (D_ij f), solved exactly over `time`: with c = exp(-lambda time),
///   fhat(xi) <- fhat(c xi) exp(-i (1 - c) xi.target - (1 - c^2)/(4 lambda) xi D xi).
/// Positive and unconditionally stable; the dilation fhat(c xi) is one dense N x N product per axis, O(d N^(d+1)).
struct OrnsteinUhlenbeck {
  double lambda = 0.0;
  Eigen::VectorXd target;
  Eigen::MatrixXd diffusion;

  /// f after the time, on its grid. Throws InputError for sizes that disagree, a negative lambda or time. With
  /// lambda = 0 the drift is the constant velocity `target` (per unit time) and D acts alone.
  [[nodiscard]] Eigen::VectorXd advance(const VelocityGrid& grid, const Eigen::Ref<const Eigen::VectorXd>& f,
                                        double time) const;
};

}  // namespace offprint::kinetic
