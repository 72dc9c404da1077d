// How long the kernels of the Koopman component take. compress() stands beside the raw LAPACK call that bounds it
// (dgeqrf of the same M x 2N stack): read those two pairwise, in the same run.
//
// Run: OPENBLAS_NUM_THREADS=1 build/release/bin/koopman_bench
#include <cmath>
#include <complex>
#include <numbers>

#define lapack_complex_float std::complex<float>
#define lapack_complex_double std::complex<double>
#include <benchmark/benchmark.h>
#include <lapacke.h>

#include "cases.hpp"
#include "offprint/core/random.hpp"
#include "offprint/koopman/edmd.hpp"
#include "offprint/koopman/kernel_resdmd.hpp"
#include "offprint/koopman/mpedmd.hpp"
#include "offprint/koopman/radial.hpp"
#include "offprint/koopman/rage.hpp"
#include "offprint/koopman/rational_kernel.hpp"

namespace {

using namespace offprint;
using namespace offprint::koopman;

constexpr Eigen::Index kPairs = 20'000;
const Parallel kOne{.threads = 1};

Matrix<double> normal(Eigen::Index rows, Eigen::Index columns, std::uint64_t seed) {
  Matrix<double> out(rows, columns);
  Stream(seed, "koopman-bench").fill_normal({out.data(), static_cast<std::size_t>(out.size())});
  return out;
}

void raw_dgeqrf(benchmark::State& state) {
  const Matrix<double> stack = normal(kPairs, 2 * state.range(0), 1);
  Vector<double> tau(stack.cols());
  Matrix<double> work(stack.rows(), stack.cols());
  for (auto _ : state) {
    work = stack;  // a copy, as compress() makes one
    LAPACKE_dgeqrf(LAPACK_COL_MAJOR, static_cast<lapack_int>(work.rows()), static_cast<lapack_int>(work.cols()),
                   work.data(), static_cast<lapack_int>(work.rows()), tau.data());
    benchmark::DoNotOptimize(work.data());
  }
}

void compress_stored(benchmark::State& state) {
  const Eigen::Index n = state.range(0);
  const Matrix<double> stack = normal(kPairs, 2 * n, 1);
  const Matrix<double> px = stack.leftCols(n);
  const Matrix<double> py = stack.rightCols(n);
  const CompressionOptions options{.parallel = {.threads = static_cast<unsigned>(state.range(1))}};
  for (auto _ : state) benchmark::DoNotOptimize(compress(stored_pairs(px, py), options).a.data());
}
BENCHMARK(raw_dgeqrf)
    ->ArgName("N")
    ->Arg(100)
    ->Arg(300)
    ->MeasureProcessCPUTime()
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK(compress_stored)
    ->ArgNames({"N", "threads"})
    ->ArgsProduct({{100, 300}, {1, 2}})
    ->MeasureProcessCPUTime()
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

const Compression<double>& lorenz300() {
  static const Compression<double> made = [] {
    const auto pairs = bench::lorenz_pairs(300);
    const auto dictionary = identity_dictionary(pairs.dimension());
    return compress(pair_source(*dictionary, pairs));
  }();
  return made;
}

void edmd_pairs(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(edmd(lorenz300()).residuals.data());
}
BENCHMARK(edmd_pairs)->Unit(benchmark::kMillisecond);

void mpedmd_schur(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(mpedmd(lorenz300()).values.data());
}
BENCHMARK(mpedmd_schur)->Unit(benchmark::kMillisecond);

void rational_kernel_density(benchmark::State& state) {
  const MpEdmd pairs = mpedmd(lorenz300());
  const auto measure = spectral_measure(pairs, Vector<Complex>::Unit(pairs.values.size(), 0));
  const Eigen::VectorXd angles = Eigen::VectorXd::LinSpaced(1000, -std::numbers::pi, std::numbers::pi);
  const RationalKernel kernel = rational_kernel(6);
  for (auto _ : state)
    benchmark::DoNotOptimize(
        smoothed_density(measure, {angles.data(), static_cast<std::size_t>(angles.size())}, 0.1, kernel, kOne).data());
}
BENCHMARK(rational_kernel_density)->Unit(benchmark::kMillisecond);

void rage_by_fft(benchmark::State& state) {
  const Matrix<double> record = normal(20'000, 1, 2);
  for (auto _ : state)
    benchmark::DoNotOptimize(
        rage({record.data(), static_cast<std::size_t>(record.size())}, RageOptions{}, kOne).average.data());
}
BENCHMARK(rage_by_fft)->Unit(benchmark::kMillisecond);

void kernel_resdmd_500(benchmark::State& state) {
  const auto pairs = bench::lorenz_pairs(60, 500);
  const KernelOptions options{.rank = 100, .parallel = kOne};
  for (auto _ : state) benchmark::DoNotOptimize(kernel_resdmd(pairs, options).residuals.data());
}
BENCHMARK(kernel_resdmd_500)->Unit(benchmark::kMillisecond);

void kmeans_centres(benchmark::State& state) {
  const Eigen::MatrixXd points = make_pairs(duffing_data(2000, 2)).x;
  for (auto _ : state) benchmark::DoNotOptimize(kmeans(points, state.range(0), {}, kOne).centres.data());
}
BENCHMARK(kmeans_centres)->ArgName("N")->Arg(100)->Arg(200)->Unit(benchmark::kMillisecond);

void rbf_evaluation(benchmark::State& state) {
  const Eigen::MatrixXd points = normal(kPairs, state.range(0), 3);
  const Eigen::MatrixXd centres = normal(300, state.range(0), 4);
  Eigen::MatrixXd out(points.rows(), centres.rows());
  for (auto _ : state) {
    radial_matrix(points, centres, RadialShape::exponential, 1.3, out, kOne);
    benchmark::DoNotOptimize(out.data());
  }
  state.SetItemsProcessed(state.iterations() * out.size());
}
BENCHMARK(rbf_evaluation)->ArgName("d")->Arg(2)->Arg(60)->Unit(benchmark::kMillisecond);

}  // namespace
