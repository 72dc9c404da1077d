// The action moments: second moments of a sheared particle whose collisions keep up with the shear, by equations for
// Maxwell molecules (gamma = 0) and by simulation for hard potentials (0 < gamma < 1).
#include <cmath>
#include <vector>

#include <fmt/format.h>

#include "actions.hpp"
#include "offprint/core/error.hpp"
#include "offprint/io/csv.hpp"
#include "offprint/kinetic/rayleigh_moments.hpp"
#include "tally.hpp"

namespace offprint::papers::rayleigh {
namespace {

kinetic::MaxwellShear maxwell_of(const Setup& setup) {
  return {setup.model.rate, setup.model.shear, setup.model.factor, setup.model.angular};
}

void maxwell_moments(Run& run, const Setup& setup) {
  const auto model = maxwell_of(setup);
  std::vector<double> times;
  for (const double tau : setup.log_times) times.push_back(std::exp(tau));
  if (times.empty())
    for (int k = 0; k <= 60; ++k) times.push_back(k / model.rate);
  const double unit = std::exp(2 * setup.log_unit);
  const auto path = kinetic::second_moments(model, setup.start_moments, times);
  Table table{"Second moments, from the start", {"t", "M11", "M22", "M33", "M12", "trace"}, {}};
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

}  // namespace

void tell_moments(Run& run, const Setup& setup, const Tally& tally) {
  const double unit = std::exp(2 * setup.log_unit);
  constexpr std::size_t kCount = SecondMoments::kNames.size();
  Table table{"Second moments with the half width of their 95 % intervals",
              {"t", "M11", "+-", "M22", "+-", "M33", "+-", "M12", "+-", "trace", "+-"},
              {}};
  Eigen::MatrixXd rows(static_cast<Eigen::Index>(tally.moments.size()), 1 + 2 * static_cast<Eigen::Index>(kCount));
  std::vector<Series> curves(2);
  curves[0].name = "tr M";
  curves[1].name = "-M12";
  for (auto& c : curves) c.x.push_back(0);
  curves[0].y.push_back(unit * setup.start_moments.trace());
  curves[1].y.push_back(-unit * setup.start_moments(0, 1));
  for (std::size_t k = 0; k < tally.moments.size(); ++k) {
    const double t = std::exp(setup.log_times[k]);
    std::vector<Json> cells{t};
    const auto row = static_cast<Eigen::Index>(k);
    rows(row, 0) = t;
    for (std::size_t e = 0; e < kCount; ++e) {
      const auto column = static_cast<Eigen::Index>(e);
      rows(row, 1 + 2 * column) = unit * tally.moments[k].mean(e);
      rows(row, 2 + 2 * column) = 1.96 * unit * tally.moments[k].standard_error(e);
      cells.emplace_back(rows(row, 1 + 2 * column));
      cells.emplace_back(rows(row, 2 + 2 * column));
    }
    table.rows.push_back(std::move(cells));
    for (std::size_t c = 0; c < 2; ++c) curves[c].x.push_back(t);
    curves[0].y.push_back(unit * tally.moments[k].mean(4));
    curves[1].y.push_back(-unit * tally.moments[k].mean(3));
  }
  run.table("moments", table);
  if (!std::isfinite(tally.stationary.square[4])) {
    run.note("The second moments have left the range of doubles: there is no stationary state at this shear.");
    return;
  }
  if (setup.exponent() == 0 && setup.model.shear > 0) {
    const auto model = maxwell_of(setup);
    if (kinetic::moment_growth_rate(model, 2) >= 0) {
      run.note(
          "K is above the threshold of gamma = 0 (see moments): second moments grow for ever, and means over particles "
          "hang on a few of them.");
      return;
    }
    if (kinetic::moment_growth_rate(model, 4) >= 0)
      run.note("Fourth moments are infinite at this K (gamma = 0): the intervals of second moments are not reliable.");
  }
  for (std::size_t e = 0; e < kCount; ++e)
    run.metric(fmt::format("stationary_{}", SecondMoments::kNames.at(e)), tally.stationary.estimate(e, unit));
  const auto& early = tally.moments[tally.first_late];
  const auto& last = tally.moments.back();
  const double change = last.mean(4) - early.mean(4);
  const double sigma = std::hypot(last.standard_error(4), early.standard_error(4));
  const std::string span = fmt::format("from t = {:.4g} to t = {:.4g}", std::exp(setup.log_times[tally.first_late]),
                                       std::exp(setup.log_times.back()));
  if (tally.first_late + 1 == tally.moments.size()) {
    run.note(
        "The stationary_ values are those of the last time: whether they have settled takes another time in the "
        "second half.");
  } else if (std::abs(change) > 4 * sigma) {
    run.note(
        fmt::format("Not stationary yet: tr M changed by {:.4g} ({:.1f} standard errors) {}; the stationary_ "
                    "values are means over a state that still moves.",
                    unit * change, std::abs(change) / sigma, span));
  } else {
    run.note(
        fmt::format("The stationary_ values are each particle's mean {}, with 95 % intervals over particles; tr M "
                    "changed by {:.4g} there, {:.1f} standard errors.",
                    span, unit * change, sigma > 0 ? std::abs(change) / sigma : 0.0));
  }
  if (tally.moments.size() > 1)
    run.figure("moments", Figure::line({.title = fmt::format("Second moments, gamma = {}", 0.0 - setup.exponent()),
                                        .x = {.title = "t"},
                                        .y = {.title = "moment"},
                                        .series = curves}));
  std::vector<std::string> names{"t"};
  for (const auto* name : SecondMoments::kNames) {
    names.emplace_back(name);
    names.push_back(fmt::format("{}_half_width", name));
  }
  run.artifact("moments.csv", [&](const std::filesystem::path& path) { io::write_csv(path, names, rows); });
}

void moments(Run& run) {
  Setup setup = read_setup(run, 0, {}, 100000);
  if (setup.exponent() > 0)
    throw InputError(fmt::format(
        "moments: for gamma = {} single particles dominate the second moments; they are for gamma in [0, 1)",
        -setup.exponent()));
  if (setup.model.point_background)
    throw InputError("moments: a background at rest has no stationary state; take the thermal one");
  if (setup.exponent() == 0) {
    maxwell_moments(run, setup);
    return;
  }
  limit_times(setup);
  run.note(
      fmt::format("gamma = {}: the equations of the moments do not close, so {} particles are simulated exactly. "
                  "Start: {}.",
                  -setup.exponent(), setup.particles, setup.start_text));
  tell_moments(run, setup, tally(run, "moments", setup));
}

}  // namespace offprint::papers::rayleigh
