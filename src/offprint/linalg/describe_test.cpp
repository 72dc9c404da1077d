#include "offprint/linalg/describe.hpp"

#include <gtest/gtest.h>

namespace offprint::linalg {
namespace {

TEST(Describe, BlasIsNamedAndRightOnThisProcessor) {
  const auto info = blas_info();
  EXPECT_FALSE(info.name.empty());
  EXPECT_TRUE(info.self_test) << info.name;
}

TEST(Describe, VersionsHaveNumbers) {
  for (const auto& [name, version] : library_versions())
    if (name != "BLAS") {
      EXPECT_NE(version.find_first_of("0123456789"), std::string::npos) << name;
    }
}

}  // namespace
}  // namespace offprint::linalg
