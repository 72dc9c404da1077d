// G5 and G6: logistic regression on real data.
#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "claims.hpp"
#include "input.hpp"
#include "offprint/optimize/generalized_linear.hpp"
#include "offprint/optimize/gns.hpp"
#include "picture.hpp"

namespace offprint::papers::gns {
namespace {

using optimize::GeneralizedLinear;
using optimize::HessianKind;
using optimize::Metric;
using optimize::Minimum;

GeneralizedLinear registered(Run& run, const std::string& name, double l2) {
  const Dataset data = read_dataset((run.data("libsvm") / name).string(), {}, Task::kBinary, run.parallel());
  return {optimize::DesignMatrix(data.sparse, run.parallel()), data.signs(), {.l2 = l2}};
}

struct Ratios {
  double least = std::numeric_limits<double>::infinity();
  double largest = 0;
};

// f(k+15)/f(k), k = 45, 60, ..., 135.
Ratios ratios(const Minimum& m, Table& table, const std::string& name) {
  Ratios out;
  std::vector<Json> row{name};
  for (std::size_t k = 45; k <= 135; k += 15) {
    const double r =
        k + 15 < m.trace.size() ? m.trace[k + 15].value / m.trace[k].value : std::numeric_limits<double>::quiet_NaN();
    out.least = std::min(out.least, r);
    out.largest = std::max(out.largest, r);
    row.emplace_back(r);
  }
  table.rows.push_back(std::move(row));
  return out;
}

}  // namespace

Measurement g5(const Claim&, Run& run) {
  const auto f = registered(run, "mushrooms", 0);
  const auto minimize = [&](HessianKind kind, int iterations) {
    return optimize::minimize_gns(
        f, Metric::identity(f.dimension()), Eigen::VectorXd::Zero(f.dimension()),
        {.hessian = kind,
         .rounding = 0,
         .stop = {.gradient_tolerance = 0, .max_iterations = iterations, .cancel = run.parallel().cancel}});
  };
  std::vector<NamedRun> runs;
  runs.push_back({"Fisher", minimize(HessianKind::kFisher, 150)});
  runs.push_back({"majorant", minimize(HessianKind::kMajorant, 150)});
  runs.push_back({"exact", minimize(HessianKind::kExact, 40)});
  Table table{"f(k+15)/f(k)", {"Hessian", "k = 45", "60", "75", "90", "105", "120", "135"}, {}};
  const Ratios fisher = ratios(runs[0].minimum, table, "Fisher");
  const Ratios majorant = ratios(runs[1].minimum, table, "majorant");
  run.table("ratios", table);
  run.table("runs", run_table("mushrooms, l2 = 0 (f* = 0)", runs, 0));
  run.figure("objective", objective_figure("Logistic regression without regularisation (mushrooms)", runs, 0));
  run.figure("gamma", gamma_figure("Accepted gamma (mushrooms)", {runs[0], runs[1]}));
  double least = std::numeric_limits<double>::infinity();
  double largest = 0;
  for (const auto& it : runs[0].minimum.trace)
    if (it.index >= 10 && std::isfinite(it.gamma)) {
      least = std::min(least, it.gamma);
      largest = std::max(largest, it.gamma);
    }
  Measurement measured;
  measured.set("least", fisher.least);
  measured.set("largest", fisher.largest);
  measured.set("spread", fisher.largest - fisher.least);
  measured.set("gamma_least", least);
  measured.set("gamma_largest", largest);
  measured.set("majorant_spread", majorant.largest - majorant.least);
  return measured;
}

Measurement g6(const Claim&, Run& run) {
  struct Case {
    const char* name;
    double optimum;
  };
  Measurement measured;
  Table table{"l2 = 1e-4, no intercept, to ||g|| <= 1e-6",
              {"data", "Hessian", "K", "N", "f - f* (table)", "||g||", "seconds"},
              {}};
  std::vector<NamedRun> runs;
  for (const Case& c : {Case{"a9a", 0.324506924714}, Case{"w8a", 0.142398590655}}) {
    const auto f = registered(run, c.name, 1e-4);
    for (const auto kind : {HessianKind::kExact, HessianKind::kFisher}) {
      const bool exact = kind == HessianKind::kExact;
      auto m = optimize::minimize_gns(
          f, Metric::identity(f.dimension()), Eigen::VectorXd::Zero(f.dimension()),
          {.hessian = kind, .stop = {.gradient_tolerance = 1e-6, .cancel = run.parallel().cancel}});
      const std::string name = fmt::format("{}_{}", exact ? "exact" : "fisher", c.name);
      measured.set(name, m.converged() ? m.iterations : std::numeric_limits<double>::infinity());
      measured.set(name + "_error", std::abs(m.point.value - c.optimum));
      table.rows.push_back({c.name, exact ? "exact" : "Fisher", m.iterations, m.solves, m.point.value - c.optimum,
                            m.gradient_norm, m.seconds});
      for (auto& it : m.trace) it.value -= c.optimum;
      runs.push_back({fmt::format("{}, {}", c.name, exact ? "exact" : "Fisher"), std::move(m)});
    }
  }
  run.table("runs", table);
  run.figure("objective", objective_figure("Regularised logistic regression, l2 = 1e-4", runs, 0));
  run.figure("gamma", gamma_figure("Accepted gamma, l2 = 1e-4", runs));
  return measured;
}

}  // namespace offprint::papers::gns
