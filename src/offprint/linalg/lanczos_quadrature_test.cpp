#include "offprint/linalg/lanczos_quadrature.hpp"

#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "offprint/core/error.hpp"
#include "offprint/linalg/lapack.hpp"

namespace offprint::linalg {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

SymmetricOperator diagonal(const VectorXd& d) {
  return {d.size(), [d](const Eigen::Ref<const MatrixXd>& x, Eigen::Ref<MatrixXd> y) { y = d.asDiagonal() * x; }};
}
SymmetricOperator dense(const MatrixXd& a) {
  return {a.rows(), [a](const Eigen::Ref<const MatrixXd>& x, Eigen::Ref<MatrixXd> y) {
            multiply_into(y, 1.0, a, Op::kNone, x, Op::kNone, 0.0);
          }};
}
Stream source(std::uint64_t index) { return {7, "quadrature test", index}; }

// Symmetric with iid normal entries, scaled so that the spectrum tends to the semicircle on [-2, 2].
MatrixXd wigner(Index n) {
  Stream random(3, "wigner");
  MatrixXd b(n, n);
  random.fill_normal(std::span<double>(b.data(), static_cast<std::size_t>(b.size())));
  return (b + b.transpose()) / std::sqrt(2.0 * static_cast<double>(n));
}

TEST(LanczosQuadrature, DiagonalOneToTen) {
  const VectorXd d = VectorXd::LinSpaced(10, 1, 10);
  for (const auto mode : {Reorthogonalize::kFull, Reorthogonalize::kNone}) {
    const auto rule = lanczos_rule(diagonal(d), VectorXd::Ones(10), {.steps = 4, .reorthogonalize = mode});
    ASSERT_EQ(rule.alpha.size(), 4);
    for (Index i = 0; i < 4; ++i) EXPECT_NEAR(rule.alpha[i], 5.5, 1e-13);
    EXPECT_NEAR(rule.beta[0], 2.8722813233, 5e-11);
    EXPECT_NEAR(rule.beta[1], 2.5298221281, 5e-11);
    EXPECT_NEAR(rule.beta[2], 2.4186773245, 5e-11);
    const double theta[] = {1.2825864001, 3.852753046, 7.147246954, 9.7174135999};
    const double tau[] = {.1836568884, .3163431116, .3163431116, .1836568884};
    for (Index i = 0; i < 4; ++i) {
      EXPECT_NEAR(rule.nodes[i], theta[i], 1e-10);
      EXPECT_NEAR(rule.weights[i], tau[i], 1e-10);
    }
    const double moments[] = {1, 5.5, 38.5, 302.5, 2533.3, 22082.5, 197840.5, 1808042.5};
    const SpectralQuadrature all(10, {rule}, 4);
    for (int k = 0; k < 8; ++k) EXPECT_NEAR(all.moment(k).value, moments[k], 1e-12 * moments[k]);
    EXPECT_TRUE(std::isnan(all.moment(1).error));  // one vector tells nothing about its error
    EXPECT_FALSE(rule.exhausted);
  }
}

TEST(LanczosQuadrature, StopsWhenTheKrylovSpaceIsInvariant) {
  VectorXd d = VectorXd::Zero(50);
  d.tail(3) << 1, 2, 3;  // four distinct eigenvalues
  const auto rule = lanczos_rule(diagonal(d), VectorXd::Ones(50), {.steps = 20});
  EXPECT_TRUE(rule.exhausted);
  ASSERT_EQ(rule.nodes.size(), 4);
  for (Index i = 0; i < 4; ++i) EXPECT_NEAR(rule.nodes[i], static_cast<double>(i), 1e-12);
  EXPECT_NEAR(rule.weights[0], 47.0 / 50, 1e-13);
  EXPECT_NEAR(rule.weights[3], 1.0 / 50, 1e-13);
  const auto zero = lanczos_rule(diagonal(VectorXd::Zero(5)), VectorXd::Ones(5));
  ASSERT_EQ(zero.nodes.size(), 1);
  EXPECT_EQ(zero.nodes[0], 0.0);
  EXPECT_EQ(zero.weights[0], 1.0);
}

TEST(LanczosQuadrature, WignerSemicircle) {
  const Index n = 500;
  const auto all = lanczos_quadrature(dense(wigner(n)), source, {.steps = 30, .vectors = 20});
  const double expected[] = {1, 0, 1, 0, 2, 0, 5};
  for (int k = 0; k <= 6; ++k) {
    const auto moment = all.moment(k);
    EXPECT_NEAR(moment.value, expected[k], 5 * moment.error + 10.0 / n) << k;
  }
  EXPECT_NEAR(all.largest(), 2.0, 0.1);
  EXPECT_NEAR(all.smallest(), -2.0, 0.1);
  EXPECT_EQ(all.products(), 600);
  // the semicircle's distribution function, and its density sqrt(4 - t^2) / (2 pi)
  VectorXd points(3);
  points << -1, 0, 1;
  const auto cumulative = all.cumulative(points);
  EXPECT_NEAR(cumulative.value[0], 0.1955, 0.03);
  EXPECT_NEAR(cumulative.value[1], 0.5, 0.03);
  EXPECT_NEAR(cumulative.value[2], 0.8045, 0.03);
  const auto density = all.density(points, all.resolution());
  EXPECT_NEAR(density.value[1], 1 / M_PI, 0.02);
  EXPECT_NEAR(density.value[0], std::sqrt(3.0) / (2 * M_PI), 0.02);
  EXPECT_GT(density.error[1], 0);
  EXPECT_LT(density.error[1], 0.02);
}

TEST(LanczosQuadrature, AllStepsAreTheWholeSpectrumWithoutGhosts) {
  const Index n = 120;
  VectorXd d(n);
  for (Index i = 0; i < n; ++i) d[i] = std::pow(static_cast<double>(i + 1), -2) * 100;  // converges early, then ghosts
  const auto full = lanczos_rule(diagonal(d), VectorXd::Ones(n), {.steps = 60});
  const auto none =
      lanczos_rule(diagonal(d), VectorXd::Ones(n), {.steps = 60, .reorthogonalize = Reorthogonalize::kNone});
  const auto single = lanczos_rule(diagonal(d), VectorXd::Ones(n), {.steps = 60, .basis = BasisPrecision::kSingle});
  const auto copies = [&](const GaussRule& rule) { return (rule.nodes.array() > 99.9).count(); };
  EXPECT_EQ(copies(full), 1);
  EXPECT_EQ(copies(single), 1);
  EXPECT_GT(copies(none), 1);
  EXPECT_NEAR(full.nodes.maxCoeff(), 100, 1e-11);
  EXPECT_NEAR(single.nodes.maxCoeff(), 100, 1e-4);
  EXPECT_NEAR(single.weights.sum(), 1, 1e-12);
}

TEST(LanczosQuadrature, TraceNormAndFunctionsWithinTheirErrors) {
  const Index n = 300;
  const MatrixXd a = wigner(n) + MatrixXd::Identity(n, n);
  for (const auto probe : {Probe::kRademacher, Probe::kGaussian}) {
    const auto all = lanczos_quadrature(dense(a), source, {.steps = 40, .vectors = 30, .probe = probe});
    const auto trace = all.trace();
    EXPECT_NEAR(trace.value, a.trace(), 4 * trace.error);
    EXPECT_LT(trace.error, 0.05 * n);
    const auto norm = all.frobenius_norm();
    EXPECT_NEAR(norm.value, a.norm(), 4 * norm.error);
    const auto values = hermitian_eigenvalues(a);
    const auto exponential = all.sum_of([](double t) { return std::exp(t); });
    EXPECT_NEAR(exponential.value, values.array().exp().sum(), 4 * exponential.error);
    const auto below = all.mass_below(0);
    EXPECT_NEAR(below.value, static_cast<double>((values.array() < 0).count()) / n, 4 * below.error + 0.02);
    const auto within = all.mass_within(0.5);
    EXPECT_NEAR(within.value, static_cast<double>((values.array().abs() < 0.5).count()) / n, 4 * within.error + 0.02);
  }
}

TEST(LanczosQuadrature, SameNumbersForAnyThreadsAndBlocks) {
  const MatrixXd a = wigner(400);
  QuadratureOptions options{.steps = 25, .vectors = 6};
  Parallel one;
  one.threads = 1;
  Parallel four;
  four.threads = 4;
  const auto first = lanczos_quadrature(diagonal(a.col(0)), source, options, one);
  const auto second = lanczos_quadrature(diagonal(a.col(0)), source, options, four);
  options.block = 4;  // blocks of 4 and 2
  const auto third = lanczos_quadrature(diagonal(a.col(0)), source, options, four);
  for (std::size_t s = 0; s < 6; ++s) {
    EXPECT_EQ(first.rules()[s].nodes, second.rules()[s].nodes);
    EXPECT_EQ(first.rules()[s].nodes, third.rules()[s].nodes);
  }
}

TEST(LanczosQuadrature, ManyRowsGoInChunks) {
  const Index n = 40000;  // three chunks of rows, whole and part tiles
  VectorXd d(n);
  for (Index i = 0; i < n; ++i) d[i] = static_cast<double>(i % 7);
  for (const auto precision : {BasisPrecision::kDouble, BasisPrecision::kSingle}) {
    Parallel how;
    how.threads = 3;
    const auto rule = lanczos_rule(diagonal(d), VectorXd::Ones(n), {.steps = 40, .basis = precision}, how);
    EXPECT_TRUE(rule.exhausted);
    ASSERT_EQ(rule.nodes.size(), 7);
    for (Index i = 0; i < 7; ++i) EXPECT_NEAR(rule.nodes[i], static_cast<double>(i), 1e-5);
    EXPECT_NEAR(rule.weights[0], static_cast<double>((d.array() == 0).count()) / n, 1e-5);
  }
}

TEST(LanczosQuadrature, LogHistogramKeepsAllMass) {
  const auto all = lanczos_quadrature(dense(wigner(300)), source, {.steps = 40, .vectors = 5});
  const auto histogram = all.log_histogram(0.01, 1.0, 8);
  ASSERT_EQ(histogram.edges.size(), 9);
  EXPECT_NEAR(histogram.edges[4], 0.1, 1e-12);
  EXPECT_NEAR(histogram.positive.value.sum() + histogram.negative.value.sum() + histogram.zero.value +
                  histogram.beyond_largest.value,
              1, 1e-12);
  EXPECT_NEAR(histogram.beyond_largest.value, 2 * 0.1955, 0.05);  // |t| >= 1 of the semicircle
  EXPECT_NEAR(histogram.positive.value.sum(), histogram.negative.value.sum(), 0.05);
}

TEST(LanczosQuadrature, MemoryIsEstimatedAndLimited) {
  QuadratureOptions options{.steps = 100, .vectors = 10, .basis = BasisPrecision::kSingle};
  const auto plan = quadrature_memory(10'000'000, options);  // the net that must fit
  EXPECT_EQ(plan.block, 1);
  EXPECT_NEAR(plan.bytes, 1e7 * (100 * 4 + 3 * 8), 1);
  EXPECT_EQ(quadrature_memory(100'000, options).block, 10);
  options.memory_limit = 1e9;
  EXPECT_EQ(quadrature_memory(1'000'000, options).block, 2);
  EXPECT_THAT([&] { (void)quadrature_memory(10'000'000, options); },
              ThrowsMessage<InputError>(AllOf(HasSubstr("needs 4.2 GB"), HasSubstr("1.0 GB are allowed"))));
  options.reorthogonalize = Reorthogonalize::kNone;
  EXPECT_EQ(quadrature_memory(10'000'000, options).block, 4);
}

TEST(LanczosQuadrature, BadInput) {
  const auto a = diagonal(VectorXd::LinSpaced(10, 1, 10));
  EXPECT_THROW((void)lanczos_quadrature(a, source, {.steps = 0}), InputError);
  EXPECT_THROW((void)lanczos_quadrature(a, source, {.vectors = 0}), InputError);
  EXPECT_THROW((void)lanczos_quadrature(a, source, {.block = -1}), InputError);
  EXPECT_THROW((void)lanczos_quadrature({}, source), InputError);
  EXPECT_THROW((void)lanczos_rule(a, VectorXd::Zero(10)), InputError);
  EXPECT_THROW((void)lanczos_rule(a, VectorXd::Ones(9)), InputError);
  VectorXd bad = VectorXd::LinSpaced(10, 1, 10);
  bad[4] = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THAT([&] { (void)lanczos_quadrature(diagonal(bad), source); },
              ThrowsMessage<Error>(HasSubstr("step 1 is not finite")));
  // more steps than unknowns are clamped
  const auto all = lanczos_quadrature(a, source, {.steps = 100, .vectors = 3});
  for (const auto& rule : all.rules()) EXPECT_LE(rule.nodes.size(), 10);
  EXPECT_NEAR(all.trace().value, 55, 1e-10);  // Rademacher on a diagonal: no variance
  EXPECT_THROW((void)all.density(VectorXd::Ones(1), 0.0), InputError);
  EXPECT_THROW((void)all.cumulative(VectorXd::LinSpaced(3, 1, 0)), InputError);
  EXPECT_THROW((void)all.log_histogram(1, 1, 4), InputError);
}

}  // namespace
}  // namespace offprint::linalg
