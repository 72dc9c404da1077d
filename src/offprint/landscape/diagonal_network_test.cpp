// Diagonal linear networks: identities of the trace, the balance and its exact factor per step, and the training
// kernels against plain loops.
#include "offprint/landscape/diagonal_network.hpp"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "offprint/core/error.hpp"
#include "offprint/landscape/stability.hpp"

namespace offprint::landscape {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr double kNoClip = std::numeric_limits<double>::infinity();

struct Problem {
  RegressionData data;
  DiagonalNetwork start;
};
Problem problem(Index n, Index d, std::uint64_t seed) {
  return {sparse_regression(n, d, 3, Stream(seed, "data")), normal_network(d, Stream(seed, "init"))};
}

// Training as its definition has it; `batch` 0: full gradient.
DiagonalNetwork plain_training(DiagonalNetwork net, const RegressionData& data, double eta, Index batch, double clip,
                               std::uint64_t steps, Stream random) {
  const auto n = static_cast<std::uint64_t>(data.x.rows());
  for (std::uint64_t t = 0; t < steps; ++t) {
    VectorXd u = VectorXd::Zero(net.inputs());
    const auto size = batch == 0 ? n : static_cast<std::uint64_t>(batch);
    for (std::uint64_t k = 0; k < size; ++k) {
      const auto i = static_cast<Index>(batch == 0 ? k : random.below(n));
      u += (data.x.row(i).dot(net.coefficients()) - data.y(i)) / static_cast<double>(size) * data.x.row(i).transpose();
    }
    const VectorXd ga = net.b.cwiseProduct(u);
    const VectorXd gb = net.a.cwiseProduct(u);
    const double s = eta * std::min(1.0, clip / std::sqrt(ga.squaredNorm() + gb.squaredNorm()));
    net.a -= s * ga;
    net.b -= s * gb;
  }
  return net;
}

TEST(DiagonalNetwork, TheTraceIsThatOfTheGramMatrix) {
  const auto [data, net] = problem(23, 37, 1);
  const MatrixXd gram = gradient_gram(net, data.x);
  EXPECT_NEAR(gram.trace() / 23 / trace(net, data.x), 1, 1e-12);
  const GradientGeometry at(gram);
  EXPECT_NEAR(at.eigenvalues().sum() / trace(net, data.x), 1, 1e-12);
  // The gradients themselves.
  MatrixXd g(23, 74);
  for (Index i = 0; i < 23; ++i)
    g.row(i) << data.x.row(i).cwiseProduct(net.b.transpose()), data.x.row(i).cwiseProduct(net.a.transpose());
  EXPECT_LT((gram - g * g.transpose()).norm() / gram.norm(), 1e-14);
  // Tr(G) >= 2 min q ||beta||_1
  EXPECT_GE(trace(net, data.x), 2 * data.x.cwiseAbs2().colwise().mean().minCoeff() * net.coefficients().lpNorm<1>());
}

TEST(DiagonalNetwork, TheUnbalancedStartHasItsRatio) {
  for (const double ratio : {1.0, 2.0, 4.0, 8.0, 16.0}) {
    const auto net = unbalanced_network(1000, 0.1, ratio, Stream(1, "init"));
    EXPECT_NEAR(net.balance_ratio(), ratio, 1e-12 * ratio);
    EXPECT_NEAR(net.a.squaredNorm() / 1000, 0.1, 0.02);  // a variance, not a standard deviation
  }
  EXPECT_THROW((void)unbalanced_network(10, 0.1, 0.5, Stream(1, "init")), InputError);
}

TEST(DiagonalNetwork, TrainingIsWhatItsDefinitionSays) {
  for (const Index d : {5, 16, 37}) {
    const auto [data, start] = problem(11, d, 2);
    for (const Index batch : {1, 0, 4, 11})
      for (const double clip : {kNoClip, 0.5}) {
        DescentOptions options{.learning_rate = 0.02, .batch = batch, .clip_norm = clip, .tolerance = 0};
        options.max_steps = 45;
        auto net = start;
        const auto report = train(net, data, options, Stream(3, "samples"));
        const auto expected = plain_training(start, data, 0.02, batch, clip, 45, Stream(3, "samples"));
        EXPECT_LT((net.a - expected.a).norm() + (net.b - expected.b).norm(), 1e-12) << d << ' ' << batch << ' ' << clip;
        EXPECT_EQ(report.steps, 45u);
        EXPECT_EQ(report.clipped > 0, clip < kNoClip);
        EXPECT_NEAR(report.loss, net.mean_squared_error(data) / 2, 1e-12);
        EXPECT_NEAR(report.log.back().trace, trace(net, data.x), 1e-10);
      }
  }
}

TEST(DiagonalNetwork, LookingMoreOftenChangesNothing) {
  const auto [data, start] = problem(30, 50, 4);
  auto one = start;
  auto two = start;
  DescentOptions options{.learning_rate = 0.05, .max_steps = 200'000};
  const auto a = train(one, data, options, Stream(5, "samples"));
  options.check_every = 7;
  options.max_steps = a.steps;
  options.tolerance = 0;
  (void)train(two, data, options, Stream(5, "samples"));
  EXPECT_TRUE(a.converged);
  EXPECT_LT(a.loss, 1e-12);
  EXPECT_EQ(one.a, two.a);
  EXPECT_EQ(one.b, two.b);
  EXPECT_LE(a.log.size(), 1001u);
  EXPECT_EQ(a.log.back().step, a.steps);
  EXPECT_GT(a.clipped, 0u);
  EXPECT_LT(a.last_clipped, a.steps);  // the final phase is not clipped
}

TEST(DiagonalNetwork, OneStepMultipliesTheImbalanceByItsFactor) {
  const auto [data, start] = problem(9, 20, 6);
  const VectorXd before = start.a.cwiseAbs2() - start.b.cwiseAbs2();
  const double eta = 0.05;
  for (const Index batch : {0, 1}) {
    auto net = start;
    DescentOptions options{.learning_rate = eta, .batch = batch, .clip_norm = kNoClip, .tolerance = 0, .max_steps = 1};
    (void)train(net, data, options, Stream(7, "samples"));
    VectorXd u;
    if (batch == 0) {
      u = data.x.transpose() * (data.x * start.coefficients() - data.y) / 9;
    } else {
      const auto i = static_cast<Index>(Stream(7, "samples").below(9));
      u = (data.x.row(i).dot(start.coefficients()) - data.y(i)) * data.x.row(i).transpose();
    }
    const VectorXd expected = before.cwiseProduct((1 - eta * eta * u.array().square()).matrix());
    const VectorXd after = net.a.cwiseAbs2() - net.b.cwiseAbs2();
    EXPECT_LT((after - expected).cwiseAbs().maxCoeff(), 1e-12);
  }
}

TEST(DiagonalNetwork, SmallStepsConserveTheImbalance) {
  const auto [data, start] = problem(20, 30, 8);
  const VectorXd before = start.a.cwiseAbs2() - start.b.cwiseAbs2();
  auto net = start;
  DescentOptions options{
      .learning_rate = 1e-4, .batch = 0, .clip_norm = kNoClip, .tolerance = 0, .max_steps = 10'000};  // t = 1
  (void)train(net, data, options, Stream(9, "samples"));
  const VectorXd after = net.a.cwiseAbs2() - net.b.cwiseAbs2();
  EXPECT_LT((after - before).cwiseQuotient(before).cwiseAbs().maxCoeff(), 1e-3);
  EXPECT_LT(net.mean_squared_error(data), 0.5 * start.mean_squared_error(data));  // and it did train
}

TEST(DiagonalNetwork, EqualSizesStayEqual) {
  const auto data = sparse_regression(20, 30, 3, Stream(1, "data"));
  auto net = unbalanced_network(30, 0.1, 1, Stream(1, "init"));
  DescentOptions options{.learning_rate = 0.05, .max_steps = 5000};
  (void)train(net, data, options, Stream(1, "samples"));
  EXPECT_EQ(net.a.cwiseAbs(), net.b.cwiseAbs());
}

TEST(DiagonalNetwork, AnOverflowIsReported) {
  const auto [data, start] = problem(20, 30, 10);
  auto net = start;
  DescentOptions options{.learning_rate = 5, .clip_norm = kNoClip, .max_steps = 10'000};
  const auto report = train(net, data, options, Stream(1, "samples"));
  EXPECT_TRUE(report.diverged);
  EXPECT_FALSE(report.converged);
  EXPECT_LT(report.steps, 10'000u);
}

TEST(DiagonalNetwork, TrainingCanBeCancelled) {
  const auto [data, start] = problem(20, 30, 12);
  auto net = start;
  int looks = 0;
  DescentOptions options{.learning_rate = 0.01, .tolerance = 0, .cancel = CancelToken([&] { return ++looks > 3; })};
  EXPECT_THROW((void)train(net, data, options, Stream()), Interrupted);
}

TEST(DiagonalNetwork, BadInput) {
  const auto [data, start] = problem(20, 30, 11);
  auto net = start;
  EXPECT_THROW((void)train(net, data, {.learning_rate = 0}, Stream()), InputError);
  EXPECT_THROW((void)train(net, data, {.learning_rate = std::nan("")}, Stream()), InputError);
  EXPECT_THROW((void)train(net, data, {.batch = -1}, Stream()), InputError);
  EXPECT_THROW((void)train(net, data, {.clip_norm = 0}, Stream()), InputError);
  EXPECT_THROW((void)train(net, data, {.tolerance = -1}, Stream()), InputError);
  RegressionData short_targets = data;
  short_targets.y.conservativeResize(19);
  EXPECT_THROW((void)train(net, short_targets, {}, Stream()), InputError);
  EXPECT_THROW((void)train(net, {RowMatrix::Zero(3, 29), VectorXd::Zero(3)}, {}, Stream()), InputError);
  EXPECT_THROW((void)train(net, {RowMatrix(0, 30), VectorXd(0)}, {}, Stream()), InputError);
  EXPECT_THROW((void)trace(net, RowMatrix::Zero(3, 29)), InputError);
}

}  // namespace
}  // namespace offprint::landscape
