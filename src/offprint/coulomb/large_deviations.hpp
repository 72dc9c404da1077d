// Rare events of L = sum_i f(|x_i|): P(L = N Lambda) ~ exp(-beta N^2 Psi(Lambda)), with holes and shells.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "offprint/core/parallel.hpp"
#include "offprint/coulomb/equilibrium.hpp"

namespace offprint::coulomb {

/// The shape of the droplet: a ball; a ball with an empty centre; a gap inside that separates an outer shell.
enum class Phase { kBall, kHole, kShell };
[[nodiscard]] std::string to_string(Phase phase);

/// The gas in the trap U + s f at large N.
struct TiltedGas {
  double s = 0;
  double free_energy = 0;  ///< F(s) - F(0), F the least mean-field energy
  double mean = 0;         ///< Lambda(s) = F'(s) = <L>/N
  double inner = 0;        ///< radius of the hole; 0 without one
  double outer = 0;        ///< the edge
  Phase phase = Phase::kBall;
};

/// A point of the rate function.
struct RatePoint {
  double lambda = 0;
  double psi = 0;  ///< F(s) - F(0) - s Lambda
  TiltedGas gas;
};

/// Large deviations of one statistic. In terms of the charge n(r) within r the mean-field energy is
///   U_s(L) + int_0^L [ n^2/(2 r^(d-1)) - n U_s' ] dr + const,   U_s = U + s f,
/// least squares of n to h_s = r^(d-1) U_s' with weight r^(1-d) over nondecreasing 0 <= n <= 1: bounded isotonic
/// regression, exact with holes and shells. `cells` radial cells (midpoint rule); 40000 give six digits and more.
class LargeDeviations {
 public:
  /// Throws InputError for a trap that does not hold the charges, a statistic with a jump, fewer than 100 cells.
  LargeDeviations(Trap trap, RadialFunction statistic, int cells = 40000);

  /// O(cells). Throws InputError when U + s f does not hold the charges (its h_s falls below 1 again at a larger
  /// radius): then single charges escape, and there is no large deviation at speed N^2 on that side.
  [[nodiscard]] TiltedGas at(double s) const;
  /// The closed form of the ball: edge from h_s(R) = 1, free_energy and mean by quadrature. What at() gives as long as
  /// h_s is nondecreasing, and wrong past that: a check.
  [[nodiscard]] TiltedGas ball(double s) const;
  /// The s of this sign (+1, -1), up to |s| = limit, at which the ball's density first vanishes somewhere inside: a
  /// hole or a gap opens there.
  [[nodiscard]] std::optional<double> transition(int sign, double limit = 1e3) const;
  /// Radii and the density rho_s(r), normalised so that int rho_s Omega_d r^(d-1) dr = 1, at `points` midpoints.
  struct Profile {
    std::vector<double> radius;
    std::vector<double> density;
  };
  [[nodiscard]] Profile profile(double s, int points = 400) const;

  /// Psi at Lambda: s is bracketed (Lambda falls as s grows) and found to 1e-12. Throws InputError when no s up to
  /// |s| = 1e4 gives that Lambda, naming what can be reached.
  [[nodiscard]] RatePoint rate(double lambda) const;
  /// Psi at `points` equidistant values.
  [[nodiscard]] std::vector<RatePoint> rates(double from, double to, int points, const Parallel& how = {}) const;

  [[nodiscard]] const Trap& trap() const { return trap_; }
  [[nodiscard]] const RadialFunction& statistic() const { return statistic_; }

 private:
  struct Cells;
  [[nodiscard]] double outermost(double s) const;
  [[nodiscard]] Cells cells(double reach) const;
  [[nodiscard]] TiltedGas solve(const Cells& cells, double s) const;

  Trap trap_;
  RadialFunction statistic_;
  int count_;
  double edge_;
};

}  // namespace offprint::coulomb
