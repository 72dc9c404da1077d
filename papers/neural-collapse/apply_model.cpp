// model: the features that one more ideal layer would give.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "actions.hpp"
#include "figures.hpp"
#include "input.hpp"
#include "offprint/core/error.hpp"
#include "offprint/io/npy.hpp"
#include "offprint/landscape/collapse_model.hpp"

namespace offprint::papers::neural_collapse {

void model(Run& run) {
  const Options& o = run.options();
  const auto betas = o.reals("beta");
  if (betas.empty()) throw InputError("--beta names no number: give at least one, > 0");
  for (const double beta : betas)
    if (!(beta > 0) || !std::isfinite(beta)) throw InputError(fmt::format("--beta is {}; it must be > 0", beta));
  const OneLayer input = read_one_layer(run);
  const landscape::CollapseModel tied{input.labels, o.real("lambda-w"), o.real("lambda-h")};
  tied.check(input.features);
  const landscape::CollapseMetricsOptions measure{.classifier = {}, .parallel = run.parallel()};
  const auto before = landscape::collapse_metrics(input.features, input.labels, measure);

  Table table{"The tied model's minimizer",
              {"beta", "NC1~", "NC1", "NC2", "NC3", "f", "relative gradient", "iterations"},
              {{"H_0", before.nc1_trace, before.nc1, before.nc2, "-", "-", "-", "-"}}};
  LinePlot plot;
  plot.title = "Collapse of the tied model's features";
  plot.caption = fmt::format("lambda_W = {}, lambda_H = {}; dashed: the given features.", tied.lambda_w, tied.lambda_h);
  plot.x = {.title = "β", .log = true};
  plot.y = {.title = "metric", .log = true};
  plot.series = {{.name = "NC1~", .points = true}, {.name = "NC1", .points = true}};
  plot.reference_lines = {{.at = before.nc1_trace, .label = "NC1~ of H_0"}};
  auto progress = run.progress(betas.size(), "minimizers");
  for (std::size_t b = 0; b < betas.size(); ++b) {
    landscape::MinimizerOptions options;
    options.tolerance = o.real("tol");
    options.parallel = run.parallel();
    const auto found = landscape::minimize_tied(tied, input.features, betas[b], options);
    if (!found.converged)
      run.note(
          fmt::format("beta = {}: not converged, the relative gradient is {:.2g} after {} iterations (--tol {:.2g})",
                      betas[b], found.gradient, found.iterations, options.tolerance));
    auto with_classifier = measure;
    with_classifier.classifier = found.classifier;
    const auto after = landscape::collapse_metrics(found.features, input.labels, with_classifier);
    table.rows.push_back(
        {betas[b], after.nc1_trace, after.nc1, after.nc2, *after.nc3, found.value, found.gradient, found.iterations});
    plot.series[0].x.push_back(betas[b]);
    plot.series[0].y.push_back(after.nc1_trace);
    plot.series[1].x.push_back(betas[b]);
    plot.series[1].y.push_back(after.nc1);
    const std::string tag = betas.size() == 1 ? "" : fmt::format("_beta{}", betas[b]);
    run.artifact(fmt::format("h{}.npy", tag), [&](const std::filesystem::path& to) {
      io::write_npy(to, io::NdArray::from_matrix(found.features.transpose()));
    });
    run.artifact(fmt::format("W{}.npy", tag), [&](const std::filesystem::path& to) {
      io::write_npy(to, io::NdArray::from_matrix(found.classifier));
    });
    progress.set(b + 1);
    if (b + 1 < betas.size()) continue;
    run.metric("nc1_trace_before", before.nc1_trace);
    run.metric("nc1_trace", after.nc1_trace);
    run.metric("nc1", after.nc1);
    run.metric("nc2", after.nc2);
    run.metric("f", found.value);
    draw_gram(run, after, input.labels);
    draw_projection(run, "before", "The given features", landscape::feature_source(input.features), input.labels,
                    before);
    draw_projection(run, "after", fmt::format("The tied model's features, beta = {}", betas[b]),
                    landscape::feature_source(found.features), input.labels, after);
  }
  run.table("minimizers", table);
  if (betas.size() > 1) run.figure("beta", Figure::line(plot));
}

}  // namespace offprint::papers::neural_collapse
