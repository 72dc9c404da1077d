// The two loops of RayleighProcess: each lane of a vector carries one particle, and is given the next one when its
// particle leaves the zone. One turn is one attempt of whatever the particle waits for: a flight, or a partner.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

#include "offprint/kinetic/rayleigh_batch.hpp"
#include "offprint/kinetic/rayleigh_rate.hpp"
#include "offprint/kinetic/shear_flight.hpp"

// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "offprint/kinetic/rayleigh_loops.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
#include <hwy/contrib/math/math-inl.h>
#include "offprint/core/philox-inl.hpp"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace offprint::kinetic::detail::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
using D = hn::CappedTag<double, 8>;
using DU = hn::RebindToUnsigned<D>;
using DI = hn::RebindToSigned<D>;
using V = hn::Vec<D>;
using VU = hn::Vec<DU>;
using M = hn::Mask<D>;

constexpr std::size_t kMost = 8;
constexpr double kFlying = 0;     // waits for its next flight
constexpr double kColliding = 1;  // has arrived at a collision and waits for a partner
constexpr double kIdle = 2;       // no particle

HWY_INLINE V Load(const double* p) { return hn::Load(D(), p); }
HWY_INLINE V Set(double x) { return hn::Set(D(), x); }

HWY_INLINE std::uint32_t Bits(M mask) {
  std::uint8_t bytes[8] = {};
  hn::StoreMaskBits(D(), mask, bytes);
  return bytes[0];
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

struct SinCosPair {
  V sine;
  V cosine;
};

// sin and cos of 2 pi u, u in [0, 1): Taylor about the nearest quarter turn, to rounding.
HWY_INLINE SinCosPair SinCosTurn(V u) {
  const V quarter = hn::Floor(hn::MulAdd(u, Set(4), Set(0.5)));
  const V x = hn::Mul(hn::NegMulAdd(quarter, Set(0.25), u), Set(6.283185307179586477));
  const V x2 = hn::Mul(x, x);
  V s = Set(-1.0 / 1307674368000);
  s = hn::MulAdd(s, x2, Set(1.0 / 6227020800));
  s = hn::MulAdd(s, x2, Set(-1.0 / 39916800));
  s = hn::MulAdd(s, x2, Set(1.0 / 362880));
  s = hn::MulAdd(s, x2, Set(-1.0 / 5040));
  s = hn::MulAdd(s, x2, Set(1.0 / 120));
  s = hn::MulAdd(s, x2, Set(-1.0 / 6));
  s = hn::MulAdd(hn::Mul(s, x2), x, x);
  V c = Set(1.0 / 20922789888000);
  c = hn::MulAdd(c, x2, Set(-1.0 / 87178291200));
  c = hn::MulAdd(c, x2, Set(1.0 / 479001600));
  c = hn::MulAdd(c, x2, Set(-1.0 / 3628800));
  c = hn::MulAdd(c, x2, Set(1.0 / 40320));
  c = hn::MulAdd(c, x2, Set(-1.0 / 720));
  c = hn::MulAdd(c, x2, Set(1.0 / 24));
  c = hn::MulAdd(c, x2, Set(-0.5));
  c = hn::MulAdd(c, x2, Set(1));
  // quarter 0: (s, c), 1: (c, -s), 2: (-s, -c), 3: (-c, s), 4: as 0
  const M odd = hn::Or(hn::Eq(quarter, Set(1)), hn::Eq(quarter, Set(3)));
  const M sine_down = hn::Or(hn::Eq(quarter, Set(2)), hn::Eq(quarter, Set(3)));
  const M cosine_down = hn::Or(hn::Eq(quarter, Set(1)), hn::Eq(quarter, Set(2)));
  const V sine = hn::IfThenElse(odd, c, s);
  const V cosine = hn::IfThenElse(odd, s, c);
  return {hn::IfThenElse(sine_down, hn::Neg(sine), sine), hn::IfThenElse(cosine_down, hn::Neg(cosine), cosine)};
}

struct Pair {
  V first;
  V second;
};

HWY_INLINE Pair Uniforms(const LoopTables& k, VU block, VU index) {
  const auto bits = offprint::HWY_NAMESPACE::PhiloxLanes(DU(), k.key0, k.key1, block, index);
  return {offprint::HWY_NAMESPACE::UniformLanes(D(), bits.first),
          offprint::HWY_NAMESPACE::UniformLanes(D(), bits.second)};
}

// r^a E|w - Z|^-a for r >= RateTable::kRange
HWY_INLINE V Tail(const LoopTables& k, V r2) {
  const V x = hn::Div(Set(2), r2);
  V sum = hn::MulAdd(Set(k.tail[3]), x, Set(k.tail[2]));
  sum = hn::MulAdd(sum, x, Set(k.tail[1]));
  sum = hn::MulAdd(sum, x, Set(k.tail[0]));
  return hn::MulAdd(sum, x, Set(1));
}

// E|w - Z|^-a from |w|^2.
HWY_INLINE V Rate(const LoopTables& k, V r2) {
  const M far = hn::Ge(r2, Set(RateTable::kRange * RateTable::kRange));
  const V near2 = hn::Min(r2, Set(RateTable::kRange * RateTable::kRange));
  const V near = Piecewise<4>(k.cubic, hn::Mul(hn::Sqrt(near2), Set(RateTable::kCellsPerUnit)),
                              RateTable::kRange * RateTable::kCellsPerUnit - 1);
  if (hn::AllFalse(D(), far)) return near;
  const V power = hn::Exp(D(), hn::Mul(Set(-0.5 * k.a), hn::Log(D(), r2)));
  return hn::IfThenElse(far, hn::Mul(power, Tail(k, r2)), near);
}

struct Vector3 {
  V x;
  V y;
  V z;
};

HWY_INLINE V Norm2(const Vector3& w) { return hn::MulAdd(w.x, w.x, hn::MulAdd(w.y, w.y, hn::Mul(w.z, w.z))); }

// w - f (omega . g) omega, omega at x = |n . omega| and azimuth 2 pi `turn` around n = g/|g|.
HWY_INLINE Vector3 Collide(const LoopTables& k, const Vector3& w, const Vector3& g, V u, V turn) {
  V x = u;
  if (k.angular == 1) x = hn::Sqrt(u);
  if (k.angular == 2) {
    const V place = hn::Mul(u, Set(k.quantile_last));
    const V cell = hn::Floor(place);
    const V lo = hn::GatherIndex(D(), k.quantiles, Index(cell));
    const V hi = hn::GatherIndex(D(), k.quantiles + 1, Index(cell));
    x = hn::MulAdd(hn::Sub(place, cell), hn::Sub(hi, lo), lo);
  }
  const auto [s, c] = SinCosTurn(turn);
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
  const V b = hn::Mul(across, c);
  const V d = hn::Mul(across, s);
  const V o1 = hn::MulAdd(x, n1, hn::MulAdd(b, hn::MulAdd(hn::Mul(sign, p), hn::Mul(n1, n1), Set(1)), hn::Mul(d, q)));
  const V o2 = hn::MulAdd(x, n2, hn::MulAdd(b, hn::Mul(sign, q), hn::Mul(d, hn::MulAdd(hn::Mul(n2, n2), p, sign))));
  const V o3 = hn::MulAdd(x, n3, hn::Neg(hn::MulAdd(b, hn::Mul(sign, n1), hn::Mul(d, n2))));
  const V size = hn::Mul(hn::Mul(Set(k.factor), length), x);
  return {hn::NegMulAdd(size, o1, w.x), hn::NegMulAdd(size, o2, w.y), hn::NegMulAdd(size, o3, w.z)};
}

struct Attempt {
  Vector3 partner;
  M accepted;
  V u;  // for the collision
  V turn;
};

// One attempt at the partner of a particle at w, |w| < e^18.5: four blocks. RateTable explains the envelope.
HWY_INLINE Attempt DrawPartner(const LoopTables& k, const Vector3& w, VU block, VU index) {
  const D d;
  const VU one = hn::Set(DU(), std::uint64_t{1});
  const Pair a = Uniforms(k, block, index);
  const VU block1 = hn::Add(block, one);
  const Pair b = Uniforms(k, block1, index);
  const VU block2 = hn::Add(block1, one);
  const Pair c = Uniforms(k, block2, index);
  const Pair e = Uniforms(k, hn::Add(block2, one), index);

  const V r2 = Norm2(w);
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
  const auto cell = Index(hn::Mul(hn::Min(hn::Floor(place), Set(k.envelope_last)), Set(4)));
  const V first = hn::GatherIndex(d, k.envelope, cell);
  const V radius = hn::GatherIndex(d, k.envelope + 1, cell);
  const V log_radius = hn::GatherIndex(d, k.envelope + 2, cell);  // a ln R
  const V depth = hn::GatherIndex(d, k.envelope + 3, cell);

  // Component one: three normals.
  const V log1 = hn::Log(d, hn::Sub(Set(1), b.first));
  const V log2 = hn::Log(d, hn::Sub(Set(1), c.first));
  const V size1 = hn::Sqrt(hn::Mul(Set(-2), log1));
  const V size2 = hn::Sqrt(hn::Mul(Set(-2), log2));
  const SinCosPair turn1 = SinCosTurn(b.second);
  const V cosine2 = SinCosTurn(c.second).cosine;
  Vector3 z{hn::Mul(size1, turn1.cosine), hn::Mul(size1, turn1.sine), hn::Mul(size2, cosine2)};
  const Vector3 gap{hn::Sub(w.x, z.x), hn::Sub(w.y, z.y), hn::Sub(w.z, z.z)};
  V weight = hn::Exp(d, hn::Min(hn::MulAdd(Set(-0.5 * k.a), hn::Log(d, Norm2(gap)), log_radius), Set(0)));

  const M second = hn::Ge(a.first, first);
  if (!hn::AllFalse(d, second)) {  // the ball around w
    const V height = hn::MulSub(Set(2), b.first, Set(1));
    const V across = hn::Sqrt(hn::Max(hn::NegMulAdd(height, height, Set(1)), Set(0)));
    const V log3 = hn::Log(d, hn::Sub(Set(1), c.second));
    const V ratio = hn::Exp(d, hn::MulAdd(log2, Set(1 / (3 - k.a)), hn::Mul(log3, Set(1.0 / 3))));  // r/R
    const V r = hn::Mul(radius, ratio);
    const Vector3 y{hn::MulAdd(r, hn::Mul(across, turn1.cosine), w.x), hn::MulAdd(r, hn::Mul(across, turn1.sine), w.y),
                    hn::MulAdd(r, height, w.z)};
    const V here = hn::Exp(d, hn::Max(hn::NegMulAdd(Set(0.5), Norm2(y), depth), Set(-700)));
    weight = hn::IfThenElse(second, here, weight);
    z.x = hn::IfThenElse(second, y.x, z.x);
    z.y = hn::IfThenElse(second, y.y, z.y);
    z.z = hn::IfThenElse(second, y.z, z.z);
  }
  return {z, hn::Lt(a.second, weight), e.first, e.second};
}

// The lanes' particles; arrays, so that single lanes can be looked after between the vector parts.
struct Lanes {
  HWY_ALIGN double v1[kMost], v2[kMost], v3[kMost], log_speed[kMost], time[kMost], count[kMost], next[kMost];
  HWY_ALIGN double phase[kMost];
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
    phase[l] = kIdle;
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
    phase[l] = kFlying;
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

template <class F>
HWY_INLINE void ForEachLane(std::uint32_t bits, const F& f) {
  for (; bits != 0; bits &= bits - 1) f(static_cast<std::size_t>(__builtin_ctz(bits)));
}

void Thermal(const LoopTables& k, Batch& batch) {
  const D d;
  const DU du;
  const std::size_t lanes = hn::Lanes(d);
  Lanes lane(false);
  std::size_t active = 0;
  for (std::size_t l = 0; l < lanes; ++l) active += lane.fill(l, batch, batch.thermal) ? 1 : 0;
  const VU one = hn::Set(du, std::uint64_t{1});
  while (active > 0) {
    VU block = hn::Load(du, lane.block);
    const VU index = hn::Load(du, lane.index);
    Vector3 w{Load(lane.v1), Load(lane.v2), Load(lane.v3)};
    std::uint32_t finished = 0;

    // Flights: proposed at the rate at the point of closest approach, which none on the way exceeds.
    const V phase = Load(lane.phase);
    const M flying = hn::Eq(phase, Set(kFlying));
    M colliding = hn::Eq(phase, Set(kColliding));
    if (!hn::AllFalse(d, flying)) {
      const Pair u = Uniforms(k, block, index);
      const V across2 = hn::MulAdd(w.y, w.y, hn::Mul(w.z, w.z));
      const V here2 = hn::MulAdd(w.x, w.x, across2);
      const M incoming = hn::Gt(hn::Mul(w.x, w.y), Set(0));
      const V bound = Rate(k, hn::IfThenElse(incoming, across2, here2));
      const V wait = hn::Div(hn::Neg(hn::Log(d, hn::Sub(Set(1), u.first))), hn::Mul(Set(k.rate), bound));
      const V start = Load(lane.time);
      const V end = hn::Add(start, wait);
      const M passed = hn::And(flying, hn::Gt(end, Load(lane.next)));
      if (!hn::AllFalse(d, passed)) {
        HWY_ALIGN double ends[kMost];
        hn::Store(end, d, ends);
        ForEachLane(Bits(passed), [&](std::size_t l) {
          const auto i = lane.id[l];
          if (batch.observe_thermal(i, lane.v1[l], lane.v2[l], lane.v3[l], lane.time[l], ends[l], lane.count[l]))
            finished |= 1U << l;
          lane.next[l] = batch.next_time(i);
        });
      }
      const V moved = hn::NegMulAdd(hn::Mul(Set(k.shear), wait), w.y, w.x);
      w.x = hn::IfThenElse(flying, moved, w.x);
      const M arrived = hn::And(flying, hn::Lt(hn::Mul(u.second, bound), Rate(k, Norm2(w))));
      colliding = hn::Or(colliding, arrived);
      hn::Store(hn::IfThenElse(flying, end, start), d, lane.time);
      block = hn::IfThenElse(hn::RebindMask(du, flying), hn::Add(block, one), block);
    }

    // Partners.
    M collided = hn::FirstN(d, 0);
    if (!hn::AllFalse(d, colliding)) {
      const Attempt attempt = DrawPartner(k, w, block, index);
      collided = hn::And(colliding, attempt.accepted);
      const Vector3 g{hn::Sub(w.x, attempt.partner.x), hn::Sub(w.y, attempt.partner.y),
                      hn::Sub(w.z, attempt.partner.z)};
      const Vector3 after = Collide(k, w, g, attempt.u, attempt.turn);
      w.x = hn::IfThenElse(collided, after.x, w.x);
      w.y = hn::IfThenElse(collided, after.y, w.y);
      w.z = hn::IfThenElse(collided, after.z, w.z);
      hn::Store(hn::Add(Load(lane.count), hn::IfThenElseZero(collided, Set(1))), d, lane.count);
      block = hn::IfThenElse(hn::RebindMask(du, colliding), hn::Add(block, hn::Set(du, std::uint64_t{4})), block);
    }
    const M waiting = hn::And(colliding, hn::Not(collided));
    const M idle = hn::Eq(phase, Set(kIdle));
    const V next_phase = hn::IfThenElse(waiting, Set(kColliding), hn::IfThenElse(idle, Set(kIdle), Set(kFlying)));
    hn::Store(next_phase, d, lane.phase);
    hn::Store(w.x, d, lane.v1);
    hn::Store(w.y, d, lane.v2);
    hn::Store(w.z, d, lane.v3);
    hn::Store(block, du, lane.block);
    if (batch.records_events() && !hn::AllFalse(d, collided)) {
      ForEachLane(Bits(collided) & ~finished, [&](std::size_t l) {
        const double speed2 = lane.v1[l] * lane.v1[l] + lane.v2[l] * lane.v2[l] + lane.v3[l] * lane.v3[l];
        batch.add_event(lane.id[l], std::log(lane.time[l]), 0.5 * std::log(speed2), std::log(std::abs(lane.v2[l])));
      });
    }
    const M leaves = hn::And(hn::Eq(next_phase, Set(kFlying)), hn::Ge(Norm2(w), Set(k.switch2)));
    const std::uint32_t out = Bits(leaves) & ~finished;
    if ((out | finished) != 0) {
      ForEachLane(out | finished, [&](std::size_t l) {
        const bool through = ((finished >> l) & 1U) != 0;
        const double speed = std::sqrt(lane.v1[l] * lane.v1[l] + lane.v2[l] * lane.v2[l] + lane.v3[l] * lane.v3[l]);
        if (!through) {
          lane.log_speed[l] = std::log(speed);
          lane.time[l] = std::log(lane.time[l]);
          lane.v1[l] /= speed;
          lane.v2[l] /= speed;
          lane.v3[l] /= speed;
          batch.flight.push_back(lane.id[l]);
        }
        lane.put_back(l, batch);
        if (!lane.fill(l, batch, batch.thermal)) --active;
      });
    }
  }
}

// asinh(|x|)
HWY_INLINE V ArcSinh(V x) {
  const D d;
  const V root = hn::Add(x, hn::Sqrt(hn::MulAdd(x, x, Set(1))));
  return hn::Log(d, hn::IfThenElse(hn::Gt(x, Set(1e8)), hn::Mul(Set(2), x), root));
}

void Flight(const LoopTables& k, Batch& batch) {
  const D d;
  const DU du;
  const std::size_t lanes = hn::Lanes(d);
  Lanes lane(true);
  std::size_t active = 0;
  for (std::size_t l = 0; l < lanes; ++l) active += lane.fill(l, batch, batch.flight) ? 1 : 0;
  const VU one = hn::Set(du, std::uint64_t{1});
  const double leave = k.point_background ? k.log_absorbed : 0.5 * std::log(k.switch2);
  const double point_like =
      k.point_background ? -std::numeric_limits<double>::infinity() : RayleighProcess::kLogPointLike;
  const double cells = FlightLaw::kCells;
  const bool freezes = k.a > 1;
  while (active > 0) {
    VU block = hn::Load(du, lane.block);
    const VU index = hn::Load(du, lane.index);
    Vector3 w{Load(lane.v1), Load(lane.v2), Load(lane.v3)};
    V l = Load(lane.log_speed);
    std::uint32_t finished = 0;
    const V phase = Load(lane.phase);
    const M flying = hn::Eq(phase, Set(kFlying));
    M colliding = hn::Eq(phase, Set(kColliding));

    if (!hn::AllFalse(d, flying)) {
      const Pair u = Uniforms(k, block, index);
      const V across = hn::Sqrt(hn::MulAdd(w.y, w.y, hn::Mul(w.z, w.z)));
      const V speed = hn::Abs(w.y);  // of u, for |w| = 1
      const V log_across = hn::Log(d, across);
      // Where the background counts as thermal the flight is drawn at C S |w|^-a.
      const M incoming = hn::Gt(hn::Mul(w.x, w.y), Set(0));
      const V lowest = hn::IfThenElse(incoming, hn::Add(l, log_across), l);
      const V excess = hn::IfThenElse(hn::Lt(lowest, Set(point_like)), Set(k.bound), Set(1));
      const V exponential = hn::Div(hn::Neg(hn::Log(d, hn::Sub(Set(1), u.first))), hn::Mul(Set(k.rate), excess));
      const V log_e = hn::Log(d, hn::Max(exponential, Set(1e-300)));
      const V log_ratio = hn::Sub(log_across, hn::Log(d, speed));  // ln(rho/|d_2|)
      // E |w|^a |d_2| rho^(a-1)
      const V log_step = hn::Sub(hn::MulAdd(Set(k.a), hn::Add(l, log_across), log_e), log_ratio);
      const V u0 = hn::Div(hn::Neg(hn::CopySign(w.x, hn::Xor(w.x, w.y))), across);
      const V y0 = ArcSinh(hn::Abs(u0));
      V j0 = Piecewise<6>(k.forward, hn::Mul(hn::Min(y0, Set(FlightLaw::kYEnd)), Set(cells)), k.forward_last);
      const M steep = hn::Gt(y0, Set(FlightLaw::kYEnd));
      if (!hn::AllFalse(d, steep)) {
        const V outside = hn::MulAdd(Set(k.scale), hn::Exp(d, hn::Mul(Set(1 - k.a), y0)), Set(k.offset));
        j0 = hn::IfThenElse(steep, outside, j0);
      }
      j0 = hn::CopySign(j0, u0);
      const V target = hn::Add(j0, hn::Exp(d, hn::Min(log_step, Set(690))));
      const V size = hn::Abs(target);
      M frozen = hn::FirstN(d, 0);
      V s = size;
      if (freezes) {
        frozen = hn::Ge(target, Set(k.limit));
        const V left = hn::Max(hn::Sub(Set(1), hn::Div(size, Set(k.limit))), Set(1e-17));
        s = hn::Mul(Set(-k.limit), hn::Log(d, left));
      } else {
        s = ArcSinh(size);
      }
      const V inside = hn::Min(s, Set(k.s_end));
      V y = Piecewise<6>(k.inverse, hn::Mul(inside, Set(cells)), k.inverse_last);
      const M outside = hn::Gt(s, Set(k.s_end));
      if (!hn::AllFalse(d, outside)) {
        const V beyond = hn::Max(hn::Div(hn::Sub(size, Set(k.offset)), Set(k.scale)), Set(1e-17));
        const V log_beyond = hn::IfThenElse(hn::Gt(log_step, Set(600)),
                                            hn::Sub(log_step, Set(std::log(std::abs(k.scale)))), hn::Log(d, beyond));
        y = hn::IfThenElse(outside, hn::Mul(log_beyond, Set(1 / (1 - k.a))), y);
      }
      // Flights so long that only logarithms hold them: w_1 at the start no longer matters.
      const M far = hn::Gt(y, Set(300));
      const V log_far = hn::Add(hn::Sub(y, Set(0.6931471805599453)), log_ratio);
      const V grown = hn::Exp(d, hn::Min(y, Set(300)));
      const V end_u = hn::CopySign(hn::Mul(Set(0.5), hn::Sub(grown, hn::Div(Set(1), grown))), target);
      const V time_near = hn::Mul(hn::Max(hn::Sub(end_u, u0), Set(1e-300)), hn::Div(across, speed));
      V log_time = hn::IfThenElse(far, log_far, hn::Log(d, time_near));
      log_time = hn::IfThenElse(frozen, Set(std::numeric_limits<double>::infinity()), log_time);
      const V start = Load(lane.time);
      const V later = hn::Max(start, log_time);
      const V apart = hn::Max(hn::Neg(hn::Abs(hn::Sub(start, log_time))), Set(-745));
      const V sum = hn::Add(later, hn::Log1p(d, hn::Exp(d, apart)));
      const V end = hn::IfThenElse(frozen, log_time, sum);
      const M passed = hn::And(flying, hn::Gt(end, Load(lane.next)));
      if (!hn::AllFalse(d, passed)) {
        HWY_ALIGN double ends[kMost];
        hn::Store(end, d, ends);
        ForEachLane(Bits(passed), [&](std::size_t i) {
          const auto id = lane.id[i];
          if (batch.observe_flight(id, lane.v1[i], lane.v2[i], lane.v3[i], lane.log_speed[i], lane.time[i], ends[i],
                                   lane.count[i]))
            finished |= 1U << i;
          lane.next[i] = batch.next_log_time(id);
        });
      }
      // The velocity at the end, in units of |w| at the start; a frozen particle has passed every time there is.
      const V near_x = hn::NegMulAdd(time_near, w.y, w.x);
      const V growth = hn::Sqrt(hn::MulAdd(near_x, near_x, hn::Mul(across, across)));
      const V shrink = hn::Div(Set(1), growth);
      const V tiny = hn::Exp(d, hn::Max(hn::Neg(log_time), Set(-745)));
      const V up = hn::CopySign(Set(1), w.y);
      const Vector3 ahead{hn::IfThenElse(far, hn::Neg(up), hn::Mul(near_x, shrink)),
                          hn::IfThenElse(far, hn::Mul(up, tiny), hn::Mul(w.y, shrink)),
                          hn::IfThenElse(far, hn::Mul(hn::Div(w.z, speed), tiny), hn::Mul(w.z, shrink))};
      const V gain = hn::IfThenElse(far, hn::Add(log_time, hn::Log(d, speed)), hn::Log(d, growth));
      w.x = hn::IfThenElse(flying, ahead.x, w.x);
      w.y = hn::IfThenElse(flying, ahead.y, w.y);
      w.z = hn::IfThenElse(flying, ahead.z, w.z);
      l = hn::IfThenElse(flying, hn::Add(l, gain), l);
      hn::Store(hn::IfThenElse(flying, end, start), d, lane.time);
      // Accepted with lambda |w|^a/(C S) where the background counts as thermal.
      M arrived = flying;
      const M judged = hn::And(flying, hn::Lt(lowest, Set(point_like)));
      if (!hn::AllFalse(d, judged)) {
        const V log_here = hn::Min(l, Set(200));
        const V here2 = hn::Exp(d, hn::Add(log_here, log_here));
        const V near2 = hn::Min(here2, Set(RateTable::kRange * RateTable::kRange));
        const V near = hn::Mul(Piecewise<4>(k.cubic, hn::Mul(hn::Sqrt(near2), Set(RateTable::kCellsPerUnit)),
                                            RateTable::kRange * RateTable::kCellsPerUnit - 1),
                               hn::Exp(d, hn::Mul(Set(k.a), hn::Min(log_here, Set(4)))));
        const V ratio = hn::IfThenElse(hn::Ge(here2, Set(RateTable::kRange * RateTable::kRange)), Tail(k, here2), near);
        const M refused = hn::And(judged, hn::Ge(hn::Mul(u.second, excess), ratio));
        arrived = hn::AndNot(refused, flying);
      }
      colliding = hn::Or(colliding, arrived);
      block = hn::IfThenElse(hn::RebindMask(du, flying), hn::Add(block, one), block);
    }

    M collided = hn::FirstN(d, 0);
    if (!hn::AllFalse(d, colliding)) {
      const M thermal = hn::And(colliding, hn::Lt(l, Set(point_like)));
      if (!hn::AllFalse(d, thermal)) {
        const V length = hn::Exp(d, hn::Min(l, Set(RayleighProcess::kLogPointLike)));
        const Vector3 full{hn::Mul(w.x, length), hn::Mul(w.y, length), hn::Mul(w.z, length)};
        const Attempt attempt = DrawPartner(k, full, block, index);
        const M met = hn::And(thermal, attempt.accepted);
        const Vector3 g{hn::Sub(full.x, attempt.partner.x), hn::Sub(full.y, attempt.partner.y),
                        hn::Sub(full.z, attempt.partner.z)};
        const Vector3 after = Collide(k, full, g, attempt.u, attempt.turn);
        const V after_speed = hn::Sqrt(Norm2(after));
        const V shrink = hn::Div(Set(1), after_speed);
        w.x = hn::IfThenElse(met, hn::Mul(after.x, shrink), w.x);
        w.y = hn::IfThenElse(met, hn::Mul(after.y, shrink), w.y);
        w.z = hn::IfThenElse(met, hn::Mul(after.z, shrink), w.z);
        l = hn::IfThenElse(met, hn::Log(d, after_speed), l);
        collided = met;
        block = hn::IfThenElse(hn::RebindMask(du, thermal), hn::Add(block, hn::Set(du, std::uint64_t{4})), block);
      }
      const M point = hn::AndNot(thermal, colliding);
      if (!hn::AllFalse(d, point)) {
        const Pair u = Uniforms(k, block, index);
        const Vector3 after = Collide(k, w, w, u.first, u.second);
        const V after_speed = hn::Sqrt(Norm2(after));
        const V shrink = hn::Div(Set(1), after_speed);
        w.x = hn::IfThenElse(point, hn::Mul(after.x, shrink), w.x);
        w.y = hn::IfThenElse(point, hn::Mul(after.y, shrink), w.y);
        w.z = hn::IfThenElse(point, hn::Mul(after.z, shrink), w.z);
        l = hn::IfThenElse(point, hn::Add(l, hn::Log(d, after_speed)), l);
        collided = hn::Or(collided, point);
        block = hn::IfThenElse(hn::RebindMask(du, point), hn::Add(block, one), block);
      }
      hn::Store(hn::Add(Load(lane.count), hn::IfThenElseZero(collided, Set(1))), d, lane.count);
    }
    const M waiting = hn::And(colliding, hn::Not(collided));
    const M idle = hn::Eq(phase, Set(kIdle));
    const V next_phase = hn::IfThenElse(waiting, Set(kColliding), hn::IfThenElse(idle, Set(kIdle), Set(kFlying)));
    hn::Store(next_phase, d, lane.phase);
    hn::Store(w.x, d, lane.v1);
    hn::Store(w.y, d, lane.v2);
    hn::Store(w.z, d, lane.v3);
    hn::Store(l, d, lane.log_speed);
    hn::Store(block, du, lane.block);
    if (batch.records_events() && !hn::AllFalse(d, collided)) {
      ForEachLane(Bits(collided) & ~finished, [&](std::size_t i) {
        batch.add_event(lane.id[i], lane.time[i], lane.log_speed[i],
                        lane.log_speed[i] + std::log(std::abs(lane.v2[i])));
      });
    }
    const M leaves = hn::And(hn::Eq(next_phase, Set(kFlying)), hn::Lt(l, Set(leave)));
    const std::uint32_t out = Bits(leaves) & ~finished;
    if ((out | finished) != 0) {
      ForEachLane(out | finished, [&](std::size_t i) {
        const bool through = ((finished >> i) & 1U) != 0;
        if (!through && !k.point_background) {
          const double length = std::exp(lane.log_speed[i]);
          lane.time[i] = std::exp(lane.time[i]);
          lane.v1[i] *= length;
          lane.v2[i] *= length;
          lane.v3[i] *= length;
          batch.thermal.push_back(lane.id[i]);
        }
        lane.put_back(i, batch);
        if (!through && k.point_background) batch.absorb(lane.id[i]);
        if (!lane.fill(i, batch, batch.flight)) --active;
      });
    }
  }
}

const char* Name() { return hwy::TargetName(HWY_TARGET); }

}  // namespace offprint::kinetic::detail::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace offprint::kinetic::detail {

HWY_EXPORT(Thermal);
HWY_EXPORT(Flight);
HWY_EXPORT(Name);

void run_thermal(const LoopTables& tables, Batch& batch) { HWY_DYNAMIC_DISPATCH(Thermal)(tables, batch); }
void run_flight(const LoopTables& tables, Batch& batch) { HWY_DYNAMIC_DISPATCH(Flight)(tables, batch); }
const char* loop_instruction_set() { return HWY_DYNAMIC_DISPATCH(Name)(); }

}  // namespace offprint::kinetic::detail

#endif  // HWY_ONCE
