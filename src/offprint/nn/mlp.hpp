// Small dense networks by hand: what a framework's overhead would dominate. Forward pass, gradients, per-sample
// Jacobians, and products with the Hessian, the Gauss-Newton matrix and their difference, on blocks of vectors.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include <Eigen/Core>

#include "offprint/core/parallel.hpp"
#include "offprint/core/random.hpp"
#include "offprint/linalg/symmetric_operator.hpp"
#include "offprint/nn/labelled.hpp"
#include "offprint/nn/loss.hpp"

namespace offprint::nn {

enum class Activation { kRelu, kTanh, kIdentity };

/// A fully connected network f(x; theta) as a function of a flat parameter vector: for each layer the weights
/// W (out x in, row by row) and then the biases, the order and layout of PyTorch's parameters of nn.Sequential(Linear,
/// activation, Linear, ..., Linear). The last layer has no activation.
class Mlp {
 public:
  struct Layer {
    Eigen::Index in = 0;
    Eigen::Index out = 0;
    Eigen::Index weight = 0;  ///< offset of W in theta
    Eigen::Index bias = -1;   ///< offset of the biases, -1: none
  };

  /// `widths`: inputs, hidden units of each layer, outputs. `output_bias`: whether the last layer has biases.
  /// Throws InputError for fewer than two widths or one below 1.
  explicit Mlp(std::vector<Eigen::Index> widths, Activation activation = Activation::kRelu, bool output_bias = true);

  [[nodiscard]] Eigen::Index parameters() const { return parameters_; }  ///< M
  [[nodiscard]] const std::vector<Layer>& layers() const { return layers_; }
  [[nodiscard]] Activation activation() const { return activation_; }
  [[nodiscard]] Eigen::Index inputs() const { return layers_.front().in; }
  [[nodiscard]] Eigen::Index outputs() const { return layers_.back().out; }

  /// PyTorch's default initialisation: weights and biases uniform on +-1/sqrt(in), in parameter order.
  [[nodiscard]] Eigen::VectorXd initial(Stream random) const;

  /// f for each column of `inputs` (d x N): K x N. Throws InputError when theta or d has the wrong size.
  [[nodiscard]] Eigen::MatrixXd evaluate(const Eigen::Ref<const Eigen::VectorXd>& theta,
                                         const Eigen::Ref<const Eigen::MatrixXd>& inputs) const;
  /// The activations behind hidden layer `layer` (1 = the first): width x N. Throws InputError for another layer.
  [[nodiscard]] Eigen::MatrixXd features(const Eigen::Ref<const Eigen::VectorXd>& theta,
                                         const Eigen::Ref<const Eigen::MatrixXd>& inputs, Eigen::Index layer) const;

  /// One weight-decay coefficient for each parameter: `features` in all layers but the last, `classifier` there.
  [[nodiscard]] Eigen::VectorXd weight_decay(double features, double classifier) const;

 private:
  std::vector<Layer> layers_;
  Activation activation_;
  Eigen::Index parameters_ = 0;
};

/// L(theta) = (1/N) sum_i l(f(x_i; theta), y_i) of a network on a data set, with its derivatives. Holds the data; the
/// operators it gives refer to it and must not outlive it. Results do not depend on the number of threads.
class MlpLoss {
 public:
  /// Class labels, for cross-entropy. Throws InputError: sizes that do not match, a label outside [0, outputs) (with
  /// its row), no samples, inputs that are not finite.
  MlpLoss(Mlp net, Eigen::MatrixXd inputs, std::vector<int> labels, Parallel how = {});
  /// Numeric targets (outputs x N) for mse, bce or l1. Throws InputError likewise, and for cross-entropy.
  MlpLoss(Mlp net, Eigen::MatrixXd inputs, Eigen::MatrixXd targets, Loss loss, Parallel how = {});

  [[nodiscard]] const Mlp& net() const { return net_; }
  [[nodiscard]] const Eigen::MatrixXd& inputs() const { return inputs_; }
  [[nodiscard]] Eigen::Index samples() const { return inputs_.cols(); }  ///< N

  [[nodiscard]] double value(const Eigen::Ref<const Eigen::VectorXd>& theta) const;
  /// Share of samples whose largest output is the label's (cross-entropy), or the largest target's.
  [[nodiscard]] double accuracy(const Eigen::Ref<const Eigen::VectorXd>& theta) const;
  /// Loss and gradient (M) over all samples. 6 M N flops.
  double gradient(const Eigen::Ref<const Eigen::VectorXd>& theta, Eigen::Ref<Eigen::VectorXd> gradient) const;
  /// Mean loss of a mini-batch, and its gradient. Runs on the calling thread.
  double gradient(const Eigen::Ref<const Eigen::VectorXd>& theta, std::span<const std::size_t> batch,
                  Eigen::Ref<Eigen::VectorXd> gradient) const;

  /// v -> H v, H the Hessian of L at theta (Pearlmutter's forward-over-reverse products); relu'' counts as 0.
  /// About 12 M N flops a vector; 4 x M doubles of memory a vector of the block.
  [[nodiscard]] linalg::SymmetricOperator hessian(Eigen::VectorXd theta) const;
  /// v -> G v, G = (1/N) sum_i J_i^T A_i J_i the Gauss-Newton matrix. About 8 M N flops a vector.
  [[nodiscard]] linalg::SymmetricOperator gauss_newton(Eigen::VectorXd theta) const;
  /// v -> (H - G) v, computed on its own rather than by subtraction.
  [[nodiscard]] linalg::SymmetricOperator residual(Eigen::VectorXd theta) const;

  /// J^T of the samples [first, first + count): M x (count K), columns sample by sample. O(count K M).
  [[nodiscard]] Eigen::MatrixXd jacobian_columns(const Eigen::Ref<const Eigen::VectorXd>& theta, Eigen::Index first,
                                                 Eigen::Index count) const;
  /// V^T with G = V^T V: columns J_i^T S_i / sqrt(N) of the same samples, S_i S_i^T = A_i. O(count K (M + K)).
  [[nodiscard]] Eigen::MatrixXd gauss_newton_columns(const Eigen::Ref<const Eigen::VectorXd>& theta, Eigen::Index first,
                                                     Eigen::Index count) const;
  /// G itself (M x M), by syrk over chunks of samples. O(N K M^2).
  [[nodiscard]] Eigen::MatrixXd gauss_newton_matrix(const Eigen::Ref<const Eigen::VectorXd>& theta) const;
  /// Gradients of the single samples' losses, M x N: their outer products make the empirical Fisher matrix.
  [[nodiscard]] Eigen::MatrixXd sample_gradients(const Eigen::Ref<const Eigen::VectorXd>& theta) const;

 private:
  enum class Part { kHessian, kGaussNewton, kResidual };
  [[nodiscard]] linalg::SymmetricOperator products(Eigen::VectorXd theta, Part part) const;
  void multiply(const Eigen::VectorXd& theta, Part part, const Eigen::Ref<const Eigen::MatrixXd>& x,
                Eigen::Ref<Eigen::MatrixXd> y) const;
  /// Adds the products over samples [first, first + count) with the columns of v to y.
  void add_products(const Eigen::VectorXd& theta, Part part, Eigen::Index first, Eigen::Index count,
                    const Eigen::Ref<const Eigen::MatrixXd>& v, Eigen::Ref<Eigen::MatrixXd> y) const;
  [[nodiscard]] Eigen::MatrixXd output_gradients(const Eigen::Ref<const Eigen::MatrixXd>& f, Eigen::Index first) const;
  /// Columns sum_c weights(c, j) grad f_c(x_{sample of column j}) for `per` columns a sample.
  [[nodiscard]] Eigen::MatrixXd backpropagate(const Eigen::Ref<const Eigen::VectorXd>& theta,
                                              const std::vector<Eigen::MatrixXd>& activations,
                                              const Eigen::MatrixXd& weights, Eigen::Index per) const;
  [[nodiscard]] TargetView target(Eigen::Index sample) const;
  double add_gradient(const Eigen::Ref<const Eigen::VectorXd>& theta, const Eigen::Ref<const Eigen::MatrixXd>& inputs,
                      const std::function<TargetView(Eigen::Index)>& target,
                      Eigen::Ref<Eigen::VectorXd> gradient) const;
  void check(const Eigen::Ref<const Eigen::VectorXd>& theta) const;

  Mlp net_;
  Eigen::MatrixXd inputs_;
  std::vector<int> labels_;
  Eigen::MatrixXd targets_;
  Loss loss_ = Loss::kCrossEntropy;
  Parallel how_;
};

}  // namespace offprint::nn
