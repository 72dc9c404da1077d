#include "figures.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace offprint::papers::neural_collapse {

using Eigen::Index;

void report_layers(Run& run, const std::vector<std::string>& names,
                   const std::vector<landscape::CollapseMetrics>& metrics) {
  Table table{"Neural collapse, layer by layer",
              {"layer", "NC1~", "NC1", "NC2", "NC3", "Tr Sigma_W", "Tr Sigma_B", "nearest centre", "rank"},
              {}};
  LinePlot plot;
  plot.title = "Neural collapse with depth";
  plot.caption =
      "NC1~ = Tr Sigma_W / Tr Sigma_B, NC1 = Tr(Sigma_W Sigma_B^+)/K, NC2 = distance of the class means from a "
      "simplex.";
  plot.x = {.title = "layer"};
  plot.y = {.title = "metric", .log = true};
  plot.series = {{.name = "NC1~", .points = true}, {.name = "NC1", .points = true}, {.name = "NC2", .points = true}};
  for (std::size_t l = 0; l < metrics.size(); ++l) {
    const auto& m = metrics[l];
    table.rows.push_back({names[l], m.nc1_trace, m.nc1, m.nc2, m.nc3 ? Json(*m.nc3) : Json("-"), m.trace_within,
                          m.trace_between, m.nearest_centre, m.rank});
    const double values[] = {m.nc1_trace, m.nc1, m.nc2};
    for (std::size_t k = 0; k < 3; ++k) {
      plot.series[k].x.push_back(static_cast<double>(l + 1));
      plot.series[k].y.push_back(values[k]);
    }
  }
  run.table("layers", table);
  const auto& last = metrics.back();
  run.metric("nc1_trace", last.nc1_trace);
  run.metric("nc1", last.nc1);
  run.metric("nc2", last.nc2);
  if (last.nc3) run.metric("nc3", *last.nc3);
  run.metric("trace_within", last.trace_within);
  run.metric("trace_between", last.trace_between);
  run.metric("nearest_centre", last.nearest_centre);
  const Index classes = last.means.cols();
  if (classes == 2) run.note("with two classes NC2 is always 0: two centred means are opposite");
  for (std::size_t l = 0; l < metrics.size(); ++l)
    if (metrics[l].rank < classes - 1)
      run.note(fmt::format("{}: the centred class means span {} directions, not K - 1 = {}", names[l], metrics[l].rank,
                           classes - 1));
  // Exact collapse has no place on a log axis.
  const bool drawable = std::all_of(metrics.begin(), metrics.end(), [](const auto& m) { return m.nc1_trace > 0; });
  if (classes == 2) plot.series.pop_back();
  if (metrics.size() > 1 && drawable) run.figure("depth", Figure::line(plot));
}

void draw_gram(Run& run, const landscape::CollapseMetrics& metrics, const landscape::ClassLabels& labels) {
  const Index classes = labels.classes();
  HeatMap plot;
  plot.title = "Cosines between the centred class means";
  plot.caption = fmt::format("A simplex has 1 on the diagonal and -1/(K-1) = {:.3f} elsewhere.",
                             -1.0 / static_cast<double>(classes - 1));
  plot.x = {.title = "class"};
  plot.y = {.title = "class"};
  plot.colour = {.title = "cosine", .lo = -1.0, .hi = 1.0};
  plot.equal_aspect = true;
  plot.grid.nx = plot.grid.ny = static_cast<std::size_t>(classes);
  for (Index j = 0; j < classes; ++j)
    for (Index i = 0; i < classes; ++i)
      plot.grid.values.push_back(metrics.gram(i, j) / std::sqrt(metrics.gram(i, i) * metrics.gram(j, j)));
  run.figure("gram", Figure::heat_map(plot));
}

void draw_projection(Run& run, const std::string& name, const std::string& title,
                     const landscape::FeatureSource& features, const landscape::ClassLabels& labels,
                     const landscape::CollapseMetrics& metrics) {
  constexpr Index kMost = 100;
  constexpr Index kGroups = 8;  // more classes than that are told apart by a colour scale
  if (metrics.rank < 2) return;
  const Index classes = labels.classes();
  ScatterPlot plot;
  plot.title = title;
  plot.caption = "Along the two widest between-class directions, the mean of the class means at the origin.";
  plot.x = {.title = "first between-class direction"};
  plot.y = {.title = "second between-class direction"};
  plot.colour = {.title = "class"};
  const bool groups = classes <= kGroups;
  plot.groups.resize(groups ? static_cast<std::size_t>(classes) : 1);
  for (Index k = 0; k < (groups ? classes : 1); ++k)
    plot.groups[static_cast<std::size_t>(k)].name = groups ? fmt::format("class {}", labels.label(k)) : "samples";
  std::vector<Index> drawn(static_cast<std::size_t>(classes), 0);
  std::vector<double> scratch;
  for (Index i = 0; i < labels.samples(); ++i) {
    const Index k = labels.of(i);
    if (drawn[static_cast<std::size_t>(k)]++ >= kMost) continue;
    const Eigen::VectorXd at =
        metrics.directions.leftCols(2).transpose() * (features.read(i, 1, scratch).col(0) - metrics.centre);
    auto& group = plot.groups[groups ? static_cast<std::size_t>(k) : 0];
    group.x.push_back(at(0));
    group.y.push_back(at(1));
    if (!groups) group.value.push_back(static_cast<double>(labels.label(k)));
  }
  run.figure(name, Figure::scatter(plot));
}

}  // namespace offprint::papers::neural_collapse
