#include "offprint/coulomb/cumulants.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "offprint/core/error.hpp"
#include "offprint/coulomb/quadrature.hpp"
#include "offprint/linalg/gauss_legendre.hpp"

namespace offprint::coulomb {
namespace {

void require_order(int order) {
  if (order < 1 || order > 60)
    throw InputError(fmt::format("a cumulant's order must be between 1 and 60, not {}", order));
}

}  // namespace

template <class T>
std::vector<T> leading_cumulants(const Trap& trap, const RadialFunction& f, int order) {
  require_order(order);
  const T edge = require_ball<T>(trap);
  require_smooth(f, static_cast<double>(edge));
  const auto power_of = static_cast<unsigned>(trap.dimension - 1);
  const auto slope_at = [](const RadialFunction& g, T r) { return g(Jet<T>::variable(r, 1))[1]; };
  std::vector<T> k(static_cast<std::size_t>(order) + 1, T(0));
  k[1] = f(edge) -
         integrate([&](T r) { return slope_at(f, r) * power(r, power_of) * slope_at(trap.potential, r); }, T(0), edge);
  if (order >= 2)
    k[2] = integrate(
        [&](T r) {
          const T slope = slope_at(f, r);
          return power(r, power_of) * slope * slope;
        },
        T(0), edge);
  if (order < 3) return k;
  // D is the derivative in the enclosed charge: with the radius as a jet in the charge, D^m is m! times a coefficient.
  // (Differentiating by r and dividing by h' m times loses the digits that cancel in between.)
  const auto n = static_cast<std::size_t>(order) - 3;
  const auto around = Jet<T>::variable(edge, n + 1);
  const Jet<T> slope = f(around).derivative();
  const Jet<T> lap = laplacian(trap.potential, trap.dimension, edge, n);
  const Jet<T> h = power(around, power_of) * trap.potential(Jet<T>::variable(edge, n + 2)).derivative();
  const auto charge = Jet<T>::variable(T(1), n);
  Jet<T> r = Jet<T>(std::vector<T>(n + 1, T(0))) + Jet<T>(edge);
  for (std::size_t correct = 1; correct <= n; correct *= 2)
    r = r - (compose(h.truncated(n), r) - charge) / compose(h.derivative(), r);
  const Jet<T> factor = power(r, power_of) * compose(slope, r);
  Jet<T> bracket = factor * compose(slope, r) * compose(slope, r) / compose(lap, r);
  T factorial = T(1);
  for (std::size_t q = 3; q < k.size(); ++q) {
    if (q > 3) factorial *= static_cast<T>(q - 3);
    k[q] = factorial * bracket[q - 3];
    bracket = bracket * factor;
  }
  return k;
}

template <class T>
std::vector<T> leading_cumulants_parametric(const Trap& trap, const RadialFunction& f, int order) {
  require_order(order);
  const T edge = require_ball<T>(trap);
  require_smooth(f, static_cast<double>(edge));
  std::vector<T> k(static_cast<std::size_t>(order) + 1, T(0));
  if (order < 3) return k;
  const auto n = static_cast<std::size_t>(order) - 2;
  // Taylor series around the edge of h, of r^(d-1) f' and of their derivatives.
  const auto r = Jet<T>::variable(edge, n + 1);
  const Jet<T> weight = power(r, static_cast<unsigned>(trap.dimension - 1));
  const auto further = Jet<T>::variable(edge, n + 2);
  const Jet<T> h = weight * trap.potential(further).derivative();
  const Jet<T> slope = f(further).derivative();
  const Jet<T> tilt = weight * slope;
  const auto s = Jet<T>::variable(T(0), n);
  Jet<T> moved(std::vector<T>(n + 1, T(0)));  // the edge R_s
  moved = moved + Jet<T>(edge);
  for (std::size_t correct = 1; correct <= n; correct *= 2) {
    const Jet<T> miss = compose(h.truncated(n), moved) + s * compose(tilt.truncated(n), moved) - Jet<T>(T(1));
    const Jet<T> rate = compose(h.derivative(), moved) + s * compose(tilt.derivative(), moved);
    moved = moved - miss / rate;
  }
  const Jet<T> third =
      -(compose(tilt.truncated(n), moved) * compose(slope.truncated(n), moved)).truncated(n - 1) * moved.derivative();
  T factorial = T(1);
  for (std::size_t q = 3; q < k.size(); ++q) {
    if (q > 3) factorial *= static_cast<T>(q - 3);
    k[q] = (q % 2 == 0 ? T(-1) : T(1)) * factorial * third[q - 3];
  }
  return k;
}

template std::vector<double> leading_cumulants<double>(const Trap&, const RadialFunction&, int);
template std::vector<long double> leading_cumulants<long double>(const Trap&, const RadialFunction&, int);
template std::vector<double> leading_cumulants_parametric<double>(const Trap&, const RadialFunction&, int);
template std::vector<long double> leading_cumulants_parametric<long double>(const Trap&, const RadialFunction&, int);

std::vector<double> from_reduced(const std::vector<double>& reduced, double n, double beta) {
  std::vector<double> out(reduced.size(), 0.0);
  for (std::size_t q = 1; q < out.size(); ++q)
    out[q] = reduced[q] * std::pow(n, 2.0 - static_cast<double>(q)) * std::pow(beta, 1.0 - static_cast<double>(q));
  return out;
}

std::vector<double> to_reduced(const std::vector<double>& cumulants, double n, double beta) {
  std::vector<double> out(cumulants.size(), 0.0);
  for (std::size_t q = 1; q < out.size(); ++q)
    out[q] = cumulants[q] * std::pow(n, static_cast<double>(q) - 2) * std::pow(beta, static_cast<double>(q) - 1);
  return out;
}

namespace {

using Series = Jet<double>;  // in s

// Excess free energy per particle of the one-component plasma over kT (Slattery, Doolen & DeWitt's form of the fit).
Series plasma_excess(const Series& gamma) {
  constexpr double kA = 0.897744;
  constexpr double kB = 0.95043;
  constexpr double kC = 0.18956;
  constexpr double kD = 0.81487;
  const Series root = pow(gamma, 0.25);
  return gamma * Series(-kA) + (root * Series(kB) - Series(kC) / root) * Series(4.0) - log(gamma) * Series(kD) +
         Series(kA - 4 * (kB - kC) - 0.4363);
}

// g' and g'' at a radius that is itself a series in s.
struct Slopes {
  Series first;
  Series second;
};
Slopes slopes(const RadialFunction& g, const Series& r) {
  const Jet<Series> jet = g(Jet<Series>(std::vector<Series>{r, Series(1.0), Series(0.0)}));
  return {jet[1], jet[2] * Series(2.0)};
}

// The edge of U + s f: h(R) + s R^(d-1) f'(R) = 1 by Newton's method on series.
Series tilted_edge(const Trap& trap, const RadialFunction& f, double edge, std::size_t m) {
  const int d = trap.dimension;
  const auto s = Series::variable(0.0, m);
  Series moved = Series(std::vector<double>(m + 1, 0.0)) + Series(edge);
  for (std::size_t correct = 1; correct <= m; correct *= 2) {
    const Slopes u = slopes(trap.potential, moved);
    const Slopes g = slopes(f, moved);
    const Series weight = power(moved, static_cast<unsigned>(d - 1));
    const Series h = weight * (u.first + s * g.first);
    Series rate = weight * (u.second + s * g.second);
    if (d > 1) rate = rate + h * Series(static_cast<double>(d - 1)) / moved;
    moved = moved - (h - Series(1.0)) / rate;
  }
  return moved;
}

}  // namespace

std::vector<double> edge_series(const Trap& trap, const RadialFunction& f, int order) {
  require_order(order);
  const auto edge = require_ball<double>(trap);
  require_smooth(f, edge);
  const auto m = static_cast<std::size_t>(order);
  const Series moved = tilted_edge(trap, f, edge, m);
  std::vector<double> out(m + 1);
  for (std::size_t i = 0; i <= m; ++i) out[i] = moved[i];
  return out;
}

std::vector<double> finite_n_correction(const Trap& trap, const RadialFunction& f, int order, double n, double beta) {
  require_order(order);
  const int d = trap.dimension;
  if (d > 3) throw InputError(fmt::format("the finite-N correction is known for d = 1, 2, 3, not {}", d));
  if (!(beta > 0)) throw InputError(fmt::format("beta must be positive, not {}", beta));
  if (!(n >= 2)) throw InputError(fmt::format("at least 2 charges are needed, not {}", n));
  const auto edge = require_ball<double>(trap);
  require_smooth(f, edge);
  const auto m = static_cast<std::size_t>(order);
  const double surface = sphere_surface(d);
  const auto s = Series::variable(0.0, m);

  const auto weight = [&](const Series& r) { return power(r, static_cast<unsigned>(d - 1)); };
  const Series moved = tilted_edge(trap, f, edge, m);
  const double factor = d == 2 ? (1 / beta - 0.25) / n : 1 / (beta * n);
  Series total(std::vector<double>(m + 1, 0.0));
  const linalg::Quadrature rule = linalg::gauss_legendre(80);
  for (Eigen::Index i = 0; i < rule.nodes.size(); ++i) {
    const double at = 0.5 * (1 + rule.nodes[i]);
    const Series r = moved * Series(at);
    const Slopes u = slopes(trap.potential, r);
    const Slopes g = slopes(f, r);
    Series density = u.second + s * g.second;
    if (d > 1) density = density + (u.first + s * g.first) * Series(static_cast<double>(d - 1)) / r;
    density = density * Series(1 / surface);
    Series local = log(density);
    if (d == 3) {
      constexpr double kThird = 4.18879020478639098;  // 4 pi / 3
      const Series gamma = pow(density * Series(kThird), 1.0 / 3) * Series(beta * std::cbrt(n));
      local = local + plasma_excess(gamma.value() >= 1 ? gamma : Series(1.0));
    }
    total = total + weight(r) * density * local * moved * Series(0.5 * rule.weights[i] * surface);
  }
  std::vector<double> correction(m + 1, 0.0);
  double factorial = 1;
  for (std::size_t q = 1; q <= m; ++q) {
    factorial *= static_cast<double>(q);
    correction[q] = (q % 2 == 0 ? -1.0 : 1.0) * factorial * factor * total[q];
  }
  return correction;
}

}  // namespace offprint::coulomb
