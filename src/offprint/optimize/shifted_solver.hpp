// Solves (H + lambda B) h = -g for several lambda at one point, reusing what does not change with lambda.
#pragma once

#include <Eigen/Core>

#include "offprint/optimize/curvature.hpp"
#include "offprint/optimize/metric.hpp"

namespace offprint::optimize {

/// Dense H: a Cholesky factorisation each time, n^3/3. No H: B^{-1} g once, then O(n). Low rank without a diagonal:
/// Woodbury with B^{-1} g and B^{-1} U kept, O(n r + r^3). Tridiagonal with the identity: L D L^T and Sherman-Morrison,
/// O(n). Operator: conjugate gradients with the Jacobi preconditioner diag(H) + lambda diag(B). Every other pairing of
/// H and B is solved densely.
class ShiftedSolver {
 public:
  /// Refers to all three, which must outlive it. Throws InputError when their sizes differ, or a low-rank H has a
  /// negative weight.
  ShiftedSolver(const Curvature& h, const Metric& b, const Eigen::VectorXd& g);

  struct Outcome {
    /// false: H + lambda B is not positive definite (or conjugate gradients met negative curvature).
    bool solved = false;
    /// ||(H + lambda B) h + g||_*, of conjugate gradients; 0 for the direct solvers.
    double residual = 0;
    int products = 0;  ///< with H, of conjugate gradients
  };
  /// `tolerance` is for conjugate gradients alone: they stop at ||residual||_* <= tolerance, or after 10 n iterations.
  Outcome solve(double lambda, double tolerance, Eigen::VectorXd& step);

  /// Whether a solve is inexact (operator).
  [[nodiscard]] bool iterative() const { return std::holds_alternative<OperatorCurvature>(*h_); }

 private:
  Outcome solve_dense(double lambda, Eigen::VectorXd& step);
  Outcome solve_low_rank(const LowRankCurvature& h, double lambda, Eigen::VectorXd& step);
  Outcome solve_tridiagonal(const TridiagonalCurvature& h, double lambda, Eigen::VectorXd& step) const;
  Outcome solve_iteratively(const OperatorCurvature& h, double lambda, double tolerance, Eigen::VectorXd& step) const;

  const Curvature* h_;
  const Metric* b_;
  const Eigen::VectorXd* g_;
  Eigen::MatrixXd dense_;     // H, where it had to be made dense
  Eigen::MatrixXd work_;      // H + lambda B and its factor
  Eigen::VectorXd kept_g_;    // B^{-1} g
  Eigen::MatrixXd kept_u_;    // B^{-1} S, S = U diag(sqrt(weights))
  Eigen::MatrixXd scaled_u_;  // S
  Eigen::MatrixXd kept_m_;    // S^T B^{-1} S
};

}  // namespace offprint::optimize
