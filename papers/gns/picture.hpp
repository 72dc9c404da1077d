// Figures and tables of minimisations: what the claims and the action show of a trace.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "offprint/core/run.hpp"
#include "offprint/optimize/minimize.hpp"

namespace offprint::papers::gns {

/// One minimisation and what it is called.
struct NamedRun {
  std::string name;
  optimize::Minimum minimum;
};

/// f - `optimum` against iterations (or seconds), logarithmic; the other axis too where one run is over 8 times as long
/// as another. `zoom`: the last iteration shown, on a linear axis; 0: all.
[[nodiscard]] Figure objective_figure(const std::string& title, const std::vector<NamedRun>& runs, double optimum,
                                      bool seconds = false, int zoom = 0);
/// Accepted gamma_k against k.
[[nodiscard]] Figure gamma_figure(const std::string& title, const std::vector<NamedRun>& runs);
/// Accepted gamma_k against ||g_k||, both logarithmic.
[[nodiscard]] Figure gamma_law_figure(const std::string& title, const std::vector<NamedRun>& runs);
/// alpha, the least-squares slope of log gamma_k over log ||g_k||; nothing below four steps.
[[nodiscard]] std::optional<Estimate> gamma_exponent(const optimize::Minimum& minimum);
/// One row a run: status, K, N, f - optimum, ||g||, seconds.
[[nodiscard]] Table run_table(const std::string& title, const std::vector<NamedRun>& runs, double optimum);

/// N - (2K - log2(gamma_K/gamma_0)): 0 without clipping and failed factorisations; nothing with one.
[[nodiscard]] std::optional<double> identity_gap(const optimize::Minimum& minimum, double gamma0 = 1);

}  // namespace offprint::papers::gns
