// Every hypergradient oracle against known gradients, against finite differences, and where it must refuse.
#include "offprint/optimize/hypergradient.hpp"

#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "offprint/core/error.hpp"
#include "offprint/optimize/bilevel_check.hpp"
#include "offprint/optimize/bilevel_examples.hpp"

namespace offprint::optimize {
namespace {

using Eigen::VectorXd;
using ::testing::AllOf;
using ::testing::HasSubstr;

VectorXd q_point() { return (VectorXd(5) << 0.5, -0.3, 0.8, 0.1, -0.6).finished(); }
VectorXd q_gradient() {
  return (VectorXd(5) << 0.402694745, -2.4651435707, 2.9701542297, 1.4602982198, -0.1870760597).finished();
}
VectorXd r_point() { return (VectorXd(2) << 0.7, -0.4).finished(); }

template <class F>
std::string refusal(F&& f) {
  try {
    f();
  } catch (const InputError& error) {
    return error.what();
  }
  return "no InputError";
}

TEST(HypergradientQ, AllOraclesAgree) {
  const ProblemQ q;
  const VectorXd y = *q.exact_lower(q_point());
  const std::pair<HypergradientMethod, double> methods[] = {
      {ExactImplicit{}, 2e-10},
      {ConjugateGradient{.tolerance = 1e-13}, 2e-10},
      {Neumann{.terms = 300, .step = 0.2}, 2e-10},
      {PenaltyGradient{.sigma = 1e-5, .inner = {.tolerance = 1e-13}}, 5e-5},
      {Unrolled{.steps = 300, .step = 0.2}, 2e-10},
      {FiniteDifference{}, 1e-8},
  };
  for (const auto& [method, tolerance] : methods) {
    const auto at = hypergradient(q, q_point(), y, method);
    EXPECT_LE((at.gradient - q_gradient()).norm(), tolerance) << hypergradient_name(method);
    EXPECT_LE(at.lower_residual, 1e-11) << hypergradient_name(method);
    EXPECT_LE(at.solver_residual, 1e-12) << hypergradient_name(method);
  }
  EXPECT_EQ(hypergradient(q, q_point(), y, ExactImplicit{}).rank, 5);
}

TEST(HypergradientQ, ReportsWhatIsNotSolved) {
  const ProblemQ q;
  const VectorXd y = *q.exact_lower(q_point());
  const auto rough = hypergradient(q, q_point(), y, ConjugateGradient{.tolerance = 0, .max_iterations = 2});
  EXPECT_GT(rough.solver_residual, 1e-4);
  EXPECT_LT(rough.solver_residual, 1);
  const auto truncated = hypergradient(q, q_point(), y, Neumann{.terms = 3, .step = 0.1});
  EXPECT_NEAR(truncated.solver_residual, 0.35, 0.3);
  const auto elsewhere = hypergradient(q, q_point(), y + VectorXd::Ones(5), ExactImplicit{});
  EXPECT_NEAR(elsewhere.lower_residual, std::sqrt(1 + 4 + 9 + 16 + 25), 1e-9);
}

// With diagonal g_yy = q the truncated series is known in closed form.
TEST(HypergradientQ, NeumannIsTheTruncatedSeries) {
  const ProblemQ q;
  const VectorXd y = *q.exact_lower(q_point());
  VectorXd right;
  q.f_y(q_point(), y, right);
  const auto at = hypergradient(q, q_point(), y, Neumann{.terms = 7, .step = 0.15});
  for (int i = 0; i < 5; ++i) {
    const double curvature = 1 + i;
    EXPECT_NEAR(at.z[i], right[i] * (1 - std::pow(1 - 0.15 * curvature, 8)) / curvature, 1e-14);
  }
}

TEST(HypergradientQ, AWarmStartCostsNoIteration) {
  const ProblemQ q;
  const VectorXd y = *q.exact_lower(q_point());
  const auto cold = hypergradient(q, q_point(), y, ConjugateGradient{});
  const auto warm = hypergradient(q, q_point(), y, ConjugateGradient{}, cold.z);
  EXPECT_EQ(cold.iterations, 5U);
  EXPECT_EQ(warm.iterations, 1U);  // the product that shows it is solved
  EXPECT_NEAR((warm.gradient - cold.gradient).norm(), 0, 1e-14);
}

TEST(HypergradientQ, CallsAreCounted) {
  const ProblemQ q;
  CountedProblem counted(q);
  (void)hypergradient(counted, q_point(), *q.exact_lower(q_point()), Neumann{.terms = 4, .step = 0.1});
  EXPECT_EQ(counted.calls().hvps, 5U);
  EXPECT_EQ(counted.calls().jvps, 1U);
  EXPECT_EQ(counted.calls().upper_gradients, 2U);
}

TEST(HypergradientR, ThePseudoInverseIsRightAtTheOptimisticSolutionAndOnlyThere) {
  const ProblemR r;
  const VectorXd y = *r.exact_lower(r_point());
  const VectorXd gradient = (VectorXd(2) << 0.9448333333, -1.0073333333).finished();
  const auto exact = hypergradient(r, r_point(), y, ExactImplicit{});
  EXPECT_NEAR((exact.gradient - gradient).norm(), 0, 1e-9);
  EXPECT_EQ(exact.rank, 2);
  EXPECT_LE(exact.solver_residual, 1e-12);
  EXPECT_NEAR((hypergradient(r, r_point(), y, FiniteDifference{}).gradient - gradient).norm(), 0, 1e-8);
  EXPECT_NEAR((hypergradient(r, r_point(), y, ConjugateGradient{}).gradient - gradient).norm(), 0, 1e-9);

  const Eigen::Vector3d n = ProblemR::null_direction();
  const VectorXd other = y + n * n.sum();
  const auto wrong = hypergradient(r, r_point(), other, ExactImplicit{});
  EXPECT_LE(wrong.lower_residual, 1e-14);  // a lower solution too
  EXPECT_NEAR((wrong.gradient - Eigen::Vector2d(1.0781666667, -1.1406666667)).norm(), 0, 1e-9);
  EXPECT_GT(wrong.solver_residual, 0.1);  // what gives it away: f_y has a part outside the range
}

// CG has no limit there; the normal equations take over and agree with the pseudo-inverse.
TEST(HypergradientR, CgAgreesWithThePseudoInverseWhereFyLeavesTheRange) {
  const ProblemR r;
  const Eigen::Vector3d n = ProblemR::null_direction();
  const VectorXd other = *r.exact_lower(r_point()) + n * n.sum();
  const auto exact = hypergradient(r, r_point(), other, ExactImplicit{});
  const auto cg = hypergradient(r, r_point(), other, ConjugateGradient{});
  EXPECT_NEAR((cg.gradient - exact.gradient).norm(), 0, 1e-9);
  EXPECT_NEAR(cg.solver_residual, exact.solver_residual, 1e-9);
}

TEST(HypergradientK, OnTheCriticalSubspace) {
  const ProblemK k;
  const double infinity = std::numeric_limits<double>::infinity();
  const ExactImplicit exact{.constraints = box_constraints(VectorXd::Zero(1), VectorXd::Constant(1, infinity))};
  const auto at = [&](double x) {
    const VectorXd point = VectorXd::Constant(1, x);
    return hypergradient(k, point, *k.exact_lower(point), exact);
  };
  // psi' = (x - 1) + 0.1 x for x > 0, 0.1 x for x < 0.
  EXPECT_NEAR(at(0.5).gradient[0], -0.45, 1e-14);
  EXPECT_EQ(at(0.5).rank, 1);
  EXPECT_TRUE(at(0.5).strict_complementarity);
  EXPECT_NEAR(at(-0.5).gradient[0], -0.05, 1e-14);
  EXPECT_EQ(at(-0.5).subspace, 0);
  EXPECT_NEAR(at(-0.5).least_multiplier, 0.5, 1e-14);
  EXPECT_TRUE(at(-0.5).strict_complementarity);
  EXPECT_FALSE(at(0).strict_complementarity);
  // Without the constraint the formula is wrong at x < 0.
  const VectorXd point = VectorXd::Constant(1, -0.5);
  EXPECT_NEAR(hypergradient(k, point, VectorXd::Zero(1), ExactImplicit{}).gradient[0], -1.05, 1e-14);
}

TEST(Hypergradient, RefusesConstraintsWithoutAProjection) {
  const ProblemQ q;
  const ExactImplicit exact{.constraints = box_constraints(VectorXd::Constant(5, -9), VectorXd::Constant(5, 9))};
  EXPECT_THAT(refusal([&] { (void)hypergradient(q, q_point(), VectorXd::Zero(5), exact); }),
              HasSubstr("no projection onto it"));
  EXPECT_THAT(refusal([&] { (void)box_constraints(VectorXd::Ones(2), VectorXd::Zero(2)); }),
              HasSubstr("entry 1 has lower 1 > upper 0"));
  const ProblemK k;
  const ExactImplicit outside{.constraints = box_constraints(VectorXd::Zero(1), VectorXd::Ones(1))};
  EXPECT_THAT(refusal([&] { (void)hypergradient(k, VectorXd::Zero(1), VectorXd::Constant(1, -1), outside); }),
              HasSubstr("breaks constraint 1"));
}

// g = 1/2 (y_1^2 - y_2^2): a saddle.
class Saddle final : public BilevelProblem {
 public:
  [[nodiscard]] Eigen::Index dimension_x() const override { return 1; }
  [[nodiscard]] Eigen::Index dimension_y() const override { return 2; }
  [[nodiscard]] double f(const VectorRef&, const VectorRef& y, const Sample&) const override { return y.sum(); }
  [[nodiscard]] double g(const VectorRef&, const VectorRef& y, const Sample&) const override {
    return 0.5 * (y[0] * y[0] - y[1] * y[1]);
  }
  void f_x(const VectorRef&, const VectorRef&, VectorXd& out, const Sample&) const override { out.setZero(1); }
  void f_y(const VectorRef&, const VectorRef&, VectorXd& out, const Sample&) const override {
    out = Eigen::Vector2d(1, 2);
  }
  void g_x(const VectorRef&, const VectorRef&, VectorXd& out, const Sample&) const override { out.setZero(1); }
  void g_y(const VectorRef&, const VectorRef& y, VectorXd& out, const Sample&) const override {
    out = Eigen::Vector2d(y[0], -y[1]);
  }
  [[nodiscard]] bool second_order() const override { return true; }
  void hvp(const VectorRef&, const VectorRef&, const VectorRef& v, VectorXd& out, const Sample&) const override {
    out = Eigen::Vector2d(v[0], -v[1]);
  }
  void jvp(const VectorRef&, const VectorRef&, const VectorRef&, VectorXd& out, const Sample&) const override {
    out.setZero(1);
  }
};

TEST(Hypergradient, RefusesNegativeCurvature) {
  const Saddle saddle;
  for (const HypergradientMethod& method :
       {HypergradientMethod(ConjugateGradient{}), HypergradientMethod(ExactImplicit{})})
    EXPECT_THAT(refusal([&] { (void)hypergradient(saddle, VectorXd::Zero(1), VectorXd::Zero(2), method); }),
                HasSubstr("lower level is not convex here: use penalty"));
}

TEST(Hypergradient, RefusesWhatDoesNotApply) {
  const ProblemJ j;  // first derivatives only, and a constraint
  const VectorXd x = VectorXd::Constant(1, 0.5);
  const VectorXd y = VectorXd::Constant(1, -1);
  for (const HypergradientMethod& method :
       {HypergradientMethod(ExactImplicit{}), HypergradientMethod(ConjugateGradient{}), HypergradientMethod(Neumann{}),
        HypergradientMethod(Unrolled{})})
    EXPECT_THAT(refusal([&] { (void)hypergradient(j, x, y, method); }),
                AllOf(HasSubstr(hypergradient_name(method)), HasSubstr("use penalty")));
  EXPECT_NEAR(hypergradient(j, x, y, PenaltyGradient{.sigma = 0.1}).gradient[0], 1, 1e-12);
  const ProblemK k;
  EXPECT_THAT(refusal([&] { (void)hypergradient(k, x, y, Unrolled{}); }), HasSubstr("projections"));
  const ProblemQ q;
  EXPECT_THAT(refusal([&] { (void)hypergradient(q, q_point(), VectorXd::Zero(5), Neumann{.terms = 50, .step = 1}); }),
              HasSubstr("diverges"));
  EXPECT_THAT(refusal([&] { (void)hypergradient(q, q_point(), VectorXd::Zero(4), Neumann{}); }),
              HasSubstr("y has 4 entries; the problem has 5"));
}

TEST(BilevelCheck, PassesTheExamples) {
  const ProblemQ q(0.25);
  for (const auto& check : check_gradients(q, q_point(), VectorXd::Constant(5, 0.3), Stream(1, "check")))
    EXPECT_LE(check.error, 1e-8) << check.name;
  const ProblemR r;
  const auto checks = check_gradients(r, r_point(), VectorXd::Constant(3, 0.3), Stream(1, "check"));
  EXPECT_EQ(checks.size(), 8U);
  for (const auto& check : checks) EXPECT_LE(check.error, 1e-8) << check.name;
  const ProblemJ j;
  const auto first = check_gradients(j, VectorXd::Constant(1, 0.2), VectorXd::Zero(1), Stream(1, "check"));
  EXPECT_EQ(first.size(), 5U);
  for (const auto& check : first) EXPECT_LE(check.error, 1e-8) << check.name;
  const ProblemK k;
  for (const auto& check : check_gradients(k, VectorXd::Constant(1, 0.2), VectorXd::Zero(1), Stream(1, "check")))
    EXPECT_LE(check.error, 1e-8) << check.name;
}

// Problem Q with the sign of its JVP flipped: the commonest mistake.
class Flipped final : public BilevelProblem {
 public:
  [[nodiscard]] Eigen::Index dimension_x() const override { return 5; }
  [[nodiscard]] Eigen::Index dimension_y() const override { return 5; }
  [[nodiscard]] double f(const VectorRef& x, const VectorRef& y, const Sample&) const override { return q_.f(x, y); }
  [[nodiscard]] double g(const VectorRef& x, const VectorRef& y, const Sample&) const override { return q_.g(x, y); }
  void f_x(const VectorRef& x, const VectorRef& y, VectorXd& out, const Sample&) const override { q_.f_x(x, y, out); }
  void f_y(const VectorRef& x, const VectorRef& y, VectorXd& out, const Sample&) const override { q_.f_y(x, y, out); }
  void g_x(const VectorRef& x, const VectorRef& y, VectorXd& out, const Sample&) const override { q_.g_x(x, y, out); }
  void g_y(const VectorRef& x, const VectorRef& y, VectorXd& out, const Sample&) const override { q_.g_y(x, y, out); }
  [[nodiscard]] bool second_order() const override { return true; }
  void hvp(const VectorRef& x, const VectorRef& y, const VectorRef& v, VectorXd& out, const Sample&) const override {
    q_.hvp(x, y, v, out);
  }
  void jvp(const VectorRef& x, const VectorRef& y, const VectorRef& v, VectorXd& out, const Sample&) const override {
    q_.jvp(x, y, v, out);
    out = -out;
  }

 private:
  ProblemQ q_;
};

TEST(BilevelCheck, FindsAFlippedSign) {
  const Flipped flipped;
  double jvp = 0;
  for (const auto& check : check_gradients(flipped, q_point(), VectorXd::Zero(5), Stream(1, "check"))) {
    if (check.name == "jvp") {
      jvp = check.error;
    } else {
      EXPECT_LE(check.error, 1e-8) << check.name;
    }
  }
  EXPECT_GT(jvp, 0.1);
  const auto checks = check_hypergradient(flipped, q_point(), VectorXd::Zero(5),
                                          {ExactImplicit{}, PenaltyGradient{.sigma = 1e-4}}, Stream(1, "check"));
  EXPECT_GT(checks[0].error, 0.1);
  EXPECT_LE(checks[1].error, 1e-3);  // asks for no jvp
}

TEST(BilevelCheck, ComparesOraclesWithDifferencesOfPsi) {
  const ProblemR r;
  const auto checks = check_hypergradient(
      r, r_point(), VectorXd::Zero(3),
      {ExactImplicit{}, ConjugateGradient{}, PenaltyGradient{.sigma = 1e-3}, Neumann{.terms = 5000, .step = 0.1}},
      Stream(1, "check"));
  EXPECT_LE(checks[0].error, 1e-8);
  EXPECT_LE(checks[1].error, 1e-8);
  EXPECT_LE(checks[2].error, 1e-4);
  EXPECT_LE(checks[3].error, 1e-8);
  const ProblemJ j;
  const auto refused =
      check_hypergradient(j, VectorXd::Constant(1, 0.5), VectorXd::Zero(1), {ExactImplicit{}}, Stream(1, "check"));
  EXPECT_TRUE(std::isnan(refused[0].error));
  EXPECT_THAT(refused[0].refused, HasSubstr("second derivatives"));
}

}  // namespace
}  // namespace offprint::optimize
