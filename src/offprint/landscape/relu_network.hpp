// Two-layer ReLU networks f(x) = sum_j a_j relu(w_j . x): the model class in which the trace of G bounds the path norm,
// with training loops written for it.
//
// For x uniform on the sphere of radius sqrt(d): Tr(G) = (||W||_F^2 + d ||a||^2)/2 >= sqrt(d) sum_j |a_j| ||w_j||, with
// equality iff ||w_j|| = sqrt(d) |a_j| (Wu and Su 2023, section on two-layer networks).
#pragma once

#include <Eigen/Core>

#include "offprint/core/random.hpp"
#include "offprint/landscape/descent.hpp"

namespace offprint::landscape {

struct ReluNetwork {
  RowMatrix w;        ///< m x d
  Eigen::VectorXd a;  ///< m

  [[nodiscard]] Eigen::Index neurons() const { return w.rows(); }
  [[nodiscard]] Eigen::Index inputs() const { return w.cols(); }
  /// sum_j |a_j| ||w_j||
  [[nodiscard]] double path_norm() const;
  /// f(x_i) for rows x_i. O(n m d).
  [[nodiscard]] Eigen::VectorXd predict(const RowMatrix& x) const;
  /// Mean squared error (without 1/2).
  [[nodiscard]] double mean_squared_error(const RegressionData& data) const;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(w, a);
  }
};

/// a_j ~ N(0, 1), w_j ~ N(0, I_d / sqrt(d)): an entry's standard deviation is d^{-1/4}.
[[nodiscard]] ReluNetwork normal_network(Eigen::Index neurons, Eigen::Index inputs, Stream random);
/// f(x) = sum over k neurons of relu(v_i . x), v_i uniform on the unit sphere.
[[nodiscard]] ReluNetwork relu_teacher(Eigen::Index neurons, Eigen::Index inputs, Stream random);
/// Rows uniform on the sphere of radius sqrt(d).
[[nodiscard]] RowMatrix sphere_points(Eigen::Index samples, Eigen::Index inputs, Stream random);

/// Tr(G) = mean over i of sum_j relu(w_j . x_i)^2 + a_j^2 1[w_j . x_i > 0] |x_i|^2. O(n m d).
[[nodiscard]] double trace(const ReluNetwork& network, const RowMatrix& x);
/// g_i . g_k = z_i . z_k + (x_i . x_k) sum_j a_j^2 1_ij 1_kj with z = relu(W x): three products of n rows, n x n, not
/// divided by n. O(n^2 (m + d)).
[[nodiscard]] Eigen::MatrixXd gradient_gram(const ReluNetwork& network, const RowMatrix& x, const Parallel& how = {});

/// Trains the network in place on half the mean squared error. One step of batch one reads and writes W once: the
/// update and the next sample's products W x are one pass over W, neurons along the vector lanes, inactive ones with
/// the factor 0 (about a microsecond at d = m = 100). Larger batches and full gradients are matrix products. Throws
/// InputError when sizes differ or there are no samples, and what descend() throws.
DescentReport train(ReluNetwork& network, const RegressionData& data, const DescentOptions& options, Stream random);

}  // namespace offprint::landscape
