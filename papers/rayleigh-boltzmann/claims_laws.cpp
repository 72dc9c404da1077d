// R1, R2, R3 and R5: the laws of ln|w_2|, of the number of collisions and of the direction, from a thermal start.
#include <array>
#include <cmath>
#include <numbers>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "claims.hpp"
#include "offprint/kinetic/rayleigh_chain.hpp"
#include "sampling.hpp"

namespace offprint::papers::rayleigh {
namespace {

using kinetic::RayleighObservations;
using kinetic::RayleighProcess;
using kinetic::SkeletonChain;
using kinetic::thermal_start;

constexpr std::size_t kParticles = 200000;
constexpr std::array kExponents{0.3, 0.5, 0.8};

std::string tag(double a) { return fmt::format("{:02.0f}", 10 * a); }

std::vector<double> collision_sums(const RayleighObservations& seen) {
  std::vector<double> sums(seen.log_times.size(), 0.0);
  for (std::size_t k = 0; k < sums.size(); ++k)
    for (std::size_t i = 0; i < seen.particles; ++i) sums[k] += seen.collisions[k * seen.particles + i];
  return sums;
}

}  // namespace

Measurement r1(const Claim&, Run& run) {
  Measurement measured;
  const std::vector<double> taus{40, 160};
  Table table{"Fraction of theta = ln|w_2|/ln t within 3/tau of [1/a - 1, 1/a]", {"a", "tau = 40", "tau = 160"}, {}};
  for (const double a : kExponents) {
    const RayleighProcess process({.exponent = a});
    const std::uint64_t seed = run.seed() + 1;
    auto inside = summed(sample(run, "R1-" + tag(a), process, thermal_start(seed), taus, seed, kParticles,
                                [&](const RayleighObservations& seen) {
                                  std::vector<double> count(2, 0.0);
                                  for (std::size_t k = 0; k < 2; ++k)
                                    for (std::size_t i = 0; i < seen.particles; ++i) {
                                      const double theta = seen.log_w2[k * seen.particles + i] / taus[k];
                                      const double margin = 3 / taus[k];
                                      count[k] += theta >= 1 / a - 1 - margin && theta <= 1 / a + margin ? 1 : 0;
                                    }
                                  return count;
                                }));
    for (double& c : inside) c /= kParticles;
    measured.set("inside_40_" + tag(a), inside[0]);
    measured.set("inside_160_" + tag(a), inside[1]);
    table.rows.push_back({a, inside[0], inside[1]});
  }
  run.table("inside", table);
  return measured;
}

Measurement r2(const Claim&, Run& run) {
  Measurement measured;
  const std::vector<double> taus{10, 20, 40, 80, 160, 320, 640};
  Table table{"Kolmogorov distance of ln theta from its uniform law, mean of three seeds",
              {"a", "10", "20", "40", "80", "160", "320", "640"},
              {}};
  LinePlot density{.title = "Density of theta = ln|w_2|/ln t and 1/(theta P), a = 0.5",
                   .x = {.title = "theta", .lo = 0.5, .hi = 2.5},
                   .y = {.title = "density", .lo = 0}};
  double least = 1;
  double largest = 0;
  for (const double a : kExponents) {
    const RayleighProcess process({.exponent = a});
    std::vector<double> mean(taus.size(), 0.0);
    double worst = 0;
    for (std::uint64_t s = 1; s <= 3; ++s) {
      const std::uint64_t seed = run.seed() + s;
      const auto parts = sample(run, fmt::format("R2-{}-{}", tag(a), s), process, thermal_start(seed), taus, seed,
                                kParticles, [](const RayleighObservations& seen) { return seen.log_w2; });
      for (std::size_t k = 0; k < taus.size(); ++k) {
        std::vector<double> theta;
        for (const auto& part : parts) {
          const std::size_t n = part.size() / taus.size();
          for (std::size_t i = 0; i < n; ++i) theta.push_back(part[k * n + i] / taus[k]);
        }
        if (a == 0.5 && s == 1 && (taus[k] == 40 || taus[k] == 160 || taus[k] == 640)) {
          Series series{.name = fmt::format("tau = {}", taus[k])};
          constexpr int kBins = 80;
          std::vector<double> counts(kBins, 0.0);
          for (const double t : theta)
            if (t > 0.5 && t < 2.5) counts[static_cast<std::size_t>((t - 0.5) / 2 * kBins)] += 1;
          for (int b = 0; b < kBins; ++b) {
            series.x.push_back(0.5 + (b + 0.5) * 2 / kBins);
            series.y.push_back(counts[static_cast<std::size_t>(b)] * kBins / 2 / kParticles);
          }
          density.series.push_back(std::move(series));
        }
        for (double& t : theta) t = t > 0 ? std::log(t) : -1e9;
        const double d = distance_from_uniform(std::move(theta), std::log(1 / a - 1), std::log(1 / a));
        mean[k] += d / 3;
        if (taus[k] == 640) worst = std::max(worst, d);
      }
    }
    measured.set("distance_" + tag(a), worst);
    std::vector<Json> row{a};
    for (const double d : mean) row.emplace_back(d);
    table.rows.push_back(std::move(row));
    for (std::size_t k = 2; k + 2 < taus.size(); ++k) {  // 40 -> 80 -> 160 -> 320
      least = std::min(least, mean[k + 1] / mean[k]);
      largest = std::max(largest, mean[k + 1] / mean[k]);
    }
  }
  measured.set("ratio_least", least);
  measured.set("ratio_largest", largest);
  Series law{.name = "1/(theta P)", .dashed = true};
  for (int i = 0; i <= 200; ++i) {
    law.x.push_back(1 + i / 200.0);
    law.y.push_back(1 / (law.x.back() * std::numbers::ln2));
  }
  density.series.push_back(std::move(law));
  run.table("distance", table);
  run.figure("theta", Figure::line(density));
  return measured;
}

Measurement r3(const Claim&, Run& run) {
  Measurement measured;
  Table table{"Mean number of collisions in (tau, 2 tau]",
              {"a", "tau", "measured", "ln 2/P", "second order", "relative to it"},
              {}};
  LinePlot rate{.title = "Collisions per unit of ln tau, times P",
                .caption = "J tau P against tau; the laws are 1 and, to second order, 1/(1 - 2/tau).",
                .x = {.title = "tau = ln t", .log = true},
                .y = {.title = "J tau P", .lo = 0.9, .hi = 1.8}};
  std::vector<double> taus;
  for (int k = 0; k <= 28; ++k) taus.push_back(640 * std::exp2((k - 28) / 4.0));
  double leading = 0;
  for (const double a : kExponents) {
    const RayleighProcess process({.exponent = a});
    const SkeletonChain chain(a, 1);
    const std::uint64_t seed = run.seed() + 1;
    const auto sums =
        summed(sample(run, "R3-" + tag(a), process, thermal_start(seed), taus, seed, kParticles, collision_sums));
    double second = 0;
    for (const std::size_t k : {16U, 20U, 24U}) {
      const double counted = (sums[k + 4] - sums[k]) / kParticles;
      const double law = std::numbers::ln2 / chain.period();
      const double better = chain.expected_collisions(taus[k], taus[k + 4]);
      table.rows.push_back({a, taus[k], counted, law, better, counted / better - 1});
      if (k >= 20) {
        leading = std::max(leading, std::abs(counted / law - 1));
        second = std::max(second, std::abs(counted / better - 1));
      }
    }
    measured.set("second_" + tag(a), second);
    Series series{.name = fmt::format("a = {}", a)};
    for (std::size_t k = 0; k + 1 < taus.size(); ++k) {
      series.x.push_back(std::sqrt(taus[k] * taus[k + 1]));
      series.y.push_back((sums[k + 1] - sums[k]) / kParticles / (std::numbers::ln2 / 4) * chain.period());
    }
    rate.series.push_back(std::move(series));
  }
  measured.set("leading", leading);
  Series law{.name = "1/(1 - 2/tau)", .dashed = true};
  for (const double tau : taus) {
    law.x.push_back(tau);
    law.y.push_back(1 / (1 - 2 / tau));
  }
  rate.series.push_back(std::move(law));
  run.table("collisions", table);
  run.figure("rate", Figure::line(rate));
  return measured;
}

Measurement r5(const Claim&, Run& run) {
  Measurement measured;
  const std::vector<double> taus{10, 20, 40, 160, 320};
  Table table{
      "The support and the direction",
      {"a", "tau", "fraction with |xi_1/xi_2 + 1| < 0.05", "median of it", "distance of the angle from uniform"},
      {}};
  for (const double a : kExponents) {
    const RayleighProcess process({.exponent = a});
    const std::uint64_t seed = run.seed() + 1;
    const auto parts = sample(run, "R5-" + tag(a), process, thermal_start(seed), taus, seed, kParticles,
                              [](const RayleighObservations& seen) {
                                std::vector<double> out;
                                for (std::size_t e = 0; e < seen.lag.size(); ++e) {
                                  out.push_back(std::abs(seen.lag[e]));
                                  out.push_back(std::atan(std::exp(seen.log_w3[e] - seen.log_w2[e])));
                                }
                                return out;
                              });
    std::vector<double> medians;
    for (std::size_t k = 0; k < taus.size(); ++k) {
      std::vector<double> lag;
      std::vector<double> angle;
      for (const auto& part : parts) {
        const std::size_t n = part.size() / taus.size() / 2;
        for (std::size_t i = 0; i < n; ++i) {
          lag.push_back(part[2 * (k * n + i)]);
          angle.push_back(part[2 * (k * n + i) + 1]);
        }
      }
      const double near =
          static_cast<double>(std::count_if(lag.begin(), lag.end(), [](double x) { return x < 0.05; })) / kParticles;
      const double distance = distance_from_uniform(std::move(angle), 0, std::numbers::pi / 2);
      medians.push_back(median(std::move(lag)));
      table.rows.push_back({a, taus[k], near, medians.back(), distance});
      if (taus[k] == 160) measured.set("near_" + tag(a), near);
      if (taus[k] == 320 && a == 0.5) measured.set("angle", distance);
    }
    if (a == 0.5) {
      measured.set("median_10", medians[0]);
      measured.set("median_20", medians[1]);
      measured.set("median_40", medians[2]);
      measured.set("median_160", medians[3]);
    }
  }
  run.table("support", table);
  return measured;
}

}  // namespace offprint::papers::rayleigh
