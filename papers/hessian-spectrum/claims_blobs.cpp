// H1 to H5: exact spectra of small networks on Gaussian clusters.
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <span>
#include <vector>

#include <fmt/format.h>

#include "claims.hpp"
#include "offprint/landscape/outliers.hpp"
#include "offprint/landscape/spectrum.hpp"
#include "offprint/linalg/eigenpairs.hpp"
#include "offprint/linalg/lapack.hpp"
#include "offprint/linalg/trace.hpp"
#include "pictures.hpp"
#include "training.hpp"

namespace offprint::papers::hessian_spectrum {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;
namespace ls = offprint::landscape;

const Parallel kSerial{1, {}, {}};  // inside ensemble members, which have the threads

std::span<const double> span_of(const VectorXd& v) { return {v.data(), static_cast<std::size_t>(v.size())}; }
std::vector<double> list(const VectorXd& v) { return {v.begin(), v.end()}; }

// The 2 K + 4 largest eigenvalues: what the count of outliers looks at.
VectorXd top(const linalg::SymmetricOperator& a, int classes, const Stream& start) {
  return linalg::extreme_eigenpairs(a, linalg::SpectrumEnd::kTop, 2 * classes + 4, start, {.tolerance = 1e-10}).values;
}

struct Spectra {
  VectorXd g;         // all eigenvalues
  VectorXd h;         // all; empty at width 60
  double zero_h = 0;  // share of |lambda| < 1e-3 lambda_1
  template <class Archive>
  void serialize(Archive& archive) {
    archive(g, h, zero_h);
  }
};

struct Split {
  VectorXd h;
  VectorXd g;
  VectorXd r;
  double difference = 0;  // max |H - G - R|
  double asymmetry = 0;
  std::vector<double> trace_h;  // over training
  std::vector<double> trace_g;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(h, g, r, difference, asymmetry, trace_h, trace_g);
  }
};

struct Compared {
  VectorXd exact;
  VectorXd nodes;  // of all rules, one after the other
  VectorXd weights;
  double outer = 0;
  double fine = 0;
  double all = 0;
  double deviation = 0;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(exact, nodes, weights, outer, fine, all, deviation);
  }
};

}  // namespace

Measurement h1(const Claim&, Run& run) {
  struct Case {
    int classes;
    std::uint64_t seed;
  };
  std::vector<Case> cases;
  for (const int classes : {2, 3, 5, 10})
    for (std::uint64_t seed = 0; seed < (classes == 10 ? 2U : 5U); ++seed) cases.push_back({classes, seed});
  // rows: G before, G after, H after training
  const auto tops = run.ensemble("outliers", cases.size(), [&](std::size_t i) {
    const auto [classes, seed] = cases[i];
    const auto net = train_on_blobs(run, {.classes = classes, .seed = seed}, kSerial);
    const Stream start = run.stream("eigenpairs", i);
    MatrixXd out(2 * classes + 4, 3);
    out.col(0) = top(net.loss.gauss_newton(net.initial), classes, start);
    out.col(1) = top(net.loss.gauss_newton(net.theta), classes, start);
    out.col(2) = top(net.loss.hessian(net.theta), classes, start);
    return out;
  });

  Table table{"Outliers of the Gauss-Newton matrix and of the Hessian",
              {"K", "seed", "i* at initialization", "i* of G", "i* of H", "λ_{K-1}/λ_K of G", "λ_{K-1}/λ_K of H"},
              {}};
  Index agree_initial = 0;
  std::array<Index, 11> agree{};
  std::array<Index, 11> agree_h{};
  double gap_least = std::numeric_limits<double>::infinity();
  LinePlot plot;
  plot.title = "The largest eigenvalues of G against the number of classes";
  plot.caption =
      "Gaussian clusters, two hidden layers of 30 units, after 100 steps (seed 0): with K classes the first K - 1 "
      "eigenvalues stand clear of the rest.";
  plot.x = {.title = "rank"};
  plot.y = {.title = "λ", .log = true};
  for (std::size_t i = 0; i < cases.size(); ++i) {
    const int classes = cases[i].classes;
    const std::uint64_t seed = cases[i].seed;
    const auto count = [&](Index column) {
      const VectorXd values = tops[i].col(column);
      return ls::count_outliers(span_of(values), classes).largest.count;
    };
    const auto ratio = [&](Index column) { return tops[i](classes - 2, column) / tops[i](classes - 1, column); };
    table.rows.push_back({classes, seed, count(0), count(1), count(2), ratio(1), ratio(2)});
    if (classes != 10) {
      agree_initial += count(0) == classes - 1 ? 1 : 0;
      gap_least = std::min(gap_least, ratio(1));
    }
    const auto k = static_cast<std::size_t>(classes);
    agree[k] += count(1) == classes - 1 ? 1 : 0;
    agree_h[k] += count(2) == classes - 1 ? 1 : 0;
    if (seed != 0) continue;
    Series series{.name = fmt::format("K = {}", classes)};
    for (Index j = 0; j < tops[i].rows(); ++j) {
      series.x.push_back(static_cast<double>(j + 1));
      series.y.push_back(tops[i](j, 1));
    }
    series.points = true;
    plot.series.push_back(series);
  }
  run.table("outliers", table);
  run.figure("classes", Figure::line(plot));
  for (const int k : {2, 3, 5})
    run.metric(fmt::format("agree_h_k{}", k), static_cast<double>(agree_h[static_cast<std::size_t>(k)]));
  run.metric("agree_k10_of_2", static_cast<double>(agree[10]));
  return Measurement()
      .set("agree_initial", static_cast<double>(agree_initial))
      .set("gap_least", gap_least)
      .set("agree_k2", static_cast<double>(agree[2]))
      .set("agree_k3", static_cast<double>(agree[3]))
      .set("agree_k5", static_cast<double>(agree[5]));
}

Measurement h2(const Claim&, Run& run) {
  constexpr int kClasses = 5;
  constexpr std::array<Index, 3> kWidths{60, 30, 10};  // the longest first
  constexpr std::size_t kSeeds = 2;
  constexpr Index kTop = 4;
  constexpr double kZero = 1e-3;
  const auto all = run.ensemble("widths", kWidths.size() * kSeeds, [&](std::size_t i) {
    const Index hidden = kWidths[i / kSeeds];
    const std::uint64_t seed = i % kSeeds;
    const auto net = train_on_blobs(run, {.classes = kClasses, .hidden = hidden, .steps = 200, .seed = seed}, kSerial);
    Spectra out;
    out.g = ls::descending_eigenvalues(net.loss.gauss_newton_matrix(net.theta));
    const auto hessian = net.loss.hessian(net.theta);
    if (hidden < 60) {
      out.h = ls::exact_spectrum(hessian, {}, kSerial).values;
      out.zero_h = ls::mass_near_zero(span_of(out.h)).within_fine;
    } else {
      const double largest = top(hessian, kClasses, run.stream("eigenpairs", i))[0];
      const auto quadrature = linalg::lanczos_quadrature(
          hessian, [&](std::uint64_t s) { return run.stream("quadrature", 100 * i + s); },
          {.steps = 150, .vectors = 10}, kSerial);
      out.zero_h = quadrature.mass_within(kZero * largest).value;
    }
    return out;
  });

  Table table{"Widths on the same clusters (K = 5, 200 steps)",
              {"hidden", "seed", "M", "i* of G", "λ1", "λ2", "λ3", "λ4", "zero share of G", "zero share of H"},
              {}};
  Measurement measured;
  double differ = 0;
  double ratio = 1;
  double growth_g = std::numeric_limits<double>::infinity();
  double growth_h = growth_g;
  double zero_g_60 = growth_g;
  std::vector<Ordered> ordered;
  for (std::size_t seed = 0; seed < kSeeds; ++seed) {
    std::vector<double> counts;
    double previous_g = 0;
    double previous_h = 0;
    for (std::size_t w = kWidths.size(); w-- > 0;) {
      const auto& spectra = all[w * kSeeds + seed];
      const auto count = ls::count_outliers(span_of(spectra.g), kClasses).largest.count;
      const double zero_g = ls::mass_near_zero(span_of(spectra.g)).within_fine;
      counts.push_back(static_cast<double>(count));
      for (const auto& other : {0UL, 1UL, 2UL})
        for (Index k = 0; k < kTop; ++k) ratio = std::max(ratio, spectra.g[k] / all[other * kSeeds + seed].g[k]);
      if (w + 1 < kWidths.size()) {
        growth_g = std::min(growth_g, zero_g - previous_g);
        growth_h = std::min(growth_h, spectra.zero_h - previous_h);
      }
      previous_g = zero_g;
      previous_h = spectra.zero_h;
      if (kWidths[w] == 60) zero_g_60 = std::min(zero_g_60, zero_g);
      table.rows.push_back({kWidths[w], seed, spectra.g.size(), count, spectra.g[0], spectra.g[1], spectra.g[2],
                            spectra.g[3], zero_g, spectra.zero_h});
      if (seed == 0) ordered.push_back({fmt::format("{} hidden units", kWidths[w]), list(spectra.g)});
    }
    differ = std::max(differ, *std::ranges::max_element(counts) - *std::ranges::min_element(counts));
  }
  run.table("widths", table);
  run.figure("widths", ordered_figure(ordered, 1e-9, "Wider networks: the same outliers, a longer bulk",
                                      "Ordered eigenvalues of the Gauss-Newton matrix (K = 5, 200 steps, seed 0): the "
                                      "first four coincide, what the width adds is small."));
  std::vector<Ordered> hessians;
  for (std::size_t w = kWidths.size(); w-- > 1;)
    hessians.push_back({fmt::format("{} hidden units", kWidths[w]), list(all[w * kSeeds].h)});
  run.figure("hessians", ordered_figure(hessians, 1e-7, "Ordered eigenvalues of the full Hessian",
                                        "Dashed: the negative ones, by their rank from the bottom. They stay small "
                                        "beside the outliers."));
  return measured.set("outliers_differ", differ)
      .set("top_ratio", ratio)
      .set("growth_g", growth_g)
      .set("growth_h", growth_h)
      .set("zero_g_60", zero_g_60);
}

Measurement h3(const Claim&, Run& run) {
  constexpr int kClasses = 5;
  constexpr std::size_t kSeeds = 2;
  constexpr Index kSteps = 100;
  constexpr Index kEvery = 5;
  const auto all = run.ensemble("splits", kSeeds, [&](std::size_t seed) {
    const auto net = train_on_blobs(run, {.classes = kClasses, .steps = 0, .seed = 10 + seed}, kSerial);
    Split out;
    VectorXd theta = net.initial;
    const auto traces = [&] {
      const auto streams = [&](std::uint64_t s) { return run.stream("trace", 100 * seed + s); };
      out.trace_h.push_back(linalg::hutch_plus_plus(net.loss.hessian(theta), streams, 60).trace.value);
      out.trace_g.push_back(linalg::hutch_plus_plus(net.loss.gauss_newton(theta), streams, 60).trace.value);
    };
    traces();
    descend(net.loss, theta, kSteps, 0.1, [&](Index step) {
      if (step % kEvery == 0) traces();
    });
    const auto h = ls::form_matrix(net.loss.hessian(theta), {}, kSerial);
    const auto r = ls::form_matrix(net.loss.residual(theta), {}, kSerial);
    const MatrixXd g = net.loss.gauss_newton_matrix(theta);
    out.difference = (h.matrix - g - r.matrix).cwiseAbs().maxCoeff();
    out.asymmetry = std::max(h.asymmetry, r.asymmetry);
    out.h = ls::descending_eigenvalues(h.matrix);
    out.g = ls::descending_eigenvalues(g);
    out.r = ls::descending_eigenvalues(r.matrix);
    return out;
  });
  double difference = 0;
  double split = std::numeric_limits<double>::infinity();
  double negative = 0;
  Table table{"H = G + R", {"seed", "λ1(H)", "λ1(G)", "λmin(H)", "λmin(R)", "largest difference of the top 4"}, {}};
  for (std::size_t seed = 0; seed < kSeeds; ++seed) {
    const auto& s = all[seed];
    double worst = 0;
    for (Index k = 0; k < kClasses - 1; ++k) worst = std::max(worst, std::abs(s.h[k] - s.g[k]) / s.g[k]);
    const double least_h = s.h[s.h.size() - 1];
    const double least_r = s.r[s.r.size() - 1];
    difference = std::max(difference, worst);
    split = std::min(split, least_h - least_r);
    negative = std::max(negative, -least_h / s.h[0]);
    run.metric(fmt::format("split_error_seed{}", seed), s.difference);
    run.metric(fmt::format("asymmetry_seed{}", seed), s.asymmetry);
    table.rows.push_back({seed, s.h[0], s.g[0], least_h, least_r, worst});
  }
  run.table("split", table);
  const auto& s = all[0];
  run.figure("split",
             ordered_figure({{"H", list(s.h)}, {"G", list(s.g)}, {"R", list(s.r)}}, 1e-7,
                            "Outliers belong to G, negative eigenvalues to R",
                            "Ordered eigenvalues of the Hessian, its Gauss-Newton part and the rest (K = 5, 100 "
                            "steps). Dashed: negative ones by rank from the bottom; G has none."));
  LinePlot plot;
  plot.title = "Trace over training";
  plot.caption = "Hutch++ with 60 products at each point; the trace of H stays close to that of G.";
  plot.x = {.title = "gradient descent steps"};
  plot.y = {.title = "trace"};
  std::vector<double> steps;
  for (std::size_t i = 0; i < s.trace_h.size(); ++i) steps.push_back(static_cast<double>(i) * kEvery);
  plot.series = {{.name = "H", .x = steps, .y = s.trace_h}, {.name = "G", .x = steps, .y = s.trace_g, .dashed = true}};
  run.figure("trace", Figure::line(plot));
  return Measurement().set("top_difference", difference).set("split", split).set("negative", negative);
}

Measurement h4(const Claim&, Run& run) {
  constexpr double kCut = 1e-12;
  const auto net = train_on_blobs(run, {.classes = 3, .samples = 100}, run.parallel());
  const VectorXd values = ls::descending_eigenvalues(net.loss.gauss_newton_matrix(net.theta));
  const Index rank = ls::numerical_rank(span_of(values), kCut);
  run.metric("lambda_1", values[0]);
  run.metric("lambda_200", values[199]);
  run.metric("lambda_201", values[200]);
  run.figure("rank",
             ordered_figure({{"G", list(values)}}, 1e-18, "The rank of G is N (K - 1) = 200",
                            "Eigenvalues of the Gauss-Newton matrix with 100 samples and 3 classes, M = 1653: a "
                            "cliff behind the 200th, rounding beyond it."));
  return Measurement().set("rank", static_cast<double>(rank)).set("zeros", static_cast<double>(values.size() - rank));
}

Measurement h5(const Claim&, Run& run) {
  constexpr int kClasses = 5;
  constexpr std::size_t kSeeds = 3;
  constexpr Index kVectors = 20;
  const auto compared = run.ensemble("quadratures", kSeeds, [&](std::size_t seed) {
    const auto net = train_on_blobs(run, {.classes = kClasses, .seed = seed}, kSerial);
    const auto hessian = net.loss.hessian(net.theta);
    const MatrixXd matrix = ls::form_matrix(hessian, {}, kSerial).matrix;
    const auto quadrature = linalg::lanczos_quadrature(
        hessian, [&](std::uint64_t s) { return run.stream("quadrature", 100 * seed + s); },
        {.steps = 60, .vectors = kVectors}, kSerial);
    Compared out;
    out.exact = ls::descending_eigenvalues(matrix);
    out.nodes.resize(60 * kVectors);
    out.weights.resize(60 * kVectors);
    for (Index v = 0; v < kVectors; ++v) {
      out.nodes.segment(60 * v, 60) = quadrature.rules()[static_cast<std::size_t>(v)].nodes;
      out.weights.segment(60 * v, 60) = quadrature.rules()[static_cast<std::size_t>(v)].weights;
    }
    const double largest = out.exact[0];
    out.outer = ls::cumulative_distance(span_of(out.exact), quadrature, 1e-2 * largest);
    out.fine = ls::cumulative_distance(span_of(out.exact), quadrature, 1e-3 * largest);
    out.all = ls::cumulative_distance(span_of(out.exact), quadrature);
    // Rademacher probes: Var(z^T A z) = 2 (||A||_F^2 - sum a_ii^2)
    MatrixXd power = matrix;
    const auto m = static_cast<double>(matrix.rows());
    for (int k = 1; k <= 3; ++k) {
      if (k > 1) power = linalg::multiply(power, matrix);
      const double error =
          std::sqrt(2 * (power.squaredNorm() - power.diagonal().squaredNorm()) / static_cast<double>(kVectors)) / m;
      out.deviation = std::max(out.deviation, std::abs(quadrature.moment(k).value - power.trace() / m) / error);
    }
    return out;
  });
  Measurement measured;
  Compared worst;
  Table table{"Kolmogorov distance of quadrature (m = 60, 20 vectors) and exact spectrum",
              {"seed", "|t| > 1e-2 λ1", "|t| > 1e-3 λ1", "all t", "moments: worst deviation in standard errors"},
              {}};
  for (std::size_t seed = 0; seed < kSeeds; ++seed) {
    const auto& c = compared[seed];
    table.rows.push_back({seed, c.outer, c.fine, c.all, c.deviation});
    worst.outer = std::max(worst.outer, c.outer);
    worst.fine = std::max(worst.fine, c.fine);
    worst.all = std::max(worst.all, c.all);
    worst.deviation = std::max(worst.deviation, c.deviation);
  }
  run.table("distance", table);
  run.metric("distance_fine", worst.fine);
  run.metric("distance_all", worst.all);
  std::vector<linalg::GaussRule> rules;
  for (Index v = 0; v < kVectors; ++v) {
    linalg::GaussRule rule;
    rule.nodes = compared[0].nodes.segment(60 * v, 60);
    rule.weights = compared[0].weights.segment(60 * v, 60);
    rules.push_back(rule);
  }
  const VectorXd& exact = compared[0].exact;
  const linalg::SpectralQuadrature quadrature(exact.size(), rules, 60 * kVectors);
  const auto outliers = ls::count_outliers(span_of(exact), kClasses).largest.count;
  const VectorXd marked = exact.head(outliers);
  run.figure("density",
             density_figure(quadrature, quadrature.resolution(), span_of(marked),
                            fmt::format("Density of the Hessian of a small network (M = {})", exact.size())));
  run.figure("cumulative", cumulative_figure(quadrature, span_of(exact), "Cumulative density: quadrature and exact"));
  run.figure("magnitudes", magnitude_figure(quadrature, exact[0], "Mass by magnitude"));
  return measured.set("distance_outer", worst.outer).set("moment_deviation", worst.deviation);
}

}  // namespace offprint::papers::hessian_spectrum
