#include "offprint/landscape/collapse_training.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "offprint/core/error.hpp"
#include "offprint/core/random.hpp"
#include "offprint/nn/batches.hpp"
#include "offprint/nn/labelled.hpp"
#include "offprint/nn/sgd.hpp"

namespace offprint::landscape {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;

std::vector<int> codes_of(const ClassLabels& labels) { return {labels.codes().begin(), labels.codes().end()}; }

nn::MlpLoss loss_of(const nn::Mlp& net, const MatrixXd& inputs, const ClassLabels& labels, nn::Loss loss) {
  const auto codes = codes_of(labels);
  if (loss == nn::Loss::kCrossEntropy) return {net, inputs, codes, {.threads = 1}};
  return {net, inputs, nn::one_hot(codes, static_cast<int>(labels.classes())), loss, {.threads = 1}};
}

// W of the last layer, K x width.
MatrixXd classifier_of(const TrainedNetwork& network) {
  const auto& last = network.net.layers().back();
  return Eigen::Map<const Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>(
      network.theta.data() + last.weight, last.out, last.in);
}

LayerCollapse measured(MatrixXd features, const ClassLabels& labels) {
  LayerCollapse out;
  out.metrics = collapse_metrics(features, labels, {.classifier = {}, .parallel = {.threads = 1}});
  out.features = std::move(features);
  return out;
}

}  // namespace

TrainedNetwork train_network(const MatrixXd& inputs, const ClassLabels& labels, const std::vector<Index>& hidden,
                             const CollapseTraining& training, std::uint64_t seed) {
  if (training.loss != nn::Loss::kMse && training.loss != nn::Loss::kCrossEntropy)
    throw InputError("collapse is trained with the loss mse or cross-entropy");
  if (hidden.empty()) throw InputError("a network without hidden layers has no features; name at least one width");
  if (training.epochs < 1)
    throw InputError(fmt::format("{} epochs of training; at least 1 is needed", training.epochs));
  if (inputs.cols() != labels.samples())
    throw InputError(fmt::format("there are {} labels for {} samples", labels.samples(), inputs.cols()));
  std::vector<Index> widths{inputs.rows()};
  widths.insert(widths.end(), hidden.begin(), hidden.end());
  widths.push_back(labels.classes());
  TrainedNetwork out{nn::Mlp(widths, nn::Activation::kRelu, training.loss == nn::Loss::kCrossEntropy), {}, 0, 0};
  const auto loss = loss_of(out.net, inputs, labels, training.loss);
  out.theta = out.net.initial(Stream(seed, "collapse initialisation"));

  const auto samples = static_cast<std::size_t>(labels.samples());
  nn::Batches batches(samples, std::min(training.batch, samples), Stream(seed, "collapse batches"));
  const auto per_epoch = static_cast<std::int64_t>(batches.per_epoch());
  std::vector<std::int64_t> milestones;
  for (const double share : training.drops) {
    const std::int64_t at = std::llround(share * training.epochs) * per_epoch;
    if (milestones.empty() || at > milestones.back()) milestones.push_back(at);  // few epochs: two drops may meet
  }
  nn::SgdOptions options;
  options.learning_rate = training.learning_rate;
  options.momentum = training.momentum;
  options.weight_decay = out.net.weight_decay(training.decay_features, training.decay_classifier);
  options.schedule = nn::step_decay(milestones);
  nn::Sgd sgd(options);
  Eigen::VectorXd gradient(out.theta.size());
  for (int epoch = 0; epoch < training.epochs; ++epoch) {
    for (std::int64_t i = 0; i < per_epoch; ++i) {
      training.cancel.check();
      (void)loss.gradient(out.theta, batches.next(), gradient);
      if (!gradient.allFinite())
        throw InputError(
            fmt::format("training diverged in epoch {} (the gradient is not finite); lower the learning "
                        "rate {}",
                        epoch + 1, training.learning_rate));
      sgd.step(out.theta, gradient);
    }
    if (training.done) training.done(static_cast<std::size_t>(epoch) + 1);
  }
  out.loss = loss.value(out.theta);
  out.accuracy = loss.accuracy(out.theta);
  return out;
}

std::vector<LayerCollapse> train_layerwise(const MatrixXd& inputs, const ClassLabels& labels,
                                           const std::vector<Index>& widths, const CollapseTraining& training,
                                           std::uint64_t seed) {
  if (widths.empty()) throw InputError("layerwise training needs at least one width");
  std::vector<LayerCollapse> layers;
  for (std::size_t l = 0; l < widths.size(); ++l) {
    CollapseTraining stage = training;
    if (training.done)
      stage.done = [&, l](std::size_t epochs) {
        training.done(l * static_cast<std::size_t>(training.epochs) + epochs);
      };
    try {
      const MatrixXd& below = l == 0 ? inputs : layers.back().features;
      const auto network = train_network(below, labels, {widths[l]}, stage, Stream(seed, "collapse layer", l)());
      LayerCollapse layer = measured(network.net.features(network.theta, below, 1), labels);
      layer.classifier = classifier_of(network);
      layer.accuracy = network.accuracy;
      layers.push_back(std::move(layer));
    } catch (const InputError& error) {
      throw InputError(fmt::format("hidden layer {}: {}", l + 1, error.what()));
    }
  }
  return layers;
}

std::vector<LayerCollapse> layer_collapse(const TrainedNetwork& network, const MatrixXd& inputs,
                                          const ClassLabels& labels) {
  std::vector<LayerCollapse> layers;
  for (std::size_t l = 1; l < network.net.layers().size(); ++l) {
    try {
      layers.push_back(measured(network.net.features(network.theta, inputs, static_cast<Index>(l)), labels));
    } catch (const InputError& error) {
      throw InputError(fmt::format("hidden layer {}: {}", l, error.what()));
    }
  }
  layers.back().classifier = classifier_of(network);
  layers.back().accuracy = network.accuracy;
  return layers;
}

}  // namespace offprint::landscape
