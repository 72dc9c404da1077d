// Kernel ResDMD: Koopman eigenvalues with residuals in the kernel's own norm, for high-dimensional states (Algorithm
// 7).
#pragma once

#include <complex>
#include <string>
#include <string_view>
#include <vector>

#include <Eigen/Core>

#include "offprint/core/parallel.hpp"
#include "offprint/koopman/compression.hpp"
#include "offprint/koopman/trajectories.hpp"

namespace offprint::koopman {

/// A positive definite kernel with length l: gaussian exp(-|x-y|^2/l^2), laplacian exp(-|x-y|/l), lorentzian
/// 1/(1+|x-y|^2/l^2), polynomial (x.y/l^2 + 1)^p, poly_exp2 = laplacian times (x.y/l^2 + 1)^20.
struct Kernel {
  enum class Kind { gaussian, laplacian, lorentzian, polynomial, poly_exp2 };
  Kind kind = Kind::gaussian;
  int degree = 2;       ///< polynomial: p
  double length = 0.0;  ///< 0 = from the data: kernel_for
};

/// "gaussian", "laplacian", "lorentzian", "poly:p" or "poly_exp2". Throws InputError otherwise.
[[nodiscard]] Kernel kernel_from_name(std::string_view name);

/// The kernel with the paper's length for the states x (M x d): d = mean |x_m - mean| (laplacian, lorentzian,
/// poly_exp2), 0.9 d (gaussian), d_0 = mean |x_m| (polynomial). A positive length is kept. Throws InputError when the
/// length would be 0 (all points equal).
[[nodiscard]] Kernel kernel_for(Kernel kernel, const Eigen::Ref<const Eigen::MatrixXd>& x);

/// k(a_i, b_j), rows of a (m x d) and b (n x d): O(m n d) by blocked products, rows in parallel, the same bits for any
/// number of threads. The kernel's length must be set.
[[nodiscard]] Eigen::MatrixXd kernel_matrix(const Kernel& kernel, const Eigen::Ref<const Eigen::MatrixXd>& a,
                                            const Eigen::Ref<const Eigen::MatrixXd>& b, const Parallel& how = {});

struct KernelOptions {
  Kernel kernel{};
  Eigen::Index rank = 0;     ///< N: eigenvectors of k(X,X) kept; 0 = all above the tolerance
  Eigen::Index at_most = 0;  ///< with rank 0: keep at most this many leading ones, 0 = no limit (the cost is O(25 N^3))
  double tolerance = 1e-12;  ///< eigenvalues of k(X,X) below this share of the largest are rounding noise
  Parallel parallel{};
};

/// Eigenvalues lambda with the residuals of the left eigenvectors w (eigenvectors of K*), sorted by residual.
struct KernelResDmd {
  Kernel kernel;                      ///< with its length
  Eigen::VectorXcd eigenvalues;       ///< N
  Eigen::VectorXd residuals;          ///< N: ||K* w - conj(lambda) w||/||w|| in the kernel's norm
  double residual_floor = 0.0;        ///< sqrt(eps cond k(X,X)): what rounding alone can make of a residual of 0
  Eigen::MatrixXcd left;              ///< N x N: w, unit columns, in the orthonormal basis of the compression
  Eigen::MatrixXcd right;             ///< N x N: v, K v = lambda v
  Eigen::MatrixXd basis;              ///< M x N: U Lambda^{-1/2}, columns orthonormal in the kernel's norm
  Eigen::Index dropped = 0;           ///< M - N
  Eigen::MatrixXd states;             ///< M x d: the x_m
  std::vector<std::string> warnings;  ///< one sentence each

  /// Values (m x k) of the right eigenfunctions `which` at the rows of x: k(x, X) basis right.
  [[nodiscard]] Eigen::MatrixXcd eigenfunctions(const Eigen::Ref<const Eigen::MatrixXd>& x,
                                                const std::vector<Eigen::Index>& which, const Parallel& how = {}) const;
};

/// The compression of K* (not K): a = K^T, s* s = L - K K^T, in the orthonormal basis. Its pseudospectrum is that of
/// K*, so a point z of it stands for conj(z) of K; residuals below about 1e-8 are rounding, for L - K K^T is formed by
/// subtraction. The residuals stay meaningful with as many functions as snapshots: residuals_void() does not apply and
/// `pairs` is left 0.
struct KernelCompression {
  Compression<double> adjoint;
  Eigen::MatrixXd basis;
  Kernel kernel;
  Eigen::Index dropped = 0;
};

/// G1 = k(X,X), A1_ij = k(y_i, x_j), L1 = k(Y,Y); K = B^T A1 B and L = B^T L1 B with B = U Lambda^{-1/2} of the leading
/// eigenvectors of G1. Dense: O(M^3 + 25 N^3) time, 40 M^2 + 112 N^2 bytes. Throws InputError for more than 5000
/// snapshots (a random or k-means subset, or --dictionary rbf, is then the way), a rank above what k(X,X) supports, too
/// little memory.
[[nodiscard]] KernelCompression kernel_compression(const SnapshotPairs& pairs, const KernelOptions& options = {});

/// Algorithm 7: res^2 = w* L w / w* w - |lambda|^2 for left eigenvectors. Throws as kernel_compression.
[[nodiscard]] KernelResDmd kernel_resdmd(const SnapshotPairs& pairs, const KernelOptions& options = {});

/// How many of the ascending residuals lie before the knee: the break at which two least-squares lines, one through the
/// values up to it and one through those after, leave the least squared error. All of them when there are fewer than
/// four. O(n).
[[nodiscard]] Eigen::Index knee(const Eigen::Ref<const Eigen::VectorXd>& ascending);

}  // namespace offprint::koopman
