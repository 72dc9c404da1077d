// The leading singular triplets of a matrix that is known by its products: randomized range finder with power
// iterations (Halko, Martinsson, Tropp 2011).
#pragma once

#include <functional>

#include <Eigen/Core>

#include "offprint/core/random.hpp"
#include "offprint/linalg/lapack.hpp"

namespace offprint::linalg {

/// A `rows` x `columns` matrix A known by its action on blocks of vectors. x and y are column-major with any outer
/// stride and do not overlap; calls come from one thread at a time.
struct RectangularOperator {
  Eigen::Index rows = 0;
  Eigen::Index columns = 0;
  /// y = A x, x columns x k, y rows x k.
  std::function<void(const Eigen::Ref<const Eigen::MatrixXd>& x, Eigen::Ref<Eigen::MatrixXd> y)> apply{};
  /// y = A^T x, x rows x k, y columns x k.
  std::function<void(const Eigen::Ref<const Eigen::MatrixXd>& x, Eigen::Ref<Eigen::MatrixXd> y)> apply_transpose{};
};

struct RandomizedSvdOptions {
  /// Columns sampled beyond `rank`. 10 makes failure improbable (HMT, section 4.2).
  Eigen::Index oversampling = 10;
  /// Passes with A A^T, which sharpen the spectrum: each costs two products with blocks. 2 serves slowly decaying
  /// spectra such as those of term-document matrices; 0 serves quickly decaying ones.
  Eigen::Index power_iterations = 2;
  std::function<void()> poll{};  ///< called before each product; may throw to stop (Ctrl-C)
};

/// The `rank` largest singular values s (descending), with left vectors u (rows x rank) and right vectors v_adjoint
/// (rank x columns), both orthonormal. With l = min(rank + oversampling, rows, columns) it takes 2 + 2 power_iterations
/// products with blocks of l vectors, and O((rows + columns) l^2) flops beside; memory O((rows + columns) l). Blocks
/// are orthonormalised between products, so that small singular values are not lost to rounding. The test matrix is
/// drawn from `stream`: the same stream gives the same result, bit for bit.
///
/// The expected spectral error of U U^T A is at most (HMT, corollary 10.10), with k = rank, p = oversampling >= 2,
/// q = power_iterations: (1 + sqrt(k / (p - 1)) + e sqrt(k + p) / p sqrt(min(rows, columns) - k))^(1 / (2 q + 1))
/// sigma_(k+1), for the space before it is cut to k; cutting adds at most sigma_(k+1). Exact to rounding when
/// l = min(rows, columns).
///
/// Throws InputError unless 1 <= rank <= min(rows, columns), oversampling >= 0 and power_iterations >= 0; Error when a
/// product is not finite.
[[nodiscard]] Svd<double> randomized_svd(const RectangularOperator& a, Eigen::Index rank, Stream stream,
                                         const RandomizedSvdOptions& options = {});

}  // namespace offprint::linalg
