// Orthonormal bases of Krylov spaces that many vectors are orthogonalized against: the memory and most of the work of
// Lanczos with full reorthogonalization.
#pragma once

#include <variant>
#include <vector>

#include <Eigen/Core>

#include "offprint/core/parallel.hpp"

namespace offprint::linalg {

/// How basis vectors are stored. Single precision halves the memory; dot products are formed in double, so that
/// orthogonality holds to about 1e-7, which keeps ghost copies of converged eigenvalues away as double does.
enum class BasisPrecision { kDouble, kSingle };

/// Columns of length `size`, one basis for each of `block` vectors that advance in lockstep, room for `capacity`
/// columns each. Results do not depend on the number of threads: rows go in chunks of fixed size, summed in order.
class KrylovBasis {
 public:
  KrylovBasis(Eigen::Index size, Eigen::Index capacity, Eigen::Index block, BasisPrecision precision);

  /// Bytes the bases take.
  [[nodiscard]] static double bytes(Eigen::Index size, Eigen::Index capacity, Eigen::Index block,
                                    BasisPrecision precision);

  /// Writes column j of `columns` as vector number `at` of basis j.
  void store(Eigen::Index at, const Eigen::Ref<const Eigen::MatrixXd>& columns);

  /// Each w_j -= V_j (V_j^T w_j), V_j the first `count` vectors of basis j: one pass of classical Gram-Schmidt (twice
  /// is enough: Giraud, Langou, Rozloznik 2005). `active` says which columns take part. O(size count block).
  void project_out(Eigen::Index count, Eigen::Ref<Eigen::MatrixXd> w, const std::vector<bool>& active,
                   const Parallel& how) const;

 private:
  Eigen::Index size_;
  Eigen::Index capacity_;
  std::variant<Eigen::MatrixXd, Eigen::MatrixXf> columns_;  // basis j: columns [j capacity, (j + 1) capacity)
};

}  // namespace offprint::linalg
