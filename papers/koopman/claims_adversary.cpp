// K5: area-preserving disc maps that 12 radial nodes cannot tell apart, and what a modulus of continuity says of them.
#include <bit>
#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "claims.hpp"
#include "offprint/koopman/adversary.hpp"
#include "offprint/koopman/certify.hpp"

namespace offprint::papers::koopman {
namespace {

using offprint::koopman::Bump;
using offprint::koopman::CertifiedSpectrum;
using offprint::koopman::Complex;
using offprint::koopman::DiscDictionary;

constexpr Eigen::Index kNodes = 12;
constexpr Eigen::Index kFunctions = 6;
constexpr double kHeight = 0.5;
constexpr double kLipschitz = 30;  // of phi; the bump's own is 28.8
constexpr double kEpsilon = 0.1;

/// Everything the algorithm returns for one map.
struct Output {
  std::vector<double> residuals;
  CertifiedSpectrum gamma;
};

Output algorithm(const DiscDictionary& dictionary, const Bump& bump, std::span<const Complex> grid,
                 const Parallel& how) {
  Output out;
  out.residuals = disc_residuals(dictionary.blocks(bump), grid, how);
  out.gamma = offprint::koopman::certify_spectrum(grid, out.residuals, true);
  return out;
}

bool same_bits(double a, double b) { return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b); }

bool same_bits(const Output& a, const Output& b) {
  if (a.residuals.size() != b.residuals.size() || a.gamma.points.size() != b.gamma.points.size()) return false;
  if (!same_bits(a.gamma.error, b.gamma.error)) return false;
  for (std::size_t i = 0; i < a.residuals.size(); ++i)
    if (!same_bits(a.residuals[i], b.residuals[i])) return false;
  for (std::size_t i = 0; i < a.gamma.points.size(); ++i) {
    const auto& p = a.gamma.points[i];
    const auto& q = b.gamma.points[i];
    if (p.index != q.index || !same_bits(p.distance, q.distance) || !same_bits(p.residual, q.residual)) return false;
  }
  return true;
}

double residual_at_i(const DiscDictionary& dictionary, const Bump& bump, const Parallel& how) {
  const Complex i(0.0, 1.0);
  return disc_residuals(dictionary.blocks(bump), {&i, 1}, how).front();
}

Figure bump_figure(const DiscDictionary& dictionary, const Bump& bump) {
  ScatterPlot plot;
  plot.title = "The bump that no data point sees";
  plot.caption = "F(r, θ) = (r, θ + π + φ(r)): with φ = 0 the spectrum is {-1, 1}, with the bump the whole circle.";
  plot.x = {.title = "r", .lo = 0.0, .hi = 1.0};
  plot.y = {.title = "φ(r)", .unit = "rad", .lo = -0.02, .hi = 0.52};
  Series phi{"φ"};
  constexpr int kDrawn = 1000;
  for (int k = 0; k <= kDrawn; ++k) {
    const double r = static_cast<double>(k) / kDrawn;
    phi.x.push_back(r);
    phi.y.push_back(bump(r));
  }
  PointGroup nodes{.name = "the 12 radial nodes"};
  for (const double r : dictionary.radii()) {
    nodes.x.push_back(r);
    nodes.y.push_back(bump(r));
  }
  plot.groups = {nodes};
  plot.curves = {phi};
  return Figure::scatter(plot);
}

}  // namespace

Measurement k5(const Claim&, Run& run) {
  const DiscDictionary dictionary(kNodes, kFunctions);
  const Eigen::VectorXd& radii = dictionary.radii();
  const Bump bump = offprint::koopman::bump_between(radii(6), radii(7), kHeight);
  const auto grid = offprint::koopman::make_grid(0.05).points();
  const auto how = run.parallel();

  const std::vector<std::pair<Eigen::Index, Eigen::Index>> refinements{{24, 12}, {48, 24}, {96, 48}, {192, 96}};
  auto progress = run.progress(refinements.size() + 2, "disc maps");
  Measurement measured;
  const Output plain = algorithm(dictionary, Bump{}, grid, how);
  progress.set(1);
  const Output bumped = algorithm(dictionary, bump, grid, how);
  progress.set(2);
  measured.set_flag("outputs_identical", same_bits(plain, bumped));
  const auto& points = bumped.gamma.points;
  constexpr double kRounding = 1e-12;  // of the grid's coordinates
  measured.set_flag("gamma_is_plus_minus_one", points.size() == 2 && std::abs(points[0].z + 1.0) < kRounding &&
                                                   std::abs(points[1].z - 1.0) < kRounding);
  measured.set("error", bumped.gamma.error);

  const double distance = residual_at_i(dictionary, bump, how);
  measured.set("distance", distance);
  Table table{"res(i) of the bumped map, whose spectrum contains i",
              {"radial nodes", "radial functions", "nodes inside the bump", "res(i)"},
              {}};
  Series series{.name = "res(i)", .points = true};
  const auto add = [&](const DiscDictionary& d, Eigen::Index nodes, Eigen::Index functions, double residual) {
    int inside = 0;
    for (const double r : d.radii()) inside += bump(r) != 0.0 ? 1 : 0;
    table.rows.push_back({static_cast<std::int64_t>(nodes), static_cast<std::int64_t>(functions), inside, residual});
    series.x.push_back(static_cast<double>(nodes));
    series.y.push_back(residual);
  };
  add(dictionary, kNodes, kFunctions, distance);
  for (const auto& [nodes, functions] : refinements) {
    run.check_cancelled();
    const DiscDictionary finer(nodes, functions);
    const double residual = residual_at_i(finer, bump, how);
    measured.set(fmt::format("residual_{}", nodes), residual);
    add(finer, nodes, functions, residual);
    progress.set(table.rows.size() + 1);
  }
  run.table("refinement", table);
  LinePlot plot;
  plot.title = "More data do see the bump";
  plot.caption = "The 12-node run is sqrt(2) away from a point of the spectrum and cannot know it.";
  plot.x = {.title = "radial nodes", .log = true, .lo = 10.0, .hi = 220.0};
  plot.y = {.title = "res(i)", .log = true, .lo = 0.08, .hi = 2.0};
  plot.series = {series};
  plot.reference_lines = {{.at = std::sqrt(2.0), .label = "√2"}};
  run.figure("refinement", Figure::line(plot));
  run.figure("bump", bump_figure(dictionary, bump));

  // The certificate: what the 12-node run may claim, with and without --modulus lipschitz:30.
  const auto error = dictionary.lipschitz_error(kLipschitz);
  const auto bound = offprint::koopman::quadrature_bound(error.errors, kFunctions, 1.0);
  offprint::koopman::ModulusQuestion question;
  question.mesh = error.mesh;
  question.bound = bound;
  question.epsilon = kEpsilon;
  question.nodes = static_cast<double>(kNodes);
  const auto without = offprint::koopman::modulus_verdict(question);
  question.lipschitz = kLipschitz;
  const auto with = offprint::koopman::modulus_verdict(question);
  measured.set("delta_q", bound.delta_q);
  measured.set_flag("not_certified_with_modulus", !with.certified && with.text.starts_with("not certified"));
  measured.set_flag("not_certified_without_modulus",
                    !without.certified && without.text == "not certified: no modulus given");
  run.note("Without a modulus: " + without.text);
  run.note("With --modulus lipschitz:30: " + with.text);

  run.metric("mesh", error.mesh);
  run.metric("bump_centre", bump.centre);
  run.metric("bump_half_width", bump.width);
  run.metric("bump_largest_slope", bump.max_slope());
  run.metric("map_lipschitz_constant", bump.map_lipschitz());
  run.metric("nodes_that_would_certify", offprint::koopman::nodes_needed(bound, question.nodes, kEpsilon, 1));
  run.metric("chance_that_100_random_points_miss_the_bump", bump.miss_probability(100));
  return measured;
}

}  // namespace offprint::papers::koopman
