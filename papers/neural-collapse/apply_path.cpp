// path: the central path from the reader's features.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "actions.hpp"
#include "input.hpp"
#include "offprint/core/error.hpp"
#include "offprint/io/csv.hpp"
#include "offprint/io/npy.hpp"
#include "offprint/landscape/collapse_flow.hpp"
#include "offprint/linalg/lapack.hpp"

namespace offprint::papers::neural_collapse {
namespace {

// A step that RK4 is stable at: deviations shrink at rates up to |W|^2 + lambda_H, most at the start.
double usual_step(const landscape::CollapseModel& model, const Eigen::MatrixXd& h0, double t_end) {
  const double w = linalg::singular_values(landscape::ridge_classifier(model, h0))(0);
  return std::min({0.01, t_end / 1000, 0.5 / (w * w + model.lambda_h)});
}

}  // namespace

void path(Run& run) {
  constexpr double kMostSteps = 2e6;
  const Options& o = run.options();
  const OneLayer input = read_one_layer(run);
  const landscape::CollapseModel tied{input.labels, o.real("lambda-w"), o.real("lambda-h")};
  tied.check(input.features);
  const double t_end = o.real("t-max");
  landscape::FlowOptions options;
  options.step = o.has("step") ? o.real("step") : usual_step(tied, input.features, t_end);
  if (t_end / options.step > kMostSteps)
    throw InputError(
        fmt::format("the path to t = {} takes {:.2g} steps of {:.2g}; shorten --t-max, or scale the features "
                    "up (their classifier is large)",
                    t_end, t_end / options.step, options.step));
  options.features = true;
  options.cancel = run.parallel().cancel;
  auto progress = run.progress(static_cast<std::size_t>(options.checkpoints), "path");
  options.done = [&](std::size_t done) { progress.set(done); };
  const auto flow = landscape::collapse_flow(tied, input.features, t_end, options);

  Table table{"Along the central path", {"t", "NC1~", "NC1", "NC2", "Tr Sigma_W", "Tr Sigma_B"}, {}};
  LinePlot metrics;
  metrics.title = "Collapse along the central path";
  metrics.caption = fmt::format("lambda_W = {}, lambda_H = {}; t is about 1/beta.", tied.lambda_w, tied.lambda_h);
  metrics.x = {.title = "t"};
  metrics.y = {.title = "metric", .log = true};
  metrics.series = {{.name = "NC1~"}, {.name = "NC1"}};
  LinePlot traces;
  traces.title = "Traces along the central path, scaled by exp(2 λ_H t)";
  traces.caption = "Thm 3.1: within classes it falls, between classes it rises, strictly.";
  traces.x = {.title = "t"};
  traces.y = {.title = "scaled trace", .log = true};
  traces.series = {{.name = "Tr Sigma_W"}, {.name = "Tr Sigma_B"}};
  Eigen::MatrixXd all(static_cast<Eigen::Index>(flow.points.size()), 8);
  const std::size_t every = std::max<std::size_t>(1, (flow.points.size() - 1) / 20);
  for (std::size_t i = 0; i < flow.points.size(); ++i) {
    const auto& p = flow.points[i];
    all.row(static_cast<Eigen::Index>(i)) << p.t, p.nc1_trace, p.nc1, p.nc2, p.trace_within, p.trace_between,
        p.scaled_within, p.scaled_between;
    if (i % every == 0 || i + 1 == flow.points.size())
      table.rows.push_back({p.t, p.nc1_trace, p.nc1, p.nc2, p.trace_within, p.trace_between});
    const double values[] = {p.nc1_trace, p.nc1, p.scaled_within, p.scaled_between};
    for (std::size_t k = 0; k < 4; ++k) {
      auto& series = (k < 2 ? metrics : traces).series[k % 2];
      series.x.push_back(p.t);
      series.y.push_back(values[k]);
    }
  }
  run.table("path", table);
  run.figure("metrics", Figure::line(metrics));
  run.figure("traces", Figure::line(traces));
  run.metric("nc1_trace_start", flow.points.front().nc1_trace);
  run.metric("nc1_trace", flow.points.back().nc1_trace);
  run.metric("violations", flow.violations());
  if (flow.violations() > 0)
    run.note(
        fmt::format("{} failures of strict monotonicity: rounding once features have collapsed, or a step too large "
                    "(--step is {:.3g})",
                    flow.violations(), options.step));
  run.artifact("path.csv", [&](const std::filesystem::path& to) {
    io::write_csv(
        to, {"t", "nc1_trace", "nc1", "nc2", "trace_within", "trace_between", "scaled_within", "scaled_between"}, all);
  });
  run.artifact("h.npy", [&](const std::filesystem::path& to) {
    io::write_npy(to, io::NdArray::from_matrix(flow.features.transpose()));
  });
}

}  // namespace offprint::papers::neural_collapse
