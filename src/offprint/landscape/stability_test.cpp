// Oracles of the exact stability threshold: small gradient sets with known numbers, three independent formulas for one
// threshold, the bound chain, bad input.
#include "offprint/landscape/stability.hpp"

#include <cmath>
#include <limits>
#include <string>

#include <Eigen/Eigenvalues>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "offprint/core/error.hpp"
#include "offprint/core/random.hpp"
#include "offprint/landscape/gram.hpp"

namespace offprint::landscape {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;
using ::testing::HasSubstr;

MatrixXd five_by_three() {
  MatrixXd g(5, 3);
  g << 1, 0, 0, 1, 1, 0, 0, 1, 2, 1, -1, 1, 2, 0, 1;
  return g;
}

GradientGeometry geometry(const MatrixXd& g) { return GradientGeometry(gram_matrix(g)); }

MatrixXd random_gradients(Index n, Index p, std::uint64_t seed) {
  MatrixXd g(n, p);
  Stream(seed, "gradients").fill_normal({g.data(), static_cast<std::size_t>(g.size())});
  return g;
}

// The threshold by the p^2 x p^2 Kronecker matrices, the definition without any reduction. H holds the samples' H_i.
double kronecker_threshold(const std::vector<MatrixXd>& h, double noise, double mean) {
  const Index p = h.front().rows();
  MatrixXd g = MatrixXd::Zero(p, p);
  for (const auto& one : h) g += one / static_cast<double>(h.size());
  const auto kron = [p](const MatrixXd& a, const MatrixXd& b) {
    MatrixXd out(p * p, p * p);
    for (Index i = 0; i < p; ++i)
      for (Index j = 0; j < p; ++j) out.block(i * p, j * p, p, p) = a(i, j) * b;
    return out;
  };
  const MatrixXd one = MatrixXd::Identity(p, p);
  const MatrixXd c = 0.5 * (kron(g, one) + kron(one, g));
  MatrixXd d = mean * kron(g, g);
  for (const auto& each : h) d += noise / static_cast<double>(h.size()) * kron(each, each);
  // On the range of C only.
  const Eigen::SelfAdjointEigenSolver<MatrixXd> eigen(c);
  Index kept = 0;
  while (kept < p * p && eigen.eigenvalues()(p * p - 1 - kept) > 1e-10 * eigen.eigenvalues()(p * p - 1)) ++kept;
  const MatrixXd root =
      eigen.eigenvectors().rightCols(kept) * eigen.eigenvalues().tail(kept).cwiseSqrt().cwiseInverse().asDiagonal();
  const MatrixXd reduced = root.transpose() * d * root;
  return 2 / Eigen::SelfAdjointEigenSolver<MatrixXd>(reduced).eigenvalues()(kept - 1);
}

std::vector<MatrixXd> outer_products(const MatrixXd& g, Index outputs = 1) {
  std::vector<MatrixXd> h;
  for (Index i = 0; i < g.rows(); i += outputs)
    h.push_back(g.middleRows(i, outputs).transpose() * g.middleRows(i, outputs));
  return h;
}

// ---------------------------------------------------------------- known numbers

TEST(Stability, FiveGradientsInThreeDimensions) {
  const auto at = geometry(five_by_three());
  EXPECT_EQ(at.rank(), 3);
  EXPECT_NEAR(at.trace(), 3.2, 1e-12);
  EXPECT_NEAR(at.frobenius(), 2.135415650406, 1e-12);
  EXPECT_NEAR(at.largest(), 1.921110255093, 1e-12);
  EXPECT_NEAR(at.descent_bound(), 1.041064662842, 1e-12);
  EXPECT_NEAR(at.trace_bound(), 0.625, 1e-12);
  EXPECT_NEAR(at.moment_bound(), 0.5, 1e-12);
  const std::vector<std::pair<Index, double>> with{
      {1, 0.438041196001}, {2, 0.681508257556}, {4, 0.864363899112}, {8, 0.956727680286}, {1000, 1.040457767097}};
  for (const auto& [size, expected] : with) {
    const auto found = at.threshold({size});
    EXPECT_TRUE(found.converged);
    // The sheet's value for 1000 is that of a power iteration which stopped 1.3e-10 early; the Kronecker form decides.
    EXPECT_NEAR(found.learning_rate, expected, size == 1000 ? 2e-10 : 2e-12) << size;
    const double b = static_cast<double>(size);
    EXPECT_NEAR(found.learning_rate, kronecker_threshold(outer_products(five_by_three()), 1 / b, 1 - 1 / b), 2e-12);
    EXPECT_LE(found.learning_rate, at.moment_bound({size}) + 1e-12);
  }
  const std::vector<std::pair<Index, double>> without{
      {1, 0.438041196001}, {2, 0.770863898918}, {3, 0.926348186731}, {4, 1.000659377324}, {5, 1.041064662842}};
  for (const auto& [size, expected] : without)
    EXPECT_NEAR(at.threshold({size, false}).learning_rate, expected, 2e-12) << size;
}

TEST(Stability, AlignmentSubtractsTheMeanGradient) {
  VectorXd e(5);
  e << .3, -.2, .5, .1, -.4;
  const auto at = geometry(five_by_three());
  const double mu = at.alignment(e);
  EXPECT_NEAR(mu, 1.249760765550, 1e-12);
  EXPECT_NEAR(at.alignment_bound(mu, {4}), std::sqrt(4 / mu) / at.frobenius(), 1e-14);
}

TEST(Stability, TheMomentStepHasRadiusOneAtTheThreshold) {
  const auto at = geometry(five_by_three());
  for (const Index size : {1, 2, 8}) {
    const double edge = at.threshold({size}).learning_rate;
    const auto growth = at.growth(edge, {size});
    EXPECT_TRUE(growth.converged);
    EXPECT_NEAR(growth.radius, 1, 1e-12) << size;
    EXPECT_LT(at.growth(0.9 * edge, {size}).radius, 1);
  }
  EXPECT_NEAR(at.growth(1.1 * at.threshold({1}).learning_rate, {1}).radius, 1.103027503, 5e-10);
}

TEST(Stability, TheMomentStepIsTheExpectationOverSamples) {
  const auto g = five_by_three();
  const auto at = geometry(g);
  const double eta = 0.3;
  const MatrixXd& c = at.coordinates();
  MatrixXd m = MatrixXd::Identity(3, 3);
  m(0, 1) = m(1, 0) = 0.2;
  MatrixXd expected = MatrixXd::Zero(3, 3);
  for (Index i = 0; i < 5; ++i) {
    const MatrixXd step = MatrixXd::Identity(3, 3) - eta * c.row(i).transpose() * c.row(i);
    expected += step * m * step / 5;
  }
  EXPECT_LT((at.step_moment(m, eta, {1}) - expected).norm(), 1e-13);
}

TEST(Stability, OrthogonalGradientsReachTheTraceBound) {
  const auto at = geometry(1.5 * MatrixXd::Identity(4, 4));
  EXPECT_NEAR(at.trace(), 2.25, 1e-14);
  EXPECT_NEAR(at.threshold({1}).learning_rate, 0.888888888889, 1e-12);
  EXPECT_NEAR(at.trace_bound(), 0.888888888889, 1e-12);
  EXPECT_NEAR(at.descent_bound(), 3.555555555556, 1e-12);
}

TEST(Stability, TwoNumbers) {
  MatrixXd g(2, 1);
  g << 1, 2;
  const auto at = geometry(g);
  EXPECT_NEAR(at.threshold({1}).learning_rate, 0.588235294118, 1e-12);
  EXPECT_NEAR(at.trace_bound(), 0.8, 1e-14);
}

TEST(Stability, OneSampleIsFullBatchDescent) {
  MatrixXd g(1, 3);
  g << 1, 2, -2;
  EXPECT_NEAR(geometry(g).threshold({1}).learning_rate, 2.0 / 9, 1e-14);
}

// ---------------------------------------------------------------- three formulas, one threshold

TEST(Stability, MatrixFormKroneckerFormAndIterationAgree) {
  const MatrixXd g = random_gradients(10, 40, 1);
  const auto at = geometry(g);
  ASSERT_EQ(at.rank(), 10);
  // In coordinates the same gradients have p = 10.
  const auto h = outer_products(at.coordinates());
  for (const Index size : {1, 3, 16}) {
    const double b = static_cast<double>(size);
    EXPECT_NEAR(at.threshold({size}).learning_rate / kronecker_threshold(h, 1 / b, 1 - 1 / b), 1, 1e-10) << size;
  }
  // A_ij of the n x n reduction, by its definition.
  const MatrixXd& c = at.coordinates();
  const VectorXd& lambda = at.eigenvalues();
  MatrixXd a = MatrixXd::Zero(10, 10);
  for (Index i = 0; i < 10; ++i)
    for (Index j = 0; j < 10; ++j)
      for (Index k = 0; k < 10; ++k)
        for (Index l = 0; l < 10; ++l)
          a(i, j) += 0.1 * 2 * c(i, k) * c(j, k) * c(i, l) * c(j, l) / (lambda(k) + lambda(l));
  EXPECT_NEAR(at.threshold({1}).learning_rate * Eigen::SelfAdjointEigenSolver<MatrixXd>(a).eigenvalues()(9) / 2, 1,
              1e-10);
  // And the plain power iteration of the sheet.
  VectorXd v = VectorXd::Ones(10);
  for (int k = 0; k < 2000; ++k) v = (a * v).normalized();
  EXPECT_NEAR(at.threshold({1}).learning_rate * v.dot(a * v) / 2, 1, 1e-10);
}

TEST(Stability, RowsOfOneSampleActTogether) {
  const Index outputs = 3;
  const MatrixXd g = random_gradients(4 * outputs, 5, 2);
  const GradientGeometry at(gram_matrix(g), outputs);
  EXPECT_EQ(at.samples(), 4);
  const auto h = outer_products(g, outputs);
  EXPECT_NEAR(at.threshold({1}).learning_rate / kronecker_threshold(h, 1, 0), 1, 1e-10);
  EXPECT_NEAR(at.threshold({2}).learning_rate / kronecker_threshold(h, 0.5, 0.5), 1, 1e-10);
  EXPECT_NEAR(at.threshold({2, false}).learning_rate / kronecker_threshold(h, 2.0 / 6, 4.0 / 6), 1, 1e-10);
  EXPECT_LE(at.threshold({1}).learning_rate, at.moment_bound() * (1 + 1e-12));
  EXPECT_LE(at.moment_bound(), at.trace_bound() * (1 + 1e-12));
}

TEST(Stability, BlocksAndThreadsDoNotChangeTheNumbers) {
  // Larger than a tile and a row block, rank below the samples.
  const MatrixXd g = random_gradients(400, 170, 3);
  const auto at = geometry(g);
  ASSERT_EQ(at.rank(), 170);
  const MatrixXd m = at.step_moment(MatrixXd::Identity(170, 170), 0.01, {1}, {.threads = 1});
  MatrixXd expected = MatrixXd::Zero(170, 170);
  const MatrixXd& c = at.coordinates();
  for (Index i = 0; i < 400; ++i) {
    const MatrixXd step = MatrixXd::Identity(170, 170) - 0.01 * c.row(i).transpose() * c.row(i);
    expected += step * step / 400;
  }
  EXPECT_LT((m - expected).norm() / expected.norm(), 1e-13);
  for (const Index size : {1, 7})
    EXPECT_EQ(at.threshold({size}, {.threads = 1}).learning_rate, at.threshold({size}, {.threads = 3}).learning_rate);
  EXPECT_EQ(gram_matrix(g, {.threads = 1}), gram_matrix(g, {.threads = 3}));
}

TEST(Stability, TheBoundsAreOrderedAndTheThresholdGrowsWithTheBatch) {
  for (std::uint64_t seed = 10; seed < 16; ++seed) {
    MatrixXd g = random_gradients(12, 9, seed);
    for (Index i = 0; i < 12; ++i) g.row(i) *= std::exp(0.3 * static_cast<double>(i % 5));
    const auto at = geometry(g);
    EXPECT_LE(at.largest(), at.frobenius());
    EXPECT_LE(at.frobenius(), at.trace());
    EXPECT_LE(at.moment_bound(), at.trace_bound());
    double before = 0;
    for (const Index size : {1, 2, 3, 5, 9, 12, 100}) {
      const double now = at.threshold({size}).learning_rate;
      EXPECT_GE(now, before);
      EXPECT_LE(now, at.moment_bound({size}) * (1 + 1e-12));
      before = now;
    }
    EXPECT_NEAR(at.threshold({100'000'000}).learning_rate / at.descent_bound(), 1, 1e-6);
  }
}

TEST(Stability, LongWorkCanBeCancelled) {
  const auto at = geometry(five_by_three());
  const Parallel stop{.threads = 1, .cancel = CancelToken([] { return true; })};
  EXPECT_THROW((void)at.threshold({1}, stop), Interrupted);
  EXPECT_THROW((void)at.threshold({2}, stop), Interrupted);
  EXPECT_THROW((void)gram_matrix(five_by_three(), stop), Interrupted);
}

TEST(Stability, AVerdictIsMarginalWithinFivePercent) {
  EXPECT_EQ(judge_step(0.94, 1), Stability::kStable);
  EXPECT_EQ(judge_step(0.96, 1), Stability::kMarginal);
  EXPECT_EQ(judge_step(1.04, 1), Stability::kMarginal);
  EXPECT_EQ(judge_step(1.06, 1), Stability::kUnstable);
}

// ---------------------------------------------------------------- Gram matrix and bad input

TEST(Gram, IsStreamedOverColumns) {
  const MatrixXd g = random_gradients(300, 9000, 4);  // several column blocks, two row tiles
  EXPECT_LT((gram_matrix(g) - g * g.transpose()).norm() / g.squaredNorm(), 1e-14);
}

std::string refusal(const std::function<void()>& work) {
  try {
    work();
  } catch (const InputError& error) {
    return error.what();
  }
  return "no InputError";
}

TEST(Stability, BadInput) {
  const auto at = geometry(five_by_three());
  EXPECT_THAT(refusal([&] { (void)at.growth(0, {1}); }), HasSubstr("learning rate is 0"));
  EXPECT_THAT(refusal([&] { (void)judge_step(-1, 1); }), HasSubstr("must be positive"));
  EXPECT_THAT(refusal([&] { (void)judge_step(std::numeric_limits<double>::infinity(), 1); }), HasSubstr("finite"));
  EXPECT_THAT(refusal([&] { (void)at.threshold({0}); }), HasSubstr("batch size is 0"));
  EXPECT_THAT(refusal([&] { (void)at.threshold({6, false}); }), HasSubstr("without replacement from 5 samples"));
  EXPECT_THAT(refusal([&] { GradientGeometry(MatrixXd::Zero(3, 3)); }), HasSubstr("G = 0, every step size is stable"));
  EXPECT_THAT(refusal([&] { GradientGeometry(MatrixXd::Zero(3, 2)); }), HasSubstr("must be square"));
  EXPECT_THAT(refusal([&] { GradientGeometry(MatrixXd::Identity(5, 5), 2); }), HasSubstr("no multiple of 2"));
  MatrixXd g = five_by_three();
  g(3, 1) = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THAT(refusal([&] { (void)gram_matrix(g); }), HasSubstr("gradient of sample 3 is not finite (parameter 1"));
  EXPECT_THAT(refusal([&] { (void)gram_matrix(MatrixXd(0, 3)); }), HasSubstr("at least one of each"));
  EXPECT_THAT(refusal([&] { (void)at.alignment(VectorXd::Ones(4)); }), HasSubstr("4 residuals were given for 5"));
  EXPECT_THAT(refusal([&] { (void)at.alignment(VectorXd::Zero(5)); }), HasSubstr("no noise"));
}

}  // namespace
}  // namespace offprint::landscape
