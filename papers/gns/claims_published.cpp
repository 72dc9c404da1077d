// G1 to G4 and G7: the published problems and the chain.
#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "claims.hpp"
#include "picture.hpp"
#include "published.hpp"

namespace offprint::papers::gns {
namespace {

using optimize::HessianKind;
using optimize::Minimum;

// f - f* at iterate k; NaN when the run ended before.
double value_at(const Minimum& m, std::size_t k) {
  return k < m.trace.size() ? m.trace[k].value : std::numeric_limits<double>::quiet_NaN();
}

double converged_in(const Minimum& m) {
  return m.status == "value" ? m.iterations : std::numeric_limits<double>::infinity();
}

// First iterate with f below the level.
double first_below(const Minimum& m, double level) {
  for (const auto& it : m.trace)
    if (it.value < level) return it.index;
  return std::numeric_limits<double>::infinity();
}

// The largest decrease of f in one step.
double largest_drop(const Minimum& m) {
  double drop = 0;
  for (std::size_t k = 0; k + 1 < m.trace.size(); ++k) drop = std::max(drop, m.trace[k].value - m.trace[k + 1].value);
  return drop;
}

struct IdentityCheck {
  double largest_gap = 0;
  int runs = 0;
  int left_out = 0;
};

void add(IdentityCheck& check, const Minimum& m) {
  const auto gap = identity_gap(m);
  if (!gap) {
    ++check.left_out;
    return;
  }
  ++check.runs;
  check.largest_gap = std::max(check.largest_gap, std::abs(*gap));
}

}  // namespace

Measurement g1(const Claim&, Run& run) {
  const CancelToken cancel = run.parallel().cancel;
  const LogSumExpStudy study(200, 1);
  std::vector<NamedRun> runs;
  runs.push_back({"exact Newton", study.minimize(HessianKind::kExact, cancel)});
  runs.push_back({"weighted Gauss-Newton", study.minimize(HessianKind::kGaussNewton, cancel)});
  runs.push_back({"gradient, same search, metric B", study.minimize(HessianKind::kNone, cancel)});
  runs.push_back({"gradient, L-search, metric B", study.descend(false, 1000, cancel)});
  runs.push_back({"gradient, L-search, Euclidean", study.descend(true, 1000, cancel)});
  run.table("runs", run_table("Log-sum-exp, n = m = 200, mu = 1", runs, study.optimum()));
  run.figure("objective",
             objective_figure("Log-sum-exp: distance from the minimum", runs, study.optimum(), false, 100));
  run.figure("gamma", gamma_figure("Log-sum-exp: gamma along the way", {runs[0], runs[1], runs[2]}));
  Measurement measured;
  measured.set("exact", converged_in(runs[0].minimum));
  measured.set("weighted", converged_in(runs[1].minimum));
  measured.set("weighted_less_gradient", converged_in(runs[1].minimum) - converged_in(runs[2].minimum));
  measured.set("euclidean", runs[4].minimum.point.value - study.optimum());
  measured.set("drop", largest_drop(runs[1].minimum));
  return measured;
}

Measurement g1f(const Claim&, Run& run) {
  const CancelToken cancel = run.parallel().cancel;
  const LogSumExpStudy study(1000, 1);
  std::vector<NamedRun> runs;
  runs.push_back({"exact Newton", study.minimize(HessianKind::kExact, cancel)});
  runs.push_back({"weighted Gauss-Newton", study.minimize(HessianKind::kGaussNewton, cancel)});
  runs.push_back({"gradient, L-search, Euclidean", study.descend(true, 1000, cancel)});
  run.table("runs", run_table("Log-sum-exp, n = m = 1000, mu = 1", runs, study.optimum()));
  run.figure("objective", objective_figure("Log-sum-exp, n = m = 1000", runs, study.optimum(), false, 120));
  run.figure("seconds", objective_figure("Log-sum-exp, n = m = 1000, against time", runs, study.optimum(), true));
  const double cap = runs[0].minimum.trace[0].value - study.optimum();
  run.note(
      fmt::format("No step of weighted Gauss-Newton can lower f by more than mu = 1: at least {:.1f} steps from "
                  "f0 - f* = {:.1f}.",
                  cap, cap));
  Measurement measured;
  measured.set("exact", converged_in(runs[0].minimum));
  measured.set("weighted", converged_in(runs[1].minimum));
  measured.set("weighted_over_cap", converged_in(runs[1].minimum) - cap);
  measured.set("drop", largest_drop(runs[1].minimum));
  return measured;
}

Measurement g2(const Claim&, Run& run) {
  const CancelToken cancel = run.parallel().cancel;
  struct Case {
    double q;
    const char* name;
  };
  Measurement measured;
  std::vector<NamedRun> exact;
  std::vector<NamedRun> gradient;
  Table table{"Slope of log(f - f*) over log k between k = 20 and 119",
              {"q", "Hessian", "slope", "theory", "slope of log gamma over log ||g||", "theory of it"},
              {}};
  for (const Case& c : {Case{2.5, "25"}, Case{3, "3"}, Case{4, "4"}}) {
    for (const auto kind : {HessianKind::kExact, HessianKind::kNone}) {
      const bool newton = kind == HessianKind::kExact;
      Minimum m = chain_run(c.q, kind, cancel);
      const double optimum = 1 / c.q - 1;
      const double slope = std::log((value_at(m, 119) - optimum) / (value_at(m, 20) - optimum)) / std::log(119.0 / 20);
      measured.set(fmt::format("{}_{}", newton ? "exact" : "none", c.name), slope);
      const double nu = std::min(c.q - 2, 1.0);
      const double rate = !newton ? -1 : c.q == 4 ? -3 : -(1 + nu);
      const auto alpha = gamma_exponent(m);
      table.rows.push_back({c.q, newton ? "exact" : "none", slope, rate, alpha ? alpha->value : 0.0, -1 / rate});
      (newton ? exact : gradient).push_back({fmt::format("q = {}", c.q), std::move(m)});
    }
  }
  run.table("slopes", table);
  LinePlot plot;
  plot.title = "The chain: each class its own rate";
  plot.caption = "Solid: exact Hessian. Dashed: no Hessian.";
  plot.x = {.title = "iteration", .log = true, .lo = 1, .hi = 130};
  plot.y = {.title = "f - f*", .log = true};
  for (std::size_t i = 0; i < exact.size(); ++i) {
    const double q = i == 0 ? 2.5 : i == 1 ? 3 : 4;
    for (const bool newton : {true, false}) {
      const auto& source = newton ? exact[i] : gradient[i];
      Series series{.name = source.name + (newton ? ", exact" : ", none"), .dashed = !newton};
      for (std::size_t k = 1; k < source.minimum.trace.size(); ++k) {
        series.x.push_back(static_cast<double>(k));
        series.y.push_back(source.minimum.trace[k].value - (1 / q - 1));
      }
      plot.series.push_back(std::move(series));
    }
  }
  run.figure("rates", Figure::line(plot));
  run.figure("gamma", gamma_law_figure("The chain, exact Hessian: gamma follows the gradient's norm", exact));
  return measured;
}

Measurement g3(const Claim&, Run& run) {
  const CancelToken cancel = run.parallel().cancel;
  const LinearStudy study;
  // Time per step: the smallest of several whole runs, which is what a shared machine disturbs least.
  const auto best = [&](HessianKind kind, int repeats, double& seconds) {
    Minimum kept;
    seconds = std::numeric_limits<double>::infinity();
    for (int i = 0; i < repeats; ++i) {
      kept = study.minimize(kind, cancel);
      seconds = std::min(seconds, kept.seconds / std::max(kept.iterations, 1));
    }
    return kept;
  };
  double fisher_seconds = 0;
  double exact_seconds = 0;
  std::vector<NamedRun> runs;
  runs.push_back({"Fisher, rank one", best(HessianKind::kFisher, 30, fisher_seconds)});
  runs.push_back({"exact", best(HessianKind::kExact, 10, exact_seconds)});
  runs.push_back({"none, same metric", study.minimize(HessianKind::kNone, cancel)});
  run.table("runs", run_table("(1/4)||Ax - b||^4, 100 x 200", runs, 0));
  run.figure("objective", objective_figure("Power of a linear residual, p = 4", runs, 0));
  run.metric("fisher_step", fisher_seconds, "s");
  run.metric("exact_step", exact_seconds, "s");
  Measurement measured;
  measured.set("fisher", first_below(runs[0].minimum, 1e-10));
  measured.set("exact", first_below(runs[1].minimum, 1e-10));
  measured.set("none", first_below(runs[2].minimum, 1e-10));
  measured.set("fisher_f5", value_at(runs[0].minimum, 5));
  measured.set("exact_f5", value_at(runs[1].minimum, 5));
  measured.set("step_ratio", fisher_seconds / exact_seconds);
  return measured;
}

Measurement g4(const Claim&, Run& run) {
  const CancelToken cancel = run.parallel().cancel;
  const ChebyshevStudy study;
  std::vector<NamedRun> runs;
  runs.push_back({"Gauss-Newton", study.minimize(HessianKind::kGaussNewton, 60, cancel)});
  runs.push_back({"gradient, same search", study.minimize(HessianKind::kNone, 1000, cancel)});
  runs.push_back({"gradient, L-search", study.descend(1000, cancel)});
  run.table("runs", run_table("Chebyshev system, n = 1000, p = 4", runs, 0));
  run.figure("objective", objective_figure("Chebyshev system, n = 1000, p = 4", runs, 0, false, 200));
  run.figure("gamma", gamma_figure("Chebyshev: gamma along the way", {runs[0], runs[1]}));
  run.metric("f_46", value_at(runs[0].minimum, 46));
  Measurement measured;
  measured.set("f_10", value_at(runs[0].minimum, 10));
  measured.set("first", first_below(runs[0].minimum, 1e-15));
  measured.set("gradient_200", value_at(runs[1].minimum, 200));
  measured.set("gradient_1000", value_at(runs[1].minimum, 1000));
  measured.set("descent_200", value_at(runs[2].minimum, 200));
  measured.set("descent_1000", value_at(runs[2].minimum, 1000));
  measured.set("seconds", runs[0].minimum.seconds);
  return measured;
}

Measurement g7(const Claim&, Run& run) {
  const CancelToken cancel = run.parallel().cancel;
  IdentityCheck check;
  const LogSumExpStudy lse(200, 1);
  for (const auto kind : {HessianKind::kExact, HessianKind::kGaussNewton, HessianKind::kNone})
    add(check, lse.minimize(kind, cancel));
  for (const double q : {2.5, 3.0, 4.0})
    for (const auto kind : {HessianKind::kExact, HessianKind::kNone}) add(check, chain_run(q, kind, cancel));
  const LinearStudy linear;
  for (const auto kind : {HessianKind::kExact, HessianKind::kFisher, HessianKind::kNone})
    add(check, linear.minimize(kind, cancel));
  const ChebyshevStudy chebyshev;
  for (const auto kind : {HessianKind::kGaussNewton, HessianKind::kNone})
    add(check, chebyshev.minimize(kind, 60, cancel));
  for (const auto kind : {HessianKind::kExact, HessianKind::kGaussNewton}) {
    const auto f = optimize::BidiagonalResidualPower::rosenbrock(4);
    add(check, optimize::minimize_gns(f, optimize::Metric::identity(2), Eigen::Vector2d(-2, 2), {.hessian = kind}));
  }
  run.note(fmt::format("{} runs, {} left out for a failed factorisation or clipping.", check.runs, check.left_out));
  Measurement measured;
  measured.set("gap", check.largest_gap);
  measured.set("runs", check.runs);
  return measured;
}

}  // namespace offprint::papers::gns
