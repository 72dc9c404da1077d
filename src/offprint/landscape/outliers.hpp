// How many eigenvalues of a loss Hessian stand clear of its bulk.
#pragma once

#include <span>
#include <vector>

#include <Eigen/Core>

namespace offprint::landscape {

struct Gap {
  Eigen::Index count = 0;  ///< eigenvalues above the gap
  double ratio = 0.0;      ///< lambda_count / lambda_{count+1}; infinite when what follows is not positive
};

struct Outliers {
  Gap largest;                  ///< the largest ratio: its count is the number of outliers
  bool clear = false;           ///< largest.ratio >= 1.5; otherwise there is "no clear gap"
  std::vector<Gap> candidates;  ///< every gap with a ratio >= 1.5, since the largest may sit inside the outliers
};

/// Number of outliers of a spectrum: the position of the largest ratio lambda_i / lambda_{i+1} among the first 2 K + 2,
/// for K classes. With softmax cross-entropy K - 1 are expected (the loss's second derivative kills the all-ones logit
/// direction); Sagun et al. 2017 speak of "about k". `values`: eigenvalues, algebraically largest first; at least two.
/// Ratios are taken only between positive eigenvalues and their successor. Throws InputError for fewer than two values,
/// values that are not sorted or not finite, a largest one that is not positive, or K < 1. O(K).
[[nodiscard]] Outliers count_outliers(std::span<const double> values, Eigen::Index classes);

}  // namespace offprint::landscape
