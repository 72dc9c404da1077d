#include "offprint/linalg/gauss_legendre.hpp"

#include <cmath>

#include <gtest/gtest.h>

#include "offprint/core/error.hpp"

namespace offprint::linalg {
namespace {

TEST(GaussLegendre, IsExactToTwiceItsNodes) {
  for (const Eigen::Index n : {1, 2, 5, 16, 80}) {
    const Quadrature q = gauss_legendre(n, -0.5, 2);
    for (Eigen::Index degree = 0; degree < 2 * n; degree += std::max<Eigen::Index>(1, n / 3)) {
      const auto power = static_cast<double>(degree);
      const double exact = (std::pow(2, power + 1) - std::pow(-0.5, power + 1)) / (power + 1);
      EXPECT_NEAR((q.weights.array() * q.nodes.array().pow(power)).sum() / exact, 1, 2e-14) << n << " " << degree;
    }
  }
}

TEST(GaussLegendre, KnownNodes) {
  const Quadrature q = gauss_legendre(3);
  EXPECT_DOUBLE_EQ(q.nodes(0), -std::sqrt(0.6));
  EXPECT_NEAR(q.nodes(1), 0, 1e-18);
  EXPECT_DOUBLE_EQ(q.weights(0), 5.0 / 9);
  EXPECT_DOUBLE_EQ(q.weights(1), 8.0 / 9);
  EXPECT_DOUBLE_EQ(gauss_legendre(1, 0, 3).nodes(0), 1.5);
}

TEST(GaussLegendre, RefusesNothingToIntegrate) {
  EXPECT_THROW((void)gauss_legendre(0), InputError);
  EXPECT_THROW((void)gauss_legendre(4, 1, 1), InputError);
}

}  // namespace
}  // namespace offprint::linalg
