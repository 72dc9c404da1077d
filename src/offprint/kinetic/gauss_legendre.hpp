// Gauss-Legendre quadrature of any order.
#pragma once

#include <Eigen/Core>

namespace offprint::kinetic {

struct Quadrature {
  Eigen::VectorXd nodes;
  Eigen::VectorXd weights;
};

/// The n nodes and weights on [lo, hi], to rounding (Newton on the three-term recurrence). Throws InputError for n < 1
/// or lo >= hi. O(n^2).
[[nodiscard]] Quadrature gauss_legendre(int n, double lo, double hi);

}  // namespace offprint::kinetic
