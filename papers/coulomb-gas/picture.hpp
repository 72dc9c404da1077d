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
/// Charges in the plane (the first two coordinates), one group a snapshot; `snapshots` are n rows of d.
[[nodiscard]] Figure droplet_figure(const std::string& title, const std::vector<std::string>& names,
                                    const std::vector<std::vector<double>>& snapshots, int d);

}  // namespace offprint::papers::coulomb_gas
