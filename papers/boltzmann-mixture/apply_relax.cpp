// relax, epochs and compare: a mixture in time.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "actions.hpp"
#include "offprint/core/error.hpp"
#include "offprint/io/csv.hpp"
#include "picture.hpp"
#include "relaxation.hpp"

namespace offprint::papers::boltzmann_mixture {
namespace {

std::vector<double> fixed_steps(double dt, double t_end) {
  const auto count = static_cast<std::size_t>(std::ceil(t_end / dt * (1 - 1e-12)));
  std::vector<double> steps(count, dt);
  if (count > 0) steps.back() = t_end - dt * static_cast<double>(count - 1);
  return steps;
}

double interpolate(const std::vector<Instant>& path, double t, bool heavy) {
  const auto value = [&](const Instant& i) { return heavy ? i.heavy.temperature : i.light.temperature; };
  const auto after =
      std::lower_bound(path.begin(), path.end(), t, [](const Instant& i, double x) { return i.time < x; });
  if (after == path.begin()) return value(path.front());
  if (after == path.end()) return value(path.back());
  const auto before = after - 1;
  const double share = (t - before->time) / (after->time - before->time);
  return (1 - share) * value(*before) + share * value(*after);
}

}  // namespace

void relax(Run& run) {
  const RunCard card = card_of(run);
  auto mixture = mixture_of(run, card, run.parallel());
  const double t_end = run.options().real("t-end");
  const bool resolved = run.options().text("clock") == "light";
  const auto steps = resolved ? epoch_steps(expected_clocks(mixture), mixture.model().eps, t_end)
                              : fixed_steps(run.options().real("dt"), t_end);
  note_common_grid(run, mixture.model());
  run.note(
      fmt::format("eps = {:.6g}; {} steps, penalties {:.4g} (light) and {:.4g} (heavy); {} points an axis on +-{:.4g} "
                  "thermal units.",
                  mixture.model().eps, steps.size(), mixture.light_penalty(), mixture.heavy_penalty(),
                  mixture.model().light_grid.points, mixture.model().light_grid.half_width));
  const auto result = relax_steps(run, mixture, steps, static_cast<int>(run.options().integer("snapshots")));
  report_relaxation(run, mixture, result);
}

void epochs(Run& run) {
  if (run.options().has("mass-ratios")) return epochs_of_many(run);
  const RunCard card = card_of(run);
  auto mixture = mixture_of(run, card, run.parallel());
  const double eps = mixture.model().eps;
  const Clocks expected = expected_clocks(mixture);
  const auto steps = epoch_steps(expected, eps, run.options().real("t-end"));
  const auto result = relax_steps(run, mixture, steps, static_cast<int>(run.options().integer("snapshots")));
  report_relaxation(run, mixture, result);
  const Clocks rate = fitted_clocks(result.path, expected, eps);
  Table table{"Rates per light time", {"clock", "fitted", "expected (Maxwell molecules)", "decay time"}, {}};
  const auto row = [&](const char* name, const char* metric, double fitted, double law) {
    // Nothing to fit: the start has no such deviation.
    table.rows.push_back({name, std::isfinite(fitted) ? Json(fitted) : Json("none"), law,
                          std::isfinite(fitted) ? Json(1 / fitted) : Json("none")});
    if (std::isfinite(fitted)) run.metric(metric, fitted, "per light time");
  };
  row("light pressure deviator", "rate_light", rate.light, expected.light);
  row("heavy pressure deviator", "rate_heavy", rate.heavy, expected.heavy);
  row("temperature difference", "rate_temperature", rate.temperature, expected.temperature);
  run.table("clocks", table);
}

void compare(Run& run) {
  const auto path = run.options().path("temperatures");
  const auto file = io::read_csv(path, {.columns = {"t", "T1", "T2"}});
  const Eigen::Index rows = file.values.rows();
  if (rows < 2) throw InputError(fmt::format("{} has {} rows; a relaxation needs at least two", path.string(), rows));
  for (Eigen::Index i = 0; i < rows; ++i) {
    if (!file.values.row(i).allFinite()) {
      throw InputError(fmt::format("{}: row {} holds a value that is missing or not finite", path.string(), i + 1));
    }
    if (i > 0 && !(file.values(i, 0) > file.values(i - 1, 0))) {
      throw InputError(fmt::format("{}: the times t must ascend, but row {} has {} after {}", path.string(), i + 1,
                                   file.values(i, 0), file.values(i - 1, 0)));
    }
  }
  if (file.values(0, 0) < 0)
    throw InputError(fmt::format("{}: the first time is {}", path.string(), file.values(0, 0)));
  const RunCard card = card_of(run);
  auto mixture = mixture_of(run, card, run.parallel());
  const double eps = mixture.model().eps;
  const double unit = run.options().text("time-unit") == "light" ? eps * eps : 1.0;
  const auto steps = fixed_steps(run.options().real("dt"), file.values(rows - 1, 0) * unit);
  const auto result = relax_steps(run, mixture, steps, static_cast<int>(run.options().integer("snapshots")));
  report_relaxation(run, mixture, result);

  LinePlot plot;
  plot.title = "Temperatures beside the reader's own";
  plot.x = {.title = "relaxation time"};
  plot.y = {.title = "temperature"};
  Table table{"Temperatures", {"species", "largest difference", "root mean square"}, {}};
  for (const bool heavy : {false, true}) {
    Series mine{.name = heavy ? "T_H" : "T_L"};
    for (const Instant& i : result.path) {
      mine.x.push_back(i.time);
      mine.y.push_back(heavy ? i.heavy.temperature : i.light.temperature);
    }
    Series given{.name = heavy ? "T2 of the file" : "T1 of the file", .points = true};
    double largest = 0;
    double square = 0;
    for (Eigen::Index i = 0; i < rows; ++i) {
      const double t = file.values(i, 0) * unit;
      const double value = file.values(i, heavy ? 2 : 1);
      given.x.push_back(t);
      given.y.push_back(value);
      const double off = interpolate(result.path, t, heavy) - value;
      largest = std::max(largest, std::abs(off));
      square += off * off;
    }
    const double rms = std::sqrt(square / static_cast<double>(rows));
    plot.series.push_back(std::move(mine));
    plot.series.push_back(std::move(given));
    table.rows.push_back({heavy ? "heavy" : "light", largest, rms});
    run.metric(heavy ? "T2_largest_difference" : "T1_largest_difference", largest);
  }
  run.table("comparison", table);
  run.figure("comparison", Figure::line(plot));
}

}  // namespace offprint::papers::boltzmann_mixture
