// Exact finite-N routes: independent radii, the line gas, the Gamma law, Bernoulli sums.
#include "offprint/coulomb/exact.hpp"

#include <array>
#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "offprint/core/error.hpp"
#include "offprint/coulomb/cumulants.hpp"
#include "offprint/coulomb/transfer.hpp"

namespace offprint::coulomb {
namespace {

std::vector<double> ginibre(const char* f, long n, int order) {
  return to_reduced(IndependentRadii(RadialFunction("r^2/2"), n).cumulants(RadialFunction(f), order),
                    static_cast<double>(n), 2);
}
void expect_near(const std::vector<double>& k, std::size_t first, const std::vector<double>& expected,
                 double relative) {
  for (std::size_t i = 0; i < expected.size(); ++i)
    EXPECT_NEAR(k[first + i], expected[i], relative * std::abs(expected[i])) << "q = " << first + i;
}

TEST(IndependentRadii, QuadraticStatisticIsAGammaLaw) {
  for (const long n : {1L, 2L, 10L, 100L, 3000L}) {
    const double factor = 1 + 1 / static_cast<double>(n);
    expect_near(ginibre("r^2", n, 6), 2, {factor, 4 * factor, 24 * factor, 192 * factor, 1920 * factor}, 2e-7);
    const auto law = to_reduced(quadratic_cumulants(n, 2, 6), static_cast<double>(n), 2);
    expect_near(law, 2, {factor, 4 * factor, 24 * factor, 192 * factor, 1920 * factor}, 1e-12);
  }
}

TEST(IndependentRadii, Oracles) {
  expect_near(ginibre("r^3", 100, 5), 1, {0.407520283, 1.54246394, 14.0220159, 212.605084, 4612.97172}, 6e-9);
  expect_near(ginibre("r^3", 10, 4), 2, {1.94946596, 19.2388638, 318.404271}, 6e-9);
  expect_near(ginibre("exp(-r^2)", 100, 6), 1,
              {0.630288788, 0.294850596, -0.193217759, -0.149871408, 0.353079572, 1.47551779}, 6e-9);
  expect_near(ginibre("cos(2*r)", 200, 5), 2, {1.57972417, -2.95772244, -4.60190773, 56.3855713}, 6e-9);
}

TEST(IndependentRadii, OtherTrapsConvergeToTheFormula) {
  const RadialFunction u("r^4/4");
  const RadialFunction f("r^3");
  const auto leading = leading_cumulants<double>({2, u}, f, 4);
  double before = 1;
  for (const long n : {100L, 400L, 1600L}) {
    const auto k = to_reduced(IndependentRadii(u, n).cumulants(f, 4), static_cast<double>(n), 2);
    const double gap = std::abs(k[3] / leading[3] - 1);
    EXPECT_LT(gap, before / 3);
    before = gap;
  }
  EXPECT_LT(before, 2e-3);
}

TEST(IndependentRadii, AMillionChargesAndAnyThreads) {
  const IndependentRadii gas(RadialFunction("r^2/2"), 20000);
  const RadialFunction f("r^3");
  EXPECT_EQ(gas.cumulants(f, 3, {.threads = 1}), gas.cumulants(f, 3, {.threads = 3}));
  // The first correction says what is left: 51.6375/N.
  const auto k = to_reduced(gas.cumulants(f, 3), 20000, 2);
  EXPECT_NEAR(k[3], 13.5 + 51.6375 / 20000, 1e-5);
}

TEST(IndependentRadii, CountingStatistic) {
  const auto k = IndependentRadii(RadialFunction("r^2/2"), 100).counting_cumulants(0.5, 4);
  EXPECT_NEAR(k[1], 25, 1e-9);
  EXPECT_NEAR(k[2], 2.81386876351, 1e-10);
  EXPECT_NEAR(k[3], 0.0924400869, 1e-9);
  EXPECT_NEAR(k[4], -0.1509836477, 1e-9);
  const auto far = IndependentRadii(RadialFunction("r^2/2"), 1600).counting_cumulants(0.8, 4);
  EXPECT_NEAR(far[1], 1024, 1e-7);
  EXPECT_NEAR(far[2], 18.0529646398, 1e-9);
  EXPECT_NEAR(far[3], 0.0919014476, 1e-8);
  EXPECT_NEAR(far[4], -0.9549344955, 1e-8);
}

TEST(Bernoulli, Cumulants) {
  const double p = 0.3;
  const double v = p * (1 - p);
  const auto k = bernoulli_cumulants(p, 4);
  EXPECT_NEAR(k[2], v, 1e-15);
  EXPECT_NEAR(k[3], v * (1 - 2 * p), 1e-15);
  EXPECT_NEAR(k[4], v * (1 - 6 * v), 1e-15);
}

TEST(QuadraticCumulants, AnyBeta) {
  const auto k = quadratic_cumulants(20, 4, 3);
  EXPECT_NEAR(k[3], 0.0125, 1e-16);
  EXPECT_NEAR(to_reduced(k, 20, 4)[3], 4, 1e-12);
  const auto weak = to_reduced(quadratic_cumulants(20, 1, 3), 20, 1);
  EXPECT_NEAR(weak[1], 0.575, 1e-13);
  EXPECT_NEAR(weak[2], 1.15, 1e-13);
  EXPECT_NEAR(weak[3], 4.6, 1e-12);
  EXPECT_THROW((void)quadratic_cumulants(20, 0, 3), InputError);
}

TEST(LineGas, Oracles) {
  struct Row {
    const char* f;
    double beta;
    long n;
    std::vector<double> k;
  };
  const std::array<Row, 4> rows{{{"r^2", 2, 20, {0.3728284156, 1.4071706, 8.2734503, 65.523709}},
                                 {"r^2", 1, 40, {0.3765893503, 1.4188812, 8.3331046, 65.946679}},
                                 {"r^3", 4, 20, {0.2770089325, 2.0022246, 30.461352, 743.83577}},
                                 {"r^3", 2, 80, {0.2663770217, 1.9287859, 29.283475, 713.0239}}}};
  for (const Row& row : rows) {
    const auto k =
        to_reduced(line_cumulants<double>(RadialFunction("r^2/2"), RadialFunction(row.f), row.n, row.beta, 4),
                   static_cast<double>(row.n), row.beta);
    expect_near(k, 1, row.k, 3e-8);
  }
  const auto raw = line_cumulants<double>(RadialFunction("r^2/2"), RadialFunction("r^2"), 20, 2, 4);
  expect_near(raw, 1, {7.45656831239, 0.7035852969673, 0.1034181293005, 0.02047615912826}, 1e-11);
}

TEST(LineGas, LongDoubleKeepsDigits) {
  const RadialFunction u("r^2/2");
  const RadialFunction f("r^3");
  const auto a = to_reduced(line_cumulants<double>(u, f, 320, 2, 6), 320, 2);
  const auto b = to_reduced(line_cumulants<long double>(u, f, 320, 2, 6), 320, 2);
  for (std::size_t q = 1; q <= 4; ++q) EXPECT_NEAR(a[q] / b[q], 1, 1e-6) << q;
  EXPECT_NEAR(a[6] / b[6], 1, 1e-3);
}

TEST(LineGas, TwoChargesByHand) {
  // N = 2: the centre of mass and the distance separate for U = r^2/2: sum x^2 = 2 c^2 + r^2/2, weight
  // exp(-beta (2 c^2 + r^2/2 - r)).
  const double beta = 3;
  double z = 0;
  double m = 0;
  for (int i = 0; i < 400000; ++i) {
    const double r = (i + 0.5) * 2e-5;
    const double w = std::exp(-beta * (r * r / 2 - r));
    z += w;
    m += w * r * r / 2;
  }
  const auto k = line_cumulants<double>(RadialFunction("r^2/2"), RadialFunction("r^2"), 2, beta, 2);
  EXPECT_NEAR(k[1], m / z + 1 / (2 * beta), 1e-7);
  EXPECT_THROW((void)line_cumulants<double>(RadialFunction("r^2/2"), RadialFunction("r^2"), 2, -1, 2), InputError);
}

}  // namespace
}  // namespace offprint::coulomb
