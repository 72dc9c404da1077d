// Internal: what the vector loops of RayleighProcess share. Each lane of a vector carries one particle and is given the
// next one when its particle leaves the zone. Include inside a Highway translation unit.
#if defined(OFFPRINT_KINETIC_RAYLEIGH_LANES_INL_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef OFFPRINT_KINETIC_RAYLEIGH_LANES_INL_HPP
#undef OFFPRINT_KINETIC_RAYLEIGH_LANES_INL_HPP
#else
#define OFFPRINT_KINETIC_RAYLEIGH_LANES_INL_HPP
#endif

#include <cmath>
#include <cstdint>
#include <limits>

#include <hwy/contrib/math/math-inl.h>
#include <hwy/highway.h>

#include "offprint/core/philox-inl.hpp"
#include "offprint/core/turn-inl.hpp"
#include "offprint/kinetic/rayleigh_batch.hpp"
#include "offprint/kinetic/rayleigh_rate.hpp"

HWY_BEFORE_NAMESPACE();
namespace offprint::kinetic::detail::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
namespace lanes = offprint::HWY_NAMESPACE;
using D = hn::CappedTag<double, 8>;
using DU = hn::RebindToUnsigned<D>;
using DI = hn::RebindToSigned<D>;
using V = hn::Vec<D>;
using VU = hn::Vec<DU>;
using M = hn::Mask<D>;

constexpr std::size_t kMost = 8;

HWY_INLINE V Load(const double* p) { return hn::Load(D(), p); }
HWY_INLINE V Set(double x) { return hn::Set(D(), x); }

HWY_INLINE std::uint32_t Bits(M mask) {
  std::uint8_t bytes[8] = {};
  hn::StoreMaskBits(D(), mask, bytes);
  return bytes[0];
}

template <class F>
HWY_INLINE void ForEachLane(std::uint32_t bits, const F& f) {
  for (; bits != 0; bits &= bits - 1) f(static_cast<std::size_t>(__builtin_ctz(bits)));
}

// Index of the cell that holds place >= 0.
HWY_INLINE hn::Vec<DI> Index(V floor_of_place) {
  const auto shifted = hn::Add(floor_of_place, Set(0x1.0p52));
  return hn::And(hn::BitCast(DI(), shifted), hn::Set(DI(), std::int64_t{0xFFFFFFFFFF}));
}

template <int kTerms>
HWY_INLINE V Piecewise(const double* pieces, V place, double last) {
  const V cell = hn::Min(hn::Floor(place), Set(last));
  const V v = hn::Sub(place, cell);
  const auto at = Index(hn::Mul(cell, Set(kTerms)));
  V sum = hn::GatherIndex(D(), pieces + kTerms - 1, at);
  for (int k = kTerms - 2; k >= 0; --k) sum = hn::MulAdd(sum, v, hn::GatherIndex(D(), pieces + k, at));
  return sum;
}

struct Pair {
  V first;
  V second;
};

HWY_INLINE Pair Uniforms(const LoopTables& k, VU block, VU index) {
  const auto bits = lanes::PhiloxLanes(DU(), k.key0, k.key1, block, index);
  return {lanes::UniformLanes(D(), bits.first), lanes::UniformLanes(D(), bits.second)};
}

// Eight uniforms from three blocks: four of 52 bits; four of 44, made of a word of the third block and twelve bits that
// one of the others leaves over.
struct Draws {
  V wait;
  V choice;
  V first;
  V second;
  V turn;
  V height;
  V line;  // of centres
  V line_turn;
};

HWY_INLINE V Narrow(VU word, VU rest) {
  const VU spare = hn::ShiftLeft<20>(hn::And(rest, hn::Set(DU(), std::uint64_t{0xFFF})));
  return lanes::UniformLanes(D(), hn::Or(word, spare));
}

HWY_INLINE Draws DrawEight(const LoopTables& k, VU block, VU index) {
  const DU du;
  const VU one = hn::Set(du, std::uint64_t{1});
  const VU block1 = hn::Add(block, one);
  const auto a = lanes::PhiloxLanes(du, k.key0, k.key1, block, index);
  const auto b = lanes::PhiloxLanes(du, k.key0, k.key1, block1, index);
  const auto c = lanes::PhiloxLanes(du, k.key0, k.key1, hn::Add(block1, one), index);
  const VU upper = hn::Set(du, std::uint64_t{0xFFFFFFFF00000000});
  return {lanes::UniformLanes(D(), a.first),         lanes::UniformLanes(D(), a.second),
          lanes::UniformLanes(D(), b.first),         lanes::UniformLanes(D(), b.second),
          Narrow(hn::And(c.first, upper), a.first),  Narrow(hn::ShiftLeft<32>(c.first), a.second),
          Narrow(hn::And(c.second, upper), b.first), Narrow(hn::ShiftLeft<32>(c.second), b.second)};
}
constexpr std::uint64_t kBlocksOfEight = 3;

struct Vector3 {
  V x;
  V y;
  V z;
};

HWY_INLINE V Norm2(const Vector3& w) { return hn::MulAdd(w.x, w.x, hn::MulAdd(w.y, w.y, hn::Mul(w.z, w.z))); }

HWY_INLINE Vector3 Difference(const Vector3& v, const Vector3& w) {
  return {hn::Sub(v.x, w.x), hn::Sub(v.y, w.y), hn::Sub(v.z, w.z)};
}

// Uniform on the sphere, from two uniforms.
HWY_INLINE Vector3 Direction(V u, V turn) {
  const V height = hn::MulSub(Set(2), u, Set(1));
  const V across = hn::Sqrt(hn::Max(hn::NegMulAdd(height, height, Set(1)), Set(0)));
  const auto t = lanes::SinCosTurn(D(), turn);
  return {hn::Mul(across, t.cosine), hn::Mul(across, t.sine), height};
}

// w - f (omega . g) omega with omega at the angle of the tabulated law to n = g/|g|, azimuth 2 pi `turn`.
HWY_INLINE Vector3 CollideByTable(const LoopTables& k, const Vector3& w, const Vector3& g, V u, V turn) {
  const V place = hn::Mul(u, Set(k.quantile_last));
  const V cell = hn::Floor(place);
  const V lo = hn::GatherIndex(D(), k.quantiles, Index(cell));
  const V hi = hn::GatherIndex(D(), k.quantiles + 1, Index(cell));
  const V x = hn::MulAdd(hn::Sub(place, cell), hn::Sub(hi, lo), lo);
  const auto t = lanes::SinCosTurn(D(), turn);
  const V length = hn::Sqrt(Norm2(g));
  const V inverse = hn::Div(Set(1), length);
  const V n1 = hn::Mul(g.x, inverse);
  const V n2 = hn::Mul(g.y, inverse);
  const V n3 = hn::Mul(g.z, inverse);
  // An orthonormal frame around n without a branch (Duff et al. 2017).
  const V sign = hn::CopySign(Set(1), n3);
  const V p = hn::Div(Set(-1), hn::Add(sign, n3));
  const V q = hn::Mul(hn::Mul(n1, n2), p);
  const V across = hn::Sqrt(hn::Max(hn::NegMulAdd(x, x, Set(1)), Set(0)));
  const V b = hn::Mul(across, t.cosine);
  const V d = hn::Mul(across, t.sine);
  const V o1 = hn::MulAdd(x, n1, hn::MulAdd(b, hn::MulAdd(hn::Mul(sign, p), hn::Mul(n1, n1), Set(1)), hn::Mul(d, q)));
  const V o2 = hn::MulAdd(x, n2, hn::MulAdd(b, hn::Mul(sign, q), hn::Mul(d, hn::MulAdd(hn::Mul(n2, n2), p, sign))));
  const V o3 = hn::MulAdd(x, n3, hn::Neg(hn::MulAdd(b, hn::Mul(sign, n1), hn::Mul(d, n2))));
  const V size = hn::Mul(hn::Mul(Set(k.factor), length), x);
  return {hn::NegMulAdd(size, o1, w.x), hn::NegMulAdd(size, o2, w.y), hn::NegMulAdd(size, o3, w.z)};
}

// The velocity after a collision with relative velocity g: w - f (omega . g) omega.
HWY_INLINE Vector3 Collide(const LoopTables& k, const Vector3& w, const Vector3& g, V u, V turn) {
  if (k.angular == 2) return CollideByTable(k, w, g, u, turn);
  const Vector3 o = Direction(u, turn);
  if (k.angular == 1) {  // as hard spheres: the relative velocity after the collision points anywhere
    const V half = Set(0.5 * k.factor);
    const V length = hn::Sqrt(Norm2(g));
    return {hn::NegMulAdd(half, hn::NegMulAdd(length, o.x, g.x), w.x),
            hn::NegMulAdd(half, hn::NegMulAdd(length, o.y, g.y), w.y),
            hn::NegMulAdd(half, hn::NegMulAdd(length, o.z, g.z), w.z)};
  }
  // omega does not depend on g
  const V size = hn::Mul(Set(k.factor), hn::MulAdd(o.x, g.x, hn::MulAdd(o.y, g.y, hn::Mul(o.z, g.z))));
  return {hn::NegMulAdd(size, o.x, w.x), hn::NegMulAdd(size, o.y, w.y), hn::NegMulAdd(size, o.z, w.z)};
}

// Of RateTable's envelope at |w|.
struct Envelope {
  V first;
  V radius;
  V log_radius;  // a ln R
  V depth;
  V mass;
};

// Where RateTable's row for |w|^2 = r2 begins, |w| < e^18.5.
HWY_INLINE hn::Vec<DI> EnvelopeRow(const LoopTables& k, V r2) {
  const D d;
  const M far = hn::Ge(r2, Set(RateTable::kRange * RateTable::kRange));
  V place = hn::Mul(hn::Sqrt(r2), Set(RateTable::kCoarsePerUnit));
  if (!hn::AllFalse(d, far)) {
    const V steps = hn::Mul(hn::Sub(hn::Mul(Set(0.5), hn::Log(d, r2)), Set(std::log(RateTable::kRange))),
                            Set(RateTable::kLogCellsPerUnit));
    // not past a cell's lower end by rounding: a cell too low is still a bound, a cell too high is not
    place = hn::IfThenElse(
        far, hn::Add(hn::Max(hn::Sub(steps, Set(1e-9)), Set(0)), Set(RateTable::kRange * RateTable::kCoarsePerUnit)),
        place);
  }
  return Index(hn::Mul(hn::Min(hn::Floor(place), Set(k.envelope_last)), Set(RateTable::kEnvelopeWidth)));
}

HWY_INLINE Envelope EnvelopeAt(const LoopTables& k, V r2) {
  const D d;
  const auto row = EnvelopeRow(k, r2);
  return {hn::GatherIndex(d, k.envelope, row), hn::GatherIndex(d, k.envelope + 1, row),
          hn::GatherIndex(d, k.envelope + 2, row), hn::GatherIndex(d, k.envelope + 3, row),
          hn::GatherIndex(d, k.envelope + 4, row)};
}

struct Partner {
  Vector3 z;
  M accepted;
};

// One attempt at the partner of a particle at w; accepted with `scale` times the envelope's probability. Of u: choice,
// first, second, turn, height.
HWY_INLINE Partner DrawPartner(const LoopTables& k, const Vector3& w, const Envelope& at, const Draws& u, V scale) {
  const D d;
  const V log1 = hn::Log(d, hn::Sub(Set(1), u.first));
  const V log2 = hn::Log(d, hn::Sub(Set(1), u.second));
  const auto turn = lanes::SinCosTurn(d, u.turn);
  const V middle = hn::Sub(u.height, Set(0.5));

  // Component one: three normals.
  const V size1 = hn::Sqrt(hn::Mul(Set(-2), log1));
  const V size2 = hn::Sqrt(hn::Mul(Set(-2), log2));
  Vector3 z{hn::Mul(size1, turn.cosine), hn::Mul(size1, turn.sine), hn::Mul(size2, lanes::SinHalfTurn(d, middle))};
  V exponent = hn::Min(hn::MulAdd(Set(-0.5 * k.a), hn::Log(d, Norm2(Difference(w, z))), at.log_radius), Set(0));
  V base = Set(0);
  V share = at.first;

  const M ball = hn::Ge(u.choice, at.first);
  if (!hn::AllFalse(d, ball)) {  // component two, around w
    const V height = hn::Add(middle, middle);
    const V across = hn::Sqrt(hn::Max(hn::NegMulAdd(height, height, Set(1)), Set(0)));
    const V r = hn::Mul(at.radius, hn::Exp(d, hn::MulAdd(log1, Set(1 / (3 - k.a)), hn::Mul(log2, Set(1.0 / 3)))));
    const V flat = hn::Mul(r, across);
    const Vector3 y{hn::MulAdd(flat, turn.cosine, w.x), hn::MulAdd(flat, turn.sine, w.y), hn::MulAdd(r, height, w.z)};
    exponent = hn::IfThenElse(ball, hn::NegMulAdd(Set(0.5), Norm2(y), at.depth), exponent);
    z.x = hn::IfThenElse(ball, y.x, z.x);
    z.y = hn::IfThenElse(ball, y.y, z.y);
    z.z = hn::IfThenElse(ball, y.z, z.z);
    base = hn::IfThenElseZero(ball, at.first);
    share = hn::IfThenElse(ball, hn::Sub(Set(1), at.first), share);
  }
  // Given the component, the choice's place within its share is uniform again.
  const V weight = hn::Mul(scale, hn::Exp(d, hn::Max(exponent, Set(-700))));
  return {z, hn::Lt(u.choice, hn::MulAdd(share, weight, base))};
}

// The lanes' particles; arrays, so that single lanes can be looked after between the vector parts.
struct Lanes {
  HWY_ALIGN double v1[kMost], v2[kMost], v3[kMost], log_speed[kMost], time[kMost], count[kMost], next[kMost];
  HWY_ALIGN double occupied[kMost];   // 1, or 0 without a particle
  HWY_ALIGN double colliding[kMost];  // 1 for a particle that has arrived at a collision and waits for its partner
  HWY_ALIGN std::uint64_t block[kMost];
  HWY_ALIGN std::uint64_t index[kMost];
  std::uint32_t id[kMost];
  bool log_space;

  explicit Lanes(bool in_log_space) : log_space(in_log_space) {
    for (std::size_t l = 0; l < kMost; ++l) rest(l);
  }
  void rest(std::size_t l) {
    v1[l] = v2[l] = v3[l] = 0.5;
    log_speed[l] = 1;
    time[l] = 1;
    count[l] = 0;
    next[l] = std::numeric_limits<double>::infinity();
    occupied[l] = colliding[l] = 0;
    block[l] = index[l] = 0;
    id[l] = 0;
  }
  // Gives lane l the next waiting particle; false when none waits.
  bool fill(std::size_t l, Batch& batch, std::vector<std::uint32_t>& waiting) {
    if (waiting.empty()) {
      rest(l);
      return false;
    }
    const std::uint32_t i = waiting.back();
    waiting.pop_back();
    id[l] = i;
    v1[l] = batch.v1[i];
    v2[l] = batch.v2[i];
    v3[l] = batch.v3[i];
    log_speed[l] = batch.log_speed[i];
    time[l] = batch.time[i];
    count[l] = batch.count[i];
    block[l] = batch.block[i];
    index[l] = batch.stream_index(i);
    next[l] = log_space ? batch.next_log_time(i) : batch.next_time(i);
    occupied[l] = 1;
    colliding[l] = 0;
    return true;
  }
  void put_back(std::size_t l, Batch& batch) const {
    const std::uint32_t i = id[l];
    batch.v1[i] = v1[l];
    batch.v2[i] = v2[l];
    batch.v3[i] = v3[l];
    batch.log_speed[i] = log_speed[l];
    batch.time[i] = time[l];
    batch.count[i] = count[l];
    batch.block[i] = block[l];
  }
};

// Observes what lies in the flights of `passed` lanes up to `end`; returns the lanes whose particle is through.
HWY_INLINE std::uint32_t Observe(Lanes& lane, Batch& batch, M passed, V end) {
  HWY_ALIGN double ends[kMost];
  hn::Store(end, D(), ends);
  std::uint32_t finished = 0;
  ForEachLane(Bits(passed), [&](std::size_t l) {
    const auto i = lane.id[l];
    const bool through = lane.log_space ? batch.observe_flight(i, lane.v1[l], lane.v2[l], lane.v3[l], lane.log_speed[l],
                                                               lane.time[l], ends[l], lane.count[l])
                                        : batch.observe_thermal(i, lane.v1[l], lane.v2[l], lane.v3[l], lane.time[l],
                                                                ends[l], lane.count[l]);
    if (through) finished |= 1U << l;
    lane.next[l] = lane.log_space ? batch.next_log_time(i) : batch.next_time(i);
  });
  return finished;
}

}  // namespace offprint::kinetic::detail::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
