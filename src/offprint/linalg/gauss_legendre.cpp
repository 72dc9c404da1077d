#include "offprint/linalg/gauss_legendre.hpp"

#include <cmath>
#include <numbers>

#include <fmt/format.h>

#include "offprint/core/error.hpp"

namespace offprint::linalg {
namespace {

struct Legendre {
  long double value = 0;
  long double slope = 0;
};

Legendre legendre(Eigen::Index n, long double x) {
  long double before = 1;
  long double p = x;
  for (Eigen::Index k = 2; k <= n; ++k) {
    const auto order = static_cast<long double>(k);
    const long double next = ((2 * order - 1) * x * p - (order - 1) * before) / order;
    before = p;
    p = next;
  }
  return {p, static_cast<long double>(n) * (x * p - before) / (x * x - 1)};
}

}  // namespace

Quadrature gauss_legendre(Eigen::Index n, double lo, double hi) {
  if (n < 1 || !(lo < hi))
    throw InputError(
        fmt::format("quadrature with {} nodes on [{}, {}]: at least one node and lo < hi are needed", n, lo, hi));
  Quadrature q{Eigen::VectorXd(n), Eigen::VectorXd(n)};
  const long double half = (static_cast<long double>(hi) - lo) / 2;
  for (Eigen::Index i = 0; i < n; ++i) {
    // Newton from Tricomi's estimate: three or four steps
    long double x = -std::cos(std::numbers::pi_v<long double> * (static_cast<long double>(i) + 0.75L) /
                              (static_cast<long double>(n) + 0.5L));
    Legendre at;
    for (int step = 0; step < 20; ++step) {
      at = legendre(n, x);
      const long double change = at.value / at.slope;
      x -= change;
      if (std::abs(change) < 1e-18L) break;
    }
    q.nodes(i) = static_cast<double>(lo + half * (1 + x));
    q.weights(i) = static_cast<double>(2 * half / ((1 - x * x) * at.slope * at.slope));
  }
  return q;
}

}  // namespace offprint::linalg
