// Quadrature on an interval: Gauss-Legendre rules of any size, and an adaptive integral.
#pragma once

#include <functional>
#include <vector>

namespace offprint::coulomb {

/// Nodes (ascending) and weights on [-1, 1].
struct GaussRule {
  std::vector<double> nodes;
  std::vector<double> weights;
};
/// n-point Gauss-Legendre: exact for polynomials of degree 2n - 1. Newton on the three-term recurrence, O(n^2).
[[nodiscard]] GaussRule gauss_legendre(int n);

/// The integral of f over [a, b] by adaptive Gauss-Kronrod (31 points, bisection), to about rounding for smooth f.
[[nodiscard]] double integrate(const std::function<double(double)>& f, double a, double b);
[[nodiscard]] long double integrate(const std::function<long double(long double)>& f, long double a, long double b);

}  // namespace offprint::coulomb
