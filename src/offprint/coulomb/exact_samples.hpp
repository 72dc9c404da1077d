// Independent samples of the Ginibre gas (d = 2, beta = 2, U = r^2/2): radii in O(N), positions by eigenvalues.
#pragma once

#include <complex>
#include <vector>

#include "offprint/core/random.hpp"

namespace offprint::coulomb {

/// The radii of one configuration of n charges: N r_k^2 ~ Gamma(k, 1), independent (Kostlan 1992). Enough for any
/// radial statistic. O(n).
[[nodiscard]] std::vector<double> ginibre_radii(long n, Stream& random);

/// The positions of one configuration: eigenvalues of an n x n matrix of independent complex normals of variance 1/n
/// (LAPACK's geev). O(n^3).
[[nodiscard]] std::vector<std::complex<double>> ginibre_eigenvalues(long n, Stream& random);

}  // namespace offprint::coulomb
