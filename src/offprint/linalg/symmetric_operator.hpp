// A symmetric matrix that is known by its products only: what Lanczos, trace estimators and eigensolvers are given.
#pragma once

#include <functional>

#include <Eigen/Core>

namespace offprint::linalg {

/// A symmetric `size` x `size` matrix A. Blocks of vectors go through one call, so that an operator made of matrix
/// products or passes over data pays once per block rather than once per vector.
struct SymmetricOperator {
  Eigen::Index size = 0;
  /// y = A x, x and y both size x k (k >= 1), column-major with any outer stride, not overlapping. Column j of y
  /// depends on column j of x only; calls come from one thread at a time.
  std::function<void(const Eigen::Ref<const Eigen::MatrixXd>& x, Eigen::Ref<Eigen::MatrixXd> y)> apply{};
};

}  // namespace offprint::linalg
