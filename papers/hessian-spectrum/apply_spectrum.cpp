// spectrum: what the loss Hessian of a model looks like.
#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include <fmt/format.h>

#include "actions.hpp"
#include "offprint/core/error.hpp"
#include "offprint/io/csv.hpp"
#include "offprint/io/npy.hpp"
#include "offprint/landscape/outliers.hpp"
#include "offprint/landscape/spectrum.hpp"
#include "offprint/linalg/eigenpairs.hpp"
#include "offprint/linalg/lanczos_quadrature.hpp"
#include "offprint/linalg/trace.hpp"
#include "pictures.hpp"

namespace offprint::papers::hessian_spectrum {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;
namespace ls = offprint::landscape;

std::span<const double> span_of(const VectorXd& v) { return {v.data(), static_cast<std::size_t>(v.size())}; }
std::vector<double> list(const VectorXd& v) { return {v.begin(), v.end()}; }

constexpr Index kMostTop = 43;             // default --top-n at most: 20 classes
constexpr Index kSingleBasis = 1'000'000;  // parameters from which a double basis is a waste of memory
constexpr Index kLayerProbes = 32;         // for the layers' traces and the effective rank

linalg::EigenpairOptions pair_options(const Run& run) {
  linalg::EigenpairOptions options{.tolerance = run.options().real("tol")};
  options.poll = [&run] { run.check_cancelled(); };
  return options;
}

linalg::StreamSource streams(const Run& run, const char* purpose) {
  return [&run, purpose](std::uint64_t index) { return run.stream(purpose, index); };
}

linalg::QuadratureOptions quadrature_options(Run& run, Index size) {
  const auto& o = run.options();
  linalg::QuadratureOptions out;
  out.steps = o.integer("lanczos-iterations");
  out.vectors = o.integer("num-vectors");
  out.memory_limit = o.real("memory") * 1e9;
  if (o.text("reorthogonalize") == "none") {
    out.reorthogonalize = linalg::Reorthogonalize::kNone;
    run.note(
        "without reorthogonalization converged eigenvalues appear several times in the density: count outliers by the "
        "eigenpairs only");
  }
  const std::string basis = o.text("basis");
  if (basis == "single" || (basis == "auto" && size >= kSingleBasis)) out.basis = linalg::BasisPrecision::kSingle;
  if (out.steps > size) {
    run.note(fmt::format("--lanczos-iterations {} is more than the {} parameters: {} steps are made", out.steps, size,
                         size));
    out.steps = size;
  }
  const auto memory = linalg::quadrature_memory(size, out);
  run.note(fmt::format("density: {} products of the matrix, start vectors at a time: {}, memory {:.2g} GB",
                       out.steps * out.vectors, memory.block, memory.bytes / 1e9));
  return out;
}

// Eigenpairs when --top-n is not given: what the outlier count looks at, as far as the vectors of restarted Lanczos (4
// for a pair, and 8) fit into half of --memory.
Index usual_top(Run& run, const Subject& subject) {
  const Index all = std::clamp<Index>(2 * subject.classes + 3, 2, kMostTop);
  const double vectors = run.options().real("memory") / 2 / (8e-9 * static_cast<double>(subject.size));
  const Index fits = std::max<Index>(2, static_cast<Index>((vectors - 8) / 4));
  if (fits >= all) return all;
  run.note(
      fmt::format("{} eigenpairs at the top instead of {}: their vectors must fit into half of --memory", fits, all));
  return fits;
}

struct Ends {
  linalg::ExtremeEigenpairs top;
  linalg::ExtremeEigenpairs bottom;
};

Ends extremes(Run& run, const linalg::SymmetricOperator& a, Index top, Index bottom) {
  Ends ends;
  auto options = pair_options(run);
  top = std::min(top, a.size);
  bottom = std::min(bottom, a.size);
  ends.top = linalg::extreme_eigenpairs(a, linalg::SpectrumEnd::kTop, top, run.stream("top"), options);
  if (ends.top.values.size() == 0)
    throw Error("no eigenpair converged: loosen --tol, or use --dtype float64 if the products are noisy");
  options.scale = std::abs(ends.top.values[0]);
  if (bottom > 0)
    ends.bottom = linalg::extreme_eigenpairs(a, linalg::SpectrumEnd::kBottom, bottom, run.stream("bottom"), options);
  if (!ends.top.converged || (bottom > 0 && !ends.bottom.converged))
    run.note(fmt::format(
        "not all eigenpairs reached --tol {:g}: {} of {} at the top and {} of {} at the bottom are given with "
        "their residuals",
        options.tolerance, ends.top.values.size(), top, ends.bottom.values.size(), bottom));
  Table table{"Extreme eigenvalues", {"end", "rank", "λ", "||Av - λv||"}, {}};
  for (const auto* pairs : {&ends.top, &ends.bottom})
    for (Index i = 0; i < pairs->values.size(); ++i)
      table.rows.push_back({pairs == &ends.top ? "top" : "bottom", i + 1, pairs->values[i], pairs->residuals[i]});
  run.table("eigenpairs", table);
  run.metric("lambda_max", ends.top.values[0]);
  run.metric("lambda_max_residual", ends.top.residuals[0]);
  if (ends.bottom.values.size() > 0) {
    run.metric("lambda_min", ends.bottom.values[0]);
    run.metric("lambda_min_residual", ends.bottom.residuals[0]);
  }
  run.metric("eigenpair_products", static_cast<double>(ends.top.products + ends.bottom.products));
  return ends;
}

// Number of outliers among the top eigenvalues; 0 when none can be counted.
Index report_outliers(Run& run, const VectorXd& top, Index classes) {
  if (top.size() < 2 || top[0] <= 0) {
    run.note("no positive eigenvalues to count outliers among");
    return 0;
  }
  const auto found = ls::count_outliers(span_of(top), std::max<Index>(classes, 1));
  run.metric("outliers", static_cast<double>(found.largest.count));
  run.metric("outlier_gap", found.largest.ratio);
  std::vector<std::string> candidates;
  for (const auto& gap : found.candidates) candidates.push_back(fmt::format("{} (ratio {:.3g})", gap.count, gap.ratio));
  if (!found.clear) {
    run.note("outliers: no clear gap (no ratio of neighbours reaches 1.5)");
    return 0;
  }
  run.note(fmt::format("outliers: {} of {} outputs; gaps of 1.5 and more behind {}", found.largest.count, classes,
                       fmt::join(candidates, ", ")));
  if (top.size() < 2 * classes + 3)
    run.note(fmt::format("the count looked at {} eigenvalues: --top-n {} covers all that {} outputs call for",
                         top.size(), 2 * classes + 3, classes));
  return found.largest.count;
}

void report_trace(Run& run, const linalg::SymmetricOperator& a) {
  const auto budget = static_cast<Index>(run.options().integer("trace-budget"));
  const auto source = streams(run, "trace");
  // a third of the budget each for probes, basis and products
  const double kept = 8e-9 * static_cast<double>(a.size) * static_cast<double>(budget);
  const bool fits = kept <= run.options().real("memory") / 2;
  const bool wanted = run.options().text("trace-method") == "hutch++";
  if (wanted && !fits)
    run.note(fmt::format("hutch++ would keep {:.1f} GB of vectors: the trace is estimated by hutchinson", kept));
  if (wanted && fits) {
    const auto found = linalg::hutch_plus_plus(a, source, budget);
    run.metric("trace", found.trace);
    run.metric("trace_standard_error", found.standard_error);
    return;
  }
  const auto found = linalg::hutchinson(a, source, budget);
  run.metric("trace", found.trace.trace);
  run.metric("trace_standard_error", found.trace.standard_error);
}

void report_tensors(Run& run, const Subject& subject, const linalg::SymmetricOperator& a) {
  std::vector<ls::Segment> segments;
  for (const auto& tensor : subject.tensors) segments.push_back({tensor.offset, tensor.size});
  const auto traces = ls::segment_traces(a, segments, streams(run, "layers"), kLayerProbes);
  Table table{
      "Trace by parameter tensor (Hutchinson, 32 probes)", {"tensor", "parameters", "trace", "standard error"}, {}};
  PointGroup points{.name = "tensors"};
  for (std::size_t i = 0; i < traces.size(); ++i) {
    table.rows.push_back({subject.tensors[i].name, subject.tensors[i].size, traces[i].value, traces[i].error});
    points.x.push_back(static_cast<double>(i + 1));
    points.y.push_back(traces[i].value);
  }
  run.table("tensors", table);
  ScatterPlot plot;
  plot.title = "Trace by parameter tensor";
  plot.caption = "Sum of the diagonal over each tensor's parameters, in the order of the table 'tensors'.";
  plot.x = {.title = "tensor"};
  plot.y = {.title = "trace"};
  plot.groups = {points};
  plot.reference_lines = {{.at = 0}};
  if (!traces.empty()) run.figure("tensors", Figure::scatter(plot));
}

void write_eigenvalues(Run& run, const Ends& ends, const VectorXd& all) {
  run.artifact("eigenvalues.csv", [&](const std::filesystem::path& file) {
    if (all.size() > 0) {
      io::write_csv(file, {"eigenvalue"}, all);
      return;
    }
    MatrixXd rows(ends.top.values.size() + ends.bottom.values.size(), 2);
    rows.col(0) << ends.top.values, ends.bottom.values;
    rows.col(1) << ends.top.residuals, ends.bottom.residuals;
    io::write_csv(file, {"eigenvalue", "residual"}, rows);
  });
}

void write_eigenvectors(Run& run, const Ends& ends) {
  run.artifact("eigenvectors.npy", [&](const std::filesystem::path& file) {
    MatrixXd vectors(ends.top.vectors.rows(), ends.top.values.size() + ends.bottom.values.size());
    vectors.leftCols(ends.top.values.size()) = ends.top.vectors;
    if (ends.bottom.values.size() > 0) vectors.rightCols(ends.bottom.values.size()) = ends.bottom.vectors;
    io::write_npy(file, io::NdArray::from_matrix(vectors));
  });
}

// Writes the eigenvectors when they are asked for, and drops them: each has as many numbers as the model, and the
// density needs their room.
void settle_eigenvectors(Run& run, Ends& ends) {
  if (run.options().flag("eigenvectors")) write_eigenvectors(run, ends);
  ends.top.vectors.resize(0, 0);
  ends.bottom.vectors.resize(0, 0);
}

}  // namespace

void report_spectrum(Run& run, const Subject& subject) {
  const auto& o = run.options();
  if (o.flag("gauss-newton") && o.flag("residual"))
    throw InputError("--gauss-newton and --residual exclude each other: give one of them, or neither for the Hessian");
  const auto& a = o.flag("gauss-newton") ? subject.gauss_newton
                  : o.flag("residual")   ? subject.residual
                                         : subject.hessian;
  const std::string what = o.flag("gauss-newton") ? "Gauss-Newton matrix"
                           : o.flag("residual")   ? "residual H - G"
                                                  : "Hessian";
  const auto limit = static_cast<Index>(o.integer("exact-limit"));
  if (o.flag("exact") && subject.size > limit)
    throw InputError(
        fmt::format("--exact: {} parameters are above the limit of {}; the matrix would take {:.1f} GB, twice "
                    "(raise --exact-limit, or leave --exact out)",
                    subject.size, limit, 8e-9 * std::pow(static_cast<double>(subject.size), 2)));
  run.note(fmt::format("{} of {}: {} parameters, {} samples, loss {:.6g}", what, subject.name, subject.size,
                       subject.samples, subject.loss));
  run.metric("parameters", static_cast<double>(subject.size));
  run.metric("loss", subject.loss);
  if (subject.accuracy) run.metric("accuracy", *subject.accuracy);
  if (subject.single_precision)
    run.note("float32: eigenvalues below about 1e-6 of the largest, negative ones too, are noise of the products");
  if (subject.loss < 1e-3 && subject.accuracy)
    run.note(
        "at a loss near zero the Hessian of cross-entropy is near zero everywhere: outliers dissolve, gaps mislead");
  const auto quadrature_settings = quadrature_options(run, subject.size);

  auto progress = run.progress(4, "spectrum");
  const Index wanted = o.has("top-n") ? o.integer("top-n") : usual_top(run, subject);
  auto ends = extremes(run, a, wanted, o.integer("bottom-n"));
  settle_eigenvectors(run, ends);
  const double largest = ends.top.values[0];
  const Index outliers = report_outliers(run, ends.top.values, subject.classes);
  progress.set(1);

  const auto quadrature =
      linalg::lanczos_quadrature(a, streams(run, "quadrature"), quadrature_settings, run.parallel());
  const double sigma = o.has("sigma") ? o.real("sigma") : quadrature.resolution();
  const auto norm = quadrature.frobenius_norm();
  run.metric("sigma", sigma);
  run.metric("frobenius_norm", norm.value);
  run.metric("frobenius_norm_standard_error", norm.error);
  progress.set(2);

  VectorXd all;
  if (o.flag("exact")) {
    const auto exact = ls::exact_spectrum(a, {.limit = limit}, run.parallel());
    all = exact.values;
    run.metric("asymmetry", exact.asymmetry);
    run.metric("trace_exact", all.sum());
  }
  if (largest > 0) {
    const auto mass = all.size() > 0 ? ls::mass_near_zero(span_of(all)) : ls::mass_near_zero(quadrature, largest);
    run.metric("mass_within_1e-2", mass.within_coarse);
    run.metric("mass_within_1e-3", mass.within_fine);
    run.metric("mass_below_-1e-2", mass.below_coarse);
    run.metric("mass_below_-1e-3", mass.below_fine);
  }
  report_trace(run, a);
  progress.set(3);
  const auto g = linalg::hutchinson(subject.gauss_newton, streams(run, "effective rank"), kLayerProbes);
  if (g.frobenius_squared.value > 0) {
    run.metric("gauss_newton_trace", g.trace.trace);
    run.metric("effective_rank", ls::effective_rank(g.trace.trace.value, g.frobenius_squared.value));
  }
  report_tensors(run, subject, a);
  progress.set(4);

  write_eigenvalues(run, ends, all);
  const VectorXd points =
      VectorXd::LinSpaced(2000, quadrature.smallest() - 4 * sigma, quadrature.largest() + 4 * sigma);
  const auto density = quadrature.density(points, sigma);
  const auto cumulative = quadrature.cumulative(points);
  run.artifact("density.csv", [&](const std::filesystem::path& file) {
    MatrixXd rows(points.size(), 5);
    rows << points, density.value, density.error, cumulative.value, cumulative.error;
    io::write_csv(file, {"lambda", "density", "density_error", "cumulative", "cumulative_error"}, rows);
  });
  const VectorXd marked = ends.top.values.head(outliers);
  run.figure("density", density_figure(quadrature, sigma, span_of(marked), fmt::format("Density of the {}", what)));
  run.figure("cumulative",
             cumulative_figure(quadrature, span_of(all), fmt::format("Cumulative density of the {}", what)));
  if (largest > 0) run.figure("magnitudes", magnitude_figure(quadrature, largest, "Mass by magnitude"));
  VectorXd known = all;
  if (known.size() == 0) {
    known.resize(ends.top.values.size() + ends.bottom.values.size());
    known << ends.top.values, ends.bottom.values.reverse();
  }
  if (largest > 0)
    run.figure("ordered",
               ordered_figure({{what, list(known)}}, 1e-9, fmt::format("Eigenvalues of the {}, ordered", what),
                              all.size() > 0 ? "All eigenvalues; dashed: negative ones by rank from the bottom."
                                             : "The computed ends of the spectrum; dashed: negative ones by "
                                               "rank from the bottom. --exact gives all."));
}

void spectrum(Run& run) { report_spectrum(run, spectrum_subject(run)); }

}  // namespace offprint::papers::hessian_spectrum
