// What a run is asked for: options of the command line over a run card (TOML) over defaults, brought to the units of
// the process (velocities in background thermal speeds, shear K e_1 (x) e_2).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <Eigen/Core>

#include "offprint/core/run.hpp"
#include "offprint/kinetic/rayleigh_chain.hpp"
#include "offprint/kinetic/rayleigh_process.hpp"

namespace offprint::papers::rayleigh {

struct Setup {
  kinetic::RayleighModel model{};
  double log_unit = 0;  ///< ln of the background's thermal speed: added to ln|w| for the reader
  Eigen::Matrix3d to_shear = Eigen::Matrix3d::Identity();  ///< rows: flow, gradient and vorticity direction
  std::vector<double> log_times{};
  bool times_given = false;  ///< log_times are the reader's, not the action's default
  std::uint64_t particles = 0;
  kinetic::StartLaw start{};
  Eigen::Matrix3d start_moments = Eigen::Matrix3d::Identity();  ///< E w w^T of the start
  std::string start_text{};                                     ///< what the start is, for the reader
  [[nodiscard]] double exponent() const { return model.exponent; }
  /// The long-time laws of gamma in (-1, 0) apply.
  [[nodiscard]] bool has_laws() const { return exponent() > 0 && exponent() < 1 && model.shear > 0; }
  /// Collisions keep up with the shear (gamma >= 0, or no shear): velocities stay moderate, second moments mean
  /// something, and the number of collisions grows like t.
  [[nodiscard]] bool keeps_colliding() const {
    return (exponent() <= 0 || !(model.shear > 0)) && !model.point_background;
  }
};

/// The far field of a setup that has laws.
[[nodiscard]] kinetic::SkeletonChain chain_of(const Setup& setup);

/// Where the number of collisions grows like t: twenty times up to 100/C if none were given. Throws InputError when a
/// particle would collide more than 1e7 times until the last of the times asked for.
void limit_times(Setup& setup);

/// Reads --config and the options. Throws InputError in one sentence for everything the process does not cover: gamma
/// outside (-3, 1) or -1, C <= 0, K < 0, a shear matrix that is not a simple shear, times that do not ascend, an
/// unknown key of the run card, ...
[[nodiscard]] Setup read_setup(const Run& run, double default_gamma, const std::vector<double>& default_log_times,
                               std::uint64_t default_particles);

/// K and the rotation of a simple shear L = K a (x) b with a perpendicular to b (dw/dt = -L w). Throws InputError for
/// any other matrix.
struct SimpleShear {
  double rate = 0;
  Eigen::Matrix3d rotation = Eigen::Matrix3d::Identity();
};
[[nodiscard]] SimpleShear simple_shear(const Eigen::Matrix3d& matrix);

}  // namespace offprint::papers::rayleigh
