// What the actions on tilted gases share: the ladder of s, exact values where the tilted gas is solvable, its samples.
#pragma once

#include <string>
#include <vector>

#include "offprint/core/run.hpp"
#include "offprint/coulomb/large_deviations.hpp"
#include "sampling.hpp"
#include "setup.hpp"

namespace offprint::papers::coulomb_gas {

/// The s at which the droplet changes its shape, the negative one first; there may be none.
[[nodiscard]] std::vector<double> transitions(const coulomb::LargeDeviations& limit);

/// The s of --ladder, or of --from, --to and --points, sorted, with 0 among them; empty when none of these is given.
/// Throws InputError for both, fewer than 4 different s, or --to without being above --from.
[[nodiscard]] std::vector<double> read_rungs(const Options& options);

/// Lambda(s) and F(s) - F(0) of N charges without approximation: d = 2 with beta = 2 (independent radii), d = 2 with
/// U = r^2/2 and f = r^2 (Gamma law), d = 1 to N = 1000 (nested integrals).
class ExactTilt {
 public:
  ExactTilt(const Setup& setup, long n);
  [[nodiscard]] bool known() const { return route_ != Route::kNone; }
  [[nodiscard]] std::string route() const;
  [[nodiscard]] double mean(double s, const Parallel& how) const;
  /// -ln(Z(s)/Z(0))/(beta N^2).
  [[nodiscard]] double free_energy(double s, const Parallel& how) const;

 private:
  enum class Route { kNone, kRadii, kGamma, kLine };
  Setup setup_;
  long n_;
  Route route_ = Route::kNone;
};

/// Samples n charges in U + s f by 8 * groups chains, `--samples` of them together.
[[nodiscard]] GasResult sample_tilted(Run& run, const Setup& setup, const coulomb::LargeDeviations& limit, long n,
                                      double s, int order);

/// The tilted estimator on these rungs: tables, metrics, figures and files of `tilt --ladder`.
void climb(Run& run, const Setup& setup, const coulomb::LargeDeviations& limit, const std::vector<double>& rungs);

}  // namespace offprint::papers::coulomb_gas
