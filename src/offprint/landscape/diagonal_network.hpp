// Diagonal linear networks f(x) = <a .* b, x>: the model class in which the trace of G is an l1 norm, with training
// loops written for it.
//
// G = mean of g g^T, g = (b .* x, a .* x). With q_j = mean x_ij^2: Tr(G) = sum q_j (a_j^2 + b_j^2) >= 2 min q ||a .*
// b||_1, with equality iff |a_j| = |b_j| (Wu and Su 2023, section on diagonal linear networks).
#pragma once

#include <Eigen/Core>

#include "offprint/core/random.hpp"
#include "offprint/landscape/descent.hpp"

namespace offprint::landscape {

struct DiagonalNetwork {
  Eigen::VectorXd a;
  Eigen::VectorXd b;

  [[nodiscard]] Eigen::Index inputs() const { return a.size(); }
  /// a .* b
  [[nodiscard]] Eigen::VectorXd coefficients() const { return a.cwiseProduct(b); }
  /// sum (a_j^2 + b_j^2) / (2 ||a .* b||_1) >= 1, 1 iff |a_j| = |b_j| for all j.
  [[nodiscard]] double balance_ratio() const;
  /// Mean squared error (without 1/2).
  [[nodiscard]] double mean_squared_error(const RegressionData& data) const;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(a, b);
  }
};

/// a_j, b_j ~ N(0, 1).
[[nodiscard]] DiagonalNetwork normal_network(Eigen::Index inputs, Stream random);
/// a_j ~ N(0, variance), b_j = +-c a_j with independent random signs, c = r + sqrt(r^2 - 1): the balance ratio is
/// exactly r. Throws InputError unless r >= 1.
[[nodiscard]] DiagonalNetwork unbalanced_network(Eigen::Index inputs, double variance, double ratio, Stream random);
/// x_ij uniform on [-1, 1], y = x_1 + ... + x_nonzero.
[[nodiscard]] RegressionData sparse_regression(Eigen::Index samples, Eigen::Index inputs, Eigen::Index nonzero,
                                               Stream random);

/// Tr(G). O(n d).
[[nodiscard]] double trace(const DiagonalNetwork& network, const RowMatrix& x);
/// g_i . g_k = sum_j x_ij x_kj (a_j^2 + b_j^2), n x n, not divided by n. O(n^2 d).
[[nodiscard]] Eigen::MatrixXd gradient_gram(const DiagonalNetwork& network, const RowMatrix& x,
                                            const Parallel& how = {});

/// Trains the network in place on half the mean squared error. One step of batch one costs four reads and two writes of
/// d doubles: the update and the next sample's prediction and gradient norm are one pass (0.2 to 0.3 microseconds at d
/// = 1000). The random numbers are sample indices only, so that they do not depend on the weights. Throws InputError
/// when sizes differ or there are no samples, and what descend() throws.
DescentReport train(DiagonalNetwork& network, const RegressionData& data, const DescentOptions& options, Stream random);

}  // namespace offprint::landscape
