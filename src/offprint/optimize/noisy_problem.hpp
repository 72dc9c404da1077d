// A bilevel problem whose gradients carry Gaussian noise: what stochastic methods are tried on.
#pragma once

#include <cstdint>

#include "offprint/optimize/bilevel_problem.hpp"

namespace offprint::optimize {

/// Adds N(0, deviation^2 I/d) to each partial gradient (d its length). The noise belongs to the sample, not to the
/// point: equal samples give equal noise, so that it cancels in g_x_difference and in a STORM estimator's two
/// evaluations. An exact sample has none. Values and second derivatives are exact. `problem` must outlive this.
class NoisyProblem final : public BilevelProblem {
 public:
  NoisyProblem(const BilevelProblem& problem, double deviation, std::uint64_t seed)
      : problem_(problem), deviation_(deviation), seed_(seed) {}

  [[nodiscard]] Eigen::Index dimension_x() const override { return problem_.dimension_x(); }
  [[nodiscard]] Eigen::Index dimension_y() const override { return problem_.dimension_y(); }
  [[nodiscard]] double f(const VectorRef& x, const VectorRef& y, const Sample& sample = {}) const override;
  [[nodiscard]] double g(const VectorRef& x, const VectorRef& y, const Sample& sample = {}) const override;
  void f_x(const VectorRef& x, const VectorRef& y, Eigen::VectorXd& out, const Sample& sample = {}) const override;
  void f_y(const VectorRef& x, const VectorRef& y, Eigen::VectorXd& out, const Sample& sample = {}) const override;
  void g_x(const VectorRef& x, const VectorRef& y, Eigen::VectorXd& out, const Sample& sample = {}) const override;
  void g_y(const VectorRef& x, const VectorRef& y, Eigen::VectorXd& out, const Sample& sample = {}) const override;
  void g_x_difference(const VectorRef& x, const VectorRef& y, const VectorRef& z, Eigen::VectorXd& out,
                      const Sample& sample = {}) const override;
  [[nodiscard]] bool second_order() const override { return problem_.second_order(); }
  void hvp(const VectorRef& x, const VectorRef& y, const VectorRef& v, Eigen::VectorXd& out,
           const Sample& sample = {}) const override;
  void jvp(const VectorRef& x, const VectorRef& y, const VectorRef& v, Eigen::VectorXd& out,
           const Sample& sample = {}) const override;
  void project_x(Eigen::VectorXd& x) const override { problem_.project_x(x); }
  void project_y(Eigen::VectorXd& y) const override { problem_.project_y(y); }
  [[nodiscard]] bool constrained_y() const override { return problem_.constrained_y(); }
  [[nodiscard]] std::optional<Eigen::VectorXd> exact_lower(const VectorRef& x) const override {
    return problem_.exact_lower(x);
  }

 private:
  void add(Eigen::VectorXd& out, const char* purpose, const Sample& sample) const;

  const BilevelProblem& problem_;
  double deviation_;
  std::uint64_t seed_;
};

}  // namespace offprint::optimize
