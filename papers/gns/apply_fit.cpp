// The action fit: the reader's data, a loss, one converged model with its certificate.
#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "actions.hpp"
#include "fitted_model.hpp"
#include "network_objective.hpp"
#include "offprint/core/error.hpp"
#include "offprint/optimize/generalized_linear.hpp"
#include "offprint/optimize/log_sum_exp.hpp"
#include "offprint/optimize/softmax_objective.hpp"
#include "report.hpp"

namespace offprint::papers::gns {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;
using namespace optimize;

std::string value_list(const std::vector<std::string>& names) {
  std::string out;
  for (std::size_t i = 0; i < names.size() && i < 12; ++i) out += (i == 0 ? "" : ", ") + names[i];
  return names.size() > 12 ? out + ", ..." : out;
}

// Two overlapping classes in 30 sparse dimensions.
Dataset example(Run& run) {
  constexpr Index kRows = 2000;
  constexpr Index kColumns = 30;
  Stream random = run.stream("example");
  Dataset data;
  data.name = "the example";
  data.dense.setZero(kRows, kColumns);
  data.targets.resize(kRows);
  VectorXd truth(kColumns);
  random.fill_normal({truth.data(), static_cast<std::size_t>(kColumns)});
  for (Index i = 0; i < kRows; ++i) {
    for (Index j = 0; j < kColumns; ++j)
      if (random.uniform() < 0.3) data.dense(i, j) = random.normal();
    data.targets(i) = random.uniform() < 1 / (1 + std::exp(-data.dense.row(i).dot(truth))) ? 1 : 0;
  }
  data.classes = {"0", "1"};
  for (Index j = 0; j < kColumns; ++j) data.features.push_back(fmt::format("c{}", j + 1));
  return data;
}

CurvatureForm form_of(const std::string& solver) {
  if (solver == "cholesky") return CurvatureForm::kDense;
  if (solver == "cg") return CurvatureForm::kOperator;
  return solver == "woodbury" ? CurvatureForm::kLowRank : CurvatureForm::kAuto;
}

DesignMatrix design(const Dataset& data, const Parallel& parallel) {
  return data.is_sparse ? DesignMatrix(data.sparse, parallel) : DesignMatrix(data.dense, parallel);
}

std::unique_ptr<Objective> make_objective(const Options& o, const Dataset& data, Index penalised,
                                          const Parallel& parallel) {
  const std::string loss = o.text("loss");
  const double l2 = o.real("l2");
  const CurvatureForm form = form_of(o.text("linear-solver"));
  if (loss == "softmax") {
    std::vector<int> labels;
    for (const double c : data.targets) labels.push_back(static_cast<int>(c));
    return std::make_unique<SoftmaxObjective>(design(data, parallel), std::move(labels),
                                              static_cast<int>(data.classes.size()),
                                              SoftmaxOptions{.l2 = l2, .penalised = penalised, .form = form});
  }
  if (loss == "logsumexp") {
    if (form == CurvatureForm::kOperator || form == CurvatureForm::kLowRank)
      throw InputError("--loss logsumexp has a dense Hessian only: use --linear-solver cholesky or auto");
    if (o.flag("intercept"))
      throw InputError("--intercept has no place in --loss logsumexp: a constant in every row has no minimiser");
    if (8.0 * static_cast<double>(data.rows()) * static_cast<double>(data.columns()) > 4e9)
      throw InputError(
          fmt::format("--loss logsumexp keeps the rows dense: {} x {} takes over 4 GB", data.rows(), data.columns()));
    return std::make_unique<LogSumExp>(data.is_sparse ? MatrixXd(data.sparse) : data.dense, data.targets,
                                       LogSumExpOptions{.mu = o.real("mu"), .l2 = l2});
  }
  const GlmLoss kind = loss == "logistic"  ? GlmLoss::kLogistic
                       : loss == "squared" ? GlmLoss::kSquared
                                           : GlmLoss::kPoisson;
  return std::make_unique<GeneralizedLinear>(design(data, parallel),
                                             kind == GlmLoss::kLogistic ? data.signs() : data.targets,
                                             GlmOptions{.loss = kind, .l2 = l2, .penalised = penalised, .form = form});
}

std::optional<double> duality_gap(const Objective& objective, const Point& point) {
  if (const auto* glm = dynamic_cast<const GeneralizedLinear*>(&objective)) return glm->duality_gap(point);
  if (const auto* softmax = dynamic_cast<const SoftmaxObjective*>(&objective)) return softmax->duality_gap(point);
  return std::nullopt;
}

Metric make_metric(const Options& o, const Objective& objective, const Dataset& data, const Parallel& parallel) {
  if (o.text("metric") == "identity") return Metric::identity(objective.dimension());
  const Index d = data.columns();
  if (objective.dimension() != d) throw InputError("--metric gram is for losses with one weight a column, not softmax");
  if (d > 3000) throw InputError(fmt::format("--metric gram factors a {} x {} matrix; use --metric identity", d, d));
  MatrixXd gram(d, d);
  design(data, parallel).weighted_gram(VectorXd::Ones(data.rows()), gram);
  gram = MatrixXd(gram.selfadjointView<Eigen::Lower>());
  gram.diagonal().array() += 1e-8 * std::max(1.0, gram.diagonal().maxCoeff());
  return Metric::matrix(std::move(gram));
}

void fit_network(Run& run) {
  const Options& o = run.options();
  for (const char* name : {"test", "target-column"})
    if (o.has(name)) throw InputError(fmt::format("--{} is for the linear losses, not for a --model", name));
  if (o.text("metric") != "identity") throw InputError("--metric gram is for the linear losses, not for a --model");
  if (o.flag("intercept")) throw InputError("--intercept is for the linear losses: a --model has its own constants");
  if (o.text("linear-solver") == "cholesky" || o.text("linear-solver") == "woodbury")
    throw InputError(fmt::format("--linear-solver {} needs a matrix, and a --model gives products only: use cg or auto",
                                 o.text("linear-solver")));
  const auto network = read_network_objective(run);
  const ScriptObjective& objective = *network;
  const Metric metric = Metric::identity(objective.dimension());
  Report report(run, objective, metric, objective.start());
  const Minimum m = report.minimize();
  Json kept = Json::object();
  run.metric("parameters", static_cast<double>(objective.dimension()));
  report.certificate(m, std::nullopt, kept);
  if (objective.single_precision())
    run.note("The model computes in single precision: gradient norms below about 1e-5 are out of reach.");
  if (o.text("loss") == "softmax") run.metric("train_accuracy", objective.accuracy(m.point.x));
  report.figures();
  report.trace(m);
  run.artifact("trained.pt", [&](const std::filesystem::path& path) { objective.save(m.point.x, path); });
}

void fit_linear(Run& run) {
  const Options& o = run.options();
  const std::string loss = o.text("loss");
  FittedModel model;
  model.loss = loss;
  model.intercept = o.flag("intercept");
  if (!o.has("data") && o.has("test")) throw InputError("--test needs --data: what to train on");
  if (!o.has("data") && loss != "logistic")
    throw InputError(fmt::format("--loss {} needs --data; without data only the logistic example is there", loss));
  InputOptions input{.target_column = o.has("target-column") ? o.text("target-column") : ""};
  Dataset data =
      o.has("data") ? read_dataset(locate(run, o.path("data")), input, model.task(), run.parallel()) : example(run);
  if (!o.has("data")) run.note("Without --data: 2000 generated rows, 30 sparse columns, two overlapping classes.");
  model.classes = data.classes;
  model.features = data.features;
  if (model.task() == Task::kBinary)
    run.note(fmt::format("Labels: {} counts as -1, {} as +1.", data.classes.at(0), data.classes.at(1)));
  if (model.task() == Task::kClasses) run.note(fmt::format("Classes: {}.", value_list(data.classes)));
  if (!data.is_sparse && !o.has("target-column") && o.has("data"))
    run.note("The last column of the table is taken as the target; --target-column names another.");
  const Index features = data.columns();
  Dataset widened;
  if (model.intercept) {
    widened = data;
    add_intercept(widened);
  }
  const Dataset& training = model.intercept ? widened : data;
  const auto objective = make_objective(o, training, features, run.parallel());
  const Metric metric = make_metric(o, *objective, training, run.parallel());
  run.metric("rows", static_cast<double>(data.rows()));
  run.metric("columns", static_cast<double>(features));

  Report report(run, *objective, metric, VectorXd::Zero(objective->dimension()));
  const Minimum m = report.minimize();
  const Index outputs = objective->dimension() / training.columns();
  model.weights = Eigen::Map<const MatrixXd>(m.point.x.data(), training.columns(), outputs).transpose();
  report.certificate(m, duality_gap(*objective, m.point), model.certificate);
  if (loss != "logsumexp") {
    show_quality(run, model, data, "train");
    if (o.has("test")) {
      input.classes = model.classes;
      input.columns = model.features;
      Dataset test = read_dataset(locate(run, o.path("test")), input, model.task(), run.parallel());
      if (const Index extra = fit_columns(test, features); extra > 0)
        run.note(fmt::format("The test file has {} more columns than the training data; they are ignored.", extra));
      show_quality(run, model, test, "test");
    }
  }
  report.figures();
  report.trace(m);
  run.artifact("model.json",
               [&](const std::filesystem::path& path) { std::ofstream(path) << to_json(model).dump(1) << '\n'; });
}

}  // namespace

void fit(Run& run) {
  const Options& o = run.options();
  if (o.has("model")) {
    fit_network(run);
    return;
  }
  if (o.has("targets")) throw InputError("--targets needs --model; a table's target is named by --target-column");
  fit_linear(run);
}

}  // namespace offprint::papers::gns
