// N9, N9b: the weight-decay experiment with a small convolutional network and with ResNet18.
#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "claims.hpp"
#include "offprint/landscape/collapse_metrics.hpp"
#include "offprint/nn/labelled.hpp"
#include "offprint/nn/torch/networks.hpp"
#include "offprint/nn/torch/train.hpp"
#include "weight_decay.hpp"

namespace offprint::papers::neural_collapse {
namespace {

double accuracy_of(const nn::ScriptModel& model, const nn::Labelled& data) {
  const auto outputs = model.outputs(data);
  Eigen::Index right = 0;
  for (Eigen::Index i = 0; i < outputs.cols(); ++i) {
    Eigen::Index said = 0;
    outputs.col(i).maxCoeff(&said);
    right += said == data.labels[static_cast<std::size_t>(i)] ? 1 : 0;
  }
  return static_cast<double>(right) / static_cast<double>(outputs.cols());
}

nn::Labelled standardised(nn::Labelled data) {
  nn::standardise(data, nn::feature_standardisation(data));
  return data;
}

constexpr double kDecay = 5e-4;
constexpr std::int64_t kEpochs = 120;

nn::TrainOptions training_of(const DecayMember& member, const std::string& classifier) {
  nn::TrainOptions options;
  options.weight_decay = kDecay * member.setting.features;
  options.weight_decay_of = {{classifier, kDecay * member.setting.classifier}};
  options.epochs = kEpochs;
  return options;
}

DecayResult collapse_of(const nn::ScriptModel& model, const nn::Labelled& data, const CancelToken& cancel) {
  const landscape::ClassLabels labels(std::vector<std::int64_t>(data.labels.begin(), data.labels.end()));
  const auto features = model.activations(data, 256, "features").front();
  return decay_result(
      landscape::collapse_metrics(features, labels, {.classifier = {}, .parallel = {.threads = 1, .cancel = cancel}}),
      accuracy_of(model, data));
}

}  // namespace

Measurement n9(const Claim&, Run& run) {
  constexpr std::size_t kSeeds = 1;
  const auto all = nn::read_cifar10(run.data("cifar10"), nn::Split::kTrain);
  const auto data = standardised(nn::subset(all, nn::first_of_each_class(all, 500)));
  const auto results =
      run.ensemble("weight decay", kDecayLosses.size() * kSeeds * kDecaySettings.size(), [&](std::size_t i) {
        const DecayMember member = decay_member(i, kSeeds);
        nn::ConvNetShape shape;
        shape.channels = {16, 32, 64};
        shape.output_bias = member.loss == nn::Loss::kCrossEntropy;
        // single precision: LibTorch's double convolutions are ten times slower (measured), and nothing here needs them
        auto model = nn::script_conv_net(shape, run.stream("convolutional network", member.seed),
                                         {.device = run.device(), .precision = nn::Precision::kSingle});
        auto options = training_of(member, "(weight|bias)3");
        const std::int64_t steps = (data.size() + 127) / 128;
        options.schedule = nn::step_decay({kEpochs * 2 / 5 * steps, kEpochs * 4 / 5 * steps});
        nn::TrainHooks hooks;
        hooks.cancel = run.parallel().cancel;
        (void)nn::train(model, data, member.loss, options, run.stream("convolutional batches", member.seed), hooks);
        return collapse_of(model, data, run.parallel().cancel);
      });
  return compare_decays(run, results, kSeeds);
}

Measurement n9b(const Claim&, Run& run) {
  return resnet_decays(run, standardised(nn::read_cifar10(run.data("cifar10"), nn::Split::kTrain)), {});
}

Measurement resnet_decays(Run& run, const nn::Labelled& data, const ResNetExperiment& size) {
  constexpr std::size_t kSeeds = 1;
  const std::size_t members = kDecayLosses.size() * kSeeds * kDecaySettings.size();
  // One network after the other: the GPU is one. A run that is killed goes on with the epoch it was in.
  std::vector<DecayResult> results;
  std::string training;
  const auto keep = [&] { run.checkpoint("resnet18", std::pair{results, training}); };
  if (std::pair<std::vector<DecayResult>, std::string> kept; run.restore("resnet18", kept))
    std::tie(results, training) = std::move(kept);
  auto progress = run.progress(members * static_cast<std::size_t>(size.epochs), "epochs");
  while (results.size() < members) {
    const DecayMember member = decay_member(results.size(), kSeeds);
    auto model = nn::script_resnet18({.channels = static_cast<std::int64_t>(data.shape.front()),
                                      .width = size.width,
                                      .classes = data.classes,
                                      .output_bias = member.loss == nn::Loss::kCrossEntropy},
                                     run.stream("residual network", member.seed),
                                     {.device = run.device(), .precision = nn::Precision::kSingle});
    auto options = training_of(member, "(weight|bias)_out");
    options.epochs = size.epochs;
    options.batch_statistics = true;
    const std::int64_t steps = (data.size() + 127) / 128;
    options.schedule = nn::step_decay({size.epochs / 3 * steps, size.epochs * 2 / 3 * steps});
    nn::TrainHooks hooks;
    hooks.cancel = run.parallel().cancel;
    hooks.load = [&] { return training.empty() ? std::nullopt : std::optional(training); };
    hooks.save = [&](const std::string& bytes) {
      training = bytes;
      if (run.checkpoint_due()) keep();
    };
    hooks.after_epoch = [&](std::int64_t epoch, double) {
      progress.set(results.size() * static_cast<std::size_t>(size.epochs) + static_cast<std::size_t>(epoch));
    };
    (void)nn::train(model, data, member.loss, options, run.stream("residual batches", member.seed), hooks);
    results.push_back(collapse_of(model, data, run.parallel().cancel));
    training.clear();
    keep();
  }
  return compare_decays(run, results, kSeeds);
}

}  // namespace offprint::papers::neural_collapse
