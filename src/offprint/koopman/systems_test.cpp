#include "offprint/koopman/systems.hpp"

#include <cmath>
#include <numbers>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "offprint/core/error.hpp"

namespace offprint::koopman {
namespace {

TEST(Rk4, IsOfOrderFour) {
  // The harmonic oscillator over one radian.
  const VectorField field = [](std::span<const double> x, std::span<double> rate) {
    rate[0] = x[1];
    rate[1] = -x[0];
  };
  const auto error = [&](int substeps) {
    double x[] = {1.0, 0.0};
    rk4(field, x, 1.0, substeps);
    return std::hypot(x[0] - std::cos(1.0), x[1] + std::sin(1.0));
  };
  EXPECT_NEAR(std::log2(error(10) / error(20)), 4.0, 0.05);
  double x[] = {1.0, 0.0};
  EXPECT_THROW(rk4(field, x, 1.0, 0), InputError);
}

TEST(Systems, UndampedDuffingConservesItsEnergyDampedLosesIt) {
  const auto energy = [](const Eigen::MatrixXd& part, Index t) {
    const double x = part(t, 0);
    return part(t, 1) * part(t, 1) / 2 - x * x / 2 + x * x * x * x / 4;
  };
  for (const auto& part : duffing_data(50, 3).parts) {
    ASSERT_EQ(part.rows(), 6);
    EXPECT_LE(part.row(0).cwiseAbs().maxCoeff(), 2.0);
    EXPECT_NEAR(energy(part, 5), energy(part, 0), 1e-5);
  }
  for (const auto& part : duffing_data(50, 3, 50, 0.3, 0.3).parts) EXPECT_LT(energy(part, 50), energy(part, 0));
}

TEST(Systems, DataDoNotDependOnThreadsAndDifferBySeed) {
  const auto one = duffing_data(40, 9, 5, 0.3, 0.0, 2.0, Parallel{1, {}, {}});
  const auto three = duffing_data(40, 9, 5, 0.3, 0.0, 2.0, Parallel{3, {}, {}});
  for (std::size_t i = 0; i < 40; ++i) EXPECT_EQ(one.parts[i], three.parts[i]);
  EXPECT_NE(one.parts[0], duffing_data(1, 10).parts[0]);
}

TEST(Systems, AttractorsAreBounded) {
  const auto l = lorenz_data(2000, 1).parts[0];
  EXPECT_GT(l.col(2).minCoeff(), 0.0);
  EXPECT_LT(l.cwiseAbs().maxCoeff(), 60.0);
  EXPECT_NEAR(l.col(2).mean(), 23.5, 1.0);
  const Eigen::MatrixXd r = orbit(roessler(), Eigen::Vector3d(1, 1, 0), 2000, 0.1);
  EXPECT_LT(r.cwiseAbs().maxCoeff(), 30.0);
  EXPECT_GT(r.col(0).maxCoeff(), 5.0);
}

TEST(Systems, MapsAreExact) {
  const auto x = rotation_orbit(0.9, 0.3, 4);
  EXPECT_NEAR(x(1), 0.2, 1e-15);
  EXPECT_NEAR(x(4), 0.1, 1e-15);
  const auto doubling = doubling_pairs(7);
  EXPECT_DOUBLE_EQ(doubling.y(5, 0), 3.0 / 7);
  EXPECT_FALSE(doubling.one_orbit);
  // The cat map permutes the grid.
  std::vector<int> hits(25, 0);
  for (std::int64_t i = 0; i < 5; ++i)
    for (std::int64_t j = 0; j < 5; ++j) {
      const auto p = cat_map({i, j}, 5);
      ++hits[static_cast<std::size_t>(5 * p[0] + p[1])];
    }
  EXPECT_THAT(hits, testing::Each(1));
}

TEST(Toeplitz, DensityCdfAndRefusals) {
  const ToeplitzProcess p;
  EXPECT_NEAR(p.density(0.7), 0.26465300821186416, 1e-15);
  EXPECT_NEAR(p.cdf(-std::numbers::pi), 0.0, 1e-15);
  EXPECT_NEAR(p.cdf(std::numbers::pi), 1.0, 1e-15);
  EXPECT_NEAR((p.cdf(0.7 + 1e-5) - p.cdf(0.7 - 1e-5)) / 2e-5, p.density(0.7), 1e-9);
  EXPECT_EQ(p.gram(3)(0, 2), 0.15);
  EXPECT_EQ(p.shift(3)(1, 0), 1.0);  // <K psi_0, psi_1>
  EXPECT_EQ(p.shift(3)(0, 0), 0.4);
  try {
    ToeplitzProcess bad({1.0, 0.9});
    FAIL();
  } catch (const InputError& e) {
    EXPECT_THAT(e.what(), testing::HasSubstr("belong to no process"));
  }
}

}  // namespace
}  // namespace offprint::koopman
