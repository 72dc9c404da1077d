// The eigenpairs that an action works with, whatever method and dictionary they came from.
#pragma once

#include <string>
#include <vector>

#include <Eigen/Core>

#include "problem.hpp"

namespace offprint::papers::koopman {

/// Eigenpairs sorted by training residual. With real data they come in conjugate pairs: `listed` keeps one of each,
/// that with Im >= 0.
struct Eigenfunctions {
  Eigen::VectorXcd values;
  Eigen::VectorXd residuals;     ///< on the training pairs
  Eigen::VectorXd held_out;      ///< on the held-out pairs; NaN without any
  Eigen::MatrixXcd modes;        ///< one row an eigenfunction of unit norm, one column a state variable (of state_of)
  Eigen::VectorXd energy;        ///< |mode|^2 over the mean square of the state; conjugates counted together
  std::vector<Index> listed;     ///< indices with Im >= 0, in order
  Index kept_by_knee = 0;        ///< kernel dictionary: residuals before the knee
  bool in_kernel_norm = false;   ///< residuals are in the kernel's norm, not in L2
  Eigen::MatrixXcd raw_vectors;  ///< in the dictionary (not for kernels)

  /// Residuals within epsilon on the training pairs, and on the held-out ones where there are any.
  [[nodiscard]] bool certified(Index k, double epsilon) const;
};

/// Of a dictionary's compression, by EDMD or by mpEDMD.
[[nodiscard]] Eigenfunctions dictionary_eigenfunctions(Run& run, const Problem& problem,
                                                       const lib::Compression<double>& compression, bool unitary);

/// Of kernel ResDMD; modes are fitted by the eigenfunctions before the knee, others have none (0).
[[nodiscard]] Eigenfunctions kernel_eigenfunctions(Run& run, const Problem& problem, const lib::KernelResDmd& kernel);

}  // namespace offprint::papers::koopman
