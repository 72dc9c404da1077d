// Generalised linear models: logistic, least-squares and Poisson regression on sparse or dense rows.
#pragma once

#include <string_view>

#include "offprint/optimize/design_matrix.hpp"
#include "offprint/optimize/objective.hpp"

namespace offprint::optimize {

/// The loss of one sample, with z = <a, x>.
enum class GlmLoss {
  kLogistic,  ///< log(1 + exp(-y z)), y in {-1, +1}
  kSquared,   ///< (z - y)^2/2
  kPoisson,   ///< exp(z) - y z, y >= 0
};

/// In which form a model gives its curvature.
enum class CurvatureForm {
  kAuto,      ///< dense up to 3000 variables, an operator beyond
  kDense,     ///< d x d, for Cholesky
  kOperator,  ///< products, for conjugate gradients
  kLowRank,   ///< diag(l2) + A^T diag(w) A with A dense, for Woodbury: worth it with fewer rows than columns
};

struct GlmOptions {
  GlmLoss loss = GlmLoss::kLogistic;
  double l2 = 0;  ///< (l2/2) sum of the squares of the penalised coefficients
  /// How many coefficients, from the first, are penalised; -1: all. An unpenalised intercept is a last column of ones.
  Eigen::Index penalised = -1;
  CurvatureForm form = CurvatureForm::kAuto;
};

/// f(x) = (1/m) sum_i phi(y_i, <a_i, x>) + (l2/2)||x||^2. Kinds: exact, weights phi''; fisher, the empirical one,
/// weights phi'^2 (not the Fisher matrix of the model, which is the Hessian for these losses); gauss-newton, the same
/// as exact for these losses; majorant, weights 1/4 (logistic) or 1 (squared; Poisson has none); diagonal, of the exact
/// one. The l2 term enters every kind exactly. One value is a pass over the entries, one gradient another.
class GeneralizedLinear : public Objective {
 public:
  /// Throws InputError: a y per row is missing, a y that the loss does not know (row), l2 < 0; all y equal with l2 = 0
  /// and the logistic loss ("no minimiser: one class and no regularisation").
  GeneralizedLinear(DesignMatrix rows, Eigen::VectorXd y, const GlmOptions& options = {});

  [[nodiscard]] Eigen::Index dimension() const override { return rows_.columns(); }
  void value(Point& point) const override;  ///< inner = z, then phi'(z)
  void gradient(Point& point) const override;
  [[nodiscard]] bool supports(HessianKind kind) const override;
  [[nodiscard]] Curvature curvature(const Point& point, HessianKind kind) const override;
  [[nodiscard]] bool convex() const override { return true; }

  [[nodiscard]] const DesignMatrix& rows() const { return rows_; }
  [[nodiscard]] const Eigen::VectorXd& y() const { return y_; }
  [[nodiscard]] const GlmOptions& options() const { return options_; }
  /// f(x) less the dual value at u = phi'(A x), which is ||grad f(x)||_2^2/(2 l2): f(x) - min f is at most that.
  /// Nothing without l2 or with an unpenalised coefficient.
  [[nodiscard]] std::optional<double> duality_gap(const Point& point) const;

 private:
  [[nodiscard]] Eigen::VectorXd weights(const Point& point, HessianKind kind) const;
  [[nodiscard]] Eigen::VectorXd penalty() const;

  DesignMatrix rows_;
  Eigen::VectorXd y_;
  GlmOptions options_;
};

/// The curvature scale A^T diag(w) A + diag(penalty) in a form. Throws InputError when kLowRank would take over 2 GB.
[[nodiscard]] Curvature weighted_curvature(const DesignMatrix& rows, Eigen::VectorXd w, Eigen::VectorXd penalty,
                                           CurvatureForm form);

}  // namespace offprint::optimize
