#include "offprint/coulomb/equilibrium.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include <fmt/format.h>

#include "offprint/core/error.hpp"

namespace offprint::coulomb {

double sphere_surface(int d) { return 2 * std::pow(std::numbers::pi, 0.5 * d) / std::tgamma(0.5 * d); }

namespace {

template <class T>
T charge(const Trap& trap, T r) {
  const Jet<T> u = trap.potential(Jet<T>::variable(r, 1));
  return power(r, static_cast<unsigned>(trap.dimension - 1)) * u[1];
}

}  // namespace

double enclosed_charge(const Trap& trap, double r) { return charge(trap, r); }

template <class T>
T droplet_edge(const Trap& trap) {
  if (trap.dimension < 1)
    throw InputError(fmt::format("the dimension {} must be a whole number from 1", trap.dimension));
  if (!trap.potential.is_smooth())
    throw InputError(fmt::format("the potential {} has a step; a trap must be smooth", trap.potential.name()));
  constexpr double kFirst = 1e-4;
  constexpr double kLast = 1e6;
  const double ratio = std::pow(10.0, 1.0 / 40);
  double below = 0;
  double above = kFirst;
  double most = -std::numeric_limits<double>::infinity();
  for (;; below = above, above *= ratio) {
    if (above > kLast)
      throw InputError(fmt::format(
          "the trap {} does not hold the charges: r^{} U'(r) stays below 1 (largest {:.6g} up to r = {:g}, where it "
          "has to reach 1)",
          trap.potential.name(), trap.dimension - 1, most, kLast));
    const double h = charge(trap, above);
    if (std::isnan(h) || std::isnan(trap.potential(above)))
      throw InputError(fmt::format("the potential {} is not defined at r = {:.6g}", trap.potential.name(), above));
    most = std::max(most, h);
    if (h >= 1) break;
  }
  T lo = static_cast<T>(below);
  T hi = static_cast<T>(above);
  T r = (lo + hi) / 2;
  for (int i = 0; i < 200; ++i) {
    const auto x = Jet<T>::variable(r, 2);
    const Jet<T> slope = trap.potential(x).derivative();
    const Jet<T> h = power(x.truncated(1), static_cast<unsigned>(trap.dimension - 1)) * slope;
    const T miss = h[0] - 1;
    (miss >= 0 ? hi : lo) = r;
    T next = r - miss / h[1];
    if (!(next > lo && next < hi)) next = (lo + hi) / 2;
    const bool done = std::abs(next - r) <= 2 * std::numeric_limits<T>::epsilon() * r;
    r = next;
    if (done || lo == hi) break;
  }
  return r;
}

template double droplet_edge<double>(const Trap&);
template long double droplet_edge<long double>(const Trap&);

std::optional<double> negative_density(const Trap& trap, double edge, int points) {
  double largest = 0;
  for (int i = 1; i <= points; ++i) {
    const double r = edge * i / points;
    const double density = laplacian(trap.potential, trap.dimension, r, 0)[0];
    largest = std::max(largest, std::abs(density));
    if (!(density >= -1e-10 * largest)) return r;
  }
  return std::nullopt;
}

template <class T>
T require_ball(const Trap& trap) {
  const T edge = droplet_edge<T>(trap);
  if (const auto r = negative_density(trap, static_cast<double>(edge)))
    throw InputError(fmt::format(
        "the droplet of {} is not a ball (its density would be negative at r = {:.4g}): the formulas for the ball do "
        "not apply; rate-function still does",
        trap.potential.name(), *r));
  return edge;
}

template double require_ball<double>(const Trap&);
template long double require_ball<long double>(const Trap&);

void require_smooth(const RadialFunction& f, double edge) {
  if (!f.is_smooth())
    throw InputError(fmt::format(
        "the statistic {} has a jump, and the formulas need a smooth function; counts of charges within a radius (r < "
        "a) have a route of their own for d = 2, beta = 2",
        f.name()));
  constexpr int kPoints = 400;
  for (int i = 1; i <= kPoints; ++i) {
    const double r = edge * i / kPoints;
    const auto jet = f(Jet<double>::variable(r, 2));
    if (!std::isfinite(jet[0]) || !std::isfinite(jet[1]) || !std::isfinite(jet[2]))
      throw InputError(
          fmt::format("the statistic {} is not finite (or not twice differentiable) at r = {:.6g}, inside the droplet "
                      "of radius {:.6g}",
                      f.name(), r, edge));
  }
}

double curvature_ratio(const Trap& trap, const RadialFunction& f) {
  const auto edge = droplet_edge<double>(trap);
  double most = 0;
  constexpr int kPoints = 1000;
  for (int i = 1; i <= kPoints; ++i)
    most = std::max(most, std::abs(laplacian(f, trap.dimension, edge * i / kPoints, 0)[0]));
  return most / std::abs(f(Jet<double>::variable(edge, 1))[1]);
}

}  // namespace offprint::coulomb
