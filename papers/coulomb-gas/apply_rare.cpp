// The actions rate-function and tilt.
#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "actions.hpp"
#include "offprint/core/error.hpp"
#include "offprint/coulomb/exact.hpp"
#include "offprint/coulomb/large_deviations.hpp"
#include "offprint/io/csv.hpp"
#include "picture.hpp"
#include "sampling.hpp"
#include "setup.hpp"

namespace offprint::papers::coulomb_gas {

using namespace coulomb;

namespace {

// Transitions on either side, in s.
std::vector<double> transitions(const LargeDeviations& ldf) {
  std::vector<double> out;
  for (const int sign : {-1, 1})
    if (const auto s = ldf.transition(sign)) out.push_back(*s);
  return out;
}

// The mean under the largest tilt of this sign that still holds the charges, up to |s| = 1.
double reach(const LargeDeviations& ldf, int sign) {
  for (double s = 1; s > 1e-4; s *= 0.5) {
    try {
      return ldf.at(sign * s).mean;
    } catch (const InputError&) {
      continue;
    }
  }
  return ldf.at(0).mean;
}

}  // namespace

void rate_function(Run& run) {
  const Options& o = run.options();
  const Setup setup = read_setup(o);
  const LargeDeviations ldf(setup.trap, setup.statistic, static_cast<int>(o.integer("cells")));
  const double typical = ldf.at(0).mean;
  double from = o.has("from") ? o.real("from") : reach(ldf, +1);
  double to = o.has("to") ? o.real("to") : reach(ldf, -1);
  if (!o.has("to") && !(std::abs(to - typical) > 1e-9 * (1 + std::abs(typical)))) {
    to = typical;
    run.note("Above the typical value single charges escape: there is no large deviation at speed N^2 on that side.");
  }
  if (!(from < to)) throw InputError(fmt::format("--from {:g} must be below --to {:g}", from, to));
  const auto points = ldf.rates(from, to, static_cast<int>(o.integer("points")), run.parallel());
  Table table{"Psi(Lambda)", {"Lambda", "Psi", "s", "phase", "inner radius", "outer radius"}, {}};
  for (const auto& p : points)
    table.rows.push_back({p.lambda, p.psi, p.gas.s, to_string(p.gas.phase), p.gas.inner, p.gas.outer});
  run.table("rate", table);
  std::vector<double> at;
  for (const double s : transitions(ldf)) {
    const double mean = ldf.at(s).mean;
    run.metric(s > 0 ? "transition_s" : "transition_s_negative", s);
    run.metric(s > 0 ? "transition_lambda" : "transition_lambda_negative", mean);
    if (mean >= from && mean <= to) at.push_back(mean);
  }
  run.metric("typical", typical);
  run.figure("rate",
             rate_figure(fmt::format("Rate function of {}, d = {}", setup.statistic.name(), setup.trap.dimension),
                         points, at));
  run.artifact("rate.csv", [&](const std::filesystem::path& path) {
    io::Table csv;
    csv.names = {"lambda", "psi", "s", "inner", "outer"};
    csv.values.resize(static_cast<Eigen::Index>(points.size()), 5);
    io::TextColumn phase{"phase", {}};
    for (std::size_t i = 0; i < points.size(); ++i) {
      const auto& p = points[i];
      csv.values.row(static_cast<Eigen::Index>(i)) << p.lambda, p.psi, p.gas.s, p.gas.inner, p.gas.outer;
      phase.values.push_back(to_string(p.gas.phase));
    }
    csv.text.push_back(std::move(phase));
    io::write_csv(path, csv);
  });
}

void tilt(Run& run) {
  const Options& o = run.options();
  const Setup setup = read_setup(o);
  const double s = o.real("s");
  const LargeDeviations ldf(setup.trap, setup.statistic, static_cast<int>(o.integer("cells")));
  const TiltedGas gas = ldf.at(s);
  run.metric("free_energy", gas.free_energy);
  run.metric("lambda", gas.mean);
  run.metric("psi", gas.free_energy - s * gas.mean);
  run.metric("outer_radius", gas.outer);
  run.metric("inner_radius", gas.inner);
  run.note(fmt::format("At s = {:g} the droplet is a {}.", s, to_string(gas.phase)));
  for (const double at : transitions(ldf)) run.metric(at > 0 ? "transition_s" : "transition_s_negative", at);
  const auto profile = ldf.profile(s, 500);
  run.figure("profile", profile_figure(fmt::format("Density in U + s f, f = {}", setup.statistic.name()),
                                       {"s = 0", fmt::format("s = {:g}", s)}, {ldf.profile(0, 500), profile}));
  run.artifact("profile.csv", [&](const std::filesystem::path& path) {
    Eigen::MatrixXd rows(static_cast<Eigen::Index>(profile.radius.size()), 2);
    for (Eigen::Index i = 0; i < rows.rows(); ++i)
      rows.row(i) << profile.radius[static_cast<std::size_t>(i)], profile.density[static_cast<std::size_t>(i)];
    io::write_csv(path, {"r", "density"}, rows);
  });
  if (!o.has("n")) return;

  // The tilted estimator: at s, and at s = 0 for the picture.
  const auto n = o.integer("n");
  std::vector<std::vector<double>> snapshots;
  for (const double at : {0.0, s}) {
    GasRun plan{.name = fmt::format("tilt {:g}", at),
                .trap = {setup.trap.dimension, RadialFunction::sum(setup.trap.potential, at, setup.statistic)},
                .n = n,
                .beta = setup.beta,
                .statistics = {setup.statistic}};
    plan.start_radius = ldf.at(at).outer;
    plan.groups = 2;
    plan.samples = std::max<std::size_t>(1, static_cast<std::size_t>(o.integer("samples")) / (16 * plan.rounds));
    const GasResult result = sample(run, plan);
    snapshots.push_back(result.snapshot);
    if (at != s || (s == 0 && snapshots.size() == 1)) continue;
    const auto mean = result.statistics[0].cumulants[1];
    const double count = static_cast<double>(n);
    run.metric("sampled_lambda", Estimate(mean.value / count, (mean.value - 1.96 * mean.error) / count,
                                          (mean.value + 1.96 * mean.error) / count));
    run.metric("r_hat", result.statistics[0].r_hat);
    if (setup.trap.dimension == 2 && setup.beta == 2)
      run.metric("exact_lambda",
                 IndependentRadii(plan.trap.potential, n).cumulants(setup.statistic, 1, run.parallel())[1] / count);
  }
  run.figure("droplet", droplet_figure(fmt::format("{} charges with and without the tilt", n),
                                       {"s = 0", fmt::format("s = {:g}", s)}, snapshots, setup.trap.dimension));
}

}  // namespace offprint::papers::coulomb_gas
