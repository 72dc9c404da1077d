// A recurrent network by hand, for batches of short sequences: layers of tanh or LSTM cells, pooling over time, linear
// head, cross-entropy. Gradients, Hessian-vector products and all samples' directional derivatives, in batched matrix
// products.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <Eigen/Core>

#include "offprint/core/random.hpp"
#include "offprint/nn/packed_sequences.hpp"
#include "offprint/nn/recurrent_pass.hpp"

namespace offprint::nn {

enum class Pooling {
  kMax,   ///< each hidden unit's largest value over time; not smooth where two times tie (the earlier one counts)
  kMean,  ///< its mean over time: smooth
};

struct RnnShape {
  Eigen::Index inputs = 50;  ///< d, entries of a token's vector
  Eigen::Index hidden = 48;  ///< H
  Eigen::Index classes = 2;  ///< K
  Pooling pooling = Pooling::kMax;
  Cell cell = Cell::kTanh;
  Eigen::Index layers = 1;  ///< each reads the hidden states of the one below
};

/// h_t = cell(W_ih e_t + W_hh h_{t-1} + b), h_{-1} = 0 (nn/recurrent_pass.hpp has the cells); p = pooling of the last
/// layer's h over time (0 for a sequence without tokens); logits W_o p + b_o. The parameters are two flat vectors:
/// `encoder` = for each layer W_ih (H x d, row by row; H x H from the second layer on; 4 H rows for the LSTM), W_hh
/// (H x H, row by row), b (H); `head` = W_o (K x H, row by row), b_o (K): PyTorch's order, with one bias for a cell.
class Rnn {
 public:
  /// Throws InputError for a size below 1 (classes: below 2).
  explicit Rnn(const RnnShape& shape);

  [[nodiscard]] const RnnShape& shape() const { return shape_; }
  [[nodiscard]] RecurrentShape layer(Eigen::Index l) const;
  [[nodiscard]] Eigen::Index encoder_parameters() const;  ///< one tanh layer: H (d + H + 1)
  [[nodiscard]] Eigen::Index head_parameters() const;     ///< K (H + 1)
  [[nodiscard]] Eigen::Index parameters() const { return encoder_parameters() + head_parameters(); }

  /// What a stretch of the parameters is.
  enum class Part { kInput, kRecurrent, kBias, kHead };
  struct Section {
    Part part = Part::kInput;
    Eigen::Index first = 0;
    Eigen::Index count = 0;
  };
  /// The encoder's, layer by layer, then the head (its bias is part of it).
  [[nodiscard]] std::vector<Section> sections() const;

  /// Uniform on +-1/sqrt(H), the encoder and then the head, as PyTorch initialises.
  [[nodiscard]] Eigen::VectorXd initial(Stream random) const;

 private:
  RnnShape shape_;
};

/// One forward pass of a batch, kept for its derivatives. Vectors and columns over samples are in the order in which
/// the sequences were given. Weights w (one a sample) make the loss L = sum_i w_i CE_i. Holds copies of the parameters;
/// the batch must outlive it. Memory O(tokens H). Not for several threads at once.
class RnnPass {
 public:
  /// Flops are those of one tanh layer: 2 H (d + H) a token. Throws InputError when a size does not match or a label is
  /// outside [0, classes).
  RnnPass(const Rnn& net, const Eigen::Ref<const Eigen::VectorXd>& encoder,
          const Eigen::Ref<const Eigen::VectorXd>& head, const PackedSequences& batch, std::span<const int> labels);

  [[nodiscard]] Eigen::VectorXd losses() const;        ///< CE_i
  [[nodiscard]] Eigen::MatrixXd features() const;      ///< p, H x n
  [[nodiscard]] Eigen::MatrixXd logits() const;        ///< K x n
  [[nodiscard]] std::vector<int> predictions() const;  ///< classes of the largest logits
  [[nodiscard]] double accuracy() const;

  /// dL / d encoder and dL / d head are written to the spans; an empty span is not computed (the head alone needs no
  /// pass back through time). About 4 H (d + H) flops a token.
  void gradient(const Eigen::Ref<const Eigen::VectorXd>& weights, std::span<double> encoder,
                std::span<double> head) const;

  /// The Hessian of L times a direction v (Pearlmutter's forward-over-reverse product): empty direction spans are zero,
  /// empty output spans are not computed. With v in the head and the output in the encoder it is the mixed second
  /// derivative d/d encoder <dL / d head, v>. About 12 H (d + H) flops a token for all of it. Max-pooling counts as
  /// the selection it makes.
  void hessian_product(const Eigen::Ref<const Eigen::VectorXd>& weights, std::span<const double> encoder_direction,
                       std::span<const double> head_direction, std::span<double> encoder, std::span<double> head) const;

  /// <grad CE_i, v> of every sample by one pass forward (no pass back). About 4 H (d + H) flops a token.
  [[nodiscard]] Eigen::VectorXd directional(std::span<const double> encoder_direction,
                                            std::span<const double> head_direction) const;

 private:
  struct Tangent;
  [[nodiscard]] Tangent tangent(std::span<const double> encoder_direction,
                                std::span<const double> head_direction) const;
  [[nodiscard]] Eigen::MatrixXd logit_gradient(const Eigen::Ref<const Eigen::VectorXd>& weights) const;
  void scatter(const Eigen::MatrixXd& pooled, Eigen::MatrixXd& hidden) const;
  [[nodiscard]] Eigen::MatrixXd pool_like(const Eigen::MatrixXd& hidden) const;
  [[nodiscard]] const Eigen::MatrixXd& hidden() const { return layers_.back().hidden(); }
  [[nodiscard]] std::span<const double> weights_of_encoder() const {
    return {encoder_.data(), static_cast<std::size_t>(encoder_.size())};
  }
  [[nodiscard]] const Eigen::MatrixXd& inputs(std::size_t layer) const;
  /// The part of a vector over the encoder's parameters that is this layer's.
  template <class T>
  [[nodiscard]] std::span<T> part(std::span<T> encoder, std::size_t layer) const;
  void pool();

  Rnn net_;
  const PackedSequences* batch_;
  Eigen::VectorXd encoder_;
  Eigen::VectorXd head_;
  std::vector<int> labels_;  // in packed order, as all that follows
  std::vector<RecurrentPass> layers_;
  Eigen::Matrix<std::int32_t, Eigen::Dynamic, Eigen::Dynamic> winner_;  // H x n: the column that max-pooling took
  Eigen::MatrixXd pooled_;                                              // H x n
  Eigen::MatrixXd probabilities_;                                       // K x n
  Eigen::MatrixXd logits_;                                              // K x n
};

}  // namespace offprint::nn
