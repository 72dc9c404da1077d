// Second moments of an ensemble with their standard errors, where they mean something: gamma >= 0, or no shear.
#pragma once

#include <array>
#include <cstddef>

#include "offprint/core/statistics.hpp"
#include "offprint/kinetic/rayleigh_process.hpp"

namespace offprint::papers::rayleigh {

/// Sums of w_1^2, w_2^2, w_3^2, w_1 w_2 and |w|^2 over particles, each a mean over observation times of one particle.
struct SecondMoments {
  static constexpr std::array<const char*, 5> kNames{"M11", "M22", "M33", "M12", "trace"};
  double particles = 0;
  std::array<double, 5> sum{};
  std::array<double, 5> square{};

  template <class Archive>
  void serialize(Archive& archive) {
    archive(particles);
    for (auto& x : sum) archive(x);
    for (auto& x : square) archive(x);
  }
  /// Adds each particle's mean over the observation times first, ..., last. Particles are independent of each other.
  void add(const kinetic::RayleighObservations& seen, std::size_t first, std::size_t last);
  void merge(const SecondMoments& other);
  [[nodiscard]] double mean(std::size_t i) const { return sum.at(i) / particles; }
  [[nodiscard]] double standard_error(std::size_t i) const;
  /// `scale` times the mean, with its 95 % interval.
  [[nodiscard]] Estimate estimate(std::size_t i, double scale) const;
};

}  // namespace offprint::papers::rayleigh
