#include "offprint/optimize/gns.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "offprint/core/error.hpp"
#include "offprint/optimize/function_objective.hpp"
#include "offprint/optimize/gamma.hpp"
#include "offprint/optimize/test_functions.hpp"

namespace offprint::optimize {
namespace {

using Eigen::MatrixXd;
using Eigen::VectorXd;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

VectorXd vector(std::initializer_list<double> values) {
  return Eigen::Map<const VectorXd>(values.begin(), static_cast<Eigen::Index>(values.size()));
}

// |x|^p/p in one dimension.
FunctionParts power(double p) {
  FunctionParts parts;
  parts.dimension = 1;
  parts.convex = true;
  parts.value_and_gradient = [p](const VectorXd& x, VectorXd& g) {
    g(0) = std::copysign(std::pow(std::abs(x(0)), p - 1), x(0));
    return std::pow(std::abs(x(0)), p) / p;
  };
  parts.curvature[HessianKind::kExact] = [p](const VectorXd& x) -> Curvature {
    return DenseCurvature{MatrixXd::Constant(1, 1, (p - 1) * std::pow(std::abs(x(0)), p - 2))};
  };
  return parts;
}

std::vector<double> values(const Minimum& m, std::size_t count) {
  std::vector<double> out;
  for (std::size_t i = 0; i < count; ++i) out.push_back(m.trace.at(i).value);
  return out;
}

// N = 2K - log2(gamma_K / gamma_0)
void expect_cost_identity(const Minimum& m, double gamma0) {
  ASSERT_EQ(m.failures, 0);
  ASSERT_FALSE(m.gamma_clipped);
  EXPECT_EQ(m.solves, 2 * m.iterations - std::lround(std::log2(m.gamma / gamma0)));
}

TEST(Gns, TheFirstStepsOnACubic) {
  const FunctionObjective f(power(3));
  const auto m = minimize_gns(f, Metric::identity(1), vector({1}), {.epsilon = 0, .stop = {.max_iterations = 8}});
  const auto f_k = values(m, 4);
  EXPECT_NEAR(f_k[0], 0.3333333333, 1e-10);
  EXPECT_NEAR(f_k[1], 8.0 / 81, 1e-10);
  EXPECT_NEAR(f_k[2], 0.0184285353, 2e-10);
  EXPECT_NEAR(f_k[3], 0.0026321843, 1e-10);
  std::vector<double> gamma{1};  // what each search begins with: twice what the one before has accepted
  for (std::size_t k = 0; k + 1 < 8; ++k) gamma.push_back(2 * m.trace[k].gamma);
  EXPECT_THAT(gamma, ElementsAre(1, 2, 4, 8, 8, 4, 2, 1));
  EXPECT_DOUBLE_EQ(m.trace[0].lambda, 1);
  EXPECT_EQ(m.status, "iterations");
  expect_cost_identity(m, 1);
  const auto usual = minimize_gns(f, Metric::identity(1), vector({1}), {.stop = {.max_iterations = 1}});
  EXPECT_NEAR(usual.trace[1].value, 0.0987654316, 1e-8);
}

TEST(Gns, TheMetricScalesTheStep) {
  // The same function in the variable y = 2x: metric 4 there is the identity here.
  FunctionParts parts = power(3);
  parts.value_and_gradient = [](const VectorXd& y, VectorXd& g) {
    const double x = y(0) / 2;
    g(0) = std::copysign(x * x, x) / 2;
    return std::abs(x * x * x) / 3;
  };
  parts.curvature[HessianKind::kExact] = [](const VectorXd& y) -> Curvature {
    return DenseCurvature{MatrixXd::Constant(1, 1, 2 * std::abs(y(0) / 2) / 4)};
  };
  const FunctionObjective scaled(parts);
  const FunctionObjective plain(power(3));
  const GnsOptions options{.stop = {.max_iterations = 12}};
  const auto a = minimize_gns(scaled, Metric::matrix(MatrixXd::Constant(1, 1, 0.25)), vector({2}), options);
  const auto b = minimize_gns(plain, Metric::identity(1), vector({1}), options);
  for (std::size_t k = 0; k <= 12; ++k) EXPECT_NEAR(a.trace[k].value, b.trace[k].value, 1e-14);
}

TEST(Gns, RosenbrockWithAnIndefiniteHessian) {
  const Rosenbrock f;
  const auto m = minimize_gns(f, Metric::identity(2), vector({-2, 2}), {.stop = {.gradient_tolerance = 1e-9}});
  EXPECT_EQ(m.status, "gradient");
  EXPECT_EQ(m.iterations, 53);
  EXPECT_EQ(m.solves, 107);
  EXPECT_NEAR(m.trace[1].value, 87.40302770515, 1e-8);
  EXPECT_NEAR(m.trace[5].value, 5.699888887, 1e-8);
  EXPECT_NEAR(m.trace[10].value, 4.294923490, 1e-8);
  EXPECT_NEAR(m.trace[20].value, 1.412316859, 1e-8);
  for (std::size_t k = 1; k < m.trace.size(); ++k) EXPECT_LT(m.trace[k].value, m.trace[k - 1].value);
}

TEST(Gns, AStartAtTheOptimumReturnsAtOnce) {
  const FunctionObjective f(power(4));
  const auto m = minimize_gns(f, Metric::identity(1), vector({0}), {.stop = {.gradient_tolerance = 0}});
  EXPECT_EQ(m.status, "gradient");
  EXPECT_EQ(m.iterations, 0);
  EXPECT_EQ(m.solves, 0);
  EXPECT_EQ(m.point.value, 0);
}

TEST(Gns, NearTheOptimumRoundingIsAcceptedAndReported) {
  // f = 1e8 + x^2/2 from 1e-3: the decrease 5e-7 is far below the spacing of doubles at 1e8.
  FunctionParts parts;
  parts.dimension = 1;
  parts.value_and_gradient = [](const VectorXd& x, VectorXd& g) {
    g = x;
    return 1e8 + x.squaredNorm() / 2;
  };
  parts.curvature[HessianKind::kExact] = [](const VectorXd&) -> Curvature {
    return DenseCurvature{MatrixXd::Identity(1, 1)};
  };
  const auto m = minimize_gns(FunctionObjective(parts), Metric::identity(1), vector({1e-5}));
  EXPECT_EQ(m.status, "gradient");
  EXPECT_TRUE(m.trace[0].by_cancellation);
}

TEST(Gns, AWrongGradientEndsTheSearch) {
  FunctionParts parts = power(2);
  parts.value_and_gradient = [](const VectorXd& x, VectorXd& g) {
    g = -x;
    return x.squaredNorm() / 2;
  };
  const auto m = minimize_gns(FunctionObjective(parts), Metric::identity(1), vector({1}));
  EXPECT_EQ(m.status, "search_failed");
  EXPECT_FALSE(m.converged());
  EXPECT_EQ(m.point.x(0), 1);  // the best point so far
  EXPECT_EQ(m.solves, 41);
}

TEST(Gns, ValuesThatAreNotFiniteAreRejected) {
  FunctionParts parts = power(2);  // -log(1 - x) - x: infinite from 1 on
  parts.value_and_gradient = [](const VectorXd& x, VectorXd& g) {
    g(0) = 1 / (1 - x(0)) - 1;
    return x(0) < 1 ? -std::log(1 - x(0)) - x(0) : std::numeric_limits<double>::infinity();
  };
  parts.curvature[HessianKind::kExact] = [](const VectorXd& x) -> Curvature {
    return DenseCurvature{MatrixXd::Constant(1, 1, 1 / std::pow(1 - x(0), 2))};
  };
  const auto m = minimize_gns(FunctionObjective(parts), Metric::identity(1), vector({-50}), {.gamma0 = 1e6});
  EXPECT_EQ(m.status, "gradient");
  EXPECT_NEAR(m.point.x(0), 0, 1e-7);
}

TEST(Gns, RefusesWhatCannotBe) {
  const FunctionObjective f(power(3));
  const Metric b = Metric::identity(1);
  const auto refusal = [&](const GnsOptions& options, const VectorXd& start) -> std::string {
    try {
      (void)minimize_gns(f, b, start, options);
    } catch (const InputError& error) {
      return error.what();
    }
    return "no InputError";
  };
  EXPECT_THAT(refusal({.gamma0 = 0}, vector({1})), HasSubstr("gamma0 is 0; it must be positive"));
  EXPECT_THAT(refusal({.hessian = HessianKind::kFisher}, vector({1})),
              HasSubstr("no 'fisher' approximation of its Hessian; it has: exact, none"));
  EXPECT_THAT(refusal({}, vector({1, 2})), HasSubstr("2 entries but the objective has 1"));
  EXPECT_THAT(refusal({}, vector({std::nan("")})), HasSubstr("the objective is nan at the start"));
  EXPECT_THAT(refusal({.stop = {.gradient_tolerance = -1}}, vector({1})), HasSubstr("gradient tolerance is -1"));
}

// ---------------------------------------------------------------- gamma(x)

TEST(Gamma, ClosedFormsInOneDimension) {
  const Metric b = Metric::identity(1);
  const std::vector<VectorXd> line{vector({1})};
  const auto gamma = [&](double p, double x, HessianKind kind, GammaDomain domain) {
    FunctionParts parts = power(p);
    const FunctionObjective f(parts);
    return gradient_normalized_smoothness(f, b, evaluated(f, vector({x})), line, {.hessian = kind, .domain = domain});
  };
  for (const double x : {1.0, -0.3, 7.0}) {
    const double size = std::abs(x);
    EXPECT_NEAR(gamma(3, x, HessianKind::kExact, GammaDomain::kRestricted), 2 * size, 1e-6 * size);
    EXPECT_NEAR(gamma(4, x, HessianKind::kExact, GammaDomain::kRestricted), 9.0 / 8 * size, 1e-6 * size);
    EXPECT_NEAR(gamma(3, x, HessianKind::kExact, GammaDomain::kBall), size, 1e-6 * size);
    EXPECT_NEAR(gamma(4, x, HessianKind::kExact, GammaDomain::kBall), 0.532088886237956 * size, 1e-6 * size);
    EXPECT_EQ(gamma(2, x, HessianKind::kExact, GammaDomain::kRestricted), std::numeric_limits<double>::infinity());
    EXPECT_EQ(gamma(2, x, HessianKind::kExact, GammaDomain::kBall), std::numeric_limits<double>::infinity());
    EXPECT_NEAR(gamma(2, x, HessianKind::kNone, GammaDomain::kRestricted), size, 1e-6 * size);
    EXPECT_NEAR(gamma(2, x, HessianKind::kNone, GammaDomain::kBall), size, 1e-6 * size);
  }
  EXPECT_EQ(gamma(3, 0.0, HessianKind::kExact, GammaDomain::kBall), std::numeric_limits<double>::infinity());
}

}  // namespace
}  // namespace offprint::optimize
