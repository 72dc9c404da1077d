// Kernels against plain loops, the tree against all pairs, chains against exact answers, k-statistics against moments.
#include "offprint/coulomb/sampler.hpp"

#include <array>
#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "offprint/core/archive.hpp"
#include "offprint/core/error.hpp"
#include "offprint/coulomb/cumulants.hpp"
#include "offprint/coulomb/exact.hpp"
#include "offprint/coulomb/exact_samples.hpp"
#include "offprint/coulomb/pair_forces.hpp"
#include "offprint/coulomb/transfer.hpp"
#include "offprint/coulomb/tree.hpp"

namespace offprint::coulomb {
namespace {

struct Plain {
  std::vector<double> force;
  double energy = 0;
};

Plain plain(int d, std::size_t n, const std::vector<double>& x) {
  Plain out{std::vector<double>(x.size(), 0.0), 0};
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < i; ++j) {
      double r2 = 0;
      for (int c = 0; c < d; ++c) {
        const auto at = static_cast<std::size_t>(c) * n;
        r2 += (x[at + i] - x[at + j]) * (x[at + i] - x[at + j]);
      }
      const double r = std::sqrt(r2);
      out.energy += d == 1 ? -r : d == 2 ? -std::log(r) : 1 / r;
      for (int c = 0; c < d; ++c) {
        const auto at = static_cast<std::size_t>(c) * n;
        const double push = (x[at + i] - x[at + j]) / std::pow(r, d);
        out.force[at + i] += push;
        out.force[at + j] -= push;
      }
    }
  return out;
}

std::vector<double> cloud(int d, std::size_t n, std::uint64_t seed) {
  std::vector<double> x(static_cast<std::size_t>(d) * n);
  Stream(seed, "cloud").fill_normal(x);
  return x;
}

TEST(PairForces, AgreeWithAPlainLoop) {
  for (int d = 1; d <= 3; ++d)
    for (const std::size_t n : {2, 3, 7, 8, 9, 16, 33, 2100}) {
      if (n > 100 && d == 1) continue;
      const auto x = cloud(d, n, n);
      const auto expected = plain(d, n, x);
      std::vector<double> force(x.size());
      const double energy = pair_forces(d, n, x, force, true);
      EXPECT_NEAR(energy, expected.energy, 1e-11 * static_cast<double>(n * n)) << d << " " << n;
      double scale = 0;
      for (const double f : expected.force) scale = std::max(scale, std::abs(f));
      for (std::size_t k = 0; k < x.size(); ++k)
        ASSERT_NEAR(force[k], expected.force[k], 1e-11 * scale) << d << " " << n;
      if (n > 100) {
        std::vector<double> threaded(x.size());
        EXPECT_EQ(pair_forces(d, n, x, threaded, true, {.threads = 3}), energy);
        EXPECT_EQ(threaded, force);
      }
    }
}

TEST(LockstepForces, EachChainIsAGasOfItsOwn) {
  for (int d = 1; d <= 3; ++d) {
    const std::size_t n = 11;
    std::vector<double> all(static_cast<std::size_t>(d) * n * kLanes);
    std::vector<std::vector<double>> alone;
    for (std::size_t l = 0; l < kLanes; ++l) {
      alone.push_back(cloud(d, n, 100 + l));
      for (std::size_t k = 0; k < alone[l].size(); ++k) all[k * kLanes + l] = alone[l][k];
    }
    std::vector<double> force(all.size());
    std::array<double, kLanes> energy{};
    lockstep_forces(d, n, all, force, energy);
    std::vector<double> trial(static_cast<std::size_t>(d) * kLanes, 0.3);
    std::array<double, kLanes> change{};
    lockstep_move_energy(d, n, all, 4, trial, change);
    for (std::size_t l = 0; l < kLanes; ++l) {
      const auto expected = plain(d, n, alone[l]);
      EXPECT_NEAR(energy[l], expected.energy, 1e-11);
      for (std::size_t k = 0; k < alone[l].size(); ++k)
        EXPECT_NEAR(force[k * kLanes + l], expected.force[k], 1e-10 * (1 + std::abs(expected.force[k])));
      auto moved = alone[l];
      for (int c = 0; c < d; ++c) moved[static_cast<std::size_t>(c) * n + 4] = 0.3;
      EXPECT_NEAR(change[l], plain(d, n, moved).energy - expected.energy, 1e-11);
    }
  }
}

TEST(Tree, AgreesWithAllPairs) {
  for (int d = 2; d <= 3; ++d) {
    const std::size_t n = 3000;
    const auto x = cloud(d, n, 5);
    std::vector<double> exact(x.size());
    std::vector<double> tree(x.size());
    (void)pair_forces(d, n, x, exact, false);
    tree_forces(d, n, x, tree, {});
    double error = 0;
    double size = 0;
    for (std::size_t k = 0; k < x.size(); ++k) {
      error += (tree[k] - exact[k]) * (tree[k] - exact[k]);
      size += exact[k] * exact[k];
    }
    EXPECT_LT(std::sqrt(error / size), d == 2 ? 2e-6 : 2e-3) << d;
    std::vector<double> threaded(x.size());
    tree_forces(d, n, x, threaded, {}, {.threads = 3});
    EXPECT_EQ(threaded, tree);
  }
  std::vector<double> x(20);
  EXPECT_THROW(tree_forces(1, 20, x, x), InputError);
}

TEST(KStatistics, AreTheTextbookFormulas) {
  const std::vector<double> x{1.2, -0.4, 3.1, 0.7, 2.2, -1.9, 0.3};
  PowerSums sums(0.5);
  for (const double v : x) sums.add(v);
  const auto k = k_statistics(sums, 4);
  const double n = 7;
  double mean = 0;
  for (const double v : x) mean += v / n;
  double m2 = 0;
  double m3 = 0;
  double m4 = 0;
  for (const double v : x) {
    m2 += std::pow(v - mean, 2) / n;
    m3 += std::pow(v - mean, 3) / n;
    m4 += std::pow(v - mean, 4) / n;
  }
  EXPECT_NEAR(k[1], mean, 1e-14);
  EXPECT_NEAR(k[2], n / (n - 1) * m2, 1e-13);
  EXPECT_NEAR(k[3], n * n / ((n - 1) * (n - 2)) * m3, 1e-13);
  EXPECT_NEAR(k[4], n * n * ((n + 1) * m4 - 3 * (n - 1) * m2 * m2) / ((n - 1) * (n - 2) * (n - 3)), 1e-12);
}

TEST(KStatistics, AreUnbiased) {
  // Every sample of size 7 from a two-point law, weighted by its probability: the mean of k_q is kappa_q exactly.
  const double p = 0.3;
  const auto kappa = bernoulli_cumulants(p, 6);
  std::vector<double> mean(7, 0.0);
  for (unsigned set = 0; set < 128; ++set) {
    PowerSums sums(0.3);
    double chance = 1;
    for (unsigned i = 0; i < 7; ++i) {
      const bool one = (set >> i & 1U) != 0;
      sums.add(one ? 1 : 0);
      chance *= one ? p : 1 - p;
    }
    const auto k = k_statistics(sums, 6);
    for (std::size_t q = 1; q <= 6; ++q) mean[q] += chance * k[q];
  }
  for (std::size_t q = 1; q <= 6; ++q) EXPECT_NEAR(mean[q], kappa[q], 1e-12) << q;
}

TEST(KStatistics, JackknifeErrorOfTheMean) {
  Stream random(3, "jackknife");
  std::vector<PowerSums> blocks(200, PowerSums(10));
  for (auto& block : blocks)
    for (int i = 0; i < 10; ++i) block.add(10 + random.normal());
  const auto k = jackknife_cumulants(blocks, 2);
  EXPECT_NEAR(k[1].error, 1 / std::sqrt(2000.0), 0.2 / std::sqrt(2000.0));
  EXPECT_NEAR(k[2].value, 1, 5 * k[2].error);
  EXPECT_NEAR(k[2].error, std::sqrt(2 / 2000.0), 0.25 * std::sqrt(2 / 2000.0));
  EXPECT_THROW((void)jackknife_cumulants({blocks.data(), 1}, 2), InputError);
}

TEST(Autocorrelation, OfAnAutoregression) {
  Stream random(4, "ar");
  std::vector<std::vector<double>> chains;
  for (int c = 0; c < 4; ++c) {
    std::vector<double> x(20000);
    double v = random.normal();
    for (double& out : x) out = v = 0.6 * v + 0.8 * random.normal();
    chains.push_back(std::move(x));
  }
  EXPECT_NEAR(autocorrelation_time(chains[0]), 4, 0.5);  // (1 + 0.6)/(1 - 0.6)
  EXPECT_NEAR(split_r_hat(chains), 1, 0.01);
  for (double& v : chains[0]) v += 3;
  EXPECT_GT(split_r_hat(chains), 1.2);
}

// Cumulants of several groups, in units of their reduced values.
std::vector<CumulantEstimate> sampled(const GasSampler& sampler, const RadialFunction& f, double centre,
                                      std::size_t samples, int order, std::vector<double>* virial = nullptr) {
  std::vector<PowerSums> blocks;
  const std::array<RadialFunction, 1> statistics{f};
  const std::array<double, 1> centres{centre};
  for (std::uint64_t g = 0; g < 2; ++g) {
    ChainState state = sampler.start(11, g);
    const ChainBlock block = sampler.advance(state, samples, statistics, centres);
    for (const auto& lane : block.sums[0]) blocks.push_back(lane);
    if (virial != nullptr)
      for (const double v : state.virial) virial->push_back(v / static_cast<double>(state.samples));
  }
  auto k = jackknife_cumulants(blocks, order);
  const auto n = static_cast<double>(sampler.charges());
  for (std::size_t q = 1; q < k.size(); ++q) {
    const double unit = std::pow(n, static_cast<double>(q) - 2) * std::pow(sampler.beta(), static_cast<double>(q) - 1);
    k[q].value *= unit;
    k[q].error *= unit;
  }
  return k;
}

TEST(GasSampler, ThePlaneAtAnyBeta) {
  const RadialFunction f("r^2");
  for (const double beta : {1.0, 4.0})
    for (const Engine engine : {Engine::kHmc, Engine::kMetropolis}) {
      const GasSampler sampler({2, RadialFunction("r^2/2")}, 8, beta, {.engine = engine, .burn_in = 600, .thin = 2});
      std::vector<double> virial;
      const auto k = sampled(sampler, f, 4.5, 3000, 3, &virial);
      const auto exact = to_reduced(quadratic_cumulants(8, beta, 3), 8, beta);
      for (std::size_t q = 1; q <= 3; ++q)
        EXPECT_NEAR(k[q].value, exact[q], 4.5 * k[q].error) << "beta = " << beta << ", q = " << q;
      EXPECT_LT(k[2].error, 0.05);
      for (const double v : virial) EXPECT_NEAR(v, 1, 0.15);
    }
}

TEST(GasSampler, TheLine) {
  const GasSampler sampler({1, RadialFunction("r^2/2")}, 6, 2, {.burn_in = 600});
  const auto k = sampled(sampler, RadialFunction("r^3"), 2, 3000, 3);
  const auto exact = to_reduced(line_cumulants<double>(RadialFunction("r^2/2"), RadialFunction("r^3"), 6, 2, 3), 6, 2);
  for (std::size_t q = 1; q <= 3; ++q) EXPECT_NEAR(k[q].value, exact[q], 4.5 * k[q].error) << q;
}

TEST(GasSampler, SpaceAgainstTheSheet) {
  const GasSampler sampler({3, RadialFunction("r^2/2")}, 10, 2, {.burn_in = 600});
  std::vector<double> virial;
  const auto k = sampled(sampler, RadialFunction("r^2"), 6, 4000, 3, &virial);
  EXPECT_NEAR(k[1].value, 0.608725, 4.5 * k[1].error + 1e-4);
  EXPECT_NEAR(k[2].value, 0.8967, 4.5 * k[2].error + 1e-3);
  for (const double v : virial) EXPECT_NEAR(v, 1, 0.15);
}

TEST(GasSampler, LargeGasByTheTreeIsExactToo) {
  // tree_from = 10 sends a small gas through the large gas's path.
  const GasSampler sampler({2, RadialFunction("r^2/2")}, 40, 2, {.burn_in = 300, .tree_from = 10});
  EXPECT_EQ(sampler.lanes(), 1U);
  std::vector<double> mean;
  for (std::uint64_t g = 0; g < 6; ++g) {
    ChainState state = sampler.start(3, g);
    const std::array<RadialFunction, 1> f{RadialFunction("r^2")};
    const std::array<double, 1> centre{20};
    const auto block = sampler.advance(state, 300, f, centre);
    mean.push_back(k_statistics(block.sums[0][0], 1)[1]);
  }
  double all = 0;
  for (const double m : mean) all += m / 6;
  // <sum r^2> = (N - 1)/2 + 2/beta; sd of L is 0.72, 1800 samples.
  EXPECT_NEAR(all, 20.5, 5 * 0.72 / std::sqrt(1800.0) * 1.5);
}

TEST(GasSampler, CheckpointsContinueBitForBit) {
  for (const Engine engine : {Engine::kHmc, Engine::kMetropolis}) {
    const GasSampler sampler({2, RadialFunction("r^4/4")}, 9, 2, {.engine = engine, .burn_in = 100});
    const std::array<RadialFunction, 1> f{RadialFunction("r^3")};
    const std::array<double, 1> centre{4};
    ChainState whole = sampler.start(1, 7);
    ChainState first = whole;
    (void)sampler.advance(whole, 60, f, centre);
    (void)sampler.advance(first, 25, f, centre);
    auto second = from_bytes<ChainState>(to_bytes(first));
    (void)sampler.advance(second, 35, f, centre);
    EXPECT_EQ(to_bytes(second), to_bytes(whole));
  }
}

TEST(GasSampler, BadInput) {
  const RadialFunction u("r^2/2");
  EXPECT_THROW(GasSampler({4, u}, 10, 2), InputError);
  EXPECT_THROW(GasSampler({2, u}, 1, 2), InputError);
  EXPECT_THROW(GasSampler({2, u}, 10, 0), InputError);
  EXPECT_THROW(GasSampler({2, u}, 10, -1), InputError);
  EXPECT_THROW(GasSampler({2, RadialFunction("-r^2")}, 10, 2), InputError);
  EXPECT_THROW(GasSampler({2, u}, 10, 2, {.thin = 0}), InputError);
}

TEST(ExactSamples, RadiiAndEigenvaluesShareTheLaw) {
  const auto exact = quadratic_cumulants(12, 2, 2);
  double radii = 0;
  double values = 0;
  constexpr int kSamples = 2000;
  Stream random(2, "exact");
  for (int i = 0; i < kSamples; ++i) {
    for (const double r : ginibre_radii(12, random)) radii += r * r / kSamples;
    for (const auto& z : ginibre_eigenvalues(12, random)) values += std::norm(z) / kSamples;
  }
  EXPECT_NEAR(radii, exact[1], 5 * std::sqrt(exact[2] / kSamples));
  EXPECT_NEAR(values, exact[1], 5 * std::sqrt(exact[2] / kSamples));
  EXPECT_THROW((void)ginibre_radii(0, random), InputError);
}

}  // namespace
}  // namespace offprint::coulomb
