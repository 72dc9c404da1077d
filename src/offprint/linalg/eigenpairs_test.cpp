#include "offprint/linalg/eigenpairs.hpp"

#include <cmath>

#include <gtest/gtest.h>

#include "offprint/core/error.hpp"

namespace offprint::linalg {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

SymmetricOperator diagonal(const VectorXd& d) {
  return {d.size(), [d](const Eigen::Ref<const MatrixXd>& x, Eigen::Ref<MatrixXd> y) { y = d.asDiagonal() * x; }};
}
Stream start() { return {5, "eigenpairs test"}; }

// A bulk at zero, outliers above, a few small negative ones: a Hessian's spectrum.
VectorXd hessian_like(Index n) {
  VectorXd d(n);
  for (Index i = 0; i < n; ++i) d[i] = 1e-3 * static_cast<double>(i) / static_cast<double>(n);
  d[17] = 5;
  d[n / 2] = 3;
  d[n - 1] = 2.5;
  d[40] = -0.2;
  d[41] = -0.1;
  return d;
}

void expect_pairs(const SymmetricOperator& a, const ExtremeEigenpairs& found, double tolerance) {
  EXPECT_TRUE(found.converged);
  MatrixXd product(a.size, found.values.size());
  a.apply(found.vectors, product);
  const MatrixXd residual = product - found.vectors * found.values.asDiagonal();
  EXPECT_LT((residual.colwise().norm().transpose() - found.residuals).cwiseAbs().maxCoeff(), 1e-14);
  EXPECT_LE(found.residuals.maxCoeff(), tolerance * found.values.cwiseAbs().maxCoeff());
  const MatrixXd gram = found.vectors.transpose() * found.vectors;
  EXPECT_LT((gram - MatrixXd::Identity(gram.rows(), gram.cols())).cwiseAbs().maxCoeff(), 1e-10);
}

TEST(Eigenpairs, BothEndsOfAHessianLikeSpectrum) {
  for (const Index n : {60, 2000}) {  // formed and diagonalised; iterated
    const auto a = diagonal(hessian_like(n));
    const auto top = extreme_eigenpairs(a, SpectrumEnd::kTop, 3, start());
    expect_pairs(a, top, 1e-8);
    EXPECT_NEAR(top.values[0], 5, 1e-12);
    EXPECT_NEAR(top.values[1], 3, 1e-12);
    EXPECT_NEAR(top.values[2], 2.5, 1e-12);
    EXPECT_NEAR(std::abs(top.vectors(17, 0)), 1, 1e-12);
    const auto bottom = extreme_eigenpairs(a, SpectrumEnd::kBottom, 2, start());
    expect_pairs(a, bottom, 1e-8);
    EXPECT_NEAR(bottom.values[0], -0.2, 1e-12);
    EXPECT_NEAR(bottom.values[1], -0.1, 1e-12);
    if (n == 2000) {
      EXPECT_LT(top.products, 100);
    }
  }
}

TEST(Eigenpairs, BlocksFindMultiplicities) {
  VectorXd d = hessian_like(3000);
  d[100] = d[200] = 5;      // with d[17]: three times
  d[1000] = d[1200] = -.2;  // three times
  const auto a = diagonal(d);
  const auto top = block_extreme_eigenpairs(a, SpectrumEnd::kTop, 5, 4, start());
  expect_pairs(a, top, 1e-8);
  for (Index i = 0; i < 3; ++i) EXPECT_NEAR(top.values[i], 5, 1e-12);
  EXPECT_NEAR(top.values[3], 3, 1e-12);
  EXPECT_NEAR(top.values[4], 2.5, 1e-12);
  const auto bottom = block_extreme_eigenpairs(a, SpectrumEnd::kBottom, 4, 3, start());
  expect_pairs(a, bottom, 1e-8);
  for (Index i = 0; i < 3; ++i) EXPECT_NEAR(bottom.values[i], -0.2, 1e-12);
  EXPECT_NEAR(bottom.values[3], -0.1, 1e-12);
}

TEST(Eigenpairs, RestartsUntilDenseEndsConverge) {
  const VectorXd d = VectorXd::LinSpaced(1500, 0, 1);  // gaps of 7e-4 at the ends
  const auto a = diagonal(d);
  for (const Index block : {0, 1, 5}) {
    const auto top = block == 0
                         ? extreme_eigenpairs(a, SpectrumEnd::kTop, 4, start(), {.tolerance = 1e-9})
                         : block_extreme_eigenpairs(a, SpectrumEnd::kTop, 4, block, start(), {.tolerance = 1e-9});
    expect_pairs(a, top, 1e-9);
    for (Index i = 0; i < 4; ++i) EXPECT_NEAR(top.values[i], d[1499 - i], 1e-10) << block;
    EXPECT_GT(top.products, 24);
  }
}

TEST(Eigenpairs, RankDeficientOperatorsReachAnInvariantSpace) {
  VectorXd d = VectorXd::Zero(500);
  d[3] = 2;
  d[4] = 1;
  const auto top = block_extreme_eigenpairs(diagonal(d), SpectrumEnd::kTop, 4, 3, start());
  EXPECT_TRUE(top.converged);
  EXPECT_NEAR(top.values[0], 2, 1e-12);
  EXPECT_NEAR(top.values[1], 1, 1e-12);
  EXPECT_NEAR(top.values[2], 0, 1e-12);
  const auto single = extreme_eigenpairs(diagonal(d), SpectrumEnd::kTop, 2, start());
  EXPECT_NEAR(single.values[1], 1, 1e-10);
}

TEST(Eigenpairs, ToleranceRelativeToAGivenScale) {
  // the bottom is tiny beside the top: residuals of 1e-6 of the top cost less than 1e-6 of the bottom itself
  VectorXd d = VectorXd::LinSpaced(2000, -0.05, 0.05);
  d[1999] = 10;
  const auto a = diagonal(d);
  const auto own = extreme_eigenpairs(a, SpectrumEnd::kBottom, 3, start(), {.tolerance = 1e-6});
  const auto given = extreme_eigenpairs(a, SpectrumEnd::kBottom, 3, start(), {.tolerance = 1e-6, .scale = 10});
  const auto block = block_extreme_eigenpairs(a, SpectrumEnd::kBottom, 3, 2, start(), {.tolerance = 1e-6, .scale = 10});
  EXPECT_TRUE(own.converged && given.converged && block.converged);
  EXPECT_LT(given.products, own.products);
  for (Index i = 0; i < 3; ++i) {
    EXPECT_LE(given.residuals[i], 1e-5);
    EXPECT_NEAR(given.values[i], d[i], 1e-5);
    EXPECT_NEAR(block.values[i], d[i], 1e-5);
  }
}

TEST(Eigenpairs, SaysWhenProductsRunOut) {
  const VectorXd d = VectorXd::LinSpaced(3000, 0, 1);
  const auto few =
      block_extreme_eigenpairs(diagonal(d), SpectrumEnd::kTop, 4, 1, start(), {.tolerance = 1e-12, .max_products = 40});
  EXPECT_FALSE(few.converged);
  EXPECT_EQ(few.values.size(), 4);
  EXPECT_GT(few.residuals.maxCoeff(), 1e-8);
  const auto spectra =
      extreme_eigenpairs(diagonal(d), SpectrumEnd::kTop, 4, start(), {.tolerance = 1e-12, .max_products = 40});
  EXPECT_FALSE(spectra.converged);
}

TEST(Eigenpairs, BadInput) {
  const auto a = diagonal(VectorXd::LinSpaced(300, 0, 1));
  EXPECT_THROW((void)extreme_eigenpairs(a, SpectrumEnd::kTop, 0, start()), InputError);
  EXPECT_THROW((void)extreme_eigenpairs(a, SpectrumEnd::kTop, 301, start()), InputError);
  EXPECT_THROW((void)block_extreme_eigenpairs(a, SpectrumEnd::kTop, 2, 0, start()), InputError);
  VectorXd bad = VectorXd::Ones(300);
  bad[7] = std::nan("");
  EXPECT_THROW((void)extreme_eigenpairs(diagonal(bad), SpectrumEnd::kTop, 2, start()), Error);
  EXPECT_THROW((void)block_extreme_eigenpairs(diagonal(bad), SpectrumEnd::kTop, 2, 2, start()), Error);
}

}  // namespace
}  // namespace offprint::linalg
