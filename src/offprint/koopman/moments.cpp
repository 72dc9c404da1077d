// Moments, filters and filtered densities.
#include "offprint/koopman/moments.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string>

#include <fmt/core.h>

#include "offprint/core/error.hpp"
#include "offprint/linalg/fft.hpp"

namespace offprint::koopman {
namespace {

using Complex = std::complex<double>;
constexpr double kTwoPi = 2.0 * std::numbers::pi;

bool finite(double v) { return std::isfinite(v); }
bool finite(const Complex& v) { return std::isfinite(v.real()) && std::isfinite(v.imag()); }

template <class Scalar>
std::vector<Complex> moments_of(std::span<const Scalar> g, std::size_t count) {
  if (count >= g.size())
    throw InputError(
        fmt::format("{} moments need more than {} samples, the trajectory has {}", count, count, g.size()));
  for (std::size_t m = 0; m < g.size(); ++m)
    if (!finite(g[m])) throw InputError(fmt::format("the observable is not finite at sample {}", m + 1));
  const auto sums = linalg::autocorrelation(g, count + 1);
  std::vector<Complex> a(count + 1);
  for (std::size_t n = 0; n <= count; ++n) a[n] = Complex(sums[n]) / (kTwoPi * static_cast<double>(g.size() - n));
  return a;
}

// phi(n/Nm) a_n, n = 0..Nm.
std::vector<Complex> damped(std::span<const Complex> a, Filter filter) {
  if (a.size() < 2) throw InputError("a filtered density needs at least the moments 0 and 1");
  std::vector<Complex> c(a.begin(), a.end());
  const auto last = static_cast<double>(a.size() - 1);
  for (std::size_t n = 0; n < c.size(); ++n) c[n] *= filter_value(filter, static_cast<double>(n) / last);
  return c;
}

}  // namespace

Filter filter_from_name(std::string_view name) {
  if (name == "fejer") return Filter::fejer;
  if (name == "cosine") return Filter::cosine;
  if (name == "vand" || name == "vandermonde") return Filter::vandermonde;
  if (name == "sharp-cosine") return Filter::sharp_cosine;
  if (name == "bump") return Filter::bump;
  const std::vector<std::string> known{"fejer", "cosine", "vandermonde", "sharp-cosine", "bump"};
  throw InputError(fmt::format("unknown filter '{}'{}", name, suggestion(name, known)));
}

double filter_value(Filter filter, double x) {
  x = std::abs(x);
  if (x >= 1.0) return 0.0;
  if (x == 0.0) return 1.0;
  switch (filter) {
    case Filter::fejer:
      return 1.0 - x;
    case Filter::cosine:
      return 0.5 * (1.0 + std::cos(std::numbers::pi * x));
    case Filter::vandermonde:
      return 1.0 - x * x * x * x * (35.0 + x * (-84.0 + x * (70.0 - 20.0 * x)));
    case Filter::sharp_cosine: {
      const double c = 0.5 * (1.0 + std::cos(std::numbers::pi * x));
      return c * c * c * c * (35.0 + c * (-84.0 + c * (70.0 - 20.0 * c)));
    }
    case Filter::bump:
      return std::exp(-2.0 / (1.0 - x) * std::exp(-0.109550455106347 / (x * x * x * x)));
  }
  return 0.0;
}

std::vector<Complex> moments(std::span<const double> g, std::size_t count) { return moments_of(g, count); }
std::vector<Complex> moments(std::span<const Complex> g, std::size_t count) { return moments_of(g, count); }

std::vector<double> filtered_density(std::span<const Complex> a, Filter filter, std::span<const double> angles,
                                     const Parallel& how) {
  const std::vector<Complex> c = damped(a, filter);
  std::vector<double> density(angles.size());
  constexpr std::size_t kBlock = 64;
  parallel_for((angles.size() + kBlock - 1) / kBlock, how, [&](std::size_t b) {
    for (std::size_t i = b * kBlock; i < std::min(angles.size(), (b + 1) * kBlock); ++i) {
      const Complex w = std::polar(1.0, angles[i]);
      Complex sum = 0.0;  // Horner
      for (std::size_t n = c.size() - 1; n >= 1; --n) sum = (sum + c[n]) * w;
      density[i] = c[0].real() + 2.0 * sum.real();
    }
  });
  return density;
}

std::vector<double> filtered_density_grid(std::span<const Complex> a, Filter filter, std::size_t points) {
  const std::vector<Complex> c = damped(a, filter);
  if (points < 2 * (c.size() - 1) + 1)
    throw InputError(fmt::format("{} grid points cannot show {} moments: use at least {}", points, c.size() - 1,
                                 2 * (c.size() - 1) + 1));
  // theta_k = -pi + 2 pi k/points: the factor e^{-i pi n} alternates the sign of the moments.
  std::vector<Complex> values(points, 0.0);
  for (std::size_t n = 0; n < c.size(); ++n) {
    const Complex term = n % 2 == 0 ? c[n] : -c[n];
    if (n == 0)
      values[0] = term.real();
    else {
      values[n] = term;
      values[points - n] = std::conj(term);
    }
  }
  linalg::ComplexFft(points).inverse(values);
  std::vector<double> density(points);
  for (std::size_t k = 0; k < points; ++k) density[k] = values[k].real() * static_cast<double>(points);
  return density;
}

double point_mass(std::span<const Complex> a, double theta) {
  const double angle[] = {theta};
  const double peak = static_cast<double>(a.size() - 1) / kTwoPi;
  return filtered_density(a, Filter::fejer, angle, Parallel{1, {}, {}})[0] / peak;
}

std::vector<Atom> find_atoms(std::span<const Complex> a, double threshold) {
  if (a.size() < 9)
    throw InputError(fmt::format("{} moments cannot tell atoms from density: give at least 8", a.size() - 1));
  const std::size_t points = 8 * (a.size() - 1);
  const double step = kTwoPi / static_cast<double>(points);
  const double total = kTwoPi * a[0].real();
  const auto density = filtered_density_grid(a, Filter::fejer, points);
  const auto half = a.first(a.size() / 2 + 1);
  std::vector<Atom> atoms;
  for (std::size_t k = 0; k < points; ++k) {
    const double before = density[(k + points - 1) % points];
    const double after = density[(k + 1) % points];
    if (!(density[k] > before && density[k] >= after)) continue;
    // The vertex of the parabola through the three values: the peak is 8 steps wide.
    const double shift = 0.5 * (before - after) / (before - 2 * density[k] + after);
    Atom atom;
    atom.angle = -std::numbers::pi + step * (static_cast<double>(k) + shift);
    if (atom.angle <= -std::numbers::pi) atom.angle += kTwoPi;
    atom.mass = point_mass(a, atom.angle);
    if (!(atom.mass >= threshold * total)) continue;
    atom.persistence = atom.mass / point_mass(half, atom.angle);
    if (atom.persistence >= 0.75) atoms.push_back(atom);
  }
  std::stable_sort(atoms.begin(), atoms.end(), [](const Atom& x, const Atom& y) { return x.mass > y.mass; });
  return atoms;
}

}  // namespace offprint::koopman
