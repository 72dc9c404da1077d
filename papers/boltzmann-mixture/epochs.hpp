// The three clocks of a mixture: the steps that resolve them all, and the rates found along the way.
#pragma once

#include <functional>
#include <vector>

#include "offprint/kinetic/disparate_mixture.hpp"

namespace offprint::papers::boltzmann_mixture {

/// One instant of a relaxation.
struct Instant {
  double time = 0.0;  ///< relaxation time
  kinetic::Moments light;
  kinetic::Moments heavy;
  double entropy = 0.0;
  kinetic::StepMismatch mismatch;

  template <class Archive>
  void serialize(Archive& archive) {
    for (auto* m : {&light, &heavy}) archive(m->density, m->mean, m->second, m->temperature);
    archive(time, entropy, mismatch.light_temperature, mismatch.heavy_temperature);
  }
  /// Largest eigenvalue of the pressure deviator P/n - T: half the difference of the principal values in 2-D.
  [[nodiscard]] static double deviator(const kinetic::Moments& m);
};

/// What the clocks should be, Maxwell molecules: rates per light time of the light deviator, B_LL n_L/2 + B_LH n_H; the
/// heavy one, eps B_HH n_H/2 + 2 eps^2 B_LH n_L; the temperature difference, 2 eps^2 B_LH (n_L + n_H).
struct Clocks {
  double light = 0.0;
  double heavy = 0.0;
  double temperature = 0.0;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(light, heavy, temperature);
  }
};
[[nodiscard]] Clocks expected_clocks(const kinetic::DisparateMixture& mixture);

/// Steps in relaxation time that resolve all three: light-time steps of 0.03/light until 3/light, then growing by 1.15
/// up to 0.02/heavy until 2.5/heavy, then up to 0.016/temperature, to t_end.
[[nodiscard]] std::vector<double> epoch_steps(const Clocks& clocks, double eps, double t_end);

/// Runs the steps and keeps every instant, the start included. `seen` is called after each step.
[[nodiscard]] std::vector<Instant> run_steps(kinetic::DisparateMixture& mixture, const std::vector<double>& steps,
                                             const std::function<void(std::size_t)>& seen = {});
[[nodiscard]] Instant instant_of(const kinetic::DisparateMixture& mixture);

/// Log-linear fits over [0, 1.5/light], [0.3, 2.3]/heavy, and from 0.2/temperature on (light time); NaN where there is
/// nothing to fit.
[[nodiscard]] Clocks fitted_clocks(const std::vector<Instant>& path, const Clocks& expected, double eps);

}  // namespace offprint::papers::boltzmann_mixture
