// Philox4x32-10 on vector lanes: the numbers of Stream(seed, purpose, index), one stream a lane, for inner loops.
// Include inside a Highway translation unit, after hwy/highway.h.
#if defined(OFFPRINT_CORE_PHILOX_INL_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef OFFPRINT_CORE_PHILOX_INL_HPP
#undef OFFPRINT_CORE_PHILOX_INL_HPP
#else
#define OFFPRINT_CORE_PHILOX_INL_HPP
#endif

#include <cstdint>

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace offprint::HWY_NAMESPACE {

/// The two 64-bit results of one block, as Stream gives them at positions 2 block and 2 block + 1.
template <class V>
struct PhiloxPair {
  V first;
  V second;
};

/// The 64-bit products of the lanes' low 32 bits.
template <class D, class V>
HWY_INLINE V MulLow32(D d, V a, V b) {
  namespace hn = hwy::HWY_NAMESPACE;
#if HWY_TARGET == HWY_SCALAR
  return hn::Set(d, (hn::GetLane(a) & 0xFFFFFFFFU) * (hn::GetLane(b) & 0xFFFFFFFFU));
#else
  const hn::Repartition<std::uint32_t, D> d32;
  (void)d;
  return hn::MulEven(hn::BitCast(d32, a), hn::BitCast(d32, b));
#endif
}

/// Lane i: block `block[i]` of the stream with this key (Stream::key) and index `index[i]`. D: a tag of uint64_t.
template <class D, class V = hwy::HWY_NAMESPACE::Vec<D>>
HWY_INLINE PhiloxPair<V> PhiloxLanes(D d, std::uint32_t key0, std::uint32_t key1, V block, V index) {
  namespace hn = hwy::HWY_NAMESPACE;
  const V m0 = hn::Set(d, std::uint64_t{0xD2511F53});
  const V m1 = hn::Set(d, std::uint64_t{0xCD9E8D57});
  // Only the low 32 bits of a lane count; what stands above them is never read.
  V c0 = block;
  V c1 = hn::ShiftRight<32>(block);
  V c2 = index;
  V c3 = hn::ShiftRight<32>(index);
  std::uint64_t k0 = key0;
  std::uint64_t k1 = key1;
  for (int round = 0; round < 10; ++round) {
    const V p0 = MulLow32(d, c0, m0);
    const V p1 = MulLow32(d, c2, m1);
    c0 = hn::Xor(hn::Xor(hn::ShiftRight<32>(p1), c1), hn::Set(d, k0));
    c2 = hn::Xor(hn::Xor(hn::ShiftRight<32>(p0), c3), hn::Set(d, k1));
    c1 = p1;
    c3 = p0;
    k0 += 0x9E3779B9U;
    k1 += 0xBB67AE85U;
  }
  const V low = hn::Set(d, std::uint64_t{0xFFFFFFFF});
  return {hn::Or(hn::And(c0, low), hn::ShiftLeft<32>(c1)), hn::Or(hn::And(c2, low), hn::ShiftLeft<32>(c3))};
}

/// Uniform on [0, 1) from 64 random bits: their upper 52.
template <class DF, class VU>
HWY_INLINE hwy::HWY_NAMESPACE::Vec<DF> UniformLanes(DF df, VU bits) {
  namespace hn = hwy::HWY_NAMESPACE;
  const hn::RebindToUnsigned<DF> du;
  const auto one_to_two = hn::Or(hn::ShiftRight<12>(bits), hn::Set(du, std::uint64_t{0x3FF0000000000000}));
  return hn::Sub(hn::BitCast(df, one_to_two), hn::Set(df, 1.0));
}

}  // namespace offprint::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
