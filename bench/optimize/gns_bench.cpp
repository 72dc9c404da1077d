// How long whole minimisations and their parts take: logistic regression on the LIBSVM sets, log-sum-exp, Chebyshev.
//
// Run: OPENBLAS_NUM_THREADS=1 OFFPRINT_DATA=... build/release/bin/optimize_bench
// The sets are skipped without OFFPRINT_DATA/libsvm.
#include <cstdlib>
#include <filesystem>
#include <map>
#include <string>

#include <benchmark/benchmark.h>

#include "offprint/io/libsvm.hpp"
#include "offprint/optimize/generalized_linear.hpp"
#include "offprint/optimize/gns.hpp"
#include "offprint/optimize/log_sum_exp.hpp"
#include "offprint/optimize/notebook_problems.hpp"
#include "offprint/optimize/numpy_random.hpp"
#include "offprint/optimize/residual_power.hpp"

namespace {

using namespace offprint;
using namespace offprint::optimize;

struct Set {
  io::SparseRows x;
  Eigen::VectorXd y;
};

// Null without the data.
const Set* load(const std::string& name) {
  static std::map<std::string, Set> sets;
  if (const auto found = sets.find(name); found != sets.end()) return &found->second;
  const char* root = std::getenv("OFFPRINT_DATA");
  const auto path = std::filesystem::path(root == nullptr ? "" : root) / "libsvm" / name;
  if (!std::filesystem::exists(path)) return nullptr;
  auto file = io::read_libsvm(path);
  const double least = file.labels.minCoeff();
  return &(
      sets[name] = {std::move(file.x), file.labels.unaryExpr([least](double v) { return v == least ? -1.0 : 1.0; })});
}

// The data in memory as read; building the column index counts.
void logistic(benchmark::State& state, const std::string& name, HessianKind kind) {
  const Set* set = load(name);
  if (set == nullptr) {
    state.SkipWithError("needs OFFPRINT_DATA/libsvm");
    return;
  }
  int iterations = 0;
  for (auto _ : state) {
    const GeneralizedLinear f(DesignMatrix(set->x, {.threads = static_cast<unsigned>(state.range(0))}), set->y,
                              {.l2 = 1e-4});
    const auto m = minimize_gns(f, Metric::identity(f.dimension()), Eigen::VectorXd::Zero(f.dimension()),
                                {.hessian = kind, .stop = {.gradient_tolerance = 1e-6}});
    iterations = m.iterations;
  }
  state.counters["K"] = iterations;
}
BENCHMARK_CAPTURE(logistic, mushrooms, "mushrooms", HessianKind::kExact)->Arg(1)->Arg(2)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(logistic, a9a, "a9a", HessianKind::kExact)->Arg(1)->Arg(2)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(logistic, w8a, "w8a", HessianKind::kExact)->Arg(1)->Arg(2)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(logistic, a9a_fisher, "a9a", HessianKind::kFisher)->Arg(1)->Unit(benchmark::kMillisecond);

void weighted_gram(benchmark::State& state, const std::string& name) {
  const Set* set = load(name);
  if (set == nullptr) {
    state.SkipWithError("needs OFFPRINT_DATA/libsvm");
    return;
  }
  const DesignMatrix rows(set->x, {.threads = 1});
  const Eigen::VectorXd w = Eigen::VectorXd::Constant(rows.rows(), 0.25);
  Eigen::MatrixXd gram(rows.columns(), rows.columns());
  double products = 0;
  for (Eigen::Index i = 0; i < set->x.rows(); ++i) {
    const auto n = static_cast<double>(set->x.row(i).nonZeros());
    products += n * (n + 1) / 2;
  }
  for (auto _ : state) {
    rows.weighted_gram(w, gram);
    benchmark::DoNotOptimize(gram.data());
  }
  state.counters["multiply-adds"] =
      benchmark::Counter(products, benchmark::Counter::kIsIterationInvariantRate, benchmark::Counter::OneK::kIs1000);
}
BENCHMARK_CAPTURE(weighted_gram, a9a, "a9a")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(weighted_gram, w8a, "w8a")->Unit(benchmark::kMillisecond);

void log_sum_exp(benchmark::State& state) {
  const auto n = static_cast<Eigen::Index>(state.range(0));
  const auto data = zero_log_sum_exp(n, n, 1);
  const LogSumExp f(data.rows, data.b);
  const Metric metric = Metric::gram(data.raw_rows);
  const double optimum = evaluated(f, Eigen::VectorXd::Zero(n)).value;
  const auto kind = state.range(1) != 0 ? HessianKind::kGaussNewton : HessianKind::kExact;
  for (auto _ : state)
    benchmark::DoNotOptimize(minimize_gns(f, metric, Eigen::VectorXd::Ones(n),
                                          {.hessian = kind, .stop = {.gradient_tolerance = 0, .optimum = optimum}})
                                 .iterations);
}
BENCHMARK(log_sum_exp)
    ->ArgNames({"n", "weighted"})
    ->Args({200, 0})
    ->Args({1000, 0})
    ->Args({1000, 1})
    ->Unit(benchmark::kMillisecond);

void chebyshev(benchmark::State& state) {
  const auto f = BidiagonalResidualPower::chebyshev(1000, 4);
  NumpyRandom random(3124);
  const Eigen::VectorXd start = random.rand(1000);
  for (auto _ : state)
    benchmark::DoNotOptimize(minimize_gns(f, Metric::identity(1000), start,
                                          {.hessian = HessianKind::kGaussNewton,
                                           .rounding = 0,
                                           .stop = {.gradient_tolerance = 0, .max_iterations = 46}})
                                 .iterations);
}
BENCHMARK(chebyshev)->Unit(benchmark::kMillisecond);

}  // namespace
