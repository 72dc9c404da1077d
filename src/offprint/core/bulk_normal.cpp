#include "offprint/core/bulk_normal.hpp"

// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "offprint/core/bulk_normal.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
#include <hwy/contrib/math/math-inl.h>
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace offprint::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
using Wide = hn::CappedTag<double, 8>;
using Words = hn::RebindToUnsigned<Wide>;

// Products of the low 32 bits of each word.
HWY_INLINE hn::Vec<Words> MulLow(hn::Vec<Words> a, hn::Vec<Words> b) {
#if HWY_TARGET == HWY_SCALAR
  return hn::Set(Words(), hn::GetLane(a) * hn::GetLane(b));
#else
  const hn::Repartition<std::uint32_t, Words> half;
  return hn::MulEven(hn::BitCast(half, a), hn::BitCast(half, b));
#endif
}

// Block first + i of the stream gives normals 2i and 2i + 1; `blocks` is a multiple of 8, `out` holds two each.
void NormalBlocks(std::uint32_t key0, std::uint32_t key1, std::uint64_t index, std::uint64_t first, std::size_t blocks,
                  double* HWY_RESTRICT out) {
  const Wide w;
  const Words u;
  const auto low = hn::Set(u, 0xFFFFFFFFULL);
  const auto m0 = hn::Set(u, 0xD2511F53ULL);
  const auto m1 = hn::Set(u, 0xCD9E8D57ULL);
  const auto one_bits = hn::Set(u, 0x3FF0000000000000ULL);
  for (std::size_t i = 0; i < blocks; i += hn::Lanes(w)) {
    const auto counter = hn::Add(hn::Set(u, first + i), hn::Iota(u, 0));
    auto c0 = hn::And(counter, low);
    auto c1 = hn::ShiftRight<32>(counter);
    auto c2 = hn::Set(u, index & 0xFFFFFFFFULL);
    auto c3 = hn::Set(u, index >> 32);
    std::uint32_t k0 = key0;
    std::uint32_t k1 = key1;
    for (int round = 0; round < 10; ++round) {
      const auto p0 = MulLow(c0, m0);
      const auto p1 = MulLow(c2, m1);
      const auto n0 = hn::Xor(hn::Xor(hn::ShiftRight<32>(p1), c1), hn::Set(u, k0));
      const auto n2 = hn::Xor(hn::Xor(hn::ShiftRight<32>(p0), c3), hn::Set(u, k1));
      c1 = hn::And(p1, low);
      c3 = hn::And(p0, low);
      c0 = n0;
      c2 = n2;
      k0 += 0x9E3779B9U;
      k1 += 0xBB67AE85U;
    }
    const auto unit = [&](auto lo, auto hi) HWY_ATTR {  // [1, 2) from the upper 52 bits
      const auto bits = hn::Or(lo, hn::ShiftLeft<32>(hi));
      return hn::BitCast(w, hn::Or(hn::ShiftRight<12>(bits), one_bits));
    };
    const auto radius = hn::Sub(hn::Set(w, 2.0), unit(c0, c1));  // (0, 1]
    const auto angle = hn::Mul(hn::Sub(unit(c2, c3), hn::Set(w, 1.0)), hn::Set(w, 6.283185307179586));
    const auto r = hn::Sqrt(hn::Mul(hn::Set(w, -2.0), hn::Log(w, radius)));
    hn::StoreInterleaved2(hn::Mul(r, hn::Cos(w, angle)), hn::Mul(r, hn::Sin(w, angle)), w, out + 2 * i);
  }
}

}  // namespace offprint::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

#include <algorithm>
#include <cstddef>

namespace offprint {

HWY_EXPORT(NormalBlocks);

void fill_normal_bulk(Stream& stream, std::span<double> out) {
  std::uint64_t block = (stream.position() + 1) / 2;
  constexpr std::size_t kBlocks = 64;
  alignas(64) double normals[2 * kBlocks];
  const auto& key = stream.key();
  for (std::size_t done = 0; done < out.size(); done += 2 * kBlocks) {
    const std::size_t count = std::min(2 * kBlocks, out.size() - done);
    const std::size_t blocks = (count + 1) / 2;
    const std::size_t padded = (blocks + 7) / 8 * 8;
    HWY_DYNAMIC_DISPATCH(NormalBlocks)(key[0], key[1], stream.index(), block, padded, normals);
    std::copy_n(normals, count, out.begin() + static_cast<std::ptrdiff_t>(done));
    block += blocks;
  }
  stream.skip_to(2 * block);
}

}  // namespace offprint

#endif  // HWY_ONCE
