// Momentum and energy exchange between the species: exact laws of Maxwell molecules and their implicit steps.
#pragma once

#include <vector>

#include <Eigen/Core>

namespace offprint::kinetic {

/// Which collision terms between the species are kept: the expansion to order 0, 1 or 2, or everything.
enum class Truncation { kOrder0, kOrder1, kOrder2, kExact };

/// Mean velocities (light: v, heavy: vhat = V/eps) and W = <|v|^2> = |u|^2 + d T of both species.
struct PairMoments {
  Eigen::VectorXd light_mean;
  Eigen::VectorXd heavy_mean;
  double light_energy = 0.0;
  double heavy_energy = 0.0;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(light_mean, heavy_mean, light_energy, heavy_energy);
  }

  [[nodiscard]] double light_temperature() const {
    return (light_energy - light_mean.squaredNorm()) / static_cast<double>(light_mean.size());
  }
  [[nodiscard]] double heavy_temperature() const {
    return (heavy_energy - heavy_mean.squaredNorm()) / static_cast<double>(heavy_mean.size());
  }
};

struct ExchangeLaw {
  double eps = 0.1;
  double light_density = 1.0;
  double heavy_density = 1.0;
  /// B for Maxwell molecules, otherwise VhsKernel::exchange_rate, frozen over a step, at the light temperature or,
  /// exact between two Maxwellians, at T_L + eps^2 T_H, the temperature of their relative velocity.
  double rate = 1.0;
  Truncation truncation = Truncation::kOrder2;
};

/// One implicit Euler step of length dt, in RELAXATION time (eps^2 light times), of
///   d u_L = (rate n_H / (eps^2 M)) (eps uhat_H - u_L),   d uhat_H = (rate n_L / (eps M)) (u_L - eps uhat_H)
///   d W_L = (rate n_H / m) (2 (W_H - W_L) - 2 (c/eps) u_L.uhat_H),   n_L W_L + n_H W_H constant
/// M = 1 + eps^2; m = M^2 and c = 1 - eps^2 (exact) or m = c = 1 (order 2). Means are stepped first and enter the
/// energies as new values. Momentum eps^2 n_L u_L + eps n_H uhat_H and energy are conserved to rounding at order 2 and
/// exactly. Order 1 keeps the terms of Q0 and Q1 only (no temperature exchange), order 0 the decay of u_L.
[[nodiscard]] PairMoments implicit_exchange(const ExchangeLaw& law, const PairMoments& now, double dt);

/// The time derivatives of the same law (order 2 and exact) in relaxation time, at the given moments.
[[nodiscard]] PairMoments exchange_rates(const ExchangeLaw& law, const PairMoments& now);

/// T_L - T_H after the relaxation time t, zero means, Maxwell molecules: exp(-2 rate (n_L + n_H) t / M^2) of the
/// initial difference (M = 1 at order 2).
[[nodiscard]] double temperature_difference_factor(const ExchangeLaw& law, double t);

}  // namespace offprint::kinetic
