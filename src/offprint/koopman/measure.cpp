// Circle measures.
#include "offprint/koopman/measure.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

#include <fmt/core.h>

#include "offprint/core/error.hpp"

namespace offprint::koopman {
namespace {

constexpr double kPi = std::numbers::pi;

// min over c of sum_i length_i |value_i - c|: at the weighted median.
struct Piece {
  double value;
  double length;
};
double distance_to_median(std::vector<Piece>& pieces) {
  std::sort(pieces.begin(), pieces.end(), [](const Piece& a, const Piece& b) { return a.value < b.value; });
  double total = 0.0;
  for (const auto& p : pieces) total += p.length;
  double below = 0.0;
  double median = 0.0;
  for (const auto& p : pieces) {
    median = p.value;
    below += p.length;
    if (below >= 0.5 * total) break;
  }
  double sum = 0.0;
  for (const auto& p : pieces) sum += p.length * std::abs(p.value - median);
  return sum;
}

double positive_mass(double mass) {
  if (!(mass > 0.0)) throw InputError("a measure of mass 0 has no Wasserstein distance to another");
  return mass;
}

}  // namespace

double wrap_angle(double theta) {
  const double turns = theta / (2 * kPi);
  double wrapped = theta - 2 * kPi * std::floor(turns + 0.5);
  if (wrapped >= kPi) wrapped -= 2 * kPi;
  return std::max(wrapped, -kPi);
}

AtomicMeasure::AtomicMeasure(std::span<const double> angles, std::span<const double> masses) {
  if (angles.size() != masses.size())
    throw InputError(fmt::format("{} angles but {} masses: an atom needs both", angles.size(), masses.size()));
  if (angles.empty()) throw InputError("an atomic measure needs at least one atom");
  std::vector<std::size_t> order(angles.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::vector<double> wrapped(angles.size());
  for (std::size_t i = 0; i < angles.size(); ++i) {
    if (!std::isfinite(angles[i]) || !(masses[i] >= 0.0) || !std::isfinite(masses[i]))
      throw InputError(fmt::format("atom {} has angle {} and mass {}: angles must be finite, masses not negative",
                                   i + 1, angles[i], masses[i]));
    wrapped[i] = wrap_angle(angles[i]);
  }
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return wrapped[a] < wrapped[b]; });
  for (const std::size_t i : order) {
    angles_.push_back(wrapped[i]);
    masses_.push_back(masses[i]);
  }
}

double AtomicMeasure::mass() const { return std::accumulate(masses_.begin(), masses_.end(), 0.0); }

double AtomicMeasure::cdf(double theta) const {
  const auto end = std::upper_bound(angles_.begin(), angles_.end(), theta) - angles_.begin();
  return std::accumulate(masses_.begin(), masses_.begin() + end, 0.0);
}

double circle_wasserstein(const AtomicMeasure& a, const AtomicMeasure& b) {
  const double mass_a = positive_mass(a.mass());
  const double mass_b = positive_mass(b.mass());
  std::vector<Piece> pieces;
  double at = -kPi;
  double difference = 0.0;
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < a.angles().size() || j < b.angles().size()) {
    const bool from_a = j == b.angles().size() || (i < a.angles().size() && a.angles()[i] <= b.angles()[j]);
    const double next = from_a ? a.angles()[i] : b.angles()[j];
    pieces.push_back({difference, next - at});
    at = next;
    difference += from_a ? a.masses()[i++] / mass_a : -b.masses()[j++] / mass_b;
  }
  pieces.push_back({difference, kPi - at});
  return distance_to_median(pieces);
}

double circle_wasserstein(const AtomicMeasure& a, const std::function<double(double)>& cdf, int samples) {
  const double mass_a = positive_mass(a.mass());
  const double mass = positive_mass(cdf(kPi));
  std::vector<Piece> pieces;
  double at = -kPi;
  double left = 0.0;  // mass of the atoms up to `at`
  for (std::size_t i = 0; i <= a.angles().size(); ++i) {
    const double next = i < a.angles().size() ? a.angles()[i] : kPi;
    const int nodes = static_cast<int>(std::ceil(samples * (next - at) / (2 * kPi)));
    for (int k = 0; k < nodes; ++k) {
      const double theta = at + (next - at) * (k + 0.5) / nodes;
      pieces.push_back({left / mass_a - cdf(theta) / mass, (next - at) / nodes});
    }
    at = next;
    if (i < a.angles().size()) left += a.masses()[i];
  }
  return distance_to_median(pieces);
}

}  // namespace offprint::koopman
