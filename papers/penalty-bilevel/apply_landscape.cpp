// landscape: psi and psi_sigma of a small problem along one upper variable, and whether the error bound can hold there.
#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "actions.hpp"
#include "offprint/core/error.hpp"
#include "offprint/io/csv.hpp"
#include "offprint/optimize/error_bound.hpp"
#include "offprint/optimize/global_lower.hpp"
#include "problem_file.hpp"

namespace offprint::papers::penalty_bilevel {
namespace {

using Eigen::Index;
using Eigen::VectorXd;
using namespace optimize;

// The ends of the slice: --range, or the box of that variable, or [-1, 1].
std::pair<double, double> range_of(const Options& o, const Box& box, Index variable) {
  if (o.has("range")) {
    const auto range = o.reals("range");
    if (range.size() != 2 || !(range[0] < range[1]))
      throw InputError("--range takes two numbers, the lower one first: --range -1,1");
    return {range[0], range[1]};
  }
  const double lower = box.lower()[variable];
  const double upper = box.upper()[variable];
  const double lo = std::isfinite(lower) ? lower : -1;
  return {lo, std::isfinite(upper) ? upper : lo + 2};
}

struct SlicePoint {
  double psi = 0;
  double slope = 0;  // of psi, by central difference; NaN where both sides disagree
  std::vector<double> penalty;
  std::vector<double> penalty_slope;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(psi, slope, penalty, penalty_slope);
  }
};

}  // namespace

void landscape(Run& run) {
  const Options& o = run.options();
  const auto sigmas = o.reals("sigma");
  if (sigmas.empty()) throw InputError("--sigma needs at least one number");
  for (const double sigma : sigmas) require_sigma(sigma);
  Problem subject = read_problem(run);
  take_start(o, "at", subject.x);
  const BilevelProblem& problem = *subject.problem;
  const auto variable = o.integer("variable") - 1;
  if (variable >= problem.dimension_x())
    throw InputError(fmt::format("--variable {}: x has {} variables", variable + 1, problem.dimension_x()));
  const auto [lo, hi] = range_of(o, subject.box_x, variable);
  const auto count = static_cast<std::size_t>(o.integer("points"));
  const ManyStarts starts{.count = static_cast<std::size_t>(o.integer("starts")), .seed = run.seed()};

  std::vector<double> grid(count);
  Eigen::MatrixXd points(problem.dimension_x(), static_cast<Index>(count));
  for (std::size_t i = 0; i < count; ++i) {
    grid[i] = lo + (hi - lo) * static_cast<double>(i) / static_cast<double>(count - 1);
    points.col(static_cast<Index>(i)) = subject.x;
    points(variable, static_cast<Index>(i)) = grid[i];
  }
  const VectorXd& origin = subject.y;
  const double step = 1e-4 * (hi - lo);
  const auto slice = run.ensemble("slice", count, [&](std::size_t i) {
    CountedProblem counted(problem);
    SlicePoint out;
    VectorXd x = points.col(static_cast<Index>(i));
    const auto psi = [&](double t) {
      VectorXd at = x;
      at[variable] = t;
      return hyper_objective(counted, at, origin, starts);
    };
    out.psi = psi(grid[i]);
    const double above = (psi(grid[i] + step) - out.psi) / step;
    const double below = (out.psi - psi(grid[i] - step)) / step;
    const bool kink = std::abs(above - below) > 1e-2 * (1 + std::abs(above) + std::abs(below));
    out.slope = kink ? std::numeric_limits<double>::quiet_NaN() : 0.5 * (above + below);
    for (const double sigma : sigmas) {
      const auto at = penalty_value_from_many(counted, x, sigma, origin, starts);
      out.penalty.push_back(at.value);
      out.penalty_slope.push_back(at.gradient[variable]);
    }
    return out;
  });
  const auto bound =
      error_bound(problem, points, {.delta = o.real("delta")}, run.stream("error bound"), run.parallel());

  const std::string axis = subject.x_names[static_cast<std::size_t>(variable)];
  LinePlot values{.title = fmt::format("psi and psi_sigma of {}", subject.name)};
  LinePlot slopes{.title = fmt::format("Their derivatives in {}", axis)};
  values.x = slopes.x = {.title = axis};
  values.y = {.title = "psi, psi_sigma"};
  slopes.y = {.title = "derivative"};
  Series psi{.name = "psi", .x = grid};
  Series psi_slope{.name = "psi", .x = grid};
  for (const auto& point : slice) {
    psi.y.push_back(point.psi);
    psi_slope.y.push_back(point.slope);
  }
  values.series.push_back(psi);
  slopes.series.push_back(psi_slope);
  std::vector<std::string> names{axis, "psi", "d_psi"};
  io::Table file;
  file.values.resize(static_cast<Index>(count), static_cast<Index>(3 + 2 * sigmas.size() + 3));
  double largest_gap = 0;
  for (std::size_t s = 0; s < sigmas.size(); ++s) {
    Series value{.name = fmt::format("sigma = {}", sigmas[s]), .x = grid, .dashed = true};
    Series slope = value;
    double gap = 0;
    for (std::size_t i = 0; i < count; ++i) {
      value.y.push_back(slice[i].penalty[s]);
      slope.y.push_back(slice[i].penalty_slope[s]);
      gap = std::max(gap, std::abs(slice[i].psi - slice[i].penalty[s]));
    }
    values.series.push_back(value);
    slopes.series.push_back(slope);
    names.push_back(fmt::format("psi_{}", sigmas[s]));
    names.push_back(fmt::format("d_psi_{}", sigmas[s]));
    run.metric(fmt::format("gap_{}", sigmas[s]), gap);
    largest_gap = gap;
  }
  names.insert(names.end(), {"mu", "distance", "flagged"});
  std::size_t flagged = 0;
  double mu = std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < count; ++i) {
    const auto row = static_cast<Index>(i);
    file.values(row, 0) = grid[i];
    file.values(row, 1) = slice[i].psi;
    file.values(row, 2) = slice[i].slope;
    for (std::size_t s = 0; s < sigmas.size(); ++s) {
      file.values(row, static_cast<Index>(3 + 2 * s)) = slice[i].penalty[s];
      file.values(row, static_cast<Index>(4 + 2 * s)) = slice[i].penalty_slope[s];
    }
    file.values.row(row).tail(3) << bound[i].mu, bound[i].distance, bound[i].flagged ? 1.0 : 0.0;
    flagged += bound[i].flagged ? 1 : 0;
    mu = std::min(mu, bound[i].mu);
  }
  file.names = names;
  run.artifact("landscape.csv", [&](const std::filesystem::path& path) { io::write_csv(path, file); });
  run.figure("values", Figure::line(values));
  run.figure("slopes", Figure::line(slopes));

  LinePlot diagnosis{.title = "Error bound: how far from a lower solution a point can be that looks solved"};
  diagnosis.caption =
      fmt::format("Largest distance to argmin g among sampled y with residual at most {}.", o.real("delta"));
  diagnosis.x = {.title = axis};
  diagnosis.y = {.title = "distance"};
  Series distance{.name = "distance", .x = grid, .points = true};
  for (const auto& point : bound) distance.y.push_back(point.distance);
  diagnosis.series = {distance};
  run.figure("error-bound", Figure::line(diagnosis));

  Table table{fmt::format("{} along {}", subject.name, axis), {axis, "psi", "d psi"}, {}};
  for (const double sigma : sigmas) {
    table.columns.push_back(fmt::format("psi_sigma, {}", sigma));
    table.columns.push_back(fmt::format("d psi_sigma, {}", sigma));
  }
  table.columns.insert(table.columns.end(), {"mu", "flagged"});
  for (std::size_t k = 0; k < std::min<std::size_t>(11, count); ++k) {
    const std::size_t i = k * (count - 1) / std::max<std::size_t>(1, std::min<std::size_t>(11, count) - 1);
    std::vector<Json> cells{grid[i], slice[i].psi, slice[i].slope};
    for (std::size_t s = 0; s < sigmas.size(); ++s) {
      cells.emplace_back(slice[i].penalty[s]);
      cells.emplace_back(slice[i].penalty_slope[s]);
    }
    cells.emplace_back(bound[i].mu);
    cells.emplace_back(bound[i].flagged ? "yes" : "no");
    table.rows.push_back(cells);
  }
  run.table("landscape", table);
  run.metric("flagged", static_cast<double>(flagged));
  run.metric("mu", mu);
  run.note(
      fmt::format("at sigma = {} psi_sigma is within {:.3g} of psi along {}; the error bound is in doubt at {} of {} "
                  "points (least residual/distance seen: {:.3g})",
                  sigmas.back(), largest_gap, axis, flagged, count, mu));
}

}  // namespace offprint::papers::penalty_bilevel
