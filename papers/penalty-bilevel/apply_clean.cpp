// clean: weights for doubtful training rows, chosen on a small clean validation set.
#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "actions.hpp"
#include "input.hpp"
#include "methods.hpp"
#include "offprint/core/error.hpp"
#include "offprint/io/csv.hpp"
#include "offprint/optimize/hyper_cleaning.hpp"
#include "offprint/optimize/lower_solver.hpp"
#include "offprint/optimize/ranking.hpp"
#include "setting_h.hpp"

namespace offprint::papers::penalty_bilevel {
namespace {

using Eigen::Index;
using Eigen::VectorXd;
using namespace optimize;

class Cleaning {
 public:
  Cleaning(Run& run, LabelledSets sets)
      : run_(run),
        sets_(std::move(sets)),
        ridge_(run.options().real("ridge")),
        problem_(*sets_.train, *sets_.validation,
                 {.ridge = ridge_,
                  .lower_batch = run.options().integer("batch"),
                  .upper_batch = run.options().integer("batch"),
                  .seed = run.seed()}) {}

  void report() {
    const Options& o = run_.options();
    const auto names = parse_methods(o.text("method"));
    const VectorXd x = start();
    const VectorXd zero = VectorXd::Zero(problem_.dimension_y());
    MethodOptions method{.sigma = o.real("sigma"),
                         .sigma_decay = o.real("sigma-decay"),
                         .outer = static_cast<std::uint64_t>(o.integer("outer")),
                         .inner = static_cast<std::uint64_t>(o.integer("inner")),
                         .momentum = o.real("momentum"),
                         .stochastic = o.integer("batch") > 0};
    method.inner_step =
        o.has("lr-inner") ? positive_option(o, "lr-inner") : safe_inner_step(problem_, x, zero, run_.stream("power"));
    const auto n = static_cast<double>(sets_.train->rows());
    method.outer_step = o.has("lr-outer") ? positive_option(o, "lr-outer") : 10 * n;
    method.normalized_step =
        o.has("lr-outer") ? positive_option(o, "lr-outer") : 5 * std::sqrt(n) / static_cast<double>(method.outer);
    run_.metric("inner_step", method.inner_step);
    run_.metric("outer_step", method.outer_step);

    uniform_ = fit(VectorXd::Constant(x.size(), 0.0), method.inner_step);
    if (o.flag("check-gradient")) report_checks(run_, problem_, x, uniform_, method.sigma);
    std::vector<MethodRun> runs;
    for (const auto& name : names) {
      runs.push_back(
          run_method(run_, name, problem_, x, uniform_, method, 60,
                     [&](const VectorXd& at, const VectorXd& model, const VectorXd& before, const VectorXd& direction,
                         TracePoint& point) { measure(at, model, before, direction, point); }));
    }
    results(runs, method.inner_step);
    draw_traces(run_, runs);
    write_trace(run_, runs);
    rows(runs.front());
  }

 private:
  [[nodiscard]] VectorXd start() const {
    if (!run_.options().has("weights")) return VectorXd::Zero(sets_.train->rows());
    const VectorXd w = read_column(run_.options().path("weights"), sets_.train->rows(), "weights");
    for (Index i = 0; i < w.size(); ++i)
      if (!(w[i] >= 0 && w[i] <= 1))
        throw InputError(fmt::format("--weights, row {}: {} is no weight; it must lie in [0, 1]", i + 1, w[i]));
    const Eigen::ArrayXd inside = w.array().max(1e-6).min(1 - 1e-6);
    return (inside / (1 - inside)).log();
  }

  // The model of the weights sigmoid(x): the same number of steps from zero for all that are compared.
  [[nodiscard]] VectorXd fit(const VectorXd& x, double step) const {
    return descend([&](const VectorXd& y, VectorXd& gradient) { problem_.g_y(x, y, gradient); }, step);
  }
  [[nodiscard]] VectorXd fit_validation(double step) const {
    return descend(
        [&](const VectorXd& y, VectorXd& gradient) {
          sets_.validation->gradient(y, gradient);
          gradient += 2 * ridge_ * y;
        },
        step);
  }
  template <class Gradient>
  [[nodiscard]] VectorXd descend(const Gradient& gradient_of, double step) const {
    VectorXd y = VectorXd::Zero(problem_.dimension_y());
    VectorXd gradient;
    for (long t = 0; t < run_.options().integer("fit"); ++t) {
      run_.check_cancelled();
      gradient_of(y, gradient);
      y -= step * gradient;
    }
    if (!y.allFinite())
      throw InputError(fmt::format("the model diverges at an inner step of {}; give a shorter --lr-inner", step));
    return y;
  }

  void measure(const VectorXd& x, const VectorXd& model, const VectorXd& before, const VectorXd& direction,
               TracePoint& point) {
    if (sets_.test) point.test_error = sets_.test->error(model);
    if (mixed()) point.auc = optimize::area_under_curve(-HyperCleaning::weights(x), sets_.wrong);
    if (!run_.options().flag("check-gradient") || direction.size() == 0) return;
    const VectorXd reference = reference_hypergradient(problem_, before, model);
    point.direction_error = (direction - reference).norm() / reference.norm();
  }

  // Whether there are rows known to be right and rows known to be wrong.
  [[nodiscard]] bool mixed() const {
    const auto wrong = std::count(sets_.wrong.begin(), sets_.wrong.end(), true);
    return wrong > 0 && wrong < static_cast<std::ptrdiff_t>(sets_.wrong.size());
  }

  void results(const std::vector<MethodRun>& runs, double step) {
    Table table{"Models, each fitted the same way", {"weights by", "validation loss"}, {}};
    if (sets_.test) table.columns.emplace_back("test error");
    if (mixed()) table.columns.emplace_back("AUC of low weights");
    table.columns.insert(table.columns.end(), {"gradients", "HVPs", "JVPs", "seconds"});
    const auto row = [&](const std::string& name, const VectorXd& model, const MethodRun* one) {
      std::vector<Json> cells{name, sets_.validation->loss(model)};
      if (sets_.test) cells.emplace_back(sets_.test->error(model));
      if (mixed()) {
        if (one != nullptr) {
          cells.emplace_back(optimize::area_under_curve(-HyperCleaning::weights(one->end.x), sets_.wrong));
        } else {
          cells.emplace_back("");
        }
      }
      if (one != nullptr) {
        const auto& c = one->end.calls;
        cells.insert(cells.end(), {c.upper_gradients + c.lower_gradients, c.hvps, c.jvps, one->trace.back().seconds});
      } else {
        cells.insert(cells.end(), {"", "", "", ""});
      }
      table.rows.push_back(cells);
      if (sets_.test) run_.metric("test_error_" + name, sets_.test->error(model));
    };
    row("none", uniform_, nullptr);
    row("validation only", fit_validation(step), nullptr);
    for (const auto& one : runs) {
      const VectorXd model = fit(one.end.x, step);
      if (&one == &runs.front()) cleaned_ = model;
      row(one.name, model, &one);
      if (mixed())
        run_.metric("auc_" + one.name, optimize::area_under_curve(-HyperCleaning::weights(one.end.x), sets_.wrong));
    }
    run_.table("models", table);
  }

  // weights.csv, model.csv, the most suspicious rows, histograms: of the first method.
  void rows(const MethodRun& one) {
    const VectorXd weights = HyperCleaning::weights(one.end.x);
    VectorXd losses;
    sets_.train->losses(cleaned_, losses);
    const auto predicted = sets_.train->predict(cleaned_);
    std::vector<Index> order(static_cast<std::size_t>(weights.size()));
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](Index a, Index b) { return weights[a] < weights[b]; });
    VectorXd rank(weights.size());
    for (std::size_t k = 0; k < order.size(); ++k) rank[order[k]] = static_cast<double>(k + 1);
    const auto& labels = sets_.train->labels();
    const auto name = [&](int k) { return sets_.classes[static_cast<std::size_t>(k)]; };

    io::Table file{{"row", "weight", "rank", "loss"}, {}, {{"label", {}}, {"predicted", {}}}};
    file.values.resize(weights.size(), 4);
    for (Index i = 0; i < weights.size(); ++i) {
      file.values.row(i) << static_cast<double>(i + 1), weights[i], rank[i], losses[i];
      file.text[0].values.push_back(name(labels[static_cast<std::size_t>(i)]));
      file.text[1].values.push_back(name(predicted[static_cast<std::size_t>(i)]));
    }
    run_.artifact("weights.csv", [&](const std::filesystem::path& path) { io::write_csv(path, file); });
    const Index k = sets_.train->outputs();
    std::vector<std::string> outputs;
    for (Index c = 0; c < k; ++c) outputs.push_back(name(static_cast<int>(k == 1 ? 1 : c)));
    io::Table model{outputs,
                    Eigen::Map<const Eigen::MatrixXd>(cleaned_.data(), k, cleaned_.size() / k).transpose(),
                    {{"feature", sets_.features}}};
    run_.artifact("model.csv", [&](const std::filesystem::path& path) { io::write_csv(path, model); });

    Table table{"The most suspicious rows (all in weights.csv)", {"row", "label", "predicted", "weight", "loss"}, {}};
    if (!sets_.wrong.empty()) table.columns.emplace_back("label wrong");
    const auto shown = std::min<std::size_t>(order.size(), static_cast<std::size_t>(run_.options().integer("top")));
    for (std::size_t r = 0; r < shown; ++r) {
      const auto i = static_cast<std::size_t>(order[r]);
      std::vector<Json> cells{static_cast<std::int64_t>(i + 1), name(labels[i]), name(predicted[i]), weights[order[r]],
                              losses[order[r]]};
      if (!sets_.wrong.empty()) cells.emplace_back(sets_.wrong[i] ? "yes" : "no");
      table.rows.push_back(cells);
    }
    run_.table("suspicious", table);
    const auto low = (weights.array() < 0.1).count();
    run_.metric("low_weights", static_cast<double>(low));
    std::string text = fmt::format(
        "{} of {} training rows of {} have a weight below 0.1; the most suspicious is row {}, "
        "labelled '{}', predicted '{}'",
        low, weights.size(), sets_.name, order[0] + 1, name(labels[static_cast<std::size_t>(order[0])]),
        name(predicted[static_cast<std::size_t>(order[0])]));
    if (sets_.test)
      text += fmt::format("; test error {:.4g}, without cleaning {:.4g}", sets_.test->error(cleaned_),
                          sets_.test->error(uniform_));
    run_.note(text + ".");
    weight_figure(weights);
  }

  void weight_figure(const VectorXd& weights) {
    LinePlot plot{.title = "Weights of the training rows, sorted"};
    plot.x = {.title = "share of the rows"};
    plot.y = {.title = "weight", .lo = 0, .hi = 1};
    for (const int group : {0, 1}) {
      Series series{.name = !mixed() ? "all rows" : group == 1 ? "label wrong" : "label right"};
      for (Index i = 0; i < weights.size(); ++i)
        if (!mixed() || sets_.wrong[static_cast<std::size_t>(i)] == (group == 1)) series.y.push_back(weights[i]);
      std::sort(series.y.begin(), series.y.end());
      for (std::size_t i = 0; i < series.y.size(); ++i)
        series.x.push_back(static_cast<double>(i + 1) / static_cast<double>(series.y.size()));
      plot.series.push_back(std::move(series));
      if (!mixed()) break;
    }
    run_.figure("weights", Figure::line(plot));
  }

  Run& run_;
  LabelledSets sets_;
  double ridge_;
  HyperCleaning problem_;
  VectorXd uniform_;
  VectorXd cleaned_;
};

}  // namespace

void clean(Run& run) {
  require_sigma(run.options().real("sigma"));
  (void)parse_methods(run.options().text("method"));
  Cleaning(run, read_sets(run, true)).report();
}

}  // namespace offprint::papers::penalty_bilevel
