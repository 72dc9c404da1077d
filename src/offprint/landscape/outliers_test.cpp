#include "offprint/landscape/outliers.hpp"

#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "offprint/core/error.hpp"

namespace offprint::landscape {
namespace {

TEST(Outliers, TheLargestGapCounts) {
  const std::vector<double> values{3.03, 2.0, 1.5, 1.2, 0.3, 0.25, 0.2};
  const auto found = count_outliers(values, 5);
  EXPECT_EQ(found.largest.count, 4);
  EXPECT_DOUBLE_EQ(found.largest.ratio, 4.0);
  EXPECT_TRUE(found.clear);
  ASSERT_EQ(found.candidates.size(), 2u);  // 3.03 / 2.0 = 1.515 stands too
  EXPECT_EQ(found.candidates[0].count, 1);
}

TEST(Outliers, GapsBeyondTwoClassesAndTwoAreNotLookedAt) {
  std::vector<double> values(20, 1.0);
  for (std::size_t i = 10; i < values.size(); ++i) values[i] = 0.01;
  const auto found = count_outliers(values, 2);
  EXPECT_FALSE(found.clear);
  EXPECT_TRUE(found.candidates.empty());
}

TEST(Outliers, NothingPositiveBehindIsAnInfiniteGap) {
  const std::vector<double> values{2.0, 1.9, -0.1};
  const auto found = count_outliers(values, 3);
  EXPECT_EQ(found.largest.count, 2);
  EXPECT_TRUE(std::isinf(found.largest.ratio));
}

TEST(Outliers, BadInput) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THROW((void)count_outliers(std::vector<double>{1.0}, 2), InputError);
  EXPECT_THROW((void)count_outliers(std::vector<double>{1.0, 2.0}, 2), InputError);
  EXPECT_THROW((void)count_outliers(std::vector<double>{1.0, nan}, 2), InputError);
  EXPECT_THROW((void)count_outliers(std::vector<double>{0.0, -1.0}, 2), InputError);
  EXPECT_THROW((void)count_outliers(std::vector<double>{1.0, 0.5}, 0), InputError);
}

}  // namespace
}  // namespace offprint::landscape
