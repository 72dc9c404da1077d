// The action tilt: the gas in U + s f at one s, or at a ladder of s.
#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "actions.hpp"
#include "offprint/core/error.hpp"
#include "offprint/coulomb/large_deviations.hpp"
#include "offprint/io/csv.hpp"
#include "picture.hpp"
#include "setup.hpp"
#include "tilting.hpp"

namespace offprint::papers::coulomb_gas {

using namespace coulomb;

namespace {

// At one s.
void tilt_once(Run& run, const Setup& setup, const LargeDeviations& ldf) {
  const Options& o = run.options();
  const double s = o.real("s");
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
    const GasResult result = sample_tilted(run, setup, ldf, n, at, 1);
    snapshots.push_back(result.snapshot);
    if (at != s || (s == 0 && snapshots.size() == 1)) continue;
    const auto mean = result.statistics[0].cumulants[1];
    const double count = static_cast<double>(n);
    run.metric("sampled_lambda", Estimate(mean.value / count, (mean.value - 1.96 * mean.error) / count,
                                          (mean.value + 1.96 * mean.error) / count));
    run.metric("r_hat", result.statistics[0].r_hat);
    if (const ExactTilt exact(setup, n); exact.known()) run.metric("exact_lambda", exact.mean(s, run.parallel()));
  }
  run.figure("droplet", droplet_figure(fmt::format("{} charges with and without the tilt", n),
                                       {"s = 0", fmt::format("s = {:g}", s)}, snapshots, setup.trap.dimension));
}

}  // namespace

void tilt(Run& run) {
  const Options& o = run.options();
  const Setup setup = read_setup(o);
  const std::vector<double> rungs = read_rungs(o);
  if (o.has("s") == !rungs.empty())
    throw InputError("tilt needs --s for one tilt, or --ladder (or --to and --points) for several; not both");
  const LargeDeviations ldf(setup.trap, setup.statistic, static_cast<int>(o.integer("cells")));
  if (rungs.empty())
    tilt_once(run, setup, ldf);
  else
    climb(run, setup, ldf, rungs);
}

}  // namespace offprint::papers::coulomb_gas
