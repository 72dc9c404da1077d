// Linear stability of stochastic gradient descent at a minimum: up to which learning rate the second moment of a small
// perturbation stays bounded, exactly and by the flatness bounds, for every batch size.
//
// Around a minimum with zero loss, delta <- (I - eta H_B) delta, H_B the mean of H_i = g_i g_i^T over a random batch.
// M = E delta delta^T evolves by T_B(M) = M - eta (G M + M G) + eta^2 (alpha D(M) + beta G M G), G = mean of H_i, D(M)
// = mean of H_i M H_i, where (alpha, beta) = (1/B, 1 - 1/B) with replacement. T_B is self-adjoint and keeps the cone of
// positive semidefinite matrices, hence eta*_B = 2 / lambda_max(C^{-1} (alpha D + beta G.G)), C(M) = (G M + M G)/2.
// Wu and Su 2023 (arXiv 2305.17490) prove the necessary condition Tr(G) <= 2/eta; Wu, Wang, Su 2022 the alignment
// bound.
#pragma once

#include <Eigen/Core>

#include "offprint/core/parallel.hpp"

namespace offprint::landscape {

/// How many samples a step averages over and how they are drawn.
struct Batch {
  Eigen::Index size = 1;
  bool replacement = true;
};

/// A largest stable learning rate. `converged` is false when the iteration stopped at its limit of steps: the value is
/// then an upper bound (Ritz values approach the eigenvalue from below).
struct Threshold {
  double learning_rate = 0;
  Eigen::Index iterations = 0;
  bool converged = false;
};

/// Spectral radius of T_B: the factor by which one step multiplies the second moment in the long run. When it is not
/// converged the radius is a lower bound.
struct Growth {
  double radius = 0;
  Eigen::Index iterations = 0;
  bool converged = false;
};

enum class Stability { kStable, kMarginal, kUnstable };
/// Stable up to 0.95 threshold, marginal within 5 % of it, unstable beyond.
[[nodiscard]] Stability judge_step(double learning_rate, double threshold);

/// The gradients g_i of n samples in coordinates of their span: everything below depends on them through their inner
/// products only. n k rows, k = outputs: with k > 1 the rows of one sample act together, H_i = sum of its k outer
/// products, and G = mean of H_i over samples (the Gauss-Newton matrix; an extension, the paper has k = 1).
class GradientGeometry {
 public:
  /// `gram`: g g^T, n k x n k, not divided by n. Directions with lambda < `drop` lambda_max are left out: below 1e-12
  /// they are rounding. Throws InputError when it is not square, has a value that is not finite, its size is no
  /// multiple of `outputs`, or all gradients vanish. O((n k)^3).
  explicit GradientGeometry(const Eigen::Ref<const Eigen::MatrixXd>& gram, Eigen::Index outputs = 1,
                            double drop = 1e-12);

  [[nodiscard]] Eigen::Index samples() const { return samples_; }
  [[nodiscard]] Eigen::Index outputs() const { return outputs_; }
  [[nodiscard]] Eigen::Index rank() const { return eigenvalues_.size(); }
  /// Nonzero eigenvalues of G, largest first.
  [[nodiscard]] const Eigen::VectorXd& eigenvalues() const { return eigenvalues_; }
  /// Row coordinates, n k x rank: coordinates^T coordinates / n = diag(eigenvalues).
  [[nodiscard]] const Eigen::MatrixXd& coordinates() const { return coordinates_; }
  /// Tr(H_i) of each sample: |g_i|^2 for one output.
  [[nodiscard]] const Eigen::VectorXd& squared_norms() const { return squared_norms_; }

  [[nodiscard]] double trace() const { return trace_; }
  [[nodiscard]] double frobenius() const { return frobenius_; }
  [[nodiscard]] double largest() const { return eigenvalues_(0); }
  /// Mean of Tr(H_i^2): E |g|^4 for one output.
  [[nodiscard]] double fourth_moment() const { return fourth_moment_; }

  /// 2 k / Tr(G): the paper's bound for k = 1 and batch one. For k outputs Tr(H_i^2) >= Tr(H_i)^2 / k only.
  [[nodiscard]] double trace_bound() const;
  /// 2 Tr(G) / mean Tr(H_i^2), the test matrix M = I: between the exact threshold and trace_bound(), batch one.
  [[nodiscard]] double moment_bound() const;
  /// The same for any batch: min(2 Tr(G) / (alpha mean Tr(H_i^2) + beta ||G||_F^2), 2 / lambda_max).
  [[nodiscard]] double moment_bound(const Batch& batch) const;
  /// 2 / lambda_max: the condition of full-batch descent, and the limit of large batches.
  [[nodiscard]] double descent_bound() const { return 2 / largest(); }

  /// mu = Tr(Sigma G) / (2 L ||G||_F^2), Sigma = mean of e_i^2 g_i g_i^T minus grad L grad L^T, e_i the residuals: how
  /// well the noise aligns with the flatness (Wu, Wang, Su 2022). Throws InputError for more than one output, another
  /// number of residuals, or residuals that all vanish (L = 0). O(n^2).
  [[nodiscard]] double alignment(const Eigen::Ref<const Eigen::VectorXd>& residuals) const;
  /// sqrt(B / mu) / ||G||_F: loss stability by one step of the energy.
  [[nodiscard]] double alignment_bound(double mu, const Batch& batch) const;

  /// The exact threshold eta*_B. Lanczos on the symmetric form of C^{-1} D_B, to a relative error below 1e-12: for
  /// batch one and one output on the n x n matrix A of the paper's sheet, otherwise on rank x rank matrices. 2 n rank^2
  /// (k = 1) or 4 n k rank^2 multiplications an iteration, 10 to 50 iterations as a rule, spread over `how`; memory for
  /// n k x rank and four rank x rank matrices. Throws InputError unless 1 <= B (<= n without replacement), Interrupted.
  [[nodiscard]] Threshold threshold(const Batch& batch, const Parallel& how = {}) const;
  /// The spectral radius of T_B at a learning rate > 0 (1 at eta*_B); cost as threshold(). Far below the threshold the
  /// eigenvalues crowd at 1 and the iteration may not converge. Throws InputError.
  [[nodiscard]] Growth growth(double learning_rate, const Batch& batch, const Parallel& how = {}) const;
  /// One step of T_B on a second moment given in coordinates (rank x rank, symmetric). Throws InputError.
  [[nodiscard]] Eigen::MatrixXd step_moment(const Eigen::Ref<const Eigen::MatrixXd>& moment, double learning_rate,
                                            const Batch& batch, const Parallel& how = {}) const;

 private:
  struct Weights {
    double noise = 0;  // alpha
    double mean = 0;   // beta
  };
  [[nodiscard]] Weights weights(const Batch& batch) const;
  // C_i M C_i^T of every sample, k x n k
  [[nodiscard]] Eigen::MatrixXd forms(const Eigen::MatrixXd& m, const Parallel& how) const;
  // mean of C_i^T V_i C_i
  [[nodiscard]] Eigen::MatrixXd weighted_sum(const Eigen::MatrixXd& v, const Parallel& how) const;
  [[nodiscard]] Eigen::MatrixXd noise_operator(const Eigen::MatrixXd& m, const Weights& w, const Parallel& how) const;

  Eigen::Index samples_ = 0;
  Eigen::Index outputs_ = 1;
  Eigen::VectorXd eigenvalues_;
  Eigen::MatrixXd coordinates_;
  Eigen::VectorXd squared_norms_;
  double trace_ = 0;
  double frobenius_ = 0;
  double fourth_moment_ = 0;
};

}  // namespace offprint::landscape
