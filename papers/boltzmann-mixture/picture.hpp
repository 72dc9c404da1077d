// Figures of this room.
#pragma once

#include <string>
#include <vector>

#include "epochs.hpp"
#include "offprint/core/figure.hpp"

namespace offprint::papers::boltzmann_mixture {

/// Errors of operators against eps, both axes logarithmic.
[[nodiscard]] Figure error_figure(const std::string& title, std::vector<Series> series);
/// Distance of temperatures from a law against eps, both axes logarithmic.
[[nodiscard]] Figure law_figure(const std::string& title, Series series);
/// Temperatures against light time, logarithmic: the plateaus.
[[nodiscard]] Figure temperature_figure(const std::string& title, const std::vector<Instant>& path, double eps);
/// Deviators and temperature difference, both axes logarithmic: the three clocks.
[[nodiscard]] Figure clock_figure(const std::string& title, const std::vector<Instant>& path, double eps);
/// Decay times in light collision times against eps, both axes logarithmic.
[[nodiscard]] Figure decay_figure(std::vector<Series> series);
/// The first mode of several quantities against light time.
[[nodiscard]] Figure wave_figure(std::vector<Series> series);
/// The light temperature along x at several instants.
[[nodiscard]] Figure profile_figure(std::vector<Series> series);
/// f along v_1 through the mean, with the Maxwellian of the same moments, for several instants.
struct Slice {
  std::string name;
  Eigen::VectorXd f;
};
[[nodiscard]] Figure slice_figure(const std::string& title, const kinetic::VelocityGrid& grid,
                                  const std::vector<Slice>& slices, bool heavy);

}  // namespace offprint::papers::boltzmann_mixture
