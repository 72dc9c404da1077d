// R4: the explicit profile of ln|xi_2|; R6: a sharp start remembers its phase for ever.
#include <array>
#include <cmath>
#include <numbers>
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

constexpr std::size_t kBins = 17;
constexpr double kLowest = -2.5;
constexpr double kWidth = 0.5;
constexpr double kExponent = 0.5;

template <class F>
double bin_integral(std::size_t bin, const F& density) {
  double sum = 0;
  constexpr int kPieces = 50;
  for (int i = 0; i < kPieces; ++i)
    sum += density(kLowest + kWidth * (static_cast<double>(bin) + (i + 0.5) / kPieces)) * kWidth / kPieces;
  return sum;
}

double chi_squared(const std::vector<double>& counts, const std::vector<double>& expected) {
  double sum = 0;
  for (std::size_t b = 0; b < kBins; ++b) sum += (counts[b] - expected[b]) * (counts[b] - expected[b]) / expected[b];
  return sum;
}

Measurement profile(Run& run, const std::string& name, std::size_t particles, bool discriminate) {
  const std::vector<double> taus{160, 320};
  const RayleighProcess process({.exponent = kExponent});
  const SkeletonChain chain(kExponent, 1);
  const std::uint64_t seed = run.seed() + 1;
  const auto counts = summed(sample(
      run, name, process, kinetic::thermal_start(seed), taus, seed, particles, [&](const RayleighObservations& seen) {
        std::vector<double> histogram(2 * kBins, 0.0);
        for (std::size_t k = 0; k < 2; ++k)
          for (std::size_t i = 0; i < seen.particles; ++i) {
            const double x = seen.log_w2[k * seen.particles + i] - (1 / kExponent - 1) * taus[k];
            const double place = (x - kLowest) / kWidth;
            if (place >= 0 && place < static_cast<double>(kBins))
              histogram[k * kBins + static_cast<std::size_t>(place)] += 1;
          }
        return histogram;
      }));
  Measurement measured;
  LinePlot plot{.title = "tau times the density of ln|xi_2|, a = 0.5",
                .caption = "Both times fall on one curve: the profile, whose amplitude decays like 1/tau.",
                .x = {.title = "x = ln|xi_2|"},
                .y = {.title = "tau * density", .lo = 0}};
  Table table{"Particles in each bin of x", {"tau", "x", "counted", "second order", "leading order"}, {}};
  for (std::size_t k = 0; k < 2; ++k) {
    const double tau = taus[k];
    const std::vector<double> found(counts.begin() + static_cast<std::ptrdiff_t>(k * kBins),
                                    counts.begin() + static_cast<std::ptrdiff_t>((k + 1) * kBins));
    std::vector<double> second(kBins);
    std::vector<double> leading(kBins);
    std::vector<double> without_b(kBins);
    double total = 0;
    double total_leading = 0;
    const auto n = static_cast<double>(particles);
    Series series{.name = fmt::format("simulation, tau = {}", tau), .points = true};
    for (std::size_t b = 0; b < kBins; ++b) {
      second[b] = n * bin_integral(b, [&](double x) { return chain.profile_density(x, tau); });
      leading[b] = n * bin_integral(b, [&](double x) { return chain.leading_profile(x, tau); });
      without_b[b] = n * bin_integral(b, [&](double x) {
                       return chain.profile_density(x, tau) * (tau + x + chain.lambda_shift()) / (tau + x);
                     });
      total += found[b];
      total_leading += leading[b];
      const double middle = kLowest + kWidth * (static_cast<double>(b) + 0.5);
      series.x.push_back(middle);
      series.y.push_back(found[b] / n / kWidth * tau);
      table.rows.push_back({tau, middle, found[b], second[b], leading[b]});
    }
    plot.series.push_back(std::move(series));
    const std::string at = fmt::format("{:.0f}", tau);
    measured.set("chi_" + at, chi_squared(found, second) / kBins);
    if (tau == 160) {
      measured.set("amplitude", total / total_leading);
      if (discriminate) {
        for (double& e : leading) e *= total / total_leading;
        measured.set("chi_leading", chi_squared(found, leading) / (kBins - 1));
        measured.set("chi_without_b", chi_squared(found, without_b) / kBins);
      }
    }
  }
  for (const double tau : taus) {
    Series law{.name = fmt::format("second order, tau = {}", tau)};
    for (int i = 0; i <= 170; ++i) {
      const double x = -2.5 + 0.05 * i;
      law.x.push_back(x);
      law.y.push_back(tau * chain.profile_density(x, tau));
    }
    plot.series.push_back(std::move(law));
  }
  Series limit{.name = "limit", .dashed = true};
  for (int i = 0; i <= 170; ++i) {
    const double x = -2.5 + 0.05 * i;
    limit.x.push_back(x);
    limit.y.push_back(chain.leading_profile(x, 1));
  }
  plot.series.push_back(std::move(limit));
  run.table("bins", table);
  run.figure("profile", Figure::line(plot));
  return measured;
}

}  // namespace

Measurement r4(const Claim&, Run& run) { return profile(run, "R4", 1000000, false); }
Measurement r4f(const Claim&, Run& run) { return profile(run, "R4f", 20000000, true); }

Measurement r6(const Claim&, Run& run) {
  constexpr std::size_t kParticles = 200000;
  constexpr double kStart = 1000;
  constexpr std::size_t kCells = 1400;
  constexpr std::size_t kPeriods = 10;
  const RayleighProcess process({.exponent = kExponent, .point_background = true});
  const SkeletonChain chain(kExponent, 1);
  const double period = chain.period();
  const double centre = std::log(kExponent * (kStart + chain.lambda_shift()));  // ln E[a Lambda], 497.73
  const double origin = centre + 0.5 * period;                                  // where period 1 begins
  const std::uint64_t seed = run.seed() + 1;
  const auto counts = summed(sample(
      run, "R6", process, kinetic::log_start(kStart), {1e6}, seed, kParticles,
      [&](const RayleighObservations& seen) {
        std::vector<double> histogram(kCells * kPeriods + 1, 0.0);
        for (const auto& e : seen.events) {
          const double place = (std::log(e.log_time) - origin) / period * kCells;
          if (place >= 0 && place < static_cast<double>(kCells * kPeriods))
            histogram[static_cast<std::size_t>(place)] += 1;
        }
        histogram.back() = static_cast<double>(seen.absorbed);
        return histogram;
      },
      true));
  run.metric("absorbed_paths", counts.back());
  // Expected counts of one period: a law's distribution function at the cells' edges, shifted to the centre's period.
  const auto cells_of = [&](const auto& cdf) {
    std::vector<double> expected(kCells);
    for (std::size_t c = 0; c < kCells; ++c) {
      const auto edge = [&](std::size_t at) {
        return cdf(std::exp(centre + (static_cast<double>(at) / kCells - 0.5) * period));
      };
      expected[c] = kParticles * (edge(c + 1) - edge(c));
    }
    return expected;
  };
  const auto lambda = chain.lambda_law();
  const auto limit = cells_of([&](double tau) { return lambda.cdf(tau / kExponent - kStart); });
  const auto cell = [&](std::size_t n, std::size_t c) { return counts[(n - 1) * kCells + c]; };
  double correlation = 1;
  double highest_least = 1e99;
  double highest_most = 0;
  double disagreement = 0;
  double disagreement_limit = 0;
  Table table{"Periods", {"n", "correlation with the next", "highest cell"}, {}};
  for (std::size_t n = 1; n <= kPeriods; ++n) {
    double mean1 = 0;
    double mean2 = 0;
    double top = 0;
    for (std::size_t c = 0; c < kCells; ++c) {
      mean1 += cell(n, c) / kCells;
      if (n < kPeriods) mean2 += cell(n + 1, c) / kCells;
      top = std::max(top, cell(n, c));
    }
    double s11 = 0;
    double s22 = 0;
    double s12 = 0;
    for (std::size_t c = 0; n < kPeriods && c < kCells; ++c) {
      const double d1 = cell(n, c) - mean1;
      const double d2 = cell(n + 1, c) - mean2;
      s11 += d1 * d1;
      s22 += d2 * d2;
      s12 += d1 * d2;
    }
    const double r = n < kPeriods ? s12 / std::sqrt(s11 * s22) : std::nan("");
    table.rows.push_back({n, n < kPeriods ? Json(r) : Json("-"), top});
    if (n >= 4 && n < kPeriods) correlation = std::min(correlation, r);
    if (n >= 5) {
      highest_least = std::min(highest_least, top);
      highest_most = std::max(highest_most, top);
      const auto law = chain.collision_law(static_cast<int>(n));
      const auto expected = cells_of([&](double tau) { return law.cdf(tau - kExponent * kStart); });
      for (std::size_t c = 0; c < kCells; ++c) {
        if (cell(n, c) <= 1e4) continue;
        disagreement = std::max(disagreement, std::abs(cell(n, c) / expected[c] - 1));
        if (n == kPeriods) disagreement_limit = std::max(disagreement_limit, std::abs(cell(n, c) / limit[c] - 1));
      }
    }
  }
  run.table("periods", table);
  LinePlot plot{
      .title = "Collisions of a sharp start within a period of z = ln tau",
      .caption = "All particles begin at ln|w| = 1000. The spike neither widens nor fades: the phase is kept.",
      .x = {.title = "z - centre of the period, in units of P", .lo = -0.012, .hi = 0.012},
      .y = {.title = "collisions in a cell of P/1400", .lo = 0}};
  for (const std::size_t n : {1U, 2U, 5U, 10U}) {
    Series series{.name = fmt::format("period {}", n), .points = n == 10};
    for (std::size_t c = kCells / 2 - 20; c < kCells / 2 + 20; ++c) {
      series.x.push_back((static_cast<double>(c) + 0.5) / kCells - 0.5);
      series.y.push_back(cell(n, c));
    }
    plot.series.push_back(std::move(series));
  }
  Series law{.name = "deterministic limit", .dashed = true};
  for (std::size_t c = kCells / 2 - 20; c < kCells / 2 + 20; ++c) {
    law.x.push_back((static_cast<double>(c) + 0.5) / kCells - 0.5);
    law.y.push_back(limit[c]);
  }
  plot.series.push_back(std::move(law));
  run.figure("memory", Figure::line(plot));
  Measurement measured;
  measured.set("correlation", correlation);
  measured.set("highest_least", highest_least);
  measured.set("highest_most", highest_most);
  measured.set("disagreement", disagreement);
  measured.set("disagreement_limit", disagreement_limit);
  return measured;
}

}  // namespace offprint::papers::rayleigh
