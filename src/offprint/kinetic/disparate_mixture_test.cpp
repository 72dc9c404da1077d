#include "offprint/kinetic/disparate_mixture.hpp"

#include <cmath>

#include <gtest/gtest.h>

#include "offprint/core/error.hpp"
#include "offprint/kinetic/distributions.hpp"
#include "offprint/kinetic/ornstein_uhlenbeck.hpp"

namespace offprint::kinetic {
namespace {

using Eigen::Matrix2d;
using Eigen::Vector2d;

MixtureModel model(double eps, int points = 32, double half_width = 11.02) {
  return {.eps = eps, .light_grid = {2, points, half_width}, .heavy_grid = {2, points, half_width}};
}

// Isotropic starts out of equilibrium: T_L = 1.5, T_H = 0.5.
DisparateMixture bkw_mixture(const MixtureModel& m, const SchemeOptions& options = {}) {
  Eigen::VectorXd light = bkw(m.light_grid, 1, 1.5, 0.4);
  Eigen::VectorXd heavy = bkw(m.heavy_grid, 1, 0.5, 0.4);
  project(m.light_grid, {1, Vector2d::Zero(), 1.5}, light);  // coarse grids miss the temperatures by 1e-4
  project(m.heavy_grid, {1, Vector2d::Zero(), 0.5}, heavy);
  return {m, options, light, heavy};
}

double difference(const DisparateMixture& mixture) {
  return mixture.light_moments().temperature - mixture.heavy_moments().temperature;
}

TEST(OrnsteinUhlenbeck, MovesAGaussianExactly) {
  const VelocityGrid grid{2, 64, 11};
  const Vector2d mean(0.7, -0.2);
  const Matrix2d covariance = (Matrix2d() << 0.6, 0.1, 0.1, 0.4).finished();
  const OrnsteinUhlenbeck process{1.3, Vector2d(0.5, 1), (Matrix2d() << 3.9, 0.5, 0.5, 2.6).finished()};
  const double time = 0.37;
  const double c = std::exp(-1.3 * time);
  const Eigen::VectorXd moved = process.advance(grid, gaussian_mixture(grid, {{2, mean, covariance}}), time);
  const Matrix2d spread = c * c * covariance + (1 - c * c) / (2 * 1.3) * process.diffusion;
  const Eigen::VectorXd expected = gaussian_mixture(grid, {{2, Vector2d(c * mean + (1 - c) * process.target), spread}});
  EXPECT_LT((moved - expected).cwiseAbs().maxCoeff(), 1e-12);
  EXPECT_THROW((void)process.advance(grid, moved, -1), InputError);
}

TEST(Exchange, LawsOfMaxwellMolecules) {
  PairMoments start{Vector2d(0.5, 0), Vector2d(0.3, -0.2), 0.25 + 3, 0.13 + 1};
  const ExchangeLaw law{.eps = 0.1, .light_density = 0.7, .heavy_density = 1.3};
  const auto next = implicit_exchange(law, start, 0.5);
  const Eigen::VectorXd momentum =
      0.01 * 0.7 * (next.light_mean - start.light_mean) + 0.1 * 1.3 * (next.heavy_mean - start.heavy_mean);
  EXPECT_LT(momentum.cwiseAbs().maxCoeff(), 1e-16);
  EXPECT_NEAR(0.7 * (next.light_energy - start.light_energy) + 1.3 * (next.heavy_energy - start.heavy_energy), 0,
              1e-15);
  // Many small steps follow the law of the exact operators, T_L - T_H = exp(-4 t/(1 + eps^2)^2).
  PairMoments now{Vector2d::Zero(), Vector2d::Zero(), 3, 1};
  const ExchangeLaw exact{.eps = 0.3, .truncation = Truncation::kExact};
  for (int i = 0; i < 20000; ++i) now = implicit_exchange(exact, now, 1e-5);
  EXPECT_NEAR(now.light_temperature() - now.heavy_temperature(), 0.510000, 2e-5);
  EXPECT_NEAR(temperature_difference_factor(exact, 0.2), 0.510000, 1e-6);
  EXPECT_NEAR(temperature_difference_factor({.eps = 0.1, .truncation = Truncation::kExact}, 0.2), 0.456468, 1e-6);
  EXPECT_NEAR(temperature_difference_factor({.eps = 0.03, .truncation = Truncation::kExact}, 0.2), 0.449976, 1e-6);
  EXPECT_NEAR(temperature_difference_factor({.eps = 0.3}, 0.2), 0.449329, 1e-6);
}

TEST(DisparateMixture, TemperaturesAtAStepThatDoesNotSeeEps) {
  for (const double eps : {0.1, 1e-2, 1e-4}) {
    for (const auto& [dt, expected] : {std::pair{0.02, 0.463193}, std::pair{0.01, 0.456387}}) {
      auto mixture = bkw_mixture(model(eps));
      while (mixture.time() < 0.2 - dt / 2) mixture.step(dt);
      EXPECT_NEAR(difference(mixture), expected, 1e-6) << eps;
    }
    auto second = bkw_mixture(model(eps), {.scheme = Scheme::kArs222});
    for (int i = 0; i < 10; ++i) second.step(0.02);
    EXPECT_NEAR(difference(second) - std::exp(-0.8), -9.4e-5, 0.05e-5) << eps;
  }
}

TEST(DisparateMixture, DistancesToMaxwellians) {
  auto mixture = bkw_mixture(model(0.1, 64), {.light_penalty = 1.0, .heavy_penalty = 1.0});
  EXPECT_NEAR(distance_to_maxwellian(mixture.model().light_grid, mixture.light()), 8.32e-2, 0.05e-2);
  for (int i = 0; i < 10; ++i) mixture.step(0.02);
  EXPECT_NEAR(distance_to_maxwellian(mixture.model().light_grid, mixture.light()), 7.98e-3, 0.02e-3);
  EXPECT_NEAR(distance_to_maxwellian(mixture.model().heavy_grid, mixture.heavy()), 6.49e-3, 0.02e-3);
  auto limit = bkw_mixture(model(0.01, 64));
  for (int i = 0; i < 10; ++i) limit.step(0.02);
  EXPECT_NEAR(distance_to_maxwellian(limit.model().light_grid, limit.light()), 9.9e-3, 0.1e-3);
  EXPECT_NEAR(distance_to_maxwellian(limit.model().heavy_grid, limit.heavy()), 4.8e-4, 0.1e-4);
  auto second = bkw_mixture(model(0.01, 64), {.scheme = Scheme::kArs222});
  for (int i = 0; i < 10; ++i) second.step(0.02);
  EXPECT_NEAR(distance_to_maxwellian(second.model().light_grid, second.light()), 3.5e-4, 0.3e-4);
  EXPECT_NEAR(distance_to_maxwellian(second.model().heavy_grid, second.heavy()), 1.5e-4, 0.3e-4);
}

// The limit of small steps at eps = 0.1, by the reference integrator.
TEST(DisparateMixture, DistancesToMaxwelliansInTheLimitOfSmallSteps) {
  auto mixture = bkw_mixture(model(0.1, 56, 9), {.scheme = Scheme::kReference, .tolerance = 1e-7});
  mixture.step(0.2);
  EXPECT_NEAR(difference(mixture), std::exp(-0.8), 1e-5);
  EXPECT_NEAR(distance_to_maxwellian(mixture.model().light_grid, mixture.light()), 2e-4, 0.5e-4);
  EXPECT_NEAR(distance_to_maxwellian(mixture.model().heavy_grid, mixture.heavy()), 5.93e-3, 0.02e-3);
}

TEST(DisparateMixture, ConservesWithMeanFlows) {
  const auto m = model(0.1);
  DisparateMixture mixture(m, {}, maxwellian(m.light_grid, 1, Vector2d(0.5, 0), 1.5),
                           maxwellian(m.heavy_grid, 1, Vector2d(0.3, -0.2), 0.5));
  const auto totals = [&] {
    const auto l = mixture.light_moments();
    const auto h = mixture.heavy_moments();
    Eigen::Vector4d t;
    t << l.density, h.density, (0.01 * l.density * l.mean + 0.1 * h.density * h.mean).norm(),
        l.density * l.energy() + h.density * h.energy();
    return t;
  };
  const Eigen::Vector4d start = totals();
  for (int i = 0; i < 50; ++i) mixture.step(0.02);
  EXPECT_LT((totals() - start).cwiseAbs().maxCoeff(), 1e-12) << (totals() - start).transpose();
  // The light mean follows the heavy one: u_L = eps uhat_H.
  EXPECT_LT((mixture.light_moments().mean - 0.1 * mixture.heavy_moments().mean).norm(), 1e-6);
}

TEST(DisparateMixture, GoesOnFromAStoredStateToTheSameBits) {
  const auto m = model(0.05, 16, 8);
  auto whole = bkw_mixture(m);
  for (int i = 0; i < 3; ++i) whole.step(0.02);
  auto resumed = bkw_mixture(m);
  resumed.restore(whole.time(), whole.light(), whole.heavy(), whole.stepped_moments());
  whole.step(0.02);
  resumed.step(0.02);
  EXPECT_EQ(resumed.light(), whole.light());
  EXPECT_EQ(resumed.heavy(), whole.heavy());
  EXPECT_EQ(resumed.time(), whole.time());
}

TEST(DisparateMixture, FollowsTheExplicitReferenceWhereBothCan) {
  const auto m = model(0.3, 32, 8);
  const auto run = [&](const SchemeOptions& options, double dt) {
    DisparateMixture mixture(m, options,
                             gaussian_mixture(m.light_grid, {{1, Vector2d::Zero(), Vector2d(1.8, 1.2).asDiagonal()}}),
                             gaussian_mixture(m.heavy_grid, {{1, Vector2d::Zero(), Vector2d(0.6, 0.9).asDiagonal()}}));
    while (mixture.time() < 0.1 - dt / 2) mixture.step(dt);
    return mixture.light_moments().pressure()(0, 0) - mixture.light_moments().temperature;
  };
  const double reference = run({.scheme = Scheme::kReference}, 0.1);
  EXPECT_NEAR(run({.scheme = Scheme::kExplicit}, 0.005), reference, 1e-6);
  const auto error = [&](Scheme scheme, double dt) { return std::abs(run({.scheme = scheme}, dt) - reference); };
  EXPECT_NEAR(reference, 0.051524, 1e-6);
  EXPECT_LT(error(Scheme::kArs222, 0.005), 1e-4);
  const double coarse = error(Scheme::kImex1, 0.005);
  EXPECT_LT(coarse, 5e-3);
  EXPECT_NEAR(coarse / error(Scheme::kImex1, 0.0025), 2, 0.1);
}

TEST(DisparateMixture, WithoutPenaltyItBlowsUp) {
  auto mixture = bkw_mixture(model(1e-2, 16, 8), {.scheme = Scheme::kExplicit});
  EXPECT_THROW(
      {
        for (int i = 0; i < 50; ++i) mixture.step(0.02);
      },
      Error);
}

TEST(DisparateMixture, ExactOperatorsFollowTheExactLaw) {
  auto m = model(0.5, 16, 8);
  m.truncation = Truncation::kExact;
  auto mixture = bkw_mixture(m, {.scheme = Scheme::kArs222});
  for (int i = 0; i < 10; ++i) mixture.step(0.02);
  EXPECT_NEAR(difference(mixture), temperature_difference_factor({.eps = 0.5, .truncation = Truncation::kExact}, 0.2),
              1e-4);
  EXPECT_LT(std::abs(mixture.mismatch().heavy_temperature), 5e-3);
}

// By the reference integrator, which steps no moments: the temperatures are what the operators make of them.
TEST(DisparateMixture, ExactOperatorsRelaxByTheExactLaw) {
  auto m = model(0.5, 28, 7.5);
  m.truncation = Truncation::kExact;
  DisparateMixture plane(m, {.scheme = Scheme::kExplicit}, maxwellian(m.light_grid, 1, Vector2d::Zero(), 1.2),
                         maxwellian(m.heavy_grid, 1, Vector2d::Zero(), 0.9));
  for (int i = 0; i < 2; ++i) plane.step(0.05);
  const ExchangeLaw law{.eps = 0.5, .truncation = Truncation::kExact};
  EXPECT_NEAR(difference(plane), 0.3 * temperature_difference_factor(law, 0.1), 1e-4);
  const VelocityGrid grid{3, 12, 6};
  const MixtureModel in_space{.eps = 0.7, .light_grid = grid, .heavy_grid = grid, .truncation = Truncation::kExact};
  DisparateMixture space(in_space, {.scheme = Scheme::kExplicit}, maxwellian(grid, 1, Eigen::Vector3d::Zero(), 1.2),
                         maxwellian(grid, 1, Eigen::Vector3d::Zero(), 0.9));
  space.step(0.1);
  EXPECT_NEAR(difference(space),
              0.3 * temperature_difference_factor({.eps = 0.7, .truncation = Truncation::kExact}, 0.1), 3e-3);
}

TEST(DisparateMixture, ExactHardSpheresInTime) {
  auto m = model(0.5, 28, 6.5);
  m.light_kernel = m.heavy_kernel = m.cross_kernel = {1, 1};
  m.truncation = Truncation::kExact;
  const auto total = [&](const DisparateMixture& mixture) {
    const auto l = mixture.light_moments();
    const auto h = mixture.heavy_moments();
    Eigen::Vector3d t;
    t << 0.25 * l.density * l.mean + 0.5 * h.density * h.mean, l.density * l.energy() + h.density * h.energy();
    return t;
  };
  // Light temperature, deviator and mean at t = 0.08; what the sums changed by.
  const auto run = [&](Scheme scheme, double dt, double* drift = nullptr) {
    DisparateMixture mixture(m, {.scheme = scheme},
                             gaussian_mixture(m.light_grid, {{1, Vector2d(0.4, 0), Vector2d(1.1, 0.8).asDiagonal()}}),
                             gaussian_mixture(m.heavy_grid, {{1, Vector2d(0, -0.2), Vector2d(0.7, 0.8).asDiagonal()}}));
    const Eigen::Vector3d start = total(mixture);
    while (mixture.time() < 0.08 - dt / 2) mixture.step(dt);
    if (drift != nullptr) *drift = (total(mixture) - start).norm();
    const auto l = mixture.light_moments();
    return Eigen::Vector3d(l.temperature, l.pressure()(0, 0) - l.temperature, l.mean[0]);
  };
  double drift = 0;
  const Eigen::Vector3d reference = run(Scheme::kExplicit, 0.01, &drift);
  EXPECT_LT(drift, 1e-4);  // of the spectral operators on this grid
  const auto error = [&](Scheme scheme, double dt, double* sums = nullptr) -> Eigen::Vector3d {
    return (run(scheme, dt, sums) - reference).cwiseAbs();
  };
  const Eigen::Vector3d first = error(Scheme::kImex1, 0.008, &drift);
  EXPECT_LT(drift, 1e-12);
  const Eigen::Vector3d first_halved = error(Scheme::kImex1, 0.004);
  const Eigen::Vector3d second = error(Scheme::kArs222, 0.008);
  for (int i = 0; i < 3; ++i) {
    EXPECT_NEAR(first[i] / first_halved[i], 2, 0.25) << i;
    EXPECT_LT(second[i], 0.12 * first[i]) << i;
  }
}

TEST(DisparateMixture, ExactHardSpheresKeepTheCommonEquilibrium) {
  auto m = model(0.5, 24, 7);
  m.light_kernel = m.heavy_kernel = m.cross_kernel = {1, 1};
  m.truncation = Truncation::kExact;
  const Vector2d u(0.2, -0.1);
  const Eigen::VectorXd light = maxwellian(m.light_grid, 1, 0.5 * u, 0.8);
  const Eigen::VectorXd heavy = maxwellian(m.heavy_grid, 1, u, 0.8);
  for (const auto scheme : {Scheme::kImex1, Scheme::kArs222, Scheme::kExplicit}) {
    DisparateMixture mixture(m, {.scheme = scheme}, light, heavy);
    for (int i = 0; i < 5; ++i) mixture.step(0.02);
    EXPECT_LT((mixture.light() - light).cwiseAbs().maxCoeff(), 1e-5);
    EXPECT_LT((mixture.heavy() - heavy).cwiseAbs().maxCoeff(), 1e-5);
  }
}

TEST(DisparateMixture, TakesOtherDistributions) {
  const auto m = model(0.1, 16, 8);
  auto used = bkw_mixture(m);
  used.step(0.02);
  const Eigen::VectorXd light = maxwellian(m.light_grid, 0.7, Vector2d(0.2, 0), 1.1);
  const Eigen::VectorXd heavy = maxwellian(m.heavy_grid, 1.4, Vector2d(0, 0.1), 0.9);
  DisparateMixture fresh(m, {}, light, heavy);
  used.reset(0, light, heavy);
  fresh.step(0.02);
  used.step(0.02);
  EXPECT_EQ(used.light(), fresh.light());
  EXPECT_EQ(used.heavy(), fresh.heavy());
  EXPECT_EQ(used.time(), fresh.time());
  EXPECT_EQ(used.light_penalty(), fresh.light_penalty());
}

TEST(DisparateMixture, LowerOrdersDoWhatTheyCan) {
  for (const auto truncation : {Truncation::kOrder0, Truncation::kOrder1}) {
    auto m = model(0.1, 32, 8);
    m.truncation = truncation;
    DisparateMixture mixture(m, {}, maxwellian(m.light_grid, 1, Vector2d(0.5, 0), 1.5),
                             maxwellian(m.heavy_grid, 1, Vector2d(0.3, -0.2), 0.5));
    for (int i = 0; i < 20; ++i) mixture.step(0.02);
    const auto l = mixture.light_moments();
    const auto h = mixture.heavy_moments();
    EXPECT_NEAR(h.temperature, 0.5, 5e-3);  // no exchange; order 1 heats by (dt d_t u_H)^2
    if (truncation == Truncation::kOrder0) {
      EXPECT_LT(l.mean.norm(), 1e-3);
      EXPECT_NEAR(l.energy(), 3.25, 1e-6);
    } else {
      EXPECT_NEAR(l.energy() + h.energy(), 3.25 + 1.13, 1e-6);
      EXPECT_LT((l.mean - 0.1 * h.mean).norm(), 0.02);
    }
  }
}

TEST(DisparateMixture, HardSpheresRelaxAtTheClosedFormRate) {
  auto m = model(0.02, 32, 11);
  m.light_kernel = m.heavy_kernel = m.cross_kernel = {1, 1};
  DisparateMixture mixture(m, {}, maxwellian(m.light_grid, 1, Vector2d::Zero(), 1.1),
                           maxwellian(m.heavy_grid, 1, Vector2d::Zero(), 0.9));
  const double before = difference(mixture);
  const double rate = 4 * m.cross_kernel.exchange_rate(1.1, 2);
  mixture.step(1e-4);
  EXPECT_NEAR((before - difference(mixture)) / (1e-4 * before), rate, 1e-3 * rate);
  EXPECT_LT(std::abs(mixture.mismatch().light_temperature), 1e-5);
}

TEST(DisparateMixture, ThreeDimensions) {
  const VelocityGrid grid{3, 16, 9};
  const MixtureModel m{.eps = 0.05, .light_grid = grid, .heavy_grid = grid};
  DisparateMixture mixture(m, {}, maxwellian(grid, 1, Eigen::Vector3d::Zero(), 1.5),
                           maxwellian(grid, 1, Eigen::Vector3d::Zero(), 1.0));
  for (int i = 0; i < 5; ++i) mixture.step(0.02);
  EXPECT_NEAR(difference(mixture), 0.5 / std::pow(1.08, 5), 2e-5);
}

TEST(DisparateMixture, BadInput) {
  const auto m = model(0.1, 16, 8);
  EXPECT_THROW(bkw_mixture(m, {.light_penalty = 0.5}), InputError);
  EXPECT_THROW(bkw_mixture(m, {.scheme = Scheme::kArs222, .light_penalty = 1.5, .heavy_penalty = 0.5}), InputError);
  auto mixture = bkw_mixture(m);
  EXPECT_THROW(mixture.step(0), InputError);
  EXPECT_THROW(mixture.step(-1), InputError);
  EXPECT_THROW(bkw_mixture(m, {.scheme = Scheme::kReference, .tolerance = 0}), InputError);
  auto hard = model(1e-5, 16, 8);  // one grid of 1.6 million points an axis
  hard.truncation = Truncation::kExact;
  hard.cross_kernel.exponent = 1;
  EXPECT_THROW(bkw_mixture(hard), InputError);
  Eigen::VectorXd broken = bkw(m.light_grid, 1, 1, 0.2);
  broken[3] = std::nan("");
  EXPECT_THROW(DisparateMixture(m, {}, broken, broken), InputError);
  EXPECT_THROW(DisparateMixture(m, {}, -bkw(m.light_grid, 1, 1, 0.2), bkw(m.light_grid, 1, 1, 0.2)), InputError);
}

}  // namespace
}  // namespace offprint::kinetic
