#include "offprint/landscape/collapse_model.hpp"

#include <cmath>
#include <limits>

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

TEST(CollapseModelTest, OracleOfTheClassifierLossAndGradient) {
  const auto model = oracle::small_model();
  const MatrixXd h = oracle::small_h0();
  MatrixXd w(2, 3);
  w << 1.035126683, .031274079, -.118478901, -.116484612, .993065313, .121923582;
  EXPECT_LT((ridge_classifier(model, h) - w).cwiseAbs().maxCoeff(), 1e-9);
  EXPECT_NEAR(reduced_loss(model, h), 0.1216374189820, 1e-12);
  MatrixXd gradient(3, 4);
  gradient << .042215525, -.472952596, -.139093608, .144308689, .128064912, -.164904578, .013803205, -.251911431,
      .028781343, .046210439, -.008743286, -.037666416;
  EXPECT_LT((reduced_gradient(model, h) - gradient).cwiseAbs().maxCoeff(), 1e-9);
}

TEST(CollapseModelTest, TheGradientIsThatOfTheLoss) {
  const auto model = oracle::small_model();
  MatrixXd h = oracle::small_h0();
  const MatrixXd gradient = reduced_gradient(model, h) / 4.0;
  for (Index i = 0; i < h.size(); ++i) {
    const double at = h(i);
    h(i) = at + 1e-5;
    const double above = reduced_loss(model, h);
    h(i) = at - 1e-5;
    const double below = reduced_loss(model, h);
    h(i) = at;
    EXPECT_NEAR((above - below) / 2e-5, gradient(i), 1e-9);
  }
}

TEST(CollapseModelTest, DualAndPrimalClassifierAgree) {
  for (const bool balanced : {true, false}) {
    const CollapseModel model{balanced ? ClassLabels::balanced(3, 4)
                                       : ClassLabels(std::vector<std::int64_t>{0, 0, 1, 1, 2, 2, 2, 0, 0, 0, 1, 0}),
                              0.2, 0.1};
    const MatrixXd h = oracle::normal(10, 12, 5);
    MatrixXd tall = MatrixXd::Zero(30, 12);  // N < d: the dual
    tall.topRows(10) = h;
    const MatrixXd w = ridge_classifier(model, h);
    const MatrixXd dual = ridge_classifier(model, tall);
    EXPECT_LT((dual.leftCols(10) - w).norm(), 1e-12 * w.norm());
    EXPECT_EQ(dual.rightCols(20).norm(), 0.0);
  }
}

TEST(CollapseModelTest, OraclesOfTheTiedMinimizer) {
  const auto model = oracle::small_model();
  const MatrixXd h0 = oracle::small_h0();
  MinimizerOptions options;
  options.tolerance = 1e-12;
  const auto ten = minimize_tied(model, h0, 10, options);
  ASSERT_TRUE(ten.converged);
  EXPECT_NEAR(ten.value, 0.117364481735, 1e-12);
  const auto m = collapse_metrics(ten.features, model.labels);
  EXPECT_NEAR(m.nc1_trace, 0.295110020068, 1e-11);
  EXPECT_NEAR(m.nc1, 0.0544852476782, 1e-12);
  const Eigen::RowVector4d row(.995488974, .542644129, -.187612356, .087026403);
  EXPECT_LT((ten.features.row(0) - row).cwiseAbs().maxCoeff(), 1e-9);
  const auto one = minimize_tied(model, h0, 1, options);
  ASSERT_TRUE(one.converged);
  EXPECT_NEAR(one.value, 0.0983700901382, 1e-12);
  EXPECT_NEAR(collapse_metrics(one.features, model.labels).nc1_trace, 0.155624679331, 1e-11);
  EXPECT_NEAR(collapse_metrics(one.features, model.labels).nc1, 0.0200541379436, 1e-12);
}

TEST(CollapseModelTest, OraclesOfCorollary32) {
  const auto model = oracle::wave_model(0.05);
  MinimizerOptions options;
  options.tolerance = 1e-12;
  const std::pair<double, double> expected[] = {
      {1, 4.41632323838}, {10, 7.29460846189}, {100, 7.55969354662}, {1000, 7.58579966642}};
  for (const auto& [beta, nc1] : expected) {
    const auto found = minimize_tied(model, oracle::wave_h0(), beta, options);
    ASSERT_TRUE(found.converged) << beta;
    EXPECT_NEAR(collapse_metrics(found.features, model.labels).nc1_trace, nc1, 1e-10) << beta;
  }
}

// The gradient is measured by the definition, not by what the minimizer reports.
TEST(CollapseModelTest, WeakTiesConvergeForReal) {
  const auto model = oracle::wave_model(0.05);
  const MatrixXd h0 = oracle::wave_h0();
  for (const double beta : {0.1, 0.01, 0.001}) {
    const auto found = minimize_tied(model, h0, beta);
    ASSERT_TRUE(found.converged) << beta;
    EXPECT_LT(found.iterations, 500) << beta;
    const MatrixXd w = ridge_classifier(model, found.features);
    const MatrixXd gradient = reduced_gradient(model, found.features) + beta * (found.features - h0);
    const double scale = std::max(beta * h0.norm(), w.norm() * std::sqrt(20.0));
    EXPECT_LT(gradient.norm(), 2e-10 * scale) << beta;
    EXPECT_LT((w - found.classifier).norm(), 1e-8 * w.norm());
  }
}

TEST(CollapseModelTest, FewerSamplesThanFeaturesStayInTheirSpan) {
  const CollapseModel model{ClassLabels::balanced(2, 3), 0.1, 0.05};
  const MatrixXd small = oracle::normal(6, 6, 1);
  const MatrixXd basis = oracle::orthonormal(40, 6, 2);
  const auto inside = minimize_tied(model, small, 2);
  const auto outside = minimize_tied(model, basis * small, 2);
  EXPECT_TRUE(outside.converged);
  EXPECT_NEAR(outside.value, inside.value, 1e-13);
  EXPECT_LT((outside.features - basis * inside.features).norm(), 1e-8);
  EXPECT_EQ(outside.classifier.cols(), 40);
}

TEST(CollapseModelTest, WithClassWeightsEveryClassCountsAlike) {
  // Doubling the samples of a class and weighting by classes changes nothing.
  const MatrixXd h = oracle::normal(5, 6, 9);
  const CollapseModel plain{ClassLabels::balanced(2, 3), 0.2, 0.1};
  MatrixXd doubled(5, 9);
  doubled << h, h.leftCols(3);
  const CollapseModel weighted{ClassLabels(std::vector<std::int64_t>{0, 0, 0, 1, 1, 1, 0, 0, 0}), 0.2, 0.1};
  EXPECT_LT((ridge_classifier(plain, h) - ridge_classifier(weighted, doubled)).norm(), 1e-13);
  EXPECT_NEAR(reduced_loss(plain, h), reduced_loss(weighted, doubled), 1e-14);
  const auto a = minimize_tied(plain, h, 1);
  const auto b = minimize_tied(weighted, doubled, 1);
  EXPECT_TRUE(b.converged);
  EXPECT_NEAR(a.value, b.value, 1e-12);
  EXPECT_LT((a.features - b.features.leftCols(6)).norm(), 1e-8);
}

TEST(CollapseModelTest, UnconstrainedOptimumFromRandomStarts) {
  for (const double lambda_h : {0.05, 0.2}) {
    const CollapseModel model{ClassLabels::balanced(4, 10), std::sqrt(2.0), lambda_h};
    const auto expected = unconstrained_optimum(model.lambda_w, model.lambda_h);
    EXPECT_NEAR(expected.value, lambda_h == 0.05 ? 0.230559455788 : 0.390408233457, 1e-12);
    EXPECT_NEAR(expected.rho, lambda_h == 0.05 ? 3.904082334572 : 1.244934386, 1e-9);
    const auto found = minimize_tied(model, oracle::normal(10, 40, 3), 0.0);
    ASSERT_TRUE(found.converged);
    EXPECT_NEAR(found.value, expected.value, 1e-10);
    EXPECT_NEAR(found.features.col(7).squaredNorm(), expected.rho, 1e-8);
    EXPECT_LT(collapse_metrics(found.features, model.labels).nc1_trace, 1e-20);
  }
}

TEST(CollapseModelTest, StrongRegularizationCollapsesToZero) {
  const CollapseModel model{ClassLabels::balanced(3, 5), 1.2, 1.2};
  const auto found = minimize_tied(model, oracle::normal(6, 15, 3), 0.0);
  EXPECT_TRUE(found.converged);
  EXPECT_NEAR(found.value, 0.5, 1e-12);
  EXPECT_LT(found.features.norm(), 1e-6);
  EXPECT_TRUE(unconstrained_optimum(1.2, 1.2).trivial());
}

TEST(CollapseModelTest, TheCollapsedOptimumIsItsOwnMinimizer) {
  const CollapseModel model{ClassLabels::balanced(3, 6), 0.5, 0.1};
  const MatrixXd star = collapsed_features(model, oracle::orthonormal(7, 3, 4));
  MinimizerOptions options;
  options.tolerance = 1e-14;
  for (const double beta : {0.1, 1.0, 100.0}) {
    const auto found = minimize_tied(model, star, beta, star + 0.3 * oracle::normal(7, 18, 8), options);
    EXPECT_GT(found.iterations, 0);
    EXPECT_LT((found.features - star).cwiseAbs().maxCoeff(), 1e-12) << beta << " " << found.gradient;
  }
}

TEST(CollapseModelTest, BadInput) {
  const MatrixXd h = oracle::small_h0();
  const auto labels = ClassLabels::balanced(2, 2);
  const auto refusal = [](const auto& f) {
    try {
      f();
    } catch (const InputError& error) {
      return std::string(error.what());
    }
    return std::string("(nothing was thrown)");
  };
  EXPECT_THAT(refusal([&] { (void)ridge_classifier({labels, 0.0, 0.1}, h); }), HasSubstr("lambda_w is 0"));
  EXPECT_THAT(refusal([&] { (void)ridge_classifier({labels, 0.1, -0.1}, h); }), HasSubstr("lambda_h is -0.1"));
  EXPECT_THAT(refusal([&] { (void)minimize_tied({labels, 0.1, 0.1}, h, -1); }), HasSubstr("beta is -1"));
  EXPECT_THAT(refusal([&] { (void)minimize_tied({labels, 0.1, 0.0}, h, 0); }), HasSubstr("both 0"));
  EXPECT_THAT(refusal([&] {
                (void)minimize_tied({labels, 0.1, 0.1}, h.leftCols(3), 1);
              }),
              HasSubstr("4 labels for 3 rows"));
  MatrixXd bad = h;
  bad(0, 1) = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THAT(refusal([&] { (void)minimize_tied({labels, 0.1, 0.1}, bad, 1); }), HasSubstr("row 2"));
  EXPECT_THAT(refusal([&] {
                (void)collapsed_features({ClassLabels::balanced(3, 2), 0.1, 0.1}, h.leftCols(2));
              }),
              HasSubstr("needs d >= K"));
  EXPECT_THAT(refusal([&] { (void)unconstrained_optimum(0.1, 0.0); }), HasSubstr("both positive"));
}

}  // namespace
}  // namespace offprint::landscape
