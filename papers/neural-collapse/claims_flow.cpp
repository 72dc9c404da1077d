// N2, N3: the central path and the tied minimizers along it.
#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "claims.hpp"
#include "offprint/landscape/collapse_flow.hpp"
#include "offprint/landscape/collapse_metrics.hpp"
#include "offprint/landscape/collapse_model.hpp"
#include "offprint/landscape/collapse_oracles.hpp"

namespace offprint::papers::neural_collapse {
namespace {

using Eigen::MatrixXd;

constexpr std::size_t kSeeds = 10;
constexpr std::array<double, 4> kBetas{1, 10, 100, 1000};

// K = 3, d = 6, n = 20 Gaussian features around a global mean of 1.
MatrixXd start(const Run& run, std::size_t seed) {
  MatrixXd h(6, 60);
  Stream random = run.stream("features", seed);
  for (Eigen::Index i = 0; i < h.size(); ++i) h(i) = random.normal(1.0, 1.0);
  return h;
}

landscape::CollapseModel model_of(double lambda_h) { return landscape::oracle::wave_model(lambda_h); }

double minimizer_nc1(double lambda_h, const MatrixXd& h0, double beta) {
  const auto model = model_of(lambda_h);
  landscape::MinimizerOptions options;
  options.tolerance = 1e-13;
  options.parallel.threads = 1;
  const auto found = landscape::minimize_tied(model, h0, beta, options);
  return landscape::collapse_metrics(found.features, model.labels).nc1_trace;
}

Series series_of(const std::string& name, const landscape::CollapseFlow& flow, double landscape::FlowPoint::*what) {
  Series series{.name = name};
  for (const auto& point : flow.points) {
    if (point.t == 0) continue;
    series.x.push_back(point.t);
    series.y.push_back(point.*what);
  }
  return series;
}

}  // namespace

Measurement n2(const Claim&, Run& run) {
  const std::array<double, 2> lambdas{0.0, 0.05};
  const auto violations = run.ensemble("paths", 2 * kSeeds, [&](std::size_t i) {
    return landscape::collapse_flow(model_of(lambdas[i / kSeeds]), start(run, i % kSeeds), 40.0).violations();
  });
  Measurement measured;
  for (std::size_t l = 0; l < 2; ++l) {
    int sum = 0;
    for (std::size_t seed = 0; seed < kSeeds; ++seed) sum += violations[l * kSeeds + seed];
    measured.set(l == 0 ? "violations_l0" : "violations_l05", sum);
  }
  const MatrixXd h0 = landscape::oracle::wave_h0();
  int oracle_violations = 0;
  LinePlot nc1;
  nc1.title = "NC1~ along the central path";
  nc1.caption = "K = 3, d = 6, n = 20, lambda_W = 0.1. Dots: minimizers of the tied model at t = 1/beta.";
  nc1.x = {.title = "t", .log = true};
  nc1.y = {.title = "NC1~", .log = true};
  LinePlot traces;
  traces.title = "Both traces along the central path, scaled by exp(2 λ_H t)";
  traces.caption = "Thm 3.1: the one falls, the other rises, strictly.";
  traces.x = nc1.x;
  traces.y = {.title = "scaled trace", .log = true};
  for (const double lambda_h : lambdas) {
    const auto flow = landscape::collapse_flow(model_of(lambda_h), h0, 40.0);
    oracle_violations += flow.violations();
    const std::string tag = lambda_h == 0 ? "l0" : "l05";
    measured.set(fmt::format("nc1_{}_t5", tag), flow.points[50].nc1_trace);
    measured.set(fmt::format("nc1_{}_t40", tag), flow.points[400].nc1_trace);
    nc1.series.push_back(series_of(fmt::format("λ_H = {}", lambda_h), flow, &landscape::FlowPoint::nc1_trace));
    traces.series.push_back(
        series_of(fmt::format("within, λ_H = {}", lambda_h), flow, &landscape::FlowPoint::scaled_within));
    traces.series.push_back(
        series_of(fmt::format("between, λ_H = {}", lambda_h), flow, &landscape::FlowPoint::scaled_between));
    if (lambda_h == 0) continue;
    measured.set("nc1_start", flow.points[0].nc1_trace);
    const auto early = landscape::collapse_flow(model_of(lambda_h), h0, 0.1, {.step = 0.005, .checkpoints = 1});
    measured.set("nc1_l05_t0_1", early.points.back().nc1_trace);
    Series dots{.name = "minimizers, λ_H = 0.05", .points = true};
    for (const double beta : {0.03, 0.1, 0.3, 1.0, 3.0, 10.0}) {
      dots.x.push_back(1 / beta);
      dots.y.push_back(minimizer_nc1(lambda_h, h0, beta));
    }
    nc1.series.push_back(std::move(dots));
  }
  measured.set("violations_oracle", oracle_violations);
  run.figure("nc1", Figure::line(nc1));
  run.figure("traces", Figure::line(traces));
  return measured;
}

Measurement n3(const Claim&, Run& run) {
  constexpr double kLambdaH = 0.05;
  // Per seed: NC1~ of H_0, then of the minimizer and of the path at each beta.
  const auto results = run.ensemble("minimizers", kSeeds, [&](std::size_t seed) {
    const MatrixXd h0 = start(run, seed);
    std::vector<double> out{landscape::collapse_metrics(h0, model_of(kLambdaH).labels).nc1_trace};
    for (const double beta : kBetas) {
      out.push_back(minimizer_nc1(kLambdaH, h0, beta));
      const landscape::FlowOptions options{.step = 1 / (40 * beta), .checkpoints = 1};
      out.push_back(landscape::collapse_flow(model_of(kLambdaH), h0, 1 / beta, options).points.back().nc1_trace);
    }
    return out;
  });
  Measurement measured;
  Table table{"NC1~ of the tied minimizer and of the path at t = 1/beta",
              {"seed", "beta", "NC1~(H_0)", "NC1~(minimizer)", "factor", "NC1~(path)", "relative difference"},
              {}};
  double ratio_least = INFINITY;
  double ratio_largest = 0;
  LinePlot plot;
  plot.title = "The minimizer is an Euler step of the path";
  plot.caption = "Relative difference in NC1~ from the path at t = 1/beta; band: 10 seeds.";
  plot.x = {.title = "β", .log = true};
  plot.y = {.title = "relative difference", .log = true};
  Series difference_series{.name = "mean of 10 seeds"};
  Series slope{.name = "slope -2", .dashed = true};
  std::vector<double> previous(kSeeds, 0.0);
  for (std::size_t b = 0; b < kBetas.size(); ++b) {
    double factor = 0;
    double least = INFINITY;
    double largest = 0;
    double sum = 0;
    for (std::size_t seed = 0; seed < kSeeds; ++seed) {
      const auto& r = results[seed];
      const double minimizer = r[1 + 2 * b];
      const double path = r[2 + 2 * b];
      const double difference = std::abs(minimizer - path) / path;
      factor = std::max(factor, minimizer / r[0]);
      least = std::min(least, difference);
      largest = std::max(largest, difference);
      sum += difference;
      if (b >= 2) {  // the decades from beta = 10 on
        ratio_least = std::min(ratio_least, previous[seed] / difference);
        ratio_largest = std::max(ratio_largest, previous[seed] / difference);
      }
      previous[seed] = difference;
      table.rows.push_back({seed, kBetas[b], r[0], minimizer, minimizer / r[0], path, difference});
    }
    measured.set(fmt::format("factor_beta{}", kBetas[b]), factor);
    if (b >= 1) {
      measured.set(fmt::format("flow_difference_beta{}_least", kBetas[b]), least);
      measured.set(fmt::format("flow_difference_beta{}_largest", kBetas[b]), largest);
    }
    measured.set(fmt::format("nc1_beta{}", kBetas[b]),
                 minimizer_nc1(kLambdaH, landscape::oracle::wave_h0(), kBetas[b]));
    difference_series.x.push_back(kBetas[b]);
    difference_series.y.push_back(sum / kSeeds);
    difference_series.lo.push_back(least);
    difference_series.hi.push_back(largest);
  }
  for (const double beta : kBetas) {
    slope.x.push_back(beta);
    slope.y.push_back(difference_series.y.back() * std::pow(kBetas.back() / beta, 2));
  }
  measured.set("decade_ratio_least", ratio_least);
  measured.set("decade_ratio_largest", ratio_largest);
  plot.series = {difference_series, slope};
  run.table("seeds", table);
  run.figure("euler", Figure::line(plot));
  return measured;
}

}  // namespace offprint::papers::neural_collapse
