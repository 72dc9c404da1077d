// The action deterministic: the laws of the far field without random numbers, beside a simulation.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "actions.hpp"
#include "input.hpp"
#include "offprint/core/error.hpp"
#include "offprint/kinetic/rayleigh_chain.hpp"
#include "sampling.hpp"

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
  if (!setup.has_laws())
    throw InputError(fmt::format(
        "deterministic: the affine chain is for gamma in (-1, 0) and K > 0, not gamma = {}, K = {}; for gamma "
        "in [0, 1) see moments",
        0.0 - a, setup.model.shear));
  const double shear = std::log(setup.model.shear);
  const auto chain = chain_of(setup);
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
  constexpr double kLost = 5e-3;
  for (std::size_t k = 0; k < times.size(); ++k)
    if (states[k].mass_defect > kLost)
      run.note(
          fmt::format("Warning: at ln t = {} the deterministic law has lost {:.2g} of its mass to its grid, more than "
                      "{}: do not trust it there.",
                      setup.log_times[k], states[k].mass_defect, kLost));
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

}  // namespace offprint::papers::rayleigh
