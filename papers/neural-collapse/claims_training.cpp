// N6, N7, N8: dense networks trained on images, layer by layer and with separate weight decay.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "claims.hpp"
#include "offprint/landscape/collapse_metrics.hpp"
#include "offprint/landscape/collapse_training.hpp"
#include "offprint/nn/labelled.hpp"
#include "weight_decay.hpp"

namespace offprint::papers::neural_collapse {
namespace {

using Eigen::Index;
using landscape::ClassLabels;
using landscape::CollapseTraining;

struct Images {
  Eigen::MatrixXd inputs;
  ClassLabels labels;
};

// The first n images of each class, minus each feature's mean, over one standard deviation.
Images balanced_images(const nn::Labelled& all, std::size_t per_class) {
  auto data = nn::subset(all, nn::first_of_each_class(all, per_class));
  nn::standardise(data, nn::feature_standardisation(data));
  const std::vector<std::int64_t> labels(data.labels.begin(), data.labels.end());
  return {std::move(data.inputs), ClassLabels(labels)};
}

// Measures of the input and of each layer in turn.
struct Depths {
  std::vector<double> nc1_trace, nc1, nc2, accuracy;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(nc1_trace, nc1, nc2, accuracy);
  }
  void add(const landscape::CollapseMetrics& m) {
    nc1_trace.push_back(m.nc1_trace);
    nc1.push_back(m.nc1);
    nc2.push_back(m.nc2);
  }
};

constexpr std::size_t kLayerwiseSeeds = 2;

std::vector<Depths> layerwise(Run& run, const Images& images, Index width, std::size_t layers, double learning_rate) {
  return run.ensemble("layerwise", kLayerwiseSeeds, [&](std::size_t seed) {
    CollapseTraining training;
    training.learning_rate = learning_rate;
    training.cancel = run.parallel().cancel;
    Depths depths;
    depths.add(
        landscape::collapse_metrics(images.inputs, images.labels, {.classifier = {}, .parallel = {.threads = 1}}));
    for (const auto& layer : landscape::train_layerwise(images.inputs, images.labels, std::vector<Index>(layers, width),
                                                        training, run.stream("layerwise network", seed)())) {
      depths.add(layer.metrics);
      depths.accuracy.push_back(layer.accuracy);
    }
    return depths;
  });
}

void report(Run& run, const std::vector<Depths>& seeds, const std::string& title) {
  Table table{title, {"seed", "layer", "NC1~", "NC1", "NC2", "training accuracy"}, {}};
  LinePlot plot;
  plot.title = title;
  plot.caption = "Layer 0 is the input. NC1~ = Tr Sigma_W / Tr Sigma_B; NC1 = Tr(Sigma_W Sigma_B^+)/K.";
  plot.x = {.title = "layer"};
  plot.y = {.title = "NC1", .log = true};
  for (std::size_t s = 0; s < seeds.size(); ++s) {
    Series trace{.name = fmt::format("NC1~, seed {}", s), .points = true};
    Series popular{.name = fmt::format("NC1, seed {}", s), .points = true, .dashed = true};
    for (std::size_t l = 0; l < seeds[s].nc1_trace.size(); ++l) {
      trace.x.push_back(static_cast<double>(l));
      trace.y.push_back(seeds[s].nc1_trace[l]);
      popular.x.push_back(static_cast<double>(l));
      popular.y.push_back(seeds[s].nc1[l]);
      table.rows.push_back({s, l, seeds[s].nc1_trace[l], seeds[s].nc1[l], seeds[s].nc2[l],
                            l == 0 ? Json("-") : Json(seeds[s].accuracy[l - 1])});
    }
    plot.series.push_back(std::move(trace));
    plot.series.push_back(std::move(popular));
  }
  run.table("layers", table);
  run.figure("depth", Figure::line(plot));
}

Measurement mnist_layerwise(Run& run, std::size_t per_class) {
  const auto images = balanced_images(nn::read_mnist(run.data("mnist"), nn::Split::kTrain), per_class);
  const auto seeds = layerwise(run, images, 256, 6, 0.05);
  report(run, seeds, fmt::format("Layer-wise training on MNIST, {} images a class", per_class));
  double least = INFINITY;
  double drop = INFINITY;
  for (const auto& s : seeds) {
    for (std::size_t l = 1; l < s.nc1_trace.size(); ++l) least = std::min(least, s.nc1_trace[l - 1] / s.nc1_trace[l]);
    drop = std::min(drop, s.nc1_trace[1] / s.nc1_trace[4]);
  }
  return Measurement().set("least_decrease", least).set("drop_1_to_4", drop);
}

}  // namespace

Measurement n6(const Claim&, Run& run) { return mnist_layerwise(run, 200); }
Measurement n6b(const Claim&, Run& run) { return mnist_layerwise(run, 500); }

Measurement n7(const Claim&, Run& run) {
  const auto images = balanced_images(nn::read_cifar10(run.data("cifar10"), nn::Split::kTrain), 937);
  const auto seeds = layerwise(run, images, 512, 10, 0.01);
  report(run, seeds, "Layer-wise training on CIFAR-10, 937 images a class");
  double steps = INFINITY;
  double drop = INFINITY;
  for (const auto& s : seeds) {
    double falling = 0;
    for (std::size_t l = 2; l < s.nc1_trace.size(); ++l) falling += s.nc1_trace[l] < s.nc1_trace[l - 1] ? 1 : 0;
    steps = std::min(steps, falling);
    drop = std::min(drop, s.nc1_trace[1] / s.nc1_trace[10]);
  }
  return Measurement().set("decreasing_steps", steps).set("drop_1_to_10", drop);
}

Measurement n8(const Claim&, Run& run) {
  constexpr std::size_t kSeeds = 3;
  const auto images = balanced_images(nn::read_mnist(run.data("mnist"), nn::Split::kTrain), 200);
  const auto results =
      run.ensemble("weight decay", kDecayLosses.size() * kSeeds * kDecaySettings.size(), [&](std::size_t i) {
        const DecayMember member = decay_member(i, kSeeds);
        CollapseTraining training;
        training.loss = member.loss;
        training.epochs = 60;
        training.drops = {0.4, 0.8};
        training.decay_features *= member.setting.features;
        training.decay_classifier *= member.setting.classifier;
        training.cancel = run.parallel().cancel;
        // Settings are compared from the same start and the same batches.
        const auto network = landscape::train_network(images.inputs, images.labels, {256, 256, 256}, training,
                                                      run.stream("weight decay network", member.seed)());
        return decay_result(landscape::layer_collapse(network, images.inputs, images.labels).back().metrics,
                            network.accuracy);
      });
  return compare_decays(run, results, kSeeds);
}

}  // namespace offprint::papers::neural_collapse
