#include "offprint/kinetic/rayleigh_rate.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include <fmt/format.h>

#include "offprint/core/error.hpp"

namespace offprint::kinetic {

namespace {

constexpr double kPi = std::numbers::pi;

void require_exponent(double a, bool soft) {
  if (!(a > -1) || !(a < 3)) {
    throw InputError(
        fmt::format("gamma = {}: gamma must lie in (-3, 1): at -3 and below the collision rate |w - w*|^gamma is not "
                    "integrable, at 1 and above it grows too fast with speed for this process",
                    -a));
  }
  if (soft && a < 0) throw InputError(fmt::format("gamma = {}: these tables are for gamma in (-3, 0]", -a));
}

// (a/2)_k ((a-1)/2)_k / k!, k = 1..4
std::vector<double> tail_coefficients(double a) {
  std::vector<double> c;
  double term = 1;
  for (int k = 0; k < 4; ++k) {
    term *= (a / 2 + k) * ((a - 1) / 2 + k) / (k + 1);
    c.push_back(term);
  }
  return c;
}

double tail_sum(const std::vector<double>& c, double r) {
  const double x = 2 / (r * r);
  return 1 + x * (c[0] + x * (c[1] + x * (c[2] + x * c[3])));
}

}  // namespace

double mean_inverse_power(double a, double r) {
  require_exponent(a, false);
  if (r >= RateTable::kRange) return std::pow(r, -a) * tail_sum(tail_coefficients(a), r);
  const double x = r * r / 2;
  double term = std::exp(-x);
  double sum = term;
  for (int k = 0; k < 4000; ++k) {
    term *= ((3 - a) / 2 + k) / (1.5 + k) * x / (k + 1);
    sum += term;
    if (k > x && term < 1e-17 * sum) break;
  }
  return std::pow(2.0, -a / 2) * std::tgamma((3 - a) / 2) / std::tgamma(1.5) * sum;
}

double inverse_power_bound(double a) {
  require_exponent(a, true);
  if (a <= 1) return 1;
  const auto value = [a](double r) { return std::pow(r, a) * mean_inverse_power(a, r); };
  double best = 1;
  for (int i = 5; i < 320; ++i) {
    const double r = 0.1 * i;
    if (value(r) > value(best)) best = r;
  }
  double lo = best - 0.1;
  double hi = best + 0.1;
  for (int k = 0; k < 80; ++k) {  // the function has one hump
    const double left = lo + (hi - lo) / 3;
    const double right = hi - (hi - lo) / 3;
    (value(left) < value(right) ? lo : hi) = value(left) < value(right) ? left : right;
  }
  return std::max(1.0, value(0.5 * (lo + hi))) * (1 + 1e-9);
}

RateTable::RateTable(double a) : a_(a), bound_(inverse_power_bound(a)), tail_(tail_coefficients(a)) {
  const auto cells = static_cast<std::size_t>(kRange * kCellsPerUnit);
  cubic_.resize(4 * cells);
  // The cubic through four Chebyshev points of the cell, by divided differences turned into powers.
  std::array<double, 4> place{};
  for (std::size_t j = 0; j < 4; ++j) place.at(j) = 0.5 - 0.5 * std::cos(kPi * (2 * static_cast<double>(j) + 1) / 8);
  for (std::size_t cell = 0; cell < cells; ++cell) {
    std::array<double, 4> f{};
    for (std::size_t j = 0; j < 4; ++j)
      f.at(j) = mean_inverse_power(a, (static_cast<double>(cell) + place.at(j)) / kCellsPerUnit);
    for (std::size_t order = 1; order < 4; ++order)
      for (std::size_t j = 3; j >= order; --j) f.at(j) = (f.at(j) - f.at(j - 1)) / (place.at(j) - place.at(j - order));
    std::array<double, 4> c{f[3], 0, 0, 0};
    for (std::size_t j = 3; j-- > 0;) {
      for (std::size_t power = 3; power > 0; --power) c.at(power) = c.at(power - 1) - place.at(j) * c.at(power);
      c[0] = f.at(j) - place.at(j) * c[0];
    }
    std::copy(c.begin(), c.end(), cubic_.begin() + static_cast<std::ptrdiff_t>(4 * cell));
  }
  const double excess = 1 / (3 - a) - 1.0 / 3;
  const auto inner = static_cast<std::size_t>(kRange * kCoarsePerUnit);
  const auto outer = static_cast<std::size_t>((kLogEnd - std::log(kRange)) * kLogCellsPerUnit) + 1;
  double radius = 1;
  for (std::size_t cell = 0; cell < inner + outer; ++cell) {
    const double least = cell < inner ? static_cast<double>(cell) / kCoarsePerUnit
                                      : kRange * std::exp(static_cast<double>(cell - inner) / kLogCellsPerUnit);
    const auto masses = [&](double r) {
      const double gap = std::max(least - r, 0.0);
      const double top = std::pow(2 * kPi, -1.5) * std::exp(-gap * gap / 2);
      const double power = std::pow(r, -a);
      return std::array{power, 4 * kPi * top * power * r * r * r * excess};
    };
    // The least total mass, from the last cell's radius on (whose mass falls with |w|); far out R falls short of |w| by
    // a few standard deviations.
    auto mass = masses(radius);
    for (int i = -60; i < 320; ++i) {
      const double r = least - 0.05 * i;
      if (r < 0.2) break;
      const auto here = masses(r);
      if (here[0] + here[1] >= mass[0] + mass[1]) continue;
      radius = r;
      mass = here;
    }
    const double total = mass[0] + mass[1];
    const double gap = std::max(least - radius, 0.0);
    envelope_.insert(envelope_.end(), {mass[0] / total, radius, a * std::log(radius), gap * gap / 2, total, 1 / total});
  }
}

double RateTable::operator()(double r) const {
  if (r >= kRange) return std::pow(r, -a_) * tail_sum(tail_, r);
  const double place = r * kCellsPerUnit;
  const auto cell = static_cast<std::size_t>(place);
  const double v = place - static_cast<double>(cell);
  const double* c = &cubic_[4 * cell];
  return c[0] + v * (c[1] + v * (c[2] + v * c[3]));
}

std::size_t RateTable::envelope_cell(double r) const {
  if (r < kRange) return static_cast<std::size_t>(r * kCoarsePerUnit);
  const auto cell = static_cast<std::size_t>(kRange * kCoarsePerUnit) +
                    static_cast<std::size_t>((std::log(r) - std::log(kRange)) * kLogCellsPerUnit);
  return std::min(cell, envelope_.size() / kEnvelopeWidth - 1);
}

double RateTable::acceptance(double r) const { return (*this)(r) / envelope_[kEnvelopeWidth * envelope_cell(r) + 4]; }

}  // namespace offprint::kinetic
