#include "sampling.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "offprint/core/hash.hpp"
#include "offprint/coulomb/cumulants.hpp"

namespace offprint::papers::coulomb_gas {

using namespace coulomb;

namespace {

// A group at the end of a round and what the round gave.
struct Stretch {
  ChainState state;
  ChainBlock block;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(state, block);
  }
};

// Near the mean; only rounding depends on it.
double centre(const GasRun& gas, const RadialFunction& f) {
  const double edge = droplet_edge<double>(gas.trap);
  const double inner = f(0.7 * edge);
  return static_cast<double>(gas.n) * (std::isfinite(inner) ? inner : 0);
}

}  // namespace

GasResult sample(Run& run, const GasRun& gas) {
  const GasSampler sampler(gas.trap, gas.n, gas.beta, gas.options, gas.start_radius);
  std::vector<double> centres;
  for (const auto& f : gas.statistics) centres.push_back(centre(gas, f));
  const std::uint64_t first = fnv1a(gas.name) << 20U;
  const std::size_t lanes = sampler.lanes();
  const std::size_t lots = gas.statistics.size();
  const std::size_t chains = gas.groups * lanes;

  std::vector<ChainState> states(gas.groups);
  std::vector<std::vector<PowerSums>> blocks(lots);
  std::vector<std::vector<PowerSums>> halves(lots, std::vector<PowerSums>(2 * chains));
  for (std::size_t f = 0; f < lots; ++f) std::fill(halves[f].begin(), halves[f].end(), PowerSums(centres[f]));
  GasResult result;
  result.statistics.resize(lots);
  std::vector<double> tau(lots, 0.0);
  for (std::size_t round = 0; round < gas.rounds; ++round) {
    auto stretch = run.ensemble(fmt::format("{} round {}", gas.name, round + 1), gas.groups, [&](std::size_t g) {
      Parallel how{.threads = 1, .cancel = run.parallel().cancel, .done = {}};
      if (lanes == 1 && gas.groups == 1) how.threads = run.parallel().threads;
      Stretch s;
      s.state = round == 0 ? sampler.start(run.seed(), first + g, how) : states[g];
      s.block = sampler.advance(s.state, gas.samples, gas.statistics, centres, round == 0 ? 2048 : 0, how);
      return s;
    });
    for (std::size_t g = 0; g < gas.groups; ++g) {
      for (std::size_t f = 0; f < lots; ++f)
        for (std::size_t l = 0; l < lanes; ++l) {
          const PowerSums& sums = stretch[g].block.sums[f][l];
          blocks[f].push_back(sums);
          halves[f][2 * (g * lanes + l) + (2 * round < gas.rounds ? 0 : 1)] += sums;
          if (round > 0) continue;
          const auto& trace = stretch[g].block.trace[f][l];
          tau[f] += autocorrelation_time(trace) / static_cast<double>(chains);
          auto& kept = result.statistics[f].trace;
          if (kept.size() < 40000) kept.insert(kept.end(), trace.begin(), trace.end());
        }
      states[g] = std::move(stretch[g].state);
    }
  }
  result.chains = chains;
  result.samples = static_cast<double>(chains * gas.rounds * gas.samples);
  for (std::size_t f = 0; f < lots; ++f) {
    StatisticResult& s = result.statistics[f];
    s.cumulants = jackknife_cumulants(blocks[f], gas.order);
    s.tau = tau[f];
    s.n_eff = result.samples / tau[f];
    s.r_hat = r_hat(halves[f]);
  }
  result.least_acceptance = std::numeric_limits<double>::infinity();
  result.least_virial = std::numeric_limits<double>::infinity();
  result.largest_virial = -std::numeric_limits<double>::infinity();
  for (const auto& state : states)
    for (std::size_t l = 0; l < lanes; ++l) {
      const double accepted = state.accepted[l] / static_cast<double>(state.moves);
      const double virial = state.virial[l] / static_cast<double>(state.samples);
      result.least_acceptance = std::min(result.least_acceptance, accepted);
      result.mean_acceptance += accepted / static_cast<double>(chains);
      result.least_virial = std::min(result.least_virial, virial);
      result.largest_virial = std::max(result.largest_virial, virial);
    }
  result.step = states[0].step;
  result.snapshot = sampler.positions(states[0], 0);
  return result;
}

CumulantEstimate reduced(const CumulantEstimate& kappa, std::size_t q, double n, double beta) {
  const double unit = std::pow(n, static_cast<double>(q) - 2) * std::pow(beta, static_cast<double>(q) - 1);
  return {kappa.value * unit, kappa.error * unit};
}

}  // namespace offprint::papers::coulomb_gas
