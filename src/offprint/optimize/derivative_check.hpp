// Test help: gradients and Hessians against central differences.
#pragma once

#include <algorithm>

#include <gtest/gtest.h>

#include "offprint/optimize/objective.hpp"

namespace offprint::optimize {

inline Point at(const Objective& objective, const Eigen::VectorXd& x) {
  Point point;
  point.x = x;
  objective.evaluate(point);
  return point;
}

/// Relative to the largest entry; `exact` also checks the exact Hessian.
inline void expect_derivatives(const Objective& objective, const Eigen::VectorXd& x, double tolerance = 1e-6,
                               bool exact = true) {
  const Eigen::Index n = x.size();
  const Point point = at(objective, x);
  Eigen::VectorXd gradient(n);
  Eigen::MatrixXd hessian(n, n);
  for (Eigen::Index i = 0; i < n; ++i) {
    const double h = 1e-5 * std::max(1.0, std::abs(x(i)));
    Eigen::VectorXd there = x;
    there(i) = x(i) + h;
    const Point up = at(objective, there);
    there(i) = x(i) - h;
    const Point down = at(objective, there);
    gradient(i) = (up.value - down.value) / (2 * h);
    hessian.col(i) = (up.gradient - down.gradient) / (2 * h);
  }
  const double scale = std::max(1e-3, point.gradient.cwiseAbs().maxCoeff());
  EXPECT_LT((gradient - point.gradient).cwiseAbs().maxCoeff() / scale, tolerance);
  if (!exact) return;
  const Eigen::MatrixXd ours = to_dense(objective.curvature(point, HessianKind::kExact));
  EXPECT_LT((hessian - ours).cwiseAbs().maxCoeff() / ours.cwiseAbs().maxCoeff(), tolerance);
}

}  // namespace offprint::optimize
