// The metric B of a minimisation: ||h||^2 = <B h, h> for steps, ||g||_*^2 = <g, B^{-1} g> for gradients.
#pragma once

#include <Eigen/Core>

namespace offprint::optimize {

/// The identity, or a symmetric positive definite matrix that is factored once (n^3/3); B^{-1} is never formed.
class Metric {
 public:
  [[nodiscard]] static Metric identity(Eigen::Index n);
  /// Any symmetric positive definite matrix; the lower triangle is read. Throws InputError "metric is not positive
  /// definite: pivot k" (k from 1), or when an entry is not finite.
  [[nodiscard]] static Metric matrix(Eigen::MatrixXd b);
  /// A^T A + shift I over the rows of A (m x n). With fewer rows than columns it needs a positive shift.
  [[nodiscard]] static Metric gram(const Eigen::Ref<const Eigen::MatrixXd>& rows, double shift = 0);

  [[nodiscard]] Eigen::Index size() const { return size_; }
  [[nodiscard]] bool is_identity() const { return b_.size() == 0; }
  /// B; empty for the identity.
  [[nodiscard]] const Eigen::MatrixXd& dense() const { return b_; }

  [[nodiscard]] double norm(const Eigen::VectorXd& h) const;
  /// One triangular solve: n^2 (n for the identity).
  [[nodiscard]] double dual_norm(const Eigen::VectorXd& g) const;
  /// B^{-1} g: two triangular solves.
  [[nodiscard]] Eigen::VectorXd solve(const Eigen::VectorXd& g) const;

 private:
  Eigen::Index size_ = 0;
  Eigen::MatrixXd b_;
  Eigen::MatrixXd factor_;  // lower, L L^T = B
};

}  // namespace offprint::optimize
