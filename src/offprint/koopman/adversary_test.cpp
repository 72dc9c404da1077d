#include "offprint/koopman/adversary.hpp"

#include <cmath>
#include <numbers>

#include <Eigen/LU>
#include <Eigen/SVD>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "offprint/core/error.hpp"
#include "offprint/core/random.hpp"

namespace offprint::koopman {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using testing::HasSubstr;

// The adversary of claim K5: a bump of height 1/2 between the 7th and 8th of 12 nodes.
Bump hidden_bump() {
  const DiscDictionary d(12, 6);
  return bump_between(d.radii()(6), d.radii()(7), 0.5);
}

TEST(Bump, TheNumbersOfTheClaim) {
  const DiscDictionary d(12, 6);
  EXPECT_NEAR(d.radii()(6), 0.750078, 1e-6);
  EXPECT_NEAR(d.radii()(7), 0.826992, 1e-6);
  const Bump b = hidden_bump();
  EXPECT_NEAR(b.centre, 0.788535, 1e-6);
  EXPECT_NEAR(b.width, 0.037688, 1e-6);
  EXPECT_NEAR(b.max_slope(), 28.8, 0.05);
  EXPECT_NEAR(b.map_lipschitz(), 23.6, 0.05);
  EXPECT_EQ(b(b.centre), 0.5);
  EXPECT_FALSE(first_seen(b, {d.radii().data(), 12}).has_value());
  EXPECT_TRUE(first_seen(b, std::vector<double>{0.1, 0.79}) == std::optional<std::size_t>(1));
  double steepest = 0.0;
  for (int i = 0; i <= 200000; ++i)
    steepest = std::max(steepest, std::abs(b.slope(b.centre + b.width * (i / 100000.0 - 1.0))));
  EXPECT_NEAR(steepest / b.max_slope(), 1.0, 1e-8);
  EXPECT_NEAR((b(0.8 + 1e-6) - b(0.8 - 1e-6)) / 2e-6, b.slope(0.8), 1e-6);
  EXPECT_NEAR(Bump({largest_height(30.0, b.width), b.centre, b.width}).max_slope(), 30.0, 1e-12);
  EXPECT_THROW((void)bump_between(0.8, 0.7, 0.5), InputError);
}

TEST(DiscMap, PreservesAreaAndCircles) {
  const Bump b = hidden_bump();
  const double lipschitz = b.map_lipschitz();
  Stream stream(7, "disc");
  for (int i = 0; i < 100; ++i) {
    const Eigen::Vector2d x = std::sqrt(stream.uniform()) * Eigen::Vector2d::Unit(0);
    const double t = stream.uniform(0, 2 * std::numbers::pi);
    const Eigen::Vector2d p(x(0) * std::cos(t), x(0) * std::sin(t));
    EXPECT_NEAR(disc_map(b, p).norm(), p.norm(), 1e-14);
    constexpr double h = 1e-6;
    Eigen::Matrix2d jacobian;
    for (int c = 0; c < 2; ++c)
      jacobian.col(c) =
          (disc_map(b, p + h * Eigen::Vector2d::Unit(c)) - disc_map(b, p - h * Eigen::Vector2d::Unit(c))) / (2 * h);
    EXPECT_NEAR(jacobian.determinant(), 1.0, 1e-5);
    EXPECT_LE(jacobian.jacobiSvd().singularValues()(0), lipschitz + 1e-4);
    if (std::abs(p.norm() - b.centre) > b.width) {
      EXPECT_EQ(disc_map(b, p), -p);
    }
  }
}

// Nothing computed from the 12 nodes moves by a single bit, though the spectrum moved by sqrt(2).
TEST(Adversary, OutputsAreBitwiseEqualWithAndWithoutTheBump) {
  const DiscDictionary d(12, 6);
  const auto plain = d.blocks(Bump{});
  const auto bumped = d.blocks(hidden_bump());
  std::vector<Complex> points;
  for (int j = -10; j <= 10; ++j)
    for (int i = -10; i <= 10; ++i) points.emplace_back(0.15 * i, 0.15 * j);
  points.insert(points.end(), {1.0, -1.0, Complex(0, 1)});
  const auto a = disc_residuals(plain, points);
  const auto b = disc_residuals(bumped, points, Parallel{3, {}, {}});
  EXPECT_EQ(a, b);
  EXPECT_LE(a[a.size() - 3], 1e-12);
  EXPECT_LE(a[a.size() - 2], 1e-12);
  EXPECT_NEAR(a.back(), std::numbers::sqrt2, 1e-12);
  // Sp = {-1, 1} for the half turn: the residual is the distance to it.
  for (std::size_t i = 0; i < points.size(); ++i)
    ASSERT_NEAR(a[i], std::min(std::abs(points[i] - 1.0), std::abs(points[i] + 1.0)), 1e-12);
}

TEST(Adversary, RefiningRevealsTheBump) {
  const Bump bump = hidden_bump();
  const std::vector<Complex> i{Complex(0, 1)};
  const double expected[] = {0.6981, 0.5523, 0.2194, 0.1064};
  Index nodes = 24;
  for (const double value : expected) {
    const auto blocks = DiscDictionary(nodes, nodes / 2).blocks(bump);
    EXPECT_NEAR(disc_residuals(blocks, i)[0], value, 0.01 * value) << nodes;
    nodes *= 2;
  }
}

TEST(Adversary, RandomSamplingMissesTheAnnulusWithTheStatedProbability) {
  const Bump bump = hidden_bump();
  EXPECT_NEAR(bump.area(), 4 * 0.788535 * 0.037688, 1e-6);
  constexpr int kSamples = 12;
  constexpr int kTrials = 20000;
  int missed = 0;
  for (int trial = 0; trial < kTrials; ++trial) {
    Stream stream(1, "random algorithm", static_cast<std::uint64_t>(trial));
    std::vector<double> radii(kSamples);
    for (double& r : radii) r = std::sqrt(stream.uniform());
    if (!first_seen(bump, radii)) ++missed;
  }
  const double p = bump.miss_probability(kSamples);
  EXPECT_NEAR(static_cast<double>(missed) / kTrials, p, 4 * std::sqrt(p * (1 - p) / kTrials));
}

TEST(Adversary, TheLipschitzRecipe) {
  const DiscDictionary d(12, 6);
  const auto e = d.lipschitz_error(30.0);
  EXPECT_NEAR(e.mesh, 0.0960192, 5e-8);
  EXPECT_DOUBLE_EQ(e.bound, std::sqrt(11.0));
  EXPECT_DOUBLE_EQ(e.slope, 60.0 * std::sqrt(11.0));
  const auto bound = quadrature_bound(e.errors, 6, 1.0);
  EXPECT_NEAR(bound.delta_q, 6083.8, 0.05);
  EXPECT_NEAR(DiscDictionary(96, 6).lipschitz_error(30.0).mesh * 96, 1.2, 0.1);  // h ~ 1.2/nodes

  // The two verdicts of claim K5.
  ModulusQuestion question;
  EXPECT_THAT(modulus_verdict(question).text, HasSubstr("not certified: no modulus given"));
  question.lipschitz = 30.0;
  question.mesh = e.mesh;
  question.bound = bound;
  question.nodes = 12;
  const auto verdict = modulus_verdict(question);
  EXPECT_FALSE(verdict.certified);
  EXPECT_THAT(verdict.text, testing::AllOf(HasSubstr("not certified"), HasSubstr("6083.8")));
  EXPECT_NEAR(nodes_needed(bound, 12, 0.1, 1) / 3e7, 1.0, 0.05);
}

TEST(Involution, PairsLeaveItOpenATrajectoryDoesNot) {
  MatrixXd x(3, 2);
  x << 0.1, 0.2, 0.3, -0.4, 0.5, 0.6;
  MatrixXd y(3, 2);
  y << -0.7, 0.1, 0.2, 0.2, 0.0, 0.9;
  EXPECT_TRUE(involution_possible(x, y).possible);
  // The same pairs and the way back: still an involution.
  MatrixXd both_x(6, 2);
  both_x << x, y;
  MatrixXd both_y(6, 2);
  both_y << y, x;
  EXPECT_TRUE(involution_possible(both_x, both_y).possible);
  // A trajectory of three different points.
  y.row(0) = x.row(1);
  const auto verdict = involution_possible(x, y);
  EXPECT_FALSE(verdict.possible);
  EXPECT_THAT(verdict.reason, HasSubstr("pairs 1 and 2 contradict F(F(x)) = x"));
  // Not injective, and two fixed points.
  y << 0.9, 0.9, 0.9, 0.9, 0.0, 0.1;
  EXPECT_FALSE(involution_possible(x, y).possible);
  EXPECT_THAT(involution_possible(x, x).reason, HasSubstr("two fixed points"));
  EXPECT_THROW((void)involution_possible(x, both_y), InputError);
}

TEST(DiscDictionary, Refusals) {
  EXPECT_THROW(DiscDictionary(4, 5), InputError);
  EXPECT_THROW(DiscDictionary(4, 0), InputError);
}

}  // namespace
}  // namespace offprint::koopman
