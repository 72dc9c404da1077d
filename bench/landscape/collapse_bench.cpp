// How long the measures and models of neural collapse take.
//
// Run: OPENBLAS_NUM_THREADS=1 build/release/bin/landscape_bench --benchmark_filter=collapse
#include <cmath>

#include <benchmark/benchmark.h>

#include "offprint/core/random.hpp"
#include "offprint/landscape/collapse_flow.hpp"
#include "offprint/landscape/collapse_metrics.hpp"
#include "offprint/landscape/collapse_model.hpp"
#include "offprint/landscape/collapse_oracles.hpp"

namespace {

using namespace offprint;
using namespace offprint::landscape;

// Noise of variance 1 around ten corners of a simplex.
Eigen::MatrixXd features(Eigen::Index d, const ClassLabels& labels) {
  Eigen::MatrixXd out = oracle::normal(d, labels.samples(), 1);
  for (Eigen::Index i = 0; i < out.cols(); ++i) out(labels.of(i), i) += 5.0;
  return out;
}

void collapse_metrics_double(benchmark::State& state) {
  const auto labels = ClassLabels::balanced(10, 6000);
  const Eigen::MatrixXd h = features(512, labels);
  const CollapseMetricsOptions options{.classifier = {},
                                       .parallel = {.threads = static_cast<unsigned>(state.range(0))}};
  for (auto _ : state) benchmark::DoNotOptimize(collapse_metrics(h, labels, options).nc1);
  state.SetBytesProcessed(state.iterations() * h.size() * 16);  // two passes
}
void collapse_metrics_single(benchmark::State& state) {
  const auto labels = ClassLabels::balanced(10, 6000);
  const Eigen::MatrixXf h = features(512, labels).cast<float>();
  const CollapseMetricsOptions options{.classifier = {},
                                       .parallel = {.threads = static_cast<unsigned>(state.range(0))}};
  for (auto _ : state) benchmark::DoNotOptimize(collapse_metrics(feature_source(h), labels, options).nc1);
  state.SetBytesProcessed(state.iterations() * h.size() * 8);
}
BENCHMARK(collapse_metrics_double)
    ->ArgName("threads")
    ->Arg(1)
    ->Arg(2)
    ->MeasureProcessCPUTime()
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK(collapse_metrics_single)
    ->ArgName("threads")
    ->Arg(1)
    ->Arg(2)
    ->MeasureProcessCPUTime()
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

void collapse_path(benchmark::State& state) {
  const auto h0 = oracle::wave_h0();
  const auto model = oracle::wave_model(0.05);
  FlowOptions options;
  options.features = state.range(0) != 0;
  for (auto _ : state) benchmark::DoNotOptimize(collapse_flow(model, h0, 40.0, options).points.back().nc1);
}
BENCHMARK(collapse_path)->ArgName("features")->Arg(0)->Arg(1)->Unit(benchmark::kMillisecond);

// To a relative gradient of 1e-10; beta = 10^-range.
void collapse_minimizer(benchmark::State& state) {
  const auto labels = ClassLabels::balanced(10, 500);
  const CollapseModel model{labels, 0.005, 0.005};
  const Eigen::MatrixXd h0 = features(128, labels);
  const double beta = std::pow(10.0, -static_cast<double>(state.range(0)));
  int iterations = 0;
  for (auto _ : state) {
    const auto found = minimize_tied(model, h0, beta);
    if (!found.converged) state.SkipWithError("not converged");
    iterations = found.iterations;
  }
  state.counters["iterations"] = iterations;
}
BENCHMARK(collapse_minimizer)->ArgName("minus_log10_beta")->DenseRange(-1, 2)->Unit(benchmark::kMillisecond);

}  // namespace
