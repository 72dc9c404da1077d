// Maxwell molecules (gamma = 0) under shear: closed equations of the second moments, their stationary state, and the
// shear rates beyond which moments of any even order grow.
#pragma once

#include <vector>

#include <Eigen/Core>

#include "offprint/kinetic/rayleigh_angles.hpp"

namespace offprint::kinetic {

/// What the moment equations depend on; velocities in units of the background's thermal speed, as in RayleighModel.
struct MaxwellShear {
  double rate = 1.0;    ///< nu > 0
  double shear = 0.0;   ///< K >= 0
  double factor = 1.0;  ///< 2 m*/(m + m*)
  AngularLaw angular = AngularLaw::uniform();
};

/// d/dt M_ij = -K(delta_i1 M_2j + delta_j1 M_2i) + nu[-2 f x2 M + f^2 ((x4 - y)(M + I) + y (tr M + 3) I)]_ij with
/// x2 = E x^2, x4 = E x^4, y = (x2 - x4)/2 of x = |n . omega| and f the mass factor; for the uniform law and f = 1 this
/// is nu[-(8/15) M + (1/15)(tr M + 5) I].
[[nodiscard]] Eigen::Matrix3d second_moment_rate(const MaxwellShear& model, const Eigen::Matrix3d& moments);

/// The second moments at each of the ascending times >= 0, from `start` at t = 0: by the exponential of the linear
/// system, exact to rounding. Throws InputError for a time that is negative, not finite or out of order.
[[nodiscard]] std::vector<Eigen::Matrix3d> second_moments(const MaxwellShear& model, const Eigen::Matrix3d& start,
                                                          const std::vector<double>& times);

/// The stationary second moments. Throws InputError when K is at or above the threshold: there are none.
[[nodiscard]] Eigen::Matrix3d stationary_second_moments(const MaxwellShear& model);

/// The growth rate of the moments of the given even degree: the largest real part among the eigenvalues of the
/// evolution of homogeneous polynomials of that degree that survive the symmetries w -> -w and w_3 -> -w_3. Positive:
/// these moments diverge. Throws InputError for a degree that is not 2, 4, ..., 12. O(degree^6).
[[nodiscard]] double moment_growth_rate(const MaxwellShear& model, int degree);

/// K at which moment_growth_rate of that degree passes zero, by bisection to 1e-10 of itself.
[[nodiscard]] double moment_threshold(const MaxwellShear& model, int degree);

}  // namespace offprint::kinetic
