// The mean loss of a TorchScript model on a data set, with its derivatives: by automatic differentiation, in chunks of
// samples over threads. This header is free of LibTorch.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include <Eigen/Core>

#include "offprint/core/parallel.hpp"
#include "offprint/linalg/symmetric_operator.hpp"
#include "offprint/nn/labelled.hpp"
#include "offprint/nn/loss.hpp"
#include "offprint/nn/torch/script_model.hpp"

namespace offprint::nn {

struct ScriptLossOptions {
  /// Samples that go through the model together. A Hessian product keeps the whole graph of a chunk for each thread:
  /// smaller chunks need less memory, larger ones waste less time on small models.
  Eigen::Index chunk = 256;
  /// Where there are at most this many chunks, the graphs of their gradients are kept from one product with the Hessian
  /// or its residual part to the next, which then skips the pass forward and the first pass back. Each costs what a
  /// product's own graph does; 0: never kept.
  std::size_t graphs_kept = 4;
  Parallel parallel{};  ///< threads over chunks (on the CPU; a GPU is driven by one thread)
  /// Differentiate with respect to those parameters only whose names match this regular expression (ECMAScript,
  /// anywhere in the name); empty: all.
  std::string parameters{};
};

/// L(theta) = (1/N) sum_i l(f(x_i), y_i) at the model's present parameters. Holds the data on the model's device;
/// refers to the model, which must outlive it and its operators. Sums do not depend on the number of threads.
class ScriptLoss {
 public:
  /// Cross-entropy takes labels; the other losses take `targets` (K x N). Evaluates the model once and throws
  /// InputError: shapes that do not match, a label outside [0, K) (value and sample), a loss that is not finite (first
  /// sample), a regular expression that matches no parameter; and what ScriptModel::outputs throws.
  ScriptLoss(const ScriptModel& model, const Labelled& data, Loss loss, const ScriptLossOptions& options = {});
  ScriptLoss(const ScriptModel& model, const Labelled& data, const Eigen::MatrixXd& targets, Loss loss,
             const ScriptLossOptions& options = {});
  ~ScriptLoss();
  ScriptLoss(ScriptLoss&&) noexcept;
  ScriptLoss& operator=(ScriptLoss&&) noexcept;

  [[nodiscard]] Eigen::Index samples() const;                   ///< N
  [[nodiscard]] Eigen::Index outputs() const;                   ///< K
  [[nodiscard]] Eigen::Index size() const;                      ///< M, of the parameters that take part
  [[nodiscard]] std::vector<ParameterInfo> parameters() const;  ///< these, with offsets among themselves

  [[nodiscard]] double value() const;
  [[nodiscard]] double accuracy() const;
  /// Mean loss and its gradient (size()).
  double gradient(Eigen::Ref<Eigen::VectorXd> gradient) const;
  double gradient(std::span<const std::size_t> batch, Eigen::Ref<Eigen::VectorXd> gradient) const;

  /// v -> H v by differentiating the gradient once more; a block's vectors share one pass forward and back. Throws
  /// InputError when the loss (l1) or an operation of the model has no second derivative, naming it.
  [[nodiscard]] linalg::SymmetricOperator hessian() const;
  /// v -> G v, the Gauss-Newton matrix: J v by differentiating J^T w in w, then J^T (A J v). Also the Fisher matrix of
  /// the model's own predictions for cross-entropy, mse and bce.
  [[nodiscard]] linalg::SymmetricOperator gauss_newton() const;
  /// v -> (H - G) v = grad^2 (sum_i (dl/df_i) . f_i) v with dl/df held fixed.
  [[nodiscard]] linalg::SymmetricOperator residual() const;
  /// v -> (1/N) sum_i g_i g_i^T v, g_i the gradient of sample i's loss.
  [[nodiscard]] linalg::SymmetricOperator empirical_fisher() const;

  /// Rows S_i^T J_i of the samples [first, first + count), sample by sample, (count K) x size(): G = V^T V / N. For mse
  /// with one output these are the gradients of the model's output. One backward pass a row.
  using Rows = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  [[nodiscard]] Rows gauss_newton_rows(Eigen::Index first, Eigen::Index count) const;
  /// Gradients of the samples' own losses, count x size().
  [[nodiscard]] Rows sample_gradients(Eigen::Index first, Eigen::Index count) const;
  /// dl/df of every sample, K x N: f - y for mse.
  [[nodiscard]] Eigen::MatrixXd output_gradients() const;

  struct State;

 private:
  std::unique_ptr<State> state_;
};

}  // namespace offprint::nn
