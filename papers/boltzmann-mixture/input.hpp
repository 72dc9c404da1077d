// The run card: a TOML file that says which gases are mixed and how they start.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include <Eigen/Core>

#include "offprint/kinetic/disparate_mixture.hpp"

namespace offprint::papers::boltzmann_mixture {

/// How one species starts. Velocities are v for the light species and V/eps (`unit` "thermal") for the heavy one, or
/// physical V.
struct Species {
  std::string name;                       ///< "light" or "heavy", for errors
  std::string initial = "bi-maxwellian";  ///< maxwellian, bi-maxwellian, bkw, grid, particles
  double density = 1.0;
  double temperature = 1.0;
  Eigen::VectorXd mean;
  Eigen::VectorXd temperatures;  ///< bi-maxwellian: along each axis
  double amplitude = 0.0;        ///< bkw
  std::string file;              ///< grid: FILE or FILE:array; particles: table of velocities
  double file_half_width = 0.0;  ///< grid of an NPY file, which has no axes
  double velocity_scale = 1.0;   ///< what velocities in the file are multiplied with
  double diameter = 1.0;
};

struct RunCard {
  int dimension = 2;
  double mass_ratio = 1e-4;
  double exponent = 0.0;  ///< gamma = 2 (1 - omega)
  std::optional<double> half_width{};
  Species light;
  Species heavy;
};

/// What the command line may say instead of the card.
struct CardOverrides {
  std::optional<double> mass_ratio{};
};

/// Throws InputError naming the file and the key. Without a path: bi-Maxwellian starts (1.8, 1.2) and (0.6, 0.4).
[[nodiscard]] RunCard read_run_card(const std::optional<std::filesystem::path>& path, const CardOverrides& overrides);

/// The species on a grid: closed forms at its points; arrays by multilinear interpolation; particles by Gaussian
/// kernels of Silverman's width; then projected onto the moments that the card, array or sample has. Throws InputError:
/// NaN, more than 1e-6 of the mass at the border, unreadable or non-uniform axes.
[[nodiscard]] Eigen::VectorXd deposit(const Species& species, const kinetic::VelocityGrid& grid);

/// Grids of half width 9 sqrt(larger T) + |u| and kernels for the card. Throws InputError for N odd or < 8.
[[nodiscard]] kinetic::MixtureModel model_of(const RunCard& card, int points, kinetic::Truncation truncation,
                                             const Parallel& parallel);

/// Refuses truncated operators where the expansion does not hold or is unstable.
void require_valid_truncation(const RunCard& card, const kinetic::MixtureModel& model,
                              const kinetic::DisparateMixture& mixture);

}  // namespace offprint::papers::boltzmann_mixture
