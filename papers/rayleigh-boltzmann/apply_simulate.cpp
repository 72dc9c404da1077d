// The action run: an ensemble by the reader's parameters, told in logarithms.
#include <array>
#include <cmath>
#include <fstream>

#include <fmt/format.h>

#include "actions.hpp"
#include "offprint/core/error.hpp"
#include "offprint/io/csv.hpp"
#include "tally.hpp"

namespace offprint::papers::rayleigh {
namespace {

constexpr std::array kProbabilities{0.05, 0.25, 0.5, 0.75, 0.95};

// ln|w| against ln t of a few particles, as a staircase of collisions.
Figure staircase(const Setup& setup, std::uint64_t seed) {
  const kinetic::RayleighProcess process(setup.model);
  const auto seen =
      process.simulate(setup.start, {setup.log_times.back()}, {.seed = seed, .particles = 6, .record_events = true});
  LinePlot plot{
      .title = "Speed after each collision of six particles", .x = {.title = "ln t"}, .y = {.title = "ln|w|"}};
  for (std::uint32_t i = 0; i < 6; ++i) {
    Series series{.name = fmt::format("particle {}", i + 1)};
    double last = setup.start(i).log_speed + setup.log_unit;
    for (const auto& e : seen.events) {
      if (e.particle != i) continue;
      series.x.insert(series.x.end(), {e.log_time, e.log_time});
      series.y.insert(series.y.end(), {last, e.log_speed + setup.log_unit});
      last = e.log_speed + setup.log_unit;
    }
    if (series.x.empty()) continue;
    series.x.push_back(setup.log_times.back());
    series.y.push_back(last);
    plot.series.push_back(std::move(series));
  }
  if (plot.series.empty()) throw InputError("no particle collided before the last time, so there is no path to draw");
  return Figure::line(plot);
}

Figure theta_figure(const Setup& setup, const std::vector<TimeTally>& times) {
  const double a = setup.exponent();
  const double lo = std::log(1 / a - 1);
  const double width = std::log(1 / a) - lo;
  LinePlot plot{.title = fmt::format("Density of theta = ln|w_2|/ln t and 1/(theta P), gamma = {}", -a),
                .x = {.title = "theta"},
                .y = {.title = "density", .lo = 0}};
  constexpr std::size_t kMerged = 30;
  for (const auto& t : times) {
    if (t.theta.empty()) continue;
    Series series{.name = fmt::format("ln t = {}", t.log_time)};
    for (std::size_t c = 0; c < t.theta.size(); c += kMerged) {
      double count = 0;
      for (std::size_t k = c; k < c + kMerged; ++k) count += static_cast<double>(t.theta[k]);
      const double left = std::exp(lo + width * static_cast<double>(c) / TimeTally::kCells);
      const double right = std::exp(lo + width * static_cast<double>(c + kMerged) / TimeTally::kCells);
      series.x.push_back(0.5 * (left + right));
      series.y.push_back(count / static_cast<double>(t.particles) / (right - left));
    }
    plot.series.push_back(std::move(series));
  }
  Series law{.name = "1/(theta P)", .dashed = true};
  for (int i = 0; i <= 100; ++i) {
    law.x.push_back(std::exp(lo + width * i / 100));
    law.y.push_back(1 / (law.x.back() * width));
  }
  plot.series.push_back(std::move(law));
  return Figure::line(plot);
}

// Collisions per unit of ln tau between successive times, times P: the laws are 1 and, to second order, tau/(tau + m).
Figure rate_figure(const Setup& setup, const std::vector<TimeTally>& times) {
  const auto chain = chain_of(setup);
  const double shear = std::log(setup.model.shear);
  LinePlot plot{.title = fmt::format("Collisions per unit of ln tau, times P, gamma = {}", -setup.exponent()),
                .x = {.title = "tau = ln(K t)", .log = true},
                .y = {.title = "J tau P"}};
  Series counted{.name = "simulation", .points = true};
  Series second{.name = "second order", .dashed = true};
  for (std::size_t k = 0; k + 1 < times.size(); ++k) {
    const double tau1 = times[k].log_time + shear;
    const double tau2 = times[k + 1].log_time + shear;
    if (!(tau1 + chain.log_offset() > 0)) continue;
    const double number = times[k + 1].collisions / static_cast<double>(times[k + 1].particles) -
                          times[k].collisions / static_cast<double>(times[k].particles);
    const double span = std::log(tau2 / tau1) / chain.period();
    counted.x.push_back(std::sqrt(tau1 * tau2));
    counted.y.push_back(number / span);
    second.x.push_back(counted.x.back());
    second.y.push_back(chain.expected_collisions(tau1, tau2) / span);
  }
  plot.series = {std::move(counted), std::move(second)};
  return Figure::line(plot);
}

}  // namespace

void simulate(Run& run) {
  Setup setup = read_setup(run, -0.5, {10, 20, 40, 80, 160}, 20000);
  limit_times(setup);
  run.note(fmt::format("Start: {}. Velocities are given along the shear's flow, gradient and vorticity directions.",
                       setup.start_text));
  if (setup.keeps_colliding()) {
    run.note(fmt::format(
        "gamma = {}, K = {}: collisions keep up with the shear, so the asymptotic laws of gamma < 0 do not apply; "
        "second "
        "moments are given instead{}.",
        0.0 - setup.exponent(), setup.model.shear,
        setup.exponent() == 0 ? " (they are bounded below the threshold that the action moments tells)" : ""));
  } else {
    run.note("Second moments are not reported: for gamma < 0 single particles dominate them. Logarithms are.");
  }
  if (setup.model.point_background) {
    std::uint64_t slow = 0;
    const std::uint64_t looked = std::min<std::uint64_t>(setup.particles, 10000);
    for (std::uint64_t i = 0; i < looked; ++i) slow += setup.start(i).log_speed < 5 ? 1 : 0;
    if (slow > 0)
      run.note(
          fmt::format("Warning: {} of the first {} particles start below ln|w| = 5, where a background at rest is no "
                      "model of a thermal one: cooling wins, and such paths are absorbed.",
                      slow, looked));
  }
  const Tally all = tally(run, "run", setup);
  const auto& times = all.times;
  if (setup.model.point_background) {
    run.metric("absorbed_paths", static_cast<double>(times.back().absorbed));
    if (times.back().particles == 0)
      throw InputError("every path was absorbed: with a background at rest start at ln|w| of 10 or more");
  }
  const double shear = std::log(setup.model.shear);
  Table speeds{"Quantiles of ln|w_i|", {"ln t", "component", "5 %", "25 %", "50 %", "75 %", "95 %"}, {}};
  Table laws{"Collisions and laws",
             {"ln t", "collisions", "standard error", "mean ln|w|", "sd of ln|w|", "|w_3| < |w_2|",
              "within 5 % of -K t w_2", "distance of ln theta"},
             {}};
  Json summary = Json::array();
  Eigen::MatrixXd rows(static_cast<Eigen::Index>(times.size()), 21);
  for (std::size_t k = 0; k < times.size(); ++k) {
    const auto& t = times[k];
    const auto n = static_cast<double>(t.particles);
    const double mean = t.collisions / n;
    const double error = std::sqrt(std::max(0.0, t.collisions2 / n - mean * mean) / n);
    const double speed = t.log_speed / n;
    const double spread = std::sqrt(std::max(0.0, t.log_speed2 / n - speed * speed));
    const bool scaled = setup.has_laws() && !t.theta.empty();
    const double distance = scaled ? t.theta_distance() : std::nan("");
    laws.rows.push_back({t.log_time, mean, error, speed + setup.log_unit, spread, static_cast<double>(t.isotropic) / n,
                         setup.keeps_colliding() ? Json("-") : Json(static_cast<double>(t.near) / n),
                         scaled ? Json(distance) : Json("-")});
    Json entry{{"log_time", t.log_time},
               {"particles", t.particles},
               {"collisions", mean},
               {"log_speed", speed + setup.log_unit}};
    std::vector<double> row{t.log_time, mean, error, speed + setup.log_unit, spread, distance};
    for (int c = 0; c < 3; ++c) {
      std::vector<Json> cells{t.log_time, fmt::format("w_{}", c + 1)};
      for (const double p : kProbabilities) {
        const double q = t.quantile(c, p) + setup.log_unit;
        cells.emplace_back(q);
        row.push_back(q);
        entry[fmt::format("log_w{}", c + 1)].push_back(q);
      }
      speeds.rows.push_back(std::move(cells));
    }
    rows.row(static_cast<Eigen::Index>(k)) = Eigen::Map<const Eigen::RowVectorXd>(row.data(), 21);
    if (scaled) entry["theta_distance"] = distance;
    summary.push_back(std::move(entry));
  }
  run.table("laws", laws);
  run.table("speeds", speeds);
  run.metric("collisions", times.back().collisions / static_cast<double>(times.back().particles));
  run.metric("particles", static_cast<double>(setup.particles));
  if (setup.keeps_colliding()) {
    tell_moments(run, setup, all);
  } else {
    run.figure("paths", staircase(setup, run.seed() + 1));
  }
  if (setup.has_laws() && setup.log_times.back() + shear > 1) {
    run.figure("theta", theta_figure(setup, times));
    run.metric("theta_distance", times.back().theta_distance());
    std::size_t late = 0;
    const double offset = chain_of(setup).log_offset();
    for (const double tau : setup.log_times) late += tau + shear + offset > 0 ? 1 : 0;
    if (late >= 3) run.figure("rate", rate_figure(setup, times));
  }
  std::vector<std::string> names{"log_time",  "collisions",   "collisions_error",
                                 "log_speed", "log_speed_sd", "theta_distance"};
  for (int c = 1; c <= 3; ++c)
    for (const double p : kProbabilities) names.push_back(fmt::format("log_w{}_q{:02.0f}", c, 100 * p));
  run.artifact("times.csv", [&](const std::filesystem::path& path) { io::write_csv(path, names, rows); });
  run.artifact("summary.json",
               [&](const std::filesystem::path& path) { std::ofstream(path) << summary.dump(1) << '\n'; });
  if (setup.has_laws()) {
    Eigen::MatrixXd histogram(TimeTally::kCells, 1 + static_cast<Eigen::Index>(times.size()));
    const double lo = std::log(1 / setup.exponent() - 1);
    std::vector<std::string> columns{"log_theta"};
    for (const auto& t : times) columns.push_back(fmt::format("count_log_time_{}", t.log_time));
    for (Eigen::Index c = 0; c < histogram.rows(); ++c) {
      histogram(c, 0) = lo + (static_cast<double>(c) + 0.5) / TimeTally::kCells * (std::log(1 / setup.exponent()) - lo);
      for (std::size_t k = 0; k < times.size(); ++k)
        histogram(c, static_cast<Eigen::Index>(k) + 1) =
            times[k].theta.empty() ? 0 : static_cast<double>(times[k].theta[static_cast<std::size_t>(c)]);
    }
    run.artifact("theta.csv", [&](const std::filesystem::path& path) { io::write_csv(path, columns, histogram); });
  }
}

}  // namespace offprint::papers::rayleigh
