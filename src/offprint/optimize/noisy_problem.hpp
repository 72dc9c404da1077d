// A bilevel problem whose gradients carry Gaussian noise: what stochastic methods are tried on.
#pragma once

#include <cstdint>

#include "offprint/optimize/forwarding_problem.hpp"

namespace offprint::optimize {

/// Adds N(0, deviation^2 I/d) to each partial gradient (d its length). The noise belongs to the sample, not to the
/// point: equal samples give equal noise, so that it cancels in g_x_difference and in a STORM estimator's two
/// evaluations. An exact sample has none. Values and second derivatives are exact. `problem` must outlive this.
class NoisyProblem final : public ForwardingProblem {
 public:
  NoisyProblem(const BilevelProblem& problem, double deviation, std::uint64_t seed)
      : ForwardingProblem(problem), deviation_(deviation), seed_(seed) {}

  [[nodiscard]] double f(const VectorRef& x, const VectorRef& y, const Sample& sample = {}) const override;
  [[nodiscard]] double g(const VectorRef& x, const VectorRef& y, const Sample& sample = {}) const override;
  void f_x(const VectorRef& x, const VectorRef& y, Eigen::VectorXd& out, const Sample& sample = {}) const override;
  void f_y(const VectorRef& x, const VectorRef& y, Eigen::VectorXd& out, const Sample& sample = {}) const override;
  void g_x(const VectorRef& x, const VectorRef& y, Eigen::VectorXd& out, const Sample& sample = {}) const override;
  void g_y(const VectorRef& x, const VectorRef& y, Eigen::VectorXd& out, const Sample& sample = {}) const override;
  void g_x_difference(const VectorRef& x, const VectorRef& y, const VectorRef& z, Eigen::VectorXd& out,
                      const Sample& sample = {}) const override;
  void hvp(const VectorRef& x, const VectorRef& y, const VectorRef& v, Eigen::VectorXd& out,
           const Sample& sample = {}) const override;
  void jvp(const VectorRef& x, const VectorRef& y, const VectorRef& v, Eigen::VectorXd& out,
           const Sample& sample = {}) const override;

 private:
  void add(Eigen::VectorXd& out, const char* purpose, const Sample& sample) const;

  double deviation_;
  std::uint64_t seed_;
};

}  // namespace offprint::optimize
