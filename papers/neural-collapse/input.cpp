#include "input.hpp"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "offprint/core/error.hpp"
#include "offprint/io/npy.hpp"
#include "offprint/io/table_file.hpp"
#include "offprint/landscape/collapse_training.hpp"
#include "offprint/nn/digits.hpp"
#include "offprint/nn/torch/script_model.hpp"

namespace offprint::papers::neural_collapse {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using landscape::ClassLabels;
using landscape::FeatureSource;

ClassLabels class_labels(const std::vector<int>& labels) {
  return ClassLabels(std::vector<std::int64_t>(labels.begin(), labels.end()));
}

// What --balance makes of unbalanced classes: the samples to keep, in order (all of them when nothing is to be done).
std::vector<Index> balance(Run& run, const ClassLabels& labels) {
  std::vector<Index> all;
  if (labels.is_balanced()) return all;
  const std::string how = run.options().text("balance");
  const std::string sizes = fmt::format("classes have {} to {} samples", labels.smallest(), labels.largest());
  if (how == "reject")
    throw InputError(
        fmt::format("{}, and --balance reject wants equally many; take --balance subsample or weights", sizes));
  if (how == "weights") {
    run.note(fmt::format("{}: every class weighs the same (the theory is about balanced classes)", sizes));
    return all;
  }
  run.note(fmt::format("{}: the first {} of each are used (--balance weights takes all)", sizes, labels.smallest()));
  return labels.balanced_subset();
}

// A matrix that the source keeps alive.
FeatureSource owned(MatrixXd features) {
  auto kept = std::make_shared<const MatrixXd>(std::move(features));
  return {kept->rows(), kept->cols(), [kept](Index first, Index count, std::vector<double>&) {
            return FeatureSource::View(kept->data() + first * kept->rows(), kept->rows(), count);
          }};
}

FeatureSource read_features(const std::string& address) {
  const auto named = io::parse_address(address);
  if (named.array.empty() && named.file.extension() == ".npy") {
    auto rows = std::make_shared<const io::NpyRows>(named.file);
    return {rows->columns(), rows->rows(), [rows](Index first, Index count, std::vector<double>& scratch) {
              scratch.resize(static_cast<std::size_t>(rows->columns() * count));
              rows->read(first, Eigen::Map<MatrixXd>(scratch.data(), rows->columns(), count));
              return FeatureSource::View(scratch.data(), rows->columns(), count);
            }};
  }
  return owned(io::read_matrix(address).values.transpose());
}

// The samples of `from` with these indices, one by one.
FeatureSource chosen(FeatureSource from, std::vector<Index> samples) {
  const auto count = static_cast<Index>(samples.size());
  const Index d = from.dimension;
  return {
      d, count,
      [from = std::move(from), samples = std::move(samples), d](Index first, Index n, std::vector<double>& scratch) {
        scratch.resize(static_cast<std::size_t>(d * n));
        Eigen::Map<MatrixXd> out(scratch.data(), d, n);
        std::vector<double> one;
        for (Index j = 0; j < n; ++j) out.col(j) = from.read(samples[static_cast<std::size_t>(first + j)], 1, one);
        return FeatureSource::View(scratch.data(), d, n);
      }};
}

// All samples of a source, in memory.
MatrixXd whole(const FeatureSource& source) {
  MatrixXd out(source.dimension, source.samples);
  std::vector<double> scratch;
  constexpr Index kPiece = 1024;
  for (Index first = 0; first < source.samples; first += kPiece) {
    const Index count = std::min(kPiece, source.samples - first);
    out.middleCols(first, count) = source.read(first, count, scratch);
  }
  return out;
}

ClassLabels read_class_labels(const std::string& address, Index samples) {
  return class_labels(nn::read_labels(address, samples));
}

void require_both(const Options& o, const char* one, const char* other) {
  if (o.has(other) && !o.has(one)) throw InputError(fmt::format("--{} is given without --{}: give both", other, one));
  if (o.has(one) && !o.has(other))
    throw InputError(fmt::format("--{} is given without --{}: give the class of each row", one, other));
}

OneLayer digits(Run& run, Index count) {
  auto data = nn::rendered_digits(count, run.seed());
  nn::standardise(data, nn::feature_standardisation(data));
  auto labels = class_labels(data.labels);
  return {std::move(data.inputs), std::move(labels)};
}

std::vector<landscape::LayerCollapse> demonstration(Run& run, const OneLayer& data, const std::vector<Index>& widths) {
  run.note(
      fmt::format("no files were given: these are the layers of a network of {} x {} units, trained layer by layer "
                  "on {} rendered digits",
                  widths.size(), widths.front(), data.labels.samples()));
  landscape::CollapseTraining training;
  auto progress = run.progress(widths.size() * static_cast<std::size_t>(training.epochs), "training");
  training.cancel = run.parallel().cancel;
  training.done = [&](std::size_t done) { progress.set(done); };
  return landscape::train_layerwise(data.features, data.labels, widths, training, run.stream("demonstration")());
}

// The activations that a TorchScript model returns for --data, one layer each.
std::vector<Layer> read_activations(const Options& o, nn::Labelled& data) {
  data = nn::read_inputs(o.text("data"));
  const auto model = nn::ScriptModel::load(o.path("model"));
  auto activations = model.activations(data);
  std::vector<std::string> names;
  if (o.has("layers")) {
    std::string word;
    for (const char c : o.text("layers") + ",") {
      if (c != ',') {
        word += c;
        continue;
      }
      names.push_back(std::exchange(word, ""));
    }
    if (names.size() != activations.size())
      throw InputError(
          fmt::format("the model returns {} activation{} but --layers names {}: one name for each, in the "
                      "order of the tuple that its forward returns",
                      activations.size(), activations.size() == 1 ? "" : "s", names.size()));
  }
  std::vector<Layer> layers;
  for (std::size_t l = 0; l < activations.size(); ++l)
    layers.push_back({names.empty() ? fmt::format("output {}", l + 1) : names[l], owned(std::move(activations[l]))});
  return layers;
}

void refuse_strays(const Options& o) {
  if (o.has("model") && o.has("features")) throw InputError("--features and --model are given: give one of them");
  if (o.has("model")) return;
  for (const char* name : {"data", "layers"})
    if (o.has(name)) throw InputError(fmt::format("--{} is for --model: give the TorchScript file too", name));
}

}  // namespace

Layers read_layers(Run& run) {
  const Options& o = run.options();
  refuse_strays(o);
  if (!o.has("model")) require_both(o, "features", "labels");
  if (!o.has("features") && !o.has("model")) {
    OneLayer data = digits(run, 2000);
    auto trained = demonstration(run, data, {128, 128, 128, 128});
    Layers out{{{"input", owned(std::move(data.features))}}, std::move(data.labels)};
    for (std::size_t l = 0; l < trained.size(); ++l)
      out.layers.push_back({fmt::format("hidden layer {}", l + 1), owned(std::move(trained[l].features))});
    return out;
  }
  std::vector<Layer> layers;
  nn::Labelled data;
  if (o.has("model")) {
    if (!o.has("data")) throw InputError("--model is given without --data: give the inputs that it is evaluated on");
    layers = read_activations(o, data);
    if (data.labels.empty() && !o.has("labels"))
      throw InputError(fmt::format("{} holds no labels: give --labels, the class of each row", o.text("data")));
  }
  for (const auto& path : o.has("features") ? o.paths("features") : std::vector<std::filesystem::path>{}) {
    layers.push_back({path.filename().string(), read_features(path.string())});
    if (layers.back().features.samples != layers.front().features.samples)
      throw InputError(fmt::format("{} has {} rows where {} has {}: all layers are of the same samples", path.string(),
                                   layers.back().features.samples, layers.front().name,
                                   layers.front().features.samples));
  }
  auto labels = o.has("labels") ? read_class_labels(o.text("labels"), layers.front().features.samples)
                                : class_labels(data.labels);
  const auto kept = balance(run, labels);
  if (kept.empty()) return {std::move(layers), std::move(labels)};
  for (auto& layer : layers) layer.features = chosen(std::move(layer.features), kept);
  return {std::move(layers), labels.subset(kept)};
}

OneLayer read_one_layer(Run& run) {
  const Options& o = run.options();
  require_both(o, "features", "labels");
  if (!o.has("features")) {
    const OneLayer data = digits(run, 1000);
    auto trained = demonstration(run, data, {64, 64});
    return {std::move(trained.back().features), data.labels};
  }
  auto source = read_features(o.path("features").string());
  auto labels = read_class_labels(o.text("labels"), source.samples);
  const auto kept = balance(run, labels);
  if (kept.empty()) return {whole(source), std::move(labels)};
  return {whole(chosen(std::move(source), kept)), labels.subset(kept)};
}

OneLayer read_training_data(Run& run) {
  const Options& o = run.options();
  if (!o.has("data")) {
    if (o.has("labels")) throw InputError("--labels is given without --data: give both");
    run.note("no files were given: the data are 2000 rendered digits");
    return digits(run, 2000);
  }
  auto data = nn::read_inputs(o.text("data"));
  if (o.has("labels")) data.labels = nn::read_labels(o.text("labels"), data.size());
  if (data.labels.empty())
    throw InputError(fmt::format("{} holds no labels: give --labels, the class of each sample", o.text("data")));
  nn::standardise(data, nn::feature_standardisation(data));
  auto labels = class_labels(data.labels);
  const auto kept = balance(run, labels);
  if (kept.empty()) return {std::move(data.inputs), std::move(labels)};
  return {data.inputs(Eigen::all, kept), labels.subset(kept)};
}

}  // namespace offprint::papers::neural_collapse
