// Every cumulant of a smooth radial statistic L = sum_i f(|x_i|) at leading order in N, and the first correction.
#pragma once

#include <vector>

#include "offprint/coulomb/equilibrium.hpp"

namespace offprint::coulomb {

/// Reduced cumulants k_q* = kappa_q N^(q-2) beta^(q-1), pure numbers that depend on neither N nor beta at leading
/// order. Entry q of the result is k_q*, q = 1..order; entry 0 is 0. (k_1* = kappa_1/N.)
///   k_1* = f(R) - int_0^R f' h dr,   k_2* = int_0^R r^(d-1) f'^2 dr,
///   k_q* = D^(q-3) [ r^((d-1)(q-2)) f'^q / Lap U ] at r = R,   D = (1/h') d/dr,   q >= 3   (arXiv 2310.16420).
/// D^m is m! times a coefficient of the jet in the enclosed charge, so that no difference quotient enters. Good to
/// order 12 in double and 30 in long double. Throws InputError as require_ball and require_smooth do, and for an order
/// below 1. O(order^4).
template <class T>
[[nodiscard]] std::vector<T> leading_cumulants(const Trap& trap, const RadialFunction& f, int order);
extern template std::vector<double> leading_cumulants<double>(const Trap&, const RadialFunction&, int);
extern template std::vector<long double> leading_cumulants<long double>(const Trap&, const RadialFunction&, int);

/// The same numbers from q = 3 on (entries 0..2 are 0) by the other route: the edge R_s of the tilted trap U + s f as a
/// jet in s, F'''(s) = -R_s^(d-1) f'(R_s)^2 R_s', and k_q* = (-1)^(q+1) F^(q)(0). A check of the first.
template <class T>
[[nodiscard]] std::vector<T> leading_cumulants_parametric(const Trap& trap, const RadialFunction& f, int order);
extern template std::vector<double> leading_cumulants_parametric<double>(const Trap&, const RadialFunction&, int);
extern template std::vector<long double> leading_cumulants_parametric<long double>(const Trap&, const RadialFunction&,
                                                                                   int);

/// Taylor coefficients 0..order in s of the edge R_s of the trap U + s f, h(R_s) + s R_s^(d-1) f'(R_s) = 1. Throws
/// InputError as leading_cumulants does.
[[nodiscard]] std::vector<double> edge_series(const Trap& trap, const RadialFunction& f, int order);

/// k_q* as kappa_q: kappa_q = k_q* N^(2-q) beta^(1-q), entry by entry.
[[nodiscard]] std::vector<double> from_reduced(const std::vector<double>& reduced, double n, double beta);
/// The inverse.
[[nodiscard]] std::vector<double> to_reduced(const std::vector<double>& cumulants, double n, double beta);

/// What to add to k_q* at finite N, first order: (-1)^(q+1) d^q F_1/ds^q at s = 0, with the ball's density
/// rho_s = (Lap U + s Lap f)/Omega_d within R_s (normalised to one) and
///   d = 1: F_1 = (1/(beta N)) int rho ln rho,
///   d = 2: F_1 = ((1/beta - 1/4)/N) int rho ln rho,
///   d = 3: F_1 = (1/(beta N)) int rho [ln rho + f_ex(Gamma)], Gamma = beta N^(1/3) (4 pi rho/3)^(1/3): the local
///   excess
///          free energy of the one-component plasma, a fit for Gamma >= 1 (clamped there below); its leading part is
///          N^(-2/3). Constants from the literature as the paper's sheet has them, supported by samplers only.
/// Entries q = 1..order; entry 0 is 0. Throws InputError for d above 3, beta <= 0, n < 2, and as leading_cumulants
/// does.
[[nodiscard]] std::vector<double> finite_n_correction(const Trap& trap, const RadialFunction& f, int order, double n,
                                                      double beta);

}  // namespace offprint::coulomb
