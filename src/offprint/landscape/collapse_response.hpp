// How the minimizer of the tied model answers a change of the features it is tied to (Thm 4.1), the closed-form
// spectrum of that answer at collapse (Thm 4.2), and what one more layer does to within-class variability.
#pragma once

#include <string>
#include <vector>

#include <Eigen/Core>

#include "offprint/landscape/collapse_model.hpp"
#include "offprint/linalg/lapack.hpp"

namespace offprint::landscape {

/// The first-order response of the minimizer H of model (2) to a change of H_0: dH = F dH_0, for balanced classes.
class CollapseResponse {
 public:
  /// `features`: the minimizer H at this beta. Throws InputError: what model.check() throws, unbalanced classes,
  /// beta <= 0.
  CollapseResponse(const CollapseModel& model, double beta, Eigen::MatrixXd features);

  /// F dH_0 with F = (1 - lambda_H/beta) I - (1/beta) I (x) W^T W + (1/beta) Z, exact up to O(beta^-2) (Thm 4.1).
  /// O(N d K + d^2 K); F is symmetric.
  [[nodiscard]] Eigen::MatrixXd apply(const Eigen::MatrixXd& change) const;
  /// The linear response without the large-beta expansion: beta [(lambda_H + beta) I + I (x) W^T W - Z]^{-1} dH_0, by
  /// conjugate gradients to a relative residual of `tolerance`. Throws InputError when H is no strict minimizer (the
  /// matrix is not positive definite), Error when conjugate gradients do not converge.
  [[nodiscard]] Eigen::MatrixXd apply_exact(const Eigen::MatrixXd& change, double tolerance = 1e-13) const;
  /// The block of F (or of the exact response) that maps a change of class `from` to the change of class `to`, n d x n
  /// d in column-stacking order. O(n d) products with F: for small problems and tests.
  [[nodiscard]] Eigen::MatrixXd block(Eigen::Index to, Eigen::Index from, bool exact = false) const;

  [[nodiscard]] const Eigen::MatrixXd& classifier() const { return w_; }

 private:
  [[nodiscard]] Eigen::MatrixXd z(const Eigen::MatrixXd& change) const;
  [[nodiscard]] Eigen::MatrixXd exact_operator(const Eigen::MatrixXd& x) const;

  ClassLabels labels_;
  double lambda_h_, beta_;
  Eigen::MatrixXd h_, w_, error_;  // error = W H - Y
  Eigen::MatrixXd factor_;         // upper R, R^T R = H H^T + n lambda_W I
};

/// One step of the staircase.
struct SpectrumLevel {
  double value = 0;
  Eigen::Index multiplicity = 0;
  std::string directions;
};

/// Singular values of the blocks of F when H_0 is a collapsed minimizer of model (1) (Thm 4.2 and the rest of the
/// list): those of a diagonal block from the largest, and the one of an off-diagonal block (rank one).
struct CollapseSpectrum {
  std::vector<SpectrumLevel> diagonal;  ///< multiplicities add up to d n; levels with none are left out
  double off_diagonal = 0;
};
/// Throws InputError: d < K, beta <= 0, lambda_W <= 0, lambda_H < 0, lambda_H lambda_W >= 1 (the minimizer is zero).
[[nodiscard]] CollapseSpectrum collapse_spectrum(Eigen::Index d, Eigen::Index classes, Eigen::Index per_class,
                                                 double lambda_w, double lambda_h, double beta);

/// What one more layer does to deviations from the class means, exactly in beta: the factor outside the span P of the
/// class means, beta/(beta + lambda_H), and inside, beta/(beta + sqrt(lambda_H/lambda_W)).
struct LayerContraction {
  double outside = 1;
  double inside = 1;
  /// Tr Sigma_W(out) / Tr Sigma_W(in) for isotropic deviations in d dimensions and K classes.
  [[nodiscard]] double isotropic_gain(Eigen::Index d, Eigen::Index classes) const;
};
/// Throws as collapse_spectrum does.
[[nodiscard]] LayerContraction layer_contraction(double lambda_w, double lambda_h, double beta);

/// The same for given features, near collapse: Tr Sigma_W(out) = outside^2 Tr[(I - P) Sigma_W] + inside^2 Tr[P
/// Sigma_W].
struct LayerGain {
  Eigen::VectorXd within;     ///< trace of each class's covariance now
  Eigen::VectorXd inside;     ///< of which in the span of the class means
  Eigen::VectorXd predicted;  ///< after one more layer
  double gain = 0;            ///< sum of predicted over sum of within
  Eigen::Index span = 0;      ///< dimension of the span of the class means
};
/// Throws InputError: what layer_contraction() and model.check() throw, d < K, features without any deviation.
/// O(N d K).
[[nodiscard]] LayerGain layer_gain(const CollapseModel& model, const Eigen::MatrixXd& features, double beta);

}  // namespace offprint::landscape
