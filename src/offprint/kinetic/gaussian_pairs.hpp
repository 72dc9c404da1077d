// Collisions between two Gaussian mixtures of unlike particles, exactly: the reference that the operators on grids are
// judged by.
#pragma once

#include <complex>
#include <vector>

#include "offprint/kinetic/distributions.hpp"
#include "offprint/kinetic/vhs_kernel.hpp"

namespace offprint::kinetic {

struct PairTransforms {
  std::complex<double> light;  ///< Qhat_LH(xi)
  std::complex<double> heavy;  ///< Qhat_HL(xi), xi conjugate to vhat
};

/// The weak form of the exact operators at one xi, in 2-D, for f_L and f_H (in vhat) made of Gaussians and any VHS
/// kernel, per light time: given the relative velocity w everything else is Gaussian and the scattering angle a J_0,
/// which leaves an integral over w, done in polar coordinates by Gauss-Legendre (radii) and trapezoid (angles) rules;
/// the defaults give 12 digits for thermal speeds of order one and |xi| <= 8. Throws InputError for other dimensions.
[[nodiscard]] PairTransforms gaussian_pair_transforms(const std::vector<Gaussian>& light,
                                                      const std::vector<Gaussian>& heavy, const VhsKernel& kernel,
                                                      double eps, const Eigen::Ref<const Eigen::VectorXd>& xi,
                                                      int radii = 160, int angles = 160);

}  // namespace offprint::kinetic
