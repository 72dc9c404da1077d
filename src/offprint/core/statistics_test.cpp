#include "offprint/core/statistics.hpp"

#include <cmath>
#include <numeric>

#include <gtest/gtest.h>

#include "offprint/core/error.hpp"

namespace offprint {
namespace {

TEST(Statistics, StudentIntervalOfAKnownSample) {
  // mean 5, variance 2.5, n = 5: half width t(0.975; 4) sqrt(2.5/5) = 2.7764451051978 * 0.7071067811865
  const std::vector<double> x = {3, 4, 5, 6, 7};
  const auto e = mean_estimate(x);
  EXPECT_DOUBLE_EQ(e.value, 5.0);
  EXPECT_NEAR(*e.hi - 5.0, 2.7764451051978 * std::sqrt(0.5), 1e-9);
  EXPECT_NEAR(5.0 - *e.lo, 2.7764451051978 * std::sqrt(0.5), 1e-9);
}

TEST(Statistics, MergedMomentsEqualThoseOfTheWhole) {
  MeanVariance whole;
  MeanVariance a;
  MeanVariance b;
  Stream s(1, "x");
  for (int i = 0; i < 1000; ++i) {
    const double x = 1e6 + s.normal();
    whole.add(x);
    (i < 317 ? a : b).add(x);
  }
  a.merge(b);
  EXPECT_EQ(a.count(), whole.count());
  EXPECT_NEAR(a.mean(), whole.mean(), 1e-8);  // ten units in the last place at 1e6 are 1.2e-9
  EXPECT_NEAR(a.variance(), whole.variance(), 1e-8);
}

TEST(Statistics, ProportionIntervalsOfKnownCases) {
  // 8 of 10: Wilson 0.4901625, 0.9433178; Clopper-Pearson 0.4439045, 0.9747893
  const auto w = wilson(8, 10);
  EXPECT_NEAR(*w.lo, 0.4901625, 1e-6);
  EXPECT_NEAR(*w.hi, 0.9433178, 1e-6);
  const auto c = clopper_pearson(8, 10);
  EXPECT_NEAR(*c.lo, 0.4439045, 1e-6);
  EXPECT_NEAR(*c.hi, 0.9747893, 1e-6);
  EXPECT_EQ(*clopper_pearson(0, 10).lo, 0.0);
  EXPECT_EQ(*clopper_pearson(10, 10).hi, 1.0);
  EXPECT_THROW((void)wilson(3, 2), InputError);
}

TEST(Statistics, BootstrapCoversTheMean) {
  std::vector<double> x(400);
  Stream s(7, "sample");
  s.fill_normal(x);
  const auto mean = [](std::span<const double> v) {
    return std::accumulate(v.begin(), v.end(), 0.0) / static_cast<double>(v.size());
  };
  const auto boot = bootstrap(x, mean, Stream(7, "bootstrap"));
  const auto student = mean_estimate(x);
  EXPECT_NEAR(*boot.lo, *student.lo, 0.02);
  EXPECT_NEAR(*boot.hi, *student.hi, 0.02);
  EXPECT_EQ(*boot.lo, *bootstrap(x, mean, Stream(7, "bootstrap")).lo) << "same stream, same interval";
  EXPECT_THROW((void)bootstrap({}, mean, Stream()), InputError);
}

TEST(Statistics, SlopeOfALineWithNoise) {
  const std::vector<double> x = {1, 2, 3, 4, 5};
  const std::vector<double> y = {2.1, 3.9, 6.2, 7.8, 10.1};
  const auto fit = linear_fit(x, y);
  EXPECT_NEAR(fit.slope.value, 1.99, 1e-12);
  EXPECT_NEAR(fit.intercept.value, 0.05, 1e-12);
  // s = sqrt(0.107/3), t(0.975; 3) = 3.1824463, half = t s / sqrt(10)
  EXPECT_NEAR(*fit.slope.hi - fit.slope.value, 3.1824463053 * std::sqrt(0.107 / 3.0 / 10.0), 1e-8);
  EXPECT_THROW((void)linear_fit(x, std::vector<double>{1, 2}), InputError);
  EXPECT_THROW((void)linear_fit(std::vector<double>{1, 1, 1}, std::vector<double>{1, 2, 3}), InputError);
}

TEST(Statistics, StudentIntervalHasItsCoverage) {
  int covered = 0;
  constexpr int kTrials = 4000;
  for (int i = 0; i < kTrials; ++i) {
    Stream s(11, "coverage", static_cast<std::uint64_t>(i));
    std::vector<double> x(6);
    s.fill_normal(x);
    const auto e = mean_estimate(x, 0.9);
    covered += *e.lo <= 0.0 && 0.0 <= *e.hi ? 1 : 0;
  }
  const auto share = clopper_pearson(static_cast<std::size_t>(covered), kTrials, 0.9999);
  EXPECT_LE(*share.lo, 0.9);
  EXPECT_GE(*share.hi, 0.9);
}

}  // namespace
}  // namespace offprint
