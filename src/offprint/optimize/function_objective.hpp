// An objective made of functions: how a formula of yours, or a network, goes in.
#pragma once

#include <functional>
#include <map>
#include <utility>

#include "offprint/optimize/objective.hpp"

namespace offprint::optimize {

/// What a FunctionObjective is made of.
struct FunctionParts {
  Eigen::Index dimension = 0;
  /// f(x); sets g (already of the right size) to grad f(x).
  std::function<double(const Eigen::VectorXd& x, Eigen::VectorXd& g)> value_and_gradient;
  /// The approximations of the Hessian that there are: any Curvature (a dense matrix, an operator, ...) at x.
  std::map<HessianKind, std::function<Curvature(const Eigen::VectorXd& x)>> curvature{};
  bool convex = false;
  std::optional<double> optimum{};
};

/// f(x) = sum of squares, as an example:
///   FunctionObjective f({.dimension = 3,
///                        .value_and_gradient = [](const auto& x, auto& g) { g = 2 * x; return x.squaredNorm(); },
///                        .curvature = {{HessianKind::kExact, [](const auto& x) -> Curvature {
///                          return DenseCurvature{2 * Eigen::MatrixXd::Identity(x.size(), x.size())}; }}}});
class FunctionObjective : public Objective {
 public:
  /// Throws InputError without a dimension or value_and_gradient.
  explicit FunctionObjective(FunctionParts parts);

  [[nodiscard]] Eigen::Index dimension() const override { return parts_.dimension; }
  void value(Point& point) const override;
  void gradient(Point& /*point*/) const override {}  // value() has set it
  [[nodiscard]] bool supports(HessianKind kind) const override { return parts_.curvature.count(kind) != 0; }
  [[nodiscard]] Curvature curvature(const Point& point, HessianKind kind) const override;
  [[nodiscard]] bool convex() const override { return parts_.convex; }
  [[nodiscard]] std::optional<double> optimum() const override { return parts_.optimum; }

 private:
  FunctionParts parts_;
};

}  // namespace offprint::optimize
