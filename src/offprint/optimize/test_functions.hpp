// Functions on which a class's rate, or a method's trouble, shows.
#pragma once

#include "offprint/optimize/objective.hpp"

namespace offprint::optimize {

/// f(x) = (1/q)(|x_1|^q + sum_{i>1} |x_i - x_{i-1}|^q) - x_1, q >= 2: minimum 1/q - 1 at x = 1, far from 0 along the
/// chain. Its Hessian is Hölder continuous with exponent min(q - 2, 1). Kinds: exact (tridiagonal).
class Chain : public Objective {
 public:
  /// Throws InputError for n < 2 or q < 2.
  Chain(Eigen::Index n, double q);
  [[nodiscard]] Eigen::Index dimension() const override { return n_; }
  void value(Point& point) const override;  ///< inner = differences
  void gradient(Point& point) const override;
  [[nodiscard]] bool supports(HessianKind kind) const override { return kind == HessianKind::kExact; }
  [[nodiscard]] Curvature curvature(const Point& point, HessianKind kind) const override;
  [[nodiscard]] bool convex() const override { return true; }
  [[nodiscard]] std::optional<double> optimum() const override { return 1 / q_ - 1; }

 private:
  Eigen::Index n_;
  double q_;
};

/// Rosenbrock's function 100 (x_2 - x_1^2)^2 + (1 - x_1)^2. Kinds: exact, which is indefinite where
/// x_2 > x_1^2 + 1/200.
class Rosenbrock : public Objective {
 public:
  [[nodiscard]] Eigen::Index dimension() const override { return 2; }
  void value(Point& point) const override;
  void gradient(Point& point) const override;
  [[nodiscard]] bool supports(HessianKind kind) const override { return kind == HessianKind::kExact; }
  [[nodiscard]] Curvature curvature(const Point& point, HessianKind kind) const override;
  [[nodiscard]] std::optional<double> optimum() const override { return 0.0; }
};

}  // namespace offprint::optimize
