// The affine chain: oracles of the sheet, and the simulation beside the deterministic laws.
#include "offprint/kinetic/rayleigh_chain.hpp"

#include <cmath>

#include <gtest/gtest.h>

#include "offprint/core/error.hpp"
#include "offprint/core/statistics.hpp"
#include "offprint/kinetic/rayleigh_process.hpp"

namespace offprint::kinetic {
namespace {

TEST(RayleighChain, HasTheSheetsMoments) {
  EXPECT_NEAR(SkeletonChain(0.3, 1).lambda_shift(), -7.77963536280, 1e-10);
  EXPECT_NEAR(SkeletonChain(0.5, 1).lambda_shift(), -4.54072569092, 1e-10);
  EXPECT_NEAR(SkeletonChain(0.8, 1).lambda_shift(), -3.23331697167, 1e-10);
  EXPECT_NEAR(std::sqrt(SkeletonChain(0.3, 1).variance_lambda()), 2.16745424345, 1e-8);
  EXPECT_NEAR(std::sqrt(SkeletonChain(0.5, 1).variance_lambda()), 1.64441835381, 1e-8);
  EXPECT_NEAR(std::sqrt(SkeletonChain(0.8, 1).variance_lambda()), 1.33316588382, 1e-8);
  EXPECT_NEAR(SkeletonChain(0.5, 1).variance_xi(), 8.11233516712, 1e-8);
  EXPECT_NEAR(SkeletonChain(0.5, 1).expected_collisions(160, 320), 1.00907, 5e-5);
  EXPECT_NEAR(SkeletonChain(0.3, 1).expected_collisions(160, 320), 1.9610, 5e-5);
  EXPECT_NEAR(SkeletonChain(0.8, 1).expected_collisions(160, 320), 0.43459, 1e-5);
  EXPECT_THROW(SkeletonChain(1.5, 1), InputError);
}

TEST(RayleighChain, AsymptoticLawsToSecondOrder) {
  const SkeletonChain chain(0.5, 1);
  // ln((2 tau - 2)/(tau - 2))/P and c' = a/((1 - a) P); b = -4.540726
  EXPECT_NEAR(chain.expected_collisions(160, 320), std::log(318.0 / 158) / std::log(2.0), 1e-14);
  EXPECT_NEAR(chain.leading_profile(60, 1), 1.442695, 1e-6);
  EXPECT_NEAR(chain.leading_profile(0, 1), 1.442695 * std::exp(-2.0), 1e-6);
  EXPECT_NEAR(chain.profile_density(2, 160) / chain.leading_profile(2, 160), 160 / (160 + 2 - 4.540726), 1e-8);
  EXPECT_NEAR(chain.profile_density(2, 1e9) / chain.leading_profile(2, 1e9), 1, 1e-8);
  // the sheet's sizes of the correction: it varies by 5.4 % over [-2.5, 6] at tau = 160
  EXPECT_NEAR((160 + 6 + chain.lambda_shift()) / (160 - 2.5 + chain.lambda_shift()) - 1, 0.0556, 2e-3);
  // the collision rate is periodic and P p has the mean one over a period
  const auto lambda = chain.lambda_law();
  double mean = 0;
  const double centre = std::log(0.5 * (1000 + chain.lambda_shift()));
  constexpr int kSteps = 20000;
  for (int i = 0; i < kSteps; ++i)
    mean += chain.collision_density(lambda, 1000, centre + chain.period() * (i + 0.5) / kSteps) / kSteps;
  EXPECT_NEAR(mean * chain.period(), 1, 1e-3);
  EXPECT_NEAR(chain.collision_density(lambda, 1000, centre + 3 * chain.period()),
              chain.collision_density(lambda, 1000, centre), 1e-6);
}

TEST(RayleighChain, InvertedLawsHaveTheirMoments) {
  for (const double a : {0.3, 0.5, 0.8}) {
    const SkeletonChain chain(a, 0.7, AngularLaw::cosine(), 0.8);
    const auto law = chain.lambda_law();
    EXPECT_NEAR(law.mass(), 1, 1e-8);
    EXPECT_NEAR(law.mean(), chain.lambda_shift(), 1e-6) << a;
    EXPECT_NEAR(law.variance(), chain.variance_lambda(), 1e-5) << a;
  }
  // (1/2)^n tau_n from X_0 = 1000
  const SkeletonChain chain(0.5, 1);
  const double sheet_mean[] = {498.73, 498.23, 497.98, 497.85};
  const double sheet_sd[] = {1.2825, 0.9583, 0.8583, 0.8314};
  for (int n = 1; n <= 4; ++n) {
    const auto law = chain.collision_law(n);
    EXPECT_NEAR(500 + law.mean() / 1, sheet_mean[n - 1], 6e-3) << n;
    EXPECT_NEAR(std::sqrt(law.variance()), sheet_sd[n - 1], 1e-4) << n;
  }
}

TEST(RayleighChain, SimulatedCollisionTimesFollowTheInvertedLaw) {
  const RayleighProcess process({.exponent = 0.5, .point_background = true});
  const auto seen = process.simulate(log_start(1000), {2e4}, {.seed = 1, .particles = 20000, .record_events = true});
  const auto law = SkeletonChain(0.5, 1).collision_law(3);
  std::vector<double> times;
  int n = 0;
  for (std::size_t e = 0; e < seen.events.size(); ++e) {
    n = e > 0 && seen.events[e].particle == seen.events[e - 1].particle ? n + 1 : 1;
    if (n == 3) times.push_back(seen.events[e].log_time / 8 - 500);
  }
  ASSERT_EQ(times.size(), 20000U);
  std::sort(times.begin(), times.end());
  double distance = 0;
  for (std::size_t i = 0; i < times.size(); ++i)
    distance = std::max(distance, std::abs(law.cdf(times[i]) - (static_cast<double>(i) + 0.5) / 20000));
  EXPECT_LT(distance, 1.95 / std::sqrt(20000.0));  // 0.1 %
}

TEST(RayleighChain, PropagatedStatesAreThoseOfTheSimulation) {
  const SkeletonChain chain(0.5, 1);
  const std::vector<double> times{60, 120};
  const SkeletonChain::Start start{20, 0};
  const auto states = chain.propagate({&start, 1}, times);
  const RayleighProcess process({.exponent = 0.5, .point_background = true});
  const auto seen = process.simulate(log_start(20), times, {.seed = 2, .particles = 20000});
  for (std::size_t k = 0; k < 2; ++k) {
    EXPECT_LT(states[k].mass_defect, 2e-3);
    std::vector<double> x(seen.log_w2.begin() + static_cast<std::ptrdiff_t>(k * 20000),
                          seen.log_w2.begin() + static_cast<std::ptrdiff_t>((k + 1) * 20000));
    std::sort(x.begin(), x.end());
    double distance = 0;
    for (std::size_t i = 0; i < x.size(); ++i)
      distance = std::max(distance, std::abs(states[k].log_w2.cdf(x[i]) - (static_cast<double>(i) + 0.5) / 20000));
    EXPECT_LT(distance, 0.015) << k;
    MeanVariance count;
    for (std::size_t i = 0; i < 20000; ++i) count.add(seen.collisions[k * 20000 + i]);
    EXPECT_NEAR(states[k].collisions, count.mean(), 4 * count.standard_deviation() / std::sqrt(20000.0) + 2e-3);
  }
}

}  // namespace
}  // namespace offprint::kinetic
