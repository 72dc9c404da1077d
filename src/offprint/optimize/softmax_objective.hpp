// Multiclass logistic (softmax) regression on sparse or dense rows.
#pragma once

#include <vector>

#include "offprint/optimize/generalized_linear.hpp"

namespace offprint::optimize {

struct SoftmaxOptions {
  double l2 = 0;
  Eigen::Index penalised = -1;                ///< coefficients of each class, as in GlmOptions
  CurvatureForm form = CurvatureForm::kAuto;  ///< kLowRank is not offered
};

/// f(W) = (1/m) sum_i (log sum_c exp(<w_c, a_i>) - <w_{y_i}, a_i>) + (l2/2)||W||^2, k classes; x holds w_1, ..., w_k
/// one after the other (k d variables). Adding one vector to every w_c changes nothing: without l2 the Hessian is
/// singular, and solvable thanks to lambda B. Kinds: exact; gauss-newton, the diagonal blocks p_c a a^T (the -p p^T
/// term left out); fisher, sum grad f_i grad f_i^T; majorant, (I - 11^T/k)/2 (Böhning 1992) in place of diag(p) - p
/// p^T; diagonal.
class SoftmaxObjective : public Objective {
 public:
  /// Throws InputError: labels outside [0, classes) (row), fewer than 2 classes, l2 < 0; a class without a row and
  /// l2 = 0 ("no minimiser").
  SoftmaxObjective(DesignMatrix rows, std::vector<int> labels, int classes, const SoftmaxOptions& options = {});

  [[nodiscard]] Eigen::Index dimension() const override { return classes_ * rows_.columns(); }
  void value(Point& point) const override;  ///< inner = p, m x k by columns
  void gradient(Point& point) const override;
  [[nodiscard]] bool supports(HessianKind /*kind*/) const override { return true; }
  [[nodiscard]] Curvature curvature(const Point& point, HessianKind kind) const override;
  [[nodiscard]] bool convex() const override { return true; }

  [[nodiscard]] const DesignMatrix& rows() const { return rows_; }
  [[nodiscard]] Eigen::Index classes() const { return classes_; }
  /// ||grad f||_2^2/(2 l2), as in GeneralizedLinear.
  [[nodiscard]] std::optional<double> duality_gap(const Point& point) const;

 private:
  /// Weights of the block (c, e), over the samples.
  [[nodiscard]] Eigen::VectorXd block_weights(const Point& point, HessianKind kind, Eigen::Index c,
                                              Eigen::Index e) const;
  [[nodiscard]] Curvature dense(const Point& point, HessianKind kind) const;
  [[nodiscard]] Curvature as_operator(const Point& point, HessianKind kind) const;
  [[nodiscard]] Eigen::VectorXd diagonal(const Point& point, HessianKind kind) const;

  DesignMatrix rows_;
  std::vector<int> labels_;
  Eigen::Index classes_;
  SoftmaxOptions options_;
};

}  // namespace offprint::optimize
