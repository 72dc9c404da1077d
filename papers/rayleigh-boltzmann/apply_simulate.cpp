// The actions run and profile: an ensemble by the reader's parameters, told in logarithms.
#include <array>
#include <cmath>
#include <fstream>
#include <numbers>

#include <fmt/format.h>

#include "actions.hpp"
#include "offprint/core/error.hpp"
#include "offprint/io/csv.hpp"
#include "offprint/kinetic/rayleigh_chain.hpp"
#include "sampling.hpp"
#include "tally.hpp"

namespace offprint::papers::rayleigh {
namespace {

constexpr std::array kProbabilities{0.05, 0.25, 0.5, 0.75, 0.95};

bool has_laws(const Setup& setup) { return setup.exponent() > 0 && setup.exponent() < 1 && setup.model.shear > 0; }

kinetic::SkeletonChain chain_of(const Setup& setup) {
  return {setup.exponent(), setup.model.rate / setup.model.shear, setup.model.angular, setup.model.factor};
}

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

}  // namespace

void simulate(Run& run) {
  const Setup setup = read_setup(run, -0.5, {10, 20, 40, 80, 160}, 20000);
  run.note(fmt::format("Start: {}. Velocities are given along the shear's flow, gradient and vorticity directions.",
                       setup.start_text));
  if (setup.exponent() > 0 && setup.model.shear > 0)
    run.note("Second moments are not reported: for gamma < 0 single particles dominate them. Logarithms are.");
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
  const auto times = tally(run, "run", setup);
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
    const bool scaled = has_laws(setup) && !t.theta.empty();
    const double distance = scaled ? t.theta_distance() : std::nan("");
    laws.rows.push_back({t.log_time, mean, error, speed + setup.log_unit, spread, static_cast<double>(t.isotropic) / n,
                         static_cast<double>(t.near) / n, scaled ? Json(distance) : Json("-")});
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
  run.figure("paths", staircase(setup, run.seed() + 1));
  if (has_laws(setup) && setup.log_times.back() + shear > 1) {
    run.figure("theta", theta_figure(setup, times));
    run.metric("theta_distance", times.back().theta_distance());
  }
  std::vector<std::string> names{"log_time",  "collisions",   "collisions_error",
                                 "log_speed", "log_speed_sd", "theta_distance"};
  for (int c = 1; c <= 3; ++c)
    for (const double p : kProbabilities) names.push_back(fmt::format("log_w{}_q{:02.0f}", c, 100 * p));
  run.artifact("times.csv", [&](const std::filesystem::path& path) { io::write_csv(path, names, rows); });
  run.artifact("summary.json",
               [&](const std::filesystem::path& path) { std::ofstream(path) << summary.dump(1) << '\n'; });
  if (has_laws(setup)) {
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

void profile(Run& run) {
  const Setup setup = read_setup(run, -0.5, {80, 160, 320}, 200000);
  if (!has_laws(setup)) throw InputError("profile: the explicit profile is for gamma in (-1, 0) and K > 0");
  const double a = setup.exponent();
  const auto chain = chain_of(setup);
  const double shear = std::log(setup.model.shear);
  constexpr int kBins = 34;
  // The window of x = ln|xi_2| over which the exponential factor goes from e^-10 to nearly 1.
  const double rate = setup.model.rate / setup.model.shear;
  const double lowest = std::log(rate / (1 - a) / 10) / a;
  const double width = (std::log(rate / (1 - a) / 0.05) / a - lowest) / kBins;
  for (const double tau : setup.log_times)
    if (!(tau + shear > 0) || (tau + shear) * (1 / a - 1) + lowest + chain.lambda_shift() <= 0)
      throw InputError(
          fmt::format("profile: ln t = {} is too early for the asymptotic laws at gamma = {}; ask for later "
                      "times",
                      tau, -a));
  const kinetic::RayleighProcess process(setup.model);
  const auto counts = summed(sample(run, "profile", process, setup.start, setup.log_times, run.seed() + 1,
                                    setup.particles, [&](const kinetic::RayleighObservations& seen) {
                                      std::vector<double> histogram(setup.log_times.size() * (kBins + 1) + 1, 0.0);
                                      for (std::size_t k = 0; k < setup.log_times.size(); ++k)
                                        for (std::size_t i = 0; i < seen.particles; ++i) {
                                          const double tau = setup.log_times[k] + shear;
                                          const double x = seen.log_w2[k * seen.particles + i] - (1 / a - 1) * tau;
                                          const double place = (x - lowest) / width;
                                          if (place >= 0 && place < kBins)
                                            histogram[k * (kBins + 1) + static_cast<std::size_t>(place)] += 1;
                                          histogram[k * (kBins + 1) + kBins] += seen.collisions[k * seen.particles + i];
                                        }
                                      const std::size_t last = (setup.log_times.size() - 1) * seen.particles;
                                      for (std::size_t i = 0; i < seen.particles; ++i) {
                                        const double between =
                                            static_cast<double>(seen.collisions[last + i]) - seen.collisions[i];
                                        histogram.back() += between * between;
                                      }
                                      return histogram;
                                    }));
  const auto n = static_cast<double>(setup.particles);
  LinePlot plot{.title = fmt::format("tau times the density of ln|xi_2|, gamma = {}", -a),
                .x = {.title = "x = ln|xi_2|"},
                .y = {.title = "tau * density", .lo = 0}};
  Table fits{"Fits: the amplitude of the second-order profile (1 expected), with its 95 % interval",
             {"ln t", "counted", "amplitude", "from", "to", "chi^2 per bin", "leading amplitude"},
             {}};
  Table bins{"Histogram of x = ln|xi_2|", {"ln t", "x", "density", "second order", "leading order"}, {}};
  for (std::size_t k = 0; k < setup.log_times.size(); ++k) {
    const double tau = setup.log_times[k] + shear;
    Series points{.name = fmt::format("simulation, ln t = {}", setup.log_times[k]), .points = true};
    Series law{.name = fmt::format("second order, ln t = {}", setup.log_times[k])};
    double counted = 0;
    double expected = 0;
    double leading = 0;
    double chi = 0;
    for (int b = 0; b < kBins; ++b) {
      double second = 0;
      double first = 0;
      for (int s = 0; s < 20; ++s) {
        const double x = lowest + width * (b + (s + 0.5) / 20);
        second += n * chain.profile_density(x, tau) * width / 20;
        first += n * chain.leading_profile(x, tau) * width / 20;
      }
      const double found = counts[k * (kBins + 1) + static_cast<std::size_t>(b)];
      const double x = lowest + width * (b + 0.5);
      counted += found;
      expected += second;
      leading += first;
      chi += (found - second) * (found - second) / std::max(second, 1e-300);
      points.x.push_back(x);
      points.y.push_back(found / n / width * tau);
      law.x.push_back(x);
      law.y.push_back(tau * chain.profile_density(x, tau));
      bins.rows.push_back({setup.log_times[k], x, found / n / width, second / n / width, first / n / width});
    }
    // The count is binomial.
    const auto interval = wilson(static_cast<std::size_t>(counted), setup.particles);
    fits.rows.push_back({setup.log_times[k], counted, counted / expected, *interval.lo * n / expected,
                         *interval.hi * n / expected, chi / kBins, counted / leading});
    run.metric(fmt::format("amplitude_{}", k + 1),
               Estimate(counted / expected, *interval.lo * n / expected, *interval.hi * n / expected));
    plot.series.push_back(std::move(points));
    plot.series.push_back(std::move(law));
  }
  Series limit{.name = "limit", .dashed = true};
  for (int b = 0; b < kBins; ++b) {
    limit.x.push_back(lowest + width * (b + 0.5));
    limit.y.push_back(chain.leading_profile(limit.x.back(), 1));
  }
  plot.series.push_back(std::move(limit));
  if (setup.log_times.size() > 1) {
    // P from the number of collisions between the first and the last time
    const std::size_t last = setup.log_times.size() - 1;
    const double number = (counts[last * (kBins + 1) + kBins] - counts[kBins]) / n;
    const double span = std::log((setup.log_times[last] + shear + chain.log_offset()) /
                                 (setup.log_times[0] + shear + chain.log_offset()));
    const double error = 1.96 * std::sqrt(std::max(0.0, counts.back() / n - number * number) / n);
    run.metric("period_measured", Estimate(span / number, span / (number + error), span / (number - error)));
    run.metric("period_law", chain.period());
  }
  run.table("fits", fits);
  run.table("bins", bins);
  run.figure("profile", Figure::line(plot));
}

}  // namespace offprint::papers::rayleigh
