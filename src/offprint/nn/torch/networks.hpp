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

struct ResNetShape {
  std::int64_t channels = 3;  ///< of the images, which have at least 8 x 8 pixels
  std::int64_t width = 64;    ///< channels of the first stage; the later ones have 2, 4 and 8 times as many
  std::int64_t classes = 10;
  bool output_bias = true;
};

/// ResNet-18 (He et al., CVPR 2016) as it is used on small images: a 3 x 3 convolution instead of the 7 x 7 one with
/// its pooling, four stages of two basic blocks, 1 x 1 convolutions with batch norm where a stage changes the shape,
/// mean over the image, a linear classifier; 11,173,962 parameters at the defaults. Its method "features" gives the
/// classifier's inputs (8 width); the classifier's parameters are weight_out and bias_out. Convolutions start from He's
/// normal initialisation (fan out), the classifier from PyTorch's default. Batch norm follows the module's training
/// mode: train with TrainOptions::batch_statistics. Throws InputError for sizes below one.
[[nodiscard]] ScriptModel script_resnet18(const ResNetShape& shape, Stream random,
                                          const ScriptModelOptions& options = {});

}  // namespace offprint::nn
