// Networks made here, as TorchScript modules: they can be trained, measured and saved like those that come from Python.
// This header is free of LibTorch.
#pragma once

#include <cstdint>
#include <vector>

#include <Eigen/Core>

#include "offprint/core/random.hpp"
#include "offprint/nn/mlp.hpp"
#include "offprint/nn/torch/script_model.hpp"

namespace offprint::nn {

/// The dense network with these parameters; its method "features" gives the last hidden layer.
[[nodiscard]] ScriptModel script_mlp(const Mlp& net, const Eigen::Ref<const Eigen::VectorXd>& theta,
                                     const ScriptModelOptions& options = {});

struct ConvNetShape {
  std::vector<std::int64_t> input{3, 32, 32};       ///< channels, height, width
  std::vector<std::int64_t> channels{32, 64, 128};  ///< of each block: 3 x 3 convolution, relu, 2 x 2 max pooling
  std::int64_t classes = 10;
  bool output_bias = true;
};

/// A plain convolutional network: the blocks, then a linear classifier on all that remains; its method "features" gives
/// the classifier's inputs. PyTorch's default initialisation (uniform +-1/sqrt(fan in)) from
/// `random`. Throws InputError when an image side does not survive the poolings.
[[nodiscard]] ScriptModel script_conv_net(const ConvNetShape& shape, Stream random,
                                          const ScriptModelOptions& options = {});

}  // namespace offprint::nn
