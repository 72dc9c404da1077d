// forecast: certified eigenfunctions carried forward, with residual-based error bars and skill on held-out data.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "actions.hpp"
#include "eigenfunctions.hpp"
#include "offprint/core/error.hpp"
#include "offprint/io/csv.hpp"
#include "offprint/koopman/forecast.hpp"
#include "verdict.hpp"

namespace offprint::papers::koopman {
namespace {

using Eigen::MatrixXcd;
using Eigen::MatrixXd;

// The eigenfunctions that take part, as functions of what the dictionary sees.
struct Kept {
  Eigen::VectorXcd values;
  Eigen::VectorXd residuals;
  std::function<MatrixXcd(const Eigen::Ref<const MatrixXd>&)> phi;
};

[[noreturn]] void refuse(double epsilon, double least) {
  throw InputError(
      fmt::format("no eigenfunction is certified within epsilon = {:.3g} (the least residual on training "
                  "and held-out pairs is {:.3g}), so there is nothing to forecast with: raise --epsilon, "
                  "or give more --delays or data",
                  epsilon, least));
}

double worse_residual(const Eigenfunctions& e, Index k) { return std::fmax(e.residuals(k), e.held_out(k)); }

Kept keep(Run& run, const Problem& problem) {
  const Options& o = run.options();
  Kept kept;
  std::vector<Index> which;
  if (problem.kernel) {
    const auto kernel = std::make_shared<lib::KernelResDmd>(lib::kernel_resdmd(problem.train, problem.kernel_options));
    for (const auto& warning : kernel->warnings) run.note(warning);
    const Index n = kernel->residuals.size();
    const Index before_knee = lib::knee(kernel->residuals);
    for (Index k = 0; k < n; ++k)
      if (o.has("epsilon") ? kernel->residuals(k) <= o.real("epsilon") : k < before_knee) which.push_back(k);
    if (which.empty()) refuse(o.real("epsilon"), kernel->residuals(0));
    run.metric("pairs", static_cast<double>(problem.train.count()));
    run.metric("functions", static_cast<double>(n));
    run.metric("knee", static_cast<double>(before_knee));
    kept.values = kernel->eigenvalues(which);
    kept.residuals = kernel->residuals(which);
    kept.phi = [kernel, which, how = run.parallel()](const Eigen::Ref<const MatrixXd>& x) {
      return kernel->eigenfunctions(x, which, how);
    };
    report_verdict(run, problem, nullptr, 0.1);
    return kept;
  }
  const double epsilon = o.has("epsilon") ? o.real("epsilon") : 0.1;
  const auto compression = compress_problem(run, problem);
  static_cast<void>(isometry(run, problem, compression));
  const auto e = dictionary_eigenfunctions(run, problem, compression, false);
  double least = worse_residual(e, 0);
  for (Index k = 0; k < e.values.size(); ++k) {
    least = std::min(least, worse_residual(e, k));
    if (e.certified(k, epsilon)) which.push_back(k);
  }
  if (which.empty()) refuse(epsilon, least);
  const double largest = compression.l_extremes().largest;
  if (largest > 1.05)
    run.note(
        fmt::format("the error bars need ||K|| <= 1, and the largest eigenvalue of L is {:.4g}: they may be too "
                    "small by a factor up to {:.3g} per step",
                    largest, std::sqrt(largest)));
  kept.values = e.values(which);
  kept.residuals.resize(static_cast<Index>(which.size()));
  for (std::size_t k = 0; k < which.size(); ++k) kept.residuals(static_cast<Index>(k)) = worse_residual(e, which[k]);
  const MatrixXcd raw = e.raw_vectors(Eigen::all, which);
  kept.phi = [&problem, raw, how = run.parallel()](const Eigen::Ref<const MatrixXd>& x) -> MatrixXcd {
    const MatrixXd values = (*problem.dictionary)(x, how);
    return linalg::multiply(values.cast<lib::Complex>().eval(), raw);
  };
  report_verdict(run, problem, &compression, epsilon);
  return kept;
}

std::vector<std::string> names_of(const Problem& problem, Index columns) {
  std::vector<std::string> names;
  for (Index c = 0; c < columns; ++c)
    names.push_back(problem.pod ? fmt::format("pod{}", c + 1) : problem.names[static_cast<std::size_t>(c)]);
  return names;
}

std::vector<lib::HeldOut> held_out(const Problem& problem, const Kept& kept) {
  std::vector<lib::HeldOut> out;
  if (!problem.has_test()) return out;
  if (!problem.test_states.parts.empty()) {
    for (const auto& part : problem.test_states.parts) out.push_back({kept.phi(part), problem.newest_of(part)});
    return out;
  }
  // Pairs are trajectories of two snapshots.
  const MatrixXcd here = kept.phi(problem.test.x);
  const MatrixXcd next = kept.phi(problem.test.y);
  for (Index m = 0; m < problem.test.count(); ++m) {
    lib::HeldOut one{MatrixXcd(2, here.cols()), MatrixXd(2, problem.test.dimension())};
    one.phi << here.row(m), next.row(m);
    one.observables << problem.test.x.row(m), problem.test.y.row(m);
    out.push_back(std::move(one));
  }
  return out;
}

void report_skill(Run& run, const Problem& problem, const lib::KoopmanModes& modes,
                  const std::vector<lib::HeldOut>& trajectories, Index steps, const MatrixXd& bound) {
  Index longest = 0;
  for (const auto& t : trajectories) longest = std::max(longest, t.phi.rows());
  const Index verified = std::min(steps, longest - 1);
  if (verified < 1) {
    run.note("there are no held-out data to measure the skill on (--test)");
    return;
  }
  if (verified < steps)
    run.note(fmt::format("the skill is measured up to {} steps, which is what the held-out data carry", verified));
  const auto skill = lib::forecast_skill(modes, trajectories, verified);
  Table table;
  table.title = fmt::format("Skill on held-out data, {} starts", skill.starts);
  table.columns = {"step", "time", "rms error", "error bar", "persistence", "skill"};
  LinePlot plot;
  plot.title = "Forecast error on held-out data";
  plot.caption = "Root mean square over starts and state variables.";
  plot.x = {"lead time", "time units"};
  plot.y = {.title = "rms error"};
  Series error{.name = "forecast"};
  Series persistence{.name = "persistence", .dashed = true};
  Series bar{.name = "error bar", .dashed = true};
  Index better = 0;
  Index inside = 0;
  for (Index n = 0; n <= verified; ++n) {
    const double time = problem.dt * static_cast<double>(n);
    const double rms_bound = std::sqrt(bound.row(n).squaredNorm() / static_cast<double>(bound.cols()));
    const bool sampled = n <= 10 || n % std::max<Index>(verified / 20, 1) == 0 || n == verified;
    if (sampled)
      table.rows.push_back({n, time, skill.error(n), rms_bound, skill.persistence(n),
                            std::isfinite(skill.skill(n)) ? Json(skill.skill(n)) : Json("-")});
    for (auto* series : {&error, &persistence, &bar}) series->x.push_back(time);
    error.y.push_back(skill.error(n));
    persistence.y.push_back(skill.persistence(n));
    bar.y.push_back(rms_bound);
    if (n > 0 && skill.error(n) < skill.persistence(n)) ++better;
    if (n > 0 && skill.error(n) <= rms_bound) ++inside;
  }
  // Bars that have grown far beyond what is drawn would flatten the curves that matter.
  const double top = 1.5 * std::max(*std::max_element(error.y.begin(), error.y.end()),
                                    *std::max_element(persistence.y.begin(), persistence.y.end()));
  if (top > 0) plot.y.lo = 0, plot.y.hi = top;
  plot.series = {std::move(error), std::move(persistence), std::move(bar)};
  run.table("skill", table);
  run.figure("skill", Figure::line(plot));
  run.metric("rms_error_last", skill.error(verified));
  run.metric("persistence_last", skill.persistence(verified));
  if (std::isfinite(skill.skill(verified))) run.metric("skill_last", skill.skill(verified));
  run.metric("better_than_persistence", static_cast<double>(better) / static_cast<double>(verified));
  run.metric("within_error_bar", static_cast<double>(inside) / static_cast<double>(verified));
}

void draw_verification(Run& run, const Problem& problem, const lib::KoopmanModes& modes,
                       const std::vector<lib::HeldOut>& trajectories, Index steps) {
  const auto at = std::max_element(trajectories.begin(), trajectories.end(),
                                   [](const auto& a, const auto& b) { return a.phi.rows() < b.phi.rows(); });
  if (at == trajectories.end() || at->phi.rows() < 3) return;
  const Index last = std::min(steps, at->phi.rows() - 1);
  const auto f = lib::forecast(modes, at->phi.topRows(1), last);
  const auto names = names_of(problem, modes.modes.cols());
  for (Index q = 0; q < std::min<Index>(modes.modes.cols(), 3); ++q) {
    LinePlot plot;
    plot.title = fmt::format("Forecast of {} from the start of the held-out data", names[static_cast<std::size_t>(q)]);
    plot.caption =
        "Band: bound on the root mean square error. It adds up every eigenfunction's worst case, residual by residual "
        "and step by step; the measured error is in the figure of the skill.";
    plot.x = {"lead time", "time units"};
    plot.y = {.title = names[static_cast<std::size_t>(q)]};
    Series forecast{.name = "forecast"};
    Series truth{.name = "data", .dashed = true};
    double low = at->observables.col(q).head(last + 1).minCoeff();
    double high = at->observables.col(q).head(last + 1).maxCoeff();
    for (Index n = 0; n <= last; ++n) {
      const double time = problem.dt * static_cast<double>(n);
      const double value = f.values[static_cast<std::size_t>(n)](0, q);
      forecast.x.push_back(time);
      forecast.y.push_back(value);
      forecast.lo.push_back(value - f.error_bound(n, q));
      forecast.hi.push_back(value + f.error_bound(n, q));
      truth.x.push_back(time);
      truth.y.push_back(at->observables(n, q));
      low = std::min(low, value);
      high = std::max(high, value);
    }
    const double margin = 0.5 * (high - low);
    if (margin > 0) plot.y.lo = low - margin, plot.y.hi = high + margin;
    plot.series = {std::move(forecast), std::move(truth)};
    run.figure(q == 0 ? "forecast" : fmt::format("forecast_{}", names[static_cast<std::size_t>(q)]),
               Figure::line(plot));
  }
}

// From the last state of the data onwards.
void report_future(Run& run, const Problem& problem, const Kept& kept, const lib::KoopmanModes& modes, Index steps) {
  const bool held = !problem.test_states.parts.empty();
  const auto& pairs = problem.has_test() ? problem.test : problem.train;
  const MatrixXd last = held ? problem.test_states.parts.back().bottomRows(1).eval() : pairs.y.bottomRows(1).eval();
  const auto f = lib::forecast(modes, kept.phi(last), steps);
  const auto names = names_of(problem, modes.modes.cols());
  const Index shown = std::min<Index>(modes.modes.cols(), 6);
  Table table;
  table.title = "Forecast from the last state of the data (error bar: bound on the rms error)";
  table.columns = {"step", "time"};
  for (Index q = 0; q < shown; ++q) {
    table.columns.push_back(names[static_cast<std::size_t>(q)]);
    table.columns.emplace_back("+-");
  }
  for (Index n = 0; n <= steps; ++n) {
    if (n > 10 && n % std::max<Index>(steps / 20, 1) != 0 && n != steps) continue;
    std::vector<Json> row{n, problem.dt * static_cast<double>(n)};
    for (Index q = 0; q < shown; ++q) {
      row.emplace_back(f.values[static_cast<std::size_t>(n)](0, q));
      row.emplace_back(f.error_bound(n, q));
    }
    table.rows.push_back(std::move(row));
  }
  run.table("forecast", table);
  run.artifact("forecast.csv", [&](const std::filesystem::path& path) {
    MatrixXd all(steps + 1, 1 + 2 * modes.modes.cols());
    std::vector<std::string> heads{"time"};
    for (const auto& name : names) {
      heads.push_back(name);
      heads.push_back(name + " error bar");
    }
    for (Index n = 0; n <= steps; ++n) {
      all(n, 0) = problem.dt * static_cast<double>(n);
      for (Index q = 0; q < modes.modes.cols(); ++q) {
        all(n, 1 + 2 * q) = f.values[static_cast<std::size_t>(n)](0, q);
        all(n, 2 + 2 * q) = f.error_bound(n, q);
      }
    }
    io::write_csv(path, heads, all);
  });
}

}  // namespace

void forecast(Run& run) {
  const Problem problem = prepare(run);
  const Index steps = run.options().integer("forecast");
  const Kept kept = keep(run, problem);
  const auto modes = lib::fit_modes(kept.values, kept.residuals, kept.phi(problem.train.x),
                                    problem.newest_of(problem.train.x), problem.train.weights);
  run.metric("eigenfunctions", static_cast<double>(kept.values.size()));
  const MatrixXd observables = problem.newest_of(problem.train.x);
  const double size = std::sqrt(problem.train.weights.dot(observables.rowwise().squaredNorm()));
  run.metric("fit_error_share", size > 0 ? modes.fit_error.norm() / size : 0.0);
  if (problem.pod)
    run.note("the forecasts are of POD coefficients; modes are orthonormal, so errors have the size of the state's");
  const auto trajectories = held_out(problem, kept);
  const auto bound = lib::forecast(modes, kept.phi(problem.train.x.topRows(1)), steps).error_bound;
  report_skill(run, problem, modes, trajectories, steps, bound);
  draw_verification(run, problem, modes, trajectories, steps);
  report_future(run, problem, kept, modes, steps);
}

}  // namespace offprint::papers::koopman
