#include "offprint/landscape/collapse_response.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "collapse_oracles.hpp"
#include "offprint/core/error.hpp"
#include "offprint/landscape/collapse_metrics.hpp"

namespace offprint::landscape {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using ::testing::HasSubstr;

constexpr double kBeta = 100.0;

CollapseModel paper_model(double lambda_h) { return {ClassLabels::balanced(4, 10), std::sqrt(2.0), lambda_h}; }

struct Staircase {
  double lambda_h;
  double levels[5];
  double off;
  double exact_min;
};
constexpr Staircase kStaircases[] = {
    {.01, {1, .9999, .9998237841, .9996475683, .9991591036}, 1.762158576997e-4, .9991598101},
    {.05, {1, .9995, .9992659148, .9985318296, .9981196985}, 7.340852052e-4, .9981232274},
    {.1, {1, .999, .9987521206, .9975042412, .9973408521}, 1.2478793814e-3, .9973479044},
    {.3, {1, .9979081334, .997, .9958162667, .9953942206}, 2.0918666254e-3, .9954153366}};

TEST(CollapseResponseTest, ClosedFormSpectrumOfThePaper) {
  for (const auto& s : kStaircases) {
    const auto found = collapse_spectrum(10, 4, 10, std::sqrt(2.0), s.lambda_h, kBeta);
    ASSERT_EQ(found.diagonal.size(), 5U);
    for (std::size_t i = 0; i < 5; ++i) EXPECT_NEAR(found.diagonal[i].value, s.levels[i], 1e-10) << s.lambda_h;
    EXPECT_NEAR(found.off_diagonal, s.off, 1e-12);
    Index total = 0;
    for (const auto& level : found.diagonal) total += level.multiplicity;
    EXPECT_EQ(total, 100);
  }
}

TEST(CollapseResponseTest, BlocksHaveThatSpectrumWithItsMultiplicities) {
  for (const auto& s : kStaircases) {
    const auto model = paper_model(s.lambda_h);
    const CollapseResponse response(model, kBeta, collapsed_features(model, oracle::orthonormal(10, 4, 1)));
    const auto expected = collapse_spectrum(10, 4, 10, std::sqrt(2.0), s.lambda_h, kBeta);
    const auto values = linalg::singular_values(response.block(1, 1));
    Index at = 0;
    for (const auto& level : expected.diagonal)
      for (Index i = 0; i < level.multiplicity; ++i, ++at) EXPECT_NEAR(values(at), level.value, 1e-9);
    const auto off = linalg::singular_values(response.block(0, 2));
    EXPECT_NEAR(off(0), s.off, 1e-9);
    EXPECT_LT(off(1), 1e-12);  // rank one
  }
}

TEST(CollapseResponseTest, TheOffDiagonalBlockMovesMeansAgainstEachOther) {
  const auto model = paper_model(0.1);
  const MatrixXd frame = oracle::orthonormal(10, 4, 1);
  const CollapseResponse response(model, kBeta, collapsed_features(model, frame));
  MatrixXd change = MatrixXd::Zero(10, 40);
  change.middleCols(20, 10).colwise() = frame.col(1) / std::sqrt(10.0);  // class 2 along u_1
  const MatrixXd answer = response.apply(change);
  MatrixXd expected = MatrixXd::Zero(10, 10);
  expected.colwise() = -1.2478793814e-3 * frame.col(2) / std::sqrt(10.0);  // class 1 along u_2
  EXPECT_LT((answer.middleCols(10, 10) - expected).norm(), 1e-12);
  EXPECT_LT(answer.leftCols(10).norm(), 1e-13);
  EXPECT_LT(answer.rightCols(10).norm(), 1e-13);
}

TEST(CollapseResponseTest, ExactBlocksHaveTheExactSmallestValue) {
  for (const auto& s : kStaircases) {
    const auto model = paper_model(s.lambda_h);
    const CollapseResponse response(model, kBeta, collapsed_features(model, oracle::orthonormal(10, 4, 1)));
    const auto values = linalg::singular_values(response.block(0, 0, true));
    EXPECT_NEAR(values(99), s.exact_min, 1e-10);
    EXPECT_NEAR(values(99), kBeta / (kBeta + std::sqrt(s.lambda_h / std::sqrt(2.0))), 1e-12);
  }
}

TEST(CollapseResponseTest, TheExactResponseIsTheDerivativeOfTheMinimizer) {
  // Away from collapse, with a small beta: central differences of the minimizer itself.
  const auto model = oracle::wave_model(0.05);
  const MatrixXd h0 = oracle::wave_h0();
  const double beta = 2.0;
  MinimizerOptions options;
  options.tolerance = 1e-14;
  const auto at = minimize_tied(model, h0, beta, options);
  const MatrixXd direction = oracle::normal(6, 60, 5);
  constexpr double kStep = 1e-4;
  const auto above = minimize_tied(model, h0 + kStep * direction, beta, options);
  const auto below = minimize_tied(model, h0 - kStep * direction, beta, options);
  const MatrixXd expected = (above.features - below.features) / (2 * kStep);
  const CollapseResponse response(model, beta, at.features);
  EXPECT_LT((response.apply_exact(direction) - expected).norm(), 1e-6 * expected.norm());
}

TEST(CollapseResponseTest, FirstOrderAgreesWithTheExactResponseForLargeBeta) {
  const auto model = paper_model(0.1);
  const CollapseResponse response(model, 1e5, collapsed_features(model, oracle::orthonormal(10, 4, 1)));
  const MatrixXd change = oracle::normal(10, 40, 6);
  EXPECT_LT((response.apply(change) - response.apply_exact(change)).norm(), 1e-9 * change.norm());
}

TEST(CollapseResponseTest, GainOfOneLayer) {
  const CollapseModel model{ClassLabels::balanced(4, 200), 0.5, 0.05};
  const double beta = 2;
  const auto factors = layer_contraction(0.5, 0.05, beta);
  EXPECT_NEAR(factors.isotropic_gain(30, 4), 0.92432, 5e-6);
  const MatrixXd h0 = collapsed_features(model, oracle::orthonormal(30, 4, 2)) + 1e-3 * oracle::normal(30, 800, 3);
  MinimizerOptions options;
  options.tolerance = 1e-13;
  const auto out = minimize_tied(model, h0, beta, options);
  const double before = collapse_metrics(h0, model.labels).trace_within;
  const double after = collapse_metrics(out.features, model.labels).trace_within;
  EXPECT_NEAR(after / before, factors.isotropic_gain(30, 4), 0.0026);
  const auto gain = layer_gain(model, h0, beta);
  EXPECT_EQ(gain.span, 4);
  EXPECT_NEAR(gain.within.mean(), before, 1e-12 * before);
  EXPECT_NEAR(gain.gain, after / before, 1e-5);
}

TEST(CollapseResponseTest, BadInput) {
  const auto refusal = [](const auto& f) {
    try {
      f();
    } catch (const InputError& error) {
      return std::string(error.what());
    }
    return std::string("(nothing was thrown)");
  };
  EXPECT_THAT(refusal([] { (void)collapse_spectrum(3, 4, 10, 0.5, 0.1, 1); }), HasSubstr("needs d >= K, got d = 3"));
  EXPECT_THAT(refusal([] { (void)collapse_spectrum(5, 4, 10, 2, 0.5, 1); }), HasSubstr("trivial minimizer"));
  EXPECT_THAT(refusal([] { (void)collapse_spectrum(5, 4, 10, 0, 0.5, 1); }), HasSubstr("lambda_w is 0"));
  EXPECT_THAT(refusal([] { (void)layer_contraction(0.5, 0.1, 0); }), HasSubstr("beta is 0"));
  EXPECT_THAT(refusal([] { (void)layer_contraction(0.5, -0.1, 1); }), HasSubstr("lambda_h is -0.1"));
  const auto model = paper_model(0.1);
  const MatrixXd star = collapsed_features(model, oracle::orthonormal(10, 4, 1));
  EXPECT_THAT(refusal([&] { (void)layer_gain(model, star, 1); }), HasSubstr("no deviation"));
  const CollapseModel unbalanced{ClassLabels(std::vector<std::int64_t>{0, 0, 1, 1, 1}), 0.5, 0.1};
  EXPECT_THAT(refusal([&] { CollapseResponse(unbalanced, 1, MatrixXd::Identity(5, 5)); }), HasSubstr("equally many"));
}

}  // namespace
}  // namespace offprint::landscape
