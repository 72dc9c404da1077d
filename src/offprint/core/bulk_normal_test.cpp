// Bulk normals are the Box-Muller transform of the stream's own numbers, wherever the calls are cut.
#include "offprint/core/bulk_normal.hpp"

#include <cmath>
#include <numbers>
#include <span>
#include <vector>

#include <gtest/gtest.h>

#include "offprint/core/random.hpp"

namespace offprint {
namespace {

TEST(BulkNormal, AreTheStreamsNumbers) {
  Stream plain(5, "bulk", (std::uint64_t{3} << 32) + 9);
  BulkNormal bulk(5, "bulk", (std::uint64_t{3} << 32) + 9);
  std::vector<double> x(1001);
  bulk.fill(x);
  for (std::size_t i = 0; i + 1 < x.size(); i += 2) {
    const double radius = 1 - static_cast<double>(plain() >> 12) * 0x1p-52;
    const double angle = 2 * std::numbers::pi * static_cast<double>(plain() >> 12) * 0x1p-52;
    const double r = std::sqrt(-2 * std::log(radius));
    EXPECT_NEAR(x[i], r * std::cos(angle), 1e-13 * (1 + r));
    EXPECT_NEAR(x[i + 1], r * std::sin(angle), 1e-13 * (1 + r));
  }
  EXPECT_EQ(bulk.block(), 501U);
}

TEST(BulkNormal, CutsDoNotMatter) {
  BulkNormal one(6, "cuts");
  BulkNormal two = one;
  std::vector<double> whole(600);
  std::vector<double> parts(600);
  one.fill(whole);
  two.fill(std::span(parts).first(10));
  two.fill(std::span(parts).subspan(10));
  EXPECT_EQ(whole, parts);
}

TEST(BulkNormal, AddIsFillScaled) {
  BulkNormal one(7, "add");
  BulkNormal two = one;
  std::vector<double> noise(131);
  std::vector<double> sum(131, 3.0);
  one.fill(noise);
  two.add(0.25, sum);
  for (std::size_t i = 0; i < noise.size(); ++i) EXPECT_DOUBLE_EQ(sum[i], 3 + 0.25 * noise[i]);
  EXPECT_EQ(one.block(), two.block());
}

TEST(BulkNormal, Moments) {
  BulkNormal source(8, "moments");
  std::vector<double> x(400000);
  source.fill(x);
  double m1 = 0;
  double m2 = 0;
  double m4 = 0;
  for (const double v : x) {
    m1 += v;
    m2 += v * v;
    m4 += v * v * v * v;
  }
  const auto n = static_cast<double>(x.size());
  EXPECT_NEAR(m1 / n, 0, 5 / std::sqrt(n));
  EXPECT_NEAR(m2 / n, 1, 5 * std::sqrt(2 / n));
  EXPECT_NEAR(m4 / n, 3, 5 * std::sqrt(96 / n));
}

}  // namespace
}  // namespace offprint
