// The methods BO-REP is compared with: their building blocks in closed form, and that each finds a gentle minimum.
#include "offprint/optimize/implicit_methods.hpp"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "offprint/core/error.hpp"
#include "offprint/optimize/saba.hpp"
#include "offprint/optimize/unbounded_problem.hpp"

namespace offprint::optimize {
namespace {

using Eigen::VectorXd;
using ::testing::HasSubstr;

VectorXd constant(double value) { return VectorXd::Constant(10, value); }

// U+ as a finite sum: term k of each level shifts its gradient in y and x by +-1 along one axis; the mean is exact.
class FiniteSumU final : public FiniteSumProblem {
 public:
  [[nodiscard]] Eigen::Index dimension_x() const override { return 10; }
  [[nodiscard]] Eigen::Index dimension_y() const override { return 10; }
  [[nodiscard]] double f(const VectorRef& x, const VectorRef& y, const Sample&) const override { return u.f(x, y); }
  [[nodiscard]] double g(const VectorRef& x, const VectorRef& y, const Sample&) const override { return u.g(x, y); }
  void f_x(const VectorRef& x, const VectorRef& y, VectorXd& out, const Sample& s) const override {
    u.f_x(x, y, out);
    shift(s, out);
  }
  void f_y(const VectorRef& x, const VectorRef& y, VectorXd& out, const Sample& s) const override {
    u.f_y(x, y, out);
    shift(s, out);
  }
  void g_x(const VectorRef& x, const VectorRef& y, VectorXd& out, const Sample&) const override { u.g_x(x, y, out); }
  void g_y(const VectorRef& x, const VectorRef& y, VectorXd& out, const Sample& s) const override {
    u.g_y(x, y, out);
    shift(s, out);
  }
  [[nodiscard]] bool second_order() const override { return true; }
  void hvp(const VectorRef& x, const VectorRef& y, const VectorRef& v, VectorXd& out, const Sample& s) const override {
    u.hvp(x, y, v, out);
    shift(s, out);
  }
  void jvp(const VectorRef& x, const VectorRef& y, const VectorRef& v, VectorXd& out, const Sample& s) const override {
    u.jvp(x, y, v, out);
    shift(s, out);
  }
  [[nodiscard]] std::uint64_t upper_terms() const override { return 6; }
  [[nodiscard]] std::uint64_t lower_terms() const override { return 8; }

  const UnboundedProblem u{{.pull = 1.0}};

 private:
  static void shift(const Sample& s, VectorXd& out) {
    if (!s.exact()) out[static_cast<Eigen::Index>(*s.index / 2)] += *s.index % 2 == 0 ? 1 : -1;
  }
};

double final_gradient(const UnboundedProblem& u, const BilevelResult& result) {
  return u.phi_gradient(result.x).norm();
}

TEST(ImplicitMethods, NeumannSeriesIsTheGeometricSum) {
  const UnboundedProblem u;
  CountedProblem counted(u);
  SampleSequence exact;
  VectorXd z;
  VectorXd slope;
  u.f_y(constant(1), constant(0.5), slope);
  neumann_series(counted, constant(1), constant(0.5), 0.1, 10, exact, z);
  for (int i = 0; i < 10; ++i) {
    const double q = u.curvature()[i];
    EXPECT_NEAR(z[i], slope[i] * (1 - std::pow(1 - 0.1 * q, 11)) / q, 1e-13 * std::abs(slope[i]));
  }
  EXPECT_EQ(counted.calls().hvps, 10U);
  EXPECT_EQ(counted.calls().upper_gradients, 1U);
}

TEST(ImplicitMethods, AllFindTheMinimumOfAGentleProblem) {
  const UnboundedProblem u({.pull = 1.0});
  EXPECT_LT(
      final_gradient(u, stoc_bio(u, constant(1), constant(0),
                                 {.steps = 2000, .learning_rate = 0.01, .lower_steps = 20, .neumann_terms = 200})),
      1e-6);
  EXPECT_LT(final_gradient(u, ma_soba(u, constant(1), constant(0), {.steps = 4000, .learning_rate = 0.01})), 1e-6);
  EXPECT_LT(final_gradient(
                u, ttsa(u, constant(1), constant(0), {.steps = 20000, .learning_rate = 0.03, .neumann_terms = 100})),
            0.02);
  EXPECT_LT(final_gradient(u, slip(u, constant(1), constant(0), {.steps = 4000, .eta = 1e-3})), 40 * 1e-3);
}

TEST(ImplicitMethods, OneStepOfMaSobaIsSimultaneous) {
  const UnboundedProblem u({.pull = 1.0});
  const VectorXd x = constant(0.5);
  const VectorXd y = constant(0.25);
  const auto once = ma_soba(u, x, y, {.steps = 1, .learning_rate = 0.1, .lower_step = 0.2, .nu = 0.3, .beta = 0.75});
  VectorXd gradient;
  u.g_y(x, y, gradient);
  EXPECT_LT((once.y - (y - 0.2 * gradient)).norm(), 1e-15);
  u.f_y(x, y, gradient);
  EXPECT_LT((once.z - 0.3 * gradient).norm(), 1e-15);
  u.f_x(x, y, gradient);  // z = 0: the direct term alone, a quarter of it after one step of momentum
  EXPECT_LT((once.x - (x - 0.1 * 0.25 * gradient)).norm(), 1e-15);
  EXPECT_EQ(once.calls.first_order(), 5U);
}

TEST(ImplicitMethods, CallsOfAStep) {
  const UnboundedProblem u;
  EXPECT_EQ(
      stoc_bio(u, constant(1), constant(0), {.steps = 10, .lower_steps = 3, .neumann_terms = 10}).calls.first_order(),
      10U * (3 + 10 + 3));
  EXPECT_EQ(ttsa(u, constant(1), constant(0), {.steps = 10, .neumann_terms = 10}).calls.first_order(), 10U * (10 + 4));
  EXPECT_EQ(slip(u, constant(1), constant(0), {.steps = 10}).calls.first_order(), 10U * 5 + 300);
}

TEST(ImplicitMethods, AFixedStepExplodesFromASteepStart) {
  const UnboundedProblem u;
  for (const auto& result : {ma_soba(u, constant(5), constant(0), {.learning_rate = 1e-3, .stochastic = true}),
                             stoc_bio(u, constant(5), constant(0), {.learning_rate = 1e-3, .stochastic = true})}) {
    EXPECT_EQ(result.stopped, "diverged");
    EXPECT_TRUE(result.x.allFinite());
  }
}

TEST(ImplicitMethods, SabaConvergesWithConstantSteps) {
  const FiniteSumU problem;
  const SabaOptions options{.steps = 20000, .learning_rate = 3e-3, .lower_step = 0.05, .nu = 0.05};
  const auto result = saba(problem, constant(1), constant(0), options);
  // The terms differ by constants only, so that their table is exact from the start: no noise at all is left.
  EXPECT_LT(final_gradient(problem.u, result), 1e-6);
  EXPECT_EQ(saba_table_bytes(problem), 8U * (6 * 20 + 8 * 30));
}

TEST(ImplicitMethods, SabaRefusesWhatIsNoFiniteSumOrTooLarge) {
  try {
    (void)saba(UnboundedProblem{}, constant(1), constant(0));
    FAIL();
  } catch (const InputError& e) {
    EXPECT_THAT(e.what(), HasSubstr("network"));
  }
  try {
    (void)saba(FiniteSumU{}, constant(1), constant(0), {.max_bytes = 100});
    FAIL();
  } catch (const InputError& e) {
    EXPECT_THAT(e.what(), HasSubstr("above the limit"));
  }
}

TEST(ImplicitMethods, RefuseBadOptions) {
  const UnboundedProblem u;
  EXPECT_THROW((void)stoc_bio(u, constant(1), constant(0), {.learning_rate = 0}), InputError);
  EXPECT_THROW((void)stoc_bio(u, constant(1), constant(0), {.neumann_step = 0}), InputError);
  EXPECT_THROW((void)ma_soba(u, constant(1), constant(0), {.beta = 1}), InputError);
  EXPECT_THROW((void)ma_soba(u, constant(1), constant(0), {.nu = 0}), InputError);
  EXPECT_THROW((void)slip(u, constant(1), constant(0), {.eta = -1}), InputError);
  EXPECT_THROW((void)ttsa(u, constant(1), constant(0), {.lower_step = 0}), InputError);
}

}  // namespace
}  // namespace offprint::optimize
