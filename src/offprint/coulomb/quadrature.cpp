#include "offprint/coulomb/quadrature.hpp"

#include <cmath>
#include <numbers>

#include <boost/math/quadrature/gauss_kronrod.hpp>

namespace offprint::coulomb {

GaussRule gauss_legendre(int n) {
  GaussRule rule;
  rule.nodes.resize(static_cast<std::size_t>(n));
  rule.weights.resize(static_cast<std::size_t>(n));
  for (int i = 0; i < n; ++i) {
    long double x = -std::cos(std::numbers::pi_v<long double> * (i + 0.75L) / (n + 0.5L));
    long double slope = 0;
    for (int step = 0; step < 100; ++step) {
      long double p0 = 1;
      long double p1 = x;
      for (int k = 2; k <= n; ++k) {
        const long double p2 = ((2 * k - 1) * x * p1 - (k - 1) * p0) / k;
        p0 = p1;
        p1 = p2;
      }
      slope = n * (x * p1 - p0) / (x * x - 1);
      const long double change = p1 / slope;
      x -= change;
      if (std::abs(change) < 1e-18L) break;
    }
    rule.nodes[static_cast<std::size_t>(i)] = static_cast<double>(x);
    rule.weights[static_cast<std::size_t>(i)] = static_cast<double>(2 / ((1 - x * x) * slope * slope));
  }
  return rule;
}

namespace {

template <class T>
T adaptive(const std::function<T(T)>& f, T a, T b, T tolerance) {
  return boost::math::quadrature::gauss_kronrod<T, 31>::integrate(f, a, b, 10, tolerance);
}

}  // namespace

double integrate(const std::function<double(double)>& f, double a, double b) { return adaptive(f, a, b, 1e-12); }
long double integrate(const std::function<long double(long double)>& f, long double a, long double b) {
  return adaptive(f, a, b, 1e-15L);
}

}  // namespace offprint::coulomb
