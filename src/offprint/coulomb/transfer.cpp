#include "offprint/coulomb/transfer.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "offprint/core/error.hpp"
#include "offprint/coulomb/equilibrium.hpp"
#include "offprint/linalg/gauss_legendre.hpp"

namespace offprint::coulomb {
namespace {

constexpr std::size_t kNodes = 12;

// running[i][j]: the integral from -1 to node i of the Lagrange polynomial of node j.
std::vector<long double> running_integrals(const linalg::Quadrature& rule) {
  std::vector<long double> matrix(kNodes * kNodes, 0.0L);
  const linalg::Quadrature inner = linalg::gauss_legendre(kNodes);
  for (std::size_t i = 0; i < kNodes; ++i) {
    const long double half = (1 + static_cast<long double>(rule.nodes[i])) / 2;
    for (std::size_t g = 0; g < kNodes; ++g) {
      const long double x = -1 + half * (1 + static_cast<long double>(inner.nodes[g]));
      for (std::size_t j = 0; j < kNodes; ++j) {
        long double lagrange = 1;
        for (std::size_t m = 0; m < kNodes; ++m)
          if (m != j) lagrange *= (x - rule.nodes[m]) / (static_cast<long double>(rule.nodes[j]) - rule.nodes[m]);
        matrix[i * kNodes + j] += half * inner.weights[g] * lagrange;
      }
    }
  }
  return matrix;
}

}  // namespace

template <class T>
std::vector<double> line_cumulants(const RadialFunction& potential, const RadialFunction& f, long n, double beta,
                                   int order) {
  if (n < 1 || n > 20000) throw InputError(fmt::format("the line gas is solved for 1 to 20000 charges, not {}", n));
  if (!(beta > 0)) throw InputError(fmt::format("beta must be positive, not {}", beta));
  if (order < 1 || order > 12)
    throw InputError(fmt::format("cumulants of the line gas are computed to order 12, not {}", order));
  const auto edge = droplet_edge<double>({1, potential});
  const auto count = static_cast<double>(n);
  // How far out: where the last charge's own weight has fallen by e^-50, ordering included or not.
  double reach = edge;
  const auto fall = [&](double r) { return beta * (count * potential(r) - (count - 1) * r); };
  while (fall(reach) - fall(edge) < 50 && reach < 1e3 * edge) reach *= 1.02;
  double steepest = 0;
  for (int i = 1; i <= 2000; ++i) steepest = std::max(steepest, laplacian(potential, 1, reach * i / 2000, 0)[0]);
  // Narrow panels: what counts of H_k lies in the tail of what the earlier charges alone would give, and must keep its
  // relative accuracy there.
  const double width = std::min(0.6 / std::sqrt(beta * count * std::max(steepest, 1e-12)), reach / 12);
  const auto half = static_cast<std::size_t>(std::ceil(reach / width));  // panels on each side of 0
  const std::size_t panels = 2 * half;
  const std::size_t points = panels * kNodes;
  const linalg::Quadrature rule = linalg::gauss_legendre(kNodes);
  const auto running = running_integrals(rule);
  const T scale = static_cast<T>(reach) / static_cast<T>(half) / 2;  // half a panel's width

  std::vector<T> x(points);
  std::vector<T> u(points);
  std::vector<T> value(points);
  for (std::size_t p = 0; p < panels; ++p)
    for (std::size_t i = 0; i < kNodes; ++i) {
      const std::size_t at = p * kNodes + i;
      x[at] = -static_cast<T>(reach) + scale * (2 * static_cast<T>(p) + 1 + static_cast<T>(rule.nodes[i]));
      u[at] = potential(std::abs(x[at]));
      value[at] = f(std::abs(x[at]));
    }

  const auto q = static_cast<std::size_t>(order) + 1;
  // H and its running integral: [coefficient][point].
  std::vector<T> h(q * points, T(0));
  std::vector<T> integral(q * points, T(0));
  std::fill(integral.begin(), integral.begin() + static_cast<std::ptrdiff_t>(points), T(1));
  std::vector<T> total(q, T(0));
  std::vector<T> exponent(points);
  std::vector<T> tower(q);
  long double centre = 0;
  for (long k = 1; k <= n; ++k) {
    const T pull = static_cast<T>(2 * k - n - 1);
    std::size_t peak = 0;
    for (std::size_t i = 0; i < points; ++i) {
      exponent[i] = -static_cast<T>(beta) * (static_cast<T>(count) * u[i] - pull * x[i]);
      if (exponent[i] > exponent[peak]) peak = i;
    }
    const T top = exponent[peak];
    const T c = value[peak];
    centre += c;
    T largest = 0;
    for (std::size_t i = 0; i < points; ++i) {
      const T w = std::exp(exponent[i] - top);
      if (w == 0 || integral[i] == 0) {
        for (std::size_t j = 0; j < q; ++j) h[j * points + i] = 0;
        continue;
      }
      tower[0] = w;
      for (std::size_t j = 1; j < q; ++j) tower[j] = tower[j - 1] * (value[i] - c) / static_cast<T>(j);
      for (std::size_t j = 0; j < q; ++j) {
        T sum = 0;
        for (std::size_t m = 0; m <= j; ++m) sum += tower[m] * integral[(j - m) * points + i];
        h[j * points + i] = sum;
      }
      largest = std::max(largest, h[i]);
    }
    const T rescale = 1 / largest;
    for (std::size_t j = 0; j < q; ++j) {
      T before = 0;
      for (std::size_t p = 0; p < panels; ++p) {
        T* const block = &h[j * points + p * kNodes];
        T* const sums = &integral[j * points + p * kNodes];
        T whole = 0;
        for (std::size_t i = 0; i < kNodes; ++i) {
          block[i] *= rescale;
          whole += static_cast<T>(rule.weights[i]) * block[i];
        }
        for (std::size_t i = 0; i < kNodes; ++i) {
          T sum = 0;
          for (std::size_t m = 0; m < kNodes; ++m) sum += static_cast<T>(running[i * kNodes + m]) * block[m];
          sums[i] = before + scale * sum;
        }
        before += scale * whole;
      }
      total[j] = before;
    }
  }
  const Jet<T> cumulants = log(Jet<T>(total));
  std::vector<double> kappa(q, 0.0);
  T factorial = 1;
  for (std::size_t j = 1; j < q; ++j) {
    factorial *= static_cast<T>(j);
    kappa[j] = static_cast<double>(factorial * cumulants[j]);
  }
  kappa[1] += static_cast<double>(centre);
  return kappa;
}

template std::vector<double> line_cumulants<double>(const RadialFunction&, const RadialFunction&, long, double, int);
template std::vector<double> line_cumulants<long double>(const RadialFunction&, const RadialFunction&, long, double,
                                                         int);

}  // namespace offprint::coulomb
