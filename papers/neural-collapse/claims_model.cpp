// N1, N4, N5: the closed forms of the two models.
#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <vector>

#include <Eigen/QR>
#include <fmt/format.h>

#include "claims.hpp"
#include "offprint/landscape/class_means.hpp"
#include "offprint/landscape/collapse_metrics.hpp"
#include "offprint/landscape/collapse_model.hpp"
#include "offprint/landscape/collapse_response.hpp"

namespace offprint::papers::neural_collapse {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using landscape::ClassLabels;
using landscape::CollapseModel;

// The setting of the paper's Fig. 1.
constexpr Index kClasses = 4;
constexpr Index kPerClass = 10;
constexpr Index kDimension = 10;
constexpr double kBeta = 100.0;
const double kLambdaW = std::sqrt(2.0);
constexpr std::size_t kSeeds = 3;
constexpr std::array<double, 4> kLambdas{.01, .05, .1, .3};

MatrixXd normal(Stream random, Index rows, Index columns) {
  MatrixXd out(rows, columns);
  random.fill_normal({out.data(), static_cast<std::size_t>(out.size())});
  return out;
}

MatrixXd random_frame(Stream random, Index rows, Index columns) {
  const Eigen::HouseholderQR<MatrixXd> qr(normal(random, rows, columns));
  return qr.householderQ() * MatrixXd::Identity(rows, columns);
}

CollapseModel paper_model(double lambda_h) { return {ClassLabels::balanced(kClasses, kPerClass), kLambdaW, lambda_h}; }

// N1.
struct Unconstrained {
  double f = 0, rho = 0, frame = 0, alignment = 0, nc1 = 0, norm = 0, iterations = 0, gradient = 0;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(f, rho, frame, alignment, nc1, norm, iterations, gradient);
  }
};

Unconstrained solve_unconstrained(const CollapseModel& model, const MatrixXd& start) {
  landscape::MinimizerOptions options;
  options.tolerance = 1e-13;
  options.parallel.threads = 1;
  const auto found = landscape::minimize_tied(model, start, 0.0, options);
  const auto expected = landscape::unconstrained_optimum(model.lambda_w, model.lambda_h);
  Unconstrained out;
  out.f = found.value;
  out.norm = found.features.norm();
  out.iterations = found.iterations;
  out.gradient = found.gradient;
  if (expected.trivial()) return out;
  const MatrixXd means = landscape::class_means(model.labels, found.features);
  out.rho = (found.features.colwise().squaredNorm().array() - expected.rho).abs().maxCoeff();
  const MatrixXd gram = means.transpose() * means;
  out.frame = (gram - expected.rho * MatrixXd::Identity(gram.rows(), gram.cols())).cwiseAbs().maxCoeff();
  out.alignment = (found.classifier.transpose() - expected.w_over_h * means).cwiseAbs().maxCoeff();
  out.nc1 = landscape::collapse_metrics(found.features, model.labels).nc1_trace;
  return out;
}

}  // namespace

Measurement n1(const Claim&, Run& run) {
  const std::array<std::pair<double, double>, 3> settings{{{kLambdaW, .05}, {kLambdaW, .2}, {1.2, 1.2}}};
  const auto results = run.ensemble("unconstrained", settings.size() * kSeeds, [&](std::size_t i) {
    const auto& [lambda_w, lambda_h] = settings[i / kSeeds];
    const CollapseModel model{ClassLabels::balanced(kClasses, kPerClass), lambda_w, lambda_h};
    return solve_unconstrained(model, normal(run.stream("unconstrained start", i), kDimension, kClasses * kPerClass));
  });
  Table table{"Model (1) from random starts",
              {"lambda_W", "lambda_H", "seed", "f", "f* - f", "NC1~", "iterations", "relative gradient"},
              {}};
  Measurement measured;
  Unconstrained worst;
  for (std::size_t s = 0; s < settings.size(); ++s) {
    const auto& [lambda_w, lambda_h] = settings[s];
    const double expected = landscape::unconstrained_optimum(lambda_w, lambda_h).value;
    double f = expected;
    for (std::size_t seed = 0; seed < kSeeds; ++seed) {
      const auto& r = results[s * kSeeds + seed];
      if (std::abs(r.f - expected) >= std::abs(f - expected)) f = r.f;
      worst.rho = std::max(worst.rho, r.rho);
      worst.frame = std::max(worst.frame, r.frame);
      worst.alignment = std::max(worst.alignment, r.alignment);
      worst.nc1 = std::max(worst.nc1, r.nc1);
      if (s == 2) worst.norm = std::max(worst.norm, r.norm);
      table.rows.push_back({lambda_w, lambda_h, seed, r.f, expected - r.f, r.nc1, r.iterations, r.gradient});
    }
    measured.set(s == 0 ? "f_l05" : s == 1 ? "f_l20" : "f_strong", f);
  }
  measured.set("rho_error", worst.rho);
  measured.set("frame_error", worst.frame);
  measured.set("alignment_error", worst.alignment);
  measured.set("nc1", worst.nc1);
  measured.set("h_strong", worst.norm);
  run.table("starts", table);
  return measured;
}

Measurement n4(const Claim&, Run& run) {
  double value_error = 0;
  double off_error = 0;
  double exact_error = 0;
  bool multiplicities = true;
  bool rank_one = true;
  LinePlot plot;
  plot.title = "Singular values of a diagonal block of the response at collapse";
  plot.caption = "K = 4, d = 10, n = 10, beta = 100, lambda_W = sqrt 2: five values each, whatever the frame.";
  plot.x = {.title = "index"};
  plot.y = {.title = "singular value"};
  Table table{"Every level of the staircase", {"lambda_H", "level", "multiplicity", "directions"}, {}};
  const auto frame = random_frame(run.stream("frame"), kDimension, kClasses);
  for (const double lambda_h : kLambdas) {
    run.check_cancelled();
    const auto model = paper_model(lambda_h);
    const landscape::CollapseResponse response(model, kBeta, landscape::collapsed_features(model, frame));
    const auto expected = landscape::collapse_spectrum(kDimension, kClasses, kPerClass, kLambdaW, lambda_h, kBeta);
    for (Index k = 0; k < kClasses; ++k) {
      const auto values = linalg::singular_values(response.block(k, k));
      Index at = 0;
      for (const auto& level : expected.diagonal) {
        Index near = 0;
        for (Index i = 0; i < values.size(); ++i) near += std::abs(values(i) - level.value) <= 1e-9 ? 1 : 0;
        multiplicities = multiplicities && near == level.multiplicity;
        for (Index i = 0; i < level.multiplicity; ++i, ++at)
          value_error = std::max(value_error, std::abs(values(at) - level.value));
      }
      if (k == 0) {
        Series series{.name = fmt::format("λ_H = {}", lambda_h)};
        for (Index i = 0; i < values.size(); ++i) {
          series.x.push_back(static_cast<double>(i + 1));
          series.y.push_back(values(i));
        }
        plot.series.push_back(std::move(series));
      }
      for (Index l = 0; l < kClasses; ++l) {
        if (l == k) continue;
        const auto off = linalg::singular_values(response.block(k, l));
        off_error = std::max(off_error, std::abs(off(0) - expected.off_diagonal));
        rank_one = rank_one && off(1) <= 1e-9 * off(0);
      }
    }
    const auto exact = linalg::singular_values(response.block(0, 0, true));
    const double smallest = kBeta / (kBeta + std::sqrt(lambda_h / kLambdaW));
    exact_error = std::max(exact_error, std::abs(exact(exact.size() - 1) - smallest));
    for (const auto& level : expected.diagonal)
      table.rows.push_back({lambda_h, level.value, level.multiplicity, level.directions});
    table.rows.push_back({lambda_h, expected.off_diagonal, 1, "off-diagonal block: mean of another class"});
  }
  run.table("levels", table);
  run.figure("staircase", Figure::line(plot));
  Measurement measured;
  measured.set("value_error", value_error);
  measured.set_flag("multiplicities", multiplicities);
  measured.set("off_value_error", off_error);
  measured.set_flag("off_rank_one", rank_one);
  measured.set("exact_min_error", exact_error);
  return measured;
}

namespace {

// N5: relative errors of three predictions of the minimizer's change.
struct Prediction {
  double first_order = 0, exact = 0, identity = 0;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(first_order, exact, identity);
  }
};

Prediction predict(const CollapseModel& model, const MatrixXd& star, MatrixXd change, double size) {
  change *= size * star.norm() / change.norm();
  landscape::MinimizerOptions options;
  options.tolerance = 1e-14;
  options.parallel.threads = 1;
  const MatrixXd h0 = star + change;
  const auto found = landscape::minimize_tied(model, h0, kBeta, options);
  const MatrixXd moved = found.features - star;
  const landscape::CollapseResponse response(model, kBeta, star);
  const double norm = change.norm();
  return {(moved - response.apply(change)).norm() / norm, (moved - response.apply_exact(change)).norm() / norm,
          (moved - change).norm() / norm};
}

}  // namespace

Measurement n5(const Claim&, Run& run) {
  const std::array<double, 3> sizes{1e-3, 5e-4, 2.5e-4};
  const auto frame = random_frame(run.stream("frame"), kDimension, kClasses);
  const auto results = run.ensemble("predictions", kLambdas.size() * kSeeds * sizes.size(), [&](std::size_t i) {
    const auto model = paper_model(kLambdas[i / (kSeeds * sizes.size())]);
    const std::size_t seed = i / sizes.size() % kSeeds;
    return predict(model, landscape::collapsed_features(model, frame),
                   normal(run.stream("change", seed), kDimension, kClasses * kPerClass), sizes[i % sizes.size()]);
  });
  double halving_least = INFINITY;
  double halving_largest = 0;
  double excess = -INFINITY;
  double share = 0;
  Table table{"Relative error of predicting the minimizer of H* + change",
              {"lambda_H", "seed", "|change| / |H*|", "F", "exact response", "no change of the deviation", "x^2"},
              {}};
  LinePlot plot;
  plot.title = "Predicting the minimizer of perturbed features, λ_H = 0.1";
  plot.caption = "The exact response errs linearly in the perturbation; F has a floor of order 1/beta^2.";
  plot.x = {.title = "|change| / |H*|", .log = true};
  plot.y = {.title = "relative error", .log = true};
  plot.series = {{.name = "F (Thm 4.1)", .points = true},
                 {.name = "exact response", .points = true},
                 {.name = "no change", .points = true}};
  for (std::size_t l = 0; l < kLambdas.size(); ++l) {
    const double lambda_h = kLambdas[l];
    const double c = std::sqrt(lambda_h * kLambdaW);
    const double x = std::max({lambda_h, std::sqrt(lambda_h / kLambdaW), 4 * lambda_h * (1 - c)}) / kBeta;
    for (std::size_t seed = 0; seed < kSeeds; ++seed) {
      const auto* of = &results[(l * kSeeds + seed) * sizes.size()];
      const double halving = of[0].exact / of[1].exact;
      halving_least = std::min(halving_least, halving);
      halving_largest = std::max(halving_largest, halving);
      excess = std::max(excess, of[0].first_order - of[0].exact - x * x);
      share = std::max(share, of[0].first_order / of[0].identity);
      for (std::size_t s = 0; s < sizes.size(); ++s) {
        table.rows.push_back({lambda_h, seed, sizes[s], of[s].first_order, of[s].exact, of[s].identity, x * x});
        if (l != 2 || seed != 0) continue;
        const std::array<double, 3> errors{of[s].first_order, of[s].exact, of[s].identity};
        for (std::size_t k = 0; k < 3; ++k) {
          plot.series[k].x.push_back(sizes[s]);
          plot.series[k].y.push_back(errors[k]);
        }
      }
    }
  }
  run.table("errors", table);
  run.figure("errors", Figure::line(plot));
  Measurement measured;
  measured.set("exact_halving_least", halving_least);
  measured.set("exact_halving_largest", halving_largest);
  measured.set("first_order_excess", excess);
  measured.set("first_order_share", share);
  return measured;
}

}  // namespace offprint::papers::neural_collapse
