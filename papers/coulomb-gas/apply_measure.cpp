// The action measure: the reader's configurations against the prediction.
#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "actions.hpp"
#include "configurations.hpp"
#include "offprint/core/error.hpp"
#include "picture.hpp"
#include "setup.hpp"

namespace offprint::papers::coulomb_gas {

using namespace coulomb;

void measure(Run& run) {
  const Options& o = run.options();
  const Setup setup = read_setup(o);
  const Orders orders = read_orders(o.text("orders"), kMaxOrder);
  const double scale = o.real("scale");
  if (!(scale > 0)) throw InputError(fmt::format("--scale must be positive, not {}", scale));
  const std::vector<std::string> files = configuration_files(o.paths("data"));
  const std::string file =
      files.size() == 1 ? files[0] : fmt::format("{} and {} more files", files[0], files.size() - 1);
  const Measured data = read_configurations(files, setup.trap.dimension, scale, setup.statistic, run.parallel());
  const std::size_t snapshots = data.values.size();
  if (snapshots < 2)
    throw InputError(
        fmt::format("{}: there is one snapshot only; cumulants need many (more files, where each holds one)", file));

  const double tau = autocorrelation_time(data.values);
  const double independent = static_cast<double>(snapshots) / std::max(std::isnan(tau) ? 1.0 : tau, 1.0);
  const double needed = std::pow(2.0, orders.last);
  if (independent < needed)
    throw InputError(
        fmt::format("{}: {} snapshots with an autocorrelation time of {:.3g} are about {:.0f} independent ones; order "
                    "{} needs at least "
                    "2^{} = {:.0f} independent samples",
                    file, snapshots, tau, independent, orders.last, orders.last, needed));
  const auto blocks = static_cast<std::size_t>(o.integer("blocks"));
  if (static_cast<double>(snapshots) < 8.0 * std::max(tau, 1.0) || snapshots < blocks)
    throw InputError(
        fmt::format("{}: {} snapshots do not give {} blocks (at least 8 must be longer than the "
                    "autocorrelation time {:.3g})",
                    file, snapshots, blocks, tau));
  double centre = 0;
  for (const double v : data.values) centre += v / static_cast<double>(snapshots);
  std::vector<PowerSums> sums(blocks, PowerSums(centre));
  for (std::size_t i = 0; i < snapshots; ++i) sums[i * blocks / snapshots].add(data.values[i]);
  if (static_cast<double>(snapshots) / static_cast<double>(blocks) < 2 * tau)
    run.note(
        fmt::format("A block of {:.0f} snapshots is shorter than twice the autocorrelation time {:.3g}: errors are too "
                    "small; use fewer --blocks.",
                    static_cast<double>(snapshots) / static_cast<double>(blocks), tau));
  const auto kappa = jackknife_cumulants(sums, std::max(orders.last, 4));
  const auto n = static_cast<double>(data.charges);
  const Theory t = theory(setup, n, std::max(orders.last, 4), run);
  warn_of_curvature(run, setup, n);
  const auto edge = droplet_edge<double>(setup.trap);
  run.metric("charges", n);
  run.metric("snapshots", static_cast<double>(snapshots));
  run.metric("tau_int", tau);
  run.metric("n_eff", static_cast<double>(snapshots) / tau);
  run.metric("largest_radius", data.largest_radius);
  if (data.largest_radius > 3 * edge || data.largest_radius < 0.3 * edge)
    run.note(
        fmt::format("Radii reach {:.3g}, and the droplet of this trap ends at {:.3g}: the file may be in other units "
                    "(--scale multiplies coordinates; eigenvalues of a matrix with entries of variance 1 need "
                    "1/sqrt(N) = {:.4g}).",
                    data.largest_radius, edge, 1 / std::sqrt(n)));
  report_cumulants(run, setup, n, orders, kappa, t,
                   {{"file", file}, {"snapshots", snapshots}, {"blocks", blocks}, {"tau_int", tau}});
  run.figure("histogram",
             histogram_figure(fmt::format("sum f, f = {}, {} snapshots", setup.statistic.name(), snapshots),
                              data.values, kappa[1].value, kappa[2].value, kappa[3].value, kappa[4].value));
  run.figure("droplet", droplet_figure("The last snapshot", {"charges"}, {data.last}, setup.trap.dimension));
}

}  // namespace offprint::papers::coulomb_gas
