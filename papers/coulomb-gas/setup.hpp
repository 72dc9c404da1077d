// What the actions share: the gas of the options, the orders asked for, what theory says about them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "offprint/core/run.hpp"
#include "offprint/coulomb/equilibrium.hpp"
#include "offprint/coulomb/k_statistics.hpp"

namespace offprint::papers::coulomb_gas {

struct Setup {
  coulomb::Trap trap;
  coulomb::RadialFunction statistic;
  double beta = 2;
};
/// --dim, --potential, --statistic, --beta. Throws InputError for beta <= 0 and texts that do not parse.
[[nodiscard]] Setup read_setup(const Options& options);

/// "2..6" or "3". Throws InputError unless 1 <= first <= last <= most.
struct Orders {
  int first = 2;
  int last = 6;
};
[[nodiscard]] Orders read_orders(const std::string& text, int most);

/// Theory for n charges: kappa_q by entry q.
struct Theory {
  std::vector<double> leading;    ///< k_q*
  std::vector<double> corrected;  ///< kappa_q of leading order and first correction (leading alone beyond d = 3)
  std::optional<std::vector<double>> exact;  ///< kappa_q where the gas is solvable
  std::string exact_route;
};
/// `last` is the highest order; exact values are computed where they take seconds at most.
[[nodiscard]] Theory theory(const Setup& setup, double n, int last, const Run& run);

/// A note when the statistic is too curved for the leading order to be near at this n, or flat at the edge.
void warn_of_curvature(Run& run, const Setup& setup, double n);

/// The table "cumulants" of measured values against theory, the metrics of each order, cumulants.json. Orders whose
/// error exceeds a tenth of the value are said to be unresolved.
void report_cumulants(Run& run, const Setup& setup, double n, const Orders& orders,
                      const std::vector<coulomb::CumulantEstimate>& kappa, const Theory& theory, const Json& more);

}  // namespace offprint::papers::coulomb_gas
