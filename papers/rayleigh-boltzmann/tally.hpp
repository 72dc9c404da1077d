// What a long ensemble keeps of its particles: histograms with 64-bit counters, never the paths.
#pragma once

#include <cstdint>
#include <vector>

#include "input.hpp"
#include "offprint/core/run.hpp"
#include "second_moments.hpp"

namespace offprint::papers::rayleigh {

/// One observation time.
struct TimeTally {
  static constexpr std::size_t kCells = 1500;
  double log_time = 0;
  double lowest = 0;  ///< of the histograms of ln|w_i|, in thermal speeds
  double step = 1;
  std::vector<std::uint64_t> log_w[3];  ///< of ln|w_i|
  std::vector<std::uint64_t> theta;     ///< of ln theta over [ln(1/a - 1), ln(1/a)], a < 1
  std::uint64_t theta_below = 0, theta_above = 0;
  std::uint64_t particles = 0, isotropic = 0, near = 0, absorbed = 0;
  double collisions = 0, collisions2 = 0;
  double log_speed = 0, log_speed2 = 0;  ///< ln|w|

  template <class Archive>
  void serialize(Archive& archive) {
    archive(log_time, lowest, step, log_w[0], log_w[1], log_w[2], theta, theta_below, theta_above, particles, isotropic,
            near, absorbed, collisions, collisions2, log_speed, log_speed2);
  }
  void add(const kinetic::RayleighObservations& seen, std::size_t time, double a);
  void merge(const TimeTally& other);
  /// The value below which a fraction p of ln|w_i| lies, i = 0, 1, 2, linear within a cell.
  [[nodiscard]] double quantile(int i, double p) const;
  /// Kolmogorov's distance of ln theta from its uniform law, at the cells' edges.
  [[nodiscard]] double theta_distance() const;
};

/// What one ensemble keeps.
struct Tally {
  std::vector<TimeTally> times;
  /// Where collisions keep up with the shear: second moments at each time, and of each particle's mean over the `late`
  /// times, the second half of the time simulated.
  std::vector<SecondMoments> moments;
  SecondMoments stationary;
  std::size_t first_late = 0;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(times, moments, stationary, first_late);
  }
};

/// Simulates the setup's ensemble over threads and ranks; resumable under `name`.
[[nodiscard]] Tally tally(Run& run, const std::string& name, const Setup& setup);

/// Tells the tally's second moments: a table by time, the stationary ones as metrics with 95 % intervals, a figure, and
/// in a note whether they have settled. Needs a setup that keeps colliding.
void tell_moments(Run& run, const Setup& setup, const Tally& tally);

}  // namespace offprint::papers::rayleigh
