// Inner products of per-sample gradients, streamed over blocks of parameters: all that the stability analysis needs of
// a model, however many parameters it has.
#pragma once

#include <functional>

#include <Eigen/Core>

#include "offprint/core/parallel.hpp"

namespace offprint::landscape {

/// Gradient rows that are read by blocks of columns. With one output a row is the gradient of f(x_i); with k outputs
/// rows i k .. i k + k - 1 are those of the square root of the Gauss-Newton matrix of sample i.
struct GradientColumns {
  Eigen::Index rows = 0;
  Eigen::Index parameters = 0;
  /// Fills `block` (rows x any width) with the columns first, first + 1, ...; called from the calling thread, in order.
  std::function<void(Eigen::Index first, Eigen::Ref<Eigen::MatrixXd> block)> read{};
};

/// The columns of a matrix in memory, which must outlive the source.
[[nodiscard]] GradientColumns columns_of(const Eigen::Ref<const Eigen::MatrixXd>& gradients);

/// g g^T (rows x rows) for the rows g. One pass over the parameters, rows^2 p multiplications, memory for the result
/// and one block of at most 32 MB beside what `read` needs; never anything p x p. The lower triangle is computed in
/// tiles over `how`, so the result does not depend on the threads. Throws InputError naming the row and column of the
/// first value that is not finite, or for no rows or no parameters.
[[nodiscard]] Eigen::MatrixXd gram_matrix(const GradientColumns& gradients, const Parallel& how = {});
[[nodiscard]] Eigen::MatrixXd gram_matrix(const Eigen::Ref<const Eigen::MatrixXd>& gradients, const Parallel& how = {});

}  // namespace offprint::landscape
