#include "picture.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "offprint/core/statistics.hpp"

namespace offprint::papers::gns {

using optimize::Minimum;

namespace {

// Where one run is many times as long as another, a linear axis would hide the shorter.
bool spread_out(const std::vector<NamedRun>& runs, bool seconds) {
  double least = std::numeric_limits<double>::infinity();
  double most = 0;
  for (const auto& run : runs) {
    const double end = seconds ? run.minimum.trace.back().seconds : run.minimum.iterations;
    least = std::min(least, end);
    most = std::max(most, end);
  }
  return least > 0 && most > 8 * least;
}

}  // namespace

Figure objective_figure(const std::string& title, const std::vector<NamedRun>& runs, double optimum, bool seconds,
                        int zoom) {
  LinePlot plot;
  plot.title = title;
  plot.x = {.title = seconds ? "time" : "iteration",
            .unit = seconds ? "s" : "",
            .log = zoom == 0 && spread_out(runs, seconds)};
  plot.y = {.title = "f - f*", .log = true};
  for (const auto& run : runs) {
    Series series{.name = run.name};
    for (const auto& it : run.minimum.trace) {
      if (zoom > 0 && it.index > zoom) break;
      if (!(it.value - optimum > 0)) continue;
      const double x = seconds ? it.seconds : it.index;
      if (plot.x.log && !(x > 0)) continue;
      series.x.push_back(x);
      series.y.push_back(it.value - optimum);
    }
    series.points = series.x.size() < 40;
    if (!series.x.empty()) plot.series.push_back(std::move(series));
  }
  return Figure::line(plot);
}

Figure gamma_figure(const std::string& title, const std::vector<NamedRun>& runs) {
  LinePlot plot;
  plot.title = title;
  plot.x = {.title = "iteration"};
  plot.y = {.title = "accepted gamma", .log = true};
  for (const auto& run : runs) {
    Series series{.name = run.name};
    for (const auto& it : run.minimum.trace) {
      if (!std::isfinite(it.gamma)) continue;
      series.x.push_back(it.index);
      series.y.push_back(it.gamma);
    }
    series.points = series.x.size() < 40;
    if (!series.x.empty()) plot.series.push_back(std::move(series));
  }
  return Figure::line(plot);
}

Figure gamma_law_figure(const std::string& title, const std::vector<NamedRun>& runs) {
  ScatterPlot plot;
  plot.title = title;
  plot.caption = "Slopes lie between 0 (quasi-self-concordant) and 1 (Lipschitz gradient alone).";
  plot.x = {.title = "gradient norm", .log = true};
  plot.y = {.title = "accepted gamma", .log = true};
  for (const auto& run : runs) {
    PointGroup group{.name = run.name};
    for (const auto& it : run.minimum.trace) {
      if (!std::isfinite(it.gamma) || !(it.gradient_norm > 0)) continue;
      group.x.push_back(it.gradient_norm);
      group.y.push_back(it.gamma);
    }
    if (!group.x.empty()) plot.groups.push_back(std::move(group));
  }
  return Figure::scatter(plot);
}

std::optional<Estimate> gamma_exponent(const Minimum& minimum) {
  std::vector<double> x;
  std::vector<double> y;
  for (const auto& it : minimum.trace)
    if (std::isfinite(it.gamma) && it.gradient_norm > 0 && !it.by_cancellation) {
      x.push_back(std::log(it.gradient_norm));
      y.push_back(std::log(it.gamma));
    }
  if (x.size() < 4) return std::nullopt;
  return linear_fit(x, y).slope;
}

Table run_table(const std::string& title, const std::vector<NamedRun>& runs, double optimum) {
  Table table{title, {"method", "status", "K", "N", "f - f*", "gradient norm", "seconds"}, {}};
  for (const auto& run : runs) {
    const Minimum& m = run.minimum;
    table.rows.push_back(
        {run.name, m.status, m.iterations, m.solves, m.point.value - optimum, m.gradient_norm, m.seconds});
  }
  return table;
}

std::optional<double> identity_gap(const Minimum& minimum, double gamma0) {
  if (minimum.failures > 0 || minimum.gamma_clipped || !std::isfinite(minimum.gamma)) return std::nullopt;
  return static_cast<double>(minimum.solves) - 2.0 * minimum.iterations + std::log2(minimum.gamma / gamma0);
}

}  // namespace offprint::papers::gns
