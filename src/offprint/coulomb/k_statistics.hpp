// Cumulants from samples: unbiased k-statistics with jackknife errors, and how independent the samples are.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace offprint::coulomb {

inline constexpr int kMaxOrder = 8;

/// Sums of (x - centre)^q, q = 1..8. A centre near the mean keeps the digits: about 0 they would all cancel.
class PowerSums {
 public:
  PowerSums() : PowerSums(0) {}
  explicit PowerSums(double centre) : centre_(centre), sums_(kMaxOrder + 1, 0.0L) {}
  void add(double x) {
    const long double step = static_cast<long double>(x) - centre_;
    long double power = 1;
    for (auto& sum : sums_) {
      sum += power;
      power *= step;
    }
  }
  /// Throws Error when the centres differ.
  PowerSums& operator+=(const PowerSums& other);
  PowerSums& operator-=(const PowerSums& other);
  [[nodiscard]] double centre() const { return centre_; }
  [[nodiscard]] double count() const { return static_cast<double>(sums_[0]); }
  [[nodiscard]] long double sum(std::size_t q) const { return sums_[q]; }

  template <class Archive>
  void serialize(Archive& archive) {
    archive(centre_, sums_);
  }

 private:
  double centre_;
  std::vector<long double> sums_;  // entry 0 counts
};

/// The k-statistics k_1..k_order (Fisher 1929): the symmetric unbiased estimators of the cumulants of independent
/// samples; entry 0 is 0. Orders up to 8; NaN where there are fewer samples than the order. Sums over partitions, so
/// that every order comes from one formula.
[[nodiscard]] std::vector<double> k_statistics(const PowerSums& sums, int order);

struct CumulantEstimate {
  double value = 0;
  double error = 0;  ///< standard error

  template <class Archive>
  void serialize(Archive& archive) {
    archive(value, error);
  }
};
/// k_1..k_order of all blocks together, with the delete-one-block jackknife's error. Blocks must be longer than the
/// autocorrelation time; then the error is honest for correlated samples too. Throws InputError for fewer than 2
/// blocks.
[[nodiscard]] std::vector<CumulantEstimate> jackknife_cumulants(std::span<const PowerSums> blocks, int order);

/// Integrated autocorrelation time 1 + 2 sum rho_t of one chain, cut at the first t >= 5 tau (Sokal); 1 for independent
/// samples, below 1 for anticorrelated ones. NaN for a constant chain or fewer than 10 samples. O(n tau).
[[nodiscard]] double autocorrelation_time(std::span<const double> chain);
/// The Gelman-Rubin R-hat of chains of equal length, each split in half: near 1 when they agree. NaN for fewer than 4
/// samples.
[[nodiscard]] double split_r_hat(std::span<const std::vector<double>> chains);
/// The same from the sums of pieces of equal length (the halves of chains).
[[nodiscard]] double r_hat(std::span<const PowerSums> pieces);

}  // namespace offprint::coulomb
