// The reader's features and labels, or the embedded demonstration.
#pragma once

#include <string>
#include <vector>

#include <Eigen/Core>

#include "offprint/core/run.hpp"
#include "offprint/landscape/collapse_labels.hpp"
#include "offprint/landscape/collapse_metrics.hpp"
#include "offprint/nn/labelled.hpp"

namespace offprint::papers::neural_collapse {

/// One layer's features, read in pieces where the file allows.
struct Layer {
  std::string name;
  landscape::FeatureSource features;
};

struct Layers {
  std::vector<Layer> layers;
  landscape::ClassLabels labels;
};

/// --features and --labels, or the activations that --model returns for --data; balanced as --balance says; without
/// files the layers of a small network trained layer by layer on rendered digits. Notes what it did. Throws InputError:
/// a file without the other, features and labels of different lengths, unbalanced classes with --balance reject, and
/// what readers and ClassLabels throw.
[[nodiscard]] Layers read_layers(Run& run);

/// One layer in memory, d x N, for the model.
struct OneLayer {
  Eigen::MatrixXd features;
  landscape::ClassLabels labels;
};
[[nodiscard]] OneLayer read_one_layer(Run& run);

/// Inputs and labels to train on: --data and --labels, or rendered digits; standardised, balanced as --balance says.
[[nodiscard]] OneLayer read_training_data(Run& run);

}  // namespace offprint::papers::neural_collapse
