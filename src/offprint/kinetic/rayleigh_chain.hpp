// Deterministic solution far out: beyond ln|w| of about 20 the chain of X_n = ln|w_2| after the n-th jump is affine,
//   X_{n+1} = X_n/(1-a) + xi,  xi = (ln((1-a)/C) + ln E)/(1-a) + Y,  Y = ln(f |omega_1 omega_2|),  E ~ Exp(1),
// and ln t_{n+1} = (ln((1-a)/C) + ln E + a X_n)/(1-a), with time in units of 1/K. Laws by characteristic functions.
#pragma once

#include <complex>
#include <cstddef>
#include <span>
#include <vector>

#include "offprint/kinetic/rayleigh_angles.hpp"

namespace offprint::kinetic {

/// A density on the grid x0 + i dx, with its distribution function.
struct GridLaw {
  double x0 = 0;
  double dx = 1;
  std::vector<double> density{};
  std::vector<double> cumulated{};  ///< P(X <= x0 + i dx), trapezoidal
  /// Linear between grid points, 0 and the whole mass beyond the ends.
  [[nodiscard]] double cdf(double x) const;
  [[nodiscard]] double density_at(double x) const;
  [[nodiscard]] double mass() const { return cumulated.empty() ? 0 : cumulated.back(); }
  [[nodiscard]] double mean() const;
  [[nodiscard]] double variance() const;
};

/// The state at one time.
struct ChainState {
  GridLaw log_w2{};        ///< law of ln|w_2|; its mass is what has been started by then
  double collisions = 0;   ///< mean number of collisions since the start
  double mass_defect = 0;  ///< |1 - mass|: what the discretisation lost (checked at each time)
};

class SkeletonChain {
 public:
  /// a in (0, 1), rate C/K > 0; throws InputError otherwise.
  SkeletonChain(double a, double rate, AngularLaw angular = AngularLaw::uniform(), double factor = 1.0);

  [[nodiscard]] double period() const;                           ///< P = ln(1/(1 - a)): of the collision rate in ln tau
  [[nodiscard]] double log_offset() const { return mean_log_; }  ///< m = E Y
  /// b = E[Lambda] - X_0, Lambda = lim (1-a)^n X_n.
  [[nodiscard]] double lambda_shift() const;
  [[nodiscard]] double variance_xi() const;
  [[nodiscard]] double variance_lambda() const;  ///< for a sharp start

  [[nodiscard]] std::complex<double> characteristic_xi(double k) const;
  /// Of Lambda - X_0.
  [[nodiscard]] std::complex<double> characteristic_lambda(double k) const;

  /// Law of Lambda - X_0 on 2^14 points (FFT inversion; absolute error about 1e-9).
  [[nodiscard]] GridLaw lambda_law() const;
  /// Law of (1-a)^n ln t_n - a X_0 of the n-th collision, n >= 1: exact but for t_{n-1}/t_n.
  [[nodiscard]] GridLaw collision_law(int n) const;

  /// p(z): collisions per unit of z = ln ln t for a start at X_0, in the limit of late times: periodic in z.
  [[nodiscard]] double collision_density(const GridLaw& lambda, double start, double z) const;

  /// The state at ln t = tau for particles that start at ln|w_2| = x at ln t = s; each with equal weight. The first
  /// flight keeps s (ln t = logaddexp(s, ln T)), later ones drop it. `step` is the grid's in ln|w_2|. O(range/step
  /// log).
  struct Start {
    double log_w2;
    double log_time;
  };
  [[nodiscard]] std::vector<ChainState> propagate(std::span<const Start> starts, const std::vector<double>& log_times,
                                                  double step = 0.05) const;

  /// Second-order laws, exact up to O(1/tau^2), for starts spread over many periods.
  /// Mean number of collisions in (tau_1, tau_2]: ln((tau_2 + m)/(tau_1 + m))/P.
  [[nodiscard]] double expected_collisions(double tau1, double tau2) const;
  /// Density of x = ln|xi_2|, xi_2 = w_2 t^(1 - 1/a): exp(-C e^(-a x)/(1-a))/(P (tau(1/a - 1) + x + b)).
  [[nodiscard]] double profile_density(double x, double tau) const;
  /// Its leading form (c'/tau) exp(-C e^(-a x)/(1-a)), c' = a/((1-a)P).
  [[nodiscard]] double leading_profile(double x, double tau) const;

 private:
  template <class F>
  [[nodiscard]] GridLaw invert(const F& characteristic, double centre, double deviation) const;

  double a_;
  double rate_;
  AngularLaw angular_;
  double factor_;
  double mean_log_;
  double variance_log_;
};

}  // namespace offprint::kinetic
