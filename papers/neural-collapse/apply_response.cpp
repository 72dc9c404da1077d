// response: what one more layer would gain, predicted and solved, and the staircase at collapse.
#include <fmt/format.h>

#include "actions.hpp"
#include "input.hpp"
#include "offprint/landscape/collapse_metrics.hpp"
#include "offprint/landscape/collapse_response.hpp"

namespace offprint::papers::neural_collapse {

void response(Run& run) {
  const Options& o = run.options();
  const double beta = o.real("beta");
  const OneLayer input = read_one_layer(run);
  const landscape::CollapseModel tied{input.labels, o.real("lambda-w"), o.real("lambda-h")};
  const auto gain = landscape::layer_gain(tied, input.features, beta);
  const auto spectrum = landscape::collapse_spectrum(input.features.rows(), input.labels.classes(),
                                                     static_cast<Eigen::Index>(input.labels.mean_size()), tied.lambda_w,
                                                     tied.lambda_h, beta);
  const landscape::CollapseMetricsOptions measure{.classifier = {}, .parallel = run.parallel()};
  const auto before = landscape::collapse_metrics(input.features, input.labels, measure);
  landscape::MinimizerOptions options;
  options.parallel = run.parallel();
  const auto found = landscape::minimize_tied(tied, input.features, beta, options);
  const auto after = landscape::collapse_metrics(found.features, input.labels, measure);

  Table classes{
      "Within-class variability of each class before and after one more layer",
      {"class", "now", "of which in the span of the means", "predicted", "solved", "predicted gain", "solved gain"},
      {}};
  for (Eigen::Index k = 0; k < input.labels.classes(); ++k)
    classes.rows.push_back({input.labels.label(k), gain.within(k), gain.inside(k), gain.predicted(k),
                            after.class_within(k), gain.predicted(k) / gain.within(k),
                            after.class_within(k) / gain.within(k)});
  run.table("classes", classes);
  run.metric("predicted_gain", gain.gain);
  run.metric("solved_gain", after.trace_within / before.trace_within);
  run.metric("nc1_trace_before", before.nc1_trace);
  run.metric("nc1_trace_after", after.nc1_trace);
  run.metric("off_diagonal", spectrum.off_diagonal);
  if (!found.converged)
    run.note(fmt::format("the solved column is not converged: relative gradient {:.2g}", found.gradient));
  run.note(
      fmt::format("predicted: the first-order theory at collapse (deviations small, means a minimizer of the "
                  "unconstrained model); solved: the tied model's minimizer. They agree when features are nearly "
                  "collapsed; NC1~ is {:.3g} here",
                  before.nc1_trace));
  if (gain.span < input.labels.classes())
    run.note(fmt::format("the class means span {} directions only, not K = {}", gain.span, input.labels.classes()));

  Table levels{
      "Singular values of a diagonal block of the response at collapse", {"value", "multiplicity", "directions"}, {}};
  LinePlot plot;
  plot.title = "Staircase of the response at collapse";
  plot.caption = fmt::format("Diagonal block of one class, d n = {} values; beta = {}, lambda_W = {}, lambda_H = {}.",
                             input.features.rows() * static_cast<Eigen::Index>(input.labels.mean_size()), beta,
                             tied.lambda_w, tied.lambda_h);
  plot.x = {.title = "index", .log = true};
  plot.y = {.title = "singular value"};
  Series stairs{.name = "singular values"};
  double index = 1;
  for (const auto& level : spectrum.diagonal) {
    levels.rows.push_back({level.value, level.multiplicity, level.directions});
    stairs.x.insert(stairs.x.end(), {index, index + static_cast<double>(level.multiplicity)});
    stairs.y.insert(stairs.y.end(), {level.value, level.value});
    index += static_cast<double>(level.multiplicity);
  }
  plot.series = {stairs};
  run.table("levels", levels);
  run.figure("staircase", Figure::line(plot));

  ScatterPlot gains;
  gains.title = "Gain of one more layer, class by class";
  gains.caption = "Tr Sigma_W of the class after over before: below 1, the layer brings its samples closer together.";
  gains.x = {.title = "class"};
  gains.y = {.title = "gain"};
  gains.groups = {{.name = "predicted"}, {.name = "solved"}};
  for (Eigen::Index k = 0; k < input.labels.classes(); ++k) {
    const double of_class[] = {gain.predicted(k) / gain.within(k), after.class_within(k) / gain.within(k)};
    for (std::size_t s = 0; s < 2; ++s) {
      gains.groups[s].x.push_back(static_cast<double>(input.labels.label(k)));
      gains.groups[s].y.push_back(of_class[s]);
    }
  }
  run.figure("gains", Figure::scatter(gains));
}

}  // namespace offprint::papers::neural_collapse
