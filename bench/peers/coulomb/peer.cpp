// coulomb_peer TASK N: processor seconds of one unit of work, one thread. Tasks: gradient (of one chain, plane, trap
// included), trajectory (8 leapfrog steps of one chain), plain (the same by a plain per-chain loop), sample (sum r^3 of
// one Ginibre configuration).
#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <exception>
#include <functional>
#include <string>
#include <vector>

#include "offprint/core/random.hpp"
#include "offprint/coulomb/exact_samples.hpp"
#include "offprint/coulomb/pair_forces.hpp"
#include "offprint/coulomb/sampler.hpp"

namespace {

using namespace offprint;
using namespace offprint::coulomb;

double processor_seconds() {
  timespec t{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

// Seconds a call: repeated for 0.3 s.
double timed(const std::function<void()>& work) {
  work();
  long calls = 0;
  const double start = processor_seconds();
  double spent = 0;
  for (long batch = 1; spent < 0.3; batch *= 2) {
    for (long i = 0; i < batch; ++i) work();
    calls += batch;
    spent = processor_seconds() - start;
  }
  return spent / static_cast<double>(calls);
}

// One chain the plain way: each pair once, energies at both ends, Stream's normals.
class PlainChain {
 public:
  explicit PlainChain(std::size_t n) : n_(n), x_(2 * n), p_(2 * n), f_(2 * n) { random_.fill_normal(x_); }
  void trajectory() {
    const auto count = static_cast<double>(n_);
    const double dt = 0.28 / std::sqrt(2 * count);
    random_.fill_normal(p_);
    const std::vector<double> old = x_;
    double before = force();
    for (const double p : p_) before += 0.5 * p * p;
    double energy = 0;
    for (int s = 0; s < 8; ++s) {
      for (std::size_t k = 0; k < 2 * n_; ++k) {
        p_[k] += 0.5 * dt * f_[k];
        x_[k] += dt * p_[k];
      }
      energy = force();
      for (std::size_t k = 0; k < 2 * n_; ++k) p_[k] += 0.5 * dt * f_[k];
    }
    for (const double p : p_) energy += 0.5 * p * p;
    if (!(random_.uniform() < std::exp(before - energy))) x_ = old;
  }

 private:
  double force() {
    const auto count = static_cast<double>(n_);
    double energy = 0;
    for (std::size_t i = 0; i < n_; ++i) {
      const double r2 = x_[2 * i] * x_[2 * i] + x_[2 * i + 1] * x_[2 * i + 1];
      energy += count * r2 / 2;
      f_[2 * i] = -count * x_[2 * i];
      f_[2 * i + 1] = -count * x_[2 * i + 1];
    }
    for (std::size_t i = 0; i < n_; ++i)
      for (std::size_t j = 0; j < i; ++j) {
        const double dx = x_[2 * i] - x_[2 * j];
        const double dy = x_[2 * i + 1] - x_[2 * j + 1];
        const double r2 = dx * dx + dy * dy;
        energy -= 0.5 * std::log(r2);
        f_[2 * i] += dx / r2;
        f_[2 * i + 1] += dy / r2;
        f_[2 * j] -= dx / r2;
        f_[2 * j + 1] -= dy / r2;
      }
    for (double& f : f_) f *= 2;
    return 2 * energy;
  }
  std::size_t n_;
  Stream random_{1, "plain"};
  std::vector<double> x_, p_, f_;
};

double measure(const std::string& task, long n) {
  const auto count = static_cast<std::size_t>(n);
  if (task == "gradient") {
    // Lockstep where chains are many, one gas where it is large: as the sampler does for 8 chains.
    std::vector<double> x(2 * count * kLanes);
    Stream(1, "x").fill_normal(x);
    std::vector<double> force(x.size());
    return timed([&] {
             lockstep_forces(2, count, x, force, {});
             for (std::size_t k = 0; k < x.size(); ++k) force[k] = 2 * (force[k] - static_cast<double>(n) * x[k]);
           }) /
           static_cast<double>(kLanes);
  }
  if (task == "trajectory") {
    const GasSampler sampler({2, RadialFunction("r^2/2")}, n, 2, {.steps = 8, .step = 0.28, .burn_in = 300});
    ChainState chains = sampler.start(1, 1);
    const std::array<RadialFunction, 1> f{RadialFunction("r^2")};
    const std::array<double, 1> centre{0};
    return timed([&] { (void)sampler.advance(chains, 10, f, centre, 0); }) / (10.0 * static_cast<double>(kLanes));
  }
  if (task == "plain") {
    PlainChain chain(count);
    return timed([&] { chain.trajectory(); });
  }
  Stream random(1, "radii");
  double total = 0;
  const double seconds = timed([&] {
    for (const double r : ginibre_radii(n, random)) total += r * r * r;
  });
  return total > 0 ? seconds : 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: coulomb_peer gradient|trajectory|plain|sample N\n");
    return 2;
  }
  try {
    std::printf("%.9e\n", measure(argv[1], std::strtol(argv[2], nullptr, 10)));
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "coulomb_peer: %s\n", error.what());
    return 1;
  }
}
