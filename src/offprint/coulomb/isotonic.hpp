// Bounded isotonic regression: the nearest nondecreasing sequence within bounds, by pooling adjacent violators.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace offprint::coulomb {

/// A run of equal values in the solution: elements first..last (inclusive).
struct IsotonicBlock {
  std::size_t first = 0;
  std::size_t last = 0;
  double value = 0;
};

/// The blocks of the minimiser of sum_i w_i (x_i - y_i)^2 over nondecreasing x with lo <= x_i <= hi: the pooled means
/// of the unbounded problem, clipped, which is exact (Barlow et al., "Statistical Inference under Order Restrictions",
/// 1972). Weights positive. O(n). Throws Error when the lengths differ.
[[nodiscard]] std::vector<IsotonicBlock> isotonic_blocks(std::span<const double> y, std::span<const double> weight,
                                                         double lo, double hi);
/// The same, element by element.
[[nodiscard]] std::vector<double> isotonic_regression(std::span<const double> y, std::span<const double> weight,
                                                      double lo, double hi);

}  // namespace offprint::coulomb
