// Markov chains of the gas in any dimension up to 3, at any beta: Hamiltonian Monte Carlo and single-particle
// Metropolis, eight chains in lockstep, or one large gas with a tree for its forces.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "offprint/core/bulk_normal.hpp"
#include "offprint/core/parallel.hpp"
#include "offprint/core/random.hpp"
#include "offprint/coulomb/equilibrium.hpp"
#include "offprint/coulomb/k_statistics.hpp"

namespace offprint::coulomb {

enum class Engine { kHmc, kMetropolis };

/// The number of charges beyond which an accepted trajectory costs a chain less by the tree than by all pairs in
/// lockstep: 2500 in the plane, 4000 in space (bench/coulomb, `crossover`: trajectories of 16 steps, about what burn-in
/// adapts to at such sizes, with one exact energy each). In space whole trajectories cross near 2500 already, but the
/// tree's errors cost up to a quarter of the acceptance. On a line, which has no tree, it means nothing.
[[nodiscard]] long tree_size(int d);

struct SamplerOptions {
  Engine engine = Engine::kHmc;
  /// HMC: leapfrog steps of a trajectory; 0: a quarter period of the breathing mode, (pi/2)/sqrt(d beta N), where the
  /// autocorrelation of sum r^2 is least (a full period would be the worst choice).
  int steps = 0;
  /// HMC: the step in units of 1/sqrt(beta N); Metropolis: the proposal's width in units of N^(-1/d). 0: adapted during
  /// burn-in towards `target`, starting from 0.3.
  double step = 0;
  /// Acceptance that the adaptation aims at: 0.85 for HMC; Metropolis uses 0.4 whatever this says.
  double target = 0.85;
  /// Trajectories (sweeps) that are thrown away. A first part of them, at most 300, runs at a tenth of the step: from a
  /// random start a close pair would freeze a chain for ever.
  int burn_in = 1000;
  /// Trajectories (sweeps) from one sample to the next.
  int thin = 1;
  /// Beyond this many charges: one chain a group, forces by the tree (exact energies in the acceptance). 0: tree_size
  /// of the dimension.
  long tree_from = 0;
};

/// Everything a group of chains needs to go on: what a checkpoint keeps.
struct ChainState {
  std::vector<double> x;  ///< coordinate c of charge i of lane l at (c n + i) lanes + l
  Stream random;
  BulkNormal normals;
  double step = 0;               ///< in the engine's own length
  std::uint64_t moves = 0;       ///< trajectories or sweeps after burn-in
  std::vector<double> accepted;  ///< mean acceptance sums, by lane
  std::vector<double> virial;    ///< sums of beta sum x . grad E / (d N), by lane
  std::uint64_t samples = 0;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(x, random, normals, step, moves, accepted, virial, samples);
  }
};

/// What a stretch of sampling gives, by statistic and lane.
struct ChainBlock {
  std::vector<std::vector<PowerSums>> sums;             ///< [statistic][lane]
  std::vector<std::vector<std::vector<double>>> trace;  ///< [statistic][lane]: the first values, for autocorrelations

  template <class Archive>
  void serialize(Archive& archive) {
    archive(sums, trace);
  }
};

/// Samples a trap's gas of n charges at inverse temperature beta. Chain groups are independent; a group is a function
/// of (seed, group) only.
class GasSampler {
 public:
  /// Throws InputError: dimension outside 1..3, n < 2, beta <= 0, options out of range, or a trap that does not hold
  /// the charges. `start_radius`: of the ball in which charges start, uniformly; 0: the droplet's edge.
  GasSampler(Trap trap, long n, double beta, SamplerOptions options = {}, double start_radius = 0);

  /// Chains of a group: 8, or 1 beyond options.tree_from.
  [[nodiscard]] std::size_t lanes() const { return lanes_; }
  /// A group after burn-in.
  [[nodiscard]] ChainState start(std::uint64_t seed, std::uint64_t group, const Parallel& how = {.threads = 1}) const;
  /// Advances the group by `samples` samples. Statistics are summed about `centres`, one each; the first `kept` values
  /// of each are kept.
  ChainBlock advance(ChainState& state, std::size_t samples, std::span<const RadialFunction> statistics,
                     std::span<const double> centres, std::size_t kept = 2048,
                     const Parallel& how = {.threads = 1}) const;
  /// Coordinates of one lane as n rows of d.
  [[nodiscard]] std::vector<double> positions(const ChainState& state, std::size_t lane) const;

  [[nodiscard]] const Trap& trap() const { return trap_; }
  [[nodiscard]] long charges() const { return static_cast<long>(n_); }
  [[nodiscard]] double beta() const { return beta_; }
  /// Leapfrog steps at a step of this length.
  [[nodiscard]] int trajectory_steps(double step) const;

 private:
  struct Work;
  void evaluate(Work& work, std::span<const double> x, bool exact, const Parallel& how) const;
  double move(Work& work, ChainState& state, double step, const Parallel& how) const;
  double trajectory(Work& work, ChainState& state, double step, int steps, const Parallel& how) const;
  double sweep(Work& work, ChainState& state, double width) const;

  Trap trap_;
  std::size_t n_;
  std::size_t dims_;
  double beta_;
  SamplerOptions options_;
  double start_radius_;
  std::size_t lanes_;
};

}  // namespace offprint::coulomb
