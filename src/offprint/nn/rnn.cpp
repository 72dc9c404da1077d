#include "offprint/nn/rnn.hpp"

#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "offprint/core/error.hpp"

namespace offprint::nn {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

// Row-by-row W read column by column is W^T: the map holds the transpose (H x K).
template <class Matrix, class Vector, class Pointer>
struct HeadView {
  HeadView(Pointer p, const RnnShape& s) : weights(p, s.hidden, s.classes), bias(p + s.hidden * s.classes, s.classes) {}
  Matrix weights;
  Vector bias;
};
using Head = HeadView<Eigen::Map<const MatrixXd>, Eigen::Map<const VectorXd>, const double*>;
using HeadOut = HeadView<Eigen::Map<MatrixXd>, Eigen::Map<VectorXd>, double*>;

void require_size(const char* what, std::size_t size, Index expected) {
  if (size != 0 && static_cast<Index>(size) != expected)
    throw InputError(fmt::format("{} has {} entries; the recurrent network needs {}", what, size, expected));
}

}  // namespace

Rnn::Rnn(const RnnShape& shape) : shape_(shape) {
  if (shape.inputs < 1 || shape.hidden < 1 || shape.classes < 2 || shape.layers < 1)
    throw InputError(fmt::format(
        "a recurrent network of {} inputs, {} hidden units, {} classes and {} layers; it needs at least 1, 1, 2 and 1",
        shape.inputs, shape.hidden, shape.classes, shape.layers));
}

RecurrentShape Rnn::layer(Index l) const {
  return {.inputs = l == 0 ? shape_.inputs : shape_.hidden, .hidden = shape_.hidden, .cell = shape_.cell};
}

Index Rnn::encoder_parameters() const {
  Index count = 0;
  for (Index l = 0; l < shape_.layers; ++l) count += layer(l).parameters();
  return count;
}

std::vector<Rnn::Section> Rnn::sections() const {
  std::vector<Section> out;
  Index first = 0;
  const auto add = [&](Part part, Index count) {
    out.push_back({part, first, count});
    first += count;
  };
  for (Index l = 0; l < shape_.layers; ++l) {
    const RecurrentShape s = layer(l);
    add(Part::kInput, s.gates() * s.inputs);
    add(Part::kRecurrent, s.gates() * s.hidden);
    add(Part::kBias, s.gates());
  }
  add(Part::kHead, head_parameters());
  return out;
}

Index Rnn::head_parameters() const { return shape_.classes * (shape_.hidden + 1); }

VectorXd Rnn::initial(Stream random) const {
  const double bound = 1 / std::sqrt(static_cast<double>(shape_.hidden));
  VectorXd theta(parameters());
  for (double& entry : theta) entry = random.uniform(-bound, bound);
  return theta;
}

// What a direction does to the pass: derivatives of the layers, the pooled features and the logits.
struct RnnPass::Tangent {
  bool encoder = false;  // whether hidden states move at all
  std::vector<RecurrentTangent> layers;
  MatrixXd pooled;
  MatrixXd logits;
};

RnnPass::RnnPass(const Rnn& net, const Eigen::Ref<const VectorXd>& encoder, const Eigen::Ref<const VectorXd>& head,
                 const PackedSequences& batch, std::span<const int> labels)
    : net_(net), batch_(&batch), encoder_(encoder), head_(head) {
  const RnnShape& shape = net_.shape();
  if (encoder.size() != net.encoder_parameters() || head.size() != net.head_parameters())
    throw InputError(fmt::format("the recurrent network has {} + {} parameters; {} + {} were given",
                                 net.encoder_parameters(), net.head_parameters(), encoder.size(), head.size()));
  if (batch.inputs().rows() != shape.inputs)
    throw InputError(fmt::format("the token vectors have {} entries; the recurrent network takes {}",
                                 batch.inputs().rows(), shape.inputs));
  if (static_cast<Index>(labels.size()) != batch.size())
    throw InputError(fmt::format("{} labels for {} sequences", labels.size(), batch.size()));
  labels_.reserve(labels.size());
  for (Index k = 0; k < batch.size(); ++k) {
    const int label = labels[static_cast<std::size_t>(batch.original(k))];
    if (label < 0 || label >= shape.classes)
      throw InputError(
          fmt::format("sequence {} has label {}; labels are 0 to {}", batch.original(k), label, shape.classes - 1));
    labels_.push_back(label);
  }
  layers_.reserve(static_cast<std::size_t>(shape.layers));
  for (std::size_t l = 0; l < static_cast<std::size_t>(shape.layers); ++l)
    layers_.emplace_back(net_.layer(static_cast<Index>(l)), part(weights_of_encoder(), l), batch, inputs(l));
  pool();
  const Head o(head_.data(), shape);
  logits_ = (o.weights.transpose() * pooled_).colwise() + o.bias;
  probabilities_ = (logits_.rowwise() - logits_.colwise().maxCoeff()).array().exp();
  probabilities_.array().rowwise() /= probabilities_.colwise().sum().array().eval();
}

const MatrixXd& RnnPass::inputs(std::size_t layer) const {
  return layer == 0 ? batch_->inputs() : layers_[layer - 1].hidden();
}

template <class T>
std::span<T> RnnPass::part(std::span<T> encoder, std::size_t layer) const {
  if (encoder.empty()) return {};
  std::size_t first = 0;
  for (std::size_t l = 0; l < layer; ++l)
    first += static_cast<std::size_t>(net_.layer(static_cast<Index>(l)).parameters());
  return encoder.subspan(first, static_cast<std::size_t>(net_.layer(static_cast<Index>(layer)).parameters()));
}

void RnnPass::pool() {
  const Index h = net_.shape().hidden;
  pooled_ = MatrixXd::Zero(h, batch_->size());
  if (net_.shape().pooling == Pooling::kMean) {
    pooled_ = pool_like(hidden());
    return;
  }
  winner_.setZero(h, batch_->size());
  for (Index t = 0; t < batch_->steps(); ++t) {
    for (Index k = 0; k < batch_->active(t); ++k) {
      const Index column = batch_->offset(t) + k;
      const double* state = hidden().data() + column * h;
      double* best = pooled_.data() + k * h;
      std::int32_t* winner = winner_.data() + k * h;
      for (Index i = 0; i < h; ++i) {
        const bool larger = t == 0 || state[i] > best[i];
        best[i] = larger ? state[i] : best[i];
        winner[i] = larger ? static_cast<std::int32_t>(column) : winner[i];
      }
    }
  }
}

// The linear map that pooling is at this pass, applied to other columns over tokens.
MatrixXd RnnPass::pool_like(const MatrixXd& hidden) const {
  MatrixXd pooled = MatrixXd::Zero(hidden.rows(), batch_->size());
  if (net_.shape().pooling == Pooling::kMean) {
    for (Index t = 0; t < batch_->steps(); ++t)
      pooled.leftCols(batch_->active(t)) += hidden.middleCols(batch_->offset(t), batch_->active(t));
    for (Index k = 0; k < batch_->size() && batch_->length(k) > 0; ++k)
      pooled.col(k) /= static_cast<double>(batch_->length(k));
    return pooled;
  }
  for (Index k = 0; k < batch_->size() && batch_->length(k) > 0; ++k)
    for (Index i = 0; i < hidden.rows(); ++i) pooled(i, k) = hidden(i, winner_(i, k));
  return pooled;
}

// Its transpose: hidden = (derivative with respect to each hidden state through the pooling alone).
void RnnPass::scatter(const MatrixXd& pooled, MatrixXd& hidden) const {
  if (net_.shape().pooling == Pooling::kMean) {
    hidden.resize(pooled.rows(), batch_->tokens());
    for (Index t = 0; t < batch_->steps(); ++t)
      for (Index k = 0; k < batch_->active(t); ++k)
        hidden.col(batch_->offset(t) + k) = pooled.col(k) / static_cast<double>(batch_->length(k));
    return;
  }
  hidden.setZero(pooled.rows(), batch_->tokens());
  for (Index k = 0; k < batch_->size() && batch_->length(k) > 0; ++k)
    for (Index i = 0; i < pooled.rows(); ++i) hidden(i, winner_(i, k)) = pooled(i, k);
}

VectorXd RnnPass::losses() const {
  VectorXd out(batch_->size());
  for (Index k = 0; k < batch_->size(); ++k) {
    const double top = logits_.col(k).maxCoeff();
    out[batch_->original(k)] =
        std::log((logits_.col(k).array() - top).exp().sum()) + top - logits_(labels_[static_cast<std::size_t>(k)], k);
  }
  return out;
}

MatrixXd RnnPass::features() const {
  MatrixXd out(pooled_.rows(), pooled_.cols());
  for (Index k = 0; k < batch_->size(); ++k) out.col(batch_->original(k)) = pooled_.col(k);
  return out;
}

MatrixXd RnnPass::logits() const {
  MatrixXd out(logits_.rows(), logits_.cols());
  for (Index k = 0; k < batch_->size(); ++k) out.col(batch_->original(k)) = logits_.col(k);
  return out;
}

std::vector<int> RnnPass::predictions() const {
  std::vector<int> out(static_cast<std::size_t>(batch_->size()));
  for (Index k = 0; k < batch_->size(); ++k) {
    Index best = 0;
    logits_.col(k).maxCoeff(&best);
    out[static_cast<std::size_t>(batch_->original(k))] = static_cast<int>(best);
  }
  return out;
}

double RnnPass::accuracy() const {
  Index right = 0;
  for (Index k = 0; k < batch_->size(); ++k) {
    Index best = 0;
    logits_.col(k).maxCoeff(&best);
    if (best == labels_[static_cast<std::size_t>(k)]) ++right;
  }
  return static_cast<double>(right) / static_cast<double>(batch_->size());
}

MatrixXd RnnPass::logit_gradient(const Eigen::Ref<const VectorXd>& weights) const {
  if (weights.size() != batch_->size())
    throw InputError(fmt::format("{} sample weights for {} sequences", weights.size(), batch_->size()));
  MatrixXd out = probabilities_;
  for (Index k = 0; k < batch_->size(); ++k) {
    out(labels_[static_cast<std::size_t>(k)], k) -= 1;
    out.col(k) *= weights[batch_->original(k)];
  }
  return out;
}

void RnnPass::gradient(const Eigen::Ref<const VectorXd>& weights, std::span<double> encoder,
                       std::span<double> head) const {
  require_size("the encoder's gradient", encoder.size(), net_.encoder_parameters());
  require_size("the head's gradient", head.size(), net_.head_parameters());
  const MatrixXd error = logit_gradient(weights);
  if (!head.empty()) {
    HeadOut out(head.data(), net_.shape());
    out.weights.noalias() = pooled_ * error.transpose();
    out.bias = error.rowwise().sum();
  }
  if (encoder.empty()) return;
  const Head o(head_.data(), net_.shape());
  MatrixXd delta;
  scatter(o.weights * error, delta);
  for (std::size_t l = layers_.size(); l-- > 0;) {
    MatrixXd below;
    layers_[l].backward(part(weights_of_encoder(), l), inputs(l), std::move(delta), part(encoder, l),
                        l > 0 ? &below : nullptr);
    delta = std::move(below);
  }
}

RnnPass::Tangent RnnPass::tangent(std::span<const double> encoder_direction,
                                  std::span<const double> head_direction) const {
  require_size("the encoder's direction", encoder_direction.size(), net_.encoder_parameters());
  require_size("the head's direction", head_direction.size(), net_.head_parameters());
  const Head o(head_.data(), net_.shape());
  Tangent moved;
  moved.encoder = !encoder_direction.empty();
  moved.logits = MatrixXd::Zero(logits_.rows(), logits_.cols());
  if (moved.encoder) {
    for (std::size_t l = 0; l < layers_.size(); ++l)
      moved.layers.push_back(layers_[l].tangent(part(weights_of_encoder(), l), inputs(l), part(encoder_direction, l),
                                                l > 0 ? &moved.layers[l - 1].hidden : nullptr));
    moved.pooled = pool_like(moved.layers.back().hidden);
    moved.logits.noalias() += o.weights.transpose() * moved.pooled;
  }
  if (!head_direction.empty()) {
    const Head v(head_direction.data(), net_.shape());
    moved.logits.noalias() += v.weights.transpose() * pooled_;
    moved.logits.colwise() += v.bias;
  }
  return moved;
}

VectorXd RnnPass::directional(std::span<const double> encoder_direction, std::span<const double> head_direction) const {
  const Tangent moved = tangent(encoder_direction, head_direction);
  VectorXd out(batch_->size());
  for (Index k = 0; k < batch_->size(); ++k)
    out[batch_->original(k)] =
        probabilities_.col(k).dot(moved.logits.col(k)) - moved.logits(labels_[static_cast<std::size_t>(k)], k);
  return out;
}

void RnnPass::hessian_product(const Eigen::Ref<const VectorXd>& weights, std::span<const double> encoder_direction,
                              std::span<const double> head_direction, std::span<double> encoder,
                              std::span<double> head) const {
  require_size("the encoder's product", encoder.size(), net_.encoder_parameters());
  require_size("the head's product", head.size(), net_.head_parameters());
  const Tangent moved = tangent(encoder_direction, head_direction);
  const MatrixXd error = logit_gradient(weights);
  // d error = w (diag(p) - p p^T) d logits
  MatrixXd error_moved(error.rows(), error.cols());
  for (Index k = 0; k < batch_->size(); ++k) {
    const auto p = probabilities_.col(k);
    const double mean = p.dot(moved.logits.col(k));
    error_moved.col(k) = weights[batch_->original(k)] * (p.array() * (moved.logits.col(k).array() - mean)).matrix();
  }
  if (!head.empty()) {
    HeadOut out(head.data(), net_.shape());
    out.weights.noalias() = pooled_ * error_moved.transpose();
    if (moved.encoder) out.weights.noalias() += moved.pooled * error.transpose();
    out.bias = error_moved.rowwise().sum();
  }
  if (encoder.empty()) return;
  const Head o(head_.data(), net_.shape());
  MatrixXd pooled_moved = o.weights * error_moved;
  if (!head_direction.empty()) pooled_moved.noalias() += Head(head_direction.data(), net_.shape()).weights * error;
  // delta: dL / dh of a layer; `moved` ones are derivatives along v.
  MatrixXd delta_moved;
  scatter(pooled_moved, delta_moved);
  MatrixXd delta;
  if (moved.encoder) scatter(o.weights * error, delta);
  for (std::size_t l = layers_.size(); l-- > 0;) {
    MatrixXd below;
    MatrixXd below_moved;
    layers_[l].backward_moved(part(weights_of_encoder(), l), inputs(l), std::move(delta),
                              {.v = part(encoder_direction, l),
                               .inputs = moved.encoder && l > 0 ? &moved.layers[l - 1].hidden : nullptr,
                               .tangent = moved.encoder ? &moved.layers[l] : nullptr,
                               .hidden = std::move(delta_moved),
                               .to_inputs = l > 0 ? &below_moved : nullptr},
                              part(encoder, l), l > 0 ? &below : nullptr);
    delta = std::move(below);
    delta_moved = std::move(below_moved);
  }
}

}  // namespace offprint::nn
