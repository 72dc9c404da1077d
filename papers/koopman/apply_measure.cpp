// measure: the spectral measure of an observable, how much of its signal is periodic and at which frequencies.
#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

#include <fmt/format.h>

#include "actions.hpp"
#include "offprint/core/error.hpp"
#include "offprint/io/csv.hpp"
#include "offprint/koopman/edmd.hpp"
#include "offprint/koopman/moments.hpp"
#include "offprint/koopman/mpedmd.hpp"
#include "offprint/koopman/rational_kernel.hpp"
#include "problem.hpp"

namespace offprint::papers::koopman {
namespace {

constexpr double kPi = std::numbers::pi;
constexpr double kTwoPi = 2 * kPi;
constexpr std::size_t kUsualAngles = 1000;

// What every method ends in: a density per radian at the angles, atoms, or both; masses add up to `total`.
struct Result {
  std::vector<double> density;
  std::vector<lib::Atom> atoms;
  double total = 0;       // ||g||^2, the variance of the observable
  double point_mass = 0;  // estimate of the atoms' total, those at `slowest` and below left out
  double slow_mass = 0;   // of atoms below `slowest`: the mean is gone, so this is drift and not a period
  double slowest = 0;     // least angle that the data resolve from 0
  std::string how;        // how the point mass was told from the rest
  double dt = 1;
};

std::vector<double> angles_of(std::size_t count) {
  std::vector<double> angles(count);
  for (std::size_t k = 0; k < count; ++k)
    angles[k] = -kPi + kTwoPi * (static_cast<double>(k) + 0.5) / static_cast<double>(count);
  return angles;
}

void add_masses(Result& r, const std::vector<lib::Atom>& genuine) {
  for (const auto& atom : genuine) (std::abs(atom.angle) < r.slowest ? r.slow_mass : r.point_mass) += atom.mass;
}

Result by_moments(Run& run, std::vector<double>& angles) {
  const Options& o = run.options();
  Input input = read_input(o);
  for (const auto& note : input.notes) run.note(note);
  if (input.pairs) throw InputError("--method moments needs trajectories, not pairs: use mpedmd or resolvent");
  const Index column = lib::Index{find_column(input.states.columns, o.text("observable"))};
  std::vector<Eigen::VectorXd> signals;
  double sum = 0;
  Index longest = 0;
  for (const auto& part : input.states.parts) {
    sum += part.col(column).sum();
    longest = std::max(longest, part.rows());
  }
  const double mean = sum / static_cast<double>(input.states.snapshots());
  const long count = o.has("moments") ? o.integer("moments") : std::clamp<long>(longest / 10, 8, 2000);
  std::vector<std::complex<double>> a(static_cast<std::size_t>(count) + 1);
  double rows = 0;
  for (const auto& part : input.states.parts) {
    if (part.rows() <= count) continue;
    const Eigen::VectorXd g = part.col(column).array() - mean;
    const auto here = lib::moments(std::span<const double>(g.data(), static_cast<std::size_t>(g.size())),
                                   static_cast<std::size_t>(count));
    for (std::size_t n = 0; n < a.size(); ++n) a[n] += static_cast<double>(g.size()) * here[n];
    rows += static_cast<double>(g.size());
  }
  if (!(rows > 0))
    throw InputError(fmt::format("{} moments need a trajectory of more than {} snapshots, the longest has {}", count,
                                 count, longest));
  for (auto& value : a) value /= rows;
  if (!(a[0].real() > 0))
    throw InputError(fmt::format("{} is constant: it has no spectral measure", input.states.column_label(column)));
  if (input.states.parts.size() > 1)
    run.note(fmt::format("moments are averaged over the trajectories longer than {} snapshots ({} of {} rows)", count,
                         rows, input.states.snapshots()));
  // Fine enough for the narrowest line that so many moments resolve.
  if (!o.has("angles"))
    angles = angles_of(static_cast<std::size_t>(std::max<long>(static_cast<long>(kUsualAngles), 4 * count)));
  Result out;
  out.dt = input.states.dt;
  out.total = kTwoPi * a[0].real();
  out.density = lib::filtered_density(a, lib::filter_from_name(o.text("filter")), angles, run.parallel());
  out.atoms = lib::find_atoms(a);
  out.slowest = kTwoPi / static_cast<double>(count);
  add_masses(out, out.atoms);
  out.how = "peaks of the Fejer density that hold at least 3/4 of their mass when the moments are doubled";
  run.metric("moments", static_cast<double>(count));
  return out;
}

// Atoms by the Poisson kernel (order 1): pi epsilon times its peak is the mass of an atom, and halves with epsilon for
// smooth density.
std::vector<lib::Atom> resolvent_atoms(const lib::Compression<double>& compression, const lib::Vector<lib::Complex>& g,
                                       double smoothing, double total, const Parallel& how) {
  const auto kernel = lib::rational_kernel(1);
  const auto angles = angles_of(static_cast<std::size_t>(std::ceil(4 * kTwoPi / smoothing)));
  const auto coarse = lib::resolvent_density<double>(compression, g, angles, 2 * smoothing, kernel, how);
  const auto fine = lib::resolvent_density<double>(compression, g, angles, smoothing, kernel, how);
  std::vector<lib::Atom> atoms;
  const std::size_t n = angles.size();
  for (std::size_t k = 0; k < n; ++k) {
    if (!(fine[k] > fine[(k + n - 1) % n] && fine[k] >= fine[(k + 1) % n])) continue;
    lib::Atom atom{angles[k], kPi * smoothing * fine[k], 0.5 * fine[k] / coarse[k]};
    if (atom.mass >= 1e-4 * total && atom.persistence >= 0.75) atoms.push_back(atom);
  }
  std::stable_sort(atoms.begin(), atoms.end(), [](const auto& x, const auto& y) { return x.mass > y.mass; });
  return atoms;
}

Result by_dictionary(Run& run, const std::string& method, std::vector<double>& angles) {
  const Options& o = run.options();
  const Problem problem = prepare(run, Mean::remove);
  if (problem.kernel)
    throw InputError("--dictionary kernel has no spectral measure in L2: use another dictionary, or --method moments");
  if (problem.pod) throw InputError("--rank replaces the columns that --observable names: leave it out");
  const Index column = find_column(problem.names, o.text("observable"));
  const auto compression = compress_problem(run, problem);
  if (!isometry(run, problem, compression))
    run.note(
        "spectral measures on the unit circle are those of measure-preserving systems, which these data do not "
        "show: read this one with care");
  const Eigen::MatrixXd observable = problem.state_of(problem.train.x).col(column);
  const Eigen::VectorXd g =
      lib::project_observables<double>(problem.train_source(), compression, observable, run.parallel());
  Result out;
  out.dt = problem.dt;
  out.total = g.squaredNorm();
  out.slowest = 3 * kTwoPi / static_cast<double>(problem.train.count());  // three periods in the data
  const double variance = problem.train.weights.dot(observable.col(0).cwiseAbs2());
  if (!(variance > 0))
    throw InputError(fmt::format("column '{}' is constant: it has no spectral measure", o.text("observable")));
  run.metric("captured", out.total / variance);
  if (out.total < 0.99 * variance)
    run.note(
        fmt::format("the dictionary holds only {:.3g} of the observable's variance: the rest is missing from the "
                    "measure",
                    out.total / variance));
  const double spacing = kTwoPi / static_cast<double>(compression.size());
  const double smoothing = o.has("smoothing") ? o.real("smoothing") : 4 * spacing;
  if (method != "mpedmd") run.metric("smoothing", smoothing, "rad");
  if (method != "mpedmd" && !o.has("angles"))
    angles = angles_of(std::max(kUsualAngles, static_cast<std::size_t>(std::ceil(4 * kTwoPi / smoothing))));
  if (method != "mpedmd")
    run.note(
        fmt::format("the density is smoothed over {:.3g} rad, {:.3g} in frequency: lines nearer than that merge in "
                    "it (--smoothing, more --delays)",
                    smoothing, smoothing / (kTwoPi * problem.dt)));
  if (method != "mpedmd" && smoothing < 2 * spacing)
    run.note(fmt::format("--smoothing {:.3g} is below twice the eigenvalue spacing {:.3g}: single eigenvalues show",
                         smoothing, spacing));
  const lib::Vector<lib::Complex> c = g.cast<lib::Complex>();
  const auto kernel = lib::rational_kernel(static_cast<int>(o.integer("order")));
  if (method == "resolvent") {
    out.density = lib::resolvent_density<double>(compression, c, angles, smoothing, kernel, run.parallel());
    out.atoms = resolvent_atoms(compression, c, smoothing, out.total, run.parallel());
    add_masses(out, out.atoms);
    out.how = "peaks of the Poisson-smoothed density that hold at least 3/4 of their mass when the smoothing is halved";
    return out;
  }
  const auto unitary = lib::mpedmd(compression);
  const auto measure = lib::spectral_measure(unitary, c);
  if (method == "rigged") out.density = lib::smoothed_density(measure, angles, smoothing, kernel, run.parallel());
  for (std::size_t k = 0; k < measure.angles.size(); ++k) {
    const auto j = static_cast<Index>(k);
    const double residual =
        lib::residual(compression, unitary.values(j), lib::Vector<lib::Complex>(unitary.vectors.col(j)));
    out.atoms.push_back({measure.angles[k], measure.masses[k], residual});
    if (residual <= 0.1) add_masses(out, {out.atoms.back()});
  }
  std::stable_sort(out.atoms.begin(), out.atoms.end(), [](const auto& x, const auto& y) { return x.mass > y.mass; });
  out.how = "atoms of mpEDMD whose eigenfunctions have a residual of at most 0.1";
  return out;
}

void draw_density(Run& run, const Result& r, const std::vector<double>& angles) {
  LinePlot angle;
  angle.title = "Spectral density";
  angle.caption = "Per radian of the unit circle; its integral is the observable's variance. Symmetric for real data.";
  angle.x = {"angle", "rad"};
  angle.y = {.title = "density"};
  LinePlot frequency;
  frequency.title = "One-sided spectral density over frequency";
  frequency.caption =
      "Per unit of frequency, both signs together; negative values of a high-order kernel are left out.";
  frequency.x = {"frequency", "cycles per time unit"};
  frequency.y = {.title = "density", .log = true};
  Series a{.name = "density"};
  Series f{.name = "density"};
  for (std::size_t k = 0; k < angles.size(); ++k) {
    a.x.push_back(angles[k]);
    a.y.push_back(r.density[k]);
    if (angles[k] < 0) continue;
    f.x.push_back(angles[k] / (kTwoPi * r.dt));
    f.y.push_back(2 * r.density[k] * kTwoPi * r.dt);
  }
  angle.series.push_back(std::move(a));
  frequency.series.push_back(std::move(f));
  run.figure("density", Figure::line(angle));
  run.figure("density_frequency", Figure::line(frequency));
}

void draw_cdf(Run& run, const Result& r, const std::vector<double>& angles, bool atomic) {
  LinePlot plot;
  plot.title = "Cumulative spectral measure";
  plot.caption = "Share of the observable's variance in [-pi, angle]: steps are periodic parts, slopes chaotic ones.";
  plot.x = {"angle", "rad"};
  plot.y = {.title = "share"};
  Series s{.name = "share"};
  double sum = 0;
  if (atomic) {
    auto atoms = r.atoms;
    std::sort(atoms.begin(), atoms.end(), [](const auto& x, const auto& y) { return x.angle < y.angle; });
    s.x.push_back(-kPi);
    s.y.push_back(0);
    for (const auto& atom : atoms) {
      s.x.insert(s.x.end(), 2, atom.angle);
      s.y.push_back(sum / r.total);
      sum += atom.mass;
      s.y.push_back(sum / r.total);
    }
    s.x.push_back(kPi);
    s.y.push_back(sum / r.total);
  } else {
    const double step = kTwoPi / static_cast<double>(angles.size());
    for (std::size_t k = 0; k < angles.size(); ++k) {
      sum += r.density[k] * step;
      s.x.push_back(angles[k] + step / 2);
      s.y.push_back(sum / r.total);
    }
  }
  plot.series.push_back(std::move(s));
  run.figure("cdf", Figure::line(plot));
}

void report_atoms(Run& run, const Result& r, bool residuals) {
  Table table;
  table.title = "Strongest atoms (one of each conjugate pair; mass of both)";
  table.columns = {"angle", "frequency", "period", "mass", "share", residuals ? "residual" : "persistence"};
  ScatterPlot plot;
  plot.title = "Atoms of the spectral measure";
  plot.caption = residuals ? "Both signs of the frequency together; colour: residual of the eigenfunction."
                           : "Both signs of the frequency together.";
  plot.x = {"frequency", "cycles per time unit"};
  plot.y = {.title = "share of the variance", .log = true};
  plot.colour = {.title = "residual", .log = true};
  PointGroup group{.name = "atoms"};
  for (const auto& atom : r.atoms) {
    if (atom.angle < -1e-9) continue;
    const double mass = (atom.angle > 1e-9 && atom.angle < kPi - 1e-9 ? 2 : 1) * atom.mass;
    const double frequency = atom.angle / (kTwoPi * r.dt);
    group.x.push_back(frequency);
    group.y.push_back(mass / r.total);
    if (residuals) group.value.push_back(atom.persistence);
    if (table.rows.size() < 25)
      table.rows.push_back({atom.angle, frequency, frequency > 0 ? Json(1 / frequency) : Json("-"), mass,
                            mass / r.total, atom.persistence});
  }
  run.table("atoms", table);
  if (group.x.empty()) {
    run.note("no atom was found: the signal shows no periodic part at this resolution");
    return;
  }
  plot.groups.push_back(std::move(group));
  run.figure("atoms", Figure::scatter(plot));
}

}  // namespace

void measure(Run& run) {
  const Options& o = run.options();
  const std::string method = o.text("method");
  auto angles = angles_of(o.has("angles") ? static_cast<std::size_t>(o.integer("angles")) : kUsualAngles);
  const Result result = method == "moments" ? by_moments(run, angles) : by_dictionary(run, method, angles);
  const bool atomic = method == "mpedmd" || method == "rigged";
  const double share = std::clamp(result.point_mass / result.total, 0.0, 1.0);
  run.metric("variance", result.total);
  run.metric("point_share", share);
  run.note(fmt::format("about {:.1f} % of the variance is periodic or quasi-periodic (estimate: {})", 100 * share,
                       result.how));
  if (result.slow_mass > 0.01 * result.total) {
    run.metric("drift_share", result.slow_mass / result.total);
    run.note(fmt::format(
        "another {:.1f} % of the variance lies at frequencies below {:.3g}, which the data do not tell from "
        "0: drift or slow variation, not a period",
        100 * result.slow_mass / result.total, result.slowest / (kTwoPi * result.dt)));
  }
  report_atoms(run, result, atomic);
  if (!result.density.empty()) {
    draw_density(run, result, angles);
    run.artifact("density.csv", [&](const std::filesystem::path& path) {
      Eigen::MatrixXd all(static_cast<Index>(angles.size()), 3);
      for (std::size_t k = 0; k < angles.size(); ++k)
        all.row(static_cast<Index>(k)) << angles[k], angles[k] / (kTwoPi * result.dt), result.density[k];
      io::write_csv(path, {"angle", "frequency", "density"}, all);
    });
  }
  draw_cdf(run, result, angles, atomic);
}

}  // namespace offprint::papers::koopman
