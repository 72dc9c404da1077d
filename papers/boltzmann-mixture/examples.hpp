// The distributions that the claims start from.
#pragma once

#include <vector>

#include "offprint/kinetic/disparate_mixture.hpp"
#include "offprint/kinetic/distributions.hpp"

namespace offprint::papers::boltzmann_mixture {

/// Two Gaussians: nothing about it is symmetric.
[[nodiscard]] std::vector<kinetic::Gaussian> light_example();
/// One tilted, shifted Gaussian (in vhat).
[[nodiscard]] std::vector<kinetic::Gaussian> heavy_example();
/// The same with another spread: mean and covariance of V = eps vhat.
[[nodiscard]] std::vector<kinetic::Gaussian> scaled(std::vector<kinetic::Gaussian> parts, double eps);

/// BKW starts of amplitude 0.4 with T_L = 1.5, T_H = 0.5, densities one, both grids of half width 9 sqrt(1.5).
[[nodiscard]] kinetic::DisparateMixture isotropic_mixture(double eps, int points, const kinetic::SchemeOptions& options,
                                                          const Parallel& parallel);
[[nodiscard]] double temperature_difference(const kinetic::DisparateMixture& mixture);

}  // namespace offprint::papers::boltzmann_mixture
