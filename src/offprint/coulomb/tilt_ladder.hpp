// The tilted estimator: from <L>/N of gases in U + s f, at a ladder of s, to cumulants of high order, free energy and
// rate function, at a cost that does not grow with N.
#pragma once

#include <span>
#include <vector>

#include "offprint/coulomb/k_statistics.hpp"
#include "offprint/coulomb/large_deviations.hpp"

namespace offprint::coulomb {

/// What was measured at one s: Lambda(s) = <L>/N in the gas of U + s f, with its standard error.
struct Rung {
  double s = 0;
  double mean = 0;
  double error = 0;
};

/// A known function near Lambda(s), and a variable in which the rest of it is nearly a polynomial of low degree. The
/// difference from the function is fitted and integrated. Any smooth function and variable leave the results unbiased,
/// good ones make the errors small. Empty: the function 0, and s itself; then keep the ladder narrower than the
/// distance of the nearest singularity of Lambda(s), or its errors are too small.
struct LadderBaseline {
  std::vector<double> mean{};         ///< Lambda_0 at each rung
  std::vector<double> free_energy{};  ///< int_0^s Lambda_0 at each rung
  std::vector<double> reduced{};      ///< (-1)^(q+1) Lambda_0^(q-1)(0) by q, as far as orders are wanted
  std::vector<double> variable{};     ///< x(s) at each rung, different at all
  std::vector<double> series{};       ///< Taylor coefficients of x at s = 0, to order - 1
};
/// The large-N limit as a baseline, for the rungs' s and cumulants to `order`: the closed form where the droplet is a
/// ball, isotonic regression past that. The variable is the droplet's edge R_s when it moves one way along the ladder
/// (Lambda(s) has singularities near s = 0 that come from the edge equation: in R_s they are gone), else s. Throws
/// InputError as LargeDeviations::at and leading_cumulants do.
[[nodiscard]] LadderBaseline large_n_baseline(const LargeDeviations& limit, std::span<const Rung> rungs, int order);

/// k_q* as a ladder gives it.
struct LadderCumulant {
  double value = 0;
  double error = 0;        ///< of statistics and choice of model together
  double statistical = 0;  ///< weighted mean of the models' own errors
  int degree = 0;          ///< of the likeliest model's polynomial
  int rungs = 0;           ///< that it uses, those nearest to s = 0
  double chi_squared = 0;  ///< of the likeliest model, on rungs - degree - 1 degrees of freedom
};

/// k_q* = kappa_q N^(q-2) beta^(q-1) = (-1)^(q+1) Lambda^(q-1)(0), exact at any N: an entry for each q = 1..order
/// (entry 0 is empty). Lambda, less the baseline, is fitted by polynomials of every degree from q - 1 to 8 (to
/// max(q, 4) in a variable of the baseline, where low degrees do) on the m rungs nearest to 0, for every m that leaves
/// a degree of freedom. The models are averaged with weights exp(-(chi^2 + 2 (degree + 1) + 2 (rungs left out))/2),
/// Akaike's criterion for choosing model and range together (Jay & Neil, Phys. Rev. D 103, 114502, 2021); the variance
/// is the mean of theirs plus the spread of their values, so that the arbitrariness of a degree is part of the error.
/// Throws InputError for an order outside 1..8, fewer than order + 2 rungs, two rungs at one s, errors that are not
/// positive, or a baseline of another length. O(rungs^2).
[[nodiscard]] std::vector<LadderCumulant> ladder_cumulants(std::span<const Rung> rungs, int order,
                                                           const LadderBaseline& baseline = {});

/// What thermodynamic integration makes of a rung.
struct LadderPotential {
  CumulantEstimate free_energy;  ///< F(s) - F(0) = int_0^s Lambda; -ln(Z(s)/Z(0))/(beta N^2) at any N
  CumulantEstimate psi;          ///< Psi at Lambda(s): F(s) - F(0) - s Lambda(s), the Legendre transform
};
/// For each rung, in the order given. Between rungs Lambda, less the baseline, is the cubic through the four nearest;
/// errors are those of the rungs, propagated, and the distance to what parabolas give. Throws InputError unless one
/// rung is at s = 0, there are 3 or more, and as ladder_cumulants does.
[[nodiscard]] std::vector<LadderPotential> ladder_potentials(std::span<const Rung> rungs,
                                                             const LadderBaseline& baseline = {});

}  // namespace offprint::coulomb
