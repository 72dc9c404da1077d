// The largest eigenvalue of a Hermitian operator that is known by its action on vectors.
#pragma once

#include <functional>

#include "offprint/linalg/lapack.hpp"

namespace offprint::linalg {

struct LanczosOptions {
  double residual = 1e-6;  ///< ||B v - theta v|| <= residual theta is demanded, and
  double accuracy =
      1e-11;  ///< the eigenvalue's own bound min(r, r^2 / gap) <= accuracy theta, gap to the next Ritz value
  Eigen::Index max_steps = 300;
};

struct LanczosPair {
  double value = 0;
  Vector<Complex> vector;  ///< unit norm
  double residual = 0;     ///< ||B v - value v||
  Eigen::Index steps = 0;
  bool converged = false;
};

/// Lanczos (Hermitian, three-term) with its workspace, for many operators of one size on one thread. No
/// reorthogonalisation: it only matters once a Ritz pair has converged, which is when this stops, and copies of a
/// converged value would not move the largest one. A start vector with a random part makes it improbable to converge to
/// anything but the largest eigenvalue.
class Lanczos {
 public:
  explicit Lanczos(Eigen::Index n) : n_(n), basis_(n, 0) {}

  /// `apply` replaces x by B x. `start` must not vanish (Error). `converged` is false after max_steps
  /// without convergence, or when B x was not finite.
  LanczosPair largest(const std::function<void(Eigen::Ref<Vector<Complex>>)>& apply, const Vector<Complex>& start,
                      const LanczosOptions& options = {});

 private:
  Eigen::Index n_;
  Matrix<Complex> basis_;
};

}  // namespace offprint::linalg
