// Jumps per second of the sheared tagged particle, and what its parts take.
#include <cmath>
#include <vector>

#include <benchmark/benchmark.h>

#include "offprint/core/allocator.hpp"
#include "offprint/kinetic/rayleigh_chain.hpp"
#include "offprint/kinetic/rayleigh_process.hpp"
#include "offprint/kinetic/shear_flight.hpp"

namespace {

using namespace offprint::kinetic;

[[maybe_unused]] const bool kept = [] {  // as the command does
  offprint::keep_freed_memory();
  return true;
}();

// Thermal start to ln t = 640, as the claims run it; one thread. Argument: 10 a.
void jumps(benchmark::State& state) {
  const RayleighProcess process({.exponent = static_cast<double>(state.range(0)) / 10});
  const std::vector<double> times{10, 20, 40, 80, 160, 320, 640};
  std::uint64_t first = 0;
  double counted = 0;
  for (auto _ : state) {
    const auto seen = process.simulate(thermal_start(1), times, {.seed = 1, .first = first, .particles = 4000});
    first += 4000;
    counted += static_cast<double>(seen.jumps);
  }
  state.counters["jumps"] = benchmark::Counter(counted, benchmark::Counter::kIsRate);
  state.counters["particles"] = benchmark::Counter(static_cast<double>(first), benchmark::Counter::kIsRate);
  state.SetLabel(RayleighProcess::instruction_set());
}
BENCHMARK(jumps)->ArgName("10a")->Arg(3)->Arg(5)->Arg(8)->Unit(benchmark::kMillisecond);

// Hard potentials, gamma = 0.5, to t = 40. Argument: 10 K.
void hard_jumps(benchmark::State& state) {
  const RayleighProcess process({.exponent = -0.5, .shear = static_cast<double>(state.range(0)) / 10});
  double counted = 0;
  std::uint64_t first = 0;
  for (auto _ : state) {
    const auto seen =
        process.simulate(thermal_start(1), {std::log(40.0)}, {.seed = 1, .first = first, .particles = 4000});
    first += 4000;
    counted += static_cast<double>(seen.jumps);
  }
  state.counters["jumps"] = benchmark::Counter(counted, benchmark::Counter::kIsRate);
}
BENCHMARK(hard_jumps)->ArgName("10K")->Arg(0)->Arg(10)->Arg(100)->Unit(benchmark::kMillisecond);

// Flights alone: the background at rest, ln|w| = 1000 at the start, to ln t = 1e6.
void far_jumps(benchmark::State& state) {
  const RayleighProcess process({.exponent = 0.5, .point_background = true});
  double counted = 0;
  std::uint64_t first = 0;
  for (auto _ : state) {
    const auto seen = process.simulate(log_start(1000), {1e6}, {.seed = 1, .first = first, .particles = 4000});
    first += 4000;
    counted += static_cast<double>(seen.jumps);
  }
  state.counters["jumps"] = benchmark::Counter(counted, benchmark::Counter::kIsRate);
}
BENCHMARK(far_jumps)->Unit(benchmark::kMillisecond);

void inverse(benchmark::State& state) {
  const FlightLaw flight(0.5);
  double x = 0.01;
  for (auto _ : state) {
    benchmark::DoNotOptimize(flight.inverse(x));
    x = x < 1e6 ? x * 1.01 : 0.01;
  }
}
BENCHMARK(inverse);

void deterministic(benchmark::State& state) {
  const SkeletonChain chain(0.5, 1);
  const SkeletonChain::Start start{20, 0};
  for (auto _ : state) benchmark::DoNotOptimize(chain.propagate({&start, 1}, {160}).front().collisions);
}
BENCHMARK(deterministic)->Unit(benchmark::kMillisecond);

}  // namespace
