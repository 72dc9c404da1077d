// Dense networks trained so that their collapse can be watched: end to end with separate weight decay for features and
// classifier, or layer by layer on top of frozen layers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include <Eigen/Core>

#include "offprint/core/parallel.hpp"
#include "offprint/landscape/collapse_labels.hpp"
#include "offprint/landscape/collapse_metrics.hpp"
#include "offprint/nn/loss.hpp"
#include "offprint/nn/mlp.hpp"

namespace offprint::landscape {

/// SGD with momentum on mini-batches. The defaults are those of the paper's weight-decay experiments where it names
/// them (momentum, weight decay), and the usual ones for small dense networks otherwise.
struct CollapseTraining {
  /// kMse: half the squared error to one-hot targets and a classifier without bias; kCrossEntropy: with bias.
  nn::Loss loss = nn::Loss::kMse;
  int epochs = 20;
  std::size_t batch = 128;
  double learning_rate = 0.05;
  double momentum = 0.9;
  double decay_features = 5e-4;         ///< coupled weight decay (added to the gradient), biases included
  double decay_classifier = 5e-4;       ///< of the last layer
  std::vector<double> drops{0.5, 0.8};  ///< shares of the epochs after which the rate is divided by 10
  CancelToken cancel{};
  std::function<void(std::size_t)> done{};  ///< called with the epochs finished
};

struct TrainedNetwork {
  nn::Mlp net;
  Eigen::VectorXd theta;
  double loss = 0;      ///< over all samples, without the decay's term
  double accuracy = 0;  ///< share of training samples whose largest output is their class's
};

/// Trains inputs -> hidden[0] -> ... -> K with ReLU, from PyTorch's default initialisation. The same seed gives the
/// same network, bit for bit. About 6 parameters samples epochs flops, on one thread. Throws InputError: labels that do
/// not match the inputs, a loss other than the two, no hidden layer, fewer than one epoch, or a run whose gradient is
/// no longer finite (saying so: lower the learning rate).
[[nodiscard]] TrainedNetwork train_network(const Eigen::MatrixXd& inputs, const ClassLabels& labels,
                                           const std::vector<Eigen::Index>& hidden, const CollapseTraining& training,
                                           std::uint64_t seed);

/// One layer of a network with what its features show.
struct LayerCollapse {
  CollapseMetrics metrics;
  Eigen::MatrixXd features;    ///< width x N, when kept
  Eigen::MatrixXd classifier;  ///< K x width, of the network whose last hidden layer this is (else empty)
  double accuracy = 0;         ///< of that network
};

/// For each width in turn trains one hidden layer with a fresh classifier on the features of the layers before, which
/// stay as they are; the decay acts on the new layer and its classifier. Every stage is a network of two layers on
/// features computed once. Entry l is hidden layer l + 1, measured after ReLU on the training samples.
/// Throws as train_network does, naming the layer, and as collapse_metrics does.
[[nodiscard]] std::vector<LayerCollapse> train_layerwise(const Eigen::MatrixXd& inputs, const ClassLabels& labels,
                                                         const std::vector<Eigen::Index>& widths,
                                                         const CollapseTraining& training, std::uint64_t seed);

/// Collapse behind every hidden layer of a trained network.
[[nodiscard]] std::vector<LayerCollapse> layer_collapse(const TrainedNetwork& network, const Eigen::MatrixXd& inputs,
                                                        const ClassLabels& labels);

}  // namespace offprint::landscape
