#include "offprint/optimize/unbounded_problem.hpp"

#include <cmath>

#include <fmt/format.h>

#include "offprint/core/bulk_normal.hpp"
#include "offprint/core/error.hpp"

namespace offprint::optimize {
namespace {

constexpr double kCoupling = -0.3;
constexpr double kTarget = 2.0;

}  // namespace

UnboundedProblem::UnboundedProblem(const UnboundedProblemOptions& options) : options_(options) {
  if (options.dimension < 2)
    throw InputError(fmt::format("problem U has dimension {}; it needs at least 2", options.dimension));
  if (!(options.steepness > 0))
    throw InputError(fmt::format("the steepness is {}; it must be positive", options.steepness));
  if (!(options.pull >= 0) || !(options.noise >= 0) || !(options.product_noise >= 0))
    throw InputError("pull, noise and product noise of problem U must not be negative");
  const Eigen::Index d = options.dimension;
  q_.resize(d);
  t_.resize(d);
  for (Eigen::Index i = 0; i < d; ++i) {
    q_[i] = 1 + 4 * static_cast<double>(i) / static_cast<double>(d - 1);
    t_[i] = std::cos(static_cast<double>(i));
  }
}

void UnboundedProblem::multiply_p(const VectorRef& x, Eigen::VectorXd& out) const {
  const Eigen::Index d = options_.dimension;
  out = x;
  out.head(d - 1) += kCoupling * x.tail(d - 1);
  out.tail(d - 1) += kCoupling * x.head(d - 1);
}

void UnboundedProblem::upper_slope(const VectorRef& x, const VectorRef& y, Eigen::VectorXd& out) const {
  const double s = options_.steepness;
  out.resize(options_.dimension);
  for (Eigen::Index i = 0; i < options_.dimension; ++i) out[i] = std::sinh(s * (x[i] + y[i] - t_[i])) / s;
}

void UnboundedProblem::add_noise(std::string_view oracle, double scale, const Sample& sample,
                                 Eigen::VectorXd& out) const {
  if (sample.exact() || scale == 0) return;
  BulkNormal(options_.seed, oracle, *sample.index)
      .add(scale / std::sqrt(static_cast<double>(options_.dimension)),
           {out.data(), static_cast<std::size_t>(out.size())});
}

double UnboundedProblem::f(const VectorRef& x, const VectorRef& y, const Sample& /*sample*/) const {
  const double s = options_.steepness;
  double sum = 0;
  for (Eigen::Index i = 0; i < options_.dimension; ++i) {
    // cosh a - 1 = 2 sinh(a/2)^2, without cancellation near the minimum
    const double half = std::sinh(s * (x[i] + y[i] - t_[i]) / 2);
    sum += 2 * half * half;
  }
  return sum / (s * s) + options_.pull / 2 * (x.array() - kTarget).square().sum();
}

double UnboundedProblem::g(const VectorRef& x, const VectorRef& y, const Sample& /*sample*/) const {
  Eigen::VectorXd px;
  multiply_p(x, px);
  return 0.5 * (q_.array() * y.array().square()).sum() - y.dot(px);
}

void UnboundedProblem::f_x(const VectorRef& x, const VectorRef& y, Eigen::VectorXd& out, const Sample& sample) const {
  upper_slope(x, y, out);
  if (options_.pull != 0) out.array() += options_.pull * (x.array() - kTarget);
  add_noise("U f_x", options_.noise, sample, out);
}

void UnboundedProblem::f_y(const VectorRef& x, const VectorRef& y, Eigen::VectorXd& out, const Sample& sample) const {
  upper_slope(x, y, out);
  add_noise("U f_y", options_.noise, sample, out);
}

void UnboundedProblem::g_x(const VectorRef& /*x*/, const VectorRef& y, Eigen::VectorXd& out,
                           const Sample& sample) const {
  multiply_p(y, out);
  out = -out;
  add_noise("U g_x", options_.noise, sample, out);
}

void UnboundedProblem::g_y(const VectorRef& x, const VectorRef& y, Eigen::VectorXd& out, const Sample& sample) const {
  multiply_p(x, out);
  out = q_.cwiseProduct(y) - out;
  add_noise("U g_y", options_.noise, sample, out);
}

void UnboundedProblem::hvp(const VectorRef& /*x*/, const VectorRef& /*y*/, const VectorRef& v, Eigen::VectorXd& out,
                           const Sample& sample) const {
  out = q_.cwiseProduct(v);
  add_noise("U hvp", options_.product_noise * options_.noise * v.norm(), sample, out);
}

void UnboundedProblem::jvp(const VectorRef& /*x*/, const VectorRef& /*y*/, const VectorRef& v, Eigen::VectorXd& out,
                           const Sample& sample) const {
  multiply_p(v, out);
  out = -out;
  add_noise("U jvp", options_.product_noise * options_.noise * v.norm(), sample, out);
}

std::optional<Eigen::VectorXd> UnboundedProblem::exact_lower(const VectorRef& x) const {
  Eigen::VectorXd y;
  multiply_p(x, y);
  y = y.cwiseQuotient(q_);
  return y;
}

double UnboundedProblem::phi(const VectorRef& x) const { return f(x, *exact_lower(x)); }

Eigen::VectorXd UnboundedProblem::phi_gradient(const VectorRef& x) const {
  const Eigen::VectorXd y = *exact_lower(x);
  Eigen::VectorXd gradient;
  Eigen::VectorXd slope;
  Eigen::VectorXd implicit;
  f_x(x, y, gradient);
  f_y(x, y, slope);
  multiply_p(slope.cwiseQuotient(q_), implicit);
  return gradient + implicit;
}

}  // namespace offprint::optimize
