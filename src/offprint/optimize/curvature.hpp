// A symmetric matrix H that stands for the Hessian at one point, in the form that makes (H + lambda B) h = -g cheapest.
#pragma once

#include <variant>

#include <Eigen/Core>

#include "offprint/linalg/symmetric_operator.hpp"

namespace offprint::optimize {

/// H = 0.
struct NoCurvature {
  Eigen::Index size = 0;
};

/// A full matrix; the lower triangle is read. A solve costs n^3/3.
struct DenseCurvature {
  Eigen::MatrixXd matrix;
};

/// H = diag(diagonal) + U diag(weights) U^T with U n x r and weights >= 0. `diagonal` may be empty (zero). With an
/// empty diagonal a metric is factored once for a whole minimisation; a solve then costs O(n^2) for a dense metric, and
/// O(n r + r^3) for the identity or after the first solve at a point.
struct LowRankCurvature {
  Eigen::VectorXd diagonal;
  Eigen::MatrixXd u;
  Eigen::VectorXd weights;
};

/// H = T + weight q q^T, T tridiagonal with `off_diagonal` (n - 1 entries) beside its diagonal. `q` may be empty.
/// A solve costs O(n) with the identity as metric.
struct TridiagonalCurvature {
  Eigen::VectorXd diagonal;
  Eigen::VectorXd off_diagonal;
  Eigen::VectorXd q;
  double weight = 0;
};

/// H known by its products: preconditioned conjugate gradients. `diagonal` preconditions; empty: it is not known.
struct OperatorCurvature {
  linalg::SymmetricOperator product;
  Eigen::VectorXd diagonal;
};

using Curvature = std::variant<NoCurvature, DenseCurvature, LowRankCurvature, TridiagonalCurvature, OperatorCurvature>;

/// n.
[[nodiscard]] Eigen::Index size(const Curvature& h);
/// H v: O(n^2) dense, O(n r) low rank, O(n) tridiagonal.
[[nodiscard]] Eigen::VectorXd multiply(const Curvature& h, const Eigen::VectorXd& v);
/// H as a full symmetric matrix. An operator costs n products.
[[nodiscard]] Eigen::MatrixXd to_dense(const Curvature& h);

}  // namespace offprint::optimize
