// How long training steps of the two model classes and the exact stability threshold take.
//
// Run: OPENBLAS_NUM_THREADS=1 build/release/bin/landscape_bench --benchmark_filter='step|threshold|gram'
#include <limits>

#include <benchmark/benchmark.h>

#include "offprint/core/random.hpp"
#include "offprint/landscape/diagonal_network.hpp"
#include "offprint/landscape/gram.hpp"
#include "offprint/landscape/relu_network.hpp"
#include "offprint/landscape/stability.hpp"

namespace {

using namespace offprint;
using namespace offprint::landscape;

constexpr std::uint64_t kSteps = 30'000;

// Steps alone: one look at the full loss at either end. Clip norm 10 as in the paper's experiments.
DescentOptions steps(Eigen::Index batch, double learning_rate, std::uint64_t count, std::uint64_t between) {
  return {.learning_rate = learning_rate, .batch = batch, .tolerance = 0, .max_steps = count, .check_every = between};
}

void diagonal_step(benchmark::State& state) {
  const auto d = static_cast<Eigen::Index>(state.range(0));
  const auto data = sparse_regression(300, d, 3, Stream(1, "data"));
  const bool looking = state.range(1) != 0;
  for (auto _ : state) {
    auto net = normal_network(d, Stream(1, "init"));
    benchmark::DoNotOptimize(train(net, data, steps(1, 0.01, kSteps, looking ? 0 : kSteps), Stream(1, "samples")).loss);
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kSteps));
}
BENCHMARK(diagonal_step)
    ->ArgNames({"d", "looking"})
    ->ArgsProduct({{200, 1000, 4000}, {0}})
    ->Args({1000, 1})
    ->Unit(benchmark::kMillisecond);

void diagonal_descent_step(benchmark::State& state) {
  const auto data = sparse_regression(300, 1000, 3, Stream(1, "data"));
  for (auto _ : state) {
    auto net = normal_network(1000, Stream(1, "init"));
    benchmark::DoNotOptimize(train(net, data, steps(0, 0.01, 200, 200), Stream(1, "samples")).loss);
  }
  state.SetItemsProcessed(state.iterations() * 200);
}
BENCHMARK(diagonal_descent_step)->Unit(benchmark::kMillisecond);

void relu_step(benchmark::State& state) {
  RegressionData data{sphere_points(300, 100, Stream(1, "data")), {}};
  data.y = relu_teacher(10, 100, Stream(1, "teacher")).predict(data.x);
  const bool looking = state.range(0) != 0;
  for (auto _ : state) {
    auto net = normal_network(100, 100, Stream(1, "init"));
    benchmark::DoNotOptimize(train(net, data, steps(1, 1e-3, kSteps, looking ? 0 : kSteps), Stream(1, "samples")).loss);
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kSteps));
}
BENCHMARK(relu_step)->ArgName("looking")->Arg(0)->Arg(1)->Unit(benchmark::kMillisecond);

void relu_descent_step(benchmark::State& state) {
  RegressionData data{sphere_points(300, 100, Stream(1, "data")), {}};
  data.y = relu_teacher(10, 100, Stream(1, "teacher")).predict(data.x);
  for (auto _ : state) {
    auto net = normal_network(100, 100, Stream(1, "init"));
    benchmark::DoNotOptimize(train(net, data, steps(0, 1e-3, 200, 200), Stream(1, "samples")).loss);
  }
  state.SetItemsProcessed(state.iterations() * 200);
}
BENCHMARK(relu_descent_step)->Unit(benchmark::kMillisecond);

const GradientGeometry& thousand_samples() {
  static const GradientGeometry made = [] {
    Eigen::MatrixXd g(1000, 1200);
    Stream(1, "gradients").fill_normal({g.data(), static_cast<std::size_t>(g.size())});
    return GradientGeometry(gram_matrix(g));
  }();
  return made;
}

void exact_threshold(benchmark::State& state) {
  const auto& geometry = thousand_samples();
  const Parallel how{.threads = static_cast<unsigned>(state.range(1))};
  Threshold found;
  for (auto _ : state) {
    found = geometry.threshold({state.range(0)}, how);
    benchmark::DoNotOptimize(found.learning_rate);
  }
  state.counters["iterations"] = static_cast<double>(found.iterations);
}
BENCHMARK(exact_threshold)
    ->ArgNames({"B", "threads"})
    ->ArgsProduct({{1, 8}, {1, 2}})
    ->MeasureProcessCPUTime()
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

void gram_of_gradients(benchmark::State& state) {
  Eigen::MatrixXd g(1000, 20'000);
  Stream(1, "gradients").fill_normal({g.data(), static_cast<std::size_t>(g.size())});
  const Parallel how{.threads = static_cast<unsigned>(state.range(0))};
  for (auto _ : state) benchmark::DoNotOptimize(gram_matrix(g, how).data());
}
BENCHMARK(gram_of_gradients)
    ->ArgName("threads")
    ->Arg(1)
    ->Arg(2)
    ->MeasureProcessCPUTime()
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace
