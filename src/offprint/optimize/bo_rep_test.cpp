// BO-REP's steps, counts and refusals on problem U.
#include "offprint/optimize/bo_rep.hpp"

#include <cmath>
#include <limits>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "offprint/core/error.hpp"
#include "offprint/optimize/forwarding_problem.hpp"
#include "offprint/optimize/unbounded_problem.hpp"

namespace offprint::optimize {
namespace {

using Eigen::VectorXd;
using ::testing::HasSubstr;

VectorXd constant(double value) { return VectorXd::Constant(10, value); }

BoRepOptions noisy() { return {.steps = 300, .eta = 0.03, .beta = 0.9, .nu = 0.1, .period = 2, .stochastic = true}; }

// f of another problem, multiplied by a constant.
class Scaled final : public ForwardingProblem {
 public:
  Scaled(const BilevelProblem& problem, double factor) : ForwardingProblem(problem), factor_(factor) {}
  [[nodiscard]] double f(const VectorRef& x, const VectorRef& y, const Sample& s) const override {
    return factor_ * inner().f(x, y, s);
  }
  void f_x(const VectorRef& x, const VectorRef& y, VectorXd& out, const Sample& s) const override {
    inner().f_x(x, y, out, s);
    out *= factor_;
  }
  void f_y(const VectorRef& x, const VectorRef& y, VectorXd& out, const Sample& s) const override {
    inner().f_y(x, y, out, s);
    out *= factor_;
  }

 private:
  double factor_;
};

TEST(BoRep, EveryStepHasLengthEta) {
  const UnboundedProblem u;
  VectorXd last = constant(3);
  std::uint64_t seen = 0;
  const auto result = bo_rep(u, last, constant(0), noisy(), [&](const BilevelIterate& at) {
    if (at.step == 0) return true;
    EXPECT_NEAR((at.x - last).norm(), 0.03, 1e-12);
    last = at.x;
    ++seen;
    return true;
  });
  EXPECT_EQ(seen, 300U);
  EXPECT_EQ(result.steps, 300U);
  EXPECT_EQ(result.stopped, "steps");
  EXPECT_LE((result.x - constant(3)).norm(), 0.03 * 300 + 1e-9);
}

TEST(BoRep, ATooSmallBudgetCannotLeaveASteepStart) {
  const UnboundedProblem u;
  BoRepOptions options = noisy();
  options.steps = 1000;
  options.eta = 0.003;
  double tail = 0;
  (void)bo_rep(u, constant(3), constant(0), options, [&](const BilevelIterate& at) {
    if (at.step > 800) tail += u.phi_gradient(at.x).norm() / 200;
    return true;
  });
  EXPECT_NEAR(tail, 233.6, 1);
}

TEST(BoRep, CallsAreExactlyTheFormula) {
  const UnboundedProblem u;
  for (const std::uint64_t steps : {std::uint64_t{1000}, std::uint64_t{2000}}) {
    BoRepOptions options = noisy();
    options.steps = steps;
    const auto result = bo_rep(u, constant(1), constant(0), options);
    EXPECT_EQ(result.calls.first_order(), steps == 2000 ? 11297U : 5797U);
    EXPECT_EQ(bo_rep_calls(options), result.calls.first_order());
    options.period = 1;
    EXPECT_EQ(bo_rep(u, constant(1), constant(0), options).calls.first_order(), bo_rep_calls(options));
  }
  BoRepOptions every = noisy();
  every.steps = 2000;
  every.period = 1;
  EXPECT_EQ(bo_rep_calls(every), 14297U);
  every.period = 0;
  every.refinement.epochs = 0;
  EXPECT_EQ(bo_rep(u, constant(1), constant(0), every).calls.first_order(), 8000U);
  EXPECT_EQ(bo_rep_calls(every), 8000U);
}

TEST(BoRep, TheScheduleIsTheSheets) {
  const std::vector<double> eps{0.4, 0.28, 0.2, 0.1};
  const std::vector<std::uint64_t> steps{469, 1953, 7500, 120000};
  const std::vector<double> ratio{10.63, 10.15, 10.04, 9.21};
  for (std::size_t i = 0; i < eps.size(); ++i) {
    const auto options = bo_rep_schedule(eps[i]);
    EXPECT_EQ(options.steps, steps[i]);
    EXPECT_NEAR(static_cast<double>(bo_rep_calls(options)) / static_cast<double>(options.steps), ratio[i], 0.006);
  }
  EXPECT_THROW((void)bo_rep_schedule(0), InputError);
  EXPECT_THROW((void)bo_rep_schedule(1), InputError);
}

TEST(BoRep, ScalingTheUpperLevelLeavesThePathUnchanged) {
  const UnboundedProblem u;
  const Scaled scaled(u, 1024);  // a power of two: no rounding
  BoRepOptions options = noisy();
  options.stochastic = false;
  const auto plain = bo_rep(u, constant(3), constant(0), options);
  const auto other = bo_rep(scaled, constant(3), constant(0), options);
  EXPECT_LT((plain.x - other.x).norm(), 1e-9);
  EXPECT_LT((1024 * plain.z - other.z).norm(), 1e-6 * other.z.norm());
  options.normalized = false;
  options.eta = 1e-4;
  EXPECT_GT(
      (bo_rep(u, constant(1), constant(0), options).x - bo_rep(scaled, constant(1), constant(0), options).x).norm(),
      0.1);
}

TEST(BoRep, RefinementAndBallAreThoseOfTheSheet) {
  const UnboundedProblem u({.seed = 5});
  const VectorXd x = constant(1);
  CountedProblem counted(u);
  SampleSequence samples{.stochastic = true};
  VectorXd y = constant(0);
  EXPECT_NEAR((y - *u.exact_lower(x)).norm(), 0.8519048945, 5e-11);
  epoch_sgd(counted, x, y, {}, samples);
  EXPECT_LT((y - *u.exact_lower(x)).norm(), 0.06);
  EXPECT_EQ(counted.calls().lower_gradients, 300U);
  EXPECT_EQ(samples.lower, 300U);

  // Steps that would leave the ball stay in it; their mean too.
  VectorXd w = constant(50);
  proj_sgd(counted, x, w, {.step = 0.1, .steps = 20, .radius = 0.5}, samples);
  EXPECT_LE((w - constant(50)).norm(), 0.5 + 1e-12);
  EXPECT_GT((w - constant(50)).norm(), 0.4);

  // N = 1: the average is the one step.
  VectorXd one = constant(0.2);
  VectorXd gradient;
  u.g_y(x, one, gradient);
  SampleSequence exact;
  proj_sgd(counted, x, one, {.step = 0.1, .steps = 1}, exact);
  EXPECT_LT((one - (constant(0.2) - 0.1 * gradient)).norm(), 1e-15);
}

TEST(BoRep, AveragingAndTheLastIterateDiffer) {
  const UnboundedProblem u;
  CountedProblem counted(u);
  SampleSequence exact;
  const VectorXd x = constant(1);
  VectorXd average = constant(0);
  VectorXd last = constant(0);
  proj_sgd(counted, x, average, {.step = 0.1, .steps = 2, .radius = 100}, exact);
  proj_sgd(counted, x, last, {.step = 0.1, .steps = 2, .radius = 100, .average = false}, exact);
  VectorXd w1;
  VectorXd g2;
  u.g_y(x, constant(0), w1);
  w1 = -0.1 * w1;
  u.g_y(x, w1, g2);
  const VectorXd w2 = w1 - 0.1 * g2;
  EXPECT_LT((last - w2).norm(), 1e-15);
  EXPECT_LT((average - (w1 + w2) / 2).norm(), 1e-15);
}

TEST(BoRep, TheLinearSystemsVariableFollowsItsRecursion) {
  const UnboundedProblem u;
  // beta = 0 and a vanishing eta hold (x, y) in place: z_t - z* = (1 - nu q)^t (z_0 - z*).
  const VectorXd x = constant(1);
  const VectorXd y = *u.exact_lower(x);
  BoRepOptions options{.steps = 25, .eta = 1e-14, .beta = 0, .nu = 0.1, .period = 0};
  options.refinement.epochs = 0;
  const auto result = bo_rep(u, x, y, options);
  VectorXd slope;
  u.f_y(x, y, slope);
  const VectorXd solution = slope.cwiseQuotient(u.curvature());
  for (int i = 0; i < 10; ++i)
    EXPECT_NEAR(result.z[i], solution[i] * (1 - std::pow(1 - 0.1 * u.curvature()[i], 25)), 1e-9 * slope.norm());
}

TEST(BoRep, EndsWhenAskedAndWhenItDiverges) {
  const UnboundedProblem u;
  const auto asked = bo_rep(u, constant(1), constant(0), noisy(), [](const BilevelIterate& at) { return at.step < 7; });
  EXPECT_EQ(asked.stopped, "observer");
  EXPECT_EQ(asked.steps, 7U);
  BoRepOptions wild = noisy();
  wild.normalized = false;
  const auto diverged = bo_rep(u, constant(5), constant(0), wild);
  EXPECT_EQ(diverged.stopped, "diverged");
  EXPECT_LT(diverged.steps, 300U);
  EXPECT_TRUE(diverged.x.allFinite());
}

TEST(BoRep, RefusesOptionsOutsideTheirRanges) {
  const UnboundedProblem u;
  const auto message = [&](auto change) -> std::string {
    BoRepOptions options = noisy();
    change(options);
    try {
      (void)bo_rep(u, constant(1), constant(0), options);
    } catch (const InputError& e) {
      return e.what();
    }
    return "";
  };
  EXPECT_THAT(message([](auto& o) { o.eta = 0; }), HasSubstr("eta is 0; it must be positive"));
  EXPECT_THAT(message([](auto& o) { o.nu = -1; }), HasSubstr("nu"));
  EXPECT_THAT(message([](auto& o) { o.beta = 1; }), HasSubstr("beta is 1; it must be in [0, 1)"));
  EXPECT_THAT(message([](auto& o) { o.lower.step = 0; }), HasSubstr("alpha"));
  EXPECT_THAT(message([](auto& o) { o.lower.steps = 0; }), HasSubstr("N is 0; it must be at least 1"));
  EXPECT_THAT(message([](auto& o) { o.lower.radius = 0; }), HasSubstr("radius"));
  EXPECT_THROW((void)bo_rep(u, VectorXd::Zero(3), constant(0)), InputError);
  EXPECT_THROW((void)bo_rep(u, constant(0), VectorXd::Zero(3)), InputError);
  EXPECT_THROW((void)bo_rep(u, constant(std::numeric_limits<double>::quiet_NaN()), constant(0)), InputError);
}

}  // namespace
}  // namespace offprint::optimize
