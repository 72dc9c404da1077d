// path: the loss between two checkpoints.
#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "actions.hpp"
#include "offprint/core/error.hpp"
#include "offprint/io/csv.hpp"
#include "offprint/landscape/path.hpp"
#include "offprint/nn/batches.hpp"
#include "pictures.hpp"

namespace offprint::papers::hessian_spectrum {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;
namespace ls = offprint::landscape;

std::vector<double> list(const VectorXd& v) { return {v.begin(), v.end()}; }

ls::Path bezier(Run& run, const PathSubject& subject) {
  const auto& o = run.options();
  const auto steps = static_cast<Index>(o.integer("steps"));
  const auto batch = std::min(static_cast<std::size_t>(o.integer("batch")), subject.samples);
  nn::Batches batches(subject.samples, batch, run.stream("curve batches"));
  auto progress = run.progress(static_cast<std::size_t>(steps), "curve");
  const auto gradient = [&](Index step, const VectorXd& w, VectorXd& g) {
    run.check_cancelled();
    subject.gradient(w, batches.next(), g);
    progress.set(static_cast<std::size_t>(step) + 1);
  };
  return ls::train_bezier(subject.begin, subject.end, gradient, run.stream("curve positions"),
                          {.steps = steps, .learning_rate = o.real("learning-rate")});
}

}  // namespace

void path(Run& run) {
  const auto& o = run.options();
  const auto range = o.has("range") ? o.reals("range") : std::vector<double>{-0.5, 1.5};
  if (range.size() != 2)
    throw InputError(
        fmt::format("--range has {} numbers: give where the scan begins and ends, e.g. -0.5,1.5", range.size()));
  const auto grid = ls::path_grid(static_cast<Index>(o.integer("points")), range[0], range[1]);
  const auto subject = path_subject(run);
  const auto line = ls::Path::line(subject.begin, subject.end);
  const bool curved = o.text("curve") == "bezier";
  const auto chosen = curved ? bezier(run, subject) : line;
  run.metric("distance", line.distance());
  run.metric("parameters", static_cast<double>(subject.begin.size()));

  auto progress = run.progress(grid.size() * (curved ? 2 : 1), "points");
  std::size_t done = 0;
  Parallel serial{1, {}, {}};  // the network's own products use the threads
  const auto measure = [&](const VectorXd& w) {
    run.check_cancelled();
    auto out = subject.measure(w);
    progress.set(++done);
    return out;
  };
  const MatrixXd values = ls::scan(chosen, grid, measure, serial);
  MatrixXd straight = values;
  if (curved) straight = ls::scan(line, grid, measure, serial);

  std::vector<double> sharpness;
  if (o.flag("eigen-along-path"))
    sharpness = ls::eigenvalue_along(chosen, grid, subject.hessian_at, linalg::SpectrumEnd::kTop, run.stream("top"),
                                     {.tolerance = o.real("tol")});

  if (range[0] <= 0 && range[1] >= 1) {
    const auto found = ls::barrier(grid, values.col(0));
    run.metric("barrier", found.height);
    run.metric("barrier_at", found.at);
    run.metric("loss_from", values(std::ranges::find(grid, 0.0) - grid.begin(), 0));
    run.metric("loss_to", values(std::ranges::find(grid, 1.0) - grid.begin(), 0));
    run.note(found.none
                 ? fmt::format("no barrier: the loss on the {} nowhere exceeds the larger end's {:.4g}",
                               curved ? "curve" : "line", found.ends)
                 : fmt::format("barrier: the loss reaches {:.4g} on the {}, the larger end has {:.4g}; height over "
                               "the line between the ends' losses {:.4g} at a = {:.3g}",
                               found.largest, curved ? "curve" : "line", found.ends, found.height, found.at));
    if (curved) run.metric("line_barrier", ls::barrier(grid, straight.col(0)).height);
  } else {
    run.note("the range leaves out an end of the path, so no barrier is told: give one that holds 0 and 1");
  }

  std::vector<std::string> names{"a", "loss"};
  if (subject.classifier) names.emplace_back("accuracy");
  if (curved) names.emplace_back("line_loss");
  if (!sharpness.empty()) names.emplace_back("lambda_max");
  MatrixXd rows(static_cast<Index>(grid.size()), static_cast<Index>(names.size()));
  rows.col(0) = Eigen::Map<const VectorXd>(grid.data(), rows.rows());
  rows.middleCols(1, values.cols()) = values;
  Index column = 1 + values.cols();
  if (curved) rows.col(column++) = straight.col(0);
  if (!sharpness.empty()) rows.col(column) = Eigen::Map<const VectorXd>(sharpness.data(), rows.rows());
  run.artifact("path.csv", [&](const std::filesystem::path& file) { io::write_csv(file, names, rows); });

  std::vector<PathCurve> losses{{curved ? "Bezier curve" : "line", list(values.col(0))}};
  if (curved) losses.push_back({"straight line", list(straight.col(0))});
  run.figure("loss", path_figure(grid, losses, {.title = "loss"}, subject.from, subject.to, "Loss along the path",
                                 "Mean loss over the data at each point; the ends are marked."));
  if (subject.classifier)
    run.figure("accuracy", path_figure(grid, {{"accuracy", list(values.col(1))}}, {.title = "accuracy"}, subject.from,
                                       subject.to, "Accuracy along the path", "Share of samples classified right."));
  if (!sharpness.empty())
    run.figure("sharpness",
               path_figure(grid, {{"largest eigenvalue", sharpness}}, {.title = "λ"}, subject.from, subject.to,
                           "Largest eigenvalue of the Hessian along the path", "By Lanczos at each point."));
}

}  // namespace offprint::papers::hessian_spectrum
