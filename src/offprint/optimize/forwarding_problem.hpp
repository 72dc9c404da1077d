// A bilevel problem that passes every call on to another: derive from it to change one thing.
#pragma once

#include <optional>

#include "offprint/optimize/bilevel_problem.hpp"

namespace offprint::optimize {

/// `problem` must outlive this.
class ForwardingProblem : public BilevelProblem {
 public:
  explicit ForwardingProblem(const BilevelProblem& problem) : problem_(problem) {}

  [[nodiscard]] Eigen::Index dimension_x() const override { return problem_.dimension_x(); }
  [[nodiscard]] Eigen::Index dimension_y() const override { return problem_.dimension_y(); }
  [[nodiscard]] double f(const VectorRef& x, const VectorRef& y, const Sample& sample = {}) const override {
    return problem_.f(x, y, sample);
  }
  [[nodiscard]] double g(const VectorRef& x, const VectorRef& y, const Sample& sample = {}) const override {
    return problem_.g(x, y, sample);
  }
  void f_x(const VectorRef& x, const VectorRef& y, Eigen::VectorXd& out, const Sample& sample = {}) const override {
    problem_.f_x(x, y, out, sample);
  }
  void f_y(const VectorRef& x, const VectorRef& y, Eigen::VectorXd& out, const Sample& sample = {}) const override {
    problem_.f_y(x, y, out, sample);
  }
  void g_x(const VectorRef& x, const VectorRef& y, Eigen::VectorXd& out, const Sample& sample = {}) const override {
    problem_.g_x(x, y, out, sample);
  }
  void g_y(const VectorRef& x, const VectorRef& y, Eigen::VectorXd& out, const Sample& sample = {}) const override {
    problem_.g_y(x, y, out, sample);
  }
  void g_x_difference(const VectorRef& x, const VectorRef& y, const VectorRef& z, Eigen::VectorXd& out,
                      const Sample& sample = {}) const override {
    problem_.g_x_difference(x, y, z, out, sample);
  }
  [[nodiscard]] bool second_order() const override { return problem_.second_order(); }
  void hvp(const VectorRef& x, const VectorRef& y, const VectorRef& v, Eigen::VectorXd& out,
           const Sample& sample = {}) const override {
    problem_.hvp(x, y, v, out, sample);
  }
  void jvp(const VectorRef& x, const VectorRef& y, const VectorRef& v, Eigen::VectorXd& out,
           const Sample& sample = {}) const override {
    problem_.jvp(x, y, v, out, sample);
  }
  void project_x(Eigen::VectorXd& x) const override { problem_.project_x(x); }
  void project_y(Eigen::VectorXd& y) const override { problem_.project_y(y); }
  [[nodiscard]] bool constrained_y() const override { return problem_.constrained_y(); }
  [[nodiscard]] std::optional<Eigen::VectorXd> exact_lower(const VectorRef& x) const override {
    return problem_.exact_lower(x);
  }
  [[nodiscard]] std::uint64_t rows_upper(const Sample& sample) const override { return problem_.rows_upper(sample); }
  [[nodiscard]] std::uint64_t rows_lower(const Sample& sample) const override { return problem_.rows_lower(sample); }

 protected:
  [[nodiscard]] const BilevelProblem& inner() const { return problem_; }

 private:
  const BilevelProblem& problem_;
};

}  // namespace offprint::optimize
