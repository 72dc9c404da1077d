#include "offprint/nn/loss.hpp"

#include <cmath>

#include <gtest/gtest.h>

#include "offprint/core/error.hpp"

namespace offprint::nn {
namespace {

using Eigen::MatrixXd;
using Eigen::VectorXd;

TEST(Loss, DerivativesAgreeWithDifferences) {
  const VectorXd f = (VectorXd(4) << 0.3, -1.2, 2.0, 0.7).finished();
  const VectorXd y = (VectorXd(4) << 1.0, 0.0, 0.5, 1.0).finished();
  for (const Loss loss : {Loss::kCrossEntropy, Loss::kMse, Loss::kBce, Loss::kL1}) {
    const TargetView target = loss == Loss::kCrossEntropy ? TargetView(2) : TargetView(Eigen::Ref<const VectorXd>(y));
    VectorXd g(4);
    loss_gradient(loss, f, target, g);
    const double h = 1e-6;
    for (Eigen::Index k = 0; k < 4; ++k) {
      const VectorXd e = VectorXd::Unit(4, k) * h;
      EXPECT_NEAR((loss_value(loss, f + e, target) - loss_value(loss, f - e, target)) / (2 * h), g[k], 1e-8);
      VectorXd up(4);
      VectorXd down(4);
      VectorXd column(4);
      loss_gradient(loss, f + e, target, up);
      loss_gradient(loss, f - e, target, down);
      loss_curvature(loss, f, VectorXd::Unit(4, k), column);
      EXPECT_LT(((up - down) / (2 * h) - column).norm(), 1e-8) << loss_name(loss);
    }
  }
}

TEST(Loss, FactorsOfTheCurvature) {
  const VectorXd f = (VectorXd(5) << 3.0, -1.0, 0.0, 1.5, -20.0).finished();
  for (const Loss loss : {Loss::kCrossEntropy, Loss::kMse, Loss::kBce}) {
    const MatrixXd s = curvature_factor(loss, f);
    MatrixXd a(5, 5);
    for (Eigen::Index k = 0; k < 5; ++k) loss_curvature(loss, f, VectorXd::Unit(5, k), a.col(k));
    EXPECT_LT((s * s.transpose() - a).cwiseAbs().maxCoeff(), 1e-15);
  }
  const MatrixXd s = curvature_factor(Loss::kCrossEntropy, f);
  EXPECT_LT((s * softmax(f).cwiseSqrt()).norm(), 1e-15);
  EXPECT_LT((s.transpose() * VectorXd::Ones(5)).norm(), 1e-15);
}

TEST(Loss, LargeLogitsDoNotOverflow) {
  const VectorXd f = (VectorXd(2) << 1000.0, -1000.0).finished();
  EXPECT_DOUBLE_EQ(loss_value(Loss::kCrossEntropy, f, 0), 0.0);
  EXPECT_DOUBLE_EQ(loss_value(Loss::kCrossEntropy, f, 1), 2000.0);
  const VectorXd y = VectorXd::Zero(2);
  EXPECT_DOUBLE_EQ(loss_value(Loss::kBce, f, Eigen::Ref<const VectorXd>(y)), 1000.0);
}

TEST(Loss, Names) {
  EXPECT_EQ(parse_loss("bce"), Loss::kBce);
  EXPECT_EQ(loss_name(Loss::kCrossEntropy), "cross-entropy");
  EXPECT_THROW((void)parse_loss("hinge"), InputError);
}

}  // namespace
}  // namespace offprint::nn
