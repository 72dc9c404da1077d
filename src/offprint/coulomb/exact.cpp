#include "offprint/coulomb/exact.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "offprint/core/error.hpp"
#include "offprint/coulomb/equilibrium.hpp"
#include "offprint/coulomb/moments.hpp"
#include "offprint/linalg/gauss_legendre.hpp"

namespace offprint::coulomb {
namespace {

constexpr int kNodes = 12;          // Gauss points of a panel
constexpr double kPanel = 2.5;      // its width in standard deviations of the narrowest integrand
constexpr double kNegligible = 60;  // exponents that far below the peak are left out

void require_order(int order) {
  if (order < 1 || order > 20)
    throw InputError(fmt::format("exact cumulants are computed for orders 1 to 20, not {}", order));
}

// Sums over k in blocks of fixed size, so that threads change nothing.
std::vector<double> sum_over_k(long n, std::size_t values, const Parallel& how,
                               const std::function<void(long, std::vector<double>&)>& add) {
  constexpr long kBlock = 256;
  const auto blocks = static_cast<std::size_t>((n + kBlock - 1) / kBlock);
  std::vector<std::vector<double>> part(blocks, std::vector<double>(values, 0.0));
  parallel_for(blocks, how, [&](std::size_t b) {
    const long first = static_cast<long>(b) * kBlock + 1;
    for (long k = first; k < std::min(first + kBlock, n + 1); ++k) add(k, part[b]);
  });
  std::vector<double> total(values, 0.0);
  for (const auto& p : part)
    for (std::size_t i = 0; i < values; ++i) total[i] += p[i];
  return total;
}

}  // namespace

IndependentRadii::IndependentRadii(RadialFunction potential, long n) : potential_(std::move(potential)), n_(n) {
  if (n < 1 || n > 10'000'000)
    throw InputError(fmt::format("the number of charges must be between 1 and 10000000, not {}", n));
  const auto edge = droplet_edge<double>({2, potential_});
  const auto count = static_cast<double>(n);
  // Where the outermost integrand has died away, and the narrowest one's width.
  constexpr int kScan = 4000;
  double best = -1e300;
  std::vector<double> exponent(kScan);
  const auto at = [&](int i) { return edge * 1e-3 * std::pow(5e4, static_cast<double>(i) / (kScan - 1)); };
  for (int i = 0; i < kScan; ++i) {
    const double r = at(i);
    const double e = (2 * count - 1) * std::log(r) - 2 * count * potential_(r);
    exponent[static_cast<std::size_t>(i)] = e;
    if (e > best) best = e;
  }
  int last = 0;
  for (int i = 0; i < kScan; ++i)
    if (exponent[static_cast<std::size_t>(i)] > best - kNegligible) last = i;
  reach_ = at(std::min(last + 1, kScan - 1));
  double steepest = 0;
  for (int i = 1; i <= 2000; ++i) steepest = std::max(steepest, laplacian(potential_, 2, reach_ * i / 2000, 0)[0]);
  width_ = std::min(kPanel / std::sqrt(2 * count * std::max(steepest, 1e-12)), reach_ / 24);
  lay_panels(0);
}

void IndependentRadii::lay_panels(double split) {
  static const linalg::Quadrature rule = linalg::gauss_legendre(kNodes);
  nodes_.clear();
  radius_.clear();
  middle_log_.clear();
  middle_potential_.clear();
  const auto lay = [&](double from, double to) {
    const auto panels = static_cast<long>(std::ceil((to - from) / width_));
    for (long p = 0; p < panels; ++p) {
      const double lo = from + (to - from) * static_cast<double>(p) / static_cast<double>(panels);
      const double hi = from + (to - from) * static_cast<double>(p + 1) / static_cast<double>(panels);
      for (int i = 0; i < kNodes; ++i) {
        const auto j = static_cast<std::size_t>(i);
        const double r = 0.5 * (lo + hi) + 0.5 * (hi - lo) * rule.nodes[j];
        const long double log_r = std::log(static_cast<long double>(r));
        const long double u = potential_(static_cast<long double>(r));
        const auto log_hi = static_cast<double>(log_r);
        const auto u_hi = static_cast<double>(u);
        nodes_.push_back({0.5 * (hi - lo) * rule.weights[j], log_hi, static_cast<double>(log_r - log_hi), u_hi,
                          static_cast<double>(u - u_hi)});
        radius_.push_back(r);
      }
      middle_log_.push_back(std::log(0.5 * (lo + hi)));
      middle_potential_.push_back(potential_(0.5 * (lo + hi)));
    }
  };
  if (split > 0 && split < reach_) lay(0, split);
  lay(split < reach_ ? std::max(split, 0.0) : 0, reach_);
}

template <class Visit>
double IndependentRadii::integrate(long k, Visit&& visit) const {
  const double a = 2.0 * static_cast<double>(k) - 1;
  const double b = 2.0 * static_cast<double>(n_);
  const std::size_t panels = middle_log_.size();
  double best = -1e300;
  std::size_t peak = 0;
  for (std::size_t p = 0; p < panels; ++p) {
    const double e = a * middle_log_[p] - b * middle_potential_[p];
    if (e > best) {
      best = e;
      peak = p;
    }
  }
  const Node top = nodes_[peak * kNodes + kNodes / 2];
  for (std::size_t p = 0; p < panels; ++p) {
    // Below the first panel's middle the integrand is a power: that panel reaches further.
    if (a * middle_log_[p] - b * middle_potential_[p] < best - kNegligible && p != 0) continue;
    for (std::size_t i = p * kNodes; i < (p + 1) * kNodes; ++i) {
      const Node& x = nodes_[i];
      const double logs = (x.log_hi - top.log_hi) + (x.log_lo - top.log_lo);
      const double potentials = (x.potential_hi - top.potential_hi) + (x.potential_lo - top.potential_lo);
      visit(i, x.weight * std::exp(a * logs - b * potentials));
    }
  }
  return a * top.log_hi - b * top.potential_hi;
}

std::vector<double> IndependentRadii::cumulants(const RadialFunction& f, int order, const Parallel& how) const {
  require_order(order);
  std::vector<double> value(radius_.size());
  f.evaluate(radius_, value, {});
  const auto q = static_cast<std::size_t>(order);
  return sum_over_k(n_, q + 1, how, [&](long k, std::vector<double>& total) {
    double mass = 0;
    double first = 0;
    integrate(k, [&](std::size_t i, double w) {
      mass += w;
      first += w * value[i];
    });
    const double mean = first / mass;
    std::vector<double> moments(q + 1, 0.0);
    integrate(k, [&](std::size_t i, double w) {
      const double x = value[i] - mean;
      for (std::size_t j = 1; j <= q; ++j) moments[j] += (w *= x);
    });
    for (auto& m : moments) m /= mass;
    const auto kappa = cumulants_from_moments(moments);
    total[1] += mean + kappa[1];
    for (std::size_t j = 2; j <= q; ++j) total[j] += kappa[j];
  });
}

double IndependentRadii::log_partition(const Parallel& how) const {
  return sum_over_k(n_, 1, how, [&](long k, std::vector<double>& total) {
    double mass = 0;
    const double peak = integrate(k, [&](std::size_t, double w) { mass += w; });
    total[0] += peak + std::log(mass);
  })[0];
}

std::vector<double> IndependentRadii::counting_cumulants(double a, int order, const Parallel& how) const {
  require_order(order);
  if (!(a > 0)) throw InputError(fmt::format("the radius of the disc must be positive, not {}", a));
  IndependentRadii cut = *this;
  cut.lay_panels(a);
  return sum_over_k(n_, static_cast<std::size_t>(order) + 1, how, [&](long k, std::vector<double>& total) {
    double inside = 0;
    double mass = 0;
    cut.integrate(k, [&](std::size_t i, double w) {
      mass += w;
      if (cut.radius_[i] < a) inside += w;
    });
    const auto kappa = bernoulli_cumulants(inside / mass, order);
    for (std::size_t q = 1; q < total.size(); ++q) total[q] += kappa[q];
  });
}

std::vector<double> quadratic_cumulants(long n, double beta, int order) {
  require_order(order);
  if (n < 1) throw InputError(fmt::format("the number of charges must be positive, not {}", n));
  if (!(beta > 0)) throw InputError(fmt::format("beta must be positive, not {}", beta));
  const auto count = static_cast<double>(n);
  const double shape = count + beta * count * (count - 1) / 4;
  std::vector<double> k(static_cast<std::size_t>(order) + 1, 0.0);
  double value = shape;
  for (std::size_t q = 1; q < k.size(); ++q) {
    value *= 2 / (beta * count);
    if (q > 1) value *= static_cast<double>(q - 1);
    k[q] = value;
  }
  return k;
}

std::vector<double> bernoulli_cumulants(double p, int order) {
  // kappa_q as a polynomial in p.
  std::vector<double> polynomial{0, 1};
  std::vector<double> k(static_cast<std::size_t>(order) + 1, 0.0);
  for (std::size_t q = 1; q < k.size(); ++q) {
    double value = 0;
    for (std::size_t i = polynomial.size(); i-- > 0;) value = value * p + polynomial[i];
    k[q] = value;
    std::vector<double> next(polynomial.size() + 1, 0.0);
    for (std::size_t i = 1; i < polynomial.size(); ++i) {
      const double derivative = polynomial[i] * static_cast<double>(i);  // at p^(i-1)
      next[i] += derivative;
      next[i + 1] -= derivative;
    }
    polynomial = std::move(next);
  }
  return k;
}

}  // namespace offprint::coulomb
