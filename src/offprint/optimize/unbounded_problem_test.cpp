// Problem U against the sheet's digits and finite differences.
#include "offprint/optimize/unbounded_problem.hpp"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "offprint/core/error.hpp"

namespace offprint::optimize {
namespace {

using Eigen::VectorXd;

VectorXd constant(double value) { return VectorXd::Constant(10, value); }

TEST(UnboundedProblem, ValuesAndGradientNormsAtThreeStarts) {
  const UnboundedProblem u;
  EXPECT_NEAR(u.phi(constant(1)), 26.15509661, 5e-9);
  EXPECT_NEAR(u.phi_gradient(constant(1)).norm(), 33.20717987, 5e-9);
  EXPECT_NEAR(u.phi(constant(3)), 3350.880626, 5e-7);
  EXPECT_NEAR(u.phi_gradient(constant(3)).norm(), 3901.719125, 5e-7);
  EXPECT_NEAR(u.phi(constant(5)), 715952.4658, 5e-5);
  EXPECT_NEAR(u.phi_gradient(constant(5)).norm(), 1682650.807, 5e-4);
  EXPECT_NEAR(u.exact_lower(constant(1))->norm(), 0.8519048945, 5e-11);
  EXPECT_NEAR(u.exact_lower(constant(3))->norm(), 2.555714684, 5e-10);
}

TEST(UnboundedProblem, UPlusHasItsMinimumWhereTheSheetSays) {
  const UnboundedProblem u({.pull = 1.0});
  EXPECT_NEAR(u.phi(constant(1)), 31.155096608, 5e-10);
  EXPECT_NEAR(u.phi_gradient(constant(1)).norm(), 31.325408597, 5e-10);
  // Descent on Phi; its curvature near the minimum is below 50.
  VectorXd x = constant(1);
  for (int i = 0; i < 5000; ++i) x -= 0.02 * u.phi_gradient(x);
  EXPECT_LT(u.phi_gradient(x).norm(), 1e-12);
  EXPECT_NEAR(u.phi(x), 13.737601407, 1e-9);
  EXPECT_NEAR(x[0], 0.89917263, 1e-8);
  EXPECT_NEAR(x[1], 0.87567229, 1e-8);
  EXPECT_NEAR(x[2], 0.37742323, 1e-8);
  VectorXd slope;
  u.f_y(x, *u.exact_lower(x), slope);
  EXPECT_NEAR(slope.norm(), 3.7847, 5e-5);
  // Where grad_x f alone vanishes along y = y*(x) the hypergradient does not.
  for (int i = 0; i < 20000; ++i) {
    u.f_x(x, *u.exact_lower(x), slope);
    x -= 0.02 * slope;
  }
  EXPECT_NEAR(u.phi_gradient(x).norm(), 1.048731, 1e-6);
}

TEST(UnboundedProblem, OraclesAreDerivativesOfTheValues) {
  const UnboundedProblem u({.pull = 1.0});
  VectorXd x(10);
  VectorXd y(10);
  VectorXd v(10);
  for (int i = 0; i < 10; ++i) {
    x[i] = std::sin(i + 1.0);
    y[i] = std::cos(2.0 * i);
    v[i] = std::sin(3.0 * i + 0.5);
  }
  const double h = 1e-5;
  VectorXd out;
  VectorXd up;
  VectorXd down;
  const auto difference = [&](auto&& value, const VectorXd& at) {
    VectorXd d(10);
    for (int i = 0; i < 10; ++i) {
      VectorXd a = at;
      VectorXd b = at;
      a[i] += h;
      b[i] -= h;
      d[i] = (value(a) - value(b)) / (2 * h);
    }
    return d;
  };
  u.f_x(x, y, out);
  EXPECT_LT((out - difference([&](const VectorXd& w) { return u.f(w, y); }, x)).norm(), 1e-7);
  u.f_y(x, y, out);
  EXPECT_LT((out - difference([&](const VectorXd& w) { return u.f(x, w); }, y)).norm(), 1e-7);
  u.g_x(x, y, out);
  EXPECT_LT((out - difference([&](const VectorXd& w) { return u.g(w, y); }, x)).norm(), 1e-8);
  u.g_y(x, y, out);
  EXPECT_LT((out - difference([&](const VectorXd& w) { return u.g(x, w); }, y)).norm(), 1e-8);
  u.hvp(x, y, v, out);
  u.g_y(x, y + h * v, up);
  u.g_y(x, y - h * v, down);
  EXPECT_LT((out - (up - down) / (2 * h)).norm(), 1e-8);
  const auto along_v = [&](const VectorXd& w) {
    VectorXd gradient;
    u.g_y(w, y, gradient);
    return gradient.dot(v);
  };
  u.jvp(x, y, v, out);
  EXPECT_LT((out - difference(along_v, x)).norm(), 1e-8);
  EXPECT_LT((u.phi_gradient(x) - difference([&](const VectorXd& w) { return u.phi(w); }, x)).norm(), 1e-6);
}

TEST(UnboundedProblem, NoiseHasTheSizeAskedForAndDependsOnTheSampleAlone) {
  const UnboundedProblem u({.noise = 0.5, .product_noise = 0.3, .seed = 3});
  const VectorXd x = constant(1);
  const VectorXd v = constant(2);
  VectorXd exact;
  VectorXd noisy;
  VectorXd again;
  VectorXd other;
  u.g_y(x, x, exact);
  u.g_y(x, x, noisy, {7});
  u.g_y(x, x, again, {7});
  u.f_y(x, x, other, {7});
  EXPECT_EQ(noisy, again);
  VectorXd exact_f;
  u.f_y(x, x, exact_f);
  EXPECT_GT(((noisy - exact) - (other - exact_f)).norm(), 0.01) << "oracles do not share their noise";
  double gradient = 0;
  double product = 0;
  VectorXd exact_product;
  u.hvp(x, x, v, exact_product);
  for (std::uint64_t k = 0; k < 4000; ++k) {
    u.g_y(x, x, noisy, {k});
    gradient += (noisy - exact).squaredNorm() / 4000;
    u.hvp(x, x, v, noisy, {k});
    product += (noisy - exact_product).squaredNorm() / 4000;
  }
  EXPECT_NEAR(gradient, 0.25, 0.01);  // noise^2 E||N(0, I/d)||^2
  EXPECT_NEAR(product, 0.25 * 0.09 * v.squaredNorm(), 0.04);
}

TEST(UnboundedProblem, RefusesWhatMakesNoSense) {
  EXPECT_THROW(UnboundedProblem({.dimension = 1}), InputError);
  EXPECT_THROW(UnboundedProblem({.steepness = 0}), InputError);
  EXPECT_THROW(UnboundedProblem({.noise = -1}), InputError);
}

}  // namespace
}  // namespace offprint::optimize
