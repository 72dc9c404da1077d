#include "picture.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "offprint/kinetic/distributions.hpp"

namespace offprint::papers::boltzmann_mixture {

Figure error_figure(const std::string& title, std::vector<Series> series) {
  LinePlot plot;
  plot.title = title;
  plot.caption = "Solid: light gains from heavy (Q_LH). Dashed: heavy from light (Q_HL).";
  plot.x = {.title = "eps (root of the mass ratio)", .log = true};
  plot.y = {.title = "largest error of the transform", .log = true};
  for (auto& s : series) s.points = true;
  plot.series = std::move(series);
  return Figure::line(plot);
}

Figure law_figure(const std::string& title, Series series) {
  LinePlot plot;
  plot.title = title;
  plot.caption = "Falls as eps squared until the time step's own error is met.";
  plot.x = {.title = "eps (root of the mass ratio)", .log = true};
  plot.y = {.title = "distance of T_L - T_H from the exact law", .log = true};
  series.points = true;
  plot.series = {std::move(series)};
  return Figure::line(plot);
}

Figure decay_figure(std::vector<Series> series) {
  LinePlot plot;
  plot.title = "Three clocks against the mass ratio";
  plot.caption = "The light gas does not see it; the heavy one slows as 1/eps, the temperatures as 1/eps squared.";
  plot.x = {.title = "eps (root of the mass ratio)", .log = true};
  plot.y = {.title = "decay time", .unit = "light collision times", .log = true};
  for (auto& s : series) s.points = true;
  plot.series = std::move(series);
  return Figure::line(plot);
}

Figure wave_figure(std::vector<Series> series) {
  LinePlot plot;
  plot.title = "A wave in the mixture";
  plot.caption = "Cosine part of the first mode along x.";
  plot.x = {.title = "time", .unit = "light collision times"};
  plot.y = {.title = "amplitude"};
  plot.series = std::move(series);
  return Figure::line(plot);
}

Figure profile_figure(std::vector<Series> series) {
  LinePlot plot;
  plot.title = "Light temperature along x";
  plot.caption = "One period.";
  plot.x = {.title = "x", .unit = "light thermal speeds times light collision times"};
  plot.y = {.title = "T_L"};
  plot.series = std::move(series);
  return Figure::line(plot);
}

namespace {

// The start stands at a tenth of the first step.
double light_time(const std::vector<Instant>& path, std::size_t i, double eps) {
  const double t = i == 0 && path.size() > 1 ? 0.1 * path[1].time : path[i].time;
  return t / (eps * eps);
}

}  // namespace

Figure temperature_figure(const std::string& title, const std::vector<Instant>& path, double eps) {
  LinePlot plot;
  plot.title = title;
  plot.caption =
      "Principal pressures over density (dashed) fall together first in the light gas, then in the heavy one; "
      "the temperatures meet last.";
  plot.x = {.title = "time", .unit = "light collision times", .log = true};
  plot.y = {.title = "temperature"};
  Series light{.name = "T_L"};
  Series heavy{.name = "T_H"};
  Series light_high{.name = "light, largest principal", .dashed = true};
  Series heavy_high{.name = "heavy, largest principal", .dashed = true};
  for (std::size_t i = 0; i < path.size(); ++i) {
    const double t = light_time(path, i, eps);
    for (auto* s : {&light, &heavy, &light_high, &heavy_high}) s->x.push_back(t);
    light.y.push_back(path[i].light.temperature);
    heavy.y.push_back(path[i].heavy.temperature);
    light_high.y.push_back(path[i].light.temperature + Instant::deviator(path[i].light));
    heavy_high.y.push_back(path[i].heavy.temperature + Instant::deviator(path[i].heavy));
  }
  plot.series = {light, heavy, light_high, heavy_high};
  return Figure::line(plot);
}

Figure clock_figure(const std::string& title, const std::vector<Instant>& path, double eps) {
  LinePlot plot;
  plot.title = title;
  plot.caption = "Light deviator first, heavy deviator next, temperature difference last.";
  plot.x = {.title = "time", .unit = "light collision times", .log = true};
  plot.y = {.title = "distance from equilibrium", .log = true, .lo = 1e-6};
  Series light{.name = "light pressure deviator"};
  Series heavy{.name = "heavy pressure deviator"};
  Series difference{.name = "|T_L - T_H|"};
  for (std::size_t i = 0; i < path.size(); ++i) {
    const double t = light_time(path, i, eps);
    for (auto* s : {&light, &heavy, &difference}) s->x.push_back(t);
    light.y.push_back(Instant::deviator(path[i].light));
    heavy.y.push_back(Instant::deviator(path[i].heavy));
    difference.y.push_back(std::abs(path[i].light.temperature - path[i].heavy.temperature));
  }
  plot.series = {light, heavy, difference};
  return Figure::line(plot);
}

Figure slice_figure(const std::string& title, const kinetic::VelocityGrid& grid, const std::vector<Slice>& slices,
                    bool heavy) {
  LinePlot plot;
  plot.title = title;
  plot.caption = "Dashed: the Maxwellian with the same density, mean and temperature.";
  plot.x = {.title = heavy ? "V_1 / eps" : "v_1"};
  plot.y = {.title = "f on the axis v_2 = 0"};
  // The line through the origin along v_1: the other indices are N/2.
  Eigen::Index stride = 1;
  for (int i = 1; i < grid.dimension; ++i) stride *= grid.points;
  Eigen::Index offset = 0;
  for (int i = 1; i < grid.dimension; ++i) offset = offset * grid.points + grid.points / 2;
  double reach = 0;
  for (const Slice& slice : slices) {
    const auto m = kinetic::moments(grid, slice.f);
    reach = std::max(reach, m.mean.norm() + 4.5 * std::sqrt(m.temperature));
  }
  plot.x.lo = -reach;
  plot.x.hi = reach;
  for (const Slice& slice : slices) {
    const auto m = kinetic::moments(grid, slice.f);
    const Eigen::VectorXd maxwell = kinetic::maxwellian(grid, m.density, m.mean, m.temperature);
    Series solid{.name = slice.name};
    Series dashed{.name = slice.name + ", Maxwellian", .dashed = true};
    for (Eigen::Index j = 0; j < grid.points; ++j) {
      for (auto* s : {&solid, &dashed}) s->x.push_back(grid.coordinate(j));
      solid.y.push_back(slice.f[j * stride + offset]);
      dashed.y.push_back(maxwell[j * stride + offset]);
    }
    plot.series.push_back(std::move(solid));
    plot.series.push_back(std::move(dashed));
  }
  return Figure::line(plot);
}

}  // namespace offprint::papers::boltzmann_mixture
