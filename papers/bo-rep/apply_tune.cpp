// tune-l2: an L2 weight for each group of the network's weights, against a grid search on one common weight.
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "actions.hpp"
#include "input.hpp"
#include "offprint/core/error.hpp"
#include "offprint/optimize/text_regularization.hpp"

namespace offprint::papers::bo_rep {
namespace {

using Eigen::VectorXd;
using optimize::TextRegularization;

constexpr std::array kGrid{-12.0, -10.0, -8.0, -6.0, -4.5, -3.0, -1.5};
constexpr std::uint64_t kRefitSamples = std::uint64_t{1} << 40;

// SGD on g(x, .), then the mean of the second half of `refit` further steps.
VectorXd fit(const TextRegularization& problem, const VectorXd& x, VectorXd y, std::uint64_t steps, std::uint64_t refit,
             double rate, const CancelToken& cancel) {
  VectorXd gradient;
  VectorXd mean = VectorXd::Zero(y.size());
  for (std::uint64_t k = 0; k < steps + refit; ++k) {
    cancel.check();
    problem.g_y(x, y, gradient, {k < steps ? k : kRefitSamples + k - steps});
    y -= rate * gradient;
    if (k >= steps + refit / 2) mean += y / static_cast<double>(refit - refit / 2);
  }
  return mean;
}

}  // namespace

void tune_l2(Run& run) {
  const Options& o = run.options();
  const MethodOptions method = method_options(o);
  const auto texts = read_texts(run, false);
  const PreparedTexts prepared = prepare(texts, run.stream("word vectors"), text_options(o));
  note_texts(run, prepared, texts.size());
  const Split split = split_rows(prepared.labels.codes, 0, texts.size(), o.real("val-fraction"),
                                 o.real("test-fraction"), run.stream("split"));
  if (split.validation.size() == 0) throw InputError("there are no validation texts: raise --val-fraction");
  const auto net = network(o, prepared);
  const optimize::TextLoss texts_loss(net, prepared.texts, run.parallel());
  optimize::TextRegularizationOptions settings{.batch = static_cast<std::size_t>(o.integer("batch")),
                                               .validation = static_cast<std::size_t>(o.integer("batch")),
                                               .seed = run.stream("batches")()};
  const TextRegularization problem(texts_loss, split.train, split.validation, settings);
  settings.common = true;
  const TextRegularization common(texts_loss, split.train, split.validation, settings);
  const auto cancel = run.parallel().cancel;
  const VectorXd start = net.initial(run.stream("network"));
  const VectorXd x0 = VectorXd::Constant(3, o.real("start"));
  std::array<Series, 3> paths;
  for (std::size_t j = 0; j < 3; ++j) paths[j].name = TextRegularization::kGroups[j];
  const std::uint64_t every = std::max<std::uint64_t>(1, method.steps / 100);
  const auto result = run_method(problem, x0, start, method, [&](const optimize::BilevelIterate& at) {
    cancel.check();
    if (at.step % every == 0)
      for (std::size_t j = 0; j < 3; ++j) {
        paths[j].x.push_back(static_cast<double>(at.step));
        paths[j].y.push_back(at.x[static_cast<Eigen::Index>(j)]);
      }
    return true;
  });
  if (result.stopped == "diverged")
    throw InputError(fmt::format("{} {}", method_title(method.name), divergence(problem, result)));

  // The same work for everyone: the lower steps that the method took, then the same refit.
  const std::uint64_t inner =
      method.refine + method.inner_steps * (method.steps / std::max<std::uint64_t>(method.period, 1));
  const std::uint64_t refit = 200;
  Table table{
      "Selected weights against a grid of common ones", {"log L2 weight", "validation loss", "test accuracy"}, {}};
  const auto add = [&](const std::string& name, const TextRegularization& p, const VectorXd& x, const VectorXd& y) {
    const double loss = p.f(x, y);
    table.rows.push_back({name, loss, split.test.size() > 0 ? Json(p.accuracy(y, split.test)) : Json("")});
    return loss;
  };
  const VectorXd ours = fit(problem, result.x, result.y, 0, refit, method.inner_rate, cancel);
  const double loss = add(fmt::format("{:.3g}, {:.3g}, {:.3g} (selected)", result.x[0], result.x[1], result.x[2]),
                          problem, result.x, ours);
  double best = std::numeric_limits<double>::infinity();
  Series grid{.name = "grid of a common weight", .points = true};
  for (const double value : kGrid) {
    const VectorXd x = VectorXd::Constant(1, value);
    const VectorXd y = fit(common, x, start, inner, refit, method.inner_rate, cancel);
    const double at = add(fmt::format("{:g} (common)", value), common, x, y);
    grid.x.push_back(value);
    grid.y.push_back(at);
    best = std::min(best, at);
  }
  run.table("weights", table);
  for (std::size_t j = 0; j < 3; ++j)
    run.metric(fmt::format("log_l2_{}", std::array{"input", "recurrent", "head"}[j]),
               result.x[static_cast<Eigen::Index>(j)]);
  run.metric("validation_loss", loss);
  run.metric("grid_minimum", best);
  const bool met = loss <= 1.01 * best;
  run.metric("within_one_percent_of_the_grid", met ? 1 : 0);
  run.note(
      fmt::format("Validation loss {:.4f} with the selected weights, {:.4f} with the best common one of {} tried: {}.",
                  loss, best, kGrid.size(),
                  met ? "the selection is as good as the grid (within one percent) or better"
                      : "the grid is better by more than one percent; more --steps or another --eta may help"));
  LinePlot path;
  path.title = "Log L2 weights along the way";
  path.x = {.title = "outer step"};
  path.y = {.title = "log L2 weight"};
  path.series.assign(paths.begin(), paths.end());
  run.figure("weights", Figure::line(path));
  LinePlot plot;
  plot.title = "Validation loss: selected weights against the grid";
  plot.x = {.title = "log of the common L2 weight"};
  plot.y = {.title = "validation loss"};
  plot.series = {grid};
  plot.reference_lines = {{loss, "selected"}};
  run.figure("grid", Figure::line(plot));
}

}  // namespace offprint::papers::bo_rep
