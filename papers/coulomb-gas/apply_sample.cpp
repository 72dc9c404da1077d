// The action sample: chains, or independent configurations, and their cumulants against the prediction.
#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "actions.hpp"
#include "offprint/core/error.hpp"
#include "offprint/coulomb/exact_samples.hpp"
#include "offprint/io/csv.hpp"
#include "picture.hpp"
#include "sampling.hpp"
#include "setup.hpp"

namespace offprint::papers::coulomb_gas {

using namespace coulomb;

namespace {

void show_health(Run& run, const GasResult& result) {
  run.metric("chains", static_cast<double>(result.chains));
  run.metric("samples", result.samples);
  run.metric("tau_int", result.statistics[0].tau);
  run.metric("n_eff", result.statistics[0].n_eff);
  run.metric("r_hat", result.statistics[0].r_hat);
  run.metric("acceptance", result.mean_acceptance);
  run.metric("least_acceptance", result.least_acceptance);
  run.metric("least_virial", result.least_virial);
  run.metric("largest_virial", result.largest_virial);
  if (result.statistics[0].r_hat > 1.05)
    run.note(fmt::format("The chains disagree (R-hat {:.3f}): let them run longer.", result.statistics[0].r_hat));
  if (result.least_acceptance < 0.2 * result.mean_acceptance)
    run.note(fmt::format("A chain accepts only {:.2g} of its moves, the mean is {:.2g}: it may be frozen.",
                         result.least_acceptance, result.mean_acceptance));
}

// What one stream of independent configurations gives.
struct Part {
  PowerSums sums;
  std::vector<double> values;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(sums, values);
  }
};

GasResult independent(Run& run, const Setup& setup, const GasRun& plan) {
  if (setup.trap.dimension != 2 || setup.beta != 2 || setup.trap.potential.name() != "r^2/2")
    throw InputError("--engine exact samples the Ginibre gas only: --dim 2 --beta 2 --potential r^2/2");
  GasResult result;
  result.chains = plan.groups * 8;
  const std::size_t each = plan.samples * plan.rounds;
  const double centre = static_cast<double>(plan.n) * setup.statistic(0.7);
  const auto parts = run.ensemble("independent samples", result.chains, [&](std::size_t g) {
    Stream random = run.stream("ginibre radii", g);
    Part part{PowerSums(centre), {}};
    for (std::size_t i = 0; i < each; ++i) {
      const auto r = ginibre_radii(plan.n, random);
      std::vector<double> value(r.size());
      setup.statistic.evaluate(r, value, {});
      double total = 0;
      for (const double v : value) total += v;
      part.sums.add(total);
      if (part.values.size() < 2048) part.values.push_back(total);
    }
    return part;
  });
  std::vector<PowerSums> blocks;
  StatisticResult s;
  for (const auto& part : parts) {
    blocks.push_back(part.sums);
    s.trace.insert(s.trace.end(), part.values.begin(), part.values.end());
  }
  s.cumulants = jackknife_cumulants(blocks, plan.order);
  s.tau = 1;
  result.samples = static_cast<double>(each * result.chains);
  s.n_eff = result.samples;
  s.r_hat = r_hat(blocks);
  result.statistics = {s};
  result.mean_acceptance = result.least_acceptance = 1;
  result.least_virial = result.largest_virial = 1;
  if (plan.n <= 2000) {
    Stream random = run.stream("ginibre positions");
    for (const auto& z : ginibre_eigenvalues(plan.n, random)) {
      result.snapshot.push_back(z.real());
      result.snapshot.push_back(z.imag());
    }
  }
  return result;
}

}  // namespace

void sample_action(Run& run) {
  const Options& o = run.options();
  const Setup setup = read_setup(o);
  const Orders orders = read_orders(o.text("orders"), kMaxOrder);
  GasRun plan{
      .name = "sample", .trap = setup.trap, .n = o.integer("n"), .beta = setup.beta, .statistics = {setup.statistic}};
  const std::string engine = o.text("engine");
  plan.options.engine = engine == "metropolis" ? Engine::kMetropolis : Engine::kHmc;
  plan.options.burn_in = static_cast<int>(o.integer("burn-in"));
  plan.options.thin = static_cast<int>(o.integer("thin"));
  plan.options.steps = static_cast<int>(o.integer("steps"));
  plan.options.step = o.real("step");
  plan.order = std::max(orders.last, 4);
  const GasSampler shape(plan.trap, plan.n, plan.beta, plan.options);  // complains before anything is computed
  const auto wanted = static_cast<std::size_t>(o.integer("samples"));
  const auto lanes = shape.lanes();
  plan.groups = std::max<std::size_t>(1, (static_cast<std::size_t>(o.integer("chains")) + lanes - 1) / lanes);
  plan.samples = std::max<std::size_t>(1, wanted / (plan.groups * lanes * plan.rounds));
  if (plan.groups * lanes * plan.rounds < 8)
    throw InputError(fmt::format("--chains {}: at least 2 chains are needed for an error", o.integer("chains")));
  const auto n = static_cast<double>(plan.n);
  const Theory t = theory(setup, n, plan.order, run);
  warn_of_curvature(run, setup, n);
  const GasResult result = engine == "exact" ? independent(run, setup, plan) : sample(run, plan);
  const StatisticResult& s = result.statistics[0];
  show_health(run, result);
  report_cumulants(
      run, setup, n, orders, s.cumulants, t,
      {{"engine", engine}, {"samples", result.samples}, {"tau_int", s.tau}, {"n_eff", s.n_eff}, {"r_hat", s.r_hat}});
  run.figure("histogram",
             histogram_figure(fmt::format("sum f, f = {}, N = {}", setup.statistic.name(), plan.n), s.trace,
                              s.cumulants[1].value, s.cumulants[2].value, s.cumulants[3].value, s.cumulants[4].value));
  if (!result.snapshot.empty()) {
    const int d = setup.trap.dimension;
    run.figure("droplet", droplet_figure(fmt::format("{} charges", plan.n), {"charges"}, {result.snapshot}, d));
    run.artifact("snapshot.csv", [&](const std::filesystem::path& path) {
      const Eigen::Map<const Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>> x(
          result.snapshot.data(), plan.n, d);
      std::vector<std::string> names{"x", "y", "z"};
      names.resize(static_cast<std::size_t>(d));
      io::write_csv(path, names, Eigen::MatrixXd(x));
    });
  }
  run.artifact("values.csv", [&](const std::filesystem::path& path) {
    io::write_csv(path, {"L"},
                  Eigen::Map<const Eigen::VectorXd>(s.trace.data(), static_cast<Eigen::Index>(s.trace.size())));
  });
}

}  // namespace offprint::papers::coulomb_gas
