// Small bilevel problems with known answers: what oracles, methods and a first look at penalty methods are tried on.
#pragma once

#include <cstdint>

#include "offprint/optimize/bilevel_problem.hpp"

namespace offprint::optimize {

/// Problem Q, d = 5: strongly convex lower level. g = 1/2 sum q_i y_i^2 - y^T P x, q_i = 1 + 4 i/(d-1),
/// P = I - 0.3 (sub- and superdiagonal); f = sum (cosh(x_i + y_i - cos i) - 1) + pull ||x - 2||^2. With pull = 0 f_x
/// and f_y vanish together at the minimiser, so that psi_sigma and psi share it; pull = 0.25 is problem Q+, where they
/// do not. y*(x) = P x / q.
class ProblemQ final : public BilevelProblem {
 public:
  explicit ProblemQ(double pull = 0, Eigen::Index dimension = 5);

  [[nodiscard]] Eigen::Index dimension_x() const override { return q_.size(); }
  [[nodiscard]] Eigen::Index dimension_y() const override { return q_.size(); }
  [[nodiscard]] double f(const VectorRef& x, const VectorRef& y, const Sample& sample = {}) const override;
  [[nodiscard]] double g(const VectorRef& x, const VectorRef& y, const Sample& sample = {}) const override;
  void f_x(const VectorRef& x, const VectorRef& y, Eigen::VectorXd& out, const Sample& sample = {}) const override;
  void f_y(const VectorRef& x, const VectorRef& y, Eigen::VectorXd& out, const Sample& sample = {}) const override;
  void g_x(const VectorRef& x, const VectorRef& y, Eigen::VectorXd& out, const Sample& sample = {}) const override;
  void g_y(const VectorRef& x, const VectorRef& y, Eigen::VectorXd& out, const Sample& sample = {}) const override;
  void g_x_difference(const VectorRef& x, const VectorRef& y, const VectorRef& z, Eigen::VectorXd& out,
                      const Sample& sample = {}) const override;
  [[nodiscard]] bool second_order() const override { return true; }
  void hvp(const VectorRef& x, const VectorRef& y, const VectorRef& v, Eigen::VectorXd& out,
           const Sample& sample = {}) const override;
  void jvp(const VectorRef& x, const VectorRef& y, const VectorRef& v, Eigen::VectorXd& out,
           const Sample& sample = {}) const override;
  [[nodiscard]] std::optional<Eigen::VectorXd> exact_lower(const VectorRef& x) const override;

 private:
  double pull_;
  Eigen::VectorXd q_;
  Eigen::VectorXd t_;
};

/// Problem R: a rank-deficient lower level (2 in x, 3 in y). g = 1/2 ||C y - D x||^2, f = 1/2 ||y - a||^2 +
/// 1/2 ||x - b||^2 + x^T M y. The lower level's solutions are a line; exact_lower gives the one of least f.
class ProblemR final : public BilevelProblem {
 public:
  ProblemR();

  [[nodiscard]] Eigen::Index dimension_x() const override { return 2; }
  [[nodiscard]] Eigen::Index dimension_y() const override { return 3; }
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

  /// The direction along which g does not change: (2, -1, 1)/sqrt 6.
  [[nodiscard]] static Eigen::Vector3d null_direction();

 private:
  Eigen::Matrix<double, 2, 3> c_;
  Eigen::Matrix2d d_;
  Eigen::Matrix<double, 2, 3> m_;
  Eigen::Vector3d a_;
  Eigen::Vector2d b_;
  Eigen::Matrix<double, 3, 2> pinv_d_;  // C^+ D
};

/// Problem J: the error bound fails. X = Y = [-1, 1], g = x y, f = -y + x^2: the lower solution jumps from 1 to -1 at
/// x = 0, and psi_sigma needs until x = sigma to follow.
class ProblemJ final : public BilevelProblem {
 public:
  [[nodiscard]] Eigen::Index dimension_x() const override { return 1; }
  [[nodiscard]] Eigen::Index dimension_y() const override { return 1; }
  [[nodiscard]] double f(const VectorRef& x, const VectorRef& y, const Sample& sample = {}) const override;
  [[nodiscard]] double g(const VectorRef& x, const VectorRef& y, const Sample& sample = {}) const override;
  void f_x(const VectorRef& x, const VectorRef& y, Eigen::VectorXd& out, const Sample& sample = {}) const override;
  void f_y(const VectorRef& x, const VectorRef& y, Eigen::VectorXd& out, const Sample& sample = {}) const override;
  void g_x(const VectorRef& x, const VectorRef& y, Eigen::VectorXd& out, const Sample& sample = {}) const override;
  void g_y(const VectorRef& x, const VectorRef& y, Eigen::VectorXd& out, const Sample& sample = {}) const override;
  void project_x(Eigen::VectorXd& x) const override { x = x.cwiseMax(-1).cwiseMin(1); }
  void project_y(Eigen::VectorXd& y) const override { y = y.cwiseMax(-1).cwiseMin(1); }
  [[nodiscard]] bool constrained_y() const override { return true; }
  [[nodiscard]] std::optional<Eigen::VectorXd> exact_lower(const VectorRef& x) const override;
};

/// Problem K: a constraint with a kink. Y = [0, inf), g = 1/2 (y - x)^2, f = 1/2 (y - 1)^2 + 0.05 x^2. psi' jumps at
/// x = 0, where strict complementarity fails; psi_sigma smooths that over a width of sigma.
class ProblemK final : public BilevelProblem {
 public:
  [[nodiscard]] Eigen::Index dimension_x() const override { return 1; }
  [[nodiscard]] Eigen::Index dimension_y() const override { return 1; }
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
  void project_y(Eigen::VectorXd& y) const override { y = y.cwiseMax(0); }
  [[nodiscard]] bool constrained_y() const override { return true; }
  [[nodiscard]] std::optional<Eigen::VectorXd> exact_lower(const VectorRef& x) const override;
};

}  // namespace offprint::optimize
