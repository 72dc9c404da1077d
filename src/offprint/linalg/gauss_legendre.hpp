// Gauss-Legendre quadrature of any number of nodes.
#pragma once

#include <Eigen/Core>

namespace offprint::linalg {

struct Quadrature {
  Eigen::VectorXd nodes;    ///< ascending
  Eigen::VectorXd weights;  ///< sum hi - lo
};

/// The n-point rule on [lo, hi], exact for polynomials of degree 2n - 1. Newton on the three-term recurrence in
/// extended precision, so that nodes and weights are right to rounding. Throws InputError for n < 1 or lo >= hi.
/// O(n^2).
[[nodiscard]] Quadrature gauss_legendre(Eigen::Index n, double lo = -1, double hi = 1);

}  // namespace offprint::linalg
