// tune: L2 penalties per feature, per group or one for all, chosen on a validation set.
#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "actions.hpp"
#include "input.hpp"
#include "methods.hpp"
#include "offprint/core/error.hpp"
#include "offprint/io/csv.hpp"
#include "offprint/optimize/l2_selection.hpp"
#include "offprint/optimize/lower_solver.hpp"

namespace offprint::papers::penalty_bilevel {
namespace {

using Eigen::Index;
using Eigen::VectorXd;
using namespace optimize;

// One group a feature, the constant in none; or as --groups says; or all in one.
std::vector<int> groups_of(const Run& run, Index features) {
  const Options& o = run.options();
  std::vector<int> out(static_cast<std::size_t>(features), -1);
  if (o.has("groups")) {
    const VectorXd column = read_column(o.path("groups"), features - 1, "groups");
    for (Index j = 0; j + 1 < features; ++j) {
      if (column[j] != std::floor(column[j]) || column[j] < 0 || column[j] > 1e6)
        throw InputError(fmt::format("--groups, row {}: {} is no group number (0, 1, ...)", j + 1, column[j]));
      out[static_cast<std::size_t>(j)] = static_cast<int>(column[j]);
    }
    return out;
  }
  const bool each = o.text("per") == "feature";
  for (Index j = 0; j + 1 < features; ++j) out[static_cast<std::size_t>(j)] = each ? static_cast<int>(j) : 0;
  return out;
}

class Tuning {
 public:
  Tuning(Run& run, LabelledSets sets)
      : run_(run),
        sets_(std::move(sets)),
        groups_(groups_of(run, sets_.train->features())),
        problem_(
            *sets_.train, *sets_.validation,
            {.groups = groups_, .lowest = run.options().real("lowest"), .highest = run.options().real("highest")}) {}

  void report() {
    const Options& o = run_.options();
    const auto names = parse_methods(o.text("method"));
    VectorXd x = VectorXd::Constant(problem_.dimension_x(), o.real("start"));
    problem_.project_x(x);
    const double grid_loss = grid();
    const VectorXd y = solve(x);
    MethodOptions method{.sigma = o.real("sigma"),
                         .sigma_decay = o.real("sigma-decay"),
                         .outer = static_cast<std::uint64_t>(o.integer("outer")),
                         .inner = static_cast<std::uint64_t>(o.integer("inner"))};
    method.inner_step = o.has("lr-inner") ? o.real("lr-inner") : safe_inner_step(problem_, x, y, run_.stream("power"));
    // Half a unit of log lambda for the steepest coordinate in the first step.
    const VectorXd steepest = reference_hypergradient(problem_, x, y);
    const double largest = steepest.lpNorm<Eigen::Infinity>();
    if (!(largest > 0)) throw InputError("the validation loss does not depend on any penalty at the start");
    method.outer_step = o.has("lr-outer") ? o.real("lr-outer") : 0.5 / largest;
    method.tolerance = o.real("tol") * steepest.norm();
    method.normalized_step = o.has("lr-outer") ? o.real("lr-outer") : 0.1 * std::sqrt(static_cast<double>(x.size()));
    run_.metric("inner_step", method.inner_step);
    run_.metric("outer_step", method.outer_step);
    if (o.flag("check-gradient")) report_checks(run_, problem_, x, y, method.sigma);

    std::vector<MethodRun> runs;
    for (const auto& name : names)
      runs.push_back(run_method(run_, name, problem_, x, y, method, 60,
                                [&](const VectorXd&, const VectorXd& model, const VectorXd& before,
                                    const VectorXd& direction, TracePoint& point) {
                                  if (sets_.test) point.test_error = sets_.test->error(model);
                                  if (!o.flag("check-gradient") || direction.size() == 0) return;
                                  const VectorXd reference = reference_hypergradient(problem_, before, model);
                                  point.direction_error = (direction - reference).norm() / reference.norm();
                                }));
    Table table{"Penalties by", {"method", "validation loss", "validation error"}, {}};
    if (sets_.test) table.columns.emplace_back("test error");
    table.columns.insert(table.columns.end(), {"gradients", "HVPs", "JVPs", "seconds"});
    const auto row = [&](const std::string& name, const VectorXd& model, const MethodRun* one) {
      std::vector<Json> cells{name, sets_.validation->loss(model), sets_.validation->error(model)};
      if (sets_.test) cells.emplace_back(sets_.test->error(model));
      if (one != nullptr) {
        const auto& c = one->end.calls;
        cells.insert(cells.end(), {c.upper_gradients + c.lower_gradients, c.hvps, c.jvps, one->trace.back().seconds});
      } else {
        cells.insert(cells.end(), {"", "", "", ""});
      }
      table.rows.push_back(cells);
      run_.metric("validation_loss_" + name, sets_.validation->loss(model));
      if (sets_.test) run_.metric("test_error_" + name, sets_.test->error(model));
    };
    row("one lambda, best of the grid", grid_model_, nullptr);
    VectorXd tuned;
    for (const auto& one : runs) {
      const VectorXd model = solve(one.end.x);
      if (&one == &runs.front()) tuned = model;
      row(one.name, model, &one);
    }
    run_.table("penalties", table);
    draw_traces(run_, runs);
    write_trace(run_, runs);
    lambdas(runs.front().end.x, tuned, grid_loss);
  }

 private:
  // The model of given penalties, to convergence: what every row of the table is compared at.
  [[nodiscard]] VectorXd solve(const VectorXd& x) const {
    CountedProblem counted(problem_);
    return solve_lower(counted, x, 0, VectorXd::Zero(problem_.dimension_y()), {.tolerance = 1e-6, .max_steps = 1000}).y;
  }

  // One lambda for all: seven values, the best by validation loss.
  double grid() {
    Series validation{.name = "validation loss", .points = true};
    double best = std::numeric_limits<double>::infinity();
    for (int k = 0; k < 7; ++k) {
      run_.check_cancelled();
      const double log_lambda = -12 + 2.0 * k;
      const VectorXd model = solve(VectorXd::Constant(problem_.dimension_x(), log_lambda));
      const double loss = sets_.validation->loss(model);
      validation.x.push_back(std::exp(log_lambda));
      validation.y.push_back(loss);
      if (loss >= best) continue;
      best = loss;
      grid_model_ = model;
      run_.metric("grid_lambda", std::exp(log_lambda));
    }
    LinePlot plot{.title = "One lambda for all features: the grid"};
    plot.x = {.title = "lambda", .log = true};
    plot.y = {.title = "validation loss"};
    plot.series = {validation};
    run_.figure("grid", Figure::line(plot));
    return best;
  }

  void lambdas(const VectorXd& x, const VectorXd& model, double grid_loss) {
    const Index k = sets_.train->outputs();
    io::Table file{{"group", "lambda", "weight_norm"}, {}, {{"feature", sets_.features}}};
    file.values.resize(sets_.train->features(), 3);
    Histogram histogram{.title = "Chosen penalties"};
    histogram.x = {.title = "log lambda"};
    for (Index j = 0; j < file.values.rows(); ++j) {
      const int group = groups_[static_cast<std::size_t>(j)];
      const double lambda = group >= 0 ? std::exp(x[group]) : 0;
      file.values.row(j) << static_cast<double>(group), lambda, model.segment(j * k, k).norm();
      if (group < 0) continue;
      histogram.values.push_back(x[group]);
    }
    run_.artifact("lambdas.csv", [&](const std::filesystem::path& path) { io::write_csv(path, file); });
    run_.figure("lambdas", Figure::histogram(histogram));
    const double loss = sets_.validation->loss(model);
    run_.note(fmt::format(
        "validation loss {:.5g} with {} penalties, {:.5g} with the best single lambda of the grid ({} "
        "{:.2g})",
        loss, x.size(), grid_loss, loss <= grid_loss ? "better by" : "worse by", std::abs(grid_loss - loss)));
  }

  Run& run_;
  LabelledSets sets_;
  std::vector<int> groups_;
  L2Selection problem_;
  VectorXd grid_model_;
};

}  // namespace

void tune(Run& run) {
  require_sigma(run.options().real("sigma"));
  (void)parse_methods(run.options().text("method"));
  Tuning(run, read_sets(run, false)).report();
}

}  // namespace offprint::papers::penalty_bilevel
