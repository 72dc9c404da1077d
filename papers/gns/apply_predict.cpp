// The action predict: a fitted model on further data.
#include <fmt/format.h>

#include "actions.hpp"
#include "offprint/core/error.hpp"
#include "offprint/io/csv.hpp"
#include "report.hpp"

namespace offprint::papers::gns {

using Eigen::Index;

void predict_action(Run& run) {
  const Options& o = run.options();
  const FittedModel model = read_model(o.path("model"));
  if (model.loss == "logsumexp") throw InputError("a log-sum-exp minimum predicts nothing: there is no response");
  const bool known = !o.flag("unlabelled");
  const InputOptions input{.target_column = o.has("target-column") ? o.text("target-column") : "",
                           .classes = model.classes,
                           .columns = model.features};
  Dataset data = read_dataset(locate(run, o.path("data")), input, known ? model.task() : Task::kNone, run.parallel());
  if (const Index extra = fit_columns(data, model.columns()); extra > 0)
    run.note(fmt::format("The file has {} more columns than the model; they are ignored.", extra));
  const Prediction prediction = predict(model, data);
  run.metric("rows", static_cast<double>(data.rows()));
  if (known) show_quality(run, model, data, "test");
  run.artifact("predictions.csv", [&](const std::filesystem::path& path) {
    io::Table table;
    if (model.task() == Task::kNumbers) {
      table.names = {"prediction"};
      table.values = prediction.mean;
    } else {
      for (const auto& name : model.classes) table.names.push_back("p(" + name + ")");
      table.values = prediction.probabilities;
      io::TextColumn labels{"label", {}};
      for (const int c : prediction.label) labels.values.push_back(model.classes.at(static_cast<std::size_t>(c)));
      table.text.push_back(std::move(labels));
    }
    io::write_csv(path, table);
  });
  run.note(fmt::format("{} rows predicted: predictions.csv is among the run's results.", data.rows()));
}

}  // namespace offprint::papers::gns
