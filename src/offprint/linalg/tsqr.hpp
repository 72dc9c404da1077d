// Tall-skinny QR of matrices that are produced block by block and never stored: only R factors are kept.
#pragma once

#include <functional>

#include "offprint/core/parallel.hpp"
#include "offprint/linalg/lapack.hpp"

namespace offprint::linalg {

/// Serial streaming QR: push row blocks of any height, read R at any time. Rows are gathered into blocks of fixed
/// height before they are absorbed, so R depends on the rows alone, bit for bit, not on how they were sliced into
/// pushes. O(2 n^2) flops a row, memory O(n^2 + block height x n).
template <class Scalar>
class StreamingQr {
 public:
  explicit StreamingQr(Eigen::Index columns);

  /// Throws Error when the block has another number of columns or holds a NaN or infinity.
  void push(const Eigen::Ref<const Matrix<Scalar>>& rows);
  [[nodiscard]] Eigen::Index rows() const { return rows_; }
  /// The n x n upper triangular R of all rows so far (its last rows are zero when fewer than n rows were pushed).
  [[nodiscard]] Matrix<Scalar> r() const;

 private:
  Matrix<Scalar> r_;
  Matrix<Scalar> buffer_;
  Eigen::Index filled_ = 0;
  Eigen::Index rows_ = 0;
};

/// Writes rows first .. first + block.rows() - 1 of the matrix into block. Called from several threads at once.
template <class Scalar>
using RowFiller = std::function<void(Eigen::Index first, Eigen::Ref<Matrix<Scalar>> block)>;

/// The n x n R factor of a rows x columns matrix that `fill` produces block by block (tall-skinny QR, Demmel et al.
/// 2012). Rows are cut into at most 64 leaves whose size depends on the shape alone; the R factors of leaves are
/// combined along a fixed binary tree as they finish. So the result is the same, bit for bit, for any number of
/// threads. 2 rows columns^2 flops, memory O(columns^2) a thread. Throws what fill throws, Interrupted when cancelled.
template <class Scalar>
[[nodiscard]] Matrix<Scalar> tall_skinny_qr(Eigen::Index rows, Eigen::Index columns, const RowFiller<Scalar>& fill,
                                            const Parallel& how = {});

extern template class StreamingQr<double>;
extern template class StreamingQr<Complex>;
extern template Matrix<double> tall_skinny_qr<double>(Eigen::Index, Eigen::Index, const RowFiller<double>&,
                                                      const Parallel&);
extern template Matrix<Complex> tall_skinny_qr<Complex>(Eigen::Index, Eigen::Index, const RowFiller<Complex>&,
                                                        const Parallel&);

}  // namespace offprint::linalg
