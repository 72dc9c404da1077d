// M4 and M6: three clocks and conservation.
#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "claims.hpp"
#include "epochs.hpp"
#include "examples.hpp"
#include "offprint/core/error.hpp"
#include "picture.hpp"

namespace offprint::papers::boltzmann_mixture {
namespace {

using Eigen::Vector2d;
using kinetic::DisparateMixture;

// Slope of log(decay time) over log eps.
double time_slope(const std::vector<double>& eps, const std::vector<double>& rates) {
  std::vector<double> x;
  std::vector<double> y;
  for (std::size_t i = 0; i < eps.size(); ++i) {
    if (!(rates[i] > 0)) return std::numeric_limits<double>::quiet_NaN();
    x.push_back(std::log(eps[i]));
    y.push_back(-std::log(rates[i]));
  }
  return linear_fit(x, y).slope.value;
}

// What one mass ratio gives: its fitted clocks and the path that they were fitted to.
struct Epochs {
  Clocks expected;
  Clocks rate;
  std::vector<Instant> path;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(expected, rate, path);
  }
};

Measurement three_clocks(Run& run, const kinetic::VelocityGrid& grid) {
  Measurement measured;
  Table table{fmt::format("Fitted rates per light time, N = {}, half width {:.4g}", grid.points, grid.half_width),
              {"eps", "steps", "light", "expected", "heavy", "expected", "temperature", "expected"},
              {}};
  const std::vector<double> all_eps{0.1, 0.03, 0.01};
  const char* names[]{"100", "030", "010"};
  const auto all = run.ensemble("mass-ratios", all_eps.size(), [&](std::size_t i) {
    kinetic::MixtureModel model{.eps = all_eps[i], .light_grid = grid, .heavy_grid = grid};
    model.collisions.parallel = run.parallel();
    DisparateMixture mixture(model, {},
                             kinetic::gaussian_mixture(grid, {{1, Vector2d::Zero(), Vector2d(1.8, 1.2).asDiagonal()}}),
                             kinetic::gaussian_mixture(grid, {{1, Vector2d::Zero(), Vector2d(0.6, 0.4).asDiagonal()}}));
    const Clocks expected = expected_clocks(mixture);
    auto path = run_steps(mixture, epoch_steps(expected, all_eps[i], 0.5));
    const Clocks rate = fitted_clocks(path, expected, all_eps[i]);
    return Epochs{expected, rate, std::move(path)};
  });
  std::vector<double> light;
  std::vector<double> heavy;
  std::vector<double> corrected;
  std::vector<double> temperature;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const double eps = all_eps[i];
    const auto& [expected, rate, path] = all[i];
    measured.set(fmt::format("light_{}", names[i]), rate.light);
    measured.set(fmt::format("heavy_{}", names[i]), rate.heavy);
    measured.set(fmt::format("temperature_{}", names[i]), rate.temperature);
    table.rows.push_back({eps, path.size() - 1, rate.light, expected.light, rate.heavy, expected.heavy,
                          rate.temperature, expected.temperature});
    light.push_back(rate.light);
    heavy.push_back(rate.heavy);
    corrected.push_back(rate.heavy - 2 * eps * eps);
    temperature.push_back(rate.temperature);
  }
  run.figure("temperatures", temperature_figure("Three plateaus, eps = 0.01", all.back().path, all_eps.back()));
  run.figure("clocks", clock_figure("Three clocks, eps = 0.01", all.back().path, all_eps.back()));
  measured.set("light_slope", time_slope(all_eps, light));
  measured.set("heavy_slope", time_slope(all_eps, corrected));
  measured.set("temperature_slope", time_slope(all_eps, temperature));
  run.metric("heavy_slope_raw", time_slope(all_eps, heavy));
  run.table("rates", table);
  return measured;
}

// mass_L, mass_H, |momentum|, energy as they change from `start`.
struct Totals {
  double light_mass, heavy_mass, energy;
  Eigen::VectorXd momentum;
};
Totals totals(const DisparateMixture& mixture) {
  const double eps = mixture.model().eps;
  const auto l = mixture.light_moments();
  const auto h = mixture.heavy_moments();
  return {l.density, h.density, l.density * l.energy() + h.density * h.energy(),
          eps * eps * l.density * l.mean + eps * h.density * h.mean};
}

// The largest changes of the conserved sums; `end_energy` is where the energy stood at the end.
struct Changes {
  double light_mass = 0.0, heavy_mass = 0.0, momentum = 0.0, energy = 0.0, end_energy = 0.0;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(light_mass, heavy_mass, momentum, energy, end_energy);
  }
};
Changes changes(DisparateMixture& mixture, int steps, double dt) {
  const Totals start = totals(mixture);
  Changes c;
  for (int i = 0; i < steps; ++i) {
    mixture.step(dt);
    const Totals now = totals(mixture);
    c.light_mass = std::max(c.light_mass, std::abs(now.light_mass - start.light_mass));
    c.heavy_mass = std::max(c.heavy_mass, std::abs(now.heavy_mass - start.heavy_mass));
    c.momentum = std::max(c.momentum, (now.momentum - start.momentum).norm());
    c.energy = std::max(c.energy, std::abs(now.energy - start.energy));
    c.end_energy = now.energy - start.energy;
  }
  return c;
}

}  // namespace

Measurement m4(const Claim&, Run& run) { return three_clocks(run, {2, 32, 8}); }

Measurement m4f(const Claim&, Run& run) { return three_clocks(run, {2, 64, 9 * std::sqrt(1.5)}); }

Measurement m6(const Claim&, Run& run) {
  Measurement measured;
  Table table{"Largest change over 1000 steps of 0.02, projected; mean flows (0.5, 0) and (0.3, -0.2)",
              {"eps", "light mass", "heavy mass", "momentum", "energy"},
              {}};
  // Two mass ratios, and 100 steps without projection, for the record.
  const std::vector<double> all_eps{0.1, 0.01};
  const Parallel alone{.threads = 1, .cancel = run.parallel().cancel, .done = {}};
  const auto all = run.ensemble("relaxations", 3, [&](std::size_t i) {
    if (i == 2) {
      auto free = isotropic_mixture(0.1, 64, {.project = false}, alone);
      return changes(free, 100, 0.02);
    }
    kinetic::MixtureModel model{.eps = all_eps[i]};
    model.light_grid = model.heavy_grid = {2, 64, 9 * std::sqrt(1.5)};
    model.collisions.parallel = alone;
    DisparateMixture mixture(model, {}, kinetic::maxwellian(model.light_grid, 1, Vector2d(0.5, 0), 1.5),
                             kinetic::maxwellian(model.heavy_grid, 1, Vector2d(0.3, -0.2), 0.5));
    return changes(mixture, 1000, 0.02);
  });
  const char* names[]{"100", "010"};
  for (std::size_t i = 0; i < 2; ++i) {
    const Changes& c = all[i];
    table.rows.push_back({all_eps[i], c.light_mass, c.heavy_mass, c.momentum, c.energy});
    measured.set(fmt::format("mass_{}", names[i]), std::max(c.light_mass, c.heavy_mass));
    measured.set(fmt::format("momentum_{}", names[i]), c.momentum);
    measured.set(fmt::format("energy_{}", names[i]), c.energy);
  }
  run.table("changes", table);
  run.metric("unprojected_mass", std::max(all[2].light_mass, all[2].heavy_mass));
  run.metric("unprojected_momentum", all[2].momentum);
  run.metric("unprojected_energy", all[2].end_energy);
  return measured;
}

}  // namespace offprint::papers::boltzmann_mixture
