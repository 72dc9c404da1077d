// train: a dense network on the reader's data, with collapse behind every hidden layer.
#include <fmt/format.h>

#include "actions.hpp"
#include "figures.hpp"
#include "input.hpp"
#include "offprint/core/error.hpp"
#include "offprint/io/npy.hpp"
#include "offprint/landscape/collapse_training.hpp"

namespace offprint::papers::neural_collapse {

void train(Run& run) {
  const Options& o = run.options();
  const OneLayer data = read_training_data(run);
  std::vector<Eigen::Index> widths;
  for (const long width : o.integers("hidden")) {
    if (width < 1) throw InputError(fmt::format("--hidden names {} units; a layer needs at least 1", width));
    widths.push_back(width);
  }
  landscape::CollapseTraining training;
  training.loss = nn::parse_loss(o.text("loss"));
  training.epochs = static_cast<int>(o.integer("epochs"));
  training.batch = static_cast<std::size_t>(o.integer("batch"));
  training.learning_rate = o.real("learning-rate");
  training.decay_features = o.real("weight-decay-features");
  training.decay_classifier = o.real("weight-decay-classifier");
  training.cancel = run.parallel().cancel;
  const bool layerwise = o.text("mode") == "layerwise";
  auto progress = run.progress((layerwise ? widths.size() : 1) * static_cast<std::size_t>(training.epochs), "epochs");
  training.done = [&](std::size_t done) { progress.set(done); };
  const std::uint64_t seed = run.stream("network")();
  const auto layers = layerwise ? landscape::train_layerwise(data.features, data.labels, widths, training, seed)
                                : landscape::layer_collapse(
                                      landscape::train_network(data.features, data.labels, widths, training, seed),
                                      data.features, data.labels);

  std::vector<std::string> names{"input"};
  std::vector<landscape::CollapseMetrics> found{
      landscape::collapse_metrics(data.features, data.labels, {.classifier = {}, .parallel = run.parallel()})};
  for (std::size_t l = 0; l < layers.size(); ++l) {
    names.push_back(fmt::format("hidden layer {}", l + 1));
    found.push_back(layers[l].metrics);
    run.artifact(fmt::format("features_{}.npy", l + 1), [&](const std::filesystem::path& to) {
      io::write_npy(to, io::NdArray::from_matrix(layers[l].features.transpose()), {.dtype = "<f4"});
    });
  }
  found.back() = landscape::collapse_metrics(layers.back().features, data.labels,
                                             {.classifier = layers.back().classifier, .parallel = run.parallel()});
  run.artifact("W.npy", [&](const std::filesystem::path& to) {
    io::write_npy(to, io::NdArray::from_matrix(layers.back().classifier));
  });
  run.artifact("labels.npy", [&](const std::filesystem::path& to) {
    Eigen::VectorXd labels(data.labels.samples());
    for (Eigen::Index i = 0; i < labels.size(); ++i)
      labels(i) = static_cast<double>(data.labels.label(data.labels.of(i)));
    io::write_npy(to, io::NdArray::from_vector(labels), {.dtype = "<i4"});
  });
  run.metric("accuracy", layers.back().accuracy);
  if (layers.back().accuracy < 1)
    run.note(
        fmt::format("training accuracy is {:.4f}: collapse sets in after it reaches 1, so train longer before "
                    "comparing weight decays",
                    layers.back().accuracy));
  report_layers(run, names, found);
  draw_gram(run, found.back(), data.labels);
  draw_projection(run, "projection", "Features of the last hidden layer",
                  landscape::feature_source(layers.back().features), data.labels, found.back());
}

}  // namespace offprint::papers::neural_collapse
