#include "offprint/optimize/numpy_random.hpp"

#include <gtest/gtest.h>

namespace offprint::optimize {
namespace {

TEST(NumpyRandom, RandGivesNumpysNumbers) {
  NumpyRandom random(3124);
  for (const double expected : {0.008480653682532924, 0.237290708091341, 0.7751093181744021, 0.9032319001679433})
    EXPECT_EQ(random.rand(), expected);
}

TEST(NumpyRandom, MatricesFillRowByRow) {
  NumpyRandom random(3124);
  const Eigen::MatrixXd a = random.rand(2, 2);
  EXPECT_EQ(a(0, 1), 0.237290708091341);
  EXPECT_EQ(a(1, 0), 0.7751093181744021);
}

TEST(NumpyRandom, BelowGivesNumpysRandint) {
  NumpyRandom random(5);
  int masked = 0;
  for (int i = 0; i < 4000; ++i) masked += random.rand() < 0.5 ? 1 : 0;
  int sum = 0;
  for (int i = 0; i < masked; ++i) sum += static_cast<int>(random.below(10));
  EXPECT_EQ(masked, 2006);
  EXPECT_EQ(sum, 8928);
  EXPECT_EQ(random.below(16), 12U);
  EXPECT_EQ(random.below(17), 11U);
}

}  // namespace
}  // namespace offprint::optimize
