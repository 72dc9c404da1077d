#include "offprint/coulomb/tilt_ladder.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include <Eigen/QR>
#include <fmt/format.h>

#include "offprint/core/error.hpp"
#include "offprint/core/jet.hpp"
#include "offprint/coulomb/cumulants.hpp"

namespace offprint::coulomb {
namespace {

constexpr int kMostDegree = 8;

void check(std::span<const Rung> rungs, std::size_t least, const LadderBaseline& baseline) {
  if (rungs.size() < least)
    throw InputError(fmt::format("a ladder of {} rungs is too short: at least {} are needed", rungs.size(), least));
  for (std::size_t i = 0; i < rungs.size(); ++i) {
    if (!std::isfinite(rungs[i].s) || !std::isfinite(rungs[i].mean))
      throw InputError(fmt::format("rung {} of the ladder is not finite", i + 1));
    if (!(rungs[i].error > 0) || !std::isfinite(rungs[i].error))
      throw InputError(
          fmt::format("the error of Lambda at s = {:g} must be positive, not {:g}", rungs[i].s, rungs[i].error));
    for (std::size_t j = 0; j < i; ++j)
      if (rungs[i].s == rungs[j].s) throw InputError(fmt::format("the ladder has s = {:g} twice", rungs[i].s));
  }
  if (!baseline.mean.empty() && (baseline.mean.size() != rungs.size() || baseline.free_energy.size() != rungs.size() ||
                                 (!baseline.variable.empty() && baseline.variable.size() != rungs.size())))
    throw InputError(fmt::format("a baseline of {} values does not belong to a ladder of {} rungs",
                                 baseline.mean.size(), rungs.size()));
}

double rest(std::span<const Rung> rungs, const LadderBaseline& baseline, std::size_t i) {
  return rungs[i].mean - (baseline.mean.empty() ? 0.0 : baseline.mean[i]);
}

// Chebyshev polynomials of degree 0..degree at a number or a series.
template <class T>
std::vector<T> chebyshev(const T& x, int degree) {
  std::vector<T> t{T(1.0), x};
  for (int n = 2; n <= degree; ++n) t.push_back(T(2.0) * x * t[t.size() - 1] - t[t.size() - 2]);
  t.resize(static_cast<std::size_t>(degree) + 1, T(0.0));
  return t;
}

// One polynomial on the rungs nearest to 0.
struct Model {
  int degree = 0;
  int rungs = 0;
  double chi_squared = 0;
  double penalty = 0;                // -2 ln weight
  Eigen::VectorXd derivative;        // at s = 0, by order
  Eigen::VectorXd derivative_error;  // their standard errors
};

Model fit(std::span<const Rung> rungs, const std::vector<std::size_t>& nearest, int count, int degree, int most,
          const LadderBaseline& baseline) {
  const bool own = !baseline.variable.empty();
  const auto variable = [&](int i) {
    const std::size_t at = nearest[static_cast<std::size_t>(i)];
    return own ? baseline.variable[at] : rungs[at].s;
  };
  double lo = variable(0);
  double hi = lo;
  for (int i = 1; i < count; ++i) {
    lo = std::min(lo, variable(i));
    hi = std::max(hi, variable(i));
  }
  const double middle = 0.5 * (lo + hi);
  const double half = 0.5 * (hi - lo);
  Eigen::MatrixXd design(count, degree + 1);
  Eigen::VectorXd value(count);
  for (int i = 0; i < count; ++i) {
    const std::size_t at = nearest[static_cast<std::size_t>(i)];
    const auto basis = chebyshev((variable(i) - middle) / half, degree);
    for (int n = 0; n <= degree; ++n) design(i, n) = basis[static_cast<std::size_t>(n)] / rungs[at].error;
    value(i) = rest(rungs, baseline, at) / rungs[at].error;
  }
  const Eigen::HouseholderQR<Eigen::MatrixXd> qr(design);
  const Eigen::VectorXd coefficients = qr.solve(value);
  // The covariance is (R^T R)^-1: a linear functional c of the coefficients has variance |R^-T c|^2.
  const Eigen::MatrixXd r = qr.matrixQR().topRows(degree + 1).triangularView<Eigen::Upper>();
  Model model;
  model.degree = degree;
  model.rungs = count;
  model.chi_squared = (value - design * coefficients).squaredNorm();
  model.penalty = model.chi_squared + 2.0 * (degree + 1 + static_cast<int>(rungs.size()) - count);
  // The basis as series in s around 0.
  std::vector<double> series(static_cast<std::size_t>(most) + 1, 0.0);
  for (std::size_t k = 0; k < series.size(); ++k) {
    const double known = own ? baseline.series[k] : (k == 1 ? 1.0 : 0.0);
    series[k] = (known - (k == 0 ? middle : 0.0)) / half;
  }
  const auto at_zero = chebyshev(Jet<double>(series), degree);
  model.derivative.resize(most + 1);
  model.derivative_error.resize(most + 1);
  double factorial = 1;
  for (int k = 0; k <= most; ++k) {
    if (k > 1) factorial *= k;
    Eigen::VectorXd functional(degree + 1);
    for (int n = 0; n <= degree; ++n)
      functional(n) = factorial * at_zero[static_cast<std::size_t>(n)][static_cast<std::size_t>(k)];
    model.derivative(k) = functional.dot(coefficients);
    model.derivative_error(k) = r.transpose().triangularView<Eigen::Lower>().solve(functional).norm();
  }
  return model;
}

}  // namespace

LadderBaseline large_n_baseline(const LargeDeviations& limit, std::span<const Rung> rungs, int order) {
  LadderBaseline baseline;
  std::vector<std::pair<double, double>> edges;
  for (const Rung& rung : rungs) {
    TiltedGas gas = limit.at(rung.s);
    if (gas.phase == Phase::kBall) gas = limit.ball(rung.s);
    baseline.mean.push_back(gas.mean);
    baseline.free_energy.push_back(rung.s == 0 ? 0 : gas.free_energy);
    baseline.variable.push_back(gas.outer);
    edges.emplace_back(rung.s, gas.outer);
  }
  baseline.reduced = leading_cumulants<double>(limit.trap(), limit.statistic(), order);
  baseline.series = edge_series(limit.trap(), limit.statistic(), order);
  // A variable has to tell rungs apart: a thousandth of the edge on the whole, and always the same way.
  std::sort(edges.begin(), edges.end());
  bool moves = edges.size() > 1 && std::abs(edges.back().second - edges.front().second) > 1e-3 * edges.front().second &&
               std::abs(baseline.series[1]) > 1e-3 * baseline.series[0];
  for (std::size_t i = 1; i < edges.size(); ++i)
    moves = moves && (edges[i].second - edges[i - 1].second) * (edges.back().second - edges.front().second) > 0;
  if (!moves) {
    baseline.variable.clear();
    baseline.series.clear();
  }
  return baseline;
}

std::vector<LadderCumulant> ladder_cumulants(std::span<const Rung> rungs, int order, const LadderBaseline& baseline) {
  if (order < 1 || order > kMostDegree)
    throw InputError(fmt::format("a ladder gives cumulants of order 1 to {}, not {}", kMostDegree, order));
  check(rungs, static_cast<std::size_t>(order) + 2, baseline);
  if (!baseline.mean.empty() &&
      (baseline.reduced.size() <= static_cast<std::size_t>(order) ||
       (!baseline.variable.empty() && baseline.series.size() < static_cast<std::size_t>(order))))
    throw InputError(fmt::format("the baseline knows cumulants to order {}, and {} is wanted",
                                 static_cast<long>(baseline.reduced.size()) - 1, order));
  std::vector<std::size_t> nearest(rungs.size());
  std::iota(nearest.begin(), nearest.end(), 0);
  std::stable_sort(nearest.begin(), nearest.end(),
                   [&](std::size_t a, std::size_t b) { return std::abs(rungs[a].s) < std::abs(rungs[b].s); });
  const int all = static_cast<int>(rungs.size());
  std::vector<Model> models;
  for (int degree = 0; degree <= std::min(kMostDegree, all - 2); ++degree)
    for (int count = degree + 2; count <= all; ++count)
      models.push_back(fit(rungs, nearest, count, degree, order - 1, baseline));

  std::vector<LadderCumulant> out(static_cast<std::size_t>(order) + 1);
  for (int q = 1; q <= order; ++q) {
    const int most = baseline.variable.empty() ? kMostDegree : std::max(q, 4);
    const auto counts = [&](const Model& model) { return model.degree >= q - 1 && model.degree <= most; };
    const Model* best = nullptr;
    for (const Model& model : models)
      if (counts(model) && (best == nullptr || model.penalty < best->penalty)) best = &model;
    double total = 0;
    double mean = 0;
    double square = 0;
    double variance = 0;
    for (const Model& model : models) {
      if (!counts(model)) continue;
      const double weight = std::exp(-0.5 * (model.penalty - best->penalty));
      const double miss = model.derivative(q - 1) - best->derivative(q - 1);
      total += weight;
      mean += weight * miss;
      square += weight * miss * miss;
      variance += weight * model.derivative_error(q - 1) * model.derivative_error(q - 1);
    }
    const double sign = q % 2 == 0 ? -1 : 1;
    LadderCumulant& k = out[static_cast<std::size_t>(q)];
    mean /= total;
    variance /= total;
    k.value = sign * (best->derivative(q - 1) + mean) +
              (baseline.mean.empty() ? 0.0 : baseline.reduced[static_cast<std::size_t>(q)]);
    k.statistical = std::sqrt(variance);
    k.error = std::sqrt(variance + std::max(0.0, square / total - mean * mean));
    k.degree = best->degree;
    k.rungs = best->rungs;
    k.chi_squared = best->chi_squared;
  }
  return out;
}

namespace {

// int_a^b of the polynomial through the nodes x[first..first+count-1], as weights of their values (count <= 4): two
// Gauss points are exact to degree 3.
void add_integral(std::span<const double> x, std::size_t first, std::size_t count, double a, double b,
                  Eigen::VectorXd& weights) {
  for (const double side : {-1.0, 1.0}) {
    const double at = 0.5 * (a + b) + side * 0.5 * (b - a) / std::sqrt(3.0);
    for (std::size_t i = first; i < first + count; ++i) {
      double basis = 1;
      for (std::size_t j = first; j < first + count; ++j)
        if (j != i) basis *= (at - x[j]) / (x[i] - x[j]);
      weights(static_cast<Eigen::Index>(i)) += 0.5 * (b - a) * basis;
    }
  }
}

}  // namespace

std::vector<LadderPotential> ladder_potentials(std::span<const Rung> rungs, const LadderBaseline& baseline) {
  check(rungs, 3, baseline);
  std::vector<std::size_t> sorted(rungs.size());
  std::iota(sorted.begin(), sorted.end(), 0);
  std::sort(sorted.begin(), sorted.end(), [&](std::size_t a, std::size_t b) { return rungs[a].s < rungs[b].s; });
  const std::size_t n = rungs.size();
  std::vector<double> s(n);
  Eigen::VectorXd value(static_cast<Eigen::Index>(n));
  Eigen::VectorXd error(static_cast<Eigen::Index>(n));
  std::size_t zero = n;
  for (std::size_t i = 0; i < n; ++i) {
    s[i] = rungs[sorted[i]].s;
    value(static_cast<Eigen::Index>(i)) = rest(rungs, baseline, sorted[i]);
    error(static_cast<Eigen::Index>(i)) = rungs[sorted[i]].error;
    if (s[i] == 0) zero = i;
  }
  if (zero == n) throw InputError("a ladder must have a rung at s = 0, where the free energy is counted from");

  // Weights of the integral from 0 to each rung: by cubics, and by parabolas for the error of interpolation.
  std::vector<LadderPotential> out(n);
  const auto integrate_from = [&](int direction) {
    Eigen::VectorXd cubic = Eigen::VectorXd::Zero(static_cast<Eigen::Index>(n));
    Eigen::VectorXd parabola = cubic;
    for (std::size_t i = zero;;) {
      const Rung& rung = rungs[sorted[i]];
      LadderPotential& point = out[sorted[i]];
      const double interpolation = (cubic - parabola).dot(value);
      const double known = baseline.mean.empty() ? 0.0 : baseline.free_energy[sorted[i]];
      point.free_energy = {known + cubic.dot(value), std::hypot(cubic.cwiseProduct(error).norm(), interpolation)};
      Eigen::VectorXd legendre = cubic;
      legendre(static_cast<Eigen::Index>(i)) -= rung.s;
      point.psi = {point.free_energy.value - rung.s * rung.mean,
                   std::hypot(legendre.cwiseProduct(error).norm(), interpolation)};
      if (direction > 0 ? i + 1 == n : i == 0) return;
      const std::size_t next = direction > 0 ? i + 1 : i - 1;
      const std::size_t left = std::min(i, next);
      const std::size_t four = std::min(n, std::size_t{4});
      const std::size_t from = std::min(left > 0 ? left - 1 : 0, n - four);
      add_integral(s, from, four, s[i], s[next], cubic);
      add_integral(s, std::min(left, n - 3), 3, s[i], s[next], parabola);
      i = next;
    }
  };
  integrate_from(+1);
  integrate_from(-1);
  return out;
}

}  // namespace offprint::coulomb
