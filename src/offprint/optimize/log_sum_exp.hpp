// Log-sum-exp, the smooth maximum of affine functions.
#pragma once

#include "offprint/optimize/objective.hpp"

namespace offprint::optimize {

struct LogSumExpOptions {
  double mu = 1;  ///< smoothing: max <= f <= max + mu log m
  double l2 = 0;  ///< (l2/2) ||x||^2 is added
};

/// f(x) = mu log sum_i exp((<a_i, x> - b_i)/mu) + (l2/2)||x||^2 over the rows a_i of A (m x n). With
/// pi = softmax((A x - b)/mu): gradient A^T pi, Hessian (A^T diag(pi) A - g g^T)/mu.
/// Kinds: exact; gauss-newton, the weighted W = A^T diag(pi) A/mu, which exceeds the Hessian by g g^T/mu exactly, so
/// that a step lowers f by at most mu; diagonal. A value costs m n, a Hessian m n^2 (BLAS).
class LogSumExp : public Objective {
 public:
  /// Throws InputError: empty A, b of another length, entries that are not finite, mu <= 0, l2 < 0.
  LogSumExp(Eigen::MatrixXd rows, Eigen::VectorXd b, const LogSumExpOptions& options = {});

  [[nodiscard]] Eigen::Index dimension() const override { return rows_.cols(); }
  void value(Point& point) const override;     ///< inner = pi
  void gradient(Point& point) const override;  ///< of the whole f
  [[nodiscard]] bool supports(HessianKind kind) const override;
  [[nodiscard]] Curvature curvature(const Point& point, HessianKind kind) const override;
  [[nodiscard]] bool convex() const override { return true; }

  [[nodiscard]] const Eigen::MatrixXd& rows() const { return rows_; }

 private:
  Eigen::MatrixXd rows_;
  Eigen::VectorXd b_;
  LogSumExpOptions options_;
};

}  // namespace offprint::optimize
