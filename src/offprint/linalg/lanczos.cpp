#include "offprint/linalg/lanczos.hpp"

#include <algorithm>
#include <cmath>

#include <Eigen/Eigenvalues>
#include <fmt/format.h>

#include "offprint/core/error.hpp"

namespace offprint::linalg {

LanczosPair Lanczos::largest(const std::function<void(Eigen::Ref<Vector<Complex>>)>& apply,
                             const Vector<Complex>& start, const LanczosOptions& options) {
  const double length = start.norm();
  if (start.size() != n_ || !(length > 0) || !std::isfinite(length))
    throw Error(fmt::format("Lanczos: the start vector ({} entries for size {}, norm {}) cannot be used", start.size(),
                            n_, length));
  const Eigen::Index limit = std::max<Eigen::Index>(1, options.max_steps);
  Eigen::VectorXd alpha(limit);
  Eigen::VectorXd beta(limit);
  Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver;
  Vector<Complex> w(n_);
  if (basis_.cols() == 0) basis_.resize(n_, 16);
  basis_.col(0) = start / length;

  LanczosPair out;
  Eigen::Index next_check = std::min<Eigen::Index>(4, limit);
  for (Eigen::Index k = 0; k < limit; ++k) {
    w = basis_.col(k);
    apply(w);
    if (k > 0) w -= beta[k - 1] * basis_.col(k - 1);
    alpha[k] = basis_.col(k).dot(w).real();
    w -= alpha[k] * basis_.col(k);
    beta[k] = w.norm();
    out.steps = k + 1;
    const double scale = alpha.head(k + 1).cwiseAbs().maxCoeff();
    if (!std::isfinite(alpha[k]) || !std::isfinite(beta[k])) return out;  // the operator is singular to rounding
    const bool invariant = beta[k] <= 1e-13 * scale;  // the Krylov space is exhausted: its Ritz values are exact
    const bool last = k + 1 == limit;
    if (k + 1 >= next_check || invariant || last) {
      solver.computeFromTridiagonal(alpha.head(k + 1), beta.head(k));
      if (solver.info() != Eigen::Success) return out;
      out.value = solver.eigenvalues()[k];
      out.residual = beta[k] * std::abs(solver.eigenvectors()(k, k));
      const double gap = k > 0 ? out.value - solver.eigenvalues()[k - 1] : 0.0;
      const double bound = gap > out.residual ? out.residual * out.residual / gap : out.residual;
      out.converged = invariant || (k > 0 && out.residual <= options.residual * std::abs(out.value) &&
                                    bound <= options.accuracy * std::abs(out.value));
      if (out.converged || last) {
        out.vector = basis_.leftCols(k + 1) * solver.eigenvectors().col(k).cast<Complex>();
        out.vector.normalize();
        return out;
      }
      next_check = k + 1 + (k < 8 ? 1 : k < 24 ? 2 : k / 8);
    }
    if (k + 1 == basis_.cols()) basis_.conservativeResize(n_, std::min(limit, 2 * basis_.cols()));
    basis_.col(k + 1) = w / beta[k];
  }
  return out;
}

}  // namespace offprint::linalg
