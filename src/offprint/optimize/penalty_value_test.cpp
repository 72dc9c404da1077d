// psi_sigma and its gradient against the numbers of problems Q, R, J and K, and against its own path.
#include "offprint/optimize/penalty_value.hpp"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "offprint/core/error.hpp"
#include "offprint/optimize/bilevel_examples.hpp"

namespace offprint::optimize {
namespace {

using Eigen::VectorXd;
using ::testing::HasSubstr;

const LowerSolver kTight{.tolerance = 1e-13};

VectorXd q_point() { return (VectorXd(5) << 0.5, -0.3, 0.8, 0.1, -0.6).finished(); }
VectorXd q_gradient() {
  return (VectorXd(5) << 0.402694745, -2.4651435707, 2.9701542297, 1.4602982198, -0.1870760597).finished();
}

TEST(PenaltyValueQ, ValueAndGradientGapAreThoseOfTheSheet) {
  const ProblemQ q;
  const double sigmas[] = {0.1, 0.01, 0.001, 1e-4};
  const double values[] = {2.679280638669, 2.806994479673, 2.820717971796, 2.822100777903};
  const double gaps[] = {2.976868e-1, 3.270662e-2, 3.303954e-3, 3.307328e-4};
  for (int k = 0; k < 4; ++k) {
    const auto at = penalty_value(q, q_point(), sigmas[k], VectorXd::Zero(5), kTight);
    EXPECT_TRUE(at.converged);
    EXPECT_NEAR(at.value, values[k], 2e-11);
    EXPECT_NEAR((at.gradient - q_gradient()).norm(), gaps[k], 1e-3 * gaps[k]);
  }
}

TEST(PenaltyValueQ, FallsAsSigmaGrowsAndStaysBelowPsi) {
  const ProblemQ q;
  double last = q.f(q_point(), *q.exact_lower(q_point()));
  EXPECT_NEAR(last, 2.822254541563, 1e-11);
  for (const double sigma : {1e-4, 1e-3, 1e-2, 0.1, 1.0, 10.0}) {
    const double value = penalty_value(q, q_point(), sigma, VectorXd::Zero(5), kTight).value;
    EXPECT_LT(value, last);
    last = value;
  }
}

TEST(PenaltyValueQ, IsTheAverageOfFAlongThePath) {
  const ProblemQ q;
  CountedProblem counted(q);
  EXPECT_NEAR(path_average(counted, q_point(), 0.1, VectorXd::Zero(5), 20, kTight), 2.679280638669, 1e-9);
}

TEST(PenaltyValueQ, GradientIsThatOfTheValue) {
  const ProblemQ q;
  const auto at = penalty_value(q, q_point(), 0.1, VectorXd::Zero(5), kTight);
  for (int i = 0; i < 5; ++i) {
    const double h = 1e-4;
    const VectorXd e = h * VectorXd::Unit(5, i);
    const double up = penalty_value(q, q_point() + e, 0.1, at.y, kTight).value;
    const double down = penalty_value(q, q_point() - e, 0.1, at.y, kTight).value;
    EXPECT_NEAR(at.gradient[i], (up - down) / (2 * h), 1e-6);
  }
}

// l(x, sigma) = min sigma f + g is a minimum of functions linear in sigma.
TEST(PenaltyValueQ, TheMinimumIsConcaveInSigma) {
  const ProblemQ q;
  CountedProblem counted(q);
  const auto l = [&](double sigma) {
    const auto y = solve_lower(counted, q_point(), sigma, VectorXd::Zero(5), kTight).y;
    return sigma * q.f(q_point(), y) + q.g(q_point(), y);
  };
  for (const double sigma : {0.1, 0.3, 1.0}) EXPECT_GT(l(sigma), 0.5 * (l(0.5 * sigma) + l(1.5 * sigma)));
}

TEST(PenaltyValueR, FollowsTheOptimisticSolution) {
  const ProblemR r;
  const VectorXd x = (VectorXd(2) << 0.7, -0.4).finished();
  const VectorXd y = *r.exact_lower(x);
  EXPECT_NEAR((y - Eigen::Vector3d(1.0033333333, -0.1516666667, 0.9016666667)).norm(), 0, 1e-9);
  EXPECT_NEAR(r.f(x, y), 0.964241666667, 1e-11);
  const VectorXd gradient = (VectorXd(2) << 0.9448333333, -1.0073333333).finished();
  const double sigmas[] = {0.1, 0.01, 0.001};
  const double values[] = {0.959626304024, 0.963769653712, 0.964194355345};
  const double gaps[] = {5.244509e-3, 5.651658e-4, 5.698989e-5};
  for (int k = 0; k < 3; ++k) {
    // From a lower solution far from the optimistic one.
    const auto at = penalty_value(r, x, sigmas[k], y + 3 * ProblemR::null_direction(), kTight);
    EXPECT_NEAR(at.value, values[k], 2e-11);
    EXPECT_NEAR((at.gradient - gradient).norm(), gaps[k], 1e-3 * gaps[k]);
  }
}

TEST(PenaltyValueJ, LagsByTwoAtTheJump) {
  const ProblemJ j;
  const auto psi = [&](double x, double sigma) {
    return penalty_value(j, VectorXd::Constant(1, x), sigma, VectorXd::Zero(1)).value;
  };
  EXPECT_NEAR(psi(0.05, 0.1), 0.0025, 1e-12);
  EXPECT_NEAR(psi(0.005, 0.1), -0.899975, 1e-12);
  EXPECT_NEAR(psi(0.2, 0.1), 1.04, 1e-12);
  EXPECT_NEAR(psi(-0.3, 0.1), -0.91, 1e-12);
}

TEST(PenaltyValueK, SmoothsTheKinkOfAConstraint) {
  const ProblemK k;
  const auto at = [&](double x, double sigma) {
    return penalty_value(k, VectorXd::Constant(1, x), sigma, VectorXd::Constant(1, 0.3), kTight);
  };
  EXPECT_NEAR(at(0.5, 0.1).value, 0.25 / 2.2 + 0.0125, 1e-12);
  EXPECT_NEAR(at(1 / 1.11, 0.1).gradient[0], 0, 1e-10);  // 0.9009009009
  EXPECT_NEAR(at(-0.2, 0.1).value, 0.5 + 0.05 * 0.04, 1e-12);
  EXPECT_EQ(at(-0.2, 0.1).y[0], 0);
  EXPECT_NEAR(at(-0.05, 0.1).y[0], 0.05 / 1.1, 1e-12);
}

TEST(LowerSolver, FixedStepsTestThenStep) {
  const ProblemQ q;
  CountedProblem counted(q);
  const auto at = solve_lower(counted, q_point(), 0.1, VectorXd::Zero(5), {.step = 0.1, .tolerance = 1e-8});
  EXPECT_TRUE(at.converged);
  EXPECT_LE(at.residual, 1e-8);
  EXPECT_EQ(counted.calls().lower_gradients, at.steps + 1);
  EXPECT_EQ(counted.calls().upper_gradients, at.steps + 1);
  EXPECT_EQ(counted.calls().lower_values, 0U);
  const auto started = solve_lower(counted, q_point(), 0.1, at.y, {.step = 0.1, .tolerance = 1e-8});
  EXPECT_EQ(started.steps, 0U);
}

TEST(LowerSolver, TheResidualVanishesExactlyAtAConstrainedMinimum) {
  const ProblemK k;
  const VectorXd x = VectorXd::Constant(1, -1);
  VectorXd gradient;
  k.g_y(x, VectorXd::Zero(1), gradient);
  EXPECT_GT(gradient.norm(), 0.5);
  EXPECT_EQ(projected_residual(k, VectorXd::Zero(1), gradient), 0);
  k.g_y(x, VectorXd::Constant(1, 0.1), gradient);
  EXPECT_GT(projected_residual(k, VectorXd::Constant(1, 0.1), gradient), 0.05);
}

TEST(LowerSolver, SaysSigmaMustBePositive) {
  const ProblemQ q;
  for (const double sigma : {0.0, -1.0, std::nan("")}) {
    try {
      (void)penalty_value(q, q_point(), sigma, VectorXd::Zero(5));
      FAIL() << sigma;
    } catch (const InputError& error) {
      EXPECT_THAT(error.what(), HasSubstr("must be positive"));
    }
  }
  EXPECT_THROW((void)penalty_value(q, VectorXd::Zero(4), 0.1, VectorXd::Zero(5)), InputError);
}

// g = -y x: unbounded below for x > 0; g = log(y): NaN for y < 0.
class Bad final : public BilevelProblem {
 public:
  explicit Bad(bool unbounded) : unbounded_(unbounded) {}
  [[nodiscard]] Eigen::Index dimension_x() const override { return 1; }
  [[nodiscard]] Eigen::Index dimension_y() const override { return 1; }
  [[nodiscard]] double f(const VectorRef&, const VectorRef& y, const Sample&) const override { return y[0]; }
  [[nodiscard]] double g(const VectorRef& x, const VectorRef& y, const Sample&) const override {
    return unbounded_ ? -x[0] * y[0] : std::log(y[0]);
  }
  void f_x(const VectorRef&, const VectorRef&, VectorXd& out, const Sample&) const override { out.setZero(1); }
  void f_y(const VectorRef&, const VectorRef&, VectorXd& out, const Sample&) const override { out.setOnes(1); }
  void g_x(const VectorRef&, const VectorRef& y, VectorXd& out, const Sample&) const override { out = -y; }
  void g_y(const VectorRef& x, const VectorRef& y, VectorXd& out, const Sample&) const override {
    out = VectorXd::Constant(1, unbounded_ ? -x[0] : std::log(y[0]));
  }

 private:
  bool unbounded_;
};

TEST(LowerSolver, SaysThatALowerLevelIsUnbounded) {
  const Bad bad(true);
  CountedProblem counted(bad);
  for (const double step : {0.0, 1e6}) {
    try {
      (void)solve_lower(counted, VectorXd::Ones(1), 0, VectorXd::Ones(1), {.step = step});
      FAIL();
    } catch (const InputError& error) {
      EXPECT_THAT(error.what(), HasSubstr("lower level appears unbounded"));
    }
  }
}

TEST(LowerSolver, NamesTheLevelThatIsNotFinite) {
  const Bad bad(false);
  CountedProblem counted(bad);
  try {
    (void)solve_lower(counted, VectorXd::Ones(1), 0, VectorXd::Constant(1, -1));
    FAIL();
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), HasSubstr("g is not finite at inner step 0"));
  }
  try {
    (void)solve_lower(counted, VectorXd::Ones(1), 0, VectorXd::Constant(1, -1), {.step = 0.1});
    FAIL();
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), HasSubstr("the gradient of g is not finite at inner step 0"));
  }
}

}  // namespace
}  // namespace offprint::optimize
