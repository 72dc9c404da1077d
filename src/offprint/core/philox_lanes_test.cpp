// philox-inl.hpp gives the numbers of Stream, on every instruction set the machine has.
// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "offprint/core/philox_lanes_test.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
#include "offprint/core/philox-inl.hpp"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace offprint::HWY_NAMESPACE {

// Four numbers a stream: blocks 0 and 2^33 of streams first, first + 1, ...; returns how many streams there are.
std::size_t Draw(std::uint32_t key0, std::uint32_t key1, std::uint64_t first, std::uint64_t* out) {
  namespace hn = hwy::HWY_NAMESPACE;
  const hn::CappedTag<std::uint64_t, 8> d;
  const std::size_t lanes = hn::Lanes(d);
  const auto index = hn::Add(hn::Iota(d, 0), hn::Set(d, first));
  HWY_ALIGN std::uint64_t held[8];
  for (int k = 0; k < 2; ++k) {
    const auto pair = PhiloxLanes(d, key0, key1, hn::Set(d, std::uint64_t{k == 0 ? 0U : 1U} << 33), index);
    hn::Store(pair.first, d, held);
    for (std::size_t l = 0; l < lanes; ++l) out[4 * l + 2 * k] = held[l];
    hn::Store(pair.second, d, held);
    for (std::size_t l = 0; l < lanes; ++l) out[4 * l + 2 * k + 1] = held[l];
  }
  return lanes;
}

}  // namespace offprint::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

#include <gtest/gtest.h>

#include "offprint/core/random.hpp"

namespace offprint {

HWY_EXPORT(Draw);

TEST(PhiloxLanes, AreTheStreams) {
  const std::uint64_t first = 0xFFFFFFFEULL;  // the index passes 32 bits
  const auto key = Stream(42, "lanes").key();
  for (const std::int64_t target : hwy::SupportedAndGeneratedTargets()) {
    hwy::SetSupportedTargetsForTest(target);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
    std::uint64_t out[32];
    const std::size_t lanes = HWY_DYNAMIC_DISPATCH(Draw)(key[0], key[1], first, out);
    for (std::size_t l = 0; l < lanes; ++l) {
      Stream stream(42, "lanes", first + l);
      EXPECT_EQ(out[4 * l], stream());
      EXPECT_EQ(out[4 * l + 1], stream());
      stream.skip_to(std::uint64_t{1} << 34);
      EXPECT_EQ(out[4 * l + 2], stream());
      EXPECT_EQ(out[4 * l + 3], stream());
    }
  }
  hwy::SetSupportedTargetsForTest(0);
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
}

}  // namespace offprint

#endif  // HWY_ONCE
