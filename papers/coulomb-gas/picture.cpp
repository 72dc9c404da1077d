#include "picture.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include <fmt/format.h>

namespace offprint::papers::coulomb_gas {

using namespace coulomb;

Figure convergence_figure(const std::string& title, const std::vector<ConvergenceCurve>& curves) {
  LinePlot plot;
  plot.title = title;
  plot.caption = "A slope of -1 is the O(1/N) correction.";
  plot.x = {.title = "N", .log = true};
  plot.y = {.title = "|k_q*(N)/limit - 1|", .log = true};
  for (const auto& c : curves) {
    Series series{.name = c.name, .points = true};
    for (std::size_t i = 0; i < c.n.size(); ++i) {
      series.x.push_back(c.n[i]);
      series.y.push_back(std::abs(c.k[i] / c.limit - 1));
    }
    plot.series.push_back(std::move(series));
  }
  return Figure::line(plot);
}

Figure value_figure(const std::string& title, const std::vector<ConvergenceCurve>& curves, const std::string& what) {
  LinePlot plot;
  plot.title = title;
  plot.x = {.title = "1/N", .lo = 0};
  plot.y = {.title = what};
  for (const auto& c : curves) {
    Series series{.name = c.name, .points = true};
    for (std::size_t i = 0; i < c.n.size(); ++i) {
      series.x.push_back(1 / c.n[i]);
      series.y.push_back(c.k[i]);
    }
    plot.series.push_back(std::move(series));
  }
  for (const auto& c : curves) {
    const bool known = std::any_of(plot.reference_lines.begin(), plot.reference_lines.end(), [&](const auto& line) {
      return std::abs(line.at - c.limit) <= 1e-9 * std::abs(c.limit);
    });
    if (!known) plot.reference_lines.push_back({.at = c.limit, .label = fmt::format("{:.4g}", c.limit)});
  }
  return Figure::line(plot);
}

Figure counting_figure(const std::vector<double>& n, const std::vector<double>& k2, const std::vector<double>& minus_k4,
                       double second, double fourth) {
  LinePlot plot;
  plot.title = "Charges within r < 0.5: cumulants grow as the square root of N";
  plot.x = {.title = "N", .log = true};
  plot.y = {.title = "cumulant", .log = true};
  Series a{.name = "kappa_2", .x = n, .y = k2, .points = true};
  Series b{.name = "-kappa_4", .x = n, .y = minus_k4, .points = true};
  Series c{.name = "limit, kappa_2", .x = n, .dashed = true};
  Series d{.name = "limit, -kappa_4", .x = n, .dashed = true};
  for (const double x : n) {
    c.y.push_back(second * std::sqrt(x));
    d.y.push_back(fourth * std::sqrt(x));
  }
  plot.series = {a, b, c, d};
  return Figure::line(plot);
}

Figure histogram_figure(const std::string& title, const std::vector<double>& values, double mean, double variance,
                        double third, double fourth) {
  Histogram plot;
  plot.title = title;
  const double sd = std::sqrt(variance);
  const double skewness = third / (sd * sd * sd);
  const double excess = fourth / (variance * variance);
  plot.caption = fmt::format(
      "Skewness {:.4g}, excess kurtosis {:.4g}; the corrected curve has both and the square of the "
      "skewness.",
      skewness, excess);
  plot.x = {.title = "(L - mean)/sd"};
  plot.density = true;
  for (const double v : values) plot.values.push_back((v - mean) / sd);
  Series normal{.name = "normal", .dashed = true};
  Series edgeworth{.name = "Edgeworth"};
  for (int i = -80; i <= 80; ++i) {
    const double x = i / 20.0;
    const double phi = std::exp(-x * x / 2) / std::sqrt(2 * std::numbers::pi);
    const double x2 = x * x;
    const double h3 = x * (x2 - 3);
    const double h4 = x2 * x2 - 6 * x2 + 3;
    const double h6 = x2 * x2 * x2 - 15 * x2 * x2 + 45 * x2 - 15;
    normal.x.push_back(x);
    normal.y.push_back(phi);
    edgeworth.x.push_back(x);
    edgeworth.y.push_back(phi * (1 + skewness * h3 / 6 + excess * h4 / 24 + skewness * skewness * h6 / 72));
  }
  plot.curves = {normal, edgeworth};
  return Figure::histogram(plot);
}

Figure rate_figure(const std::string& title, const std::vector<RatePoint>& points,
                   const std::vector<double>& transitions) {
  LinePlot plot;
  plot.title = title;
  plot.caption = "P(L = N Lambda) ~ exp(-beta N^2 Psi). Past a vertical line the droplet is no ball.";
  plot.x = {.title = "Lambda"};
  plot.y = {.title = "Psi"};
  for (const Phase phase : {Phase::kBall, Phase::kHole, Phase::kShell}) {
    Series series{.name = to_string(phase), .points = points.size() < 60};
    for (const auto& p : points)
      if (p.gas.phase == phase) {
        series.x.push_back(p.lambda);
        series.y.push_back(p.psi);
      }
    if (!series.x.empty()) plot.series.push_back(std::move(series));
  }
  for (const double at : transitions)
    plot.reference_lines.push_back({.at = at, .label = "transition", .vertical = true});
  return Figure::line(plot);
}

Figure profile_figure(const std::string& title, const std::vector<std::string>& names,
                      const std::vector<LargeDeviations::Profile>& profiles) {
  LinePlot plot;
  plot.title = title;
  plot.x = {.title = "r", .lo = 0};
  plot.y = {.title = "density"};
  for (std::size_t i = 0; i < names.size(); ++i)
    plot.series.push_back({.name = names[i], .x = profiles[i].radius, .y = profiles[i].density});
  return Figure::line(plot);
}

Figure ladder_figure(const std::string& statistic, const LadderPicture& ladder) {
  LinePlot plot;
  plot.title = fmt::format("Mean of {} in the trap U + s f, {} charges", statistic, ladder.n);
  plot.caption = "Past a vertical line the droplet is no ball.";
  plot.x = {.title = "s"};
  plot.y = {.title = "Lambda(s) = <L>/N"};
  plot.series.push_back({.name = "N to infinity", .x = ladder.curve_s, .y = ladder.curve});
  plot.series.push_back({.name = "sampled", .x = ladder.s, .y = ladder.mean, .points = true, .dashed = true});
  for (const double s : ladder.transitions)
    plot.reference_lines.push_back({.at = s, .label = "transition", .vertical = true});
  return Figure::line(plot);
}

Figure remainder_figure(const std::string& statistic, const LadderPicture& ladder) {
  LinePlot plot;
  plot.title = fmt::format("What the limit leaves of the mean of {}, times N = {}", statistic, ladder.n);
  plot.caption = "Bands are 95 % intervals. Past a vertical line the droplet is no ball.";
  plot.x = {.title = "s"};
  plot.y = {.title = "N (Lambda(s) - limit)"};
  Series sampled{.name = "sampled", .x = ladder.s, .y = ladder.rest, .points = true};
  for (std::size_t i = 0; i < ladder.s.size(); ++i) {
    sampled.lo.push_back(ladder.rest[i] - 1.96 * ladder.rest_error[i]);
    sampled.hi.push_back(ladder.rest[i] + 1.96 * ladder.rest_error[i]);
  }
  plot.series.push_back(std::move(sampled));
  if (!ladder.exact_rest.empty())
    plot.series.push_back({.name = "exact", .x = ladder.s, .y = ladder.exact_rest, .dashed = true});
  if (ladder.corrected_s.size() > 1)
    plot.series.push_back(
        {.name = "first correction", .x = ladder.corrected_s, .y = ladder.corrected_rest, .dashed = true});
  for (const double s : ladder.transitions)
    plot.reference_lines.push_back({.at = s, .label = "transition", .vertical = true});
  return Figure::line(plot);
}

Figure droplet_figure(const std::string& title, const std::vector<std::string>& names,
                      const std::vector<std::vector<double>>& snapshots, int d) {
  ComplexPlane plot;
  plot.title = title;
  plot.re = {.title = "x"};
  plot.im = {.title = d > 1 ? "y" : ""};
  plot.unit_circle = false;
  const auto width = static_cast<std::size_t>(d);
  for (std::size_t s = 0; s < names.size(); ++s) {
    PointGroup group{.name = names[s]};
    for (std::size_t i = 0; i + width <= snapshots[s].size(); i += width) {
      group.x.push_back(snapshots[s][i]);
      group.y.push_back(d > 1 ? snapshots[s][i + 1] : 0);
    }
    plot.groups.push_back(std::move(group));
  }
  return Figure::complex_plane(plot);
}

}  // namespace offprint::papers::coulomb_gas
