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
  explicit Example(Pooling pooling, std::vector<std::size_t> lengths = {3, 6, 0, 1, 6, 4})
      : net({.inputs = 4, .hidden = 5, .classes = 3, .pooling = pooling}), table(4, 20) {
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

class RnnDerivatives : public ::testing::TestWithParam<Pooling> {};

TEST_P(RnnDerivatives, ThePackedPassIsThatOfEachSequenceAlone) {
  const Example e(GetParam());
  const RnnPass pass = e.pass(e.theta);
  const MatrixXd logits = pass.logits();
  const VectorXd losses = pass.losses();
  const Index h = 5;
  const Index d = 4;
  const auto w_ih = Eigen::Map<const MatrixXd>(e.theta.data(), d, h).transpose();
  const auto w_hh = Eigen::Map<const MatrixXd>(e.theta.data() + h * d, h, h).transpose();
  const VectorXd b = e.theta.segment(h * d + h * h, h);
  const auto w_o = Eigen::Map<const MatrixXd>(e.theta.data() + h * (d + h + 1), h, 3).transpose();
  const VectorXd b_o = e.theta.tail(3);
  for (std::size_t i = 0; i < e.sequences.size(); ++i) {
    VectorXd state = VectorXd::Zero(h);
    VectorXd pooled = VectorXd::Zero(h);
    for (std::size_t t = 0; t < e.sequences[i].size(); ++t) {
      state = (w_ih * e.table.col(e.sequences[i][t]) + w_hh * state + b).array().tanh();
      if (GetParam() == Pooling::kMean)
        pooled += state / static_cast<double>(e.sequences[i].size());
      else
        pooled = t == 0 ? state : VectorXd(pooled.cwiseMax(state));
    }
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
  const Example e(GetParam());
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
  Example e(GetParam());
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
  Example e(GetParam());
  const double h = 1e-6;
  const VectorXd expected =
      (e.pass(e.theta + h * e.direction).losses() - e.pass(e.theta - h * e.direction).losses()) / (2 * h);
  const VectorXd found = e.pass(e.theta).directional(e.encoder_of(e.direction), e.head_of(e.direction));
  EXPECT_LT((found - expected).norm(), 1e-7);
  VectorXd gradient = e.gradient(e.theta);
  EXPECT_NEAR(found.dot(e.weights), gradient.dot(e.direction), 1e-12);
}

INSTANTIATE_TEST_SUITE_P(Poolings, RnnDerivatives, ::testing::Values(Pooling::kMax, Pooling::kMean));

TEST(Rnn, TextsWithoutTokensGiveTheHeadsBias) {
  Example e(Pooling::kMax, {0, 0});
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
