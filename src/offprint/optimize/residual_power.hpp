// Powers of the norm of a residual: f(x) = (1/p) ||u(x)||^p, p >= 2.
#pragma once

#include <functional>

#include "offprint/optimize/objective.hpp"

namespace offprint::optimize {

/// With r = ||u||, J the Jacobian of u and q = J^T u: gradient r^{p-2} q, Hessian
///   r^{p-2} J^T J + (p-2) r^{p-4} q q^T + r^{p-2} sum_i u_i Hess(u_i).
/// Kinds: exact; gauss-newton leaves the last sum out; fisher keeps the rank-one term alone, which is
/// (p-2)/||u||^p grad grad^T (use J^T J as metric). The rank-one term is 0 where u = 0.
class ResidualPower : public Objective {
 public:
  void value(Point& point) const override;  ///< inner = u
  void gradient(Point& point) const override;
  [[nodiscard]] bool supports(HessianKind kind) const override;
  [[nodiscard]] Curvature curvature(const Point& point, HessianKind kind) const override;
  [[nodiscard]] double power() const { return p_; }

 protected:
  /// Throws InputError unless 2 <= p < infinity.
  explicit ResidualPower(double p);

  virtual void residual(const Eigen::VectorXd& x, Eigen::VectorXd& u) const = 0;
  virtual void transposed_jacobian(const Eigen::VectorXd& x, const Eigen::VectorXd& u, Eigen::VectorXd& q) const = 0;
  /// a J^T J + c q q^T, and a sum_i u_i Hess(u_i) when `second`.
  [[nodiscard]] virtual Curvature assemble(const Point& point, double a, double c, const Eigen::VectorXd& q,
                                           bool second) const = 0;

 private:
  [[nodiscard]] double rank_one_weight(double r) const;
  double p_;
};

/// u = A x - b. A^T A is formed once.
class LinearResidualPower : public ResidualPower {
 public:
  /// Throws InputError: empty, sizes that differ, entries that are not finite, p < 2.
  LinearResidualPower(Eigen::MatrixXd a, Eigen::VectorXd b, double p);
  [[nodiscard]] Eigen::Index dimension() const override { return a_.cols(); }
  [[nodiscard]] bool convex() const override { return true; }
  /// A^T A.
  [[nodiscard]] const Eigen::MatrixXd& gram() const { return gram_; }

 protected:
  void residual(const Eigen::VectorXd& x, Eigen::VectorXd& u) const override;
  void transposed_jacobian(const Eigen::VectorXd& x, const Eigen::VectorXd& u, Eigen::VectorXd& q) const override;
  [[nodiscard]] Curvature assemble(const Point& point, double a, double c, const Eigen::VectorXd& q,
                                   bool second) const override;

 private:
  Eigen::MatrixXd a_;
  Eigen::VectorXd b_;
  Eigen::MatrixXd gram_;
};

/// u with a lower bidiagonal Jacobian and diagonal Hessians of its entries: everything is O(n).
class BidiagonalResidualPower : public ResidualPower {
 public:
  /// u_1 = (1 - x_1)/2, u_i = x_i - (2 x_{i-1}^2 - 1): the Chebyshev system, minimum 0 at x = 1.
  [[nodiscard]] static BidiagonalResidualPower chebyshev(Eigen::Index n, double p);
  /// u = (1 - x_1, 10 (x_2 - x_1^2)): ||u||^2 is Rosenbrock's function.
  [[nodiscard]] static BidiagonalResidualPower rosenbrock(double p);

  [[nodiscard]] Eigen::Index dimension() const override { return n_; }
  [[nodiscard]] std::optional<double> optimum() const override { return 0.0; }

 protected:
  void residual(const Eigen::VectorXd& x, Eigen::VectorXd& u) const override;
  void transposed_jacobian(const Eigen::VectorXd& x, const Eigen::VectorXd& u, Eigen::VectorXd& q) const override;
  [[nodiscard]] Curvature assemble(const Point& point, double a, double c, const Eigen::VectorXd& q,
                                   bool second) const override;

 private:
  BidiagonalResidualPower(Eigen::Index n, double p, double first, double scale, double inner, double shift)
      : ResidualPower(p), n_(n), first_(first), scale_(scale), inner_(inner), shift_(shift) {}

  Eigen::Index n_;
  double first_;  // u_1 = first (1 - x_1); u_i = scale (x_i - inner x_{i-1}^2 + shift)
  double scale_;
  double inner_;
  double shift_;
};

}  // namespace offprint::optimize
