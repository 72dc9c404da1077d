// N9: the weight-decay experiment with a convolutional network.
#include <algorithm>
#include <cstdint>
#include <string>
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

}  // namespace

Measurement n9(const Claim&, Run& run) {
  constexpr std::size_t kSeeds = 1;
  constexpr double kDecay = 5e-4;
  constexpr std::int64_t kEpochs = 120;  // as the paper's ResNet; after 60 the MSE runs still make errors
  const auto all = nn::read_cifar10(run.data("cifar10"), nn::Split::kTrain);
  auto data = nn::subset(all, nn::first_of_each_class(all, 500));
  nn::standardise(data, nn::feature_standardisation(data));
  const landscape::ClassLabels labels(std::vector<std::int64_t>(data.labels.begin(), data.labels.end()));
  const auto results =
      run.ensemble("weight decay", kDecayLosses.size() * kSeeds * kDecaySettings.size(), [&](std::size_t i) {
        const DecayMember member = decay_member(i, kSeeds);
        nn::ConvNetShape shape;
        shape.channels = {16, 32, 64};
        shape.output_bias = member.loss == nn::Loss::kCrossEntropy;
        // single precision: LibTorch's double convolutions are ten times slower (measured), and nothing here needs them
        auto model = nn::script_conv_net(shape, run.stream("convolutional network", member.seed),
                                         {.precision = nn::Precision::kSingle});
        nn::TrainOptions options;
        options.weight_decay = kDecay * member.setting.features;
        options.weight_decay_of = {{"(weight|bias)3", kDecay * member.setting.classifier}};
        options.epochs = kEpochs;
        const std::int64_t steps = (data.size() + 127) / 128;
        options.schedule = nn::step_decay({kEpochs * 2 / 5 * steps, kEpochs * 4 / 5 * steps});
        nn::TrainHooks hooks;
        hooks.cancel = run.parallel().cancel;
        (void)nn::train(model, data, member.loss, options, run.stream("convolutional batches", member.seed), hooks);
        const auto features = model.activations(data, 256, "features").front();
        return decay_result(
            landscape::collapse_metrics(features, labels, {.classifier = {}, .parallel = {.threads = 1}}),
            accuracy_of(model, data));
      });
  return compare_decays(run, results, kSeeds);
}

}  // namespace offprint::papers::neural_collapse
