// The collision operators against the time their Fourier transforms take by themselves, and the costs behind claim M3.
//
// Run: build/release/bin/kinetic_bench --benchmark_filter=collision
// `of_fft` is the time of the operator's one-dimensional transforms alone (measured in the same run, in tiles that stay
// in the cache) over that of the whole; `GFlop/s` counts 5 n log2 n a complex transform of length n and nothing else.
#include <chrono>
#include <cmath>
#include <complex>
#include <vector>

#include <benchmark/benchmark.h>

#include "offprint/kinetic/collision_operator.hpp"
#include "offprint/kinetic/disparate_mixture.hpp"
#include "offprint/kinetic/disparate_operators.hpp"
#include "offprint/kinetic/distributions.hpp"
#include "offprint/linalg/fft.hpp"

namespace {

using namespace offprint;
using namespace offprint::kinetic;

// Seconds of one complex transform of length n among tiles of 16 columns.
double line_seconds(std::size_t n) {
  const linalg::BatchFft fft({.shape = {n}, .count = 16, .stride = 16, .distance = 1});
  std::vector<std::complex<double>> tile(16 * n, 0.0);
  double best = 1;
  for (int repeat = 0; repeat < 20; ++repeat) {
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < 50; ++i) fft.backward(tile);
    const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - start;
    best = std::min(best, passed.count() / (50 * 16));
  }
  return best;
}

void measure(benchmark::State& state, CollisionOperator& q, const Eigen::VectorXd& f1, const Eigen::VectorXd& f2) {
  benchmark::DoNotOptimize(q(f1, f2)[0]);
  for (auto _ : state) benchmark::DoNotOptimize(q(f1, f2)[0]);
  const auto n = static_cast<double>(q.grid().points);
  const auto lines = static_cast<double>(q.line_transforms());
  state.counters["transforms"] = lines;
  state.counters["GFlop/s"] =
      benchmark::Counter(5e-9 * lines * n * std::log2(n), benchmark::Counter::kIsIterationInvariantRate);
  state.counters["of_fft"] = benchmark::Counter(lines * line_seconds(static_cast<std::size_t>(n)),
                                                benchmark::Counter::kIsIterationInvariantRate);
}

void collision_like(benchmark::State& state) {
  const VelocityGrid grid{static_cast<int>(state.range(0)), static_cast<int>(state.range(1)), 9};
  CollisionOperator q(grid, {}, {.parallel = {.threads = static_cast<unsigned>(state.range(2))}});
  const Eigen::VectorXd f = bkw(grid, 1, 1, 0.25);
  measure(state, q, f, f);
}
BENCHMARK(collision_like)
    ->ArgNames({"d", "N", "threads"})
    ->Args({2, 32, 1})
    ->Args({2, 64, 1})
    ->Args({2, 64, 2})
    ->Args({2, 128, 1})
    ->Args({3, 32, 1})
    ->Args({3, 32, 2})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

// One grid for both species: N = 51.2/eps.
void collision_direct(benchmark::State& state) {
  const double eps = 51.2 / static_cast<double>(state.range(0));
  const VelocityGrid grid{2, static_cast<int>(state.range(0)), 9};
  CollisionOperator q(grid, {1, 1}, eps * eps, 1.0, {.directions = 24, .radii = 32, .parallel = {.threads = 1}});
  measure(state, q, maxwellian(grid, 1, Eigen::Vector2d::Zero(), 1),
          maxwellian(grid, 1, Eigen::Vector2d::Zero(), eps * eps));
}
BENCHMARK(collision_direct)->ArgName("N")->Arg(256)->Arg(512)->Unit(benchmark::kMillisecond)->UseRealTime();

void cross_truncated(benchmark::State& state) {
  const VelocityGrid grid{2, static_cast<int>(state.range(0)), 9};
  const LightOperator q(grid, {1, static_cast<double>(state.range(1))}, 1e-2);
  const Eigen::VectorXd f = bkw(grid, 1, 1, 0.25);
  const auto heavy = moments(grid, f);
  for (auto _ : state) benchmark::DoNotOptimize(q(f, heavy)[0]);
}
BENCHMARK(cross_truncated)
    ->ArgNames({"N", "gamma"})
    ->Args({64, 0})
    ->Args({64, 1})
    ->Args({128, 0})
    ->Unit(benchmark::kMillisecond);

// One step of the scheme at mass ratio 1e-4.
void mixture_step(benchmark::State& state) {
  MixtureModel model{.eps = 0.01};
  model.light_grid = model.heavy_grid = {2, 64, 11};
  model.collisions.parallel.threads = static_cast<unsigned>(state.range(1));
  DisparateMixture mixture(model, {.scheme = state.range(0) == 1 ? Scheme::kImex1 : Scheme::kArs222},
                           bkw(model.light_grid, 1, 1.5, 0.4), bkw(model.heavy_grid, 1, 0.5, 0.4));
  for (auto _ : state) mixture.step(0.02);
}
BENCHMARK(mixture_step)
    ->ArgNames({"order", "threads"})
    ->Args({1, 1})
    ->Args({1, 2})
    ->Args({2, 1})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

}  // namespace
