// What a spectrum costs: Lanczos quadrature one vector at a time and in lockstep, ten eigenpairs by restarted Lanczos
// and by the deflated power iteration that PyHessian uses, smoothing, and the reorthogonalization of a large basis.
//
// Run: OPENBLAS_NUM_THREADS=1 build/release/bin/landscape_bench --benchmark_filter='quadrature|pairs|smoothing|basis'
#include <cmath>

#include <benchmark/benchmark.h>

#include "offprint/core/random.hpp"
#include "offprint/linalg/eigenpairs.hpp"
#include "offprint/linalg/krylov_basis.hpp"
#include "offprint/linalg/lanczos_quadrature.hpp"
#include "offprint/nn/labelled.hpp"
#include "offprint/nn/mlp.hpp"

namespace {

using namespace offprint;
using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr double kResidual = 1e-4;  // of the largest eigenvalue
constexpr Index kPairs = 10;

// A trained network on Gaussian clusters: K = 10, M = 1870, ten classes.
struct Problem {
  nn::MlpLoss loss;
  VectorXd theta;
};
const Problem& problem() {
  static const Problem made = [] {
    auto data = nn::gaussian_blobs(10, 20, 1000, 1.5, Stream(1, "blobs"));
    const nn::Mlp net({20, 30, 30, 10});
    Problem p{nn::MlpLoss(net, std::move(data.inputs), std::move(data.labels), {.threads = 1}),
              net.initial(Stream(1, "initial"))};
    VectorXd g(p.theta.size());
    for (int step = 0; step < 100; ++step) {
      p.loss.gradient(p.theta, g);
      p.theta -= 0.1 * g;
    }
    return p;
  }();
  return made;
}

void quadrature(benchmark::State& state) {
  const auto hessian = problem().loss.hessian(problem().theta);
  for (auto _ : state) {
    const auto found =
        linalg::lanczos_quadrature(hessian, [](std::uint64_t s) { return Stream(1, "probes", s); },
                                   {.steps = 60, .vectors = 10, .block = state.range(0)}, {.threads = 1});
    benchmark::DoNotOptimize(found.largest());
  }
  state.SetItemsProcessed(state.iterations() * 600);  // products
}
BENCHMARK(quadrature)->ArgName("block")->Arg(1)->Arg(10)->Unit(benchmark::kMillisecond);

void restarted_pairs(benchmark::State& state) {
  const auto hessian = problem().loss.hessian(problem().theta);
  linalg::ExtremeEigenpairs found;
  for (auto _ : state)
    found = linalg::extreme_eigenpairs(hessian, linalg::SpectrumEnd::kTop, kPairs, Stream(1, "start"),
                                       {.tolerance = kResidual});
  state.counters["products"] = static_cast<double>(found.products);
  state.counters["residual"] = found.residuals.maxCoeff() / found.values[0];
}
BENCHMARK(restarted_pairs)->Unit(benchmark::kMillisecond);

// One pair after the other, each orthogonal to those before, until the residual is as small as above.
void power_pairs(benchmark::State& state) {
  const auto hessian = problem().loss.hessian(problem().theta);
  constexpr int kMost = 5000;  // products a pair
  Index products = 0;
  double residual = 0;
  for (auto _ : state) {
    products = 0;
    residual = 0;
    MatrixXd found(hessian.size, kPairs);
    double largest = 0;
    for (Index k = 0; k < kPairs; ++k) {
      VectorXd v(hessian.size);
      Stream(1, "power", static_cast<std::uint64_t>(k)).fill_normal({v.data(), static_cast<std::size_t>(v.size())});
      MatrixXd w(hessian.size, 1);
      double left = 0;
      for (int i = 0; i < kMost; ++i) {
        v -= found.leftCols(k) * (found.leftCols(k).transpose() * v);
        v.normalize();
        hessian.apply(v, w);
        ++products;
        const double value = v.dot(w.col(0));
        largest = std::max(largest, value);
        left = (w.col(0) - value * v).norm();
        if (left <= kResidual * largest) break;
        v = w.col(0);
      }
      residual = std::max(residual, left / largest);
      found.col(k) = v.normalized();
    }
  }
  state.counters["products"] = static_cast<double>(products);
  state.counters["residual"] = residual;
}
BENCHMARK(power_pairs)->Unit(benchmark::kMillisecond)->Iterations(1);

void smoothing(benchmark::State& state) {
  const auto hessian = problem().loss.hessian(problem().theta);
  const auto found = linalg::lanczos_quadrature(hessian, [](std::uint64_t s) { return Stream(1, "probes", s); },
                                                {.steps = 100, .vectors = 10}, {.threads = 1});
  const VectorXd points = VectorXd::LinSpaced(10'000, found.smallest(), found.largest());
  for (auto _ : state) benchmark::DoNotOptimize(found.density(points, found.resolution()).value.sum());
}
BENCHMARK(smoothing)->Unit(benchmark::kMillisecond);

// One pass of Gram-Schmidt against 50 vectors of a million: bounded by memory, which is read twice.
void basis_pass(benchmark::State& state) {
  constexpr Index kSize = 1'000'000;
  constexpr Index kVectors = 50;
  const auto precision = state.range(0) == 0 ? linalg::BasisPrecision::kDouble : linalg::BasisPrecision::kSingle;
  linalg::KrylovBasis basis(kSize, kVectors, 1, precision);
  MatrixXd w(kSize, 1);
  Stream(1, "vector").fill_normal({w.data(), static_cast<std::size_t>(w.size())});
  for (Index k = 0; k < kVectors; ++k) basis.store(k, w / std::sqrt(static_cast<double>(kSize)) / kVectors);
  const Parallel how{.threads = static_cast<unsigned>(state.range(1))};
  for (auto _ : state) basis.project_out(kVectors, w, {true}, how);
  state.SetBytesProcessed(state.iterations() *
                          static_cast<std::int64_t>(2 * linalg::KrylovBasis::bytes(kSize, kVectors, 1, precision)));
}
BENCHMARK(basis_pass)
    ->ArgNames({"single", "threads"})
    ->ArgsProduct({{0, 1}, {1, 2}})
    ->MeasureProcessCPUTime()
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace
