// Measures on the unit circle (angles in [-pi, pi)): cumulative functions and the circle's Wasserstein-1 distance.
#pragma once

#include <functional>
#include <span>
#include <vector>

namespace offprint::koopman {

/// Point masses on the circle, sorted by angle in [-pi, pi).
class AtomicMeasure {
 public:
  /// Angles are wrapped (pi becomes -pi) and sorted. Throws InputError for unequal lengths, no atoms, non-finite
  /// angles, or a negative or non-finite mass.
  AtomicMeasure(std::span<const double> angles, std::span<const double> masses);

  [[nodiscard]] const std::vector<double>& angles() const { return angles_; }
  [[nodiscard]] const std::vector<double>& masses() const { return masses_; }
  [[nodiscard]] double mass() const;
  /// Mass of [-pi, theta].
  [[nodiscard]] double cdf(double theta) const;

 private:
  std::vector<double> angles_;
  std::vector<double> masses_;
};

/// The angle in [-pi, pi) equal to theta modulo 2 pi.
[[nodiscard]] double wrap_angle(double theta);

/// Wasserstein-1 distance on the circle in radians, of the two measures scaled to mass 1: the minimum over the cut c of
/// the integral of |F1 - F2 - c|, reached at the median of F1 - F2 (Rabin, Delon & Gousseau 2011). Exact for atoms.
/// O(n log n). Throws InputError for a measure of mass 0.
[[nodiscard]] double circle_wasserstein(const AtomicMeasure& a, const AtomicMeasure& b);

/// The same against a continuous measure given by its cumulative function on [-pi, pi] (0 at -pi, its mass at pi). The
/// integral is a midpoint rule with `samples` nodes shared out over the gaps between atoms; error O(samples^-2).
[[nodiscard]] double circle_wasserstein(const AtomicMeasure& a, const std::function<double(double)>& cdf,
                                        int samples = 1 << 16);

}  // namespace offprint::koopman
