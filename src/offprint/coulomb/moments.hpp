// Moments into cumulants.
#pragma once

#include <vector>

namespace offprint::coulomb {

/// Cumulants 1..Q from the moments m_1..m_Q about any point (entry 0 of both is 0 and 1):
/// kappa_q = m_q - sum_j C(q-1, j-1) kappa_j m_(q-j). kappa_1 is the mean about that point.
[[nodiscard]] inline std::vector<double> cumulants_from_moments(const std::vector<double>& moments) {
  std::vector<double> k(moments.size(), 0.0);
  for (std::size_t q = 1; q < k.size(); ++q) {
    double sum = moments[q];
    double binomial = 1;  // C(q-1, j-1)
    for (std::size_t j = 1; j < q; ++j) {
      sum -= binomial * k[j] * moments[q - j];
      binomial *= static_cast<double>(q - j) / static_cast<double>(j);
    }
    k[q] = sum;
  }
  return k;
}

}  // namespace offprint::coulomb
