// Isotonic regression, the rate function in closed form, holes, and the exact finite-N free energy.
#include "offprint/coulomb/large_deviations.hpp"

#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "offprint/core/error.hpp"
#include "offprint/core/random.hpp"
#include "offprint/coulomb/exact.hpp"
#include "offprint/coulomb/isotonic.hpp"

namespace offprint::coulomb {
namespace {

using ::testing::HasSubstr;

// The best monotone partition by trying them all: 2^(n-1) ways to cut, blocks at their clipped mean.
double brute_force(const std::vector<double>& y, const std::vector<double>& w, double lo, double hi) {
  double best = 1e300;
  const std::size_t n = y.size();
  for (unsigned cuts = 0; cuts < (1U << (n - 1)); ++cuts) {
    double cost = 0;
    double before = lo;
    bool fine = true;
    for (std::size_t i = 0; i < n && fine;) {
      std::size_t j = i;
      double sum = 0;
      double mass = 0;
      do {
        sum += w[j] * y[j];
        mass += w[j];
      } while (j + 1 < n && (cuts >> j & 1U) == 0 && ++j);
      const double value = std::min(std::max(sum / mass, lo), hi);
      fine = value >= before;
      before = value;
      for (std::size_t m = i; m <= j; ++m) cost += w[m] * (y[m] - value) * (y[m] - value);
      i = j + 1;
    }
    if (fine) best = std::min(best, cost);
  }
  return best;
}

TEST(Isotonic, EqualsBruteForceAndIsIdempotent) {
  for (std::uint64_t trial = 0; trial < 40; ++trial) {
    Stream random(7, "isotonic", trial);
    std::vector<double> y(8);
    std::vector<double> w(8);
    for (std::size_t i = 0; i < 8; ++i) {
      y[i] = random.normal();
      w[i] = 0.1 + random.uniform();
    }
    const auto x = isotonic_regression(y, w, -0.5, 0.6);
    double cost = 0;
    for (std::size_t i = 0; i < 8; ++i) {
      cost += w[i] * (y[i] - x[i]) * (y[i] - x[i]);
      if (i > 0) {
        EXPECT_GE(x[i], x[i - 1]);
      }
      EXPECT_GE(x[i], -0.5);
      EXPECT_LE(x[i], 0.6);
    }
    EXPECT_NEAR(cost, brute_force(y, w, -0.5, 0.6), 1e-12);
    const auto again = isotonic_regression(x, w, -0.5, 0.6);
    for (std::size_t i = 0; i < 8; ++i) EXPECT_NEAR(again[i], x[i], 1e-15);
  }
}

TEST(LargeDeviations, QuadraticClosedForm) {
  const LargeDeviations ldf({2, RadialFunction("r^2/2")}, RadialFunction("r^2"));
  for (const double s : {-0.2, 0.5, 3.0}) {
    const double mean = 1 / (2 * (1 + 2 * s));
    const TiltedGas gas = ldf.at(s);
    EXPECT_NEAR(gas.free_energy, std::log(1 + 2 * s) / 4, 1e-6);
    EXPECT_NEAR(gas.mean, mean, 1e-6);
    EXPECT_NEAR(gas.outer, std::sqrt(1 / (1 + 2 * s)), 1e-4);
    EXPECT_EQ(gas.phase, Phase::kBall);
    const TiltedGas closed = ldf.ball(s);
    EXPECT_NEAR(closed.free_energy, std::log(1 + 2 * s) / 4, 1e-10);
    EXPECT_NEAR(closed.mean, mean, 1e-12);
  }
  EXPECT_NEAR(ldf.at(0.5).free_energy, 0.173286795, 1e-6);
  const RatePoint point = ldf.rate(0.25);
  EXPECT_NEAR(point.gas.s, 0.5, 1e-5);
  EXPECT_NEAR(point.psi, 0.125 - 0.25 - std::log(0.5) / 4, 1e-6);
  EXPECT_NEAR(ldf.rate(0.5).psi, 0, 1e-9);
  EXPECT_FALSE(ldf.transition(+1).has_value());
}

TEST(LargeDeviations, OtherDimensions) {
  for (const int d : {1, 3}) {
    const LargeDeviations ldf({d, RadialFunction("r^2/2")}, RadialFunction("r^2"));
    EXPECT_NEAR(ldf.at(1).outer, std::pow(3.0, -1.0 / d), 1e-4);
    EXPECT_NEAR(ldf.ball(1).outer, std::pow(3.0, -1.0 / d), 1e-12);
    EXPECT_NEAR(ldf.at(1).free_energy, ldf.ball(1).free_energy, 1e-6);
    EXPECT_NEAR(ldf.at(1).mean, ldf.ball(1).mean, 1e-6);
  }
}

TEST(LargeDeviations, HolesOfTheCosine) {
  const LargeDeviations ldf({2, RadialFunction("r^2/2")}, RadialFunction("cos(2*r)"));
  const double rows[4][3] = {{0.1, 0.0117187, 0.0286327},
                             {0.25, -0.0060233, -0.2719088},
                             {0.5, -0.1286651, -0.6530272},
                             {1, -0.5244527, -0.8749855}};
  for (const auto& row : rows) {
    const TiltedGas gas = ldf.at(row[0]);
    EXPECT_NEAR(gas.free_energy, row[1], 2e-6) << row[0];
    EXPECT_NEAR(gas.mean, row[2], 2e-6) << row[0];
  }
  EXPECT_EQ(ldf.at(0.1).phase, Phase::kBall);
  EXPECT_EQ(ldf.at(0.5).phase, Phase::kHole);
  EXPECT_NEAR(ldf.at(0.5).inner, 0.9478, 1e-4);
  EXPECT_NEAR(ldf.at(0.5).outer, 1.2954, 1e-4);
  EXPECT_NEAR(ldf.at(1).inner, 1.2373, 1e-4);
  EXPECT_NEAR(ldf.at(1).outer, 1.3970, 1e-4);
  EXPECT_NEAR(ldf.transition(+1).value(), 0.25, 1e-6);
  EXPECT_NEAR(ldf.ball(0.1).free_energy, 0.0117187, 1e-6);
  EXPECT_NEAR(ldf.ball(0.5).mean, -0.832427, 1e-5);  // silently wrong past the transition
  double charge = 0;
  const auto profile = ldf.profile(0.5, 2000);
  for (std::size_t i = 0; i < profile.radius.size(); ++i) {
    EXPECT_GE(profile.density[i], -1e-9);
    charge += profile.density[i] * profile.radius[i] * 2 * M_PI * (profile.radius[1] - profile.radius[0]);
  }
  EXPECT_NEAR(charge, 1, 1e-9);
}

TEST(LargeDeviations, HolesOfTheGaussian) {
  const LargeDeviations ldf({2, RadialFunction("r^2/2")}, RadialFunction("exp(-r^2)"));
  EXPECT_NEAR(ldf.transition(+1).value(), 0.5, 1e-6);
  const TiltedGas gas = ldf.at(1);
  EXPECT_NEAR(gas.free_energy, 0.4647477, 2e-6);
  EXPECT_NEAR(gas.mean, 0.3106829, 2e-6);
  EXPECT_NEAR(gas.inner, std::sqrt(std::log(2.0)), 5e-5);  // h_1 = r^2 (1 - 2 exp(-r^2))
}

TEST(LargeDeviations, ShellsAreSeen) {
  // A repulsive bump at r = 0.6 opens a gap: a core and a shell around it.
  const LargeDeviations ldf({2, RadialFunction("r^2/2")}, RadialFunction("exp(-((r-0.6)/0.15)^2)"));
  const TiltedGas gas = ldf.at(0.5);
  EXPECT_EQ(gas.phase, Phase::kShell);
  EXPECT_EQ(gas.inner, 0);
}

TEST(LargeDeviations, ExactFiniteNumbers) {
  const RadialFunction u("r^2/2");
  const auto exact = [&](const char* f, double s, long n) {
    const auto tilted = RadialFunction::sum(u, s, RadialFunction(f));
    const double ratio = IndependentRadii(tilted, n).log_partition() - IndependentRadii(u, n).log_partition();
    return std::pair(-ratio / (2.0 * static_cast<double>(n * n)),
                     IndependentRadii(tilted, n).cumulants(RadialFunction(f), 1)[1] / static_cast<double>(n));
  };
  const auto cosine = exact("cos(2*r)", 0.5, 100);
  EXPECT_NEAR(cosine.first, -0.1280291, 1e-7);
  EXPECT_NEAR(cosine.second, -0.6488917, 1e-7);
  const auto gaussian = exact("exp(-r^2)", 1, 100);
  EXPECT_NEAR(gaussian.first, 0.4648907, 1e-7);
  EXPECT_NEAR(gaussian.second, 0.3118780, 1e-7);
}

TEST(LargeDeviations, WhatEscapesIsSaid) {
  const LargeDeviations ldf({2, RadialFunction("r^2/2")}, RadialFunction("r^3"));
  try {
    (void)ldf.at(-0.01);
    FAIL() << "accepted";
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), HasSubstr("single charges escape"));
  }
  EXPECT_THROW((void)ldf.rate(0.9), InputError);
  EXPECT_THROW((void)LargeDeviations({2, RadialFunction("r^2/2")}, RadialFunction("r<1")), InputError);
}

}  // namespace
}  // namespace offprint::coulomb
