// The event-driven simulation against a plain-double engine with the same random numbers, and against exact laws.
#include "offprint/kinetic/rayleigh_process.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>

#include <Eigen/Geometry>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <hwy/targets.h>

#include "offprint/core/error.hpp"
#include "offprint/core/statistics.hpp"
#include "offprint/kinetic/rayleigh_moments.hpp"
#include "offprint/kinetic/shear_flight.hpp"

namespace offprint::kinetic {
namespace {

using Eigen::Vector3d;

// The delta model with velocities as they are, one collision after the other: the stream's numbers in the engine's
// order.
struct PlainPath {
  Vector3d w;
  double t = 0;
  std::vector<std::array<double, 3>> collisions{};  // t, |w|, |w_2|

  void run(const FlightLaw& flight, double rate, Stream random, double end) {
    const auto uniform = [&] { return static_cast<double>(random() >> 12) * 0x1.0p-52; };
    for (;;) {
      const double exponential = -std::log(1 - uniform()) / rate;
      (void)uniform();
      const double wait = flight.time_of_exposure(w, exponential);
      t += wait;
      if (!(t < end)) return;
      w(0) -= wait * w(1);
      const double height = 2 * uniform() - 1;
      const double phi = 2 * std::numbers::pi * uniform();
      const double across = std::sqrt(1 - height * height);
      const Vector3d omega(across * std::cos(phi), across * std::sin(phi), height);
      w -= omega.dot(w) * omega;
      collisions.push_back({t, w.norm(), std::abs(w(1))});
    }
  }
};

TEST(RayleighProcess, InLogSpaceFollowsThePlainEnginePathByPath) {
  for (const double a : {0.3, 0.5, 0.8, 1.5}) {
    const RayleighProcess process({.exponent = a, .rate = 0.7, .point_background = true});
    const FlightLaw flight(a);
    // flies through its slowest point first; slow enough to collide at all where collisions freeze
    const Vector3d start = (a < 0.6 ? 1e4 : a < 1 ? 100.0 : 1.0) * Vector3d(3, 5, -1);
    const auto seen =
        process.simulate(fixed_start(start), {std::log(1e15)}, {.seed = 9, .particles = 50, .record_events = true});
    std::size_t event = 0;
    std::size_t compared = 0;
    for (std::uint32_t i = 0; i < 50; ++i) {
      PlainPath path{start};
      path.run(flight, 0.7, Stream(9, "rayleigh", i), 1e15);
      for (const auto& c : path.collisions) {
        if (event >= seen.events.size()) break;
        ASSERT_EQ(seen.events[event].particle, i);
        ASSERT_NEAR(seen.events[event].log_time, std::log(c[0]), 1e-10) << a;
        ASSERT_NEAR(seen.events[event].log_speed, std::log(c[1]), 1e-10) << a;
        ASSERT_NEAR(seen.events[event].log_w2, std::log(c[2]), 1e-9) << a;
        ++event;
        ++compared;
      }
      // the engine's last event may lie beyond the end
      while (event < seen.events.size() && seen.events[event].particle == i) {
        ASSERT_GE(seen.events[event].log_time, std::log(1e15));
        ++event;
      }
      EXPECT_EQ(seen.collisions[i], path.collisions.size());
    }
    EXPECT_GT(compared, 12U) << a;
  }
}

TEST(RayleighProcess, DoesNotDependOnHowParticlesAreDealt) {
  const RayleighProcess process({.exponent = 0.5});
  const std::vector<double> times{2, 10, 50};
  const auto whole = process.simulate(thermal_start(3), times, {.seed = 3, .particles = 120});
  const auto part = process.simulate(thermal_start(3), times, {.seed = 3, .first = 77, .particles = 9});
  for (std::size_t k = 0; k < 3; ++k)
    for (std::size_t i = 0; i < 9; ++i) {
      EXPECT_EQ(part.log_w2[k * 9 + i], whole.log_w2[k * 120 + 77 + i]);
      EXPECT_EQ(part.lag[k * 9 + i], whole.lag[k * 120 + 77 + i]);
      EXPECT_EQ(part.collisions[k * 9 + i], whole.collisions[k * 120 + 77 + i]);
    }
}

// The narrowest vectors and the widest take the same paths, but for the last digits.
TEST(RayleighProcess, EveryInstructionSetTakesTheSamePaths) {
  for (const double a : {0.5, -0.5}) {
    const RayleighProcess process({.exponent = a});
    const std::vector<double> times = a > 0 ? std::vector<double>{2, 30} : std::vector<double>{1, 2};
    const auto run = [&] { return process.simulate(thermal_start(13), times, {.seed = 13, .particles = 37}); };
    const auto widest = run();
    for (const std::int64_t target : hwy::SupportedAndGeneratedTargets()) {
      hwy::SetSupportedTargetsForTest(target);
      hwy::GetChosenTarget().Update(hwy::SupportedTargets());
      const auto here = run();
      EXPECT_EQ(here.collisions, widest.collisions) << hwy::TargetName(target);
      for (std::size_t i = 0; i < here.log_w2.size(); ++i)
        ASSERT_NEAR(here.log_w2[i], widest.log_w2[i], 1e-7) << hwy::TargetName(target) << ", " << a;
    }
    hwy::SetSupportedTargetsForTest(0);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
  }
}

// Without shear N(0, I) is invariant for every rate: this sees the law of the partner (drawn from M alone, |w|^2 would
// settle at 3.37 for a = 0.65).
TEST(RayleighProcess, WithoutShearLeavesTheMaxwellianInvariant) {
  for (const double a : {0.3, 0.65, 1.5, 2.5}) {
    const RayleighProcess process({.exponent = a, .shear = 0});
    std::vector<double> times;
    for (int k = 0; k < 20; ++k) times.push_back(std::log(5.0 + k));
    const auto seen = process.simulate(thermal_start(1), times, {.seed = 1, .particles = 20000});
    MeanVariance square;
    MeanVariance speed;
    for (std::size_t i = 0; i < 20000; ++i) {  // one particle is one independent observation
      double s2 = 0;
      double s1 = 0;
      for (std::size_t k = 0; k < 20; ++k) {
        const std::size_t at = k * 20000 + i;
        const double w2 = std::exp(2 * seen.log_w1[at]) + std::exp(2 * seen.log_w2[at]) + std::exp(2 * seen.log_w3[at]);
        s2 += w2 / 20;
        s1 += std::sqrt(w2) / 20;
      }
      square.add(s2);
      speed.add(s1);
    }
    EXPECT_GT(seen.jumps, 20000U * 8);
    const double floor = 1 / std::sqrt(20000.0);
    EXPECT_NEAR(square.mean(), 3, 4 * square.standard_deviation() * floor) << a;
    EXPECT_NEAR(speed.mean(), 1.59577, 4 * speed.standard_deviation() * floor) << a;
  }
}

// The sheet's counts from a thermal start: they see the law of the partner.
TEST(RayleighProcess, CountsCollisionsAsBruteForceDoes) {
  struct Case {
    double a;
    std::vector<double> times;
    std::vector<double> counts;
    double variance;  // at the last time
  };
  const std::vector<Case> sheet{{0.5, {5, 7, 10}, {31.25, 34.47, 35.31}, 564},
                                {0.3, {10}, {107.0}, 6200},
                                {0.8, {10}, {14.68}, 109},
                                {1.5, {1, 2, 3, 4, 8, 12}, {1.170, 2.416, 3.927, 4.781, 5.064, 5.081}, 0}};
  for (const auto& c : sheet) {
    const RayleighProcess process({.exponent = c.a});
    const auto seen = process.simulate(thermal_start(2), c.times, {.seed = 2, .particles = 40000});
    for (std::size_t k = 0; k < c.times.size(); ++k) {
      MeanVariance count;
      for (std::size_t i = 0; i < 40000; ++i) count.add(seen.collisions[k * 40000 + i]);
      const double error = count.standard_deviation() / std::sqrt(40000.0);
      EXPECT_NEAR(count.mean(), c.counts[k], 4 * error + 2e-3 * c.counts[k]) << c.a << " at " << c.times[k];
      if (c.variance > 0 && k + 1 == c.times.size()) {
        EXPECT_NEAR(count.variance() / c.variance, 1, 0.06) << c.a;
      }
    }
  }
}

// gamma = -1.5: after the last collision w_1 runs towards -K t w_2.
TEST(RayleighProcess, FrozenParticlesApproachTheirSupport) {
  const RayleighProcess process({.exponent = 1.5});
  const auto seen = process.simulate(thermal_start(11), {4, 8, 12}, {.seed = 11, .particles = 20000});
  const std::array sheet{0.153, 0.0045, 8.7e-5};
  for (std::size_t k = 0; k < 3; ++k) {
    std::vector<double> lag(seen.lag.begin() + static_cast<std::ptrdiff_t>(k * 20000),
                            seen.lag.begin() + static_cast<std::ptrdiff_t>((k + 1) * 20000));
    for (double& x : lag) x = std::abs(x);
    std::nth_element(lag.begin(), lag.begin() + 10000, lag.end());
    EXPECT_NEAR(lag[10000] / sheet.at(k), 1, 0.08) << k;
  }
}

// gamma = 0: flights are exponential whatever the speed.
TEST(RayleighProcess, MaxwellMoleculesFlyExponentialTimes) {
  const RayleighProcess process({.exponent = 0, .rate = 0.5, .point_background = true});
  const auto seen =
      process.simulate(log_start(50), {std::log(1e3)}, {.seed = 12, .particles = 300, .record_events = true});
  MeanVariance wait;
  MeanVariance square;
  double last = 0;
  for (std::size_t e = 0; e < seen.events.size(); ++e) {
    if (e == 0 || seen.events[e].particle != seen.events[e - 1].particle) last = 0;
    const double t = std::exp(seen.events[e].log_time);
    if (last < 900) {  // beyond, long flights are cut off
      wait.add(t - last);
      square.add((t - last) * (t - last));
    }
    last = t;
  }
  EXPECT_NEAR(wait.mean(), 2, 4 * 2 / std::sqrt(static_cast<double>(wait.count())));
  EXPECT_NEAR(square.mean(), 8, 4 * square.standard_deviation() / std::sqrt(static_cast<double>(wait.count())));
}

// Every angular law, and unequal masses: the equations of the moments know them by E x^2 and E x^4 only.
TEST(RayleighProcess, MaxwellMoleculesHaveTheirMoments) {
  const std::array laws{AngularLaw::uniform(), AngularLaw::cosine(),
                        AngularLaw::table(std::array{0.0, 45.0, 90.0}, std::array{1.0, 3.0, 0.5})};
  for (std::size_t l = 0; l < laws.size(); ++l) {
    const double factor = l == 0 ? 1.0 : 0.8;
    const RayleighProcess process({.exponent = 0, .shear = 0.2, .factor = factor, .angular = laws.at(l)});
    const auto seen =
        process.simulate(thermal_start(4), {std::log(1.0), std::log(35.0)}, {.seed = 4, .particles = 60000});
    const auto exact =
        second_moments({.shear = 0.2, .factor = factor, .angular = laws.at(l)}, Eigen::Matrix3d::Identity(), {1, 35});
    for (std::size_t k = 0; k < 2; ++k) {
      MeanVariance trace;
      MeanVariance mixed;
      for (std::size_t i = 0; i < 60000; ++i) {
        const std::size_t at = k * 60000 + i;
        trace.add(std::exp(2 * seen.log_w1[at]) + std::exp(2 * seen.log_w2[at]) + std::exp(2 * seen.log_w3[at]));
        const double sign = (seen.signs[at] & 1) != ((seen.signs[at] >> 1) & 1) ? -1 : 1;
        mixed.add(sign * std::exp(seen.log_w1[at] + seen.log_w2[at]));
      }
      EXPECT_NEAR(trace.mean(), exact[k].trace(), 4 * trace.standard_deviation() / std::sqrt(60000.0)) << l;
      EXPECT_NEAR(mixed.mean(), exact[k](0, 1), 4 * mixed.standard_deviation() / std::sqrt(60000.0)) << l;
    }
  }
}

TEST(RayleighProcess, UnequalMassesAndAngularTableKeepEquilibrium) {
  // A heavy particle: f = 0.4; its equilibrium temperature is (in units of the background's m* = 1) m*/m = f/(2 - f).
  const RayleighProcess process({.exponent = 0.5,
                                 .shear = 0,
                                 .factor = 0.4,
                                 .angular = AngularLaw::table(std::array{0.0, 45.0, 90.0}, std::array{1.0, 3.0, 0.5})});
  const auto seen = process.simulate(thermal_start(5, 0.25), {std::log(30.0)}, {.seed = 5, .particles = 40000});
  MeanVariance square;
  for (std::size_t i = 0; i < 40000; ++i)
    square.add(std::exp(2 * seen.log_w1[i]) + std::exp(2 * seen.log_w2[i]) + std::exp(2 * seen.log_w3[i]));
  EXPECT_NEAR(square.mean(), 0.75, 4 * square.standard_deviation() / 200);
}

TEST(RayleighProcess, JumpsAreTheProjections) {
  const RayleighProcess process({.exponent = 0.5, .point_background = true});
  const auto seen =
      process.simulate(fixed_start({0, 1e12, 0}), {40}, {.seed = 6, .particles = 20000, .record_events = true});
  EXPECT_GT(seen.events.size(), 15000U);
  // ln|w_2| - ln|w| after a jump has mean E ln|omega_1 omega_2| - E ln(|w'|/|w|) = -2 - (ln 2 - 1)
  MeanVariance part;
  for (const auto& e : seen.events) part.add(e.log_w2 - e.log_speed);
  EXPECT_NEAR(part.mean(), -2 - (std::numbers::ln2 - 1), 4 * part.standard_deviation() / std::sqrt(part.count()));
}

TEST(RayleighProcess, PointBackgroundAbsorbsWhatIsTooSlow) {
  const RayleighProcess process({.exponent = 0.5, .point_background = true});
  const auto slow = process.simulate(fixed_start({0, 0.02, 0}), {20}, {.seed = 7, .particles = 200});
  EXPECT_GT(slow.absorbed, 150U);
  EXPECT_TRUE(std::isnan(slow.log_w2[0]) || slow.absorbed < 200);
  const auto fast = process.simulate(log_start(1000), {5000, 1e6}, {.seed = 7, .particles = 200});
  EXPECT_EQ(fast.absorbed, 0U);
  for (const double lag : fast.lag) EXPECT_LT(std::abs(lag), 1);
}

TEST(RayleighProcess, SaysWhatIsWrong) {
  const auto refusal = [](auto&& f) -> std::string {
    try {
      f();
    } catch (const InputError& error) {
      return error.what();
    }
    return "";
  };
  using testing::HasSubstr;
  EXPECT_THAT(refusal([] { RayleighProcess({.exponent = 1}); }), HasSubstr("not covered"));
  EXPECT_THAT(refusal([] { RayleighProcess({.exponent = 3}); }), HasSubstr("not integrable"));
  EXPECT_THAT(refusal([] { RayleighProcess({.exponent = -1}); }), HasSubstr("gamma must lie in (-3, 1)"));
  EXPECT_THAT(refusal([] { RayleighProcess({.exponent = -0.5, .point_background = true}); }),
              HasSubstr("large-velocity model of gamma <= 0"));
  EXPECT_THAT(refusal([] { RayleighProcess({.exponent = -0.01, .shear = 10}); }), HasSubstr("out of reach"));
  EXPECT_THAT(refusal([] { RayleighProcess({.rate = 0}); }), HasSubstr("rate C is 0"));
  EXPECT_THAT(refusal([] { RayleighProcess({.shear = -1}); }), HasSubstr("shear rate K is -1"));
  EXPECT_THAT(refusal([] { RayleighProcess({.shear = 0, .point_background = true}); }), HasSubstr("only cools"));
  EXPECT_THAT(refusal([] { (void)fixed_start({0, 0, 0}); }), HasSubstr("other than zero"));
  const RayleighProcess process({.point_background = true});
  EXPECT_THAT(refusal([&] { (void)process.simulate(fixed_start({1, 0, 0}), {1}, {}); }), HasSubstr("w_2 = 0"));
  EXPECT_THAT(refusal([&] { (void)process.simulate(log_start(10), {2, 1}, {}); }), HasSubstr("ascending"));
  EXPECT_THAT(refusal([&] { (void)process.simulate(log_start(10), {-INFINITY}, {}); }), HasSubstr("positive"));
  EXPECT_THAT(refusal([&] { (void)process.simulate(log_start(10), {1}, {.particles = 0}); }),
              HasSubstr("no particles"));
}

TEST(RayleighProcess, ReachesTimesBeyondDoubles) {
  for (const double a : {0.2, 0.5, 0.8, 0.99, 1.01, 2.9}) {
    const RayleighProcess process({.exponent = a});
    const auto seen = process.simulate(thermal_start(8), {600, 1e5}, {.seed = 8, .particles = 300});
    for (std::size_t i = 0; i < 600; ++i) {
      ASSERT_TRUE(std::isfinite(seen.log_w1[i])) << a;
      ASSERT_TRUE(std::isfinite(seen.log_w2[i])) << a;
      ASSERT_TRUE(std::isfinite(seen.lag[i])) << a;
    }
  }
}

}  // namespace
}  // namespace offprint::kinetic
