// The recurrent network's derivatives against finite differences, its packing against a plain loop over one sequence.
#include "offprint/nn/rnn.hpp"

#include <cmath>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "offprint/core/error.hpp"
#include "offprint/nn/elementwise.hpp"

namespace offprint::nn {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;
using ::testing::HasSubstr;

struct Example {
  explicit Example(Pooling pooling, Cell cell = Cell::kTanh, Index layers = 1,
                   std::vector<std::size_t> lengths = {3, 6, 0, 1, 6, 4})
      : net({.inputs = 4, .hidden = 5, .classes = 3, .pooling = pooling, .cell = cell, .layers = layers}),
        table(4, 20) {
    Stream random(11, "rnn test");
    for (Index j = 0; j < table.cols(); ++j)
      for (Index i = 0; i < table.rows(); ++i) table(i, j) = random.normal();
    for (const std::size_t length : lengths) {
      std::vector<std::uint32_t> tokens(length);
      for (auto& token : tokens) token = static_cast<std::uint32_t>(random.below(20));
      sequences.push_back(tokens);
      labels.push_back(static_cast<int>(random.below(3)));
    }
    theta = 2 * net.initial(Stream(3, "init"));
    weights.resize(static_cast<Index>(lengths.size()));
    direction.resize(net.parameters());
    for (double& w : weights) w = random.uniform();
    for (double& v : direction) v = random.normal();
    batch = packed();
  }
  [[nodiscard]] PackedSequences packed() const {
    std::vector<TokenView> views(sequences.begin(), sequences.end());
    return {views, table};
  }
  [[nodiscard]] RnnPass pass(const VectorXd& at) const {
    return {net, at.head(net.encoder_parameters()), at.tail(net.head_parameters()), batch, labels};
  }
  [[nodiscard]] double loss(const VectorXd& at) const { return weights.dot(pass(at).losses()); }
  [[nodiscard]] std::span<double> encoder_of(VectorXd& v) const {
    return {v.data(), static_cast<std::size_t>(net.encoder_parameters())};
  }
  [[nodiscard]] std::span<double> head_of(VectorXd& v) const {
    return {v.data() + net.encoder_parameters(), static_cast<std::size_t>(net.head_parameters())};
  }
  [[nodiscard]] VectorXd gradient(const VectorXd& at) const {
    VectorXd out(net.parameters());
    pass(at).gradient(weights, encoder_of(out), head_of(out));
    return out;
  }

  Rnn net;
  MatrixXd table;
  std::vector<std::vector<std::uint32_t>> sequences;
  std::vector<int> labels;
  VectorXd theta;
  VectorXd weights;
  VectorXd direction;
  PackedSequences batch;
};

struct Network {
  Pooling pooling;
  Cell cell;
  Index layers;
};

class RnnDerivatives : public ::testing::TestWithParam<Network> {
 protected:
  [[nodiscard]] static Example example() { return Example(GetParam().pooling, GetParam().cell, GetParam().layers); }
};

VectorXd sigmoid(const VectorXd& x) { return 1 / (1 + (-x.array()).exp()); }

// The hidden states of one layer for one sequence (columns: time), by the definition.
MatrixXd layer_alone(const RecurrentShape& shape, const double* parameters, const MatrixXd& inputs) {
  const Index d = shape.inputs;
  const Index h = shape.hidden;
  const Index g = shape.gates();
  const MatrixXd w = Eigen::Map<const MatrixXd>(parameters, d, g).transpose();
  const MatrixXd u = Eigen::Map<const MatrixXd>(parameters + g * d, h, g).transpose();
  const VectorXd b = Eigen::Map<const VectorXd>(parameters + g * (d + h), g);
  MatrixXd out(h, inputs.cols());
  VectorXd state = VectorXd::Zero(h);
  VectorXd cell = VectorXd::Zero(h);
  for (Index t = 0; t < inputs.cols(); ++t) {
    const VectorXd a = w * inputs.col(t) + u * state + b;
    if (shape.cell == Cell::kTanh) {
      state = a.array().tanh();
    } else {
      cell = sigmoid(a.segment(h, h)).cwiseProduct(cell) +
             sigmoid(a.head(h)).cwiseProduct(VectorXd(a.segment(2 * h, h).array().tanh()));
      state = sigmoid(a.tail(h)).cwiseProduct(VectorXd(cell.array().tanh()));
    }
    out.col(t) = state;
  }
  return out;
}

TEST_P(RnnDerivatives, ThePackedPassIsThatOfEachSequenceAlone) {
  const Example e = example();
  const RnnPass pass = e.pass(e.theta);
  const MatrixXd logits = pass.logits();
  const VectorXd losses = pass.losses();
  const Index h = 5;
  const auto w_o = Eigen::Map<const MatrixXd>(e.theta.data() + e.net.encoder_parameters(), h, 3).transpose();
  const VectorXd b_o = e.theta.tail(3);
  for (std::size_t i = 0; i < e.sequences.size(); ++i) {
    MatrixXd states(4, static_cast<Index>(e.sequences[i].size()));
    for (std::size_t t = 0; t < e.sequences[i].size(); ++t)
      states.col(static_cast<Index>(t)) = e.table.col(e.sequences[i][t]);
    const double* parameters = e.theta.data();
    for (Index l = 0; l < e.net.shape().layers; ++l) {
      states = layer_alone(e.net.layer(l), parameters, states);
      parameters += e.net.layer(l).parameters();
    }
    VectorXd pooled = VectorXd::Zero(h);
    if (states.cols() > 0)
      pooled = GetParam().pooling == Pooling::kMean ? VectorXd(states.rowwise().mean())
                                                    : VectorXd(states.rowwise().maxCoeff());
    const VectorXd z = w_o * pooled + b_o;
    const auto column = static_cast<Index>(i);
    EXPECT_LT((logits.col(column) - z).norm(), 1e-13);
    EXPECT_LT((pass.features().col(column) - pooled).norm(), 1e-13);
    EXPECT_NEAR(losses[column], std::log(z.array().exp().sum()) - z[e.labels[i]], 1e-13);
    Index best = 0;
    z.maxCoeff(&best);
    EXPECT_EQ(pass.predictions()[i], best);
  }
}

TEST_P(RnnDerivatives, GradientIsTheDerivativeOfTheWeightedLoss) {
  const Example e = example();
  const VectorXd gradient = e.gradient(e.theta);
  for (Index j = 0; j < e.net.parameters(); ++j) {
    VectorXd up = e.theta;
    VectorXd down = e.theta;
    up[j] += 1e-6;
    down[j] -= 1e-6;
    EXPECT_NEAR(gradient[j], (e.loss(up) - e.loss(down)) / 2e-6, 1e-8) << "parameter " << j;
  }
}

TEST_P(RnnDerivatives, HessianProductIsTheDerivativeOfTheGradient) {
  Example e = example();
  const double h = 1e-5;
  const VectorXd expected = (e.gradient(e.theta + h * e.direction) - e.gradient(e.theta - h * e.direction)) / (2 * h);
  VectorXd product(e.net.parameters());
  const RnnPass pass = e.pass(e.theta);
  pass.hessian_product(e.weights, e.encoder_of(e.direction), e.head_of(e.direction), e.encoder_of(product),
                       e.head_of(product));
  EXPECT_LT((product - expected).norm(), 1e-7 * expected.norm());

  // Symmetric, and its blocks are what empty spans leave out.
  VectorXd other = e.direction.reverse();
  VectorXd product_other(e.net.parameters());
  pass.hessian_product(e.weights, e.encoder_of(other), e.head_of(other), e.encoder_of(product_other),
                       e.head_of(product_other));
  EXPECT_NEAR(product.dot(other), product_other.dot(e.direction), 1e-12 * product.norm() * other.norm());
  VectorXd from_encoder(e.net.parameters());
  VectorXd from_head(e.net.parameters());
  pass.hessian_product(e.weights, e.encoder_of(e.direction), {}, e.encoder_of(from_encoder), e.head_of(from_encoder));
  pass.hessian_product(e.weights, {}, e.head_of(e.direction), e.encoder_of(from_head), e.head_of(from_head));
  EXPECT_LT((from_encoder + from_head - product).norm(), 1e-13 * product.norm());
  VectorXd head_only = VectorXd::Zero(e.net.parameters());
  pass.hessian_product(e.weights, {}, e.head_of(e.direction), {}, e.head_of(head_only));
  EXPECT_LT((head_only.tail(e.net.head_parameters()) - from_head.tail(e.net.head_parameters())).norm(), 1e-15);
}

TEST_P(RnnDerivatives, DirectionalDerivativesOfAllSamplesInOnePass) {
  Example e = example();
  const double h = 1e-6;
  const VectorXd expected =
      (e.pass(e.theta + h * e.direction).losses() - e.pass(e.theta - h * e.direction).losses()) / (2 * h);
  const VectorXd found = e.pass(e.theta).directional(e.encoder_of(e.direction), e.head_of(e.direction));
  EXPECT_LT((found - expected).norm(), 1e-7);
  VectorXd gradient = e.gradient(e.theta);
  EXPECT_NEAR(found.dot(e.weights), gradient.dot(e.direction), 1e-12);
}

INSTANTIATE_TEST_SUITE_P(
    Networks, RnnDerivatives,
    ::testing::Values(Network{Pooling::kMax, Cell::kTanh, 1}, Network{Pooling::kMean, Cell::kTanh, 1},
                      Network{Pooling::kMax, Cell::kLstm, 1}, Network{Pooling::kMean, Cell::kLstm, 1},
                      Network{Pooling::kMean, Cell::kTanh, 3}, Network{Pooling::kMax, Cell::kLstm, 2}));

TEST(Rnn, SectionsCoverTheParameters) {
  const Rnn net({.inputs = 4, .hidden = 5, .classes = 3, .cell = Cell::kLstm, .layers = 2});
  EXPECT_EQ(net.encoder_parameters(), 20 * (4 + 5 + 1) + 20 * (5 + 5 + 1));
  const auto sections = net.sections();
  ASSERT_EQ(sections.size(), 7U);
  Index next = 0;
  for (const auto& section : sections) {
    EXPECT_EQ(section.first, next);
    next += section.count;
  }
  EXPECT_EQ(next, net.parameters());
  EXPECT_EQ(sections[3].count, 20 * 5);
  EXPECT_EQ(sections[6].part, Rnn::Part::kHead);
}

TEST(Rnn, TextsWithoutTokensGiveTheHeadsBias) {
  Example e(Pooling::kMax, Cell::kLstm, 2, {0, 0});
  const MatrixXd logits = e.pass(e.theta).logits();
  EXPECT_LT((logits.col(0) - e.theta.tail(3)).norm(), 1e-15);
  EXPECT_TRUE(e.gradient(e.theta).head(e.net.encoder_parameters()).isZero(0));
}

TEST(Rnn, PackingSortsByLengthAndKeepsTies) {
  const Example e(Pooling::kMax);
  EXPECT_EQ(e.batch.steps(), 6);
  EXPECT_EQ(e.batch.tokens(), 20);
  EXPECT_EQ(e.batch.original(0), 1);
  EXPECT_EQ(e.batch.original(1), 4);
  EXPECT_EQ(e.batch.original(5), 2);
  EXPECT_EQ(e.batch.active(0), 5);
  EXPECT_EQ(e.batch.active(5), 2);
  EXPECT_EQ(e.batch.inputs().col(e.batch.offset(5) + 1), e.table.col(e.sequences[4][5]));
}

TEST(Rnn, TanhOfLongAndShortArrays) {
  for (const std::size_t n : {1U, 3U, 8U, 1001U}) {
    std::vector<double> x(n);
    for (std::size_t i = 0; i < n; ++i) x[i] = std::sinh(0.01 * (static_cast<double>(i) - 500));
    x[0] = 0;
    std::vector<double> y = x;
    tanh_in_place(y);
    for (std::size_t i = 0; i < n; ++i) EXPECT_NEAR(y[i], std::tanh(x[i]), 1e-15 + 1e-14 * std::abs(std::tanh(x[i])));
  }
}

TEST(Rnn, RefusesWhatDoesNotFit) {
  EXPECT_THROW(Rnn({.hidden = 0}), InputError);
  EXPECT_THROW(Rnn({.classes = 1}), InputError);
  EXPECT_THROW(Rnn({.layers = 0}), InputError);
  Example e(Pooling::kMax);
  e.labels[1] = 3;
  try {
    (void)e.pass(e.theta);
    FAIL();
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), HasSubstr("sequence 1 has label 3; labels are 0 to 2"));
  }
  e.labels[1] = 0;
  EXPECT_THROW((RnnPass(e.net, VectorXd::Zero(3), VectorXd::Zero(18), e.batch, e.labels)), InputError);
  e.sequences[0][0] = 20;
  EXPECT_THROW((void)e.packed(), InputError);
  EXPECT_THROW(PackedSequences({}, e.table), InputError);
}

}  // namespace
}  // namespace offprint::nn
