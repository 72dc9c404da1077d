// The pseudospectrum on claim K1's grid of 3876 points, and its level set: points per second.
//
// Run: OPENBLAS_NUM_THREADS=1 build/release/bin/koopman_bench --benchmark_filter=grid
#include <map>

#include <benchmark/benchmark.h>

#include "cases.hpp"
#include "offprint/koopman/pseudospectrum.hpp"

namespace {

using namespace offprint;
using namespace offprint::koopman;

const Compression<double>& duffing(Eigen::Index functions) {
  static std::map<Eigen::Index, Compression<double>> made;
  auto found = made.find(functions);
  if (found == made.end()) found = made.emplace(functions, bench::duffing_compression(functions)).first;
  return found->second;
}

void grid_residuals(benchmark::State& state) {
  const auto& compression = duffing(state.range(0));
  const auto points = make_grid(0.02, -0.5, 1.0, 0.0, 1.0).points();
  const Parallel how{.threads = static_cast<unsigned>(state.range(1))};
  for (auto _ : state) {
    const Pseudospectrum<double> pseudospectrum(compression);
    benchmark::DoNotOptimize(pseudospectrum.residuals(points, how).data());
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(points.size()));
}
BENCHMARK(grid_residuals)
    ->ArgNames({"N", "threads"})
    ->ArgsProduct({{50, 100, 200}, {1, 2}})
    ->MeasureProcessCPUTime()
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

void grid_level_set(benchmark::State& state) {
  const Pseudospectrum<double> pseudospectrum(duffing(state.range(0)));
  const Grid grid = make_grid(0.02, -0.5, 1.0, 0.0, 1.0);
  const Parallel how{.threads = 1};
  std::size_t evaluated = 0;
  for (auto _ : state) {
    evaluated = level_set(pseudospectrum, grid, 0.2, how).evaluated;
  }
  state.counters["evaluated"] = static_cast<double>(evaluated);
}
BENCHMARK(grid_level_set)
    ->ArgName("N")
    ->Arg(50)
    ->Arg(100)
    ->Arg(200)
    ->MeasureProcessCPUTime()
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace
