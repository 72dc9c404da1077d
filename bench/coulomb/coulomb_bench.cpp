// Pair interactions a second, trajectories a second, where the tree overtakes all pairs, exact routes.
//
// Run: build/release/bin/coulomb_bench. One thread each. The yardstick of the pair forces is `peak` (peak_bench.cpp).
#include <array>
#include <vector>

#include <benchmark/benchmark.h>

#include "offprint/core/bulk_normal.hpp"
#include "offprint/core/random.hpp"
#include "offprint/coulomb/exact.hpp"
#include "offprint/coulomb/exact_samples.hpp"
#include "offprint/coulomb/pair_forces.hpp"
#include "offprint/coulomb/sampler.hpp"
#include "offprint/coulomb/tree.hpp"

namespace {

using namespace offprint;
using namespace offprint::coulomb;

std::vector<double> cloud(std::size_t size) {
  std::vector<double> x(size);
  Stream(1, "bench").fill_normal(x);
  return x;
}

void count(benchmark::State& state, const char* what, double each) {
  state.counters[what] = benchmark::Counter(each, benchmark::Counter::kIsIterationInvariantRate);
}

void lockstep(benchmark::State& state) {
  const auto d = static_cast<int>(state.range(0));
  const auto n = static_cast<std::size_t>(state.range(1));
  const auto x = cloud(static_cast<std::size_t>(d) * n * kLanes);
  std::vector<double> force(x.size());
  for (auto _ : state) {
    lockstep_forces(d, n, x, force, {});
    benchmark::DoNotOptimize(force.data());
  }
  count(state, "pairs/s", static_cast<double>(kLanes * n * (n - 1) / 2));
}
BENCHMARK(lockstep)->ArgNames({"d", "N"})->Args({2, 20})->Args({2, 100})->Args({2, 1000})->Args({3, 20})->Args({3, 40});

void all_pairs(benchmark::State& state) {
  const auto d = static_cast<int>(state.range(0));
  const auto n = static_cast<std::size_t>(state.range(1));
  const auto x = cloud(static_cast<std::size_t>(d) * n);
  std::vector<double> force(x.size());
  for (auto _ : state) benchmark::DoNotOptimize(pair_forces(d, n, x, force, state.range(2) != 0));
  count(state, "pairs/s", static_cast<double>(n * (n - 1) / 2));
}
BENCHMARK(all_pairs)
    ->ArgNames({"d", "N", "energy"})
    ->Args({2, 20, 0})
    ->Args({2, 1000, 0})
    ->Args({2, 1000, 1})
    ->Args({3, 1000, 0})
    ->Args({2, 2000, 0})
    ->Args({2, 4000, 0})
    ->Args({2, 8000, 0})
    ->Args({3, 4000, 0})
    ->Args({3, 8000, 0})
    ->Unit(benchmark::kMicrosecond);

void tree(benchmark::State& state) {
  const auto d = static_cast<int>(state.range(0));
  const auto n = static_cast<std::size_t>(state.range(1));
  const auto x = cloud(static_cast<std::size_t>(d) * n);
  std::vector<double> force(x.size());
  for (auto _ : state) {
    tree_forces(d, n, x, force);
    benchmark::DoNotOptimize(force.data());
  }
}
BENCHMARK(tree)
    ->ArgNames({"d", "N"})
    ->Args({2, 2000})
    ->Args({2, 4000})
    ->Args({2, 8000})
    ->Args({2, 50000})
    ->Args({3, 4000})
    ->Args({3, 8000})
    ->Unit(benchmark::kMicrosecond);

// Eight chains, a trajectory each; time is of all eight.
void trajectories(benchmark::State& state) {
  const auto d = static_cast<int>(state.range(0));
  const GasSampler sampler({d, RadialFunction("r^2/2")}, state.range(1), 2, {.steps = 8, .burn_in = 200});
  ChainState chains = sampler.start(1, 1);
  const std::array<RadialFunction, 1> f{RadialFunction("r^2")};
  const std::array<double, 1> centre{0};
  for (auto _ : state) (void)sampler.advance(chains, 100, f, centre, 0);
  count(state, "trajectories/s", 100.0 * static_cast<double>(sampler.lanes()));
}
BENCHMARK(trajectories)
    ->ArgNames({"d", "N"})
    ->Args({2, 20})
    ->Args({2, 100})
    ->Args({3, 40})
    ->Unit(benchmark::kMillisecond);

// Whole trajectories of a large gas either way, a chain's share: eight chains in lockstep by all pairs, or one chain by
// the tree with the exact energy at its end. The cost does not depend on where the chains are, so none is burnt in.
void crossover(benchmark::State& state) {
  const GasSampler sampler({static_cast<int>(state.range(0)), RadialFunction("r^2/2")}, state.range(1), 2,
                           {.steps = 16, .step = 0.07, .burn_in = 0, .tree_from = state.range(2) != 0 ? 1 : 1'000'000});
  ChainState chains = sampler.start(1, 1);
  const std::array<RadialFunction, 1> f{RadialFunction("r^2")};
  const std::array<double, 1> centre{0};
  constexpr std::size_t kTrajectories = 2;  // a call begins with an energy that long runs do not notice
  for (auto _ : state) (void)sampler.advance(chains, kTrajectories, f, centre, 0);
  state.counters["s/chain"] =
      benchmark::Counter(static_cast<double>(kTrajectories * sampler.lanes()),
                         benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}
BENCHMARK(crossover)
    ->ArgNames({"d", "N", "tree"})
    ->ArgsProduct({{2}, {1000, 1500, 2000, 2500, 3000}, {0, 1}})
    ->ArgsProduct({{3}, {2000, 3000, 4000, 5000}, {0, 1}})
    ->Unit(benchmark::kMillisecond)
    ->Iterations(1);

// What the tree's errors cost in acceptance at the same step, 0.3/sqrt(beta N), after burn-in.
void acceptance(benchmark::State& state) {
  const GasSampler sampler({static_cast<int>(state.range(0)), RadialFunction("r^2/2")}, 600, 2,
                           {.step = 0.3, .burn_in = 1200, .tree_from = state.range(1) != 0 ? 1 : 1'000'000});
  const std::array<RadialFunction, 1> f{RadialFunction("r^2")};
  const std::array<double, 1> centre{0};
  double accepted = 0;
  double moves = 0;
  for (auto _ : state)
    for (std::uint64_t group = 0; group < 8 / sampler.lanes(); ++group) {
      ChainState chains = sampler.start(1, group);
      (void)sampler.advance(chains, 200, f, centre, 0);
      for (const double a : chains.accepted) accepted += a;
      moves += static_cast<double>(chains.moves) * static_cast<double>(sampler.lanes());
    }
  state.counters["acceptance"] = accepted / moves;
}
BENCHMARK(acceptance)
    ->ArgNames({"d", "tree"})
    ->ArgsProduct({{2, 3}, {0, 1}})
    ->Unit(benchmark::kMillisecond)
    ->Iterations(1);

void normals(benchmark::State& state) {
  BulkNormal source(1, "bench");
  std::vector<double> x(1000);
  for (auto _ : state) {
    source.fill(x);
    benchmark::DoNotOptimize(x.data());
  }
  count(state, "normals/s", 1000);
}
BENCHMARK(normals);

void exact_cumulants(benchmark::State& state) {
  const RadialFunction f("r^3");
  for (auto _ : state)
    benchmark::DoNotOptimize(IndependentRadii(RadialFunction("r^2/2"), state.range(0)).cumulants(f, 4, {.threads = 1}));
}
BENCHMARK(exact_cumulants)->Arg(100)->Arg(10000)->Arg(1000000)->Unit(benchmark::kMillisecond);

void radii(benchmark::State& state) {
  Stream random(1, "radii");
  for (auto _ : state) benchmark::DoNotOptimize(ginibre_radii(state.range(0), random));
}
BENCHMARK(radii)->Arg(100)->Unit(benchmark::kMicrosecond);

}  // namespace
