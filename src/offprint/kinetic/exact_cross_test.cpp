#include "offprint/kinetic/exact_cross.hpp"

#include <cmath>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "offprint/core/error.hpp"
#include "offprint/kinetic/disparate_operators.hpp"
#include "offprint/kinetic/distributions.hpp"
#include "offprint/kinetic/exchange.hpp"
#include "offprint/kinetic/gaussian_pairs.hpp"

namespace offprint::kinetic {
namespace {

using Eigen::Vector2d;
using Eigen::VectorXd;

// Nothing about these is symmetric.
std::vector<Gaussian> light_parts(int d) {
  Gaussian a{0.6, VectorXd::Zero(d), VectorXd::Constant(d, 0.8).asDiagonal()};
  a.mean[0] = 0.7;
  a.mean[1] = 0.2;
  a.covariance(0, 1) = a.covariance(1, 0) = 0.2;
  Gaussian b{0.4, VectorXd::Zero(d), VectorXd::Constant(d, 1.1).asDiagonal()};
  b.mean[0] = -0.9;
  return {a, b};
}
std::vector<Gaussian> heavy_parts(int d) {
  Gaussian a{1.3, VectorXd::Zero(d), VectorXd::Constant(d, 0.8).asDiagonal()};
  a.mean[0] = 0.4;
  a.mean[1] = -0.3;
  a.covariance(0, 1) = a.covariance(1, 0) = 0.1;
  return {a};
}

// Rates of n_s u_s and n_s W_s by an operator's values.
struct Rates {
  VectorXd momentum;
  double mass, energy;
};
Rates rates(const VelocityGrid& grid, const VectorXd& q) {
  Rates r{VectorXd::Zero(grid.dimension), q.sum() * grid.cell(), q.dot(grid.squared_speeds()) * grid.cell()};
  for (int i = 0; i < grid.dimension; ++i) r.momentum[i] = q.dot(grid.coordinates(i)) * grid.cell();
  return r;
}

// Both operators conserve masses, eps^2 n_L u_L + eps n_H uhat_H and the energy; what they exchange is the law's.
void expect_the_law(const VelocityGrid& grid, const VhsKernel& kernel, double eps, const VectorXd& f, const VectorXd& h,
                    const ExactOptions& options, double tolerance) {
  ExactCrossOperators q(grid, grid, kernel, eps, options);
  const Rates light = rates(grid, q.light(f, h));
  const Rates heavy = rates(grid, q.heavy(f, h));
  EXPECT_NEAR(light.mass, 0, tolerance);
  EXPECT_NEAR(heavy.mass, 0, tolerance);
  EXPECT_LT((eps * eps * light.momentum + eps * heavy.momentum).norm(), tolerance);
  EXPECT_NEAR(light.energy + heavy.energy, 0, tolerance);
  const Moments l = moments(grid, f);
  const Moments m = moments(grid, h);
  const ExchangeLaw law{.eps = eps,
                        .light_density = l.density,
                        .heavy_density = m.density,
                        .rate = kernel.exchange_rate(l.temperature + eps * eps * m.temperature, grid.dimension),
                        .truncation = Truncation::kExact};
  const PairMoments expected = exchange_rates(law, {l.mean, m.mean, l.energy(), m.energy()});
  const double light_times = eps * eps * l.density;
  EXPECT_LT((light.momentum - light_times * expected.light_mean).norm(), tolerance);
  EXPECT_NEAR(light.energy, light_times * expected.light_energy, tolerance);
}

TEST(ExactCross, MomentLawsOfMaxwellMoleculesForAnyDistribution) {
  const VelocityGrid plane{2, 48, 9};
  expect_the_law(plane, {0.7, 0}, 0.4, gaussian_mixture(plane, light_parts(2)), gaussian_mixture(plane, heavy_parts(2)),
                 {}, 1e-8);
  const VelocityGrid space{3, 20, 7.5};
  expect_the_law(space, {0.7, 0}, 0.6, gaussian_mixture(space, light_parts(3)), gaussian_mixture(space, heavy_parts(3)),
                 {.directions = 8}, 1e-3);  // what the coarse grid resolves
}

TEST(ExactCross, MomentLawsOfHardSpheresBetweenMaxwellians) {
  const VelocityGrid plane{2, 48, 9};
  expect_the_law(plane, {0.7, 1}, 0.4, maxwellian(plane, 0.8, Vector2d::Zero(), 1.2),
                 maxwellian(plane, 1.3, Vector2d::Zero(), 0.7), {}, 5e-6);
  const VelocityGrid space{3, 16, 6};
  expect_the_law(space, {0.7, 1}, 0.5, maxwellian(space, 0.8, Eigen::Vector3d::Zero(), 1.2),
                 maxwellian(space, 1.3, Eigen::Vector3d::Zero(), 0.9), {}, 5e-3);
}

TEST(ExactCross, OneMassIsTheLikeParticleOperator) {
  for (const auto& grid : {VelocityGrid{2, 32, 9}, VelocityGrid{3, 16, 7}}) {
    const VectorXd f = bkw(grid, 1, 1, 0.25);
    const VectorXd exact = bkw_collision_term(grid, 1, 1, 0.25);
    ExactCrossOperators maxwell(grid, grid, {}, 1, {.directions = grid.dimension == 2 ? 64 : 8});
    const double coarse = grid.dimension == 2 ? 5e-6 : 1e-3;
    EXPECT_LT((maxwell.light(f, f) - exact).cwiseAbs().maxCoeff(), coarse);
    EXPECT_LT((maxwell.heavy(f, f) - exact).cwiseAbs().maxCoeff(), coarse);
  }
  const VelocityGrid grid{2, 32, 9};
  const VectorXd f = gaussian_mixture(grid, light_parts(2));
  ExactCrossOperators hard(grid, grid, {1, 1}, 1);
  EXPECT_EQ(hard.fine_points(), 32);
  CollisionOperator like(grid, {1, 1}, {.directions = 12, .radii = 24});
  EXPECT_LT((hard.light(f, f) - like(f)).cwiseAbs().maxCoeff(), 5e-6);
  EXPECT_LT((hard.heavy(f, f) - like(f)).cwiseAbs().maxCoeff(), 5e-6);
}

TEST(ExactCross, CommonEquilibriumIsStationary) {
  const Vector2d u(0.3, -0.2);
  const VelocityGrid grid{2, 40, 8};
  for (const double exponent : {0.0, 0.5, 1.0}) {
    for (const double eps : {1.0, 0.4}) {
      ExactCrossOperators q(grid, grid, {1, exponent}, eps);
      const VectorXd f = maxwellian(grid, 0.8, eps * u, 0.9);
      const VectorXd h = maxwellian(grid, 1.3, u, 0.9);
      EXPECT_LT(q.light(f, h).cwiseAbs().maxCoeff(), 1e-6) << exponent << " " << eps;
      EXPECT_LT(q.heavy(f, h).cwiseAbs().maxCoeff(), 1e-6) << exponent << " " << eps;
    }
  }
}

TEST(ExactCross, HardSpheresAgainstQuadratureOfTheWeakForm) {
  const VelocityGrid grid{2, 64, 9};
  const auto light = light_parts(2);
  const auto heavy = heavy_parts(2);
  const double eps = 0.3;
  ExactCrossOperators q(grid, grid, {1, 1}, eps);
  EXPECT_EQ(q.fine_points(), 216);  // 64/0.3 and the next length that FFTs like
  const SpectralGrid modes(grid);
  const VectorXd light_q = q.light(gaussian_mixture(grid, light), gaussian_mixture(grid, heavy));
  const VectorXd heavy_q = q.heavy(gaussian_mixture(grid, light), gaussian_mixture(grid, heavy));
  for (const auto& xi : {Vector2d(1, 0.4), Vector2d(-2, 1), Vector2d(0, 3)}) {
    const auto exact = gaussian_pair_transforms(light, heavy, {1, 1}, eps, xi);
    EXPECT_LT(std::abs(modes.transform_at(light_q, xi) - exact.light), 1e-6);
    EXPECT_LT(std::abs(modes.transform_at(heavy_q, xi) - exact.heavy), 1e-6);
  }
}

TEST(ExactCross, TruncatedRatesOfHardSpheresAreOffByTheThirdPower) {
  const VelocityGrid grid{2, 48, 8};
  const VectorXd f = gaussian_mixture(grid, light_parts(2));
  const VectorXd h = gaussian_mixture(grid, heavy_parts(2));
  const auto heavy_moments = moments(grid, h);
  std::vector<double> momentum;
  for (const double eps : {0.32, 0.16}) {
    ExactCrossOperators q(grid, grid, {1, 1}, eps);
    const Rates exact = rates(grid, q.light(f, h));
    const Rates truncated = rates(grid, LightOperator(grid, {1, 1}, eps)(f, heavy_moments));
    momentum.push_back((exact.momentum - truncated.momentum).norm());
    // Its third and fourth powers nearly cancel here, which leaves a bound.
    EXPECT_LT(std::abs(exact.energy - truncated.energy), 1.5 * std::pow(eps, 3)) << eps;
  }
  EXPECT_NEAR(std::log2(momentum[0] / momentum[1]), 3, 0.3) << momentum[0] << " " << momentum[1];
}

TEST(ExactCross, RefusesWhatDoesNotFit) {
  const VelocityGrid grid{2, 64, 9};
  try {
    const ExactCrossOperators q(grid, grid, {1, 1}, 1e-5);
    FAIL() << q.fine_points() << " points an axis were taken";
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), ::testing::HasSubstr("N = 6"));
    EXPECT_THAT(error.what(), ::testing::HasSubstr("points an axis"));
  }
  EXPECT_THROW(ExactCrossOperators(grid, {3, 16, 9}, {}, 0.1), InputError);
  EXPECT_THROW(ExactCrossOperators(grid, grid, {1, 1}, 0), InputError);
  EXPECT_THROW(ExactCrossOperators(grid, grid, {}, 0.1, {.directions = 4}), InputError);
  ExactCrossOperators q(grid, grid, {1, 1}, 0.5);
  EXPECT_THROW((void)q.light(VectorXd::Ones(7), VectorXd::Ones(7)), InputError);
}

}  // namespace
}  // namespace offprint::kinetic
