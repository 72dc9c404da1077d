#include "offprint/linalg/lanczos_quadrature.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <utility>

#include <Eigen/Eigenvalues>
#include <fmt/format.h>

#include "offprint/core/error.hpp"

namespace offprint::linalg {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr Index kWorkVectors = 3;  // of each start vector: current, previous, product

void check(const QuadratureOptions& options) {
  if (options.steps < 1) throw InputError(fmt::format("{} Lanczos steps asked for: give at least 1", options.steps));
  if (options.vectors < 1)
    throw InputError(fmt::format("{} start vectors asked for: give at least 1", options.vectors));
  if (options.block < 0)
    throw InputError(
        fmt::format("a block of {} start vectors asked for: give at least 1, or 0 for as many as fit", options.block));
}

double bytes_of(Index size, Index block, const QuadratureOptions& options) {
  const Index steps = std::min(options.steps, size);
  const double work = static_cast<double>(size) * static_cast<double>(kWorkVectors * block) * sizeof(double);
  if (options.reorthogonalize == Reorthogonalize::kNone) return work;
  return work + KrylovBasis::bytes(size, steps, block, options.basis);
}

void finish(GaussRule& rule, Index steps) {
  rule.alpha.conservativeResize(steps);
  rule.beta.conservativeResize(steps - 1);
  Eigen::SelfAdjointEigenSolver<MatrixXd> solver;
  solver.computeFromTridiagonal(rule.alpha, rule.beta);
  if (solver.info() != Eigen::Success)
    throw Error("Lanczos: the eigenvalues of the tridiagonal matrix did not converge");
  rule.nodes = solver.eigenvalues();
  rule.weights = solver.eigenvectors().row(0).transpose().cwiseAbs2();
}

// Lanczos from the columns of `current` (overwritten), all steps in lockstep.
std::vector<GaussRule> run_block(const SymmetricOperator& a, MatrixXd current, const QuadratureOptions& options,
                                 const Parallel& how, Index& products) {
  const Index n = a.size;
  const Index steps = std::min(options.steps, n);
  const Index block = current.cols();
  const bool full = options.reorthogonalize == Reorthogonalize::kFull;
  const double breakdown = full && options.basis == BasisPrecision::kSingle ? 1e-6 : 1e-12;
  std::vector<GaussRule> rules(static_cast<std::size_t>(block));
  std::vector<bool> active(static_cast<std::size_t>(block), true);
  std::vector<double> scale(static_cast<std::size_t>(block), 0.0);
  for (Index j = 0; j < block; ++j) {
    const double length = current.col(j).norm();
    if (!(length > 0) || !std::isfinite(length))
      throw InputError(fmt::format("Lanczos: start vector {} has norm {}; it must be finite and not zero", j, length));
    current.col(j) /= length;
    rules[static_cast<std::size_t>(j)].alpha.resize(steps);
    rules[static_cast<std::size_t>(j)].beta.resize(steps - 1);
  }
  KrylovBasis basis(n, full ? steps : 0, full ? block : 0, options.basis);
  MatrixXd previous = full ? MatrixXd() : MatrixXd::Zero(n, block);
  MatrixXd w(n, block);
  for (Index k = 0; k < steps && std::ranges::find(active, true) != active.end(); ++k) {
    how.cancel.check();
    if (full) basis.store(k, current);
    a.apply(current, w);
    products += block;
    if (how.done) how.done(static_cast<std::size_t>(products));
    for (Index j = 0; j < block; ++j) {
      const auto s = static_cast<std::size_t>(j);
      if (!active[s]) continue;
      GaussRule& rule = rules[s];
      rule.alpha[k] = w.col(j).dot(current.col(j));
      if (!std::isfinite(rule.alpha[k]))
        throw Error(fmt::format(
            "Lanczos: the product of step {} is not finite; look for NaN or overflow in the operator", k + 1));
      scale[s] = std::max(scale[s], std::abs(rule.alpha[k]));
      if (full) continue;
      w.col(j) -= rule.alpha[k] * current.col(j);
      if (k > 0) w.col(j) -= rule.beta[k - 1] * previous.col(j);
    }
    if (full)
      for (int pass = 0; pass < 2; ++pass) basis.project_out(k + 1, w, active, how);
    if (!full) previous = current;
    for (Index j = 0; j < block; ++j) {
      const auto s = static_cast<std::size_t>(j);
      if (!active[s]) {
        current.col(j).setZero();  // a finished vector rides along in the block as zero
        continue;
      }
      GaussRule& rule = rules[s];
      const double beta = w.col(j).norm();
      rule.exhausted = beta <= breakdown * scale[s];
      if (rule.exhausted || k + 1 == steps) {
        finish(rule, k + 1);
        active[s] = false;
        current.col(j).setZero();
        continue;
      }
      rule.beta[k] = beta;
      scale[s] = std::max(scale[s], beta);
      current.col(j) = w.col(j) / beta;
    }
  }
  return rules;
}

// Mean and standard error of one number a rule.
class Accumulator {
 public:
  explicit Accumulator(Index points) : sum_(VectorXd::Zero(points)), squares_(VectorXd::Zero(points)) {}
  void add(const VectorXd& x) {
    ++count_;
    const VectorXd step = x - sum_;
    sum_ += step / static_cast<double>(count_);
    squares_ += step.cwiseProduct(x - sum_);
  }
  [[nodiscard]] SampledCurve result() const {
    const double n = static_cast<double>(count_);
    if (count_ < 2) return {sum_, VectorXd::Constant(sum_.size(), std::numeric_limits<double>::quiet_NaN())};
    return {sum_, (squares_ / (n * (n - 1))).cwiseMax(0.0).cwiseSqrt()};
  }

 private:
  Index count_ = 0;
  VectorXd sum_;  // the running mean
  VectorXd squares_;
};

template <class F>
Sampled over_rules(const std::vector<GaussRule>& rules, const F& f) {
  Accumulator all(1);
  for (const auto& rule : rules) all.add(VectorXd::Constant(1, f(rule)));
  const auto curve = all.result();
  return {curve.value[0], curve.error[0]};
}

}  // namespace

QuadratureMemory quadrature_memory(Index size, const QuadratureOptions& options) {
  check(options);
  const Index most = std::min(options.vectors, options.block > 0 ? options.block : options.vectors);
  QuadratureMemory plan{most, bytes_of(size, most, options)};
  if (options.block == 0 && plan.bytes > options.memory_limit) {
    const double each = bytes_of(size, 1, options);
    plan.block = std::clamp<Index>(static_cast<Index>(options.memory_limit / each), 1, most);
    plan.bytes = bytes_of(size, plan.block, options);
  }
  if (plan.bytes > options.memory_limit)
    throw InputError(fmt::format(
        "Lanczos with {} steps on {} unknowns needs {:.1f} GB for {} start vector{} where {:.1f} GB are "
        "allowed: take fewer steps{}, no reorthogonalization, or more memory",
        std::min(options.steps, size), size, plan.bytes / 1e9, plan.block, plan.block == 1 ? "" : "s",
        options.memory_limit / 1e9, options.basis == BasisPrecision::kDouble ? ", a single-precision basis" : ""));
  return plan;
}

GaussRule lanczos_rule(const SymmetricOperator& a, const Eigen::Ref<const VectorXd>& start,
                       const QuadratureOptions& options, const Parallel& how) {
  check(options);
  if (start.size() != a.size)
    throw InputError(fmt::format("Lanczos: the start vector has {} entries, the operator {}", start.size(), a.size));
  Index products = 0;
  return run_block(a, start, options, how, products).front();
}

SpectralQuadrature lanczos_quadrature(const SymmetricOperator& a, const StreamSource& streams,
                                      const QuadratureOptions& options, const Parallel& how) {
  if (a.size < 1) throw InputError("Lanczos: the operator has size 0; there is no spectrum");
  const auto plan = quadrature_memory(a.size, options);
  std::vector<GaussRule> rules;
  Index products = 0;
  for (Index first = 0; first < options.vectors; first += plan.block) {
    MatrixXd starts(a.size, std::min(plan.block, options.vectors - first));
    fill_probes(streams, static_cast<std::uint64_t>(first), options.probe, starts);
    for (auto& rule : run_block(a, std::move(starts), options, how, products)) rules.push_back(std::move(rule));
  }
  return {a.size, std::move(rules), products};
}

SpectralQuadrature::SpectralQuadrature(Index size, std::vector<GaussRule> rules, Index products)
    : size_(size), rules_(std::move(rules)), products_(products) {
  if (rules_.empty()) throw InputError("a spectral quadrature needs at least one Gauss rule");
}

double SpectralQuadrature::smallest() const {
  double least = rules_.front().nodes[0];
  for (const auto& rule : rules_) least = std::min(least, rule.nodes[0]);
  return least;
}

double SpectralQuadrature::largest() const {
  double most = rules_.front().nodes.maxCoeff();
  for (const auto& rule : rules_) most = std::max(most, rule.nodes[rule.nodes.size() - 1]);
  return most;
}

double SpectralQuadrature::resolution() const {
  Index steps = 1;
  for (const auto& rule : rules_) steps = std::max(steps, rule.nodes.size());
  return (largest() - smallest()) / static_cast<double>(steps);
}

Sampled SpectralQuadrature::mean_of(const std::function<double(double)>& f) const {
  return over_rules(rules_, [&](const GaussRule& rule) {
    double sum = 0;
    for (Index j = 0; j < rule.nodes.size(); ++j) sum += rule.weights[j] * f(rule.nodes[j]);
    return sum;
  });
}

Sampled SpectralQuadrature::sum_of(const std::function<double(double)>& f) const {
  const auto mean = mean_of(f);
  const auto n = static_cast<double>(size_);
  return {n * mean.value, n * mean.error};
}

Sampled SpectralQuadrature::moment(int k) const {
  return mean_of([k](double t) { return std::pow(t, k); });
}

Sampled SpectralQuadrature::trace() const {
  return sum_of([](double t) { return t; });
}

Sampled SpectralQuadrature::frobenius_norm() const {
  const auto square = sum_of([](double t) { return t * t; });
  const double norm = std::sqrt(square.value);
  return {norm, norm > 0 ? square.error / (2 * norm) : square.error};
}

Sampled SpectralQuadrature::mass_within(double eps) const {
  return mean_of([eps](double t) { return std::abs(t) < eps ? 1.0 : 0.0; });
}

Sampled SpectralQuadrature::mass_below(double t) const {
  return mean_of([t](double x) { return x < t ? 1.0 : 0.0; });
}

SampledCurve SpectralQuadrature::cumulative(const Eigen::Ref<const VectorXd>& points) const {
  if (!std::is_sorted(points.begin(), points.end()))
    throw InputError("cumulative density: the points are not ascending; sort them first");
  Accumulator all(points.size());
  VectorXd curve(points.size());
  for (const auto& rule : rules_) {
    double sum = 0;
    Index j = 0;
    for (Index i = 0; i < points.size(); ++i) {
      for (; j < rule.nodes.size() && rule.nodes[j] <= points[i]; ++j) sum += rule.weights[j];
      curve[i] = sum;
    }
    all.add(curve);
  }
  return all.result();
}

SampledCurve SpectralQuadrature::density(const Eigen::Ref<const VectorXd>& points, double sigma) const {
  if (!(sigma > 0)) throw InputError(fmt::format("density: the smoothing width is {}; it must be positive", sigma));
  Accumulator all(points.size());
  const double height = 1 / (sigma * std::sqrt(2 * std::numbers::pi));
  Eigen::ArrayXd curve(points.size());
  for (const auto& rule : rules_) {
    curve.setZero();
    for (Index j = 0; j < rule.nodes.size(); ++j)
      curve += rule.weights[j] * (-0.5 * ((points.array() - rule.nodes[j]) / sigma).square()).exp();
    all.add(height * curve.matrix());
  }
  return all.result();
}

SignedLogHistogram SpectralQuadrature::log_histogram(double smallest, double largest, Index bins) const {
  if (!(smallest > 0) || !(largest > smallest) || bins < 1)
    throw InputError(fmt::format("log histogram: {} bins from {} to {}; give 0 < smallest < largest and a bin", bins,
                                 smallest, largest));
  const double lo = std::log(smallest);
  const double width = (std::log(largest) - lo) / static_cast<double>(bins);
  SignedLogHistogram out;
  out.edges.resize(bins + 1);
  for (Index i = 0; i <= bins; ++i) out.edges[i] = std::exp(lo + width * static_cast<double>(i));
  out.edges[0] = smallest;
  out.edges[bins] = largest;
  Accumulator positive(bins);
  Accumulator negative(bins);
  Accumulator rest(2);
  for (const auto& rule : rules_) {
    VectorXd up = VectorXd::Zero(bins);
    VectorXd down = VectorXd::Zero(bins);
    VectorXd outside = VectorXd::Zero(2);
    for (Index j = 0; j < rule.nodes.size(); ++j) {
      const double t = rule.nodes[j];
      const double size = std::abs(t);
      if (size < smallest) {
        outside[0] += rule.weights[j];
      } else if (size >= largest) {
        outside[1] += rule.weights[j];
      } else {
        const auto edge = std::upper_bound(out.edges.begin(), out.edges.end(), size);
        (t > 0 ? up : down)[edge - out.edges.begin() - 1] += rule.weights[j];
      }
    }
    positive.add(up);
    negative.add(down);
    rest.add(outside);
  }
  out.positive = positive.result();
  out.negative = negative.result();
  const auto outside = rest.result();
  out.zero = {outside.value[0], outside.error[0]};
  out.beyond_largest = {outside.value[1], outside.error[1]};
  return out;
}

}  // namespace offprint::linalg
