#include "report.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "offprint/core/error.hpp"
#include "offprint/io/csv.hpp"
#include "picture.hpp"

namespace offprint::papers::gns {

using Eigen::Index;
using Eigen::MatrixXd;
using namespace optimize;

std::string locate(Run& run, const std::filesystem::path& path) {
  constexpr std::array kSets{"a9a", "a9a.t", "mushrooms", "w8a"};
  const std::string name = path.filename().string();
  if (std::find(kSets.begin(), kSets.end(), name) != kSets.end() && !std::filesystem::exists(path))
    return (run.data("libsvm") / name).string();
  return path.string();
}

void show_quality(Run& run, const FittedModel& model, const Dataset& data, const std::string& which) {
  const Prediction prediction = predict(model, data);
  const Quality q = quality(model, prediction, data);
  if (model.task() == Task::kNumbers) {
    run.metric(which + "_mse", q.mse);
    return;
  }
  run.metric(which + "_accuracy", q.accuracy);
  run.metric(which + "_log_loss", q.log_loss);
  if (std::isfinite(q.auc)) run.metric(which + "_auc", q.auc);
  if (prediction.ties > 0)
    run.note(
        fmt::format("{} {} rows score the same for both classes (such as rows without a feature and no intercept); "
                    "they count as errors.",
                    prediction.ties, which));
}

// The model asked for, then every method it is compared with.
Minimum Report::minimize() {
  const Options& o = run_.options();
  MethodOptions how{.hessian = parse_hessian_kind(o.text("hessian")), .gamma0 = o.real("gamma0")};
  how.stop.gradient_tolerance = o.real("gtol");
  how.stop.max_iterations = static_cast<int>(o.integer("max-iter"));
  how.stop.cancel = run_.parallel().cancel;
  const auto methods = parse_methods(o.has("compare") ? o.text("compare") : "");
  auto progress = run_.progress(methods.size() + 1, "methods");
  runs_.push_back(run_method(o.text("hessian"), objective_, metric_, start_, how));
  progress.advance();
  for (const auto& name : methods) {
    runs_.push_back(run_method(name, objective_, metric_, start_, how));
    progress.advance();
  }
  return runs_.front().minimum;
}

void Report::certificate(const Minimum& m, const std::optional<double>& gap, Json& kept) {
  run_.metric("objective", m.point.value);
  run_.metric("gradient_norm", m.point.gradient.norm());
  if (!metric_.is_identity()) run_.metric("dual_gradient_norm", m.gradient_norm);
  run_.metric("iterations", m.iterations);
  run_.metric("solves", static_cast<double>(m.solves));
  run_.metric("fit_seconds", m.seconds, "s");
  if (gap) run_.metric("duality_gap", *gap);
  kept["status"] = m.status;
  kept["objective"] = m.point.value;
  kept["gradient_norm"] = m.point.gradient.norm();
  kept["iterations"] = m.iterations;
  kept["solves"] = m.solves;
  if (gap) kept["duality_gap"] = *gap;
  std::string text =
      m.converged() ? fmt::format("Converged: the gradient's norm is {:.2g} after {} iterations and {} linear solves",
                                  m.gradient_norm, m.iterations, m.solves)
      : m.status == "search_failed"
          ? fmt::format(
                "Not converged: after {} iterations no step was acceptable at a gradient norm of {:.2g}, which "
                "is as far as rounding lets it go or a sign of wrong derivatives",
                m.iterations, m.gradient_norm)
          : fmt::format("Not converged: {} iterations are done and the gradient's norm is {:.2g}; raise --max-iter",
                        m.iterations, m.gradient_norm);
  if (gap) text += fmt::format("; duality gap {:.2g}: the minimum is at most that much lower", *gap);
  run_.note(text + ".");
  if (m.failures > 0)
    run_.note(fmt::format(
        "In {} trials H + lambda B was not positive definite (H is indefinite there); each counted "
        "as a rejection and halved gamma.{}",
        m.failures,
        m.trace.front().trials > 1 && !objective_.convex() ? " Gauss-Newton or Fisher are never indefinite." : ""));
  const auto rounded =
      std::count_if(m.trace.begin(), m.trace.end(), [](const Iteration& it) { return it.by_cancellation; });
  if (rounded > 0)
    run_.note(
        fmt::format("{} of the last steps were accepted because f no longer changes to rounding while the "
                    "gradient still falls (marked in the trace).",
                    rounded));
}

void Report::figures() {
  double lowest = std::numeric_limits<double>::infinity();
  for (const auto& r : runs_) lowest = std::min(lowest, r.minimum.point.value);
  Table table{"Methods, from the same start to the same gradient norm",
              {"method", "status", "iterations", "solves or points", "CG products", "f", "f - lowest", "gradient norm",
               "seconds"},
              {}};
  for (const auto& r : runs_) {
    const Minimum& m = r.minimum;
    int products = 0;
    for (const auto& it : m.trace) products += it.products;
    table.rows.push_back({r.name, m.status, m.iterations, m.solves, products, m.point.value, m.point.value - lowest,
                          m.gradient_norm, m.seconds});
  }
  run_.table("methods", table);
  const Minimum& main = runs_.front().minimum;
  if (main.trace.size() < 2) return;
  if (main.trace.front().value > lowest) {
    run_.figure("objective", objective_figure("Distance from the lowest value against iterations", runs_, lowest));
    run_.figure("seconds", objective_figure("Distance from the lowest value against time", runs_, lowest, true));
  }
  std::vector<NamedRun> ours;
  for (const auto& r : runs_)
    if (r.name.rfind("gns", 0) == 0) ours.push_back(r);
  run_.figure("gamma", gamma_figure("Accepted gamma along the way", ours));
  run_.figure("gamma_law", gamma_law_figure("Accepted gamma against the gradient's norm", ours));
  // Where every trial was accepted gamma has only doubled, and follows nothing.
  if (const auto alpha = gamma_exponent(main); alpha && main.solves > main.iterations) {
    run_.metric("gamma_exponent", *alpha);
    run_.note(
        fmt::format("gamma follows ||g||^alpha with alpha = {:.2f} here (0: as for quasi-self-concordant "
                    "functions, linear rate; 1: as for a gradient method).",
                    alpha->value));
  }
}

void Report::trace(const Minimum& m) {
  MatrixXd rows(static_cast<Index>(m.trace.size()), 9);
  for (std::size_t k = 0; k < m.trace.size(); ++k) {
    const Iteration& it = m.trace[k];
    rows.row(static_cast<Index>(k)) << it.index, it.seconds, it.value, it.gradient_norm, it.gamma, it.lambda, it.trials,
        it.products, it.by_cancellation ? 1 : 0;
  }
  run_.artifact("trace.csv", [&](const std::filesystem::path& path) {
    io::write_csv(path,
                  {"k", "seconds", "f", "gradient_norm", "gamma", "lambda", "trials", "cg_products", "by_cancellation"},
                  rows);
  });
}

}  // namespace offprint::papers::gns
