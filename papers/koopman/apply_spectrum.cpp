// spectrum: verified eigenvalues, the certified set, modes, and the plane they live in.
#include <algorithm>
#include <cmath>
#include <numbers>
#include <optional>

#include <fmt/format.h>

#include "actions.hpp"
#include "eigenfunctions.hpp"
#include "offprint/core/error.hpp"
#include "offprint/io/csv.hpp"
#include "offprint/io/npy.hpp"
#include "offprint/koopman/certify.hpp"
#include "offprint/koopman/memory.hpp"
#include "plane.hpp"
#include "verdict.hpp"

namespace offprint::papers::koopman {
namespace {

using Eigen::MatrixXcd;
using Eigen::MatrixXd;

constexpr double kHalfWidth = 1.5;  // of the plane that is searched and drawn: the unit disc and a margin

constexpr double kMostWork = 3e12;  // floating-point operations for the planes: some minutes on two cores

struct Times {
  double frequency;
  double growth;
};

Times times_of(lib::Complex lambda, double dt) {
  return {std::arg(lambda) / (2 * std::numbers::pi * dt), std::log(std::abs(lambda)) / dt};
}

Json number_or_dash(double value) { return std::isfinite(value) ? Json(value) : Json("-"); }

// What the table lists: everything, what the filter keeps, or (when that is nothing) the best few.
std::vector<Index> listed(Run& run, const Eigenfunctions& e, const std::string& method, double epsilon) {
  if (method != "resdmd") return e.listed;
  std::vector<Index> kept;
  for (const Index k : e.listed)
    if (e.residuals(k) <= epsilon) kept.push_back(k);
  if (!kept.empty()) {
    const auto left_out = std::count_if(e.residuals.begin(), e.residuals.end(), [&](double r) { return r > epsilon; });
    if (left_out > 0)
      run.note(
          fmt::format("{} of {} eigenvalues have a residual beyond epsilon = {:g}: artefacts of the dictionary as "
                      "far as these data show; the table leaves them out, eigenvalues.csv has all",
                      left_out, e.values.size(), epsilon));
    return kept;
  }
  run.note(
      fmt::format("no eigenvalue has a residual within epsilon = {:g} (the least is {:.3g}): the table shows the "
                  "ten best, none is certified",
                  epsilon, e.residuals(0)));
  kept = e.listed;
  kept.resize(std::min<std::size_t>(kept.size(), 10));
  return kept;
}

void report_eigenvalues(Run& run, const Problem& problem, const Eigenfunctions& e, const std::vector<Index>& rows,
                        double epsilon) {
  Table table;
  table.title = "Eigenvalues by residual (one of each conjugate pair: Im >= 0)";
  table.columns = {"re",        "im",     "|lambda|", "residual", "held-out residual",
                   "frequency", "growth", "energy",   "certified"};
  for (const Index k : rows) {
    const auto [frequency, growth] = times_of(e.values(k), problem.dt);
    table.rows.push_back({e.values(k).real(), e.values(k).imag(), std::abs(e.values(k)), e.residuals(k),
                          number_or_dash(e.held_out(k)), frequency, number_or_dash(growth), e.energy(k),
                          e.certified(k, epsilon) ? "yes" : "no"});
  }
  run.table("eigenvalues", table);
  run.artifact("eigenvalues.csv", [&](const std::filesystem::path& path) {
    MatrixXd all(e.values.size(), 9);
    for (Index k = 0; k < all.rows(); ++k) {
      const auto [frequency, growth] = times_of(e.values(k), problem.dt);
      all.row(k) << e.values(k).real(), e.values(k).imag(), std::abs(e.values(k)), e.residuals(k), e.held_out(k),
          frequency, growth, e.energy(k), e.certified(k, epsilon) ? 1.0 : 0.0;
    }
    io::write_csv(
        path, {"re", "im", "modulus", "residual", "held_out_residual", "frequency", "growth", "energy", "certified"},
        all);
  });
  Index certified = 0;
  Index within = 0;
  Index fell = 0;
  for (Index k = 0; k < e.values.size(); ++k) {
    certified += e.certified(k, epsilon) ? 1 : 0;
    within += e.residuals(k) <= epsilon ? 1 : 0;
    fell += e.residuals(k) <= epsilon && e.held_out(k) > std::max(epsilon, 2 * e.residuals(k)) ? 1 : 0;
  }
  run.metric("eigenvalues", static_cast<double>(e.values.size()));
  run.metric("within_epsilon", static_cast<double>(within));
  run.metric("certified", static_cast<double>(certified));
  run.metric("smallest_residual", e.residuals(0));
  run.metric("largest_residual", e.residuals(e.residuals.size() - 1));
  if (e.in_kernel_norm)
    run.note(
        "kernel residuals are those of K* in the kernel's norm, held-out residuals those of the eigenfunctions of K "
        "in L2, which forecasts use: certified means that both are within epsilon");
  if (fell > 0)
    run.note(
        fmt::format("{} of the {} eigenvalues within epsilon on the training pairs have held-out residuals beyond "
                    "it and at least twice as large: the dictionary fits the sample there, or the system drifts; "
                    "they do not count as certified",
                    fell, within));
}

void keep_modes(Run& run, const Problem& problem, const Eigenfunctions& e, const std::vector<Index>& rows) {
  const Index width = problem.pod ? problem.pod->modes.rows() : e.modes.cols();
  lib::require_memory(32 * static_cast<std::uint64_t>(rows.size()) * static_cast<std::uint64_t>(width),
                      fmt::format("writing {} modes of {} state variables", rows.size(), width));
  run.artifact("modes.npy", [&](const std::filesystem::path& path) {
    io::write_npy(path, io::NdArray::from_matrix(problem.lift(e.modes(rows, Eigen::all))));
  });
}

// Amplitude over frequency: what is left of a mode for any number of state variables.
void draw_amplitudes(Run& run, const Problem& problem, const Eigenfunctions& e, const std::vector<Index>& rows) {
  ScatterPlot plot;
  plot.title = "Koopman modes: amplitude over frequency";
  plot.caption = "Norm of each mode (conjugates together); colour: residual of the eigenfunction.";
  plot.x = {"frequency", "cycles per time unit"};
  plot.y = {.title = "amplitude", .log = true};
  plot.colour = {.title = "residual", .log = true};
  PointGroup group;
  group.name = "modes";
  for (const Index k : rows) {
    group.x.push_back(times_of(e.values(k), problem.dt).frequency);
    group.y.push_back((std::abs(e.values(k).imag()) > 1e-12 ? 2.0 : 1.0) * e.modes.row(k).norm());
    group.value.push_back(e.residuals(k));
  }
  if (std::none_of(group.y.begin(), group.y.end(), [](double a) { return a > 0; })) return;
  plot.groups.push_back(std::move(group));
  run.figure("mode_amplitudes", Figure::scatter(plot));
}

void draw_modes(Run& run, const Problem& problem, const Eigenfunctions& e, std::vector<Index> rows) {
  // By energy: of the genuine eigenfunctions, those that carry the signal.
  std::stable_sort(rows.begin(), rows.end(), [&](Index i, Index j) { return e.energy(i) > e.energy(j); });
  rows.resize(std::min<std::size_t>(rows.size(), 6));
  const MatrixXcd modes = problem.lift(e.modes(rows, Eigen::all));
  if (modes.cols() < 2) return;  // a single number each: the amplitudes say it all
  const auto label = [&](std::size_t i) {
    return fmt::format("f = {:.4g}, |λ| = {:.4f}, res {:.1e}", times_of(e.values(rows[i]), problem.dt).frequency,
                       std::abs(e.values(rows[i])), e.residuals(rows[i]));
  };
  // A mode is a direction times any phase: turned so that its largest entry is real and positive.
  const auto turned = [&](Index i) {
    Index at = 0;
    modes.row(i).cwiseAbs().maxCoeff(&at);
    const double size = std::abs(modes(i, at));
    return size > 0 ? Eigen::VectorXcd((modes.row(i) * (std::conj(modes(i, at)) / size)).transpose())
                    : Eigen::VectorXcd(modes.row(i).transpose());
  };
  const Options& o = run.options();
  if (o.has("mode-shape")) {
    const auto shape = o.integers("mode-shape");
    if (shape.size() != 2 || shape[0] < 1 || shape[1] < 1 || shape[0] * shape[1] != modes.cols())
      throw InputError(
          fmt::format("--mode-shape must be rows,columns with rows x columns = {} state variables", modes.cols()));
    ImageGrid images;
    images.title = "Koopman modes of most energy";
    images.caption = "Real parts, each with its largest entry turned real and positive.";
    images.map = ColourMap::kDiverging;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const Eigen::VectorXd real = turned(static_cast<Index>(i)).real();
      images.pictures.push_back({label(i),
                                 static_cast<std::size_t>(shape[1]),
                                 static_cast<std::size_t>(shape[0]),
                                 {real.begin(), real.end()}});
    }
    run.figure("modes", Figure::images(images));
    return;
  }
  LinePlot plot;
  plot.title = "Koopman modes of most energy";
  plot.caption = "Absolute values over the state variables; phases are in modes.npy.";
  plot.x.title = "state variable";
  plot.y = {.title = "|mode|", .lo = 0.0};
  for (std::size_t i = 0; i < rows.size(); ++i) {
    Series series;
    series.name = label(i);
    series.points = modes.cols() <= 20;
    for (Index c = 0; c < modes.cols(); ++c) {
      series.x.push_back(static_cast<double>(c + 1));
      series.y.push_back(std::abs(modes(static_cast<Index>(i), c)));
    }
    plot.series.push_back(std::move(series));
  }
  run.figure("modes", Figure::line(plot));
}

void draw_residuals(Run& run, const Eigenfunctions& e, double epsilon) {
  LinePlot plot;
  plot.title = e.in_kernel_norm ? "Residuals in the kernel's norm, ascending" : "Residuals, ascending";
  plot.x.title = "eigenvalue";
  plot.y = {.title = "residual", .log = true};
  Series training{.name = "training pairs"};
  Series held{.name = e.in_kernel_norm ? "held-out pairs (L2)" : "held-out pairs"};
  held.points = true;
  for (Index k = 0; k < e.values.size(); ++k) {
    training.x.push_back(static_cast<double>(k + 1));
    training.y.push_back(std::max(e.residuals(k), 1e-17));
    held.x.push_back(static_cast<double>(k + 1));
    held.y.push_back(e.held_out(k));
  }
  if (std::any_of(held.y.begin(), held.y.end(), [](double r) { return r > 0; })) plot.series.push_back(std::move(held));
  plot.series.push_back(std::move(training));
  plot.reference_lines.push_back({epsilon, "epsilon", false});
  if (e.in_kernel_norm && e.kept_by_knee < e.values.size())
    plot.reference_lines.push_back({static_cast<double>(e.kept_by_knee), "knee", true});
  run.figure("residuals", Figure::line(plot));
}

// Algorithm 3 over the grid, the eigenvalues and the unit circle itself; without planes over the eigenvalues alone.
lib::CertifiedSpectrum certified_set(Run& run, const lib::Pseudospectrum<double>& pseudospectrum,
                                     const std::vector<Plane>& planes, const Eigenfunctions& e) {
  const double spacing = run.options().real("grid");
  std::vector<lib::Complex> candidates;
  std::vector<double> residuals;
  for (const auto& plane : planes)
    for (std::size_t k = 0; k < plane.residuals.size(); ++k) {
      const auto z = plane.grid.point(k / plane.grid.columns, k % plane.grid.columns);
      if (z.imag() < 0) continue;
      candidates.push_back(z);
      residuals.push_back(plane.residuals[k]);
    }
  if (planes.empty()) {
    for (const Index k : e.listed) {
      candidates.push_back(e.values(k));
      residuals.push_back(e.residuals(k));  // at least res_N there: a certificate all the same
    }
    const auto gamma = lib::certify_spectrum(candidates, residuals, true, run.options().real("disc"));
    run.metric("gamma_points", static_cast<double>(gamma.points.size()));
    run.metric("gamma_error", gamma.error);
    run.note(
        fmt::format("certified set, from the eigenvalues alone: {} points with Im >= 0, some approximate point "
                    "spectrum within E = {:.3g} of each; the coverage was not computed",
                    gamma.points.size(), gamma.error));
    return gamma;
  }
  std::vector<lib::Complex> more;
  for (const Index k : e.listed) more.push_back(e.values(k));
  const auto count = static_cast<std::size_t>(std::ceil(2 * std::numbers::pi / spacing));
  for (const auto& z : lib::circle_arc(0.0, std::numbers::pi, count)) more.push_back(z);
  const auto values = pseudospectrum.residuals(more, run.parallel());
  candidates.insert(candidates.end(), more.begin(), more.end());
  residuals.insert(residuals.end(), values.begin(), values.end());
  const auto gamma = lib::certify_spectrum(candidates, residuals, true, run.options().real("disc"));
  const auto coverage = lib::arc_coverage(pseudospectrum, planes.front().grid, spacing, run.parallel());
  run.metric("gamma_points", static_cast<double>(gamma.points.size()));
  run.metric("gamma_error", gamma.error);
  run.metric("coverage", coverage.supremum);
  run.metric("coverage_worst_angle", coverage.worst_angle, "rad");
  run.note(
      fmt::format("certified set: {} points with Im >= 0, some approximate point spectrum within E = {:.3g} of each; "
                  "coverage: res_N reaches {:.3g} on the unit circle (at angle {:.3g}), and where it is large spectrum "
                  "may be missed",
                  gamma.points.size(), gamma.error, coverage.supremum, coverage.worst_angle));
  return gamma;
}

void report_gamma(Run& run, const lib::CertifiedSpectrum& gamma, double dt) {
  Table table;
  table.title = "The certified set: some approximate point spectrum lies within D of each point";
  table.columns = {"re", "im", "|z|", "D", "res_N", "frequency"};
  auto points = gamma.points;
  std::stable_sort(points.begin(), points.end(), [](const auto& a, const auto& b) { return a.distance < b.distance; });
  for (const auto& p : points)
    table.rows.push_back({p.z.real(), p.z.imag(), std::abs(p.z), p.distance, p.residual, times_of(p.z, dt).frequency});
  run.table("certified_set", table);
}

// The square around the eigenvalues within epsilon, where it is much smaller than the whole plane: finely sampled data
// crowd near 1.
std::optional<lib::Grid> zoom_grid(const Eigenfunctions& e, double epsilon) {
  double re_min = kHalfWidth;
  double re_max = -kHalfWidth;
  double im_max = 0;
  for (Index k = 0; k < e.values.size() && e.residuals(k) <= epsilon; ++k) {
    re_min = std::min(re_min, e.values(k).real());
    re_max = std::max(re_max, e.values(k).real());
    im_max = std::max(im_max, std::abs(e.values(k).imag()));
  }
  const double half = 0.6 * std::max(re_max - re_min, 2 * im_max);
  if (!(half > 1e-6) || half > kHalfWidth / 2) return std::nullopt;
  const double middle = (re_min + re_max) / 2;
  return lib::make_grid(half / 30, middle - half, middle + half, -half, half);
}

void draw_plane(Run& run, const std::string& name, const Plane& plane, const Eigenfunctions& e,
                const lib::CertifiedSpectrum& gamma) {
  ComplexPlane figure;
  figure.title =
      name == "spectrum" ? "Eigenvalues and the pseudospectrum" : "Eigenvalues and the pseudospectrum, enlarged";
  figure.caption =
      "Background and contours: res_N(z), the least residual of any function in the dictionary. Points: eigenvalues, "
      "coloured by their own residual on the same scale.";
  if (plane.residuals.empty()) {
    figure.title = "Eigenvalues";
    figure.caption = "Coloured by residual.";
  } else {
    figure.background = plane.field();
  }
  const auto& g = plane.grid;
  const auto add = [&](PointGroup& group, lib::Complex z, double value) {
    if (z.real() < g.re_min || z.real() > g.re_max || z.imag() < g.im_min || z.imag() > g.im_max) return;
    group.x.push_back(z.real());
    group.y.push_back(z.imag());
    group.value.push_back(value);
  };
  PointGroup eigenvalues;
  eigenvalues.name = "eigenvalues";
  for (Index k = 0; k < e.values.size(); ++k) add(eigenvalues, e.values(k), e.residuals(k));
  const auto outside = e.values.size() - static_cast<Index>(eigenvalues.x.size());
  if (outside > 0 && name == "spectrum")
    run.note(fmt::format("{} eigenvalues lie outside the drawn square |Re|, |Im| <= {}", outside, kHalfWidth));
  if (!eigenvalues.x.empty()) figure.groups.push_back(std::move(eigenvalues));
  PointGroup certified;
  certified.name = "certified set";
  for (const auto& p : gamma.points) {
    add(certified, p.z, p.distance);
    if (p.z.imag() > 0) add(certified, std::conj(p.z), p.distance);
  }
  if (!certified.x.empty()) figure.groups.push_back(std::move(certified));
  run.figure(name, Figure::complex_plane(figure));
}

// Eigenvalues as frequencies and growth rates, which is how they are read.
void draw_frequencies(Run& run, const Problem& problem, const Eigenfunctions& e, const std::vector<Index>& rows) {
  ScatterPlot plot;
  plot.title = "Growth rate over frequency";
  plot.caption = "Eigenvalues as the table lists them; colour: residual. Below 0: decaying.";
  plot.x = {"frequency", "cycles per time unit"};
  plot.y = {"growth rate", "per time unit"};
  plot.colour = {.title = "residual", .log = true};
  PointGroup group;
  group.name = "eigenvalues";
  for (const Index k : rows) {
    const auto [frequency, growth] = times_of(e.values(k), problem.dt);
    if (!std::isfinite(growth)) continue;
    group.x.push_back(frequency);
    group.y.push_back(growth);
    group.value.push_back(e.residuals(k));
  }
  if (group.x.empty()) return;
  plot.groups.push_back(std::move(group));
  run.figure("frequencies", Figure::scatter(plot));
}

}  // namespace

void spectrum(Run& run) {
  const Options& o = run.options();
  const std::string method = o.text("method");
  const double epsilon = o.real("epsilon");
  const Problem problem = prepare(run);
  const auto grid = lib::make_grid(o.real("grid"), -kHalfWidth, kHalfWidth, -kHalfWidth, kHalfWidth);

  Eigenfunctions e;
  lib::CertifiedSpectrum gamma;
  if (problem.kernel) {
    if (method == "mpedmd") throw InputError("--method mpedmd needs a dictionary; --dictionary kernel has ResDMD only");
    const auto kernel = lib::kernel_resdmd(problem.train, problem.kernel_options);
    for (const auto& warning : kernel.warnings) run.note(warning);
    e = kernel_eigenfunctions(run, problem, kernel);
    run.metric("pairs", static_cast<double>(problem.train.count()));
    run.metric("held_out_pairs", static_cast<double>(problem.test.count()));
    run.metric("functions", static_cast<double>(e.values.size()));
    run.metric("kernel_length", kernel.kernel.length);
    run.metric("knee", static_cast<double>(e.kept_by_knee));
  }
  const auto compression = problem.kernel ? lib::kernel_compression(problem.train, problem.kernel_options).adjoint
                                          : compress_problem(run, problem);
  bool unitary_system = o.text("measure-preserving") == "yes";
  if (!problem.kernel) {
    e = dictionary_eigenfunctions(run, problem, compression, method == "mpedmd");
    unitary_system = isometry(run, problem, compression);
    if (method == "mpedmd" && !unitary_system)
      run.note("mpEDMD puts every eigenvalue on the unit circle: that is right for measure-preserving systems only");
  }
  const auto rows = listed(run, e, method, epsilon);
  report_eigenvalues(run, problem, e, rows, epsilon);
  keep_modes(run, problem, e, rows);

  const lib::Pseudospectrum<double> pseudospectrum(compression);
  std::vector<Plane> planes;
  const auto zoom = zoom_grid(e, epsilon);
  const double points = static_cast<double>(grid.size() + (zoom ? zoom->size() : 0)) / 2;
  const double work = points * 8.0 / 3.0 * std::pow(static_cast<double>(compression.size()), 3);
  if (work <= kMostWork) {
    planes.push_back(residual_plane(run, pseudospectrum, grid));
    keep_plane(run, planes.front());
    if (zoom) planes.push_back(residual_plane(run, pseudospectrum, *zoom));
  } else {
    run.note(
        fmt::format("with N={} functions res_N on the grid would take about {:.1g} floating-point operations: it "
                    "was left out; a coarser --grid, or the action pseudospectrum, computes it",
                    compression.size(), work));
  }
  if (unitary_system) {
    gamma = certified_set(run, pseudospectrum, planes, e);
    report_gamma(run, gamma, problem.dt);
  } else {
    run.note(
        "without measure preservation a residual is no distance to the spectrum, so there is no certified set: what "
        "is verified is the epsilon-pseudospectrum, where res_N < epsilon");
  }
  if (!unitary_system && !planes.empty()) {
    const auto& values = planes.front().residuals;
    const auto inside = std::count_if(values.begin(), values.end(), [&](double r) { return r < epsilon; });
    run.metric("pseudospectrum_area", static_cast<double>(inside) * o.real("grid") * o.real("grid"));
  }
  draw_plane(run, "spectrum", planes.empty() ? Plane{grid, {}} : planes.front(), e, gamma);
  if (zoom) draw_plane(run, "spectrum_zoom", planes.empty() ? Plane{*zoom, {}} : planes.back(), e, gamma);
  draw_frequencies(run, problem, e, rows);
  draw_residuals(run, e, epsilon);
  draw_amplitudes(run, problem, e, rows);
  draw_modes(run, problem, e, rows);
  report_verdict(run, problem, problem.kernel ? nullptr : &compression, epsilon);
}

}  // namespace offprint::papers::koopman
