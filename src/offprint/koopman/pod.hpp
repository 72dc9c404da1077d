// Proper orthogonal decomposition: the few directions that hold most of the energy of high-dimensional snapshots.
#pragma once

#include <Eigen/Core>

#include "offprint/core/parallel.hpp"
#include "offprint/koopman/trajectories.hpp"

namespace offprint::koopman {

struct PodOptions {
  /// Subtract the time mean first. Off by default: with it DMD turns into a Fourier transform in time (Chen, Tu &
  /// Rowley 2012), and the constant is an eigenfunction that should be found, not removed.
  bool remove_mean = false;
  Parallel parallel{};
};

struct Pod {
  Eigen::VectorXd mean;             ///< d: what is subtracted (0 without remove_mean)
  Eigen::MatrixXd modes;            ///< d x rank, orthonormal columns
  Eigen::VectorXd singular_values;  ///< all min(T, d) of them, descending
  double energy = 1.0;              ///< share of the squared singular values kept

  /// T x rank coefficients of each part; dt is kept, columns become "pod1", "pod2", ...
  [[nodiscard]] Trajectories project(const Trajectories& data) const;
  /// States (m x d) from coefficients (m x rank).
  [[nodiscard]] Eigen::MatrixXd reconstruct(const Eigen::Ref<const Eigen::MatrixXd>& coefficients) const;
};

/// The leading `rank` POD modes of all snapshots together (T x d). For d <= T the SVD of the R factor, O(T d^2); for
/// d > T the method of snapshots (Sirovich 1987) on the T x T Gram matrix, O(T^2 d) by blocked products in parallel,
/// which cannot see singular values below 1e-7 of the largest. Throws InputError for a non-finite entry, rank < 1, or
/// a rank above the data's (naming both).
[[nodiscard]] Pod pod(const Trajectories& data, Index rank, const PodOptions& options = {});

}  // namespace offprint::koopman
