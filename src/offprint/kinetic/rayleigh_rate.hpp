// Collision rate of a particle in a thermal background, lambda(w) = C E|w - Z|^-a with Z ~ N(0, I), and the envelopes
// that make thinning and the draw of the collision partner exact.
#pragma once

#include <cstddef>
#include <vector>

namespace offprint::kinetic {

/// E|w - Z|^-a at |w| = r: 2^(-a/2) Gamma((3-a)/2)/Gamma(3/2) 1F1(a/2; 3/2; -r^2/2), decreasing in r for a in (0, 3),
/// increasing for a in (-1, 0), where it stays below (r^2 + 3)^(-a/2). Kummer's transformed series up to r = 32 (all
/// terms positive), the asymptotic series beyond; relative error about 1e-14. Throws InputError unless -1 < a < 3
/// (beyond, the rate is not integrable). O(r^2).
[[nodiscard]] double mean_inverse_power(double a, double r);

/// S = sup over r of r^a E|w - Z|^-a: 1 for a <= 1, where |w|^-a is superharmonic; found on a grid and refined beyond,
/// with a margin of 1e-9 so that thinning with C S |w|^-a stays a bound.
[[nodiscard]] double inverse_power_bound(double a);

/// Tables of the above for inner loops, 0 <= a < 3.
///
/// Envelope of the partner's density M(z) r^-a, r = |w - z|, exact for every R > 0:
///   M(z) R^-a  +  M_max (r^-a - R^-a) for r < R,   M_max = (2 pi)^(-3/2) exp(-max(|w| - R, 0)^2/2),
/// with masses R^-a and 4 pi M_max R^(3-a) (1/(3-a) - 1/3). Component one: z ~ N(0, I), accepted with
/// min(1, (r/R)^-a). Component two: z = w + r n, accepted with M(z)/M_max; r/R = v^(1/(3-a)) u^(1/3) with uniform u, v
/// has the density r^(2-a) - r^2 R^-a, scaled, without a rejection. R is chosen for each |w| so that the total mass is
/// least; it falls with |w|, so the mass at a flight's point of closest approach bounds it along the flight.
class RateTable {
 public:
  static constexpr double kRange = 32.0;            ///< |w| up to which lambda is tabulated
  static constexpr double kCellsPerUnit = 64.0;     ///< cubic pieces of lambda; error about 2e-11
  static constexpr double kCoarsePerUnit = 4.0;     ///< cells of the envelope below kRange
  static constexpr double kLogCellsPerUnit = 16.0;  ///< cells of the envelope in ln|w| from there to kLogEnd
  static constexpr double kLogEnd = 18.5;
  static constexpr std::size_t kEnvelopeWidth = 6;

  /// Throws InputError unless 0 <= a < 3. About 10 ms.
  explicit RateTable(double a);

  [[nodiscard]] double exponent() const { return a_; }
  /// S of inverse_power_bound.
  [[nodiscard]] double bound() const { return bound_; }
  /// E|w - Z|^-a from the table. O(1).
  [[nodiscard]] double operator()(double r) const;

  /// Four coefficients a cell, in powers of the place within the cell (0 to 1).
  [[nodiscard]] const std::vector<double>& cubic() const { return cubic_; }
  /// kEnvelopeWidth numbers a cell: probability of component one, R, a ln R, max(|w| - R, 0)^2/2 at the cell's lower
  /// end, the envelope's mass and its inverse.
  [[nodiscard]] const std::vector<double>& envelope() const { return envelope_; }
  /// Coefficients of (2/r^2)^k in r^a E|w - Z|^-a for r >= kRange, k = 1..4.
  [[nodiscard]] const std::vector<double>& tail() const { return tail_; }
  /// The probability that one attempt of the draw is accepted at |w| = r.
  [[nodiscard]] double acceptance(double r) const;

 private:
  [[nodiscard]] std::size_t envelope_cell(double r) const;

  double a_;
  double bound_;
  std::vector<double> cubic_;
  std::vector<double> envelope_;
  std::vector<double> tail_;
};

}  // namespace offprint::kinetic
