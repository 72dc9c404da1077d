// A sampled gas as a resumable ensemble: groups of chains over threads and ranks, in rounds that a kill does not lose.
#pragma once

#include <string>
#include <vector>

#include "offprint/core/run.hpp"
#include "offprint/coulomb/sampler.hpp"

namespace offprint::papers::coulomb_gas {

struct GasRun {
  std::string name;  ///< also keys the random numbers
  coulomb::Trap trap;
  long n = 0;
  double beta = 0;
  std::vector<coulomb::RadialFunction> statistics;
  coulomb::SamplerOptions options{};
  double start_radius = 0;     ///< of the ball where charges start; 0: the droplet's edge
  std::size_t groups = 4;      ///< of 8 chains (1 for a large gas)
  std::size_t rounds = 4;      ///< even; each is a block of the jackknife and a checkpoint
  std::size_t samples = 1000;  ///< of a chain in a round
  int order = 4;
};

struct StatisticResult {
  std::vector<coulomb::CumulantEstimate> cumulants;  ///< kappa_q with jackknife errors over chains and rounds
  double tau = 0;                                    ///< integrated autocorrelation time in samples
  double n_eff = 0;
  double r_hat = 0;
  std::vector<double> trace;  ///< some values of L, for a histogram
};

struct GasResult {
  std::vector<StatisticResult> statistics;
  std::size_t chains = 0;
  double samples = 0;  ///< of all chains
  double least_acceptance = 0;
  double mean_acceptance = 0;
  double least_virial = 0;  ///< beta <sum x . grad E>/(d N) by chain: 1
  double largest_virial = 0;
  double step = 0;               ///< of group 0
  std::vector<double> snapshot;  ///< positions of the first chain at the end, n rows of d
};

/// Runs it. The same numbers for any number of threads and ranks, and after a kill.
[[nodiscard]] GasResult sample(Run& run, const GasRun& gas);

/// Of kappa_q: k_q* and its error.
[[nodiscard]] coulomb::CumulantEstimate reduced(const coulomb::CumulantEstimate& kappa, std::size_t q, double n,
                                                double beta);

}  // namespace offprint::papers::coulomb_gas
