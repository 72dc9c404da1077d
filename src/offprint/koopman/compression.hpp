// From snapshot pairs to the three small matrices that every Koopman question is asked of, in one pass over the data.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include <Eigen/Core>

#include "offprint/core/parallel.hpp"
#include "offprint/linalg/lapack.hpp"

namespace offprint::koopman {

using linalg::Complex;
using linalg::Matrix;
using linalg::Vector;

/// The snapshot pairs (x_m, y_m = F(x_m)) seen through a dictionary psi_1..psi_N: PX[m,j] = psi_j(x_m),
/// PY[m,j] = psi_j(y_m).
template <class Scalar>
struct PairSource {
  Eigen::Index pairs = 0;      ///< M
  Eigen::Index functions = 0;  ///< N
  /// Writes rows first .. first + px.rows() - 1 of PX and PY. Called from several threads at once, in any order.
  std::function<void(Eigen::Index first, Eigen::Ref<Matrix<Scalar>> px, Eigen::Ref<Matrix<Scalar>> py)> fill;
  /// Quadrature weights, M of them, or empty for 1/M each (ergodic or independent samples). Scaled to sum 1 by whoever
  /// reads them.
  Eigen::VectorXd weights;
};

/// A source that reads stored matrices; it keeps references, which must outlive it. Throws InputError when PX and PY
/// differ in shape.
template <class Scalar>
[[nodiscard]] PairSource<Scalar> stored_pairs(const Matrix<Scalar>& px, const Matrix<Scalar>& py,
                                              Eigen::VectorXd weights = {});

/// The Koopman operator compressed to the dictionary, in an orthonormal basis of it (QR form): with sqrt(D) PX = Q R,
/// C = sqrt(D) PY R^{-1}: a = Q* C, and the part of C outside the range of Q is kept as its triangular factor s, so
/// that L_q = C* C = a* a + s* s. Coefficient vectors of the methods are in this basis, where the norm is the L2 norm;
/// `to_raw` takes them to the dictionary the data came in.
template <class Scalar>
struct Compression {
  Matrix<Scalar> a;                   ///< A_q, n x n: the EDMD matrix
  Matrix<Scalar> s;                   ///< S, n x n upper triangular or Hermitian, S* S = L_q - A_q* A_q
  Matrix<Scalar> to_raw;              ///< N x n
  Matrix<Scalar> from_raw;            ///< n x N: orthogonal projection of a raw coefficient vector
  Eigen::Index pairs = 0;             ///< M; 0 when made from Gram matrices of unknown sample size
  Eigen::Index functions = 0;         ///< N, the raw dictionary
  Eigen::Index dropped = 0;           ///< directions with sigma_j < tolerance sigma_1, left out
  double condition = 1;               ///< sigma_1 / sigma_N of sqrt(D) PX, before dropping
  double sigma_min = 1;               ///< the smallest kept singular value of sqrt(D) PX
  double weight_sum = 1;              ///< what the weights summed to before they were scaled to 1
  std::vector<std::string> warnings;  ///< one sentence each

  [[nodiscard]] Eigen::Index size() const { return a.rows(); }  ///< n = N - dropped
  [[nodiscard]] Matrix<Scalar> l() const;                       ///< L_q = A_q* A_q + S* S
  /// Smallest and largest eigenvalue of L_q: both 1 when F preserves the weights exactly. O(n^3).
  struct Extremes {
    double smallest = 0;
    double largest = 0;
  };
  [[nodiscard]] Extremes l_extremes() const;
  /// True when n = M: every residual is 0 by interpolation and means nothing.
  [[nodiscard]] bool residuals_void() const { return pairs > 0 && size() >= pairs; }
};

struct CompressionOptions {
  double tolerance = 1e-10;  ///< directions with sigma_j < tolerance sigma_1 are dropped: the sheet's default
  Parallel parallel{};
};

/// One pass over the pairs: the R factor of the M x 2N matrix sqrt(D) [PX, PY] = [Q Q2] [R B; 0 S_0] gives a = B R^{-1}
/// and s = S_0 R^{-1} (rank-deficient PX: through the SVD of R). The M rows are never stored; the normal equations,
/// which would square the condition number, are never formed. 8 M N^2 flops (real), memory O(N^2) a thread;
/// bit-identical for any number of threads. Throws InputError for M < N, for a NaN or infinite dictionary value (naming
/// pair and function), for negative weights or weights that sum to 0.
template <class Scalar>
[[nodiscard]] Compression<Scalar> compress(const PairSource<Scalar>& source, const CompressionOptions& options = {});

/// For matrices known exactly (Toeplitz data, quadrature in closed form): G = <psi_j, psi_i>, A = <K psi_j, psi_i>,
/// L = <K psi_j, K psi_i>. Limits: sigma is the square root of an eigenvalue of G, so directions below sigma_1 times
/// 1e-8 are noise whatever the tolerance, and residuals below about 1e-8 are rounding, since L - A* A is formed by
/// subtraction. Throws InputError when the shapes differ or G is not positive semidefinite.
template <class Scalar>
[[nodiscard]] Compression<Scalar> compress_gram(const Matrix<Scalar>& g, const Matrix<Scalar>& a,
                                                const Matrix<Scalar>& l, const CompressionOptions& options = {});

/// res(lambda, g) = ||sqrt(D) (PY - lambda PX) g|| / ||sqrt(D) PX g|| of candidate pairs (lambda_k, column k of
/// `raw_vectors`, N x K, raw dictionary coefficients) on a source, normally pairs that were held out. O(M N K), one
/// pass, bit-identical for any number of threads. A column that vanishes on the data gives NaN.
template <class Scalar>
[[nodiscard]] Eigen::VectorXd residuals_on(const PairSource<Scalar>& source, const Vector<Complex>& lambdas,
                                           const Matrix<Complex>& raw_vectors, const Parallel& how = {});

/// Coefficients, in the orthonormal basis, of the projections of observables onto the dictionary: n x d, from
/// `observables`, M x d values at the x_m. Streams the pairs once more. O(M N (n + d)),
/// memory O(n d) for every 1024 pairs.
template <class Scalar>
[[nodiscard]] Matrix<Scalar> project_observables(const PairSource<Scalar>& source,
                                                 const Compression<Scalar>& compression,
                                                 const Eigen::Ref<const Matrix<Scalar>>& observables,
                                                 const Parallel& how = {});

}  // namespace offprint::koopman
