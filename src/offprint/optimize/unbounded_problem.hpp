// Problem U: a bilevel problem whose upper level is cosh-like, so that its curvature in x grows with its gradient and
// no fixed outer step serves both a steep and a gentle start. Everything about it is known exactly.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include <Eigen/Core>

#include "offprint/optimize/bilevel_problem.hpp"

namespace offprint::optimize {

struct UnboundedProblemOptions {
  Eigen::Index dimension = 10;
  /// s: f = sum (cosh(s u) - 1) / s^2, u = x + y - t, whose second derivative sqrt(1 + s^2 f'^2) <= 1 + s |f'| makes it
  /// (1, s)-smooth (the (L0, L1) condition of Zhang et al. 2020) and not Lipschitz smooth.
  double steepness = 2.0;
  /// Adds pull/2 ||x - 2||^2 to f (every target component 2). 0: problem U, where grad_x f and the implicit part of the
  /// hypergradient vanish at one and the same x, so that a method without the implicit part goes unnoticed. 1: U+,
  /// where it does not.
  double pull = 0.0;
  /// Stochastic oracles add noise * N(0, I/d) to a gradient and product_noise * ||v|| * noise * N(0, I/d) to a product
  /// with v, drawn afresh for each sample and oracle.
  double noise = 0.5;
  double product_noise = 0.3;
  std::uint64_t seed = 0;  ///< of the noise
};

/// min over x of f(x, y*(x)) with g = 1/2 sum q_i y_i^2 - y^T P x, q_i = 1 + 4 i/(d-1), P = I - 0.3 (sub- and
/// superdiagonal), t_i = cos i, i = 0..d-1, so that y*(x) = P x / q, mu = 1 and l_{g,1} = 5. Values and exact oracles
/// cost O(d). After Hao, Gong, Liu (ICLR 2024), whose assumptions it satisfies with L_{x,1} > 0.
class UnboundedProblem final : public BilevelProblem {
 public:
  /// Throws InputError unless dimension >= 2, steepness > 0, and the noises and the pull are not negative.
  explicit UnboundedProblem(const UnboundedProblemOptions& options = {});

  [[nodiscard]] Eigen::Index dimension_x() const override { return options_.dimension; }
  [[nodiscard]] Eigen::Index dimension_y() const override { return options_.dimension; }

  /// Values are exact whatever the sample.
  [[nodiscard]] double f(const VectorRef& x, const VectorRef& y, const Sample& sample = {}) const override;
  [[nodiscard]] double g(const VectorRef& x, const VectorRef& y, const Sample& sample = {}) const override;
  void f_x(const VectorRef& x, const VectorRef& y, Eigen::VectorXd& out, const Sample& sample = {}) const override;
  void f_y(const VectorRef& x, const VectorRef& y, Eigen::VectorXd& out, const Sample& sample = {}) const override;
  void g_x(const VectorRef& x, const VectorRef& y, Eigen::VectorXd& out, const Sample& sample = {}) const override;
  void g_y(const VectorRef& x, const VectorRef& y, Eigen::VectorXd& out, const Sample& sample = {}) const override;
  [[nodiscard]] bool second_order() const override { return true; }
  void hvp(const VectorRef& x, const VectorRef& y, const VectorRef& v, Eigen::VectorXd& out,
           const Sample& sample = {}) const override;
  void jvp(const VectorRef& x, const VectorRef& y, const VectorRef& v, Eigen::VectorXd& out,
           const Sample& sample = {}) const override;
  [[nodiscard]] std::optional<Eigen::VectorXd> exact_lower(const VectorRef& x) const override;

  /// Phi(x) = f(x, y*(x)) and its gradient w + pull (x - 2) + P^T (w / q), w = sinh(s (x + y* - t)) / s.
  [[nodiscard]] double phi(const VectorRef& x) const;
  [[nodiscard]] Eigen::VectorXd phi_gradient(const VectorRef& x) const;
  /// q, the diagonal of grad_yy g.
  [[nodiscard]] const Eigen::VectorXd& curvature() const { return q_; }

 private:
  void multiply_p(const VectorRef& x, Eigen::VectorXd& out) const;
  void upper_slope(const VectorRef& x, const VectorRef& y, Eigen::VectorXd& out) const;
  void add_noise(std::string_view oracle, double scale, const Sample& sample, Eigen::VectorXd& out) const;

  UnboundedProblemOptions options_;
  Eigen::VectorXd q_;
  Eigen::VectorXd t_;
};

}  // namespace offprint::optimize
