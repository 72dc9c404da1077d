// The formulas: both routes against each other, the published normalisation's numbers, the finite-N correction.
#include "offprint/coulomb/cumulants.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "offprint/core/error.hpp"

namespace offprint::coulomb {
namespace {

using ::testing::HasSubstr;

struct Row {
  int d;
  const char* u;
  const char* f;
  std::vector<double> k;  // from q = 2
};

const std::vector<Row>& table() {
  static const std::vector<Row> rows{
      {1, "r^2/2", "r^2", {1.33333333333, 8, 64, 640, 7680}},
      {1, "r^2/2", "r^3", {1.8, 27, 648, 21870, 962280}},
      {1, "r^2/2", "exp(-r^2)", {0.462808723425, -0.398296546943, -1.17220088888, -2.15614303971, 19.0368167168}},
      {2, "r^2/2", "r^2", {1, 4, 24, 192, 1920}},
      {2, "r^2/2", "r^3", {1.5, 13.5, 202.5, 4343.625, 122472}},
      {2, "r^2/2", "r^4", {2, 32, 896, 36864, 2027520}},
      {2, "r^2/2", "exp(-r^2)", {0.296997075145, -0.199148273471, -0.146525111110, 0.323421455956, 1.90368167168}},
      {2, "r^2/2", "cos(2*r)", {1.58510670026, -3.00730777868, -4.54277849931, 57.5050717052, 423.450781142}},
      {3, "r^2/2", "r^2", {0.8, 2.66666666667, 14.2222222222, 104.296296296, 973.432098765}},
      {3, "r^2/2", "r^3", {1.28571428571, 9, 108, 1872, 42840}},
      {3, "r^2/2", "exp(-r^2)", {0.211771259332, -0.132765515648, 0, 0.175685729161, 0.0626726476273}},
      {2, "r^4/4", "r^2", {1, 2, 4, 6, 0}},
      {2, "r^4/4", "r^3", {1.5, 6.75, 40.5, 292.359375, 2392.03125}},
      {1, "r^4/4", "r^3", {1.8, 9, 54, 360, 2520}},
      {3, "r^4/4", "r^2", {0.8, 1.6, 3.84, 9.216, 17.2032}},
      {3, "r^4/4", "r^3", {1.28571428571, 5.4, 32.4, 244.944, 2183.5008}}};
  return rows;
}

TEST(Cumulants, TheTable) {
  for (const Row& row : table()) {
    const auto k = leading_cumulants<double>({row.d, RadialFunction(row.u)}, RadialFunction(row.f), 6);
    for (std::size_t q = 2; q <= 6; ++q)
      EXPECT_NEAR(k[q], row.k[q - 2], 2e-11 * std::max(1.0, std::abs(row.k[q - 2])))
          << "d = " << row.d << ", U = " << row.u << ", f = " << row.f << ", q = " << q;
  }
}

// Some cumulants are zero by cancellation: (q-1)! and the neighbour are the scale of what cancels.
TEST(Cumulants, BothRoutesAgree) {
  for (const Row& row : table()) {
    const Trap trap{row.d, RadialFunction(row.u)};
    const RadialFunction f(row.f);
    const auto a = leading_cumulants<double>(trap, f, 12);
    const auto b = leading_cumulants_parametric<double>(trap, f, 12);
    const auto x = leading_cumulants<long double>(trap, f, 30);
    const auto y = leading_cumulants_parametric<long double>(trap, f, 30);
    for (std::size_t q = 3; q <= 30; ++q) {
      const long double scale =
          std::max({std::abs(x[q]), q * std::abs(x[q - 1]), std::tgamma(static_cast<long double>(q))});
      EXPECT_LT(std::abs(x[q] - y[q]) / scale, q <= 24 ? 1e-8L : 1e-6L) << row.f << ", d = " << row.d << ", q = " << q;
      if (q > 12) continue;
      EXPECT_LT(std::abs(a[q] - b[q]) / scale, 1e-8L) << row.f << ", d = " << row.d << ", q = " << q;
      EXPECT_LT(std::abs(a[q] - x[q]) / scale, 1e-8L) << row.f << ", d = " << row.d << ", q = " << q;
    }
  }
}

TEST(Cumulants, OrderThirtyOfTheQuadraticCase) {
  // d = 2, U = r^2/2, f = r^2: k_q* = (q-1)! 2^(q-2), from the Gamma law of route 3.
  const auto k = leading_cumulants<long double>({2, RadialFunction("r^2/2")}, RadialFunction("r^2"), 30);
  EXPECT_NEAR(static_cast<double>(k[30] / (std::tgamma(30.0L) * std::pow(2.0L, 28.0L))), 1, 1e-9);
}

TEST(Cumulants, CallablesAreAsGoodAsText) {
  const Trap trap{2, RadialFunction::of([](const auto& r) { return r * r * r * r / 4.0; }, "quartic")};
  const auto k = leading_cumulants<double>(trap, RadialFunction::of([](const auto& r) { return r * r * r; }), 6);
  EXPECT_NEAR(k[6], 2392.03125, 1e-8);
}

TEST(Cumulants, EdgeAndUnits) {
  EXPECT_NEAR(droplet_edge<double>({2, RadialFunction("r^2/2")}), 1, 1e-15);
  EXPECT_NEAR(droplet_edge<double>({3, RadialFunction("r^4/(4*5)")}), std::pow(5.0, 1.0 / 5), 1e-14);
  EXPECT_NEAR(leading_cumulants<double>({2, RadialFunction("r^2/2")}, RadialFunction("r^2"), 1)[1], 0.5, 1e-14);
  const std::vector<double> reduced{0, 0.5, 1, 4, 24};
  const auto kappa = from_reduced(reduced, 20, 4);
  EXPECT_NEAR(kappa[3], 4.0 / (20 * 16), 1e-15);
  EXPECT_NEAR(to_reduced(kappa, 20, 4)[4], 24, 1e-12);
}

TEST(Cumulants, EdgeOnly) {
  const Trap trap{2, RadialFunction("r^2/2")};
  const auto plain = leading_cumulants<double>(trap, RadialFunction("r^2"), 6);
  const auto bulk = leading_cumulants<double>(trap, RadialFunction("r^2 + (1-r^2)^5/2"), 6);
  for (std::size_t q = 3; q <= 6; ++q) EXPECT_NEAR(bulk[q], plain[q], 1e-9);
  EXPECT_GT(std::abs(bulk[2] - plain[2]), 0.15);
}

TEST(Cumulants, FirstCorrection) {
  const auto correction = [](int d, const char* f, double n, double beta) {
    auto c = finite_n_correction({d, RadialFunction("r^2/2")}, RadialFunction(f), 4, n, beta);
    for (auto& x : c) x *= n;
    return c;
  };
  const auto plane = correction(2, "r^3", 100, 2);
  EXPECT_NEAR(plane[2], 4.21875, 1e-8);
  EXPECT_NEAR(plane[3], 51.6375, 1e-6);
  EXPECT_NEAR(plane[4], 994.78, 0.01);
  const auto square = correction(2, "r^2", 50, 2);
  EXPECT_NEAR(square[2], 1, 1e-10);
  EXPECT_NEAR(square[3], 4, 1e-9);
  EXPECT_NEAR(square[4], 24, 1e-8);
  for (const double x : correction(2, "r^3", 100, 4)) EXPECT_EQ(x, 0);
  const auto line = correction(1, "r^2", 30, 0.5);
  EXPECT_NEAR(line[2], 8, 1e-9);
  EXPECT_NEAR(line[3], 32, 1e-8);
  EXPECT_NEAR(line[4], 192, 1e-7);
  const auto cubic = correction(1, "r^3", 30, 1);
  EXPECT_NEAR(cubic[2], 24, 1e-8);
  EXPECT_NEAR(cubic[3], 432, 1e-6);
  EXPECT_NEAR(cubic[4], 12441.6, 1e-4);
}

TEST(Cumulants, CorrectionInSpace) {
  // The bracketed numbers of the sheet's d = 3 table: N, mean/N, k2*, k3* of r^2 and of r^3.
  const double rows[4][7] = {{10, 0.593926, 0.86694, 3.0367, 0.490889, 1.43178, 11.1739},
                             {20, 0.581440, 0.81335, 2.7856, 0.472159, 1.27320, 9.3019},
                             {40, 0.580824, 0.79379, 2.6838, 0.471236, 1.22479, 8.6487},
                             {80, 0.584115, 0.78867, 2.6481, 0.476173, 1.22039, 8.5037}};
  const Trap trap{3, RadialFunction("r^2/2")};
  for (const auto& row : rows)
    for (int which = 0; which < 2; ++which) {
      const RadialFunction f(which == 0 ? "r^2" : "r^3");
      const auto k = leading_cumulants<double>(trap, f, 3);
      const auto c = finite_n_correction(trap, f, 3, row[0], 2);
      for (std::size_t q = 1; q <= 3; ++q) {
        const double expected = row[3 * which + static_cast<int>(q)];
        EXPECT_NEAR(k[q] + c[q], expected, 1e-4 * expected) << "N = " << row[0] << ", q = " << q;
      }
    }
}

TEST(Cumulants, CorrectionInSpaceByTheScalingLaw) {
  // In the quadratic trap a tilt by r^2 is a change of units and of beta: x = (1 + 2 s)^(-1/3) y turns U + s r^2 at
  // beta into U at beta (1 + 2 s)^(1/3). So beta N F_1 = u + f_ex(G e^(u/3)) + const with u = ln(1 + 2 s), G = beta
  // N^(1/3): no edge, no integral. (The third way is the sampler, in sampler_test.cpp and claim C3.)
  for (const double n : {20.0, 1000.0})
    for (const double beta : {1.0, 2.0, 5.0}) {
      const double g = beta * std::cbrt(n);
      const double a = -0.897744 * g;
      const double b = 4 * 0.95043 * std::pow(g, 0.25);
      const double c = -4 * 0.18956 * std::pow(g, -0.25);
      const double first = 1 - 0.81487 / 3 + a / 3 + b / 12 - c / 12;  // derivatives in u
      const double second = a / 9 + (b + c) / 144;
      const double third = a / 27 + (b - c) / 1728;
      const auto correction = finite_n_correction({3, RadialFunction("r^2/2")}, RadialFunction("r^2"), 3, n, beta);
      EXPECT_NEAR(correction[1] * beta * n, 2 * first, 1e-9 * g);
      EXPECT_NEAR(correction[2] * beta * n, -(4 * second - 4 * first), 1e-9 * g);
      EXPECT_NEAR(correction[3] * beta * n, 8 * third - 24 * second + 16 * first, 1e-8 * g);
    }
}

std::string refusal(int d, const char* u, const char* f) {
  try {
    (void)leading_cumulants<double>({d, RadialFunction(u)}, RadialFunction(f), 4);
  } catch (const InputError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(Cumulants, BadInput) {
  EXPECT_THAT(refusal(2, "0.5*log(1+r^2)", "r^2"), HasSubstr("does not hold the charges: r^1 U'(r) stays below 1"));
  EXPECT_THAT(refusal(2, "-r^2", "r^2"), HasSubstr("does not hold"));
  EXPECT_THAT(refusal(2, "log(r-0.5)", "r^2"), HasSubstr("the potential log(r-0.5) is not defined at r = 0.0001"));
  EXPECT_THAT(refusal(2, "r^2/2", "log(0.5-r)"), HasSubstr("not finite (or not twice differentiable) at r = 0.5"));
  EXPECT_THAT(refusal(2, "r^2/2", "1/(r-0.5)"), HasSubstr("at r = 0.5"));
  EXPECT_THAT(refusal(2, "r^2/2", "r < 0.5"), HasSubstr("has a jump"));
  EXPECT_THAT(refusal(2, "r^2/2 + 0.5*cos(2*r)", "r^2"),
              HasSubstr("is not a ball (its density would be negative at r ="));
  EXPECT_THAT(refusal(0, "r^2/2", "r^2"), HasSubstr("dimension 0"));
  EXPECT_GT(curvature_ratio({2, RadialFunction("r^2/2")}, RadialFunction("r^2+exp(-((r-0.4)/0.05)^2)")), 100);
  EXPECT_NEAR(curvature_ratio({2, RadialFunction("r^2/2")}, RadialFunction("r^2")), 2, 1e-9);
}

}  // namespace
}  // namespace offprint::coulomb
