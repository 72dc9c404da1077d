// Distributions in closed form: Maxwellians, Gaussian mixtures, and the exact solution of Bobylev, Krook and Wu.
#pragma once

#include <complex>
#include <vector>

#include <Eigen/Core>

#include "offprint/kinetic/velocity_grid.hpp"

namespace offprint::kinetic {

/// density N(mean, covariance).
struct Gaussian {
  double density = 1.0;
  Eigen::VectorXd mean;
  Eigen::MatrixXd covariance;
};

/// The sum of Gaussians at the points of the grid. Throws InputError: negative density, sizes that are not the grid's
/// dimension, a covariance that is not positive definite. O(size d^2) each.
[[nodiscard]] Eigen::VectorXd gaussian_mixture(const VelocityGrid& grid, const std::vector<Gaussian>& parts);

/// Its Fourier transform int f(v) exp(-i xi.v) dv in closed form.
[[nodiscard]] std::complex<double> gaussian_mixture_transform(const std::vector<Gaussian>& parts,
                                                              const Eigen::Ref<const Eigen::VectorXd>& xi);

/// density times the Maxwellian with this mean and temperature (particle mass one). Throws InputError for a
/// temperature that is not positive or a negative density.
[[nodiscard]] Eigen::VectorXd maxwellian(const VelocityGrid& grid, double density,
                                         const Eigen::Ref<const Eigen::VectorXd>& mean, double temperature);

/// The solution of Bobylev (1975), Krook and Wu (1976): isotropic, of the given temperature, with
/// s = 1 - amplitude exp(-rate t), where amplitude is what the caller has at this time; Maxwell molecules of total rate
/// B n decay at rate B n / 8 in 2-D and B n / 6 in 3-D.
/// f = n M_{sT}(v) [ ((d+2)s - d)/(2s) + (1-s) |v|^2/(2 s^2 T) ]
/// f is positive for amplitude <= 2/(d+2) (1/2 in 2-D, 2/5 in 3-D); otherwise, or for a negative amplitude, InputError.
[[nodiscard]] Eigen::VectorXd bkw(const VelocityGrid& grid, double density, double temperature, double amplitude);

/// Q(f, f) of that solution for B = 1: the transform of Q is n^2 exp(-s T k^2/2) (1-s)^2 (T k^2)^2 c with c = 1/32 in
/// 2-D, 1/24 in 3-D; this is its inverse in closed form.
[[nodiscard]] Eigen::VectorXd bkw_collision_term(const VelocityGrid& grid, double density, double temperature,
                                                 double amplitude);

/// What the decay rate is for total rate one and density one: 1/8 in 2-D, 1/6 in 3-D.
[[nodiscard]] double bkw_rate(int dimension);

}  // namespace offprint::kinetic
