// The sheared tagged particle as a Markov jump process: exact event-driven Monte Carlo in log-space, to ln t of
// hundreds and beyond (Miele, Nota, Velazquez, arXiv 2506.15449: the process of the Rayleigh-Boltzmann equation).
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include <Eigen/Core>

#include "offprint/core/random.hpp"
#include "offprint/kinetic/rayleigh_angles.hpp"

namespace offprint::kinetic {

/// d_t f = K w_2 d_{w_1} f + L f: between collisions dw_1/dt = -K w_2; collisions with a background N(0, I) at rate
/// C |w - w*|^-a, w' = w - factor (omega . (w - w*)) omega. Velocities are in units of the background's thermal speed
/// sqrt(T/m*), time in any unit (1/C and 1/K share it).
struct RayleighModel {
  double exponent = 0.5;  ///< a = -gamma, -1 < a < 3, a != 1; a < 0: hard potentials, with a stationary state
  double rate = 1.0;      ///< C > 0
  double shear = 1.0;     ///< K >= 0; 0: no shear (the background's Maxwellian is then invariant)
  double factor = 1.0;    ///< 2 m*/(m + m*) of background mass m* and particle mass m, in (0, 2)
  AngularLaw angular = AngularLaw::uniform();
  /// The large-velocity model: background at rest (a delta at 0). Sensible from ln|w| of about 10 on; a path whose
  /// speed falls to e^(-12/a) has lost against cooling for good and is counted as absorbed.
  bool point_background = false;
};

/// A velocity whose length may be far outside the range of doubles.
struct LogVelocity {
  double log_speed = 0;
  Eigen::Vector3d direction{1, 0, 0};  ///< of length one
};

/// The velocity of particle i at t = 0: one of those below, or any function of the particle's index.
class StartLaw {
 public:
  StartLaw() = default;
  template <class F>
  requires std::is_invocable_r_v<LogVelocity, F, std::uint64_t> StartLaw(F law)
      : law_(std::move(law)) {}  // NOLINT(google-explicit-constructor): a function is a start law
  [[nodiscard]] LogVelocity operator()(std::uint64_t particle) const;

  /// Set for thermal_start, whose velocities a simulation draws a vector at a time: the stream's key, and the standard
  /// deviation of a component.
  struct Thermal {
    std::array<std::uint32_t, 2> key;
    double deviation;
  };
  [[nodiscard]] const std::optional<Thermal>& thermal() const { return thermal_; }

 private:
  explicit StartLaw(Thermal thermal) : thermal_(thermal) {}
  friend StartLaw thermal_start(std::uint64_t seed, double variance);
  std::function<LogVelocity(std::uint64_t)> law_{};
  std::optional<Thermal> thermal_{};
};
/// N(0, variance I), from the first two blocks of Stream(seed, "rayleigh start", particle).
[[nodiscard]] StartLaw thermal_start(std::uint64_t seed, double variance = 1.0);
/// All particles at one velocity; throws InputError when it is zero or not finite.
[[nodiscard]] StartLaw fixed_start(const Eigen::Vector3d& velocity);
/// All particles at e^log_speed along e_2.
[[nodiscard]] StartLaw log_start(double log_speed);
/// The rows of a table in turn (particle i takes row i mod rows); throws InputError for a zero or infinite row.
[[nodiscard]] StartLaw table_start(Eigen::MatrixXd velocities);

/// What a batch of particles was doing at each observation time. Entry of particle i at time k: [k * particles + i].
struct RayleighObservations {
  std::size_t particles = 0;
  std::vector<double> log_times;               ///< as asked for
  std::vector<double> log_w1, log_w2, log_w3;  ///< ln|w_i|; NaN once a path is absorbed
  std::vector<std::uint8_t> signs;             ///< bit i - 1: w_i < 0
  std::vector<double> lag;                ///< w_1/(K t w_2) + 1, without cancellation: 0 on the support of the profile
  std::vector<std::uint32_t> collisions;  ///< so far

  struct Collision {
    std::uint32_t particle;
    double log_time;
    double log_speed;  ///< ln|w| and
    double log_w2;     ///< ln|w_2| just after it
  };
  std::vector<Collision> events;  ///< if asked for: ordered by particle, then time
  std::uint64_t jumps = 0;
  std::size_t absorbed = 0;
};

/// Exact simulation for gamma <= 0. Below |w| = 30 collisions are proposed at C times the mass of RateTable's envelope
/// at the flight's point of closest approach (it falls with |w|, so that is a bound) and accepted together with the
/// partner drawn from the envelope at the place; beyond, flights follow the law of the background at rest, accepted
/// with lambda(|w|)|w|^a/(C S); from ln|w| = 18 on the background is at rest to rounding. Nothing is discretised in
/// time, nothing overflows.
///
/// 0 < gamma < 1: the same thinning over stretches of a flight, at whose ends the envelope
/// |w - z|^gamma <= s^gamma ((1 - gamma) + gamma (|w| + |z|)/s), s = |w| + E|Z|, of mass s^gamma, is largest. Speeds
/// stay of the order (K/C)^(1/gamma), so velocities are plain doubles.
///
/// Particle i draws from the Philox stream (seed, "rayleigh", i) alone, so results do not depend on how particles are
/// dealt to batches, threads or ranks; lanes of the processor's widest vectors each carry one particle. Processors
/// whose vector instructions differ may differ in the last digits of a path.
class RayleighProcess {
 public:
  static constexpr double kSwitch = 30.0;        ///< |w| of the change to the flight law
  static constexpr double kLogPointLike = 18.0;  ///< ln|w| from which w* = 0, S = 1

  /// Throws InputError naming the parameter: exponent outside (-1, 3) or 1, rate not positive, shear negative, factor
  /// outside (0, 2), point background without shear or with a < 0, (K/C)^(1/gamma) beyond e^200 for a < 0. About 20 ms
  /// for its tables.
  explicit RayleighProcess(RayleighModel model);
  ~RayleighProcess();
  RayleighProcess(RayleighProcess&&) noexcept;
  RayleighProcess& operator=(RayleighProcess&&) noexcept;

  [[nodiscard]] const RayleighModel& model() const;

  struct Options {
    std::uint64_t seed = 0;
    std::uint64_t first = 0;       ///< index of the first particle
    std::size_t particles = 1000;  ///< of this batch: a few thousand keep the lanes full and the data in cache
    bool record_events = false;    ///< every collision (memory: 32 bytes each)
  };
  /// Runs particles first, ..., first + particles - 1 until the last observation time. `log_times` (ln t) must ascend
  /// and be finite; throws InputError otherwise, for no particles, for a start at zero velocity, and with a point
  /// background for a start with w_2 = 0 (no shear acceleration). May run on several threads at once.
  /// O(particles (30 + ln(ln t)/ln(1/(1 - a)))) jumps for 0 < a < 1 and K of the order of C or more; O(particles t) for
  /// a <= 0 and without shear.
  [[nodiscard]] RayleighObservations simulate(const StartLaw& start, const std::vector<double>& log_times,
                                              const Options& options) const;

  /// The name of the instruction set the loop runs on ("AVX3", "AVX2", ...).
  [[nodiscard]] static const char* instruction_set();

 private:
  struct Tables;
  std::unique_ptr<Tables> tables_;
};

}  // namespace offprint::kinetic
