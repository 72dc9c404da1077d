// The yardstick of the pair forces: the arithmetic of a pair, in registers, without a load or a store.
//
// `peak` runs the operations that lockstep_forces does for a pair (d = 2: 3 subtractions or products, 5 fused
// multiply-adds, 1 division; d = 3: 6, 8, 1 division and 1 root) on vectors of eight chains' doubles in the widest
// instruction set that it picks for itself, on enough independent pairs to fill the pipelines. What `lockstep` reaches
// of these pairs a second is its share of the machine's peak; the rest are loads, stores and loop ends.

// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "peak_bench.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
// clang-format on

#include <cstddef>

HWY_BEFORE_NAMESPACE();
namespace offprint::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Other charges at once: as many as leave room in 16 registers.
inline constexpr int kPairs = 4;

template <int d>
double Pairs(std::size_t rounds) {
  const hn::CappedTag<double, 8> w;
  using Vec = hn::Vec<decltype(w)>;
  Vec here[3];
  Vec force[3];
  Vec there[kPairs];
  Vec push[kPairs];
  for (int c = 0; c < d; ++c) {
    here[c] = hn::Set(w, 0.3 + 0.1 * c);
    force[c] = hn::Zero(w);
  }
  for (int k = 0; k < kPairs; ++k) {
    there[k] = hn::Set(w, 1.7 + 0.2 * k);
    push[k] = hn::Zero(w);
  }
  const Vec one = hn::Set(w, 1.0);
  const Vec step = hn::Set(w, 1e-9);
  for (std::size_t round = 0; round < rounds; ++round) {
    // So that no round repeats the last: the only operations that are no pair's.
    for (int c = 0; c < d; ++c) here[c] = hn::Sub(here[c], step);
    for (int k = 0; k < kPairs; ++k) {
      Vec dx[3];
      for (int c = 0; c < d; ++c) dx[c] = hn::Sub(here[c], there[k]);
      Vec r2 = hn::Mul(dx[0], dx[0]);
      for (int c = 1; c < d; ++c) r2 = hn::MulAdd(dx[c], dx[c], r2);
      Vec strength;
      if constexpr (d == 2) {
        strength = hn::Div(one, r2);
      } else {
        const Vec inverse = hn::Div(one, hn::Sqrt(r2));
        strength = hn::Mul(hn::Mul(inverse, inverse), inverse);
      }
      for (int c = 0; c < d; ++c) force[c] = hn::MulAdd(dx[c], strength, force[c]);
      for (int c = 0; c < d; ++c) push[k] = hn::NegMulAdd(dx[c], strength, push[k]);
    }
  }
  Vec all = hn::Add(force[0], force[d - 1]);
  for (const Vec& other : push) all = hn::Add(all, other);
  return hn::GetLane(hn::SumOfLanes(w, all));
}

double PeakPairs(int d, std::size_t rounds) { return d == 2 ? Pairs<2>(rounds) : Pairs<3>(rounds); }
std::size_t PeakLanes() { return hn::Lanes(hn::CappedTag<double, 8>()); }

}  // namespace offprint::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

#include <benchmark/benchmark.h>

namespace offprint {
namespace {

HWY_EXPORT(PeakPairs);
HWY_EXPORT(PeakLanes);

void peak(benchmark::State& state) {
  const auto d = static_cast<int>(state.range(0));
  constexpr std::size_t kRounds = 10000;
  for (auto _ : state) benchmark::DoNotOptimize(HWY_DYNAMIC_DISPATCH(PeakPairs)(d, kRounds));
  state.counters["pairs/s"] = benchmark::Counter(static_cast<double>(kRounds * 4 * HWY_DYNAMIC_DISPATCH(PeakLanes)()),
                                                 benchmark::Counter::kIsIterationInvariantRate);
}
BENCHMARK(peak)->ArgNames({"d"})->Arg(2)->Arg(3);

}  // namespace
}  // namespace offprint

#endif  // HWY_ONCE
