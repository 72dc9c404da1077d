// The published problems: derivatives, closed forms, and the iterates that the method must make on them.
#include <cmath>

#include <Eigen/Eigenvalues>
#include <gtest/gtest.h>

#include "offprint/core/error.hpp"
#include "offprint/optimize/baselines.hpp"
#include "offprint/optimize/derivative_check.hpp"
#include "offprint/optimize/gns.hpp"
#include "offprint/optimize/log_sum_exp.hpp"
#include "offprint/optimize/notebook_problems.hpp"
#include "offprint/optimize/numpy_random.hpp"
#include "offprint/optimize/residual_power.hpp"
#include "offprint/optimize/test_functions.hpp"

namespace offprint::optimize {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

double smallest_eigenvalue(const MatrixXd& a) {
  return Eigen::SelfAdjointEigenSolver<MatrixXd>(a, Eigen::EigenvaluesOnly).eigenvalues()(0);
}

struct ZeroProblem {
  explicit ZeroProblem(Index n, double mu = 1)
      : data(zero_log_sum_exp(n, n, mu)), f(data.rows, data.b, {.mu = mu}), metric(Metric::gram(data.raw_rows)) {
    Point zero;
    zero.x = VectorXd::Zero(n);
    f.evaluate(zero);
    optimum = zero.value;
    EXPECT_LT(zero.gradient.norm(), 1e-10);
  }
  [[nodiscard]] Minimum minimize(HessianKind kind, int iterations = 500) const {
    return minimize_gns(
        f, metric, VectorXd::Ones(f.dimension()),
        {.hessian = kind, .stop = {.gradient_tolerance = 0, .optimum = optimum, .max_iterations = iterations}});
  }
  ZeroLogSumExp data;
  LogSumExp f;
  Metric metric;
  double optimum = 0;
};

TEST(LogSumExp, DerivativesAndTheRankOneGap) {
  const auto data = zero_log_sum_exp(7, 9, 0.5);
  const LogSumExp f(data.rows, data.b, {.mu = 0.5, .l2 = 0.1});
  const VectorXd x = VectorXd::LinSpaced(7, -1, 1);
  expect_derivatives(f, x);
  const LogSumExp plain(data.rows, data.b, {.mu = 0.5});
  const Point p = at(plain, x);
  const MatrixXd exact = to_dense(plain.curvature(p, HessianKind::kExact));
  const MatrixXd weighted = to_dense(plain.curvature(p, HessianKind::kGaussNewton));
  EXPECT_LT((weighted - exact - p.gradient * p.gradient.transpose() / 0.5).norm(), 1e-13 * weighted.norm());
  EXPECT_GT(smallest_eigenvalue(exact), -1e-12);
  EXPECT_LT((to_dense(plain.curvature(p, HessianKind::kDiagonal)).diagonal() - exact.diagonal()).norm(), 1e-12);
}

TEST(LogSumExp, CountsOfTheNotebook) {
  const ZeroProblem n100(100);
  const auto exact = n100.minimize(HessianKind::kExact);
  EXPECT_NEAR(exact.trace[0].value, 15.2345435460, 1e-9);
  EXPECT_NEAR(n100.optimum, 4.7078873568, 1e-9);
  EXPECT_EQ(exact.status, "value");
  EXPECT_EQ(exact.iterations, 14);
  EXPECT_EQ(exact.solves, 22);
  EXPECT_NEAR(exact.trace[1].value - n100.optimum, 9.709, 1e-3);
  EXPECT_NEAR(exact.trace[2].value - n100.optimum, 8.496, 1e-3);
  EXPECT_NEAR(exact.trace[5].value - n100.optimum, 3.132, 1e-3);
  EXPECT_NEAR(exact.trace[10].value - n100.optimum, 0.01951, 1e-5);
  const auto wgn = n100.minimize(HessianKind::kGaussNewton);
  EXPECT_EQ(wgn.iterations, 21);
  EXPECT_EQ(wgn.solves, 33);

  const ZeroProblem n200(200);
  const auto exact200 = n200.minimize(HessianKind::kExact);
  EXPECT_NEAR(exact200.trace[0].value, 22.1359830262, 1e-9);
  EXPECT_NEAR(n200.optimum, 5.4879576757, 1e-9);
  EXPECT_EQ(exact200.iterations, 18);
  EXPECT_EQ(exact200.solves, 28);
  const auto wgn200 = n200.minimize(HessianKind::kGaussNewton);
  EXPECT_EQ(wgn200.iterations, 30);
  EXPECT_EQ(wgn200.solves, 54);
  EXPECT_NEAR(wgn200.trace[5].value - n200.optimum, 13.19, 1e-2);
  EXPECT_NEAR(wgn200.trace[10].value - n200.optimum, 9.793, 1e-3);
  EXPECT_NEAR(wgn200.trace[20].value - n200.optimum, 2.500, 1e-3);
  // The cap of weighted Gauss-Newton, and the lower bound 1/(2 M_q), M_q = 2/mu, of every accepted gamma.
  for (std::size_t k = 0; k + 1 < wgn200.trace.size(); ++k)
    EXPECT_LE(wgn200.trace[k].value - wgn200.trace[k + 1].value, 1 + 1e-12);
  for (const auto& run : {exact, wgn, exact200, wgn200})
    for (std::size_t k = 0; k + 1 < run.trace.size(); ++k) EXPECT_GE(run.trace[k].gamma, 0.25);
}

TEST(LogSumExp, CountsAt500) {
  const ZeroProblem problem(500);
  const auto exact = problem.minimize(HessianKind::kExact);
  EXPECT_NEAR(exact.trace[0].value, 40.3248200750, 1e-8);
  EXPECT_NEAR(problem.optimum, 6.3943636192, 1e-9);
  EXPECT_EQ(exact.iterations, 28);
  EXPECT_EQ(exact.solves, 51);
}

TEST(LogSumExp, SmallSmoothing) {
  const ZeroProblem problem(200, 0.1);
  const auto exact = problem.minimize(HessianKind::kExact);
  EXPECT_NEAR(exact.trace[0].value, 19.7625318230, 1e-9);
  EXPECT_NEAR(problem.optimum, 1.2277995464, 1e-9);
  EXPECT_NEAR(exact.trace[5].value, 12.15034369, 1e-6);
  EXPECT_NEAR(exact.trace[20].value, 3.689398, 1e-4);
  EXPECT_GE(exact.iterations, 150);
  EXPECT_LE(exact.iterations, 185);
  const auto wgn = problem.minimize(HessianKind::kGaussNewton);
  EXPECT_NEAR(wgn.trace[5].value, 19.34416534, 1e-6);
  EXPECT_NEAR(wgn.trace[20].value, 18.089066, 1e-4);
  EXPECT_GE(wgn.iterations, 340);
  EXPECT_LE(wgn.iterations, 375);
  for (std::size_t k = 0; k + 1 < wgn.trace.size(); ++k)
    EXPECT_LE(wgn.trace[k].value - wgn.trace[k + 1].value, 0.1 + 1e-12);
}

TEST(LogSumExp, GradientMethodsInBothMetrics) {
  const ZeroProblem problem(200);
  EXPECT_EQ(problem.minimize(HessianKind::kNone).iterations, 64);
  const VectorXd start = VectorXd::Ones(200);
  StopRule stop{.gradient_tolerance = 0, .optimum = problem.optimum, .max_iterations = 1000};
  EXPECT_EQ(minimize_gradient(problem.f, problem.metric, start, {.stop = stop}).iterations, 74);
  const auto euclidean = minimize_gradient(problem.f, Metric::identity(200), start, {.stop = stop});
  EXPECT_NEAR(euclidean.point.value - problem.optimum, 2.54e-4, 1e-6);
}

TEST(LogSumExp, RefusesWhatCannotBe) {
  const MatrixXd a = MatrixXd::Ones(3, 2);
  EXPECT_THROW(LogSumExp(a, VectorXd::Zero(2)), InputError);
  EXPECT_THROW(LogSumExp(a, VectorXd::Zero(3), {.mu = 0}), InputError);
  EXPECT_THROW(LogSumExp(a, VectorXd::Zero(3), {.l2 = -1}), InputError);
  EXPECT_THROW(LogSumExp(MatrixXd(0, 0), VectorXd(0)), InputError);
  EXPECT_THROW(LogSumExp(a, VectorXd::Constant(3, std::nan(""))), InputError);
}

// ---------------------------------------------------------------- powers of a residual

TEST(ResidualPower, Derivatives) {
  const auto system = random_system(5, 8);
  for (const double p : {2.0, 3.0, 4.0, 2.5}) {
    expect_derivatives(LinearResidualPower(system.a, system.b, p), VectorXd::LinSpaced(8, -1, 1.5));
    expect_derivatives(BidiagonalResidualPower::chebyshev(6, p), VectorXd::LinSpaced(6, -0.9, 0.7));
    expect_derivatives(BidiagonalResidualPower::rosenbrock(p), VectorXd::LinSpaced(2, -0.5, 0.4));
  }
}

TEST(ResidualPower, ApproximationsAndTheirPieces) {
  const auto f = BidiagonalResidualPower::chebyshev(6, 4);
  const Point p = at(f, VectorXd::LinSpaced(6, -0.9, 0.7));
  EXPECT_GT(smallest_eigenvalue(to_dense(f.curvature(p, HessianKind::kGaussNewton))), -1e-12);
  const double r = p.inner.norm();
  const MatrixXd fisher = to_dense(f.curvature(p, HessianKind::kFisher));
  EXPECT_LT((fisher - 2 / std::pow(r, 4) * p.gradient * p.gradient.transpose()).norm(), 1e-12 * fisher.norm());
  // At u = 0 nothing is divided by it.
  for (const double power : {2.0, 3.0}) {
    const auto g = BidiagonalResidualPower::chebyshev(6, power);
    const Point optimum = at(g, VectorXd::Ones(6));
    for (const auto kind : {HessianKind::kExact, HessianKind::kGaussNewton, HessianKind::kFisher})
      EXPECT_TRUE(to_dense(g.curvature(optimum, kind)).allFinite());
  }
  EXPECT_THROW((void)BidiagonalResidualPower::chebyshev(6, 1.5), InputError);
  EXPECT_THROW((void)BidiagonalResidualPower::chebyshev(1, 2), InputError);
}

TEST(ResidualPower, LinearOfTheNotebook) {
  const auto system = random_system(100, 200);
  const LinearResidualPower f(system.a, system.b, 4);
  MatrixXd b = f.gram();
  b.diagonal().array() += 1e-8;
  const Metric metric = Metric::matrix(b);
  const auto run = [&](HessianKind kind) {
    return minimize_gns(f, metric, VectorXd::Ones(200),
                        {.hessian = kind, .stop = {.gradient_tolerance = 0, .optimum = 0, .value_tolerance = 1e-10}});
  };
  const auto exact = run(HessianKind::kExact);
  EXPECT_NEAR(exact.trace[0].value, 7926571.782022954, 1e-6);
  EXPECT_NEAR(exact.trace[5].value, 2093413.795417, 1e-3);
  EXPECT_NEAR(exact.trace[10].value, 2257.094924740, 1e-5);
  EXPECT_EQ(exact.iterations, 30);
  const auto fisher = run(HessianKind::kFisher);
  EXPECT_NEAR(fisher.trace[5].value, 1761649.913940, 1e-3);
  EXPECT_NEAR(fisher.trace[10].value, 25.5183024789, 1e-6);
  EXPECT_EQ(fisher.iterations, 20);
  EXPECT_EQ(run(HessianKind::kNone).iterations, 11);
}

TEST(ResidualPower, ChebyshevOfTheNotebook) {
  const auto run = [](Index n, int iterations) {
    NumpyRandom random(3124);
    const auto f = BidiagonalResidualPower::chebyshev(n, 4);
    return minimize_gns(f, Metric::identity(n), random.rand(n),
                        {.hessian = HessianKind::kGaussNewton,
                         .rounding = 0,
                         .stop = {.gradient_tolerance = 0, .max_iterations = iterations}});
  };
  const auto large = run(1000, 46);
  EXPECT_NEAR(large.trace[0].value, 329749.9994, 1e-3);
  EXPECT_NEAR(large.trace[1].value, 294072.8165, 1e-3);
  EXPECT_NEAR(large.trace[10].value, 5.55699886, 1e-7);
  EXPECT_GT(large.trace[39].value, 1e-15);
  EXPECT_LT(large.trace[40].value, 1e-15);
  EXPECT_NEAR(large.trace[46].value, 5.05e-18, 0.01e-18);
  const auto middle = run(100, 10);
  EXPECT_NEAR(middle.trace[0].value, 3359.947203, 1e-5);
  EXPECT_NEAR(middle.trace[10].value, 0.006580898, 1e-8);
  const auto small = run(10, 10);
  EXPECT_NEAR(small.trace[0].value, 23.69300823, 1e-7);
  EXPECT_NEAR(small.trace[10].value, 7.361022e-06, 1e-11);
}

TEST(ResidualPower, RosenbrockPowers) {
  const std::array<int, 4> expected{49, 50, 55, 57};
  for (int p = 2; p <= 5; ++p) {
    const auto f = BidiagonalResidualPower::rosenbrock(p);
    const auto m =
        minimize_gns(f, Metric::identity(2), Eigen::Vector2d(-2, 2),
                     {.hessian = HessianKind::kGaussNewton, .stop = {.gradient_tolerance = 0, .optimum = 0}});
    EXPECT_EQ(m.iterations, expected[static_cast<std::size_t>(p - 2)]) << p;
  }
}

// ---------------------------------------------------------------- chain, Rosenbrock

TEST(TestFunctions, Derivatives) {
  expect_derivatives(Rosenbrock(), Eigen::Vector2d(-0.7, 0.9));
  VectorXd x(6);
  x << 0.3, -0.5, 0.9, 0.2, 0.25, 1.4;
  for (const double q : {2.5, 3.0, 4.0}) {
    const Chain f(6, q);
    expect_derivatives(f, x);
    EXPECT_NEAR(at(f, VectorXd::Ones(6)).value, *f.optimum(), 1e-14);
    EXPECT_LT(at(f, VectorXd::Ones(6)).gradient.norm(), 1e-14);
  }
  EXPECT_THROW(Chain(1, 3), InputError);
  EXPECT_THROW(Chain(5, 1.5), InputError);
}

TEST(TestFunctions, TheCostIdentityHoldsOnTheChain) {
  for (const double gamma0 : {1.0, 64.0, 1.0 / 1024}) {
    const Chain f(50, 3);
    const auto m = minimize_gns(f, Metric::identity(50), VectorXd::Zero(50),
                                {.gamma0 = gamma0, .stop = {.gradient_tolerance = 0, .max_iterations = 60}});
    ASSERT_EQ(m.failures, 0);
    EXPECT_EQ(m.solves, 2 * m.iterations - std::lround(std::log2(m.gamma / gamma0)));
  }
}

}  // namespace
}  // namespace offprint::optimize
