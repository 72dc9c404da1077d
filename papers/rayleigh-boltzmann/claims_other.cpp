// R7: collisions freeze for gamma < -1; R8: Maxwell molecules and their threshold.
#include <cmath>
#include <limits>
#include <vector>

#include <fmt/format.h>

#include "claims.hpp"
#include "offprint/kinetic/rayleigh_moments.hpp"
#include "offprint/kinetic/shear_flight.hpp"
#include "sampling.hpp"

namespace offprint::papers::rayleigh {
namespace {

using kinetic::RayleighObservations;
using kinetic::RayleighProcess;

// Mean of w_i w_i and its square over the particles of each batch.
std::vector<double> trace_sums(const RayleighObservations& seen) {
  std::vector<double> sums(2, 0.0);
  for (std::size_t i = 0; i < seen.particles; ++i) {
    const double w2 = std::exp(2 * seen.log_w1[i]) + std::exp(2 * seen.log_w2[i]) + std::exp(2 * seen.log_w3[i]);
    sums[0] += w2;
    sums[1] += w2 * w2;
  }
  return sums;
}

}  // namespace

Measurement r7(const Claim&, Run& run) {
  Measurement measured;
  // (i) first flights from (0, 1, 0.5): frozen ones never end
  constexpr std::size_t kDraws = 1000000;
  const std::uint64_t seed = run.seed() + 1;
  const RayleighProcess point({.exponent = 1.5, .point_background = true});
  const auto first = summed(sample(run, "R7-first", point, kinetic::fixed_start({0, 1, 0.5}), {700}, seed, kDraws,
                                   [](const RayleighObservations& seen) {
                                     std::vector<double> never(1, 0.0);
                                     for (const auto n : seen.collisions) never[0] += n == 0 ? 1 : 0;
                                     return never;
                                   }));
  const double exact = kinetic::FlightLaw(1.5).survival({0, 1, 0.5}, std::numeric_limits<double>::infinity(), 1);
  const double sigma = std::sqrt(exact * (1 - exact) / kDraws);
  run.metric("survival",
             Estimate(first[0] / kDraws, first[0] / kDraws - 1.96 * sigma, first[0] / kDraws + 1.96 * sigma));
  run.metric("survival_closed_form", exact);
  measured.set("survival_sigmas", std::abs(first[0] / kDraws - exact) / sigma);

  // (ii) the number of collisions from a thermal start
  constexpr std::size_t kParticles = 400000;
  const std::vector<double> taus{1, 2, 3, 4, 6, 8, 10, 12, 16, 20};
  const RayleighProcess process({.exponent = 1.5});
  auto counts = summed(sample(run, "R7-count", process, kinetic::thermal_start(seed), taus, seed, kParticles,
                              [](const RayleighObservations& seen) {
                                std::vector<double> sums(seen.log_times.size(), 0.0);
                                for (std::size_t k = 0; k < sums.size(); ++k)
                                  for (std::size_t i = 0; i < seen.particles; ++i)
                                    sums[k] += seen.collisions[k * seen.particles + i];
                                return sums;
                              }));
  for (double& c : counts) c /= kParticles;
  const auto amplitude = [&](std::size_t from, std::size_t to) {
    return (counts[to] - counts[from]) / (std::exp(-taus[from] / 2) - std::exp(-taus[to] / 2));
  };
  measured.set("limit", counts.back());
  measured.set("amplitude_8_12", amplitude(5, 7));
  measured.set("amplitude_12_16", amplitude(7, 8));
  Table table{"Mean number of collisions, a = 1.5", {"tau", "collisions"}, {}};
  Series series{.name = "limit - collisions by tau", .points = true};
  for (std::size_t k = 0; k < taus.size(); ++k) {
    table.rows.push_back({taus[k], counts[k]});
    if (taus[k] < 16) {
      series.x.push_back(taus[k]);
      series.y.push_back(counts.back() - counts[k]);
    }
  }
  run.table("collisions", table);
  Series law{.name = "1.09 exp(-tau/2)", .dashed = true};
  for (int i = 0; i <= 44; ++i) {
    const double tau = 1 + 0.25 * i;
    law.x.push_back(tau);
    law.y.push_back(1.09 * std::exp(-tau / 2));
  }
  run.figure("freezing", Figure::line({.title = "Collisions still to come, gamma = -1.5",
                                       .x = {.title = "tau = ln t"},
                                       .y = {.title = "collisions", .log = true},
                                       .series = {series, law}}));
  return measured;
}

Measurement r8(const Claim&, Run& run) {
  Measurement measured;
  constexpr std::size_t kParticles = 1000000;
  const std::uint64_t seed = run.seed() + 1;
  Table table{"tr M of Maxwell molecules", {"K/nu", "simulation", "standard error", "stationary state"}, {}};
  for (const double shear : {0.2, 0.4}) {
    const RayleighProcess process({.exponent = 0, .shear = shear});
    const auto sums = summed(sample(run, fmt::format("R8-{:.0f}", 10 * shear), process, kinetic::thermal_start(seed),
                                    {std::log(35.0)}, seed, kParticles, trace_sums));
    const double mean = sums[0] / kParticles;
    const double error = std::sqrt((sums[1] / kParticles - mean * mean) / kParticles);
    const double exact = kinetic::stationary_second_moments({.shear = shear}).trace();
    table.rows.push_back({shear, mean, error, exact});
    if (shear < 0.3) measured.set("sigmas_02", std::abs(mean - exact) / error);
    if (shear > 0.3) measured.set("relative_04", std::abs(mean / exact - 1));
  }
  const double stationary = kinetic::stationary_second_moments({.shear = 0.8}).trace();
  table.rows.push_back({0.8, "-", "-", stationary});
  measured.set("trace_08", stationary);
  measured.set("growth_1", kinetic::moment_growth_rate({.shear = 1}, 2));
  measured.set("threshold", kinetic::moment_threshold({}, 2));
  measured.set("threshold_4", kinetic::moment_threshold({}, 4));
  measured.set("threshold_6", kinetic::moment_threshold({}, 6));
  measured.set("threshold_8", kinetic::moment_threshold({}, 8));
  run.table("moments", table);
  return measured;
}

}  // namespace offprint::papers::rayleigh
