// What a smooth function must offer to be minimised, said once. Every method of this component takes any Objective.
#pragma once

#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <Eigen/Core>

#include "offprint/optimize/curvature.hpp"

namespace offprint::optimize {

/// Which matrix stands for the Hessian.
enum class HessianKind {
  kExact,        ///< the Hessian itself
  kFisher,       ///< empirical Fisher: (1/m) sum grad f_i grad f_i^T, or the rank-one piece of a power of a norm
  kGaussNewton,  ///< (weighted) Gauss-Newton: second derivatives of the inner map, or of its normalisation, left out
  kMajorant,     ///< one matrix above every Hessian
  kDiagonal,     ///< diagonal of the Hessian
  kNone,         ///< no matrix: gradient steps
};
/// "exact", "fisher", "gauss-newton", "majorant", "diagonal", "none"; parse throws InputError listing them.
[[nodiscard]] std::string_view to_string(HessianKind kind);
[[nodiscard]] HessianKind parse_hessian_kind(std::string_view text);

/// A point and what one evaluation there has found. A method owns its points; the objective fills them.
struct Point {
  Eigen::VectorXd x;
  double value = std::numeric_limits<double>::quiet_NaN();
  Eigen::VectorXd gradient;
  /// What the objective keeps of the evaluation (margins, residuals, probabilities), for gradient and curvature at the
  /// same x: accepting a point never recomputes anything.
  Eigen::VectorXd inner;
};

/// A smooth function of dimension() variables. Members are const; a point's evaluation may run over threads inside.
class Objective {
 public:
  Objective() = default;
  Objective(const Objective&) = delete;
  Objective& operator=(const Objective&) = delete;
  virtual ~Objective() = default;

  [[nodiscard]] virtual Eigen::Index dimension() const = 0;
  /// Reads point.x; sets value and inner. A value that overflows may be infinite or NaN: methods reject such points.
  virtual void value(Point& point) const = 0;
  /// Reads x and inner as value() left them; sets the gradient.
  virtual void gradient(Point& point) const = 0;
  void evaluate(Point& point) const {
    value(point);
    gradient(point);
  }

  /// Whether curvature() can give this kind. Every objective has kNone.
  [[nodiscard]] virtual bool supports(HessianKind kind) const = 0;
  /// The matrix at an evaluated point (value() and gradient() done). Throws InputError when the kind is not supported.
  [[nodiscard]] virtual Curvature curvature(const Point& point, HessianKind kind) const = 0;

  /// Whether f is known to be convex.
  [[nodiscard]] virtual bool convex() const { return false; }
  /// min f, where it is known in closed form.
  [[nodiscard]] virtual std::optional<double> optimum() const { return {}; }
};

/// Throws InputError naming the kinds there are, unless the objective supports `kind`.
void require_support(const Objective& objective, HessianKind kind);

/// The point x, evaluated. Throws InputError when the size is wrong, or value or gradient are not finite.
[[nodiscard]] Point evaluated(const Objective& objective, const Eigen::VectorXd& x);

}  // namespace offprint::optimize
