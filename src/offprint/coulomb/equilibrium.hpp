// The droplet: the ball that the charges of a trap fill at large N, its edge, its density, and where no ball forms.
#pragma once

#include <optional>

#include "offprint/coulomb/radial_function.hpp"

namespace offprint::coulomb {

/// A gas of N equal charges in dimension d with weight exp(-beta E),
///   E = N sum_i U(|x_i|) + sum_{i<j} g(x_i - x_j),   g = -|x| (d = 1), -ln|x| (d = 2), |x|^(2-d)/(d-2) (d >= 3):
/// the radial force of a unit charge is r^(1-d) in every dimension. d = 2, beta = 2, U = r^2/2 is the complex Ginibre
/// ensemble divided by sqrt(N). (De Bruyne, Le Doussal, Majumdar & Schehr, arXiv 2310.16420, in this normalisation.)
struct Trap {
  int dimension = 2;
  RadialFunction potential;
};

/// The surface of the unit sphere: 2, 2 pi, 4 pi, ...
[[nodiscard]] double sphere_surface(int d);

/// h(r) = r^(d-1) U'(r): the mean-field charge within r < R, as a share of N.
[[nodiscard]] double enclosed_charge(const Trap& trap, double r);

/// The edge R of the droplet, the smallest root of h(R) = 1, to rounding of T (double or long double).
/// Throws InputError when the dimension is below 1, U is not finite at some radius (naming it), or h stays below 1 up
/// to r = 1e6: the trap does not hold the charges. A few hundred evaluations of U.
template <class T>
[[nodiscard]] T droplet_edge(const Trap& trap);
extern template double droplet_edge<double>(const Trap&);
extern template long double droplet_edge<long double>(const Trap&);

/// The smallest radius in (0, edge) where the ball's density Lap U / Omega_d is negative, if there is one: then the
/// droplet is no ball, and only large_deviations.hpp knows its shape. Looks at `points` radii.
[[nodiscard]] std::optional<double> negative_density(const Trap& trap, double edge, int points = 2000);

/// droplet_edge, and InputError when the density is negative somewhere, naming the radius.
template <class T>
[[nodiscard]] T require_ball(const Trap& trap);
extern template double require_ball<double>(const Trap&);
extern template long double require_ball<long double>(const Trap&);

/// Throws InputError unless f is smooth (no step or comparison) and finite with its first two derivatives on (0, edge],
/// naming the radius where it fails.
void require_smooth(const RadialFunction& f, double edge);

/// max |Lap f| over the droplet divided by |f'(R)|. The leading order in N holds when this is modest against N: terms
/// of relative size (Lap f)/N follow, and a bump narrower than the spacing of charges spoils it for any practical N.
[[nodiscard]] double curvature_ratio(const Trap& trap, const RadialFunction& f);

}  // namespace offprint::coulomb
