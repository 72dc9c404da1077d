// H6 to H8: networks on MNIST images.
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "basins.hpp"
#include "claims.hpp"
#include "offprint/landscape/outliers.hpp"
#include "offprint/landscape/path.hpp"
#include "offprint/landscape/spectrum.hpp"
#include "offprint/linalg/eigenpairs.hpp"
#include "offprint/nn/labelled.hpp"
#include "pictures.hpp"
#include "training.hpp"

namespace offprint::papers::hessian_spectrum {
namespace {

using Eigen::Index;
using Eigen::VectorXd;
namespace ls = offprint::landscape;

constexpr std::size_t kSeeds = 3;
const Parallel kSerial{1, {}, {}};

std::span<const double> span_of(const VectorXd& v) { return {v.data(), static_cast<std::size_t>(v.size())}; }
std::vector<double> list(const VectorXd& v) { return {v.begin(), v.end()}; }

// Training loss, test loss, training accuracy, test accuracy.
Eigen::MatrixXd scan_line(const BasinProblem& problem, const VectorXd& a, const VectorXd& b,
                          const std::vector<double>& grid) {
  return ls::scan(
      ls::Path::line(a, b), grid,
      [&](const VectorXd& w) {
        return std::vector<double>{problem.train.value(w), problem.test.value(w), problem.train.accuracy(w),
                                   problem.test.accuracy(w)};
      },
      kSerial);
}

struct Lines {
  Eigen::MatrixXd basin;
  Eigen::MatrixXd independent;
  Eigen::MatrixXd fast;  // at rate 0.1, where it goes wrong
  double distance = 0;
  double length = 0;
  double fast_distance = 0;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(basin, independent, fast, distance, length, fast_distance);
  }
};

struct Sharpness {
  double large = 0;
  double small = 0;
  double matched = 0;
  double loss_large = 0;
  double loss_small = 0;
  double loss_matched = 0;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(large, small, matched, loss_large, loss_small, loss_matched);
  }
};

}  // namespace

Measurement h6(const Claim&, Run& run) {
  constexpr std::array<Index, 4> kWidths{10, 30, 50, 70};
  constexpr std::size_t kImages = 1000;
  constexpr Index kTop = 9;
  constexpr Index kSteps = 200;
  const auto all = nn::read_mnist(run.data("mnist"), nn::Split::kTrain);
  const auto order = run.stream("images").permutation(static_cast<std::size_t>(all.size()));
  auto data = nn::subset(all, std::span(order).first(kImages));
  nn::standardise(data, nn::global_standardisation(data));

  Table table{
      "Widths on 1,000 MNIST images (200 steps)",
      {"hidden", "M", "loss", "i*", "gap", "λ1", "λ9", "λ10", "mass at |t| < 1e-3 λ1", "standard error", "λmin"},
      {}};
  Measurement measured;
  Index agree = 0;
  double growth = std::numeric_limits<double>::infinity();
  double mass_least = growth;
  double previous = 0;
  std::vector<VectorXd> tops;
  std::vector<Ordered> ordered;
  auto progress = run.progress(kWidths.size(), "widths");
  for (std::size_t i = 0; i < kWidths.size(); ++i) {
    const nn::Mlp net({784, kWidths[i], kWidths[i], 10});
    const nn::MlpLoss loss(net, data.inputs, data.labels, run.parallel());
    VectorXd theta = net.initial(run.stream("initial parameters", i));
    descend(loss, theta, kSteps, 0.1, [&](Index) { run.check_cancelled(); });
    const auto hessian = loss.hessian(theta);
    linalg::EigenpairOptions options{.tolerance = 1e-5};
    options.poll = [&] { run.check_cancelled(); };
    const auto top = linalg::extreme_eigenpairs(hessian, linalg::SpectrumEnd::kTop, 20, run.stream("top", i), options);
    options.scale = top.values[0];
    const auto bottom =
        linalg::extreme_eigenpairs(hessian, linalg::SpectrumEnd::kBottom, 10, run.stream("bottom", i), options);
    const auto quadrature = linalg::lanczos_quadrature(
        hessian, [&](std::uint64_t s) { return run.stream("quadrature", 100 * i + s); }, {.steps = 100, .vectors = 10},
        run.parallel());
    if (!top.converged || !bottom.converged)
      run.note(fmt::format("width {}: not all eigenpairs converged to 1e-5 of the largest", kWidths[i]));
    const auto outliers = ls::count_outliers(span_of(top.values), 10).largest;
    const auto mass = quadrature.mass_within(1e-3 * top.values[0]);
    agree += outliers.count == kTop ? 1 : 0;
    if (i > 0) {
      growth = std::min(growth, mass.value - previous);
      mass_least = std::min(mass_least, mass.value);
    }
    previous = mass.value;
    tops.push_back(top.values);
    table.rows.push_back({kWidths[i], net.parameters(), loss.value(theta), outliers.count, outliers.ratio,
                          top.values[0], top.values[8], top.values[9], mass.value, mass.error, bottom.values[0]});
    run.metric(fmt::format("mass_w{}", kWidths[i]), mass.value);
    // what lies between the pairs of both ends is not known one by one
    VectorXd known(top.values.size() + bottom.values.size());
    known << top.values, bottom.values.reverse();
    ordered.push_back({fmt::format("{} hidden units", kWidths[i]), list(known)});
    if (kWidths[i] == 70) {
      const VectorXd marked = top.values.head(outliers.count);
      run.figure("density", density_figure(quadrature, quadrature.resolution(), span_of(marked),
                                           "Density of the Hessian, 784-70-70-10 on MNIST"));
      run.figure("magnitudes", magnitude_figure(quadrature, top.values[0], "Mass by magnitude, 784-70-70-10 on MNIST"));
    }
    progress.set(i + 1);
  }
  double ratio = 1;
  for (std::size_t i = 1; i < tops.size(); ++i)
    for (std::size_t j = 1; j < tops.size(); ++j)
      for (Index k = 0; k < kTop; ++k) ratio = std::max(ratio, tops[i][k] / tops[j][k]);
  run.table("widths", table);
  run.figure("widths", ordered_figure(ordered, 1e-7, "MNIST: outliers of four widths",
                                      "The 20 largest eigenvalues of the Hessian and (dashed) the 10 smallest, after "
                                      "200 steps: nine stand clear whatever the width."));
  return measured.set("agree", static_cast<double>(agree))
      .set("top_ratio", ratio)
      .set("growth", growth)
      .set("mass_least", mass_least);
}

Measurement h7(const Claim&, Run& run) {
  const auto problem = basin_problem(run, run.data("mnist"), kSerial);
  const auto grid = ls::path_grid(81, -0.5, 1.5);  // 41 of them on [0, 1]
  const auto all = run.ensemble("basins", kSeeds, [&](std::size_t seed) {
    const auto ends = train_basins(run, problem, seed, {});
    Lines out;
    out.basin = scan_line(problem, ends.large, ends.small, grid);
    out.independent = scan_line(problem, ends.small, ends.independent, grid);
    out.distance = (ends.small - ends.large).norm();
    out.length = ends.small.norm();
    const auto fast =
        train_basins(run, problem, seed, {.rate = 0.1, .large_steps = 400, .small_steps = 400, .independent_steps = 0});
    out.fast = scan_line(problem, fast.large, fast.small, grid);
    out.fast_distance = (fast.small - fast.large).norm();
    return out;
  });
  double barrier = 0;
  double distance = std::numeric_limits<double>::infinity();
  double independent = distance;
  Table table{"Barriers on the line",
              {"seed", "L large", "L small", "barrier", "largest on the line", "L independent", "independent barrier",
               "|difference|", "|w|", "test accuracy large", "test accuracy small", "rate 0.1: barrier",
               "rate 0.1: |difference|"},
              {}};
  std::vector<PathCurve> fast_curves;
  const auto at = [&](double a) { return static_cast<Index>(std::ranges::find(grid, a) - grid.begin()); };
  const Index first = at(0);
  const Index last = at(1);
  for (std::size_t seed = 0; seed < kSeeds; ++seed) {
    const auto& lines = all[seed];
    const auto basin = ls::barrier(grid, lines.basin.col(0));
    const auto control = ls::barrier(grid, lines.independent.col(0));
    const auto fast = ls::barrier(grid, lines.fast.col(0));
    barrier = std::max(barrier, basin.height / basin.ends);
    distance = std::min(distance, lines.distance);
    independent = std::min(independent, control.height / std::max(control.ends, basin.ends));
    table.rows.push_back({seed, lines.basin(first, 0), lines.basin(last, 0), basin.height, basin.largest,
                          lines.independent(last, 0), control.height, lines.distance, lines.length,
                          lines.basin(first, 3), lines.basin(last, 3), fast.height, lines.fast_distance});
    fast_curves.push_back({fmt::format("seed {}", seed), list(lines.fast.col(0))});
  }
  run.table("barriers", table);
  const auto& lines = all[0];
  run.figure("line",
             path_figure(grid, {{"training", list(lines.basin.col(0))}, {"test", list(lines.basin.col(1))}},
                         {.title = "loss"}, "batch 1000", "batch 32", "From the large-batch to the small-batch end",
                         "Loss on the straight line between the end of large-batch training and that of the "
                         "small-batch training continued from it (seed 0): no barrier."));
  run.figure("accuracy", path_figure(grid, {{"training", list(lines.basin.col(2))}, {"test", list(lines.basin.col(3))}},
                                     {.title = "accuracy"}, "batch 1000", "batch 32", "Accuracy on the same line",
                                     "Share of images classified right (seed 0)."));
  run.figure(
      "independent",
      path_figure(grid, {{"same basin", list(lines.basin.col(0))}, {"independent", list(lines.independent.col(0))}},
                  {.title = "training loss", .log = true}, "start of the line", "its end",
                  "Two independent solutions have a barrier between them",
                  "The control: a line between solutions of different initializations crosses a ridge."));
  run.figure("sensitivity",
             path_figure(grid, fast_curves, {.title = "training loss", .lo = 0.0, .hi = 0.3}, "batch 1000", "batch 32",
                         "At learning rate 0.1 the picture changes",
                         "The same line after 400 + 400 steps at rate 0.1: single iterates at the edge of "
                         "stability, with bumps between them. The rate belongs to the claim."));
  return Measurement().set("barrier", barrier).set("distance", distance).set("independent", independent);
}

Measurement h8(const Claim&, Run& run) {
  const auto problem = basin_problem(run, run.data("mnist"), kSerial);
  const auto all = run.ensemble("sharpness", kSeeds, [&](std::size_t seed) {
    const auto ends = train_basins(run, problem, seed, {.independent_steps = 0, .matched = true});
    const auto largest = [&](const VectorXd& w) {
      const auto found = linalg::extreme_eigenpairs(problem.train.hessian(w), linalg::SpectrumEnd::kTop, 1,
                                                    run.stream("top", seed), {.tolerance = 1e-6});
      if (!found.converged) throw Error("the largest eigenvalue did not converge");
      return found.values[0];
    };
    return Sharpness{largest(ends.large),
                     largest(ends.small),
                     largest(ends.matched),
                     problem.train.value(ends.large),
                     problem.train.value(ends.small),
                     problem.train.value(ends.matched)};
  });
  double sharper = std::numeric_limits<double>::infinity();
  Table table{"Largest eigenvalue of the training loss's Hessian",
              {"seed", "large batch", "small batch", "ratio", "L large", "L small",
               "small batch at the large one's loss", "its loss"},
              {}};
  for (std::size_t seed = 0; seed < kSeeds; ++seed) {
    const auto& s = all[seed];
    sharper = std::min(sharper, s.large / s.small);
    table.rows.push_back(
        {seed, s.large, s.small, s.large / s.small, s.loss_large, s.loss_small, s.matched, s.loss_matched});
    run.metric(fmt::format("matched_ratio_seed{}", seed), s.large / s.matched);
  }
  run.table("sharpness", table);
  return Measurement().set("sharper", sharper);
}

}  // namespace offprint::papers::hessian_spectrum
