// The tasks of neural collapse: metrics of 60,000 features, and 4,000 Runge-Kutta steps of the central path.
#include <map>
#include <string>

#include "offprint/core/error.hpp"
#include "offprint/core/random.hpp"
#include "offprint/landscape/collapse_flow.hpp"
#include "offprint/landscape/collapse_metrics.hpp"
#include "offprint/landscape/collapse_oracles.hpp"
#include "task.hpp"

namespace peers {
namespace {

namespace fs = std::filesystem;
using Eigen::Index;
using Eigen::MatrixXd;
using namespace offprint;
using landscape::ClassLabels;

Task collapse_metrics_task() {
  static constexpr Index kDimension = 512;
  static constexpr Index kClasses = 10;
  static constexpr Index kPerClass = 6000;
  Task task;
  task.prepare = [](const fs::path& folder) {
    MatrixXd rows(kClasses * kPerClass, kDimension);
    Stream(1, "collapse features").fill_normal({rows.data(), static_cast<std::size_t>(rows.size())});
    for (Index i = 0; i < rows.rows(); ++i) rows(i, i / kPerClass) += 5.0;
    save(folder / "nc_features.npy", rows);
  };
  task.offprint = [](const fs::path& folder, unsigned threads) {
    const MatrixXd features = load(folder / "nc_features.npy").transpose();
    const auto labels = ClassLabels::balanced(kClasses, kPerClass);
    landscape::CollapseMetrics m;
    Outcome out;
    out.cost = best_of(3, [&] {
      m = landscape::collapse_metrics(features, labels, {.classifier = {}, .parallel = {.threads = threads}});
    });
    out.numbers = Eigen::RowVector3d(m.nc1_trace, m.nc1, m.nc2);
    return out;
  };
  // Every feature read twice.
  task.limit = [](const fs::path& folder) {
    const MatrixXd features = load(folder / "nc_features.npy");
    double sum = 0;
    const Cost cost = best_of(3, [&] { sum = features.sum() + features.sum(); });
    if (sum == 0.5) throw Error("the compiler must keep the sum");
    return cost;
  };
  return task;
}

Task collapse_flow_task() {
  Task task;
  task.prepare = [](const fs::path& folder) { save(folder / "nc_h0.npy", landscape::oracle::wave_h0()); };
  task.offprint = [](const fs::path& folder, unsigned) {
    const MatrixXd h0 = load(folder / "nc_h0.npy");
    const auto model = landscape::oracle::wave_model(0.05);
    landscape::FlowOptions options;
    options.features = true;  // as Python, which carries all columns and measures nothing on the way
    options.checkpoints = 1;
    MatrixXd features;
    Outcome out;
    out.cost = best_of(10, [&] { features = landscape::collapse_flow(model, h0, 40.0, options).features; });
    out.numbers = features;
    return out;
  };
  // The multiplications of the path on the reduced state: 16,000 stages of about 2,500 operations.
  task.limit = [](const fs::path&) {
    const MatrixXd a = MatrixXd::Ones(6, 6);
    MatrixXd x = MatrixXd::Ones(6, 36);
    const Cost cost = best_of(10, [&] {
      for (int stage = 0; stage < 16000; ++stage) x = a.lazyProduct(x).eval() / 6.0;
    });
    if (x.sum() < 0) throw Error("the compiler must keep the products");
    return cost;
  };
  return task;
}

}  // namespace

std::map<std::string, Task> collapse_tasks() {
  return {{"nc_metrics", collapse_metrics_task()}, {"nc_flow", collapse_flow_task()}};
}

}  // namespace peers
