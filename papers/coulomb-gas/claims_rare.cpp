// C6 and C6s: the large-deviation form, past the transition to a hole too.
#include <array>
#include <cmath>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "claims.hpp"
#include "offprint/coulomb/exact.hpp"
#include "offprint/coulomb/large_deviations.hpp"
#include "picture.hpp"
#include "sampling.hpp"

namespace offprint::papers::coulomb_gas {

using namespace coulomb;

namespace {

constexpr std::array<double, 4> kTilts{0.1, 0.25, 0.5, 1.0};
constexpr std::array<double, 4> kEnergy{0.0117187, -0.0060233, -0.1286651, -0.5244527};
constexpr std::array<double, 4> kMean{0.0286327, -0.2719088, -0.6530272, -0.8749855};

Trap plane() { return {2, RadialFunction("r^2/2")}; }
RadialFunction cosine() { return RadialFunction("cos(2*r)"); }

struct Exact {
  double energy = 0;  // -ln ratio/(2 N^2)
  double mean = 0;
};

Exact exact(double s, long n, const Run& run) {
  const IndependentRadii plain(plane().potential, n);
  const IndependentRadii tilted(RadialFunction::sum(plane().potential, s, cosine()), n);
  const auto count = static_cast<double>(n);
  return {-(tilted.log_partition(run.parallel()) - plain.log_partition(run.parallel())) / (2 * count * count),
          tilted.cumulants(cosine(), 1, run.parallel())[1] / count};
}

}  // namespace

Measurement c6(const Claim&, Run& run) {
  const LargeDeviations ldf(plane(), cosine());
  Measurement measured;
  double table_energy = 0;
  double table_mean = 0;
  double raw = 0;
  double energy = 0;
  double mean = 0;
  Table table{"f = cos 2r, d = 2, beta = 2",
              {"s", "phase", "dF", "Lambda", "N", "exact -ln ratio/(2 N^2)", "exact <L>/N", "inner", "outer"},
              {}};
  for (std::size_t i = 0; i < kTilts.size(); ++i) {
    const TiltedGas gas = ldf.at(kTilts[i]);
    table_energy = std::max(table_energy, std::abs(gas.free_energy - kEnergy[i]));
    table_mean = std::max(table_mean, std::abs(gas.mean - kMean[i]));
    std::array<Exact, 3> at{};
    constexpr std::array<long, 3> kSizes{20, 100, 400};
    for (std::size_t n = 0; n < 3; ++n) {
      at[n] = exact(kTilts[i], kSizes[n], run);
      table.rows.push_back({kTilts[i], to_string(gas.phase), gas.free_energy, gas.mean, kSizes[n], at[n].energy,
                            at[n].mean, gas.inner, gas.outer});
    }
    raw = std::max(raw, std::abs(at[2].energy - gas.free_energy));
    energy = std::max(energy, std::abs((4 * at[2].energy - at[1].energy) / 3 - gas.free_energy));
    mean = std::max(mean, std::abs((4 * at[2].mean - at[1].mean) / 3 - gas.mean));
  }
  measured.set("table_energy", table_energy);
  measured.set("table_mean", table_mean);
  measured.set("energy_400", raw);
  measured.set("energy", energy);
  measured.set("mean", mean);
  measured.set("no_hole", std::abs(ldf.ball(0.5).mean - exact(0.5, 400, run).mean));
  measured.set("transition", ldf.transition(+1).value_or(NAN));
  run.table("tilts", table);

  // Between the means of the two tilts; Lambda falls with s.
  const auto points = ldf.rates(ldf.at(1.0).mean, ldf.at(-0.35).mean, 81, run.parallel());
  const double at_transition = ldf.at(ldf.transition(+1).value_or(0)).mean;
  run.figure("rate", rate_figure("Rate function of cos 2r in the plane", points, {at_transition}));
  std::vector<std::string> names;
  std::vector<LargeDeviations::Profile> profiles;
  for (const double s : {0.0, 0.25, 0.5, 1.0}) {
    names.push_back(fmt::format("s = {:g}", s));
    profiles.push_back(ldf.profile(s, 500));
  }
  run.figure("profiles", profile_figure("Density under a tilt: the hole of cos 2r opens at s = 1/4", names, profiles));
  return measured;
}

Measurement c6s(const Claim&, Run& run) { return measure_c6s(run, {}); }

Measurement measure_c6s(Run& run, const TiltedSizes& sizes) {
  const auto charges = static_cast<double>(sizes.charges);
  Measurement measured;
  Table table{fmt::format("Lambda(s) of cos 2r, N = {}, beta = 2", sizes.charges),
              {"s", "sampled", "error", "exact", "z", "N to infinity", "tau", "R-hat", "least acceptance"},
              {}};
  const LargeDeviations ldf(plane(), cosine());
  std::vector<std::string> names;
  std::vector<std::vector<double>> snapshots;
  double worst_rhat = 0;
  double error = 0;
  for (std::size_t i = 0; i < kTilts.size(); ++i) {
    const double s = kTilts[i];
    const TiltedGas limit = ldf.at(s);
    GasRun plan{.name = fmt::format("tilt {:g}", s),
                .trap = {2, RadialFunction::sum(plane().potential, s, cosine())},
                .n = sizes.charges,
                .beta = 2,
                .statistics = {cosine()}};
    plan.options.burn_in = sizes.burn_in;
    plan.start_radius = limit.outer;
    plan.samples = sizes.samples;
    const GasResult result = sample(run, plan);
    const auto mean = result.statistics[0].cumulants[1];
    const double known = exact(s, sizes.charges, run).mean;
    const double z = (mean.value / charges - known) / (mean.error / charges);
    measured.set(fmt::format("z_{}", i + 1), z);
    error = std::max(error, mean.error / charges);
    worst_rhat = std::max(worst_rhat, result.statistics[0].r_hat);
    table.rows.push_back({s, mean.value / charges, mean.error / charges, known, z, limit.mean, result.statistics[0].tau,
                          result.statistics[0].r_hat, result.least_acceptance});
    if (s == 0.1 || s == 1) {
      names.push_back(fmt::format("s = {:g}", s));
      snapshots.push_back(result.snapshot);
    }
  }
  measured.set("error", error);
  measured.set("r_hat", worst_rhat);
  run.table("tilts", table);
  run.figure("droplet",
             droplet_figure(fmt::format("{} charges in the trap U + s cos 2r", sizes.charges), names, snapshots, 2));
  return measured;
}

}  // namespace offprint::papers::coulomb_gas
