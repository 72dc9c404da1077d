// The collision kernel of variable hard spheres: isotropic scattering at a rate that is a power of the relative speed.
#pragma once

#include <cmath>

namespace offprint::kinetic {

/// B(|g|) = strength |g|^exponent is the TOTAL collision rate (the angle is uniform on the sphere, as a probability).
/// exponent 0: Maxwell molecules, 1: hard spheres. Bird's viscosity index omega gives exponent = 2 (1 - omega).
struct VhsKernel {
  double strength = 1.0;
  double exponent = 0.0;

  /// Throws InputError: strength not positive, exponent outside [0, 1].
  void check() const;
  [[nodiscard]] bool maxwell() const { return exponent == 0.0; }
  [[nodiscard]] double operator()(double speed) const {
    return maxwell() ? strength : strength * std::pow(speed, exponent);
  }
  /// (1 / (d T)) <B(|v|) |v|^2> over a Maxwellian of temperature T at rest: the rate at which light particles exchange
  /// momentum with fixed scatterers of density one, and lambda / n_L of the heavy particles' friction. Closed form,
  /// strength (2T)^(exponent/2) Gamma((d+2+exponent)/2) / Gamma((d+2)/2).
  [[nodiscard]] double exchange_rate(double temperature, int dimension) const;
};

}  // namespace offprint::kinetic
