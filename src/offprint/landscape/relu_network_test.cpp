// Two-layer ReLU networks: the Gram matrix against explicit gradients, the population identity of the trace, and the
// training kernels against plain loops.
#include "offprint/landscape/relu_network.hpp"

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

RegressionData teacher_data(Index n, Index d, std::uint64_t seed) {
  RegressionData data{sphere_points(n, d, Stream(seed, "data")), {}};
  data.y = relu_teacher(4, d, Stream(seed, "teacher")).predict(data.x);
  return data;
}

// Gradient of f at x: output weights first, then W row by row.
VectorXd gradient(const ReluNetwork& net, const VectorXd& x) {
  const Index m = net.neurons();
  const Index d = net.inputs();
  VectorXd out = VectorXd::Zero(m + m * d);
  for (Index j = 0; j < m; ++j) {
    const double z = net.w.row(j).dot(x);
    if (z <= 0) continue;
    out(j) = z;
    out.segment(m + j * d, d) = net.a(j) * x;
  }
  return out;
}

ReluNetwork plain_training(ReluNetwork net, const RegressionData& data, double eta, Index batch, double clip,
                           std::uint64_t steps, Stream random) {
  const auto n = static_cast<std::uint64_t>(data.x.rows());
  const Index m = net.neurons();
  const Index d = net.inputs();
  for (std::uint64_t t = 0; t < steps; ++t) {
    const auto size = batch == 0 ? n : static_cast<std::uint64_t>(batch);
    VectorXd g = VectorXd::Zero(m + m * d);
    for (std::uint64_t k = 0; k < size; ++k) {
      const auto i = static_cast<Index>(batch == 0 ? k : random.below(n));
      const double e = net.predict(data.x.row(i))(0) - data.y(i);
      g += e / static_cast<double>(size) * gradient(net, data.x.row(i).transpose());
    }
    const double s = eta * std::min(1.0, clip / g.norm());
    net.a -= s * g.head(m);
    for (Index j = 0; j < m; ++j) net.w.row(j) -= s * g.segment(m + j * d, d).transpose();
  }
  return net;
}

TEST(ReluNetwork, TheGramMatrixIsThatOfTheGradients) {
  const Index n = 21;
  const auto net = normal_network(13, 7, Stream(1, "init"));
  const auto x = sphere_points(n, 7, Stream(1, "data"));
  MatrixXd g(n, 13 + 13 * 7);
  for (Index i = 0; i < n; ++i) g.row(i) = gradient(net, x.row(i).transpose()).transpose();
  const MatrixXd gram = gradient_gram(net, x);
  EXPECT_LT((gram - g * g.transpose()).norm() / gram.norm(), 1e-14);
  EXPECT_NEAR(trace(net, x) / (gram.trace() / n), 1, 1e-13);
  // f is homogeneous of degree two: <g, theta> = 2 f, which ties gradients to predictions.
  VectorXd theta(g.cols());
  theta.head(13) = net.a;
  for (Index j = 0; j < 13; ++j) theta.segment(13 + j * 7, 7) = net.w.row(j).transpose();
  EXPECT_LT((g * theta - 2 * net.predict(x)).norm(), 1e-12);
}

TEST(ReluNetwork, ThePopulationTraceIsANorm) {
  const Index d = 20;
  const auto net = normal_network(15, d, Stream(2, "init"));
  const auto x = sphere_points(100'000, d, Stream(2, "data"));
  EXPECT_NEAR(x.rowwise().norm().minCoeff(), std::sqrt(20.0), 1e-12);
  const double population = (net.w.squaredNorm() + d * net.a.squaredNorm()) / 2;
  EXPECT_NEAR(trace(net, x) / population, 1, 0.01);
  EXPECT_GE(population, std::sqrt(20.0) * net.path_norm());
  ReluNetwork equal = net;  // ||w_j|| = sqrt(d) |a_j|: equality
  for (Index j = 0; j < 15; ++j) equal.w.row(j) *= std::sqrt(20.0) * std::abs(net.a(j)) / net.w.row(j).norm();
  EXPECT_NEAR((equal.w.squaredNorm() + d * equal.a.squaredNorm()) / 2 / (std::sqrt(20.0) * equal.path_norm()), 1,
              1e-12);
}

TEST(ReluNetwork, TheStartHasItsVariances) {
  const auto net = normal_network(400, 100, Stream(3, "init"));
  EXPECT_NEAR(net.w.squaredNorm() / 40'000, 0.1, 0.005);  // variance 1/sqrt(d) an entry
  EXPECT_NEAR(net.a.squaredNorm() / 400, 1, 0.2);
  const auto teacher = relu_teacher(10, 100, Stream(3, "teacher"));
  EXPECT_NEAR(teacher.w.rowwise().norm().maxCoeff(), 1, 1e-12);
  EXPECT_EQ(teacher.a, VectorXd::Ones(10));
}

TEST(ReluNetwork, TrainingIsWhatItsDefinitionSays) {
  for (const Index m : {3, 32, 37}) {
    const auto data = teacher_data(9, 6, 4);
    const auto start = normal_network(m, 6, Stream(4, "init"));
    for (const Index batch : {1, 0, 4})
      for (const double clip : {kNoClip, 0.5}) {
        DescentOptions options{
            .learning_rate = 0.002, .batch = batch, .clip_norm = clip, .tolerance = 0, .max_steps = 40};
        auto net = start;
        const auto report = train(net, data, options, Stream(5, "samples"));
        const auto expected = plain_training(start, data, 0.002, batch, clip, 40, Stream(5, "samples"));
        EXPECT_LT((net.w - expected.w).norm() + (net.a - expected.a).norm(), 1e-12) << m << ' ' << batch << ' ' << clip;
        EXPECT_EQ(report.clipped > 0, clip < kNoClip);
        EXPECT_NEAR(report.loss, net.mean_squared_error(data) / 2, 1e-12);
        EXPECT_NEAR(report.log.back().trace / trace(net, data.x), 1, 1e-12);
      }
  }
}

TEST(ReluNetwork, SgdReachesZeroLoss) {
  const auto data = teacher_data(20, 10, 6);
  auto net = normal_network(40, 10, Stream(6, "init"));
  const auto report = train(net, data, {.learning_rate = 0.005, .max_steps = 2'000'000}, Stream(6, "samples"));
  EXPECT_TRUE(report.converged);
  // What was reached is stable: the theorem, on a minimum of this model.
  const GradientGeometry at(gradient_gram(net, data.x));
  EXPECT_LE(0.005, 1.05 * at.threshold({1}).learning_rate);
}

TEST(ReluNetwork, AnOverflowIsReported) {
  const auto data = teacher_data(20, 10, 7);
  auto net = normal_network(40, 10, Stream(7, "init"));
  const auto report = train(net, data, {.learning_rate = 5, .clip_norm = kNoClip}, Stream(7, "samples"));
  EXPECT_TRUE(report.diverged);
}

TEST(ReluNetwork, BadInput) {
  const auto data = teacher_data(20, 10, 8);
  auto net = normal_network(5, 9, Stream(8, "init"));
  EXPECT_THROW((void)train(net, data, {}, Stream()), InputError);
  EXPECT_THROW((void)net.predict(data.x), InputError);
  net = normal_network(5, 10, Stream(8, "init"));
  EXPECT_THROW((void)train(net, {data.x, VectorXd::Zero(3)}, {}, Stream()), InputError);
  net.a.resize(4);
  EXPECT_THROW((void)trace(net, data.x), InputError);
}

}  // namespace
}  // namespace offprint::landscape
