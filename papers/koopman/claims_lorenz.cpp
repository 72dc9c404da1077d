// K3: the certified error on delay-embedded Lorenz orbits.
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "claims.hpp"
#include "offprint/koopman/certify.hpp"
#include "offprint/koopman/dictionary.hpp"
#include "offprint/koopman/edmd.hpp"
#include "offprint/koopman/pair_source.hpp"
#include "offprint/koopman/pseudospectrum.hpp"
#include "offprint/koopman/systems.hpp"

namespace offprint::papers::koopman {
namespace {

using offprint::koopman::Complex;

constexpr std::array<Eigen::Index, 4> kDelays{20, 40, 60, 100};
constexpr std::size_t kOrbits = 4;
constexpr Eigen::Index kPairs = 10000;

struct LorenzResult {
  double error = 0;             // E
  double points = 0;            // of the certified set
  double largest_res_n = 0;     // over EDMD's eigenvalues
  double largest_residual = 0;  // of EDMD's eigenpairs
  double l_smallest = 0;
  double l_largest = 0;
  double condition = 0;
  double dropped = 0;
  std::string warning;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(error, points, largest_res_n, largest_residual, l_smallest, l_largest, condition, dropped, warning);
  }
};

LorenzResult certify(const Run& run, std::size_t orbit, Eigen::Index delays) {
  Parallel how = run.parallel();
  how.threads = 1;  // the ensemble already uses them all
  // One and the same orbit for every number of delays, as long as the longest needs; shorter ones read its beginning.
  auto data = offprint::koopman::lorenz_data(kPairs + kDelays.back(), run.stream("lorenz orbit", orbit)());
  data.parts.front().conservativeResize(kPairs + delays, Eigen::NoChange);
  const auto pairs = make_pairs(delay_embed(data, delays));
  const auto dictionary = offprint::koopman::identity_dictionary(pairs.dimension());
  offprint::koopman::CompressionOptions options;
  options.parallel = how;
  const auto c = compress(pair_source(*dictionary, pairs), options);
  const auto e = edmd(c);
  const auto decision = decide_isometry(offprint::koopman::MeasurePreserving::kYes, c, pairs.one_orbit);
  std::vector<Complex> candidates;
  for (const Complex& z : e.values)
    if (z.imag() >= 0.0) candidates.push_back(z);
  const auto residuals = offprint::koopman::Pseudospectrum<double>(c).residuals(candidates, how);
  const auto gamma = offprint::koopman::certify_spectrum(candidates, residuals, decision.isometry);
  const auto l = c.l_extremes();
  return {gamma.error,
          static_cast<double>(gamma.points.size()),
          *std::max_element(residuals.begin(), residuals.end()),
          e.residuals.maxCoeff(),
          l.smallest,
          l.largest,
          c.condition,
          static_cast<double>(c.dropped),
          decision.warning};
}

}  // namespace

Measurement k3(const Claim&, Run& run) {
  // The largest dictionaries first, so that they do not come last and alone.
  const auto results = run.ensemble("lorenz", kOrbits * kDelays.size(), [&](std::size_t i) {
    return certify(run, i % kOrbits, kDelays[kDelays.size() - 1 - i / kOrbits]);
  });
  const auto at = [&](std::size_t orbit, std::size_t d) -> const LorenzResult& {
    return results[(kDelays.size() - 1 - d) * kOrbits + orbit];
  };

  Measurement measured;
  Table table{"Every orbit and dictionary (N = 3 x delays)",
              {"orbit", "delays", "N", "E", "points", "largest res_N at an EDMD eigenvalue", "EDMD largest residual",
               "L_q smallest", "L_q largest", "condition of PX", "dropped"},
              {}};
  double ratio = 0.0;
  double edmd_least = std::numeric_limits<double>::infinity();
  Series certified{.name = "certified error E"};
  Series first_order{.name = "slope -1", .dashed = true};
  Series polluted{.name = "EDMD: largest res_N at an eigenvalue"};
  for (std::size_t d = 0; d < kDelays.size(); ++d) {
    const Eigen::Index functions = 3 * kDelays[d];
    const auto n = static_cast<double>(functions);
    std::vector<double> errors;
    std::vector<double> largest;
    for (std::size_t orbit = 0; orbit < kOrbits; ++orbit) {
      const LorenzResult& r = at(orbit, d);
      errors.push_back(r.error);
      largest.push_back(r.largest_res_n);
      if (d + 1 == kDelays.size()) ratio = std::max(ratio, r.error / at(orbit, 0).error);
      table.rows.push_back({orbit + 1, static_cast<std::int64_t>(kDelays[d]), static_cast<std::int64_t>(functions),
                            r.error, r.points, r.largest_res_n, r.largest_residual, r.l_smallest, r.l_largest,
                            r.condition, r.dropped});
      if (!r.warning.empty()) run.note(fmt::format("Orbit {}, N = {}: {}", orbit + 1, functions, r.warning));
    }
    // The rule is about the mean of the four orbits (the sheet's wording); its interval is shown beside it.
    const Estimate mean = mean_estimate(errors);
    measured.set(fmt::format("error_n{}", functions), mean.value);
    run.metric(fmt::format("error_n{}_with_interval", functions), mean);
    certified.x.push_back(n);
    certified.y.push_back(mean.value);
    certified.lo.push_back(*std::min_element(errors.begin(), errors.end()));
    certified.hi.push_back(*std::max_element(errors.begin(), errors.end()));
    first_order.x.push_back(n);
    first_order.y.push_back(certified.y.front() * certified.x.front() / n);
    const auto [low, high] = std::minmax_element(largest.begin(), largest.end());
    edmd_least = std::min(edmd_least, *low);
    polluted.x.push_back(n);
    polluted.y.push_back(*low);
    polluted.lo.push_back(*low);
    polluted.hi.push_back(*high);
  }
  measured.set("error_ratio", ratio);
  measured.set("edmd_max_residual_least", edmd_least);

  run.note(fmt::format("E is the mean of {} orbits; the ratio and EDMD's residual are the worst of them.", kOrbits));
  run.table("orbits", table);
  LinePlot plot;
  plot.title = "Lorenz: the certified error falls as 1/N, EDMD's does not";
  plot.caption = "E: mean of the orbits. EDMD: the least of them. Bands: all of them.";
  plot.x = {.title = "N", .log = true, .lo = 50.0, .hi = 350.0};
  plot.y = {.title = "error", .log = true, .lo = 0.03, .hi = 1.0};
  plot.series = {certified, first_order, polluted};
  run.figure("convergence", Figure::line(plot));
  return measured;
}

}  // namespace offprint::papers::koopman
