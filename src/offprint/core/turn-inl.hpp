// Sine and cosine of fractions of a turn on vector lanes, for directions drawn from uniform numbers.
// Include inside a Highway translation unit, after hwy/highway.h.
#if defined(OFFPRINT_CORE_TURN_INL_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef OFFPRINT_CORE_TURN_INL_HPP
#undef OFFPRINT_CORE_TURN_INL_HPP
#else
#define OFFPRINT_CORE_TURN_INL_HPP
#endif

#include <cstdint>

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace offprint::HWY_NAMESPACE {

template <class V>
struct SinCos {
  V sine;
  V cosine;
};

/// sin and cos of 2 pi u, u in [0, 1]: Taylor's polynomials about the nearest quarter turn, to rounding. About half the
/// work of Highway's Sin and Cos, which take any argument. D: a tag of double.
template <class D, class V = hwy::HWY_NAMESPACE::Vec<D>>
HWY_INLINE SinCos<V> SinCosTurn(D d, V u) {
  namespace hn = hwy::HWY_NAMESPACE;
  const hn::RebindToUnsigned<D> du;
  const V quarter = hn::Floor(hn::MulAdd(u, hn::Set(d, 4), hn::Set(d, 0.5)));
  const V x = hn::Mul(hn::NegMulAdd(quarter, hn::Set(d, 0.25), u), hn::Set(d, 6.283185307179586477));
  const V x2 = hn::Mul(x, x);
  V s = hn::Set(d, -1.0 / 1307674368000);
  s = hn::MulAdd(s, x2, hn::Set(d, 1.0 / 6227020800));
  s = hn::MulAdd(s, x2, hn::Set(d, -1.0 / 39916800));
  s = hn::MulAdd(s, x2, hn::Set(d, 1.0 / 362880));
  s = hn::MulAdd(s, x2, hn::Set(d, -1.0 / 5040));
  s = hn::MulAdd(s, x2, hn::Set(d, 1.0 / 120));
  s = hn::MulAdd(s, x2, hn::Set(d, -1.0 / 6));
  s = hn::MulAdd(hn::Mul(s, x2), x, x);
  V c = hn::Set(d, 1.0 / 20922789888000);
  c = hn::MulAdd(c, x2, hn::Set(d, -1.0 / 87178291200));
  c = hn::MulAdd(c, x2, hn::Set(d, 1.0 / 479001600));
  c = hn::MulAdd(c, x2, hn::Set(d, -1.0 / 3628800));
  c = hn::MulAdd(c, x2, hn::Set(d, 1.0 / 40320));
  c = hn::MulAdd(c, x2, hn::Set(d, -1.0 / 720));
  c = hn::MulAdd(c, x2, hn::Set(d, 1.0 / 24));
  c = hn::MulAdd(c, x2, hn::Set(d, -0.5));
  c = hn::MulAdd(c, x2, hn::Set(d, 1));
  // Quarters 0 to 4: (s, c), (c, -s), (-s, -c), (-c, s), (s, c). Bit 0 swaps; bit 1 of q and of q + 1 are the signs.
  const auto q = hn::BitCast(du, hn::Add(quarter, hn::Set(d, 0x1.0p52)));
  const auto one = hn::Set(du, std::uint64_t{1});
  const auto sign = hn::Set(du, std::uint64_t{1} << 63);
  const auto odd = hn::RebindMask(d, hn::TestBit(q, one));
  const auto sine_sign = hn::And(hn::ShiftLeft<62>(q), sign);
  const auto cosine_sign = hn::And(hn::ShiftLeft<62>(hn::Add(q, one)), sign);
  return {hn::Xor(hn::IfThenElse(odd, c, s), hn::BitCast(d, sine_sign)),
          hn::Xor(hn::IfThenElse(odd, s, c), hn::BitCast(d, cosine_sign))};
}

/// sin(pi x) for |x| <= 1/2, to rounding: of a uniform x it has the law of the cosine of a uniform angle.
template <class D, class V = hwy::HWY_NAMESPACE::Vec<D>>
HWY_INLINE V SinHalfTurn(D d, V x) {
  namespace hn = hwy::HWY_NAMESPACE;
  const V y = hn::Mul(x, hn::Set(d, 3.141592653589793238));
  const V y2 = hn::Mul(y, y);
  V s = hn::Set(d, 1.0 / 51090942171709440000.0);
  s = hn::MulAdd(s, y2, hn::Set(d, -1.0 / 121645100408832000.0));
  s = hn::MulAdd(s, y2, hn::Set(d, 1.0 / 355687428096000.0));
  s = hn::MulAdd(s, y2, hn::Set(d, -1.0 / 1307674368000));
  s = hn::MulAdd(s, y2, hn::Set(d, 1.0 / 6227020800));
  s = hn::MulAdd(s, y2, hn::Set(d, -1.0 / 39916800));
  s = hn::MulAdd(s, y2, hn::Set(d, 1.0 / 362880));
  s = hn::MulAdd(s, y2, hn::Set(d, -1.0 / 5040));
  s = hn::MulAdd(s, y2, hn::Set(d, 1.0 / 120));
  s = hn::MulAdd(s, y2, hn::Set(d, -1.0 / 6));
  return hn::MulAdd(hn::Mul(s, y2), y, y);
}

}  // namespace offprint::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
