// Hard potentials, 0 < gamma < 1: equilibrium without shear, the stationary state under shear beside a simulation of
// another kind, and the limit of Maxwell molecules.
#include <array>
#include <cmath>
#include <numbers>

#include <gtest/gtest.h>

#include "offprint/core/statistics.hpp"
#include "offprint/kinetic/rayleigh_moments.hpp"
#include "offprint/kinetic/rayleigh_process.hpp"

namespace offprint::kinetic {
namespace {

using Eigen::Vector3d;

// Means over the observation times of each particle: one independent observation each.
struct Means {
  MeanVariance speed;
  MeanVariance trace;
  MeanVariance mixed;   // w_1 w_2
  MeanVariance across;  // w_2^2
};

Means means_of(const RayleighObservations& seen) {
  Means out;
  const std::size_t n = seen.particles;
  const auto times = static_cast<double>(seen.log_times.size());
  for (std::size_t i = 0; i < n; ++i) {
    std::array<double, 4> sum{};
    for (std::size_t at = i; at < seen.log_w1.size(); at += n) {
      const double w2 = std::exp(2 * seen.log_w1[at]) + std::exp(2 * seen.log_w2[at]) + std::exp(2 * seen.log_w3[at]);
      const double sign = (seen.signs[at] & 1) != ((seen.signs[at] >> 1) & 1) ? -1 : 1;
      sum[0] += std::sqrt(w2) / times;
      sum[1] += w2 / times;
      sum[2] += sign * std::exp(seen.log_w1[at] + seen.log_w2[at]) / times;
      sum[3] += std::exp(2 * seen.log_w2[at]) / times;
    }
    out.speed.add(sum[0]);
    out.trace.add(sum[1]);
    out.mixed.add(sum[2]);
    out.across.add(sum[3]);
  }
  return out;
}

double error_of(const MeanVariance& m) { return m.standard_deviation() / std::sqrt(static_cast<double>(m.count())); }

std::vector<double> log_times(double first, double step, int count) {
  std::vector<double> times;
  for (int k = 0; k < count; ++k) times.push_back(std::log(first + step * k));
  return times;
}

TEST(RayleighHard, WithoutShearLeavesTheMaxwellianInvariant) {
  for (const double gamma : {0.1, 0.5, 0.95}) {
    const RayleighProcess process({.exponent = -gamma, .shear = 0});
    const auto seen = process.simulate(thermal_start(1), log_times(5, 1, 20), {.seed = 1, .particles = 20000});
    const Means m = means_of(seen);
    EXPECT_NEAR(m.trace.mean(), 3, 4 * error_of(m.trace)) << gamma;
    EXPECT_NEAR(m.speed.mean(), 1.59577, 4 * error_of(m.speed)) << gamma;
    EXPECT_LT(error_of(m.trace), 0.01);
    // collisions in equilibrium: w - Z ~ N(0, 2I), so E|w - Z|^gamma = 2^gamma Gamma((3 + gamma)/2)/Gamma(3/2)
    MeanVariance count;
    for (std::size_t i = 0; i < 20000; ++i) count.add(seen.collisions[19 * 20000 + i]);
    const double rate = std::exp2(gamma) * std::tgamma((3 + gamma) / 2) / std::tgamma(1.5);
    EXPECT_NEAR(count.mean(), 24 * rate, 4 * error_of(count)) << gamma;
  }
}

TEST(RayleighHard, CoolsToTheBackgroundWithUnequalMassesAndATable) {
  // f = 0.4: equilibrium |w|^2 = 3 f/(2 - f) = 0.75, from a fast start
  const RayleighProcess process({.exponent = -0.6,
                                 .shear = 0,
                                 .factor = 0.4,
                                 .angular = AngularLaw::table(std::array{0.0, 45.0, 90.0}, std::array{1.0, 3.0, 0.5})});
  const Means m =
      means_of(process.simulate(fixed_start({300, 20, 0}), log_times(30, 1, 3), {.seed = 5, .particles = 30000}));
  EXPECT_NEAR(m.trace.mean(), 0.75, 4 * error_of(m.trace));
}

// Another simulation of the same gas, without envelopes, bounds or the mean rate: small steps, in each of which the
// particle meets fresh background particles Z at rate C|w - Z|^gamma.
Means by_small_steps(double gamma, double shear, double from, double to, double dt, std::size_t particles) {
  RayleighObservations seen;
  seen.particles = particles;
  Stream random(77, "small steps");
  std::vector<Vector3d> w(particles);
  for (auto& v : w) v = Vector3d(random.normal(), random.normal(), random.normal());
  const auto steps = static_cast<int>(std::lround(to / dt));
  const auto every = static_cast<int>(std::lround(1 / dt));
  for (int s = 1; s <= steps; ++s) {
    for (auto& v : w) {
      v(0) -= 0.5 * dt * shear * v(1);
      double left = dt;
      for (;;) {
        const Vector3d z(random.normal(), random.normal(), random.normal());
        left -= random.exponential(std::pow((v - z).norm(), gamma));
        if (left < 0) break;
        const Vector3d omega = Vector3d(random.normal(), random.normal(), random.normal()).normalized();
        v -= omega.dot(v - z) * omega;
      }
      v(0) -= 0.5 * dt * shear * v(1);
    }
    if (s * dt < from || s % every != 0) continue;
    seen.log_times.push_back(std::log(s * dt));
    for (const auto& v : w) {
      seen.log_w1.push_back(std::log(std::abs(v(0))));
      seen.log_w2.push_back(std::log(std::abs(v(1))));
      seen.log_w3.push_back(std::log(std::abs(v(2))));
      seen.signs.push_back(static_cast<std::uint8_t>((v(0) < 0 ? 1 : 0) | (v(1) < 0 ? 2 : 0) | (v(2) < 0 ? 4 : 0)));
    }
  }
  return means_of(seen);
}

TEST(RayleighHard, StationaryStateIsThatOfASimulationBySmallSteps) {
  for (const double gamma : {0.3, 0.8}) {
    const Means brute = by_small_steps(gamma, 1, 20, 50, 0.02, 1000);
    const RayleighProcess process({.exponent = -gamma});
    const Means m = means_of(process.simulate(thermal_start(6), log_times(20, 1, 31), {.seed = 6, .particles = 8000}));
    const auto agree = [&](const MeanVariance& a, const MeanVariance& b) {
      EXPECT_NEAR(a.mean(), b.mean(), 4 * std::hypot(error_of(a), error_of(b)) + 2e-3 * std::abs(a.mean())) << gamma;
    };
    agree(m.trace, brute.trace);
    agree(m.mixed, brute.mixed);
    agree(m.across, brute.across);
    agree(m.speed, brute.speed);
    EXPECT_LT(m.mixed.mean(), 0);
    EXPECT_GT(m.trace.mean(), 3.5);
  }
}

TEST(RayleighHard, ApproachesMaxwellMoleculesAsGammaFalls) {
  const auto exact = stationary_second_moments({.shear = 0.2});
  std::array<double, 3> distance{};
  const std::array gammas{0.4, 0.1, 1e-3};
  for (std::size_t g = 0; g < gammas.size(); ++g) {
    const RayleighProcess process({.exponent = -gammas.at(g), .shear = 0.2});
    const Means m = means_of(process.simulate(thermal_start(7), log_times(20, 2, 16), {.seed = 7, .particles = 20000}));
    distance.at(g) = exact.trace() - m.trace.mean();
    if (g == 2) {
      EXPECT_NEAR(m.trace.mean(), exact.trace(), 4 * error_of(m.trace) + 1e-3);
      EXPECT_NEAR(m.mixed.mean(), exact(0, 1), 4 * error_of(m.mixed) + 1e-3);
      EXPECT_NEAR(m.across.mean(), exact(1, 1), 4 * error_of(m.across) + 1e-3);
    }
  }
  EXPECT_GT(distance[0], distance[1]);  // faster collisions heat less
  EXPECT_GT(distance[1], distance[2]);
}

TEST(RayleighHard, StrongShearSettlesWhereCollisionsKeepUp) {
  // |w| of the order (K/C)^(1/gamma): scaling w by s, t by s^-gamma leaves a background that is all but at rest
  const RayleighProcess weak({.exponent = -0.5, .shear = 20});
  const RayleighProcess strong({.exponent = -0.5, .shear = 40});
  const Means a = means_of(weak.simulate(thermal_start(8), log_times(5, 0.5, 10), {.seed = 8, .particles = 8000}));
  const Means b = means_of(strong.simulate(thermal_start(9), log_times(5, 0.5, 10), {.seed = 9, .particles = 8000}));
  EXPECT_NEAR(b.speed.mean() / a.speed.mean(), 4, 0.15);
}

TEST(RayleighHard, DoesNotDependOnHowParticlesAreDealt) {
  const RayleighProcess process({.exponent = -0.5, .rate = 0.7, .shear = 2});
  const std::vector<double> times{-1, 0, 2};
  const auto whole = process.simulate(thermal_start(3), times, {.seed = 3, .particles = 120});
  const auto part = process.simulate(thermal_start(3), times, {.seed = 3, .first = 77, .particles = 9});
  for (std::size_t k = 0; k < 3; ++k)
    for (std::size_t i = 0; i < 9; ++i) {
      EXPECT_EQ(part.log_w1[k * 9 + i], whole.log_w1[k * 120 + 77 + i]);
      EXPECT_EQ(part.collisions[k * 9 + i], whole.collisions[k * 120 + 77 + i]);
    }
}

}  // namespace
}  // namespace offprint::kinetic
