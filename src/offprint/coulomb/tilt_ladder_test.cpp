// The tilted estimator on noise-free, noisy and sampled ladders, against the table, exact values and closed forms.
#include "offprint/coulomb/tilt_ladder.hpp"

#include <array>
#include <cmath>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "offprint/core/error.hpp"
#include "offprint/core/random.hpp"
#include "offprint/coulomb/cumulants.hpp"
#include "offprint/coulomb/exact.hpp"
#include "offprint/coulomb/sampler.hpp"

namespace offprint::coulomb {
namespace {

using ::testing::HasSubstr;

const RadialFunction& quadratic() {
  static const RadialFunction u("r^2/2");
  return u;
}

std::vector<Rung> ladder(double from, double to, int rungs, double error, const std::function<double(double)>& mean) {
  std::vector<Rung> out;
  for (int i = 0; i < rungs; ++i) {
    // Multiples of the spacing, so that 0 is 0.
    const double spacing = (to - from) / (rungs - 1);
    const double s = (std::round(from / spacing) + i) * spacing;
    out.push_back({s, mean(s), error});
  }
  return out;
}

TEST(TiltLadder, NoiseFreeRecoversTheTable) {
  struct Row {
    int d;
    const char* f;
    std::array<double, 5> k;  // q = 2..6
  };
  for (const Row& row :
       {Row{2, "r^2", {1, 4, 24, 192, 1920}},
        Row{2, "cos(2*r)", {1.58510670026, -3.00730777868, -4.54277849931, 57.5050717052, 423.450781142}},
        Row{1, "exp(-r^2)", {0.462808723425, -0.398296546943, -1.17220088888, -2.15614303971, 19.0368}},
        Row{3, "exp(-r^2)", {0.211771259332, -0.132765515648, 0, 0.175685729161, 0.0626726}}}) {
    const LargeDeviations limit({row.d, quadratic()}, RadialFunction(row.f));
    const auto rungs = ladder(-0.08, 0.08, 17, 1e-12, [&](double s) { return limit.ball(s).mean; });
    const auto k = ladder_cumulants(rungs, 6);
    for (std::size_t q = 2; q <= 6; ++q) {
      const double tolerance = q < 5 ? 2e-5 : 5e-3;
      EXPECT_NEAR(k[q].value, row.k[q - 2], tolerance * (1 + std::abs(row.k[q - 2]))) << row.d << row.f << " " << q;
    }
    const auto about = ladder_cumulants(rungs, 6, large_n_baseline(limit, rungs, 6));
    for (std::size_t q = 2; q <= 6; ++q)
      EXPECT_NEAR(about[q].value, row.k[q - 2], 1e-4 * (1 + std::abs(row.k[q - 2]))) << row.d << row.f << " " << q;
  }
}

TEST(TiltLadder, IntegratesToTheClosedForm) {
  auto rungs = ladder(-0.2, 0.6, 17, 1e-9, [](double s) { return 1 / (2 * (1 + 2 * s)); });
  std::swap(rungs[0], rungs[9]);  // any order
  const auto potentials = ladder_potentials(rungs);
  const LargeDeviations limit({2, quadratic()}, RadialFunction("r^2"));
  const auto about = ladder_potentials(rungs, large_n_baseline(limit, rungs, 2));
  for (std::size_t i = 0; i < rungs.size(); ++i) {
    const double free_energy = std::log(1 + 2 * rungs[i].s) / 4;
    EXPECT_NEAR(potentials[i].free_energy.value, free_energy, 3e-5) << rungs[i].s;
    EXPECT_NEAR(potentials[i].psi.value, free_energy - rungs[i].s * rungs[i].mean, 3e-5);
    // The error covers what interpolation leaves.
    EXPECT_LE(std::abs(potentials[i].free_energy.value - free_energy), 2 * potentials[i].free_energy.error + 1e-12);
    EXPECT_NEAR(about[i].free_energy.value, free_energy, 1e-10);
  }
}

// Exact Lambda of 100 charges with the noise of 1e5 samples a rung: rms distance from the exact k_q* in errors.
TEST(TiltLadder, ErrorsCoverTheTruth) {
  const RadialFunction f("r^3");
  const Trap trap{2, quadratic()};
  const auto exact = to_reduced(IndependentRadii(trap.potential, 100).cumulants(f, 5), 100, 2);
  EXPECT_NEAR(exact[4], 212.605084, 1e-5);
  const LargeDeviations limit(trap, f);
  constexpr int kTrials = 60;
  for (const bool about : {false, true}) {
    // Polynomials in s reach less far than polynomials in the droplet's edge.
    const auto truth = ladder(0, about ? 0.8 : 0.4, 17, 3e-5, [&](double s) {
      return IndependentRadii(RadialFunction::sum(trap.potential, s, f), 100).cumulants(f, 1)[1] / 100;
    });
    const auto baseline = about ? large_n_baseline(limit, truth, 5) : LadderBaseline{};
    EXPECT_EQ(baseline.variable.empty(), !about);
    std::array<double, 6> square{};
    std::array<double, 6> error{};
    for (std::uint64_t trial = 0; trial < kTrials; ++trial) {
      Stream random(3, "ladder noise", trial);
      auto rungs = truth;
      for (Rung& rung : rungs) rung.mean += rung.error * random.normal();
      const auto k = ladder_cumulants(rungs, 5, baseline);
      for (std::size_t q = 2; q <= 5; ++q) {
        square[q] += std::pow((k[q].value - exact[q]) / k[q].error, 2) / kTrials;
        error[q] += k[q].error / kTrials;
      }
    }
    for (std::size_t q = 2; q <= 5; ++q) EXPECT_LT(std::sqrt(square[q]), 1.4) << about << " " << q;
    // Direct samples, as many as those of all rungs, know k_4* to 180.
    EXPECT_LT(error[4], about ? 6 : 100);
    EXPECT_LT(error[3], about ? 0.15 : 1.5);
  }
}

TEST(TiltLadder, SampledWithinErrors) {
  constexpr long kCharges = 12;
  const Trap trap{2, quadratic()};
  const std::array<RadialFunction, 1> f{RadialFunction("r^2")};
  std::vector<Rung> rungs;
  for (const double s : {-0.15, -0.1, -0.05, 0.0, 0.05, 0.1, 0.15}) {
    const GasSampler sampler({2, RadialFunction::sum(trap.potential, s, f[0])}, kCharges, 2, {.burn_in = 400});
    const std::array<double, 1> centre{6};
    ChainState chains = sampler.start(17, static_cast<std::uint64_t>(100 * (s + 1)));
    const auto k = jackknife_cumulants(sampler.advance(chains, 4000, f, centre).sums[0], 1);
    rungs.push_back({s, k[1].value / kCharges, k[1].error / kCharges});
    // <L> = (N + beta N (N - 1)/4) 2/(beta N (1 + 2 s)).
    EXPECT_NEAR(rungs.back().mean, (1 + (kCharges - 1) / 2.0) / (kCharges * (1 + 2 * s)), 4.5 * rungs.back().error);
  }
  const auto baseline = large_n_baseline(LargeDeviations(trap, f[0]), rungs, 4);
  const auto k = ladder_cumulants(rungs, 4, baseline);
  for (std::size_t q = 2; q <= 4; ++q) {
    const double exact = (1 + 1.0 / kCharges) * std::array{1, 4, 24}[q - 2];
    EXPECT_NEAR(k[q].value, exact, 4 * k[q].error) << q;
    EXPECT_LT(k[q].error, 0.5 * exact) << q;
  }
  const auto potentials = ladder_potentials(rungs, baseline);
  for (std::size_t i = 0; i < rungs.size(); ++i) {
    const double exact = (1 + 1.0 / kCharges) * std::log(1 + 2 * rungs[i].s) / 4;  // shape/(beta N^2) ln(1 + 2 s)
    EXPECT_NEAR(potentials[i].free_energy.value, exact, 4.5 * potentials[i].free_energy.error + 1e-12) << rungs[i].s;
  }
}

TEST(TiltLadder, BadInput) {
  const auto refusal = [](std::vector<Rung> rungs, int order, const LadderBaseline& baseline = {}) {
    try {
      (void)ladder_cumulants(rungs, order, baseline);
      (void)ladder_potentials(rungs, baseline);
    } catch (const InputError& error) {
      return std::string(error.what());
    }
    return std::string("accepted");
  };
  auto rungs = ladder(0, 1, 6, 1e-3, [](double s) { return 1 - s; });
  EXPECT_EQ(refusal(rungs, 4), "accepted");
  EXPECT_THAT(refusal(rungs, 9), HasSubstr("order 1 to 8, not 9"));
  EXPECT_THAT(refusal(rungs, 5), HasSubstr("at least 7 are needed"));
  EXPECT_THAT(refusal(rungs, 2, {.mean = {1, 2}, .free_energy = {1, 2}, .reduced = {0, 0, 0}}),
              HasSubstr("does not belong to a ladder of 6 rungs"));
  auto twice = rungs;
  twice[2].s = twice[1].s;
  EXPECT_THAT(refusal(twice, 2), HasSubstr("s = 0.2 twice"));
  auto certain = rungs;
  certain[3].error = 0;
  EXPECT_THAT(refusal(certain, 2), HasSubstr("must be positive"));
  rungs.erase(rungs.begin());
  EXPECT_THAT(refusal(rungs, 2), HasSubstr("a rung at s = 0"));
}

}  // namespace
}  // namespace offprint::coulomb
