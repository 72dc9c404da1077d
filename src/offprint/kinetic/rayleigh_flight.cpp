// The vector loop of RayleighProcess far out, in log-space: flights by the law of a background at rest, partners of the
// thermal one where it still counts. One turn is one attempt of whatever a particle waits for: a flight, or a partner.
#include <cmath>
#include <cstdint>
#include <limits>

#include "offprint/kinetic/rayleigh_batch.hpp"
#include "offprint/kinetic/shear_flight.hpp"

// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "offprint/kinetic/rayleigh_flight.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
#include "offprint/kinetic/rayleigh_lanes-inl.hpp"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace offprint::kinetic::detail::HWY_NAMESPACE {

// r^a E|w - Z|^-a for r >= RateTable::kRange
HWY_INLINE V Tail(const LoopTables& k, V r2) {
  const V x = hn::Div(Set(2), r2);
  V sum = hn::MulAdd(Set(k.tail[3]), x, Set(k.tail[2]));
  sum = hn::MulAdd(sum, x, Set(k.tail[1]));
  sum = hn::MulAdd(sum, x, Set(k.tail[0]));
  return hn::MulAdd(sum, x, Set(1));
}

// asinh(|x|)
HWY_INLINE V ArcSinh(V x) {
  const D d;
  const V root = hn::Add(x, hn::Sqrt(hn::MulAdd(x, x, Set(1))));
  return hn::Log(d, hn::IfThenElse(hn::Gt(x, Set(1e8)), hn::Mul(Set(2), x), root));
}

// The state of the lanes in log-space: direction, ln|w|, and |w| itself where it is below e^18.
struct FarState {
  Vector3 d;
  V l;
  V length;
};

// After a flight.
struct Flown {
  FarState state;
  V end;      // ln t
  M arrived;  // at a collision
};

// y = asinh|u| at which |J(u)| = size; `log_step` where size is that large.
HWY_INLINE V InverseY(const LoopTables& k, V size, V log_step, M far_step) {
  const D d;
  V s = size;
  if (k.a > 1) {
    const V left = hn::Max(hn::Sub(Set(1), hn::Div(size, Set(k.limit))), Set(1e-17));
    s = hn::Mul(Set(-k.limit), hn::Log(d, left));
  } else {
    s = ArcSinh(size);
  }
  V y = Piecewise<6>(k.inverse, hn::Mul(hn::Min(s, Set(k.s_end)), Set(FlightLaw::kCells)), k.inverse_last);
  const M outside = hn::Gt(s, Set(k.s_end));
  if (!hn::AllFalse(d, outside)) {
    const V beyond = hn::Max(hn::Div(hn::Sub(size, Set(k.offset)), Set(k.scale)), Set(1e-17));
    const V log_beyond =
        hn::IfThenElse(far_step, hn::Sub(log_step, Set(std::log(std::abs(k.scale)))), hn::Log(d, beyond));
    y = hn::IfThenElse(outside, hn::Mul(log_beyond, Set(1 / (1 - k.a))), y);
  }
  return y;
}

// |J(u)| at |u| = sinh(y).
HWY_INLINE V Forward(const LoopTables& k, V y) {
  const D d;
  V j = Piecewise<6>(k.forward, hn::Mul(hn::Min(y, Set(FlightLaw::kYEnd)), Set(FlightLaw::kCells)), k.forward_last);
  const M steep = hn::Gt(y, Set(FlightLaw::kYEnd));
  if (!hn::AllFalse(d, steep)) {
    const V outside = hn::MulAdd(Set(k.scale), hn::Exp(d, hn::Mul(Set(1 - k.a), y)), Set(k.offset));
    j = hn::IfThenElse(steep, outside, j);
  }
  return j;
}

// Whether a proposal at C S|w|^-a is refused: u S >= lambda |w|^a/C at |w| = r = e^l.
HWY_INLINE M Refused(const LoopTables& k, V u, V bound, V r, V l) {
  const D d;
  V ratio = Tail(k, hn::Max(hn::Mul(r, r), Set(RateTable::kRange * RateTable::kRange)));
  const M near = hn::Lt(r, Set(RateTable::kRange));
  if (!hn::AllFalse(d, near)) {
    const V rate = Piecewise<4>(k.cubic, hn::Mul(hn::Min(r, Set(RateTable::kRange)), Set(RateTable::kCellsPerUnit)),
                                RateTable::kRange * RateTable::kCellsPerUnit - 1);
    ratio = hn::IfThenElse(near, hn::Mul(rate, hn::Exp(d, hn::Mul(Set(k.a), hn::Min(l, Set(4))))), ratio);
  }
  return hn::Ge(hn::Mul(u, bound), ratio);
}

// One flight of the lanes in `flying`; observes what lies in it.
HWY_INLINE Flown Fly(const LoopTables& k, Lanes& lane, Batch& batch, const FarState& before, double point_like,
                     M flying, const Pair& u, std::uint32_t& finished) {
  const D d;
  const Vector3& w = before.d;
  const V across = hn::Sqrt(hn::MulAdd(w.y, w.y, hn::Mul(w.z, w.z)));
  const V speed = hn::Abs(w.y);  // of u, for |w| = 1
  const V log_across = hn::Log(d, across);
  const V log_speed = hn::Log(d, speed);
  // Where the background counts as thermal the flight is drawn at C S |w|^-a.
  const M incoming = hn::Gt(hn::Mul(w.x, w.y), Set(0));
  const M thermal = hn::Lt(hn::IfThenElse(incoming, hn::Add(before.l, log_across), before.l), Set(point_like));
  const V bound = hn::IfThenElse(thermal, Set(k.bound), Set(1));
  const V exponential = hn::Div(hn::Neg(hn::Log(d, hn::Sub(Set(1), u.first))), hn::Mul(Set(k.rate), bound));
  const V log_e = hn::Log(d, hn::Max(exponential, Set(1e-300)));
  // E |w|^a |d_2| rho^(a-1)
  const V log_ratio = hn::Sub(log_across, log_speed);
  const V log_step = hn::Sub(hn::MulAdd(Set(k.a), hn::Add(before.l, log_across), log_e), log_ratio);
  // u = sinh(y) at the start is -w_1 sgn(w_2)/rho, and e^|y| = (1 + |w_1|)/rho for |w| = 1.
  const V side = hn::Neg(hn::Xor(w.x, w.y));  // has the sign of u
  const V u0 = hn::Div(hn::CopySign(w.x, side), across);
  const V y0 = hn::Sub(hn::Log(d, hn::Add(Set(1), hn::Abs(w.x))), log_across);
  const V target = hn::Add(hn::CopySign(Forward(k, y0), side), hn::Exp(d, hn::Min(log_step, Set(690))));
  const V y = InverseY(k, hn::Abs(target), log_step, hn::Gt(log_step, Set(600)));
  // Flights so long that only logarithms hold them: w_1 at the start no longer matters.
  const M far = hn::Gt(y, Set(300));
  const V grown = hn::Exp(d, hn::Min(y, Set(300)));
  const V waned = hn::Div(Set(1), grown);
  const V end_u = hn::CopySign(hn::Mul(Set(0.5), hn::Sub(grown, waned)), target);
  const V time_near = hn::Mul(hn::Max(hn::Sub(end_u, u0), Set(1e-300)), hn::Div(across, speed));
  const V log_far = hn::Add(hn::Sub(y, Set(0.6931471805599453)), log_ratio);
  V log_time = hn::IfThenElse(far, log_far, hn::Log(d, time_near));
  const V start = Load(lane.time);
  const V apart = hn::Max(hn::Neg(hn::Abs(hn::Sub(start, log_time))), Set(-745));
  V end = hn::Add(hn::Max(start, log_time), hn::Log1p(d, hn::Exp(d, apart)));
  if (k.a > 1) {  // a frozen particle has passed every time there is
    const M frozen = hn::Ge(target, Set(k.limit));
    const V never = Set(std::numeric_limits<double>::infinity());
    log_time = hn::IfThenElse(frozen, never, log_time);
    end = hn::IfThenElse(frozen, never, end);
  }
  const M passed = hn::And(flying, hn::Gt(end, Load(lane.next)));
  if (!hn::AllFalse(d, passed)) finished = Observe(lane, batch, passed, end);

  // At the end |w| is cosh(y) times rho.
  const V up = hn::CopySign(Set(1), w.y);
  const V cosine = hn::Mul(Set(0.5), hn::Add(grown, waned));
  const V shrink = hn::Div(Set(1), hn::Mul(across, cosine));
  Vector3 ahead{hn::Neg(hn::Mul(hn::Mul(up, end_u), hn::Mul(across, shrink))), hn::Mul(w.y, shrink),
                hn::Mul(w.z, shrink)};
  V gain = hn::Add(log_across, hn::IfThenElse(far, hn::Sub(y, Set(0.6931471805599453)), hn::Log(d, cosine)));
  if (!hn::AllFalse(d, far)) {
    const V tiny = hn::Exp(d, hn::Max(hn::Neg(log_time), Set(-745)));
    ahead.x = hn::IfThenElse(far, hn::Neg(up), ahead.x);
    ahead.y = hn::IfThenElse(far, hn::Mul(up, tiny), ahead.y);
    ahead.z = hn::IfThenElse(far, hn::Mul(hn::Div(w.z, speed), tiny), ahead.z);
  }
  Flown out{{{hn::IfThenElse(flying, ahead.x, w.x), hn::IfThenElse(flying, ahead.y, w.y),
              hn::IfThenElse(flying, ahead.z, w.z)},
             hn::IfThenElse(flying, hn::Add(before.l, gain), before.l),
             hn::IfThenElse(flying, hn::Mul(before.length, hn::Mul(across, cosine)), before.length)},
            hn::IfThenElse(flying, end, start),
            flying};
  const M judged = hn::And(flying, thermal);
  if (!hn::AllFalse(d, judged))
    out.arrived = hn::AndNot(hn::And(judged, Refused(k, u.second, bound, out.state.length, out.state.l)), flying);
  return out;
}

// Collides the lanes in `who` with partners from a thermal background; returns those that found one.
HWY_INLINE M MeetThermal(const LoopTables& k, FarState& state, M who, VU block, VU index) {
  const D d;
  const Vector3 w{hn::Mul(state.d.x, state.length), hn::Mul(state.d.y, state.length), hn::Mul(state.d.z, state.length)};
  const Draws u = DrawEight(k, block, index);
  const Partner partner = DrawPartner(k, w, EnvelopeAt(k, Norm2(w)), u, Set(1));
  const M met = hn::And(who, partner.accepted);
  const Vector3 after = Collide(k, w, Difference(w, partner.z), u.line, u.line_turn);
  const V speed = hn::Sqrt(Norm2(after));
  const V shrink = hn::Div(Set(1), speed);
  state.d.x = hn::IfThenElse(met, hn::Mul(after.x, shrink), state.d.x);
  state.d.y = hn::IfThenElse(met, hn::Mul(after.y, shrink), state.d.y);
  state.d.z = hn::IfThenElse(met, hn::Mul(after.z, shrink), state.d.z);
  state.l = hn::IfThenElse(met, hn::Log(d, speed), state.l);
  return met;
}

// Collides the lanes in `who` with a background at rest.
HWY_INLINE void MeetPoint(const LoopTables& k, FarState& state, M who, VU block, VU index) {
  const Pair u = Uniforms(k, block, index);
  const Vector3 after = Collide(k, state.d, state.d, u.first, u.second);
  const V speed = hn::Sqrt(Norm2(after));
  const V shrink = hn::Div(Set(1), speed);
  state.d.x = hn::IfThenElse(who, hn::Mul(after.x, shrink), state.d.x);
  state.d.y = hn::IfThenElse(who, hn::Mul(after.y, shrink), state.d.y);
  state.d.z = hn::IfThenElse(who, hn::Mul(after.z, shrink), state.d.z);
  state.l = hn::IfThenElse(who, hn::Add(state.l, hn::Log(D(), speed)), state.l);
}

void Flight(const LoopTables& k, Batch& batch) {
  const D d;
  const DU du;
  Lanes lane(true);
  std::size_t active = 0;
  for (std::size_t l = 0; l < hn::Lanes(d); ++l) active += lane.fill(l, batch, batch.flight) ? 1 : 0;
  const VU one = hn::Set(du, std::uint64_t{1});
  const double leave = k.point_background ? k.log_absorbed : 0.5 * std::log(k.switch2);
  const double point_like =
      k.point_background ? -std::numeric_limits<double>::infinity() : RayleighProcess::kLogPointLike;
  while (active > 0) {
    VU block = hn::Load(du, lane.block);
    const VU index = hn::Load(du, lane.index);
    const V log_speed = Load(lane.log_speed);
    FarState state{{Load(lane.v1), Load(lane.v2), Load(lane.v3)}, log_speed, hn::Exp(d, hn::Min(log_speed, Set(300)))};
    std::uint32_t finished = 0;
    const M occupied = hn::Gt(Load(lane.occupied), Set(0));
    M colliding = hn::And(occupied, hn::Gt(Load(lane.colliding), Set(0)));
    const M flying = hn::AndNot(colliding, occupied);
    if (!hn::AllFalse(d, flying)) {
      const Flown flown = Fly(k, lane, batch, state, point_like, flying, Uniforms(k, block, index), finished);
      state = flown.state;
      hn::Store(flown.end, d, lane.time);
      colliding = hn::Or(colliding, flown.arrived);
      block = hn::IfThenElse(hn::RebindMask(du, flying), hn::Add(block, one), block);
    }
    M collided = hn::FirstN(d, 0);
    if (!hn::AllFalse(d, colliding)) {
      const M thermal = hn::And(colliding, hn::Lt(state.l, Set(point_like)));
      if (!hn::AllFalse(d, thermal)) {
        collided = MeetThermal(k, state, thermal, block, index);
        block = hn::IfThenElse(hn::RebindMask(du, thermal), hn::Add(block, hn::Set(du, kBlocksOfEight)), block);
      }
      const M point = hn::AndNot(thermal, colliding);
      if (!hn::AllFalse(d, point)) {
        MeetPoint(k, state, point, block, index);
        collided = hn::Or(collided, point);
        block = hn::IfThenElse(hn::RebindMask(du, point), hn::Add(block, one), block);
      }
      hn::Store(hn::Add(Load(lane.count), hn::IfThenElseZero(collided, Set(1))), d, lane.count);
    }
    const M waiting = hn::AndNot(collided, colliding);
    hn::Store(hn::IfThenElseZero(waiting, Set(1)), d, lane.colliding);
    hn::Store(state.d.x, d, lane.v1);
    hn::Store(state.d.y, d, lane.v2);
    hn::Store(state.d.z, d, lane.v3);
    hn::Store(state.l, d, lane.log_speed);
    hn::Store(block, du, lane.block);
    if (batch.records_events()) {
      ForEachLane(Bits(collided) & ~finished, [&](std::size_t i) {
        batch.add_event(lane.id[i], lane.time[i], lane.log_speed[i],
                        lane.log_speed[i] + std::log(std::abs(lane.v2[i])));
      });
    }
    const M leaves = hn::And(hn::AndNot(waiting, occupied), hn::Lt(state.l, Set(leave)));
    const std::uint32_t out = Bits(leaves) | finished;
    if (out == 0) continue;
    ForEachLane(out, [&](std::size_t i) {
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

}  // namespace offprint::kinetic::detail::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace offprint::kinetic::detail {

HWY_EXPORT(Flight);

void run_flight(const LoopTables& tables, Batch& batch) { HWY_DYNAMIC_DISPATCH(Flight)(tables, batch); }

}  // namespace offprint::kinetic::detail

#endif  // HWY_ONCE
