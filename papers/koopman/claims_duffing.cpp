// K1 and K2: EDMD's pollution against the certified spectrum, on pairs of the undamped Duffing oscillator.
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "claims.hpp"
#include "offprint/koopman/certify.hpp"
#include "offprint/koopman/dictionary.hpp"
#include "offprint/koopman/edmd.hpp"
#include "offprint/koopman/kmeans.hpp"
#include "offprint/koopman/pair_source.hpp"
#include "offprint/koopman/pseudospectrum.hpp"
#include "offprint/koopman/systems.hpp"

namespace offprint::papers::koopman {
namespace {

using offprint::koopman::Compression;
using offprint::koopman::Edmd;
using offprint::koopman::Pseudospectrum;
using offprint::koopman::SnapshotPairs;

constexpr double kPi = std::numbers::pi;
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kOffCircle = 0.1;

/// One data set seen through N radial functions.
struct DuffingProblem {
  Compression<double> compression;
  Edmd edmd;
  double scale = 0;              // d, the mean distance of the data to their mean
  double held_out_residual = 0;  // the largest of the EDMD pairs on fresh pairs
  bool one_orbit = false;
};

/// `set` picks the independent data set, one and the same for every N. Centres come from a second data set, as large;
/// a third, a fifth of the size, is held out.
DuffingProblem make_problem(const Run& run, std::size_t set, Eigen::Index trajectories, Eigen::Index functions,
                            const Parallel& how) {
  Stream seeds = run.stream("duffing data set", set);
  const auto pairs = [&](Eigen::Index count) {
    return offprint::koopman::make_pairs(offprint::koopman::duffing_data(count, seeds(), 5, 0.3, 0.0, 2.0, how));
  };
  const SnapshotPairs train = pairs(trajectories);
  const SnapshotPairs for_centres = pairs(trajectories);
  const SnapshotPairs held_out = pairs(trajectories / 5);
  offprint::koopman::KMeansOptions kmeans;
  kmeans.seed = seeds();
  DuffingProblem problem;
  problem.one_orbit = train.one_orbit;
  problem.scale = offprint::koopman::mean_distance(train.x);
  constexpr auto kShape = offprint::koopman::RadialShape::exponential;  // exp(-2 |x - c|/d)
  const auto dictionary =
      offprint::koopman::rbf_dictionary(offprint::koopman::kmeans(for_centres.x, functions, kmeans, how).centres,
                                        kShape, offprint::koopman::radial_rate(kShape, problem.scale));
  offprint::koopman::CompressionOptions options;
  options.parallel = how;
  problem.compression = offprint::koopman::compress(pair_source(*dictionary, train), options);
  problem.edmd = offprint::koopman::edmd(problem.compression);
  problem.held_out_residual =
      residuals_on(pair_source(*dictionary, held_out), problem.edmd.values, problem.edmd.raw_vectors, how).maxCoeff();
  return problem;
}

/// What both claims say of EDMD and of the data.
struct EdmdSummary {
  double largest_residual = 0;
  double held_out_residual = 0;
  double off_circle = 0;  // share of eigenvalues with |1 - |lambda|| > 0.1
  double l_smallest = 0;  // extremes of the eigenvalues of L_q
  double l_largest = 0;
  double scale = 0;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(largest_residual, held_out_residual, off_circle, l_smallest, l_largest, scale);
  }
};

EdmdSummary summary(const DuffingProblem& problem) {
  const auto l = problem.compression.l_extremes();
  const auto off = (problem.edmd.values.cwiseAbs().array() - 1.0).abs() > kOffCircle;
  return {problem.edmd.residuals.maxCoeff(),
          problem.held_out_residual,
          static_cast<double>(off.count()) / static_cast<double>(problem.edmd.values.size()),
          l.smallest,
          l.largest,
          problem.scale};
}

/// Least and largest of a quantity over the independent data sets.
struct Range {
  double least = kInfinity;
  double largest = -kInfinity;
  void add(double v) {
    least = std::min(least, v);
    largest = std::max(largest, v);
  }
};

/// The range over data sets as a curve of N, drawn at the worst case a bound is judged on.
struct Curve {
  Series series;
  bool largest = true;
  void add(double n, const Range& range) {
    series.x.push_back(n);
    series.y.push_back(largest ? range.largest : range.least);
    series.lo.push_back(range.least);
    series.hi.push_back(range.largest);
  }
};

Figure convergence_figure(const std::string& title, const std::vector<Curve>& curves) {
  LinePlot plot;
  plot.title = title;
  plot.caption = "Lines: the worst data set. Bands: all of them.";
  const auto& sizes = curves.front().series.x;
  plot.x = {.title = "N", .log = true, .lo = 0.9 * sizes.front(), .hi = 1.1 * sizes.back()};
  plot.y = {.title = "residual", .log = true, .lo = 0.05, .hi = 1.5};
  for (const Curve& curve : curves) plot.series.push_back(curve.series);
  return Figure::line(plot);
}

Parallel one_thread(const Run& run) {
  Parallel how = run.parallel();
  how.threads = 1;  // the ensemble already uses them all
  return how;
}

/// Ensemble members, the most expensive (the largest N) first so that they do not come last and alone.
struct Member {
  std::size_t set;
  std::size_t size_index;
};
Member member(std::size_t i, std::size_t sets, std::size_t sizes) { return {i % sets, sizes - 1 - i / sets}; }
std::size_t member_index(const Member& m, std::size_t sets, std::size_t sizes) {
  return (sizes - 1 - m.size_index) * sets + m.set;
}

// ------------------------------------------------------------------------------------------------------------- K1

constexpr std::array<Eigen::Index, 3> kSizes1{50, 100, 200};
constexpr std::size_t kSets1 = 4;
constexpr Eigen::Index kTrajectories1 = 2000;
constexpr double kArcSpacing = 0.01;

offprint::koopman::Grid certified_box() { return offprint::koopman::make_grid(0.02, -0.5, 1.0, 0.0, 1.0); }

struct Certified1 {
  EdmdSummary edmd;
  double error = 0;
  double points = 0;
  double largest_argument = 0;
  double coverage = 0;  // sup of res_N(e^{i theta}) over [0, 2 pi/3]
  double margin = 0;    // least raw res_N - |1 - |z|| on Gamma
  std::string warning;
  std::vector<double> re, im, distance;  // Gamma

  template <class Archive>
  void serialize(Archive& archive) {
    archive(edmd, error, points, largest_argument, coverage, margin, warning, re, im, distance);
  }
};

Certified1 certify1(const Run& run, std::size_t set, Eigen::Index functions) {
  const Parallel how = one_thread(run);
  const DuffingProblem problem = make_problem(run, set, kTrajectories1, functions, how);
  const auto decision =
      decide_isometry(offprint::koopman::MeasurePreserving::kYes, problem.compression, problem.one_orbit);
  const auto box = certified_box();
  const auto grid = box.points();
  const Pseudospectrum<double> pseudospectrum(problem.compression);
  const auto gamma = offprint::koopman::certify_spectrum(grid, pseudospectrum.residuals(grid, how), decision.isometry);
  Certified1 out;
  out.edmd = summary(problem);
  out.warning = decision.warning;
  out.error = gamma.error;
  out.points = static_cast<double>(gamma.points.size());
  out.margin = kInfinity;
  for (const auto& p : gamma.points) {
    out.largest_argument = std::max(out.largest_argument, std::arg(p.z));
    out.margin = std::min(out.margin, p.residual - std::abs(1.0 - std::abs(p.z)));
    out.re.push_back(p.z.real());
    out.im.push_back(p.z.imag());
    out.distance.push_back(p.distance);
  }
  out.coverage = arc_coverage(pseudospectrum, box, kArcSpacing, how).supremum;
  return out;
}

// log10 res_N over the plane with EDMD's eigenvalues and the certified set of the first data set.
Figure plane_figure(Run& run, const Certified1& certified) {
  constexpr double kSpacing = 0.03;
  const auto how = run.parallel();
  const DuffingProblem problem = make_problem(run, 0, kTrajectories1, kSizes1.back(), how);
  const auto plane = offprint::koopman::make_grid(kSpacing);
  const auto residuals = Pseudospectrum<double>(problem.compression).residuals(plane.points(), how);
  ComplexPlane plot;
  plot.title = fmt::format("EDMD over the pseudospectrum (Duffing, N = {})", kSizes1.back());
  plot.caption =
      "Colours and contours: res_N(z). The true spectrum is the unit circle; the certified set was searched in "
      "[-0.5, 1] x [0, 1]. That res_N falls inside the disc shows that the box of initial points is not invariant.";
  PointGroup eigenvalues{.name = "EDMD eigenvalues"};
  for (Eigen::Index k = 0; k < problem.edmd.values.size(); ++k) {
    eigenvalues.x.push_back(problem.edmd.values(k).real());
    eigenvalues.y.push_back(problem.edmd.values(k).imag());
    eigenvalues.value.push_back(problem.edmd.residuals(k));
  }
  plot.groups = {eigenvalues,
                 {.name = "certified set", .x = certified.re, .y = certified.im, .value = certified.distance}};
  plot.contours = {0.05, 0.1, 0.2, 0.3, 0.5};
  plot.background =
      offprint::Grid{plane.re_min, kSpacing, plane.columns, plane.im_min, kSpacing, plane.rows, residuals};
  return Figure::complex_plane(plot);
}

}  // namespace

Measurement k1(const Claim&, Run& run) {
  const auto results = run.ensemble("duffing", kSets1 * kSizes1.size(), [&](std::size_t i) {
    const auto [set, size] = member(i, kSets1, kSizes1.size());
    return certify1(run, set, kSizes1[size]);
  });
  const auto at = [&](std::size_t set, std::size_t size) -> const Certified1& {
    return results[member_index({set, size}, kSets1, kSizes1.size())];
  };

  Measurement measured;
  Table table{"Every data set and N; held out: the largest residual of the EDMD pairs on fresh data",
              {"data set", "N", "EDMD largest residual", "held out", "E", "points", "largest argument", "coverage",
               "raw margin", "L_q smallest", "L_q largest", "d"},
              {}};
  Range points, growth, decrease, margin, l;
  std::vector<Curve> curves{{.series = {.name = "EDMD, largest residual"}, .largest = false},
                            {.series = {.name = "sup of res_N on the arc"}},
                            {.series = {.name = "E of the certified set"}}};
  for (std::size_t size = 0; size < kSizes1.size(); ++size) {
    Range edmd, coverage, error;
    for (std::size_t set = 0; set < kSets1; ++set) {
      const Certified1& r = at(set, size);
      edmd.add(r.edmd.largest_residual);
      coverage.add(r.coverage);
      error.add(r.error);
      points.add(r.points);
      margin.add(r.margin);
      l.add(r.edmd.l_smallest);
      l.add(r.edmd.l_largest);
      if (size > 0) {
        growth.add(r.largest_argument - at(set, size - 1).largest_argument);
        decrease.add(at(set, size - 1).coverage - r.coverage);
      }
      table.rows.push_back({set + 1, static_cast<std::int64_t>(kSizes1[size]), r.edmd.largest_residual,
                            r.edmd.held_out_residual, r.error, r.points, r.largest_argument, r.coverage, r.margin,
                            r.edmd.l_smallest, r.edmd.l_largest, r.edmd.scale});
    }
    const auto n = std::to_string(kSizes1[size]);
    measured.set("edmd_max_residual_n" + n, edmd.least);
    measured.set("coverage_n" + n, coverage.largest);
    measured.set("error_n" + n, error.largest);
    const auto x = static_cast<double>(kSizes1[size]);
    curves[0].add(x, edmd);
    curves[1].add(x, coverage);
    curves[2].add(x, error);
  }
  measured.set("points_least", points.least);
  measured.set("argument_growth", growth.least);
  measured.set("coverage_decrease", decrease.least);
  measured.set("isometry_margin", margin.least);

  run.note(fmt::format("Every criterion is the worst of {} independent data sets.", kSets1));
  if (const auto& warning = at(0, kSizes1.size() - 1).warning; !warning.empty()) run.note("N = 200: " + warning);
  run.note("E alone does not fall with N, because the certified set grows along the circle; the sup of res_N does.");
  run.metric("l_q_smallest_eigenvalue", l.least);
  run.metric("l_q_largest_eigenvalue", l.largest);
  run.table("data-sets", table);
  run.figure("convergence", convergence_figure("EDMD's residual stays, the certified one falls", curves));
  run.figure("plane", plane_figure(run, at(0, kSizes1.size() - 1)));
  return measured;
}

// --------------------------------------------------------------------------------------------------------------- K2

namespace {

constexpr std::array<Eigen::Index, 4> kSizes2{100, 200, 400, 800};
constexpr std::size_t kSets2 = 4;
constexpr Eigen::Index kTrajectories2 = 4000;
constexpr std::size_t kAngles2 = 41;

struct Circle2 {
  EdmdSummary edmd;
  std::vector<double> residual;  // at the 41 angles of [0, pi]

  [[nodiscard]] double coverage() const { return *std::max_element(residual.begin(), residual.end()); }
  template <class Archive>
  void serialize(Archive& archive) {
    archive(edmd, residual);
  }
};

Circle2 circle2(const Run& run, std::size_t set, Eigen::Index functions) {
  const Parallel how = one_thread(run);
  const DuffingProblem problem = make_problem(run, set, kTrajectories2, functions, how);
  const Pseudospectrum<double> pseudospectrum(problem.compression);
  return {summary(problem), pseudospectrum.residuals(offprint::koopman::circle_arc(0.0, kPi, kAngles2), how)};
}

}  // namespace

Measurement k2(const Claim&, Run& run) {
  const auto results = run.ensemble("duffing", kSets2 * kSizes2.size(), [&](std::size_t i) {
    const auto [set, size] = member(i, kSets2, kSizes2.size());
    return circle2(run, set, kSizes2[size]);
  });
  const auto at = [&](std::size_t set, std::size_t size) -> const Circle2& {
    return results[member_index({set, size}, kSets2, kSizes2.size())];
  };

  Measurement measured;
  Table table{"Every data set and N; held out: the largest residual of the EDMD pairs on fresh data",
              {"data set", "N", "sup of res_N on the circle", "EDMD largest residual", "held out",
               "share of eigenvalues off the circle", "L_q smallest", "L_q largest", "d"},
              {}};
  Range decrease, edmd_all, off_circle, l;
  std::vector<Curve> curves{{.series = {.name = "EDMD, largest residual"}, .largest = false},
                            {.series = {.name = "sup of res_N on the circle"}}};
  LinePlot angles;
  angles.title = "res_N on the unit circle";
  angles.x = {.title = "angle", .unit = "rad", .lo = 0.0, .hi = kPi};
  angles.y = {.title = "res_N", .log = true};
  for (std::size_t size = 0; size < kSizes2.size(); ++size) {
    Range coverage, edmd;
    for (std::size_t set = 0; set < kSets2; ++set) {
      const Circle2& r = at(set, size);
      coverage.add(r.coverage());
      edmd.add(r.edmd.largest_residual);
      edmd_all.add(r.edmd.largest_residual);
      off_circle.add(r.edmd.off_circle);
      l.add(r.edmd.l_smallest);
      l.add(r.edmd.l_largest);
      if (size > 0) decrease.add(at(set, size - 1).coverage() - r.coverage());
      table.rows.push_back({set + 1, static_cast<std::int64_t>(kSizes2[size]), r.coverage(), r.edmd.largest_residual,
                            r.edmd.held_out_residual, r.edmd.off_circle, r.edmd.l_smallest, r.edmd.l_largest,
                            r.edmd.scale});
    }
    measured.set(fmt::format("coverage_n{}", kSizes2[size]), coverage.largest);
    curves[0].add(static_cast<double>(kSizes2[size]), edmd);
    curves[1].add(static_cast<double>(kSizes2[size]), coverage);
    Series series{.name = fmt::format("N = {}", kSizes2[size]), .y = at(0, size).residual};
    for (std::size_t k = 0; k < kAngles2; ++k)
      series.x.push_back(kPi * static_cast<double>(k) / static_cast<double>(kAngles2 - 1));
    angles.series.push_back(series);
  }
  measured.set("coverage_decrease", decrease.least);
  measured.set("edmd_max_residual_least", edmd_all.least);
  measured.set("off_circle_least", off_circle.least);

  run.note(fmt::format("Every criterion is the worst of {} independent data sets.", kSets2));
  run.note(
      fmt::format("The eigenvalues of L_q span {:.3g} to {:.3g} (an isometry: all 1): the box of initial points is "
                  "not invariant under the flow.",
                  l.least, l.largest));
  run.metric("l_q_smallest_eigenvalue", l.least);
  run.metric("l_q_largest_eigenvalue", l.largest);
  run.table("data-sets", table);
  run.figure("convergence", convergence_figure("On the whole circle res_N falls, EDMD's residual stays", curves));
  run.figure("circle", Figure::line(angles));
  return measured;
}

}  // namespace offprint::papers::koopman
