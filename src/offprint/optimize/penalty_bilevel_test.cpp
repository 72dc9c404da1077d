// The penalty methods and their baselines on problems with known answers; error-bound diagnostics; refusals.
#include "offprint/optimize/penalty_bilevel.hpp"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "offprint/core/error.hpp"
#include "offprint/optimize/bilevel_examples.hpp"
#include "offprint/optimize/error_bound.hpp"
#include "offprint/optimize/noisy_problem.hpp"
#include "offprint/optimize/penalty_value.hpp"

namespace offprint::optimize {
namespace {

using Eigen::VectorXd;
using ::testing::HasSubstr;

double psi_gradient(const BilevelProblem& p, const VectorXd& x) {
  return hypergradient(p, x, *p.exact_lower(x), ExactImplicit{}).gradient.norm();
}

DoubleLoopOptions adaptive(double eps) {
  return {
      .sigma = eps, .outer_step = 0.05, .steps = 10'000, .tolerance = eps, .inner_step = 0.1, .inner_accuracy = 0.1};
}

// The counts of the sheet's protocol: one call a z test, two a y test, three an outer gradient.
TEST(PenaltyDoubleLoop, CostOnProblemQ) {
  const ProblemQ q;
  const double eps[] = {0.3, 0.1, 0.03, 0.01, 0.003};
  const std::uint64_t calls[] = {1145, 2963, 5891, 9586, 14909};
  const std::uint64_t steps[] = {42, 56, 73, 89, 107};
  const double gradient[] = {0.3199, 0.1013, 0.0295, 0.00984, 0.00294};
  for (int k = 0; k < 5; ++k) {
    const auto r = penalty_double_loop(q, {VectorXd::Constant(5, 2), {}, {}}, adaptive(eps[k]));
    EXPECT_EQ(r.stopped, "tolerance");
    EXPECT_NEAR(static_cast<double>(r.calls.first_order()), static_cast<double>(calls[k]), 0.02 * calls[k]);
    EXPECT_NEAR(static_cast<double>(r.steps), static_cast<double>(steps[k]), 1);
    EXPECT_NEAR(psi_gradient(q, r.x), gradient[k], 0.01 * gradient[k]);
    EXPECT_EQ(r.calls.hvps + r.calls.jvps, 0U);
  }
}

TEST(PenaltyDoubleLoop, TheBiasOnProblemQPlus) {
  const ProblemQ q(0.25);
  const VectorXd best =
      (VectorXd(5) << 0.7876007424, 0.7982072395, 0.2669710645, -0.0988467867, 0.0947574020).finished();
  EXPECT_NEAR(psi_gradient(q, best), 0, 1e-8);
  EXPECT_NEAR(q.f(best, *q.exact_lower(best)), 4.616469295656, 1e-11);
  VectorXd upper;
  q.f_y(best, *q.exact_lower(best), upper);
  EXPECT_NEAR(upper.norm(), 1.6062480104, 1e-8);
  const double sigmas[] = {0.2, 0.1, 0.01};
  const double gradient[] = {0.183306551, 0.092361542, 0.009302092};
  const double distance[] = {0.069544326, 0.035154013, 0.003550578};
  for (int k = 0; k < 3; ++k) {
    DoubleLoopOptions o = adaptive(1e-8);
    o.sigma = sigmas[k];
    const auto r = penalty_double_loop(q, {VectorXd::Constant(5, 1), {}, {}}, o);
    EXPECT_EQ(r.stopped, "tolerance");
    EXPECT_NEAR(psi_gradient(q, r.x), gradient[k], 1e-7);
    EXPECT_NEAR((r.x - best).norm(), distance[k], 1e-7);
  }
}

TEST(PenaltyDoubleLoop, FollowsTheOptimisticSolutionOfProblemRWhereAidDoesNot) {
  const ProblemR r;
  const double psi = -0.059837322740;
  const VectorXd x = VectorXd::Zero(2);
  const double sigmas[] = {0.1, 0.01, 0.001};
  const VectorXd at[] = {Eigen::Vector2d(-0.3941639864, 0.6206539418), Eigen::Vector2d(-0.3988446551, 0.6040218531),
                         Eigen::Vector2d(-0.3993231571, 0.6022767383)};
  const double gaps[] = {3.124e-4, 3.389e-6, 3.418e-8};
  for (int k = 0; k < 3; ++k) {
    const auto end = penalty_double_loop(r, {x, {}, {}},
                                         {.sigma = sigmas[k],
                                          .outer_step = 0.2,
                                          .outer_decay = 0,
                                          .steps = 10'000,
                                          .tolerance = 1e-7,
                                          .inner_step = 0,
                                          .inner_accuracy = 0.1});
    EXPECT_EQ(end.stopped, "tolerance");
    EXPECT_NEAR((end.x - at[k]).norm(), 0, 1e-6);
    EXPECT_NEAR(r.f(end.x, *r.exact_lower(end.x)) - psi, gaps[k], 2e-3 * gaps[k]);
  }
  const auto aid = aid_cg_descent(r, {x, {}, {}},
                                  {.outer_step = 0.2,
                                   .steps = 10'000,
                                   .tolerance = 1e-9,
                                   .inner_step = 0.15,
                                   .inner_residual = 1e-12,
                                   .cg = {.tolerance = 1e-12, .max_iterations = 100}});
  EXPECT_EQ(aid.stopped, "tolerance");
  EXPECT_NEAR((aid.x - Eigen::Vector2d(-0.1174512601, 0.3535425583)).norm(), 0, 1e-7);
  EXPECT_NEAR(r.f(aid.x, *r.exact_lower(aid.x)), 0.0053814749, 1e-8);
  EXPECT_NEAR(psi_gradient(r, aid.x), 0.3477454527, 1e-6);
}

TEST(PenaltyDoubleLoop, RespectsAConstraintOfTheLowerLevel) {
  const ProblemK k;
  const auto r = penalty_double_loop(k, {VectorXd::Constant(1, 0.2), {}, {}},
                                     {.sigma = 0.1, .tolerance = 1e-9, .inner_step = 0.5, .inner_accuracy = 0.1});
  EXPECT_NEAR(r.x[0], 1 / 1.11, 1e-7);
  // From the left of the kink the gradient is 0.1 x: the method crosses it slowly, but does.
  const auto left =
      penalty_double_loop(k, {VectorXd::Constant(1, -0.5), {}, {}},
                          {.sigma = 0.1, .outer_step = 1, .tolerance = 1e-9, .inner_step = 0.5, .inner_accuracy = 0.1});
  EXPECT_NEAR(left.x[0], 1 / 1.11, 1e-7);
}

TEST(PenaltyDoubleLoop, RespectsTheConstraintOfTheUpperLevel) {
  const ProblemJ j;  // psi_sigma falls towards x = 0 from the left: 0 is stationary there, -1 is not
  const auto r = penalty_double_loop(j, {VectorXd::Constant(1, -0.8), {}, {}},
                                     {.sigma = 0.05, .outer_step = 0.02, .steps = 400, .inner_step = 0.5});
  EXPECT_NEAR(r.x[0], 0, 1e-3);
  EXPECT_EQ(r.y[0], 1);
}

TEST(PenaltyDoubleLoop, ThreadsAndProximalTermsDoNotMoveTheAnswer) {
  const ProblemQ q;
  const PenaltyStart start{VectorXd::Constant(5, 2), {}, {}};
  const NoisyProblem noisy(q, 0.3, 7);
  DoubleLoopOptions o{.sigma = 0.2, .steps = 200, .stochastic = true, .outer_samples = 3};
  const auto one = penalty_double_loop(noisy, start, o);
  o.concurrent = true;
  const auto two = penalty_double_loop(noisy, start, o);
  EXPECT_EQ(one.x, two.x);
  EXPECT_EQ(one.calls.first_order(), two.calls.first_order());
  EXPECT_EQ(one.calls.first_order(), 200U * (5 + 2 * 5 + 3 * 3));

  DoubleLoopOptions slow = adaptive(1e-3);
  slow.proximal = 1;
  slow.averaging = 0.7;
  slow.inner_step = 0.05;
  const auto prox = penalty_double_loop(q, start, slow);
  EXPECT_EQ(prox.stopped, "tolerance");
  EXPECT_LE(psi_gradient(q, prox.x), 2e-2);
}

TEST(PenaltyDoubleLoop, F2saSchedule) {
  const ProblemQ q;
  const auto r =
      penalty_double_loop(q, {VectorXd::Constant(5, 2), {}, {}},
                          f2sa_schedule({.sigma = 0.5, .outer_step = 0.1, .steps = 30000, .inner_step = 0.2}));
  EXPECT_EQ(r.stopped, "steps");
  EXPECT_LE(psi_gradient(q, r.x), 0.05);
}

TEST(PenaltyDoubleLoop, EndsWhereItDivergesOrIsTold) {
  const ProblemQ q;
  const PenaltyStart start{VectorXd::Constant(5, 2), {}, {}};
  const auto r = penalty_double_loop(q, start, {.sigma = 0.1, .outer_step = 50});
  EXPECT_EQ(r.stopped, "diverged");
  EXPECT_TRUE(r.x.allFinite());
  std::uint64_t seen = 0;
  const auto stopped = penalty_double_loop(q, start, {}, [&](const BilevelIterate& at) {
    EXPECT_EQ(at.step, seen);
    return ++seen < 5;
  });
  EXPECT_EQ(stopped.stopped, "observer");
  EXPECT_EQ(stopped.steps, 4U);
}

// The same problem with independent noise in the two g_x: what the same sample is there to avoid.
class Independent final : public BilevelProblem {
 public:
  explicit Independent(const NoisyProblem& p) : p_(p) {}
  [[nodiscard]] Eigen::Index dimension_x() const override { return 5; }
  [[nodiscard]] Eigen::Index dimension_y() const override { return 5; }
  [[nodiscard]] double f(const VectorRef& x, const VectorRef& y, const Sample& s) const override {
    return p_.f(x, y, s);
  }
  [[nodiscard]] double g(const VectorRef& x, const VectorRef& y, const Sample& s) const override {
    return p_.g(x, y, s);
  }
  void f_x(const VectorRef& x, const VectorRef& y, VectorXd& o, const Sample& s) const override { p_.f_x(x, y, o, s); }
  void f_y(const VectorRef& x, const VectorRef& y, VectorXd& o, const Sample& s) const override { p_.f_y(x, y, o, s); }
  void g_x(const VectorRef& x, const VectorRef& y, VectorXd& o, const Sample& s) const override { p_.g_x(x, y, o, s); }
  void g_y(const VectorRef& x, const VectorRef& y, VectorXd& o, const Sample& s) const override { p_.g_y(x, y, o, s); }
  void g_x_difference(const VectorRef& x, const VectorRef& y, const VectorRef& z, VectorXd& o,
                      const Sample& s) const override {
    VectorXd other;
    p_.g_x(x, y, o, s);
    p_.g_x(x, z, other, Sample{*s.index + (1ULL << 40)});
    o -= other;
  }

 private:
  const NoisyProblem& p_;
};

double tail(const BilevelProblem& problem, double sigma, double eta, std::uint64_t steps) {
  const ProblemQ q;
  double sum = 0;
  penalty_single_loop(problem, {VectorXd::Constant(5, 2), {}, {}},
                      {.sigma = sigma, .outer_step = 0.01, .inner_step = 0.05, .momentum = eta, .steps = steps},
                      [&](const BilevelIterate& at) {
                        if (at.step + 2000 > steps) sum += psi_gradient(q, at.x) / 2000;
                        return true;
                      });
  return sum;
}

TEST(PenaltySingleLoop, MomentumBeatsPlainStepsAtEqualCalls) {
  const ProblemQ q;
  const NoisyProblem noisy(q, 1, 1);
  const double storm = tail(noisy, 0.2, 0.003, 8000);
  const double plain = tail(noisy, 0.2, 1, 16000);
  EXPECT_LE(storm, 0.2);
  EXPECT_LE(storm, 0.45 * plain);
  EXPECT_NEAR(plain, 0.465, 0.06);
  // Independent samples double the tail.
  EXPECT_GT(tail(Independent(noisy), 0.2, 0.003, 8000), 0.22);
}

TEST(PenaltySingleLoop, CountsTwelveOrSixCallsAnIteration) {
  const ProblemQ q;
  const PenaltyStart start{VectorXd::Constant(5, 2), {}, {}};
  EXPECT_EQ(penalty_single_loop(q, start, {.momentum = 0.1, .steps = 100}).calls.first_order(), 99U * 12 + 6);
  EXPECT_EQ(penalty_single_loop(q, start, {.momentum = 1, .steps = 100}).calls.first_order(), 100U * 6);
}

TEST(PenaltySingleLoop, ConvergesWithoutNoiseAndOnSchedules) {
  const ProblemQ q;
  const PenaltyStart start{VectorXd::Constant(5, 2), {}, {}};
  const auto r = penalty_single_loop(q, start, {.sigma = 0.1, .momentum = 1, .steps = 8000, .stochastic = false});
  EXPECT_LE(psi_gradient(q, r.x), 1e-8);
  const NoisyProblem noisy(q, 0.3, 3);
  const auto s = penalty_single_loop(noisy, start,
                                     {.sigma = 0.5,
                                      .outer_step = 0.1,
                                      .inner_step = 0.2,
                                      .momentum = 1,
                                      .sigma_decay = 0.2,
                                      .outer_decay = 0.6,
                                      .inner_decay = 0.4,
                                      .momentum_decay = 0.8,
                                      .steps = 20000});
  EXPECT_LE(psi_gradient(q, s.x), 0.1);
}

TEST(PenaltyMethods, SayWhatIsWrongWithTheirOptions) {
  const ProblemQ q;
  const ProblemJ j;
  const PenaltyStart start{VectorXd::Zero(5), {}, {}};
  const auto refusal = [](auto&& f) -> std::string {
    try {
      f();
    } catch (const InputError& error) {
      return error.what();
    }
    return "no InputError";
  };
  EXPECT_THAT(refusal([&] { penalty_double_loop(q, start, {.sigma = 0}); }), HasSubstr("sigma is 0"));
  EXPECT_THAT(refusal([&] { penalty_double_loop(q, start, {.outer_step = -1}); }), HasSubstr("the outer step is -1"));
  EXPECT_THAT(refusal([&] { penalty_double_loop(q, start, {.inner_accuracy = 0.1}); }), HasSubstr("tolerance"));
  EXPECT_THAT(refusal([&] { penalty_double_loop(q, start, {.averaging = 0}); }), HasSubstr("(0, 1]"));
  EXPECT_THAT(refusal([&] { penalty_double_loop(q, {VectorXd::Zero(3), {}, {}}, {}); }), HasSubstr("x has 3 entries"));
  EXPECT_THAT(refusal([&] { penalty_single_loop(q, start, {.sigma = -1}); }), HasSubstr("sigma is -1"));
  EXPECT_THAT(refusal([&] { penalty_single_loop(q, start, {.momentum = 2}); }), HasSubstr("eta is 2"));
  EXPECT_THAT(refusal([&] { aid_cg_descent(j, {VectorXd::Zero(1), {}, {}}, {}); }), HasSubstr("use penalty"));
}

TEST(ErrorBound, FailsAtTheJumpOfProblemJAndHoldsOnQ) {
  const ProblemJ j;
  const Eigen::MatrixXd grid = Eigen::RowVectorXd::LinSpaced(41, -1, 1);
  const auto points = error_bound(j, grid, {.delta = 0.12}, Stream(1, "eb"));
  for (int i = 0; i < 41; ++i) {
    const double x = grid(0, i);
    if (std::abs(x) < 1e-9) continue;  // there S is all of Y
    EXPECT_EQ(points[static_cast<std::size_t>(i)].flagged, std::abs(x) < 0.11) << x;
    if (std::abs(x) < 0.11) {
      EXPECT_NEAR(points[static_cast<std::size_t>(i)].distance, 2, 1e-9);
      EXPECT_NEAR(points[static_cast<std::size_t>(i)].residual, std::abs(x), 1e-9);
    }
  }
  const ProblemQ q;
  const Eigen::MatrixXd random = Eigen::MatrixXd::Constant(5, 3, 0.2);
  for (const auto& point : error_bound(q, random, {.delta = 1}, Stream(1, "eb"))) {
    EXPECT_FALSE(point.flagged);
    EXPECT_GE(point.mu, 1 - 1e-6);  // the least eigenvalue of g_yy
    EXPECT_LE(point.mu, 5);
  }
  EXPECT_THROW((void)error_bound(q, grid, {}, Stream(1, "eb")), InputError);
}

}  // namespace
}  // namespace offprint::optimize
