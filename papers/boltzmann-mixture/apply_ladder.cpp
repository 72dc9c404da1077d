// epochs for several mass ratios: independent relaxations, shared out over threads and ranks, and the slopes of their
// clocks.
#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "actions.hpp"
#include "offprint/core/error.hpp"
#include "offprint/io/csv.hpp"
#include "picture.hpp"
#include "relaxation.hpp"

namespace offprint::papers::boltzmann_mixture {

void epochs_of_many(Run& run) {
  const auto ratios = run.options().reals("mass-ratios");
  if (run.options().has("mass-ratio")) throw InputError("give either --mass-ratio or --mass-ratios");
  if (ratios.empty()) throw InputError("--mass-ratios: at least one mass ratio is needed");
  for (const double ratio : ratios) {
    if (!(ratio > 0 && ratio <= 1)) {
      throw InputError(fmt::format("--mass-ratios: {} is not a mass ratio, which is above 0 and at most 1", ratio));
    }
  }
  const double t_end = run.options().real("t-end");
  const Parallel alone{.threads = 1, .cancel = run.parallel().cancel, .done = {}};
  // Fitted and expected rates of each.
  const auto clocks = run.ensemble("mass-ratios", ratios.size(), [&](std::size_t i) {
    auto mixture = mixture_of(run, card_of(run, ratios[i]), alone);
    const double eps = mixture.model().eps;
    const Clocks expected = expected_clocks(mixture);
    const Clocks rate = fitted_clocks(run_steps(mixture, epoch_steps(expected, eps, t_end)), expected, eps);
    return std::vector<double>{rate.light,     expected.light,   rate.heavy,
                               expected.heavy, rate.temperature, expected.temperature};
  });
  Table table{"Rates per light time",
              {"mass ratio", "light deviator", "expected", "heavy deviator", "expected", "T_L - T_H", "expected"},
              {}};
  const std::vector<std::string> names{"light pressure deviator", "heavy pressure deviator", "temperature difference"};
  std::vector<Series> series;
  for (const auto& name : names) series.push_back({.name = name});
  Eigen::MatrixXd rows(static_cast<Eigen::Index>(ratios.size()), 7);
  for (std::size_t i = 0; i < ratios.size(); ++i) {
    std::vector<Json> row{ratios[i]};
    rows(static_cast<Eigen::Index>(i), 0) = ratios[i];
    for (std::size_t k = 0; k < 6; ++k) {
      const double rate = clocks[i][k];
      rows(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(k) + 1) = rate;
      // Nothing to fit: the start has no such deviation.
      row.push_back(std::isfinite(rate) ? Json(rate) : Json("none"));
      if (k % 2 != 0 || !(rate > 0)) continue;
      series[k / 2].x.push_back(std::sqrt(ratios[i]));
      series[k / 2].y.push_back(1 / rate);
    }
    table.rows.push_back(std::move(row));
  }
  run.table("clocks", table);
  run.artifact("clocks.csv", [&](const std::filesystem::path& path) {
    io::write_csv(path,
                  {"mass_ratio", "rate_light", "expected_light", "rate_heavy", "expected_heavy", "rate_temperature",
                   "expected_temperature"},
                  rows);
  });
  // Of the decay times, over eps: 0, -1 and -2 once eps is small.
  const char* metrics[]{"light_slope", "heavy_slope", "temperature_slope"};
  for (std::size_t k = 0; k < series.size(); ++k) {
    std::vector<double> x;
    std::vector<double> y;
    for (std::size_t i = 0; i < series[k].x.size(); ++i) {
      x.push_back(std::log(series[k].x[i]));
      y.push_back(std::log(series[k].y[i]));
    }
    std::vector<double> distinct = x;
    std::sort(distinct.begin(), distinct.end());
    distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
    if (distinct.size() >= 3) run.metric(metrics[k], linear_fit(x, y).slope.value);
  }
  run.figure("decay", decay_figure(std::move(series)));
}

}  // namespace offprint::papers::boltzmann_mixture
