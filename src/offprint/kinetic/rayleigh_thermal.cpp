// The vector loops of RayleighProcess among speeds where the background's thermal motion counts, for gamma <= 0 and
// for gamma > 0. One turn: one flight to a proposed collision, one partner, and whether they are accepted.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>

#include "offprint/kinetic/rayleigh_batch.hpp"

// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "offprint/kinetic/rayleigh_thermal.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
#include "offprint/kinetic/rayleigh_lanes-inl.hpp"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace offprint::kinetic::detail::HWY_NAMESPACE {

// What a turn ended with: where the lanes are, and whether they met someone there.
struct Turn {
  Vector3 w;
  V end;  // time
  M collided;
};

// gamma <= 0. Proposals at C times the mass of the envelope at the point of closest approach, which none on the way
// exceeds; the flight and the partner are accepted together, so the rate itself is never needed.
HWY_INLINE Turn SoftTurn(const LoopTables& k, Lanes& lane, Batch& batch, std::uint32_t& finished) {
  const D d;
  const Vector3 w{Load(lane.v1), Load(lane.v2), Load(lane.v3)};
  const Draws u = DrawEight(k, hn::Load(DU(), lane.block), hn::Load(DU(), lane.index));
  const V across2 = hn::MulAdd(w.y, w.y, hn::Mul(w.z, w.z));
  const M incoming = hn::Gt(hn::Mul(hn::Mul(Set(k.shear), w.x), w.y), Set(0));
  const V closest2 = hn::IfThenElse(incoming, across2, hn::MulAdd(w.x, w.x, across2));
  const V inverse = hn::GatherIndex(d, k.envelope + 5, EnvelopeRow(k, closest2));  // 1/mass
  const V wait = hn::Mul(hn::Mul(Set(-1 / k.rate), hn::Log(d, hn::Sub(Set(1), u.wait))), inverse);
  const V end = hn::Add(Load(lane.time), wait);
  const M passed = hn::Gt(end, Load(lane.next));
  if (!hn::AllFalse(d, passed)) finished = Observe(lane, batch, passed, end);
  const Vector3 there{hn::NegMulAdd(hn::Mul(Set(k.shear), wait), w.y, w.x), w.y, w.z};
  const Envelope at = EnvelopeAt(k, Norm2(there));
  const Partner partner = DrawPartner(k, there, at, u, hn::Mul(at.mass, inverse));
  const Vector3 after = Collide(k, there, Difference(there, partner.z), u.line, u.line_turn);
  return {{hn::IfThenElse(partner.accepted, after.x, there.x), hn::IfThenElse(partner.accepted, after.y, there.y),
           hn::IfThenElse(partner.accepted, after.z, there.z)},
          end,
          partner.accepted};
}

// 0 < gamma < 1. |w - z|^gamma <= (|w| + |z|)^gamma <= s^gamma ((1 - gamma) + gamma (|w| + |z|)/s) for every s > 0, by
// concavity. With s = |w| + E|Z| the envelope's mass is s^gamma, and it is a mixture of M(z) and |z| M(z). |w| being
// convex along the flight, s at the ends of a stretch bounds s within; a stretch without a proposal ends without one.
HWY_INLINE Turn HardTurn(const LoopTables& k, Lanes& lane, Batch& batch, std::uint32_t& finished) {
  constexpr double kMeanSpeed = 1.5957691216057308;  // E|Z| = sqrt(8/pi)
  const D d;
  const double gamma = -k.a;
  const Vector3 w{Load(lane.v1), Load(lane.v2), Load(lane.v3)};
  const Draws u = DrawEight(k, hn::Load(DU(), lane.block), hn::Load(DU(), lane.index));
  const V across2 = hn::MulAdd(w.y, w.y, hn::Mul(w.z, w.z));
  const V near = hn::Add(hn::Sqrt(hn::MulAdd(w.x, w.x, across2)), Set(kMeanSpeed));
  // Any length serves; this one holds some 3 proposals and lets |w| grow by a few times at most.
  const V here = hn::Exp(d, hn::Mul(Set(gamma), hn::Log(d, near)));
  const V stretch = hn::Div(Set(3), hn::MulAdd(Set(k.rate), here, Set(k.shear)));
  const V far_x = hn::NegMulAdd(hn::Mul(Set(k.shear), stretch), w.y, w.x);
  const V far = hn::Add(hn::Sqrt(hn::MulAdd(far_x, far_x, across2)), Set(kMeanSpeed));
  const V log_bound = hn::Log(d, hn::Max(near, far));
  const V exponential = hn::Mul(Set(-1 / k.rate), hn::Log(d, hn::Sub(Set(1), u.wait)));
  const V proposed = hn::Mul(exponential, hn::Exp(d, hn::Mul(Set(-gamma), log_bound)));
  const M within = hn::Lt(proposed, stretch);
  const V wait = hn::Min(proposed, stretch);
  const V end = hn::Add(Load(lane.time), wait);
  const M passed = hn::Gt(end, Load(lane.next));
  if (!hn::AllFalse(d, passed)) finished = Observe(lane, batch, passed, end);
  const Vector3 there{hn::NegMulAdd(hn::Mul(Set(k.shear), wait), w.y, w.x), w.y, w.z};

  const V speed = hn::Sqrt(Norm2(there));
  const V slope = hn::Div(Set(gamma), hn::Add(speed, Set(kMeanSpeed)));  // gamma/s
  const V first = hn::NegMulAdd(slope, Set(kMeanSpeed), Set(1));         // the share of M(z)
  const M tilted = hn::Ge(u.choice, first);
  const V log1 = hn::Log(d, hn::Sub(Set(1), u.first));
  const V log2 = hn::Log(d, hn::Sub(Set(1), u.second));
  const auto turn = lanes::SinCosTurn(d, u.turn);
  const V middle = hn::Sub(u.height, Set(0.5));
  // M(z): three normals. |z| M(z): |z|^2/2 is the sum of two exponentials, its direction uniform.
  const V height = hn::Add(middle, middle);
  const V cosine = hn::IfThenElse(tilted, height, lanes::SinHalfTurn(d, middle));
  const V flat2 = hn::IfThenElse(tilted, hn::Mul(hn::Add(log1, log2), hn::NegMulAdd(height, height, Set(1))), log1);
  const V tall2 = hn::IfThenElse(tilted, hn::Add(log1, log2), log2);
  const V flat = hn::Sqrt(hn::Max(hn::Mul(Set(-2), flat2), Set(0)));
  const V tall = hn::Sqrt(hn::Mul(Set(-2), tall2));
  const Vector3 z{hn::Mul(flat, turn.cosine), hn::Mul(flat, turn.sine), hn::Mul(tall, cosine)};
  const Vector3 g = Difference(there, z);
  const V envelope = hn::MulAdd(slope, hn::Add(speed, hn::Sqrt(Norm2(z))), Set(1 - gamma));
  const V power = hn::Exp(d, hn::Mul(Set(gamma), hn::MulSub(Set(0.5), hn::Log(d, Norm2(g)), log_bound)));
  const V weight = hn::Div(power, envelope);
  const V share = hn::IfThenElse(tilted, hn::Sub(Set(1), first), first);
  const M accepted = hn::And(within, hn::Lt(u.choice, hn::MulAdd(share, weight, hn::IfThenElseZero(tilted, first))));
  const Vector3 after = Collide(k, there, g, u.line, u.line_turn);
  return {{hn::IfThenElse(accepted, after.x, there.x), hn::IfThenElse(accepted, after.y, there.y),
           hn::IfThenElse(accepted, after.z, there.z)},
          end,
          accepted};
}

void Thermal(const LoopTables& k, Batch& batch) {
  const D d;
  const DU du;
  Lanes lane(false);
  std::size_t active = 0;
  for (std::size_t l = 0; l < hn::Lanes(d); ++l) active += lane.fill(l, batch, batch.thermal) ? 1 : 0;
  const bool hard = k.a < 0;
  while (active > 0) {
    std::uint32_t finished = 0;
    const Turn turn = hard ? HardTurn(k, lane, batch, finished) : SoftTurn(k, lane, batch, finished);
    hn::Store(hn::Add(Load(lane.count), hn::IfThenElseZero(turn.collided, Set(1))), d, lane.count);
    hn::Store(hn::Add(hn::Load(du, lane.block), hn::Set(du, kBlocksOfEight)), du, lane.block);
    const M occupied = hn::Gt(Load(lane.occupied), Set(0));
    hn::Store(hn::IfThenElse(occupied, turn.w.x, Set(0.5)), d, lane.v1);
    hn::Store(hn::IfThenElse(occupied, turn.w.y, Set(0.5)), d, lane.v2);
    hn::Store(hn::IfThenElse(occupied, turn.w.z, Set(0.5)), d, lane.v3);
    hn::Store(turn.end, d, lane.time);
    if (batch.records_events()) {
      ForEachLane(Bits(hn::And(occupied, turn.collided)) & ~finished, [&](std::size_t l) {
        const double speed2 = lane.v1[l] * lane.v1[l] + lane.v2[l] * lane.v2[l] + lane.v3[l] * lane.v3[l];
        batch.add_event(lane.id[l], std::log(lane.time[l]), 0.5 * std::log(speed2), std::log(std::abs(lane.v2[l])));
      });
    }
    const M leaves = hn::And(occupied, hn::Ge(Norm2(turn.w), Set(k.switch2)));
    const std::uint32_t out = Bits(leaves) | finished;
    if (out == 0) continue;
    ForEachLane(out, [&](std::size_t l) {
      if (((finished >> l) & 1U) == 0) {
        const double speed = std::sqrt(lane.v1[l] * lane.v1[l] + lane.v2[l] * lane.v2[l] + lane.v3[l] * lane.v3[l]);
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

HWY_INLINE void StoreFirst(V v, std::size_t count, double* p) {
  if (count == hn::Lanes(D())) {
    hn::StoreU(v, D(), p);
    return;
  }
  HWY_ALIGN double all[kMost];
  hn::Store(v, D(), all);
  std::copy_n(all, count, p);
}

// Box-Muller on the first two blocks of each particle's stream.
void Velocities(const StartLaw::Thermal& law, std::uint64_t first, std::size_t count, double* v1, double* v2,
                double* v3) {
  const D d;
  const DU du;
  const V deviation = Set(law.deviation);
  for (std::size_t i = 0; i < count; i += hn::Lanes(d)) {
    const VU index = hn::Add(hn::Set(du, first + i), hn::Iota(du, 0));
    const auto a = lanes::PhiloxLanes(du, law.key[0], law.key[1], hn::Zero(du), index);
    const auto b = lanes::PhiloxLanes(du, law.key[0], law.key[1], hn::Set(du, std::uint64_t{1}), index);
    const V log1 = hn::Log(d, hn::Sub(Set(1), lanes::UniformLanes(d, a.first)));
    const V log2 = hn::Log(d, hn::Sub(Set(1), lanes::UniformLanes(d, b.first)));
    const V size1 = hn::Mul(deviation, hn::Sqrt(hn::Mul(Set(-2), log1)));
    const V size2 = hn::Mul(deviation, hn::Sqrt(hn::Mul(Set(-2), log2)));
    const auto turn = lanes::SinCosTurn(d, lanes::UniformLanes(d, a.second));
    const V third = lanes::SinHalfTurn(d, hn::Sub(lanes::UniformLanes(d, b.second), Set(0.5)));
    const std::size_t kept = std::min(hn::Lanes(d), count - i);
    StoreFirst(hn::Mul(size1, turn.cosine), kept, v1 + i);
    StoreFirst(hn::Mul(size1, turn.sine), kept, v2 + i);
    StoreFirst(hn::Mul(size2, third), kept, v3 + i);
  }
}

const char* Name() { return hwy::TargetName(HWY_TARGET); }

}  // namespace offprint::kinetic::detail::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace offprint::kinetic::detail {

HWY_EXPORT(Thermal);
HWY_EXPORT(Velocities);
HWY_EXPORT(Name);

void run_thermal(const LoopTables& tables, Batch& batch) { HWY_DYNAMIC_DISPATCH(Thermal)(tables, batch); }
void thermal_velocities(const StartLaw::Thermal& law, std::uint64_t first, std::span<double> v1, std::span<double> v2,
                        std::span<double> v3) {
  HWY_DYNAMIC_DISPATCH(Velocities)(law, first, v1.size(), v1.data(), v2.data(), v3.data());
}
const char* loop_instruction_set() { return HWY_DYNAMIC_DISPATCH(Name)(); }

}  // namespace offprint::kinetic::detail

#endif  // HWY_ONCE
