#include "offprint/core/error.hpp"

#include <gtest/gtest.h>

namespace offprint {
namespace {

TEST(Error, ExitCodes) {
  EXPECT_EQ(Error("x").exit_code(), 1);
  EXPECT_EQ(InputError("x").exit_code(), 2);
  EXPECT_EQ(IoError("x").exit_code(), 1);
  EXPECT_EQ(Interrupted().exit_code(), 130);
}

TEST(Suggestion, NearNamesOnly) {
  const std::vector<std::string> known = {"koopman", "gns", "prose"};
  EXPECT_EQ(nearest("kopman", known), "koopman");
  EXPECT_EQ(nearest("zzzzzzzz", known), "");
  EXPECT_EQ(suggestion("gnss", known), "; did you mean 'gns'?");
  EXPECT_EQ(suggestion("zzzzzzzz", known), "; known: koopman, gns, prose");
  EXPECT_EQ(suggestion("zzzzzzzz", known, 2), "; known: koopman, gns, ...");
  EXPECT_EQ(suggestion("x", {}), "");
}

}  // namespace
}  // namespace offprint
