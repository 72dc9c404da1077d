#include "offprint/core/random.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include <gtest/gtest.h>

#include "offprint/core/archive.hpp"
#include "offprint/core/error.hpp"

namespace offprint {
namespace {

// Random123's published kat_vectors, philox4x32 with 10 rounds.
TEST(Random, PhiloxKnownAnswers) {
  using C = std::array<std::uint32_t, 4>;
  EXPECT_EQ(philox_block({0, 0, 0, 0}, {0, 0}), (C{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(philox_block({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, {0xffffffff, 0xffffffff}),
            (C{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox_block({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (C{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

// These pin the streams themselves: a change would silently change every recorded number.
TEST(Random, StreamsArePinned) {
  Stream s(42, "test", 7);
  const std::uint64_t first = s();
  Stream again(42, "test", 7);
  EXPECT_EQ(first, again());
  for (const Stream& other : {Stream(43, "test", 7), Stream(42, "tset", 7), Stream(42, "test", 8)}) {
    Stream o = other;
    EXPECT_NE(first, o());
  }
}

TEST(Random, SkippingAndSavingContinueTheStream) {
  Stream s(1, "a");
  std::vector<double> all(20);
  s.fill_normal(all);
  Stream t(1, "a");
  for (int i = 0; i < 7; ++i) (void)t.normal();  // an odd number: a kept value is part of the state
  Stream restored = from_bytes<Stream>(to_bytes(t));
  for (std::size_t i = 7; i < 20; ++i) EXPECT_EQ(restored.normal(), all[i]);
  Stream u(1, "b");
  for (int i = 0; i < 5; ++i) (void)u();
  Stream v(1, "b");
  v.skip_to(5);
  EXPECT_EQ(u(), v());
}

struct Moments {
  double mean = 0, variance = 0, third = 0;
};
template <class F>
Moments moments(F&& draw, int n = 200000) {
  std::vector<double> x(static_cast<std::size_t>(n));
  for (double& v : x) v = draw();
  Moments m;
  m.mean = std::accumulate(x.begin(), x.end(), 0.0) / n;
  for (const double v : x) m.variance += (v - m.mean) * (v - m.mean) / n, m.third += std::pow(v - m.mean, 3) / n;
  return m;
}

// Bounds are five standard errors of the estimates.
TEST(Random, DistributionsHaveTheirMoments) {
  Stream s(5, "moments");
  const double n = 200000;
  const auto u = moments([&] { return s.uniform(); });
  EXPECT_NEAR(u.mean, 0.5, 5 * std::sqrt(1.0 / 12 / n));
  EXPECT_NEAR(u.variance, 1.0 / 12, 5 * std::sqrt(1.0 / 180 / n));
  const auto z = moments([&] { return s.normal(); });
  EXPECT_NEAR(z.mean, 0.0, 5 / std::sqrt(n));
  EXPECT_NEAR(z.variance, 1.0, 5 * std::sqrt(2 / n));
  EXPECT_NEAR(z.third, 0.0, 5 * std::sqrt(15 / n));
  const auto e = moments([&] { return s.exponential(2.0); });
  EXPECT_NEAR(e.mean, 0.5, 5 * 0.5 / std::sqrt(n));
  EXPECT_NEAR(e.variance, 0.25, 5 * 0.25 * std::sqrt(8 / n));
  for (const double shape : {0.3, 1.0, 4.5}) {
    const auto g = moments([&] { return s.gamma(shape, 2.0); });
    EXPECT_NEAR(g.mean, 2 * shape, 5 * 2 * std::sqrt(shape / n)) << shape;
    EXPECT_NEAR(g.variance, 4 * shape, 5 * 4 * shape * std::sqrt((2 + 6 / shape) / n)) << shape;
  }
}

TEST(Random, PermutationsAreUniform) {
  std::array<int, 6> counts{};
  for (std::uint64_t i = 0; i < 60000; ++i) {
    const auto p = Stream(3, "perm", i).permutation(3);
    EXPECT_EQ((std::set<std::size_t>(p.begin(), p.end()).size()), 3U);
    ++counts[p[0] * 2 + (p[1] > p[2] ? 1 : 0)];
  }
  for (const int c : counts) EXPECT_NEAR(c, 10000, 5 * std::sqrt(60000.0 / 6 * 5 / 6));
}

TEST(Random, BelowIsUnbiasedAtTheEdge) {
  // n just above 2^63: the naive modulus would give the lower half twice as often
  Stream s(4, "below");
  const std::uint64_t n = (std::uint64_t{1} << 63) + (std::uint64_t{1} << 62);
  int low = 0;
  for (int i = 0; i < 30000; ++i) low += s.below(n) < n / 2 ? 1 : 0;
  EXPECT_NEAR(low, 15000, 5 * std::sqrt(30000 * 0.25));
}

TEST(Random, BadParametersAreRefused) {
  Stream s;
  EXPECT_THROW((void)s.uniform(1.0, 1.0), InputError);
  EXPECT_THROW((void)s.below(0), InputError);
  EXPECT_THROW((void)s.exponential(0.0), InputError);
  EXPECT_THROW((void)s.gamma(-1.0), InputError);
  EXPECT_THROW((void)s.normal(0.0, -1.0), InputError);
}

}  // namespace
}  // namespace offprint
