#include "offprint/io/labelled_rows.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace offprint::io {
namespace {

using ::testing::ElementsAre;
using Labels = std::vector<std::string>;

TEST(ClassNames, NumbersByValueThenWords) {
  EXPECT_THAT(class_names(Labels{"10", "2", "10", "-1", "+1"}), ElementsAre("-1", "+1", "2", "10"));
  EXPECT_THAT(class_names(Labels{"spam", "ham", "3", "spam"}), ElementsAre("3", "ham", "spam"));
  EXPECT_THAT(class_names(Labels{}), ElementsAre());
}

TEST(ClassNumbers, ArePlacesAndMinusOneForOthers) {
  EXPECT_THAT(class_numbers(Labels{"b", "a", "c", "a"}, Labels{"a", "b"}), ElementsAre(1, 0, -1, 0));
}

TEST(WithOnes, AppendsAColumnAlsoToEmptyRows) {
  const auto file = parse_libsvm("1 1:2 3:4\n0\n1 2:5\n");
  const Eigen::MatrixXd expected = (Eigen::MatrixXd(3, 4) << 2, 0, 4, 1, 0, 0, 0, 1, 0, 5, 0, 1).finished();
  EXPECT_EQ(Eigen::MatrixXd(with_ones(file.x)), expected);
}

}  // namespace
}  // namespace offprint::io
