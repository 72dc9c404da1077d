#include "offprint/nn/rnn.hpp"

#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "offprint/core/error.hpp"
#include "offprint/linalg/lapack.hpp"
#include "offprint/nn/elementwise.hpp"

namespace offprint::nn {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;
using linalg::multiply_into;
using linalg::Op;

using ConstMatrix = Eigen::Map<const MatrixXd>;
using ConstVector = Eigen::Map<const VectorXd>;

// Row-by-row W read column by column is W^T, hence the names: all maps here hold transposes (in x out).
template <class Matrix, class Vector, class Pointer>
struct EncoderView {
  EncoderView(Pointer p, const RnnShape& s)
      : input(p, s.inputs, s.hidden),
        recurrent(p + s.inputs * s.hidden, s.hidden, s.hidden),
        bias(p + s.inputs * s.hidden + s.hidden * s.hidden, s.hidden) {}
  Matrix input;
  Matrix recurrent;
  Vector bias;
};
template <class Matrix, class Vector, class Pointer>
struct HeadView {
  HeadView(Pointer p, const RnnShape& s) : weights(p, s.hidden, s.classes), bias(p + s.hidden * s.classes, s.classes) {}
  Matrix weights;
  Vector bias;
};
using Encoder = EncoderView<ConstMatrix, ConstVector, const double*>;
using Head = HeadView<ConstMatrix, ConstVector, const double*>;
using EncoderOut = EncoderView<Eigen::Map<MatrixXd>, Eigen::Map<VectorXd>, double*>;
using HeadOut = HeadView<Eigen::Map<MatrixXd>, Eigen::Map<VectorXd>, double*>;

void require_size(const char* what, std::size_t size, Index expected) {
  if (size != 0 && static_cast<Index>(size) != expected)
    throw InputError(fmt::format("{} has {} entries; the recurrent network needs {}", what, size, expected));
}

}  // namespace

Rnn::Rnn(const RnnShape& shape) : shape_(shape) {
  if (shape.inputs < 1 || shape.hidden < 1 || shape.classes < 2)
    throw InputError(
        fmt::format("a recurrent network of {} inputs, {} hidden units and {} classes; it needs at least 1, 1 and 2",
                    shape.inputs, shape.hidden, shape.classes));
}

Index Rnn::encoder_parameters() const { return shape_.hidden * (shape_.inputs + shape_.hidden + 1); }
Index Rnn::head_parameters() const { return shape_.classes * (shape_.hidden + 1); }

VectorXd Rnn::initial(Stream random) const {
  const double bound = 1 / std::sqrt(static_cast<double>(shape_.hidden));
  VectorXd theta(parameters());
  for (double& entry : theta) entry = random.uniform(-bound, bound);
  return theta;
}

// What a direction does to the pass: derivatives of the hidden states, the pooled features and the logits.
struct RnnPass::Tangent {
  bool encoder = false;  // whether hidden states move at all
  MatrixXd hidden;
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
  const Encoder w(encoder_.data(), shape);
  hidden_.resize(shape.hidden, batch.tokens());
  multiply_into(hidden_, 1, w.input, Op::kAdjoint, batch.inputs(), Op::kNone, 0);
  hidden_.colwise() += w.bias;
  for (Index t = 0; t < batch.steps(); ++t) {
    const Index n = batch.active(t);
    auto now = hidden_.middleCols(batch.offset(t), n);
    if (t > 0)
      multiply_into(now, 1, w.recurrent, Op::kAdjoint, hidden_.middleCols(batch.offset(t - 1), n), Op::kNone, 1);
    tanh_in_place({now.data(), static_cast<std::size_t>(now.size())});
  }
  slope_ = 1 - hidden_.array().square();
  previous_ = previous(hidden_);
  pool();
  const Head o(head_.data(), shape);
  logits_ = (o.weights.transpose() * pooled_).colwise() + o.bias;
  probabilities_ = (logits_.rowwise() - logits_.colwise().maxCoeff()).array().exp();
  probabilities_.array().rowwise() /= probabilities_.colwise().sum().array().eval();
}

void RnnPass::pool() {
  const Index h = net_.shape().hidden;
  pooled_ = MatrixXd::Zero(h, batch_->size());
  if (net_.shape().pooling == Pooling::kMean) {
    pooled_ = pool_like(hidden_);
    return;
  }
  winner_.setZero(h, batch_->size());
  for (Index t = 0; t < batch_->steps(); ++t) {
    for (Index k = 0; k < batch_->active(t); ++k) {
      const Index column = batch_->offset(t) + k;
      const double* state = hidden_.data() + column * h;
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

MatrixXd RnnPass::previous(const MatrixXd& hidden) const {
  if (batch_->steps() == 0) return MatrixXd(hidden.rows(), 0);
  const Index first = batch_->active(0);
  MatrixXd out(hidden.rows(), batch_->tokens() - first);
  for (Index t = 1; t < batch_->steps(); ++t)
    out.middleCols(batch_->offset(t) - first, batch_->active(t)) =
        hidden.middleCols(batch_->offset(t - 1), batch_->active(t));
  return out;
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
  const Encoder w(encoder_.data(), net_.shape());
  const Head o(head_.data(), net_.shape());
  MatrixXd delta;
  scatter(o.weights * error, delta);
  for (Index t = batch_->steps() - 1; t >= 0; --t) {
    if (t + 1 < batch_->steps()) {
      const Index n = batch_->active(t + 1);
      multiply_into(delta.middleCols(batch_->offset(t), n), 1, w.recurrent, Op::kNone,
                    delta.middleCols(batch_->offset(t + 1), n), Op::kNone, 1);
    }
    auto now = delta.middleCols(batch_->offset(t), batch_->active(t));
    now.array() *= slope_.middleCols(batch_->offset(t), batch_->active(t)).array();
  }
  EncoderOut out(encoder.data(), net_.shape());
  multiply_into(out.input, 1, batch_->inputs(), Op::kNone, delta, Op::kAdjoint, 0);
  multiply_into(out.recurrent, 1, previous_, Op::kNone, delta.rightCols(previous_.cols()), Op::kAdjoint, 0);
  out.bias = delta.rowwise().sum();
}

RnnPass::Tangent RnnPass::tangent(std::span<const double> encoder_direction,
                                  std::span<const double> head_direction) const {
  require_size("the encoder's direction", encoder_direction.size(), net_.encoder_parameters());
  require_size("the head's direction", head_direction.size(), net_.head_parameters());
  const Encoder w(encoder_.data(), net_.shape());
  const Head o(head_.data(), net_.shape());
  Tangent moved;
  moved.encoder = !encoder_direction.empty();
  moved.logits = MatrixXd::Zero(logits_.rows(), logits_.cols());
  if (moved.encoder) {
    const Encoder v(encoder_direction.data(), net_.shape());
    moved.hidden.resize(hidden_.rows(), hidden_.cols());
    multiply_into(moved.hidden, 1, v.input, Op::kAdjoint, batch_->inputs(), Op::kNone, 0);
    moved.hidden.colwise() += v.bias;
    multiply_into(moved.hidden.rightCols(previous_.cols()), 1, v.recurrent, Op::kAdjoint, previous_, Op::kNone, 1);
    for (Index t = 0; t < batch_->steps(); ++t) {
      const Index n = batch_->active(t);
      auto now = moved.hidden.middleCols(batch_->offset(t), n);
      if (t > 0)
        multiply_into(now, 1, w.recurrent, Op::kAdjoint, moved.hidden.middleCols(batch_->offset(t - 1), n), Op::kNone,
                      1);
      now.array() *= slope_.middleCols(batch_->offset(t), n).array();
    }
    moved.pooled = pool_like(moved.hidden);
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
  const Encoder w(encoder_.data(), net_.shape());
  const Head o(head_.data(), net_.shape());
  MatrixXd pooled_moved = o.weights * error_moved;
  if (!head_direction.empty()) pooled_moved.noalias() += Head(head_direction.data(), net_.shape()).weights * error;
  // delta: dL / d(argument of tanh); state: dL / dh, before the slope; `moved` ones are their derivatives along v.
  MatrixXd delta_moved;
  scatter(pooled_moved, delta_moved);
  MatrixXd delta;
  if (moved.encoder) scatter(o.weights * error, delta);
  for (Index t = batch_->steps() - 1; t >= 0; --t) {
    const Index at = batch_->offset(t);
    if (t + 1 < batch_->steps()) {
      const Index n = batch_->active(t + 1);
      const Index next = batch_->offset(t + 1);
      multiply_into(delta_moved.middleCols(at, n), 1, w.recurrent, Op::kNone, delta_moved.middleCols(next, n),
                    Op::kNone, 1);
      if (moved.encoder) {
        const Encoder v(encoder_direction.data(), net_.shape());
        multiply_into(delta_moved.middleCols(at, n), 1, v.recurrent, Op::kNone, delta.middleCols(next, n), Op::kNone,
                      1);
        multiply_into(delta.middleCols(at, n), 1, w.recurrent, Op::kNone, delta.middleCols(next, n), Op::kNone, 1);
      }
    }
    const Index n = batch_->active(t);
    const auto slope = slope_.middleCols(at, n).array();
    auto now_moved = delta_moved.middleCols(at, n).array();
    now_moved *= slope;
    if (!moved.encoder) continue;
    auto now = delta.middleCols(at, n).array();
    // slope' = -2 h dh, and dh is moved.hidden
    now_moved -= 2 * now * hidden_.middleCols(at, n).array() * moved.hidden.middleCols(at, n).array();
    now *= slope;
  }
  EncoderOut out(encoder.data(), net_.shape());
  const Index later = previous_.cols();
  multiply_into(out.input, 1, batch_->inputs(), Op::kNone, delta_moved, Op::kAdjoint, 0);
  multiply_into(out.recurrent, 1, previous_, Op::kNone, delta_moved.rightCols(later), Op::kAdjoint, 0);
  if (moved.encoder)
    multiply_into(out.recurrent, 1, previous(moved.hidden), Op::kNone, delta.rightCols(later), Op::kAdjoint, 1);
  out.bias = delta_moved.rowwise().sum();
}

}  // namespace offprint::nn
