// The paper's two models of the last layers: unconstrained features (1), and features tied to those of an earlier layer
// (2), f(W, H; H_0) = f_1(W, H) + beta ||H - H_0||^2 / (2 K n) with
// f_1 = ||W H - Y||^2/(2 K n) + lambda_W ||W||^2/(2 K) + lambda_H ||H||^2/(2 K n). Tirer, Huang, Niles-Weed, ICML 2023.
#pragma once

#include <Eigen/Core>

#include "offprint/core/parallel.hpp"
#include "offprint/landscape/collapse_labels.hpp"

namespace offprint::landscape {

/// What the two models are about. Samples are columns in any order (their labels say which class), d x N. With
/// unbalanced classes n is N/K and each sample of class k counts n / n_k in every sum over samples, so that classes
/// count alike.
struct CollapseModel {
  ClassLabels labels;
  double lambda_w = 0.0;  ///< regularization of the classifier, > 0
  double lambda_h = 0.0;  ///< regularization of the features, >= 0

  /// Throws InputError unless lambda_w > 0 and lambda_h >= 0 (both finite) and `features` has one finite column per
  /// label.
  void check(const Eigen::Ref<const Eigen::MatrixXd>& features) const;
  /// Weight n / n_k of the samples of class k: 1 for balanced classes.
  [[nodiscard]] double weight(Eigen::Index k) const { return labels.mean_size() / static_cast<double>(labels.size(k)); }
};

/// W*(H) = Y H^T (H H^T + n lambda_W I)^{-1}: the classifier (K x d) that minimizes f_1 at these features. Solves the
/// smaller of the d x d and the N x N (dual) systems: O(N d min(N, d)). Throws as check() does.
[[nodiscard]] Eigen::MatrixXd ridge_classifier(const CollapseModel& model, const Eigen::MatrixXd& features);

/// f_1(W, H).
[[nodiscard]] double unconstrained_loss(const CollapseModel& model, const Eigen::MatrixXd& classifier,
                                        const Eigen::MatrixXd& features);
/// L(H) = f_1(W*(H), H).
[[nodiscard]] double reduced_loss(const CollapseModel& model, const Eigen::MatrixXd& features);
/// K n times the gradient of L (in the class-weighted inner product): W*^T (W* H - Y) + lambda_H H, by the envelope
/// theorem. Minus this is the central-path flow's right-hand side.
[[nodiscard]] Eigen::MatrixXd reduced_gradient(const CollapseModel& model, const Eigen::MatrixXd& features);

/// The minimizer of (1) in closed form (Thm 2.1, from Tirer & Bruna 2022), up to a rotation: H* = sqrt(rho) R (x) 1^T
/// with R^T R = I_K, w_k = sqrt(lambda_H/lambda_W) h_k.
struct UnconstrainedOptimum {
  double c = 0;         ///< sqrt(lambda_H lambda_W); with c >= 1 the minimizer is zero
  double rho = 0;       ///< (1 - c) sqrt(lambda_W / lambda_H): squared length of a feature
  double w_over_h = 0;  ///< sqrt(lambda_H / lambda_W)
  double value = 0;     ///< c - c^2/2, and 1/2 when c >= 1
  [[nodiscard]] bool trivial() const { return c >= 1.0; }
};
/// Throws InputError unless both are positive.
[[nodiscard]] UnconstrainedOptimum unconstrained_optimum(double lambda_w, double lambda_h);
/// H* for that optimum with the frame R (d x K, orthonormal columns): d x N. Throws InputError when R's shape or
/// orthonormality is wrong (d >= K is needed).
[[nodiscard]] Eigen::MatrixXd collapsed_features(const CollapseModel& model, const Eigen::MatrixXd& frame);

struct MinimizerOptions {
  /// Stop when |Kn grad| < tolerance * max(|beta H_0|, |W^T Y|) with W re-solved first: the change of the iterates says
  /// nothing when beta is small.
  double tolerance = 1e-10;
  int max_iterations = 5000;
  Parallel parallel{};
};

/// A minimizer of (2).
struct CollapseMinimizer {
  Eigen::MatrixXd features;    ///< H, d x N
  Eigen::MatrixXd classifier;  ///< W = W*(H), K x d
  double value = 0;            ///< f(W, H; H_0)
  double gradient = 0;         ///< the relative gradient that `tolerance` bounds
  int iterations = 0;
  bool converged = false;
};

/// Minimizes (2), started from W*(start) (default: start = H_0). With H eliminated exactly (Woodbury), f is a function
/// of W alone that depends on H_0 only through H_0 H_0^T and the class sums, so that an iteration costs O(d^3 + d^2 K)
/// whatever N is; both are computed once, O(N d min(N, d)). The iteration is L-BFGS preconditioned by the alternating
/// step's matrix (H H^T + n lambda_W I)^{-1}: plain alternation needs thousands of steps when beta is small. With N < d
/// everything happens in the span of H_0 and the start. beta = 0 is model (1). Throws InputError: what check() throws,
/// beta < 0 or lambda_h + beta = 0.
[[nodiscard]] CollapseMinimizer minimize_tied(const CollapseModel& model, const Eigen::MatrixXd& h0, double beta,
                                              const MinimizerOptions& options = {});
[[nodiscard]] CollapseMinimizer minimize_tied(const CollapseModel& model, const Eigen::MatrixXd& h0, double beta,
                                              const Eigen::MatrixXd& start, const MinimizerOptions& options = {});

}  // namespace offprint::landscape
