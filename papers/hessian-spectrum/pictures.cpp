#include "pictures.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace offprint::papers::hessian_spectrum {
namespace {

using Eigen::Index;
using Eigen::VectorXd;

constexpr Index kPoints = 1200;

std::vector<double> list(const Eigen::Ref<const VectorXd>& v) { return {v.begin(), v.end()}; }

}  // namespace

Figure density_figure(const linalg::SpectralQuadrature& quadrature, double sigma, std::span<const double> outliers,
                      const std::string& title) {
  const double lo = quadrature.smallest() - 4 * sigma;
  const double hi = quadrature.largest() + 4 * sigma;
  const VectorXd points = VectorXd::LinSpaced(kPoints, lo, hi);
  const auto density = quadrature.density(points, sigma);
  // one eigenvalue's peak; what lies far below it is the smoothing's tail
  const double peak = 1 / (static_cast<double>(quadrature.size()) * sigma * std::sqrt(2 * M_PI));
  const double floor = peak / 30;
  const double clipped = 1e-6 * floor;  // below the axis
  Series curve{.name = "density"};
  const bool band = quadrature.rules().size() > 1;
  for (Index i = 0; i < points.size(); ++i) {
    curve.x.push_back(points[i]);
    curve.y.push_back(std::max(density.value[i], clipped));
    if (!band) continue;
    curve.lo.push_back(std::max(density.value[i] - density.error[i], clipped));
    curve.hi.push_back(std::max(density.value[i] + density.error[i], clipped));
  }
  PointGroup rug{.name = "Ritz values"};
  for (const auto& rule : quadrature.rules())
    for (const double t : rule.nodes) {
      rug.x.push_back(t);
      rug.y.push_back(1.15 * floor);
    }
  ScatterPlot plot;
  plot.title = title;
  plot.caption = fmt::format(
      "Share of eigenvalues per unit of λ, by Lanczos quadrature with {} start vectors, smoothed by a Gaussian of "
      "width "
      "{:.3g}; band: one standard error. Dots at the foot: Ritz values.{}",
      quadrature.rules().size(), sigma,
      outliers.empty() ? "" : " Marked: the outliers, one eigenvalue of mass 1/M each.");
  plot.x = {.title = "λ"};
  plot.y = {.title = "density", .unit = "1/λ", .log = true, .lo = floor};
  plot.groups = {rug};
  if (!outliers.empty())
    plot.groups.push_back(
        {.name = "outliers", .x = {outliers.begin(), outliers.end()}, .y = std::vector<double>(outliers.size(), peak)});
  plot.curves = {curve};
  return Figure::scatter(plot);
}

Figure cumulative_figure(const linalg::SpectralQuadrature& quadrature, std::span<const double> exact,
                         const std::string& title) {
  const double margin = 0.02 * (quadrature.largest() - quadrature.smallest());
  VectorXd points = VectorXd::LinSpaced(kPoints, quadrature.smallest() - margin, quadrature.largest() + margin);
  const auto curve = quadrature.cumulative(points);
  Series estimated{.name = "quadrature", .x = list(points), .y = list(curve.value)};
  if (quadrature.rules().size() > 1) {
    estimated.lo = list(curve.value - curve.error);
    estimated.hi = list(curve.value + curve.error);
  }
  LinePlot plot;
  plot.title = title;
  plot.caption = "Share of eigenvalues up to t, without smoothing; band: one standard error over the start vectors.";
  plot.x = {.title = "t"};
  plot.y = {.title = "share of eigenvalues <= t"};
  plot.series = {estimated};
  if (!exact.empty()) {
    std::vector<double> sorted(exact.begin(), exact.end());
    std::ranges::sort(sorted);
    Series steps{.name = "exact", .dashed = true};
    for (const double t : points) {
      steps.x.push_back(t);
      steps.y.push_back(static_cast<double>(std::ranges::upper_bound(sorted, t) - sorted.begin()) /
                        static_cast<double>(sorted.size()));
    }
    plot.series.push_back(steps);
  }
  return Figure::line(plot);
}

Figure magnitude_figure(const linalg::SpectralQuadrature& quadrature, double largest, const std::string& title) {
  constexpr double kDecades = 3;
  constexpr Index kBins = 12;
  const double top = 1.0001 * std::max({largest, quadrature.largest(), -quadrature.smallest()});
  const auto histogram = quadrature.log_histogram(top * std::pow(10.0, -kDecades), top, kBins);
  const VectorXd middle = (histogram.edges.head(kBins).array() * histogram.edges.tail(kBins).array()).sqrt();
  const auto series = [&](const std::string& name, const linalg::SampledCurve& mass) {
    Series s{.name = name, .x = list(middle), .y = list(mass.value)};
    if (quadrature.rules().size() > 1) {
      s.lo = list((mass.value - mass.error).cwiseMax(0.0));
      s.hi = list(mass.value + mass.error);
    }
    return s;
  };
  LinePlot plot;
  plot.title = title;
  plot.caption = fmt::format(
      "Share of eigenvalues in bins of a quarter of a decade of |λ|; {:.3g} of all lie below the "
      "smallest bin. Widths below about 1e-3 of the largest are the quadrature's guess.",
      histogram.zero.value);
  plot.x = {.title = "|λ|", .log = true};
  plot.y = {.title = "share of eigenvalues in the bin"};
  plot.series = {series("positive", histogram.positive), series("negative", histogram.negative)};
  plot.series[1].dashed = true;
  plot.reference_lines = {{.at = quadrature.resolution(), .label = "resolution", .vertical = true}};
  return Figure::line(plot);
}

Figure ordered_figure(const std::vector<Ordered>& spectra, double floor, const std::string& title,
                      const std::string& caption) {
  LinePlot plot;
  plot.title = title;
  plot.caption = caption;
  plot.x = {.title = "rank (from the top; negative ones from the bottom)", .log = true};
  plot.y = {.title = "|λ|", .log = true};
  for (const auto& spectrum : spectra) {
    const double least = floor * std::max(spectrum.values.front(), 0.0);
    Series up{.name = spectrum.name};
    Series down{.name = spectrum.name + ", negative", .dashed = true};
    for (std::size_t i = 0; i < spectrum.values.size() && spectrum.values[i] > least; ++i) {
      up.x.push_back(static_cast<double>(i + 1));
      up.y.push_back(spectrum.values[i]);
    }
    for (std::size_t i = 0; i < spectrum.values.size(); ++i) {
      const double value = -spectrum.values[spectrum.values.size() - 1 - i];
      if (value <= least) break;
      down.x.push_back(static_cast<double>(i + 1));
      down.y.push_back(value);
    }
    if (!up.x.empty()) plot.series.push_back(up);
    if (!down.x.empty()) plot.series.push_back(down);
  }
  return Figure::line(plot);
}

Figure path_figure(const std::vector<double>& grid, const std::vector<PathCurve>& curves, const Axis& y,
                   const std::string& from, const std::string& to, const std::string& title,
                   const std::string& caption) {
  LinePlot plot;
  plot.title = title;
  plot.caption = caption;
  plot.x = {.title = "position a on the path"};
  plot.y = y;
  for (const auto& curve : curves) plot.series.push_back({.name = curve.name, .x = grid, .y = curve.values});
  plot.reference_lines = {{.at = 0, .label = from, .vertical = true}, {.at = 1, .label = to, .vertical = true}};
  return Figure::line(plot);
}

}  // namespace offprint::papers::hessian_spectrum
