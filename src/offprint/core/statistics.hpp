// Statistics with their uncertainty: what a measurement needs to be judged.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <span>

#include "offprint/core/random.hpp"

namespace offprint {

/// A measured number, with a confidence interval when there is one.
struct Estimate {
  double value = std::numeric_limits<double>::quiet_NaN();
  std::optional<double> lo{};
  std::optional<double> hi{};
  double confidence = 0.95;

  Estimate() = default;
  Estimate(double v) : value(v) {}  // NOLINT(google-explicit-constructor): a number is an estimate without an interval
  Estimate(double v, double l, double h, double level = 0.95) : value(v), lo(l), hi(h), confidence(level) {}
  template <class Archive>
  void serialize(Archive& archive) {
    archive(value, lo, hi, confidence);
  }
};

/// Running mean and variance (Welford), mergeable in a fixed order (Chan). O(1) per value.
class MeanVariance {
 public:
  void add(double x);
  void merge(const MeanVariance& other);
  [[nodiscard]] std::size_t count() const { return count_; }
  [[nodiscard]] double mean() const { return mean_; }
  /// Unbiased; NaN for fewer than two values.
  [[nodiscard]] double variance() const;
  [[nodiscard]] double standard_deviation() const;
  /// The mean with Student's t interval. Throws InputError for fewer than two values or a level outside (0, 1).
  [[nodiscard]] Estimate mean_estimate(double confidence = 0.95) const;

 private:
  std::size_t count_ = 0;
  double mean_ = 0.0;
  double sum_squares_ = 0.0;
};

/// Mean of `values` with Student's t interval (independent, roughly normal values). Throws InputError for fewer than
/// two.
[[nodiscard]] Estimate mean_estimate(std::span<const double> values, double confidence = 0.95);

/// Proportion k/n with Wilson's score interval (Wilson 1927): the default for proportions, near-nominal coverage also
/// for small n. Throws InputError unless 0 <= k <= n, n > 0.
[[nodiscard]] Estimate wilson(std::size_t k, std::size_t n, double confidence = 0.95);

/// Proportion k/n with the Clopper-Pearson interval: coverage guaranteed to be at least `confidence`, hence wider.
[[nodiscard]] Estimate clopper_pearson(std::size_t k, std::size_t n, double confidence = 0.95);

/// Percentile bootstrap of `statistic` over `resamples` resamples (Efron 1979). Deterministic for a given stream.
/// O(resamples * cost of the statistic). Throws InputError for an empty sample.
[[nodiscard]] Estimate bootstrap(std::span<const double> values,
                                 const std::function<double(std::span<const double>)>& statistic, Stream stream,
                                 std::size_t resamples = 2000, double confidence = 0.95);

/// Least-squares line y = intercept + slope x with Student intervals (n - 2 degrees of freedom).
struct LinearFit {
  Estimate slope;
  Estimate intercept;
  double r_squared = 0.0;
};
/// Throws InputError for fewer than three points, unequal lengths or constant x.
[[nodiscard]] LinearFit linear_fit(std::span<const double> x, std::span<const double> y, double confidence = 0.95);

}  // namespace offprint
