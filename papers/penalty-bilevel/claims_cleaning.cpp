// P7: hyper-cleaning of MNIST with half of the labels drawn anew.
#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "claims.hpp"
#include "offprint/optimize/hyper_cleaning.hpp"
#include "offprint/optimize/penalty_bilevel.hpp"
#include "offprint/optimize/ranking.hpp"
#include "setting_h.hpp"

namespace offprint::papers::penalty_bilevel {
namespace {

using Eigen::VectorXd;
using namespace optimize;

// Plain gradient steps on the lower level at x.
VectorXd descend(CountedProblem& problem, const VectorXd& x, std::uint64_t steps, double step, Run& run) {
  VectorXd y = VectorXd::Zero(problem.problem().dimension_y());
  VectorXd gradient;
  for (std::uint64_t t = 0; t < steps; ++t) {
    run.check_cancelled();
    problem.g_y(x, y, gradient);
    y -= step * gradient;
  }
  return y;
}

// The model of the validation rows alone: 600 steps of 0.3 on f + ridge |W|^2.
VectorXd validation_only(const SoftmaxRegression& validation, double ridge, Run& run) {
  VectorXd w = VectorXd::Zero(validation.parameters());
  VectorXd gradient;
  for (int t = 0; t < 600; ++t) {
    run.check_cancelled();
    validation.gradient(w, gradient);
    w -= 0.3 * (gradient + 2 * ridge * w);
  }
  return w;
}

}  // namespace

Measurement p7(const Claim&, Run& run) {
  constexpr double kRidge = 1e-3;
  constexpr std::uint64_t kOuter = 100;
  const SettingH h = setting_h(run.data("mnist"), 4000, 400, 5, run.parallel());
  const HyperCleaning problem(h.train, h.validation, {.ridge = kRidge});
  CountedProblem counted(problem);
  auto progress = run.progress(kOuter, "outer steps");
  const VectorXd start = VectorXd::Zero(problem.dimension_x());
  const VectorXd uniform = descend(counted, start, 600, 0.5, run);
  const double uniform_error = h.test.error(uniform);
  const double alone_error = h.test.error(validation_only(h.validation, kRidge, run));

  Series error_z{.name = "model z (argmin g)"};
  Series error_y{.name = "model y (argmin sigma f + g)"};
  Series loss_y{.name = "validation loss of y"};
  const auto end = penalty_double_loop(
      problem, {start, uniform, uniform},
      {.sigma = 0.1, .outer_step = 4e4, .steps = kOuter, .inner_step = 0.5, .inner_step_y = 0.5, .inner_steps = 5},
      [&](const BilevelIterate& at) {
        run.check_cancelled();
        progress.set(at.step);
        const auto step = static_cast<double>(at.step);
        if (at.step % 5 == 0) {
          error_z.x.push_back(step);
          error_z.y.push_back(h.test.error(at.z));
          error_y.x.push_back(step);
          error_y.y.push_back(h.test.error(at.y));
        }
        loss_y.x.push_back(step);
        loss_y.y.push_back(h.validation.loss(at.y));
        return true;
      });
  const VectorXd weights = HyperCleaning::weights(end.x);
  const double z = h.test.error(end.z);
  const double y = h.test.error(end.y);

  LinePlot plot{.title = "Test error while the weights are learnt (MNIST, half of the labels drawn anew)"};
  plot.caption = "The error is not monotone in the outer steps: it is judged at 100.";
  plot.x = {.title = "outer step"};
  plot.y = {.title = "test error"};
  plot.series = {error_z, error_y};
  plot.reference_lines = {{uniform_error, "all rows alike"}, {alone_error, "validation rows only"}};
  run.figure("error", Figure::line(plot));
  LinePlot objective{.title = "The objective: validation loss of y"};
  objective.x = {.title = "outer step"};
  objective.y = {.title = "validation loss"};
  objective.series = {loss_y};
  run.figure("objective", Figure::line(objective));
  LinePlot sorted{.title = "Weights of right and wrong labels, sorted"};
  sorted.x = {.title = "share of the rows"};
  sorted.y = {.title = "weight", .lo = 0, .hi = 1};
  for (const bool wrong : {false, true}) {
    Series series{.name = wrong ? "label wrong" : "label right"};
    for (Eigen::Index i = 0; i < weights.size(); ++i)
      if (h.wrong[static_cast<std::size_t>(i)] == wrong) series.y.push_back(weights[i]);
    std::sort(series.y.begin(), series.y.end());
    for (std::size_t i = 0; i < series.y.size(); ++i)
      series.x.push_back(static_cast<double>(i + 1) / static_cast<double>(series.y.size()));
    sorted.series.push_back(series);
  }
  run.figure("weights", Figure::line(sorted));
  Table table{"Test error", {"model", "test error"}, {}};
  table.rows = {{"all rows alike (600 steps)", uniform_error},
                {"validation rows only", alone_error},
                {"penalty, z", z},
                {"penalty, y", y}};
  run.table("error", table);
  run.metric("uniform", uniform_error);
  run.metric("validation_only", alone_error);
  run.metric("penalty_z", z);
  run.metric("penalty_y", y);
  // A pass is one product of all training rows with the weights and back, or one of the losses alone.
  const auto passes = static_cast<double>(counted.calls().lower_gradients + end.calls.lower_gradients);
  run.metric("validation_gradients", static_cast<double>(end.calls.upper_gradients));
  return Measurement()
      .set("gain_uniform_z", uniform_error - z)
      .set("gain_uniform_y", uniform_error - y)
      .set("gain_validation_z", alone_error - z)
      .set("gain_validation_y", alone_error - y)
      .set("auc", optimize::area_under_curve(-weights, h.wrong))
      .set("passes", passes);
}

}  // namespace offprint::papers::penalty_bilevel
