#include "offprint/kinetic/mixture_slab.hpp"

#include <cmath>
#include <numbers>

#include <gtest/gtest.h>

#include "offprint/core/error.hpp"
#include "offprint/kinetic/distributions.hpp"
#include "offprint/linalg/gauss_legendre.hpp"

namespace offprint::kinetic {
namespace {

using Eigen::MatrixXd;
using Eigen::Vector2d;
using Eigen::VectorXd;

SlabModel slab_model(double eps, const VelocityGrid& grid, int cells, double length) {
  return {.mixture = {.eps = eps, .light_grid = grid, .heavy_grid = grid}, .cells = cells, .length = length};
}

// (1 + amplitude cos(2 pi x / length)) f in every cell.
MatrixXd wave(const VectorXd& f, int cells, double amplitude) {
  MatrixXd columns(f.size(), cells);
  for (int i = 0; i < cells; ++i) columns.col(i) = (1 + amplitude * std::cos(2 * std::numbers::pi * i / cells)) * f;
  return columns;
}

// The first cosine amplitude of the light density.
double light_amplitude(const MixtureSlab& slab) {
  const int cells = slab.model().cells;
  double sum = 0;
  for (int i = 0; i < cells; ++i)
    sum += 2.0 / cells * std::cos(2 * std::numbers::pi * i / cells) * slab.light_moments(i).density;
  return sum;
}

TEST(MixtureSlab, FreeFlightIsExact) {
  const VelocityGrid grid{2, 32, 9};
  const double eps = 0.2;
  const auto model = slab_model(eps, grid, 9, 11);
  const VectorXd f = maxwellian(grid, 1, Vector2d(0.3, 0), 1.2);
  const VectorXd h = maxwellian(grid, 1, Vector2d::Zero(), 0.8);
  MixtureSlab slab(model, {}, wave(f, 9, 0.2), wave(h, 9, 0.3));
  const double time = 0.05;  // 1.25 light collision times
  for (int i = 0; i < 5; ++i) slab.fly(time / 5);
  const double k = 2 * std::numbers::pi / 11;
  const VectorXd v = grid.coordinates(0);
  for (const int cell : {0, 4, 7}) {
    const double x = 11.0 * cell / 9;
    const VectorXd light = f.array() * (1 + 0.2 * (k * (x - v.array() * time / (eps * eps))).cos());
    const VectorXd heavy = h.array() * (1 + 0.3 * (k * (x - v.array() * time / eps)).cos());
    EXPECT_LT((slab.light().col(cell) - light).cwiseAbs().maxCoeff(), 1e-14);
    EXPECT_LT((slab.heavy().col(cell) - heavy).cwiseAbs().maxCoeff(), 1e-14);
  }
}

TEST(MixtureSlab, ConservesMassesMomentumEnergy) {
  const VelocityGrid grid{2, 24, 8};
  const auto model = slab_model(0.1, grid, 8, 15);
  MixtureSlab slab(model, {}, wave(maxwellian(grid, 1, Vector2d(0.3, 0), 1.2), 8, 0.3),
                   wave(maxwellian(grid, 0.7, Vector2d(0.1, -0.2), 0.8), 8, -0.2));
  const auto start = totals(slab);
  for (int i = 0; i < 30; ++i) slab.step(i < 15 ? 2e-3 : 2e-2);
  const auto end = totals(slab);
  EXPECT_NEAR(end.light_mass, start.light_mass, 1e-13);
  EXPECT_NEAR(end.heavy_mass, start.heavy_mass, 1e-13);
  EXPECT_LT((end.momentum - start.momentum).norm(), 1e-13);
  EXPECT_NEAR(end.energy, start.energy, 1e-12);
  EXPECT_NEAR(slab.time(), 15 * 2.2e-2, 1e-15);
}

// Light particles that collide with heavy ones at rest only: every speed is a Lorentz gas of rate nu = n_H B by itself,
// whose density wave in two dimensions becomes nu/r exp(-(nu - r) t), r = sqrt(nu^2 - k^2 v^2), after some collisions;
// for k v << nu that is diffusion with v^2/(2 nu).
TEST(MixtureSlab, DensityWavesDiffuseAsInALorentzGas) {
  const VelocityGrid grid{2, 24, 8};
  const double eps = 0.01;
  auto model = slab_model(eps, grid, 4, 2 * std::numbers::pi / 0.15);
  model.mixture.light_kernel.strength = 1e-9;
  model.mixture.heavy_kernel.strength = 1e-9;
  MixtureSlab slab(model, {.scheme = Scheme::kArs222}, wave(maxwellian(grid, 1, Vector2d::Zero(), 1), 4, 0.1),
                   wave(maxwellian(grid, 1, Vector2d::Zero(), 1), 4, 0));
  const double t = 12;
  for (int i = 0; i < 120; ++i) slab.step(0.1 * eps * eps);
  const auto speeds = linalg::gauss_legendre(64, 0, 6);
  double expected = 0;
  double diffusion = 0;
  for (Eigen::Index i = 0; i < speeds.nodes.size(); ++i) {
    const double v = speeds.nodes[i];
    const double weight = speeds.weights[i] * v * std::exp(-v * v / 2);
    const double square = 0.15 * 0.15 * v * v;
    const double r = std::sqrt(1 - square);
    expected += weight / r * std::exp(-(1 - r) * t);
    diffusion += weight * std::exp(-square * t / 2);
  }
  EXPECT_NEAR(light_amplitude(slab) / 0.1, expected, 1e-3);
  EXPECT_NEAR(diffusion, 1 / (1 + 0.15 * 0.15 * t), 1e-6);
  EXPECT_NEAR(light_amplitude(slab) / 0.1, diffusion, 0.02);
}

TEST(MixtureSlab, SameBitsForAnyNumberOfThreadsAndFromAStoredState) {
  const VelocityGrid grid{2, 16, 8};
  const MatrixXd light = wave(maxwellian(grid, 1, Vector2d::Zero(), 1.5), 6, 0.2);
  const MatrixXd heavy = wave(maxwellian(grid, 1, Vector2d::Zero(), 1.2), 6, 0.1);
  auto model = slab_model(0.1, grid, 6, 20);
  model.mixture.collisions.parallel.threads = 1;
  MixtureSlab one(model, {}, light, heavy);
  model.mixture.collisions.parallel.threads = 3;
  MixtureSlab three(model, {}, light, heavy);
  MixtureSlab resumed(model, {}, heavy, light);
  for (int i = 0; i < 4; ++i) {
    if (i == 2) resumed.restore(one.time(), one.light(), one.heavy());
    one.step(1e-3);
    three.step(1e-3);
    if (i >= 2) resumed.step(1e-3);
  }
  EXPECT_EQ(one.light(), three.light());
  EXPECT_EQ(one.heavy(), three.heavy());
  EXPECT_EQ(one.light(), resumed.light());
  EXPECT_EQ(one.heavy(), resumed.heavy());
  EXPECT_EQ(one.time(), resumed.time());
}

TEST(MixtureSlab, BadInput) {
  const VelocityGrid grid{2, 16, 8};
  const MatrixXd f = wave(maxwellian(grid, 1, Vector2d::Zero(), 1), 6, 0.2);
  const auto model = slab_model(0.1, grid, 6, 20);
  EXPECT_THROW(MixtureSlab(slab_model(0.1, grid, 3, 20), {}, f, f), InputError);
  EXPECT_THROW(MixtureSlab(slab_model(0.1, grid, 6, -1), {}, f, f), InputError);
  EXPECT_THROW(MixtureSlab(model, {}, f.leftCols(5), f), InputError);
  EXPECT_THROW(MixtureSlab(model, {}, f, -f), InputError);
  MixtureSlab slab(model, {}, f, f);
  EXPECT_THROW(slab.step(0), InputError);
}

}  // namespace
}  // namespace offprint::kinetic
