#include "offprint/coulomb/sampler.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

#include <fmt/format.h>

#include "offprint/core/error.hpp"
#include "offprint/coulomb/lockstep_moves.hpp"
#include "offprint/coulomb/pair_forces.hpp"
#include "offprint/coulomb/tree.hpp"

namespace offprint::coulomb {

long tree_size(int d) { return d == 2 ? 2500 : 4000; }

GasSampler::GasSampler(Trap trap, long n, double beta, SamplerOptions options, double start_radius)
    : trap_(std::move(trap)),
      n_(static_cast<std::size_t>(std::max(n, 0L))),
      dims_(static_cast<std::size_t>(std::max(trap_.dimension, 0))),
      beta_(beta),
      options_(options),
      start_radius_(start_radius) {
  if (trap_.dimension < 1 || trap_.dimension > 3)
    throw InputError(fmt::format("the sampler works in d = 1, 2 and 3, not {}", trap_.dimension));
  if (n < 2) throw InputError(fmt::format("at least 2 charges are needed, not {}", n));
  if (!(beta > 0) || !std::isfinite(beta)) throw InputError(fmt::format("beta must be positive, not {}", beta));
  if (options.steps < 0 || options.step < 0 || options.burn_in < 0 || options.thin < 1 ||
      !(options.target > 0 && options.target < 1))
    throw InputError("a sampler needs steps >= 0, step >= 0, burn-in >= 0, thin >= 1 and a target between 0 and 1");
  if (start_radius_ == 0) start_radius_ = droplet_edge<double>(trap_);
  if (options_.tree_from == 0) options_.tree_from = tree_size(trap_.dimension);
  const bool large = n > options_.tree_from && trap_.dimension > 1 && options.engine == Engine::kHmc;
  lanes_ = large ? 1 : kLanes;
}

// Forces and energies of the present positions, and room to work in.
struct GasSampler::Work {
  Work(std::size_t n, std::size_t d, std::size_t lanes)
      : force(n * d * lanes),
        momentum(n * d * lanes),
        trial(n * d * lanes),
        radius(n * lanes),
        potential(n * lanes),
        slope(n * lanes),
        energy(lanes),
        pair(lanes) {}
  std::vector<double> force;  // -beta grad E
  std::vector<double> momentum;
  std::vector<double> trial;
  std::vector<double> radius;
  std::vector<double> potential;
  std::vector<double> slope;
  std::vector<double> energy;  // beta E, by lane
  std::vector<double> pair;
  std::vector<double> old_force;
  bool fresh = false;  // whether force and energy are those of the state
};

int GasSampler::trajectory_steps(double step) const {
  if (options_.steps > 0) return options_.steps;
  const double quarter =
      0.5 * std::numbers::pi / std::sqrt(static_cast<double>(dims_) * beta_ * static_cast<double>(n_));
  return std::clamp(static_cast<int>(std::lround(quarter / step)), 1, 1000);
}

namespace {

// Sums by chain, in the order of rows.
void sum_rows(std::size_t lanes, std::span<const double> value, std::span<double> sum) {
  std::fill(sum.begin(), sum.end(), 0.0);
  if (lanes == kLanes)
    add_rows(value, sum);
  else
    for (const double v : value) sum[0] += v;
}

void sum_row_products(std::size_t lanes, double a, std::span<const double> x, std::span<const double> y,
                      std::span<double> sum) {
  std::fill(sum.begin(), sum.end(), 0.0);
  if (lanes == kLanes)
    add_row_products(a, x, y, sum);
  else
    for (std::size_t k = 0; k < x.size(); ++k) sum[0] += a * x[k] * y[k];
}

}  // namespace

// `exact`: energies too, and exact forces whatever the size.
void GasSampler::evaluate(Work& work, std::span<const double> x, bool exact, const Parallel& how) const {
  const int d = trap_.dimension;
  if (lanes_ == kLanes)
    lockstep_forces(d, n_, x, work.force, exact ? std::span<double>(work.pair) : std::span<double>());
  else if (exact)
    work.pair[0] = pair_forces(d, n_, x, work.force, true, how);
  else
    tree_forces(d, n_, x, work.force, {}, how);
  radii(dims_, x, work.radius);
  trap_.potential.evaluate(work.radius, work.potential, work.slope);
  const auto count = static_cast<double>(n_);
  add_trap_force(dims_, beta_, count, work.slope, work.radius, x, work.force);
  if (!exact) return;
  sum_rows(lanes_, work.potential, work.energy);
  for (std::size_t l = 0; l < lanes_; ++l) work.energy[l] = beta_ * (count * work.energy[l] + work.pair[l]);
}

double GasSampler::trajectory(Work& work, ChainState& state, double step, int steps, const Parallel& how) const {
  if (!work.fresh) evaluate(work, state.x, true, how);
  work.fresh = true;
  std::vector<double> uniform(lanes_);
  const double dt = step * state.random.uniform(0.8, 1.2);
  state.random.fill_uniform(uniform);
  state.normals.fill(work.momentum);
  std::vector<double> before(lanes_);
  std::vector<double> after(lanes_);
  sum_row_products(lanes_, 0.5, work.momentum, work.momentum, before);
  for (std::size_t l = 0; l < lanes_; ++l) before[l] += work.energy[l];
  work.old_force = work.force;
  const std::vector<double> old_energy = work.energy;
  work.trial = state.x;
  add_scaled(0.5 * dt, work.force, work.momentum);
  for (int s = 1; s <= steps; ++s) {
    add_scaled(dt, work.momentum, work.trial);
    evaluate(work, work.trial, s == steps, how);
    add_scaled(s == steps ? 0.5 * dt : dt, work.force, work.momentum);
  }
  sum_row_products(lanes_, 0.5, work.momentum, work.momentum, after);
  double mean = 0;
  std::vector<char> take(lanes_);
  for (std::size_t l = 0; l < lanes_; ++l) {
    const double change = after[l] + work.energy[l] - before[l];
    const double chance = change <= 0 ? 1 : std::exp(-change);  // NaN (a collision): 0 below
    take[l] = uniform[l] < chance ? 1 : 0;
    const double p = std::isnan(chance) ? 0 : chance;
    mean += p / static_cast<double>(lanes_);
    if (state.accepted.size() == lanes_) state.accepted[l] += p;
  }
  if (std::all_of(take.begin(), take.end(), [](char t) { return t != 0; })) {
    std::swap(state.x, work.trial);
    return mean;
  }
  for (std::size_t k = 0; k < state.x.size(); k += lanes_)
    for (std::size_t l = 0; l < lanes_; ++l)
      if (take[l] != 0)
        state.x[k + l] = work.trial[k + l];
      else
        work.force[k + l] = work.old_force[k + l];
  for (std::size_t l = 0; l < lanes_; ++l)
    if (take[l] == 0) work.energy[l] = old_energy[l];
  return mean;
}

double GasSampler::sweep(Work& work, ChainState& state, double width) const {
  const std::size_t m = n_ * lanes_;
  std::vector<double> trial(dims_ * lanes_);
  std::vector<double> change(lanes_);
  std::vector<double> r(2 * lanes_);
  std::vector<double> u(2 * lanes_);
  std::vector<double> uniform(m);
  state.random.fill_uniform(uniform);
  state.normals.fill(work.momentum);
  const auto count = static_cast<double>(n_);
  double mean = 0;
  for (std::size_t i = 0; i < n_; ++i) {
    std::fill(r.begin(), r.end(), 0.0);
    for (std::size_t c = 0; c < dims_; ++c)
      for (std::size_t l = 0; l < lanes_; ++l) {
        const std::size_t at = c * m + i * lanes_ + l;
        const double fresh = state.x[at] + width * work.momentum[at];
        trial[c * lanes_ + l] = fresh;
        r[l] += state.x[at] * state.x[at];
        r[lanes_ + l] += fresh * fresh;
      }
    for (double& v : r) v = std::sqrt(v);
    trap_.potential.evaluate(r, u, {});
    lockstep_move_energy(trap_.dimension, n_, state.x, i, trial, change);
    for (std::size_t l = 0; l < lanes_; ++l) {
      const double rise = beta_ * (change[l] + count * (u[lanes_ + l] - u[l]));
      const double chance = rise <= 0 ? 1 : std::exp(-rise);
      if (uniform[i * lanes_ + l] < chance)
        for (std::size_t c = 0; c < dims_; ++c) state.x[c * m + i * lanes_ + l] = trial[c * lanes_ + l];
      const double p = std::isnan(chance) ? 0 : chance;
      mean += p / static_cast<double>(m);
      if (state.accepted.size() == lanes_) state.accepted[l] += p / count;
    }
  }
  work.fresh = false;
  return mean;
}

double GasSampler::move(Work& work, ChainState& state, double step, const Parallel& how) const {
  return options_.engine == Engine::kHmc ? trajectory(work, state, step, trajectory_steps(step), how)
                                         : sweep(work, state, step);
}

ChainState GasSampler::start(std::uint64_t seed, std::uint64_t group, const Parallel& how) const {
  ChainState state;
  state.random = Stream(seed, "coulomb gas", group);
  state.normals = BulkNormal(seed, "coulomb gas, normals", group);
  const std::size_t m = n_ * lanes_;
  state.x.resize(dims_ * m);
  state.random.fill_normal(state.x);
  for (std::size_t k = 0; k < m; ++k) {
    double length = 0;
    for (std::size_t c = 0; c < dims_; ++c) length += state.x[c * m + k] * state.x[c * m + k];
    const double r = start_radius_ * std::pow(state.random.uniform(), 1.0 / static_cast<double>(dims_));
    for (std::size_t c = 0; c < dims_; ++c) state.x[c * m + k] *= r / std::sqrt(length);
  }
  const bool hmc = options_.engine == Engine::kHmc;
  const double unit = hmc ? 1 / std::sqrt(beta_ * static_cast<double>(n_))
                          : start_radius_ * std::pow(static_cast<double>(n_), -1.0 / static_cast<double>(dims_));
  const double target = hmc ? options_.target : 0.4;
  double step = (options_.step > 0 ? options_.step : 0.3) * unit;
  Work work(n_, dims_, lanes_);
  const int gentle = hmc ? std::min(300, options_.burn_in / 3) : 0;
  for (int i = 0; i < gentle; ++i) {
    how.cancel.check();
    (void)trajectory(work, state, 0.1 * step, trajectory_steps(step), how);
  }
  // Dual averaging of log step (Hoffman & Gelman 2014, algorithm 5).
  const double centre = std::log(step);
  double miss = 0;
  double averaged = centre;
  for (int i = 1; i <= options_.burn_in - gentle; ++i) {
    how.cancel.check();
    const double rate = move(work, state, step, how);
    if (options_.step > 0) continue;
    const double weight = 1 / (i + 10.0);
    miss = (1 - weight) * miss + weight * (target - rate);
    const double log_step = centre - std::sqrt(static_cast<double>(i)) / 0.1 * miss;
    step = std::exp(std::clamp(log_step, centre - 4, centre + 3));
    const double forget = std::pow(static_cast<double>(i), -0.75);
    averaged = forget * std::log(step) + (1 - forget) * averaged;
  }
  state.step = options_.step > 0 || options_.burn_in == gentle ? step : std::exp(averaged);
  state.accepted.assign(lanes_, 0.0);
  state.virial.assign(lanes_, 0.0);
  return state;
}

ChainBlock GasSampler::advance(ChainState& state, std::size_t samples, std::span<const RadialFunction> statistics,
                               std::span<const double> centres, std::size_t kept, const Parallel& how) const {
  ChainBlock block;
  for (std::size_t f = 0; f < statistics.size(); ++f) {
    block.sums.emplace_back(lanes_, PowerSums(centres[f]));
    block.trace.emplace_back(lanes_);
    for (auto& lane : block.trace.back()) lane.reserve(std::min(kept, samples));
  }
  Work work(n_, dims_, lanes_);
  const std::size_t m = n_ * lanes_;
  std::vector<double> value(m);
  std::vector<double> total(lanes_);
  std::vector<double> virial(lanes_);
  for (std::size_t sample = 0; sample < samples; ++sample) {
    for (int t = 0; t < options_.thin; ++t) {
      how.cancel.check();
      (void)move(work, state, state.step, how);
      ++state.moves;
    }
    radii(dims_, state.x, work.radius);
    for (std::size_t f = 0; f < statistics.size(); ++f) {
      statistics[f].evaluate(work.radius, value, {});
      sum_rows(lanes_, value, total);
      for (std::size_t l = 0; l < lanes_; ++l) {
        block.sums[f][l].add(total[l]);
        if (sample < kept) block.trace[f][l].push_back(total[l]);
      }
    }
    if (!work.fresh) evaluate(work, state.x, true, how);
    work.fresh = true;
    sum_row_products(lanes_, -1, state.x, work.force, virial);
    for (std::size_t l = 0; l < lanes_; ++l) state.virial[l] += virial[l] / static_cast<double>(n_ * dims_);
    ++state.samples;
  }
  return block;
}

std::vector<double> GasSampler::positions(const ChainState& state, std::size_t lane) const {
  std::vector<double> out(n_ * dims_);
  for (std::size_t i = 0; i < n_; ++i)
    for (std::size_t c = 0; c < dims_; ++c) out[i * dims_ + c] = state.x[(c * n_ + i) * lanes_ + lane];
  return out;
}

}  // namespace offprint::coulomb
