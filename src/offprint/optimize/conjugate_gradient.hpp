// Preconditioned conjugate gradients for A x = b with A known by its products.
#pragma once

#include <functional>

#include <Eigen/Core>

namespace offprint::optimize {

struct ConjugateGradientOptions {
  double tolerance = 1e-8;  ///< absolute, on norm(b - A x)
  int max_iterations = 1000;
  /// How the residual is measured; empty: its Euclidean length.
  std::function<double(const Eigen::VectorXd&)> norm{};
};

struct ConjugateGradientReport {
  int iterations = 0;
  double residual = 0;   ///< norm of b - A x as the recursion has it
  bool positive = true;  ///< false: a direction with <p, A p> <= 0 was met; x is the iterate before it
};

/// Solves from x = 0 with the preconditioner diag(jacobi), whose entries must be positive (others count as 1).
/// One product an iteration.
ConjugateGradientReport conjugate_gradient(
    const std::function<void(const Eigen::VectorXd& v, Eigen::VectorXd& out)>& product, const Eigen::VectorXd& jacobi,
    const Eigen::VectorXd& b, const ConjugateGradientOptions& options, Eigen::VectorXd& x);

}  // namespace offprint::optimize
