// Derivatives of dense networks against differences, closed forms and each other.
#include "offprint/nn/mlp.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include <Eigen/Eigenvalues>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "offprint/core/error.hpp"

namespace offprint::nn {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;
using ::testing::HasSubstr;

MatrixXd dense(const linalg::SymmetricOperator& a) {
  MatrixXd out(a.size, a.size);
  a.apply(MatrixXd::Identity(a.size, a.size), out);
  return out;
}

VectorXd normal(Index n, std::uint64_t seed) {
  VectorXd v(n);
  Stream(seed, "test").fill_normal({v.data(), static_cast<std::size_t>(n)});
  return v;
}

MlpLoss blobs(Activation activation, Parallel how = {}) {
  const Labelled data = gaussian_blobs(4, 6, 90, 1.5, Stream(3, "data"));
  return {Mlp({6, 7, 5, 4}, activation), data.inputs, data.labels, std::move(how)};
}

std::string error_of(const std::function<void()>& f) {
  try {
    f();
  } catch (const InputError& error) {
    return error.what();
  }
  return "(nothing was thrown)";
}

TEST(Mlp, ParametersAreLaidOutAsPyTorchDoes) {
  const Mlp net({2, 3, 1});
  ASSERT_EQ(net.parameters(), 2 * 3 + 3 + 3 + 1);
  VectorXd theta(13);
  theta << 1, 2, 3, 4, 5, 6, 10, 20, 30, 1, -1, 2, 0.5;  // W1 row by row, b1, W2, b2
  const MatrixXd x = (MatrixXd(2, 1) << 1, -1).finished();
  // z1 = (-1, -1, -1) + (10, 20, 30)
  EXPECT_DOUBLE_EQ(net.evaluate(theta, x)(0, 0), 9 - 19 + 2 * 29 + 0.5);
  EXPECT_EQ(net.features(theta, x, 1).col(0), Eigen::Vector3d(9, 19, 29));
  EXPECT_EQ(net.weight_decay(1, 2).tail(4), VectorXd::Constant(4, 2));
  EXPECT_DOUBLE_EQ(net.weight_decay(1, 2).sum(), 9 + 8);
}

TEST(Mlp, GradientAgreesWithDifferences) {
  for (const auto activation : {Activation::kTanh, Activation::kRelu}) {
    const MlpLoss loss = blobs(activation);
    const VectorXd theta = loss.net().initial(Stream(1, "init"));
    VectorXd g(theta.size());
    EXPECT_NEAR(loss.gradient(theta, g), loss.value(theta), 1e-14);
    std::vector<double> errors;
    for (std::uint64_t s = 0; s < 5; ++s) {
      const VectorXd v = normal(theta.size(), s).normalized();
      const double h = 1e-5;
      errors.push_back(std::abs((loss.value(theta + h * v) - loss.value(theta - h * v)) / (2 * h) - g.dot(v)));
    }
    std::ranges::sort(errors);
    EXPECT_LT(errors[2], 1e-9);
  }
}

TEST(Mlp, ABatchOfAllIsTheWhole) {
  const MlpLoss loss = blobs(Activation::kRelu);
  const VectorXd theta = loss.net().initial(Stream(1, "init"));
  std::vector<std::size_t> all(90);
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = 89 - i;
  VectorXd whole(theta.size());
  VectorXd batch(theta.size());
  EXPECT_NEAR(loss.gradient(theta, whole), loss.gradient(theta, all, batch), 1e-13);
  EXPECT_LT((whole - batch).norm(), 1e-13);
  EXPECT_LT((loss.sample_gradients(theta).rowwise().mean() - whole).norm(), 1e-13);
}

TEST(Mlp, HessianProductsAgreeWithDifferencesOfTheGradient) {
  for (const auto activation : {Activation::kTanh, Activation::kRelu}) {
    const MlpLoss loss = blobs(activation);
    const VectorXd theta = loss.net().initial(Stream(1, "init"));
    const auto h = loss.hessian(theta);
    std::vector<double> errors;
    for (std::uint64_t s = 0; s < 5; ++s) {
      const VectorXd v = normal(theta.size(), s).normalized();
      MatrixXd hv(theta.size(), 1);
      h.apply(v, hv);
      const double step = 1e-5;
      VectorXd up(theta.size());
      VectorXd down(theta.size());
      loss.gradient(theta + step * v, up);
      loss.gradient(theta - step * v, down);
      errors.push_back(((up - down) / (2 * step) - hv.col(0)).norm() / hv.norm());
    }
    std::ranges::sort(errors);
    EXPECT_LT(activation == Activation::kTanh ? errors.back() : errors[2], 1e-7);
  }
}

TEST(Mlp, HessianIsSymmetricAndTheSumOfItsParts) {
  for (const auto activation : {Activation::kTanh, Activation::kRelu, Activation::kIdentity}) {
    const MlpLoss loss = blobs(activation);
    const VectorXd theta = loss.net().initial(Stream(1, "init"));
    const MatrixXd h = dense(loss.hessian(theta));
    const MatrixXd g = dense(loss.gauss_newton(theta));
    const MatrixXd r = dense(loss.residual(theta));
    EXPECT_LT((h - h.transpose()).cwiseAbs().maxCoeff(), 1e-12);
    EXPECT_LT((h - g - r).cwiseAbs().maxCoeff(), 1e-12);
    EXPECT_GT(r.norm(), 1e-3);  // the split is not empty
    EXPECT_LT((loss.gauss_newton_matrix(theta) - g).cwiseAbs().maxCoeff(), 1e-12);
    const MatrixXd v = loss.gauss_newton_columns(theta, 0, 90);
    EXPECT_LT((v * v.transpose() - g).cwiseAbs().maxCoeff(), 1e-12);
  }
}

TEST(Mlp, JacobianColumnsAreTheOutputsDerivatives) {
  const MlpLoss loss = blobs(Activation::kTanh);
  const VectorXd theta = loss.net().initial(Stream(1, "init"));
  const MatrixXd j = loss.jacobian_columns(theta, 5, 3);
  ASSERT_EQ(j.cols(), 12);
  const VectorXd v = normal(theta.size(), 7).normalized();
  const double h = 1e-6;
  const MatrixXd x = loss.inputs().middleCols(5, 3);
  const MatrixXd df = (loss.net().evaluate(theta + h * v, x) - loss.net().evaluate(theta - h * v, x)) / (2 * h);
  EXPECT_LT((Eigen::Map<const VectorXd>(df.data(), 12) - j.transpose() * v).norm(), 1e-8);
}

TEST(Mlp, ThreadsAndBlocksChangeNothing) {
  const MlpLoss one = blobs(Activation::kRelu, {.threads = 1});
  const MlpLoss three = blobs(Activation::kRelu, {.threads = 3});
  const VectorXd theta = one.net().initial(Stream(1, "init"));
  VectorXd a(theta.size());
  VectorXd b(theta.size());
  EXPECT_EQ(one.gradient(theta, a), three.gradient(theta, b));
  EXPECT_EQ(a, b);
  EXPECT_EQ(one.value(theta), three.value(theta));
  const MatrixXd block = MatrixXd::Random(theta.size(), 11);
  MatrixXd together(theta.size(), 11);
  one.hessian(theta).apply(block, together);
  MatrixXd apart(theta.size(), 11);
  for (Index j = 0; j < 11; ++j) three.hessian(theta).apply(block.col(j), apart.col(j));
  EXPECT_LT((together - apart).norm(), 1e-13 * together.norm());
}

// f = a b x, L = (a b - 1)^2 / 2.
TEST(Mlp, ScalarLinearNetwork) {
  const MlpLoss loss(Mlp({1, 1, 1}, Activation::kIdentity, false), MatrixXd::Ones(1, 1), MatrixXd::Ones(1, 1),
                     Loss::kMse);
  ASSERT_EQ(loss.net().parameters(), 3);  // a, the hidden bias, b
  VectorXd theta(3);
  theta << 2, 0, 1;
  const auto pick = [](const MatrixXd& m) {
    return (Eigen::Matrix2d() << m(0, 0), m(0, 2), m(2, 0), m(2, 2)).finished();
  };
  const Eigen::Matrix2d h = pick(dense(loss.hessian(theta)));
  EXPECT_LT((h - (Eigen::Matrix2d() << 1, 3, 3, 4).finished()).norm(), 1e-14);
  const Eigen::Vector2d values = Eigen::SelfAdjointEigenSolver<Eigen::Matrix2d>(h).eigenvalues();
  EXPECT_NEAR(values[0], -0.854101966, 1e-9);
  EXPECT_NEAR(values[1], 5.854101966, 1e-9);
  EXPECT_LT((pick(dense(loss.gauss_newton(theta))) - (Eigen::Matrix2d() << 1, 2, 2, 4).finished()).norm(), 1e-14);
  EXPECT_LT((pick(dense(loss.residual(theta))) - (Eigen::Matrix2d() << 0, 1, 1, 0).finished()).norm(), 1e-14);
}

TEST(Mlp, LeastSquaresHasTheDataForItsHessian) {
  const MatrixXd x = MatrixXd::Random(4, 20);
  const MlpLoss loss(Mlp({4, 1}, Activation::kRelu, false), x, MatrixXd::Random(1, 20), Loss::kMse);
  for (const double scale : {0.0, 3.0}) {
    const VectorXd theta = scale * normal(4, 2);
    EXPECT_LT((dense(loss.hessian(theta)) - x * x.transpose() / 20).norm(), 1e-13);
    EXPECT_LT(dense(loss.residual(theta)).norm(), 1e-15);
  }
}

TEST(Mlp, LogisticRegressionHasNoResidual) {
  const MatrixXd x = MatrixXd::Random(3, 15);
  const MatrixXd y = (MatrixXd::Random(1, 15).array() > 0).cast<double>();
  const MlpLoss loss(Mlp({3, 1}, Activation::kRelu, false), x, y, Loss::kBce);
  const VectorXd theta = normal(3, 4);
  MatrixXd expected = MatrixXd::Zero(3, 3);
  for (Index i = 0; i < 15; ++i) {
    const double s = 1 / (1 + std::exp(-theta.dot(x.col(i))));
    expected += s * (1 - s) * x.col(i) * x.col(i).transpose() / 15;
  }
  EXPECT_LT((dense(loss.hessian(theta)) - expected).norm(), 1e-14);
  EXPECT_EQ(dense(loss.residual(theta)).norm(), 0.0);
}

TEST(Mlp, SoftmaxAtZeroWeights) {
  constexpr int kClasses = 3;
  const MatrixXd x = MatrixXd::Random(2, 12);
  std::vector<int> labels;
  for (int i = 0; i < 12; ++i) labels.push_back(i % kClasses);
  const MlpLoss loss(Mlp({2, kClasses}, Activation::kRelu, false), x, labels);
  const MatrixXd h = dense(loss.hessian(VectorXd::Zero(6)));
  const MatrixXd a = MatrixXd::Identity(3, 3) / 3 - MatrixXd::Ones(3, 3) / 9;
  const MatrixXd xx = x * x.transpose() / 12;
  MatrixXd expected(6, 6);
  for (Index r = 0; r < 3; ++r)
    for (Index c = 0; c < 3; ++c) expected.block(2 * r, 2 * c, 2, 2) = a(r, c) * xx;
  EXPECT_LT((h - expected).norm(), 1e-14);
}

TEST(Mlp, RescaledReluLayersChangeTheSpectrumButNotTheFunction) {
  const MlpLoss loss = blobs(Activation::kRelu);
  const VectorXd theta = loss.net().initial(Stream(1, "init"));
  VectorXd scaled = theta;
  const auto& layers = loss.net().layers();
  scaled.head(layers[1].weight) *= 3.0;
  scaled.segment(layers[1].weight, layers[1].in * layers[1].out) /= 3.0;
  EXPECT_NEAR(loss.value(theta), loss.value(scaled), 1e-13);
  const double before = loss.gauss_newton_matrix(theta).trace();
  EXPECT_GT(std::abs(loss.gauss_newton_matrix(scaled).trace() - before), 0.1 * before);
}

TEST(Mlp, BadInput) {
  const Mlp net({2, 3});
  EXPECT_THAT(error_of([&] {
                MlpLoss(net, MatrixXd::Zero(2, 2), std::vector<int>{0, 3});
              }),
              HasSubstr("label 3 of sample 1 is outside [0, 3)"));
  EXPECT_THAT(error_of([&] {
                MlpLoss(net, MatrixXd::Zero(3, 2), std::vector<int>{0, 1});
              }),
              HasSubstr("samples of 3 values given; the network takes 2"));
  EXPECT_THAT(error_of([&] { MlpLoss(net, MatrixXd::Zero(2, 0), std::vector<int>{}); }), HasSubstr("empty"));
  EXPECT_THAT(error_of([&] { MlpLoss(net, MatrixXd::Constant(2, 1, NAN), std::vector<int>{0}); }),
              HasSubstr("sample 0 has a value that is not finite"));
  EXPECT_THAT(error_of([&] { (void)net.evaluate(VectorXd::Zero(3), MatrixXd::Zero(2, 1)); }),
              HasSubstr("3 parameters given; the network has 9"));
  EXPECT_THAT(error_of([&] { Mlp({3}); }), HasSubstr("1 layer widths"));
  EXPECT_THAT(error_of([&] { Mlp({3, 0}); }), HasSubstr("at least 1"));
}

}  // namespace
}  // namespace offprint::nn
