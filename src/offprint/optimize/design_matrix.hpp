// The data matrix A of a generalised linear model, sparse or dense: products, and A^T diag(w) A, over threads.
#pragma once

#include <cstdint>
#include <vector>

#include <Eigen/Core>

#include "offprint/core/parallel.hpp"
#include "offprint/io/libsvm.hpp"

namespace offprint::optimize {

/// m rows (samples) and d columns (features). A sparse matrix is kept by rows and by columns, 8 to 24 bytes an entry;
/// one whose entries are all 1 keeps no values. Every result is the same, bit for bit, for any number of threads.
class DesignMatrix {
 public:
  /// Throws InputError: no row, no column, more than 2^31 - 1 of either, an entry that is not finite (row and column).
  explicit DesignMatrix(const io::SparseRows& rows, const Parallel& parallel = {});
  explicit DesignMatrix(Eigen::MatrixXd rows, const Parallel& parallel = {});

  [[nodiscard]] Eigen::Index rows() const { return rows_; }
  [[nodiscard]] Eigen::Index columns() const { return columns_; }
  [[nodiscard]] bool sparse() const { return dense_.size() == 0; }
  [[nodiscard]] std::int64_t entries() const;  ///< stored ones
  [[nodiscard]] const Parallel& parallel() const { return parallel_; }

  /// A x: one pass over the entries.
  void multiply(const Eigen::Ref<const Eigen::VectorXd>& x, Eigen::Ref<Eigen::VectorXd> z) const;
  /// A^T w: one pass.
  void multiply_transposed(const Eigen::Ref<const Eigen::VectorXd>& w, Eigen::Ref<Eigen::VectorXd> g) const;
  /// The lower triangle of A^T diag(w) A (d x d), the upper left as it was; w of any sign. Sparse: half the sum of the
  /// squares of the rows' entries; each thread passes over all rows and writes the columns that are its own, so that
  /// every sum is taken in the rows' order. Dense: BLAS.
  void weighted_gram(const Eigen::Ref<const Eigen::VectorXd>& w, Eigen::Ref<Eigen::MatrixXd> gram) const;
  /// Its diagonal, sum_i w_i a_ij^2.
  [[nodiscard]] Eigen::VectorXd weighted_squares(const Eigen::Ref<const Eigen::VectorXd>& w) const;
  /// A^T (dense, d x m).
  [[nodiscard]] Eigen::MatrixXd transposed_dense() const;

 private:
  void index_columns();
  void cut_into_blocks();

  Eigen::Index rows_ = 0;
  Eigen::Index columns_ = 0;
  Parallel parallel_;
  Eigen::MatrixXd dense_;
  // By rows ...
  std::vector<std::int64_t> row_start_;
  std::vector<std::int32_t> column_;
  std::vector<double> value_;  // empty: all 1
  // ... and by columns.
  std::vector<std::int64_t> column_start_;
  std::vector<std::int32_t> row_of_;
  std::vector<double> value_of_;
  std::vector<Eigen::Index> row_blocks_;     // bounds of blocks of rows with about the same entries
  std::vector<Eigen::Index> column_blocks_;  // of columns
  std::vector<Eigen::Index> gram_blocks_;    // of columns with about the same work in weighted_gram, one a thread
};

}  // namespace offprint::optimize
