// The room's figures.
#pragma once

#include <string>
#include <vector>

#include "offprint/core/figure.hpp"
#include "offprint/coulomb/large_deviations.hpp"

namespace offprint::papers::coulomb_gas {

/// k_q*(N) of one statistic and order, with its limit.
struct ConvergenceCurve {
  std::string name;
  std::vector<double> n;
  std::vector<double> k;
  double limit = 0;
};

/// |k_q*(N)/k_q* - 1| over N, both axes logarithmic.
[[nodiscard]] Figure convergence_figure(const std::string& title, const std::vector<ConvergenceCurve>& curves);
/// k_q*(N) against 1/N with the limits at 1/N = 0 as lines.
[[nodiscard]] Figure value_figure(const std::string& title, const std::vector<ConvergenceCurve>& curves,
                                  const std::string& what);
[[nodiscard]] Figure counting_figure(const std::vector<double>& n, const std::vector<double>& k2,
                                     const std::vector<double>& minus_k4, double second, double fourth);
/// (L - mean)/sd of samples with the normal density and its Edgeworth correction by the third and fourth cumulant.
[[nodiscard]] Figure histogram_figure(const std::string& title, const std::vector<double>& values, double mean,
                                      double variance, double third, double fourth);
/// Psi(Lambda), a series for each phase.
[[nodiscard]] Figure rate_figure(const std::string& title, const std::vector<coulomb::RatePoint>& points,
                                 const std::vector<double>& transitions);
/// Density profiles rho_s(r).
[[nodiscard]] Figure profile_figure(const std::string& title, const std::vector<std::string>& names,
                                    const std::vector<coulomb::LargeDeviations::Profile>& profiles);
/// A sampled ladder of tilts, rung by rung, and what theory says.
struct LadderPicture {
  long n = 0;
  std::vector<double> s;
  std::vector<double> mean;        ///< Lambda(s), sampled
  std::vector<double> rest;        ///< N (Lambda(s) - its limit)
  std::vector<double> rest_error;  ///< standard error of that
  std::vector<double> exact_rest;  ///< exact, or empty
  std::vector<double> corrected_s;
  std::vector<double> corrected_rest;  ///< by the first correction, where the droplet is a ball
  std::vector<double> curve_s;
  std::vector<double> curve;  ///< the limit of Lambda(s)
  std::vector<double> transitions;
};
/// Lambda(s), sampled and in the limit.
[[nodiscard]] Figure ladder_figure(const std::string& statistic, const LadderPicture& ladder);
/// N (Lambda(s) - limit) with 95 % bands, exact values and the first correction.
[[nodiscard]] Figure remainder_figure(const std::string& statistic, const LadderPicture& ladder);
/// Charges in the plane (the first two coordinates), one group a snapshot; `snapshots` are n rows of d.
[[nodiscard]] Figure droplet_figure(const std::string& title, const std::vector<std::string>& names,
                                    const std::vector<std::vector<double>>& snapshots, int d);

}  // namespace offprint::papers::coulomb_gas
