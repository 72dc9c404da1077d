#include "offprint/kinetic/gauss_legendre.hpp"

#include <cmath>
#include <numbers>

#include <fmt/format.h>

#include "offprint/core/error.hpp"

namespace offprint::kinetic {

Quadrature gauss_legendre(int n, double lo, double hi) {
  if (n < 1 || !(lo < hi)) throw InputError(fmt::format("quadrature with {} points on [{}, {}]", n, lo, hi));
  Quadrature q{Eigen::VectorXd(n), Eigen::VectorXd(n)};
  for (int i = 0; i < n; ++i) {
    double x = std::cos(std::numbers::pi * (i + 0.75) / (n + 0.5));
    double slope = 1;
    for (int step = 0; step < 100; ++step) {
      double before = 1;
      double p = x;
      for (int k = 2; k <= n; ++k) {
        const double next = ((2 * k - 1) * x * p - (k - 1) * before) / k;
        before = p;
        p = next;
      }
      slope = n * (x * p - before) / (x * x - 1);
      const double change = p / slope;
      x -= change;
      if (std::abs(change) < 1e-15) break;
    }
    q.nodes[i] = 0.5 * (lo + hi) - 0.5 * (hi - lo) * x;
    q.weights[i] = (hi - lo) / ((1 - x * x) * slope * slope);
  }
  return q;
}

}  // namespace offprint::kinetic
