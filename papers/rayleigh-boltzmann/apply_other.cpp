// The actions deterministic, moments and analyse.
#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>

#include <fmt/format.h>

#include "actions.hpp"
#include "offprint/core/error.hpp"
#include "offprint/io/csv.hpp"
#include "offprint/kinetic/rayleigh_chain.hpp"
#include "offprint/kinetic/rayleigh_moments.hpp"
#include "offprint/kinetic/velocities.hpp"
#include "sampling.hpp"
#include "tally.hpp"

namespace offprint::papers::rayleigh {
namespace {

double distance_from(const kinetic::GridLaw& law, std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const auto n = static_cast<double>(values.size());
  double distance = 0;
  for (std::size_t i = 0; i < values.size(); ++i)
    distance = std::max(distance, std::abs(law.cdf(values[i]) / law.mass() - (static_cast<double>(i) + 0.5) / n));
  return distance;
}

}  // namespace

void deterministic(Run& run) {
  const Setup setup = read_setup(run, -0.5, {40, 80, 160}, 20000);
  const double a = setup.exponent();
  if (!(a > 0) || !(a < 1) || !(setup.model.shear > 0))
    throw InputError("deterministic: the affine chain is for gamma in (-1, 0) and K > 0; for gamma = 0 see moments");
  const double shear = std::log(setup.model.shear);
  const kinetic::SkeletonChain chain(a, setup.model.rate / setup.model.shear, setup.model.angular, setup.model.factor);
  auto times = setup.log_times;
  for (double& tau : times) tau += shear;
  const bool sharp = run.options().has("log-speed");
  kinetic::RayleighModel model = setup.model;
  kinetic::StartLaw start = setup.start;
  if (sharp) {
    const double log_speed = run.options().real("log-speed") - setup.log_unit;
    if (log_speed < 10)
      throw InputError(
          fmt::format("log-speed is {}: the background counts as a point only from ln|w| of about 10 "
                      "thermal speeds on",
                      log_speed));
    start = kinetic::log_start(log_speed);
    model.point_background = true;
  }
  const kinetic::RayleighProcess process(model);
  // Where the chain begins: at the start, or at each simulated particle's first collision into ln|w| >= 20.
  constexpr double kFar = 20;
  const auto seen = sample(
      run, "deterministic", process, start, setup.log_times, run.seed() + 1, setup.particles,
      [&](const kinetic::RayleighObservations& batch) {
        std::vector<std::vector<double>> out(1 + 2 * setup.log_times.size());
        std::vector<std::uint32_t> before(batch.particles, 0);
        std::vector<bool> far(batch.particles, false);
        for (const auto& e : batch.events) {
          if (far[e.particle]) continue;
          ++before[e.particle];
          if (e.log_speed < kFar) continue;
          far[e.particle] = true;
          out[0].insert(out[0].end(), {e.log_w2, e.log_time + shear, double(before[e.particle])});
        }
        for (std::size_t k = 0; k < setup.log_times.size(); ++k)
          for (std::size_t i = 0; i < batch.particles; ++i) {
            const std::size_t at = k * batch.particles + i;
            if (!sharp && !far[i]) continue;
            out[1 + 2 * k].push_back(batch.log_w2[at]);
            out[2 + 2 * k].push_back(batch.collisions[at]);
          }
        return out;
      },
      !sharp);
  std::vector<kinetic::SkeletonChain::Start> starts;
  double earlier = 0;
  if (sharp) {
    starts.push_back({start(0).log_speed, -700});
  } else {
    for (const auto& batch : seen)
      for (std::size_t e = 0; e + 2 < batch[0].size(); e += 3) {
        starts.push_back({batch[0][e], batch[0][e + 1]});
        earlier += batch[0][e + 2];
      }
    if (starts.empty()) throw InputError("no particle passed ln|w| = 20 before the last time: ask for later times");
    earlier /= static_cast<double>(starts.size());
    run.note(fmt::format("{} of {} particles passed ln|w| = 20; the chain starts from their states there.",
                         starts.size(), setup.particles));
  }
  const auto states = chain.propagate(starts, times);
  Table table{"Deterministic laws beside the simulation",
              {"ln t", "mass defect", "collisions", "simulated", "median ln|w_2|", "simulated", "Kolmogorov distance"},
              {}};
  LinePlot plot{.title = fmt::format("Law of ln|w_2|/ln t, gamma = {}", -a),
                .x = {.title = "theta = ln|w_2|/ln t"},
                .y = {.title = "density", .lo = 0}};
  for (std::size_t k = 0; k < times.size(); ++k) {
    const auto& law = states[k].log_w2;
    std::vector<double> values;
    double count = 0;
    for (const auto& batch : seen) {
      values.insert(values.end(), batch[1 + 2 * k].begin(), batch[1 + 2 * k].end());
      for (const double c : batch[2 + 2 * k]) count += c;
    }
    count /= static_cast<double>(values.size());
    double middle = law.x0;
    while (law.cdf(middle) < 0.5 * law.mass() && middle < 1e7) middle += law.dx;
    const bool complete = law.mass() > 0.99;
    table.rows.push_back({setup.log_times[k], states[k].mass_defect,
                          complete ? Json(states[k].collisions + earlier) : Json("-"),
                          complete ? Json(count) : Json("-"), middle + setup.log_unit, median(values) + setup.log_unit,
                          complete ? Json(distance_from(law, values)) : Json("-")});
    Series curve{.name = fmt::format("ln t = {}", setup.log_times[k])};
    Series bars{.name = fmt::format("simulation, ln t = {}", setup.log_times[k]), .points = true};
    const double lo = times[k] * (1 / a - 1) - 10;
    const double hi = times[k] / a + 10;
    constexpr int kBins = 60;
    std::vector<double> bins(kBins, 0.0);
    for (const double v : values)
      if (v > lo && v < hi) bins[static_cast<std::size_t>((v - lo) / (hi - lo) * kBins)] += 1;
    for (int b = 0; b < kBins; ++b) {
      const double x = lo + (hi - lo) * (b + 0.5) / kBins;
      bars.x.push_back(x / times[k]);
      bars.y.push_back(bins[static_cast<std::size_t>(b)] / static_cast<double>(values.size()) * kBins / (hi - lo) *
                       times[k]);
    }
    for (int i = 0; i <= 400; ++i) {
      const double x = lo + (hi - lo) * i / 400;
      curve.x.push_back(x / times[k]);
      curve.y.push_back(law.density_at(x) / law.mass() * times[k]);
    }
    plot.series.push_back(std::move(curve));
    if (k + 1 == times.size()) plot.series.push_back(std::move(bars));
  }
  run.table("states", table);
  run.figure("theta", Figure::line(plot));
  run.metric("mass_defect", states.back().mass_defect);
  if (sharp) {
    const auto lambda = chain.lambda_law();
    Series p{.name = "p(z)"};
    const double centre = std::log(a * (start(0).log_speed + chain.lambda_shift()));
    for (int i = -500; i <= 500; ++i) {
      p.x.push_back(i / 1000.0);
      p.y.push_back(chain.collision_density(lambda, start(0).log_speed, centre + i / 1000.0 * chain.period()));
    }
    run.figure("modulation", Figure::line({.title = "Collisions per unit of ln tau: periodic for ever",
                                           .x = {.title = "(z - ln E[a Lambda])/P"},
                                           .y = {.title = "p(z)", .lo = 0},
                                           .series = {p},
                                           .reference_lines = {{.at = 1 / chain.period(), .label = "mean 1/P"}}}));
  }
}

void moments(Run& run) {
  const Setup setup = read_setup(run, 0, {}, 1);
  if (setup.exponent() != 0)
    throw InputError(
        fmt::format("moments: the equations close only for Maxwell molecules, gamma = 0, not {}", -setup.exponent()));
  const kinetic::MaxwellShear model{setup.model.rate, setup.model.shear, setup.model.factor, setup.model.angular};
  std::vector<double> times;
  for (const double tau : setup.log_times) times.push_back(std::exp(tau));
  if (times.empty())
    for (int k = 0; k <= 60; ++k) times.push_back(k / model.rate);
  const double unit = std::exp(2 * setup.log_unit);
  const double variance = 1 / unit;  // the identity, in the units of the equations
  const auto path = kinetic::second_moments(model, Eigen::Matrix3d::Identity() * variance, times);
  Table table{"Second moments, from the identity", {"t", "M11", "M22", "M33", "M12", "trace"}, {}};
  Series trace{.name = "tr M"};
  Series shear{.name = "-M12"};
  for (std::size_t k = 0; k < times.size(); ++k) {
    const Eigen::Matrix3d m = unit * path[k];
    table.rows.push_back({times[k], m(0, 0), m(1, 1), m(2, 2), m(0, 1), m.trace()});
    trace.x.push_back(times[k]);
    trace.y.push_back(m.trace());
    shear.x.push_back(times[k]);
    shear.y.push_back(-m(0, 1));
  }
  run.table("moments", table);
  Table thresholds{"Shear rates beyond which moments grow", {"degree", "K", "K/nu"}, {}};
  for (const int degree : {2, 4, 6, 8}) {
    const double k = kinetic::moment_threshold(model, degree);
    thresholds.rows.push_back({degree, k, k / model.rate});
    run.metric(fmt::format("threshold_{}", degree), k / model.rate, "nu");
  }
  run.table("thresholds", thresholds);
  const double growth = kinetic::moment_growth_rate(model, 2);
  run.metric("growth_rate", growth);
  if (growth < 0) {
    const Eigen::Matrix3d m = unit * kinetic::stationary_second_moments(model);
    run.metric("stationary_trace", m.trace());
    run.metric("stationary_M12", m(0, 1));
    run.note(fmt::format("Stationary: M11 = {:.8g}, M22 = M33 = {:.8g}, M12 = {:.8g}.", m(0, 0), m(1, 1), m(0, 1)));
  } else {
    run.note(fmt::format("No stationary state: second moments grow like exp({:.6g} t).", growth));
  }
  if (times.size() > 1)
    run.figure("moments", Figure::line({.title = "Second moments of Maxwell molecules under shear",
                                        .x = {.title = "t"},
                                        .y = {.title = "moment", .log = growth > 0},
                                        .series = {trace, shear}}));
}

void analyse(Run& run) {
  const Options& o = run.options();
  const double gamma = o.real("gamma");
  if (!(gamma > -1) || !(gamma < 0))
    throw InputError(fmt::format("analyse: gamma = {}: the long-time laws are for gamma in (-1, 0)", gamma));
  const double a = -gamma;
  const std::string address = o.text("data");
  const auto data = kinetic::read_velocities(address, {.dimension = 3, .time = o.text("time-column")});
  std::map<double, std::vector<Eigen::Index>> groups;
  for (Eigen::Index i = 0; i < data.times.size(); ++i) {
    if (!(data.times(i) > 0))
      throw InputError(
          fmt::format("{}: row {} has the time {}: times must be positive", address, i + 1, data.times(i)));
    groups[data.times(i)].push_back(i);
  }
  const kinetic::SkeletonChain chain(a, o.real("rate") / o.real("shear"));
  const double shear = o.real("shear");
  Table table{"Your velocities beside the long-time laws",
              {"t", "particles", "mean ln|w_1|", "mean ln|w_2|", "distance of ln theta", "sampling floor",
               "|w_3| < |w_2|", "within 5 % of -K t w_2"},
              {}};
  LinePlot plot{.title = "Density of theta = ln|w_2|/ln t and 1/(theta P)",
                .x = {.title = "theta"},
                .y = {.title = "density", .lo = 0}};
  std::vector<double> taus;
  std::vector<double> mean1;
  std::vector<double> mean2;
  std::size_t still = 0;
  for (const auto& [t, rows] : groups) {
    const double tau = std::log(shear * t);
    std::vector<double> log_theta;
    std::vector<double> theta;
    double sum1 = 0;
    double sum2 = 0;
    double isotropic = 0;
    double near = 0;
    double n = 0;
    for (const auto i : rows) {
      const Eigen::Vector3d w = data.velocities.row(i).transpose();
      if (w(0) == 0 || w(1) == 0) {
        ++still;
        continue;
      }
      ++n;
      sum1 += std::log(std::abs(w(0)));
      sum2 += std::log(std::abs(w(1)));
      theta.push_back(std::log(std::abs(w(1))) / tau);
      log_theta.push_back(theta.back() > 0 ? std::log(theta.back()) : -1e9);
      isotropic += std::abs(w(2)) < std::abs(w(1)) ? 1 : 0;
      near += std::abs(w(0) / (shear * t * w(1)) + 1) < 0.05 ? 1 : 0;
    }
    if (n == 0) continue;
    if (tau > 0) {
      taus.push_back(tau);
      mean1.push_back(sum1 / n);
      mean2.push_back(sum2 / n);
    }
    table.rows.push_back(
        {t, n, sum1 / n, sum2 / n,
         tau > 0 ? Json(distance_from_uniform(log_theta, std::log(1 / a - 1), std::log(1 / a))) : Json("-"),
         1.36 / std::sqrt(n), isotropic / n, near / n});
    if (tau <= 0) continue;
    Series series{.name = fmt::format("t = {:.4g}", t)};
    constexpr int kBins = 30;
    const double lo = 1 / a - 1 - 0.5;
    const double hi = 1 / a + 0.5;
    std::vector<double> bins(kBins, 0.0);
    for (const double v : theta)
      if (v > lo && v < hi) bins[static_cast<std::size_t>((v - lo) / (hi - lo) * kBins)] += 1;
    for (int b = 0; b < kBins; ++b) {
      series.x.push_back(lo + (hi - lo) * (b + 0.5) / kBins);
      series.y.push_back(bins[static_cast<std::size_t>(b)] / n * kBins / (hi - lo));
    }
    plot.series.push_back(std::move(series));
  }
  if (taus.empty())
    throw InputError(fmt::format("{} has no time with K t > 1 and moving particles: the laws are in ln(K t)", address));
  run.table("times", table);
  Series law{.name = "1/(theta P)", .dashed = true};
  for (int i = 0; i <= 100; ++i) {
    law.x.push_back(1 / a - 1 + i / 100.0);
    law.y.push_back(1 / (law.x.back() * chain.period()));
  }
  plot.series.push_back(std::move(law));
  run.figure("theta", Figure::line(plot));
  if (still > 0)
    run.note(fmt::format("{} rows have w_1 = 0 or w_2 = 0 exactly and were left out: they have no logarithm.", still));
  if (taus.size() >= 3) {
    // theta has the mean 1/P in the limit, ln|w_1| = ln|w_2| + ln t
    const auto fit2 = linear_fit(taus, mean2);
    const auto fit1 = linear_fit(taus, mean1);
    run.metric("exponent_w2", fit2.slope);
    run.metric("exponent_w1", fit1.slope);
    run.metric("exponent_w2_law", 1 / chain.period());
    run.metric("exponent_w1_law", 1 / chain.period() + 1);
    run.note(
        "exponent_w1 and exponent_w2 are the slopes of mean ln|w_i| over ln t (95 % interval of the fit); the law is "
        "the "
        "mean of theta. At ln t below 40 they are still on their way: see the table's distances.");
  } else {
    run.note("Exponents need at least three times.");
  }
}

}  // namespace offprint::papers::rayleigh
