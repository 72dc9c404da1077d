#include "offprint/coulomb/exact_samples.hpp"

#include <cmath>

#include <fmt/format.h>

#include "offprint/core/error.hpp"
#include "offprint/linalg/lapack.hpp"

namespace offprint::coulomb {

std::vector<double> ginibre_radii(long n, Stream& random) {
  if (n < 1) throw InputError(fmt::format("the number of charges must be positive, not {}", n));
  std::vector<double> radii;
  radii.reserve(static_cast<std::size_t>(n));
  for (long k = 1; k <= n; ++k)
    radii.push_back(std::sqrt(random.gamma(static_cast<double>(k)) / static_cast<double>(n)));
  return radii;
}

std::vector<std::complex<double>> ginibre_eigenvalues(long n, Stream& random) {
  if (n < 1) throw InputError(fmt::format("the number of charges must be positive, not {}", n));
  std::vector<double> parts(2 * static_cast<std::size_t>(n) * static_cast<std::size_t>(n));
  random.fill_normal(parts);
  const double scale = 1 / std::sqrt(2.0 * static_cast<double>(n));
  linalg::Matrix<linalg::Complex> matrix(n, n);
  for (Eigen::Index j = 0; j < n; ++j)
    for (Eigen::Index i = 0; i < n; ++i) {
      const auto at = 2 * static_cast<std::size_t>(j * n + i);
      matrix(i, j) = scale * linalg::Complex(parts[at], parts[at + 1]);
    }
  const auto values = linalg::eigen_values(matrix);
  return {values.data(), values.data() + n};
}

}  // namespace offprint::coulomb
