// A module's parameters as views into one contiguous tensor. Speaks LibTorch's types.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "offprint/nn/torch/script_model.hpp"
#include "offprint/nn/torch/torch.hpp"

namespace offprint::nn {

/// Named leaf tensors that require gradients and share the storage of `flat`: writing to `flat` sets them all, training
/// them moves `flat`. Each is a leaf of its own, so that gradients come tensor by tensor and not as slices of a vector
/// of length M.
struct FlatParameters {
  torch::Tensor flat;
  std::vector<torch::Tensor> leaves;
  std::vector<ParameterInfo> info;
};

/// Copies the tensors (any dtype and device) into a new flat vector of that dtype and device.
[[nodiscard]] FlatParameters flatten(const std::vector<std::pair<std::string, torch::Tensor>>& named,
                                     torch::Device device, torch::ScalarType dtype);

/// One vector with the layout of `info` from per-tensor gradients; undefined ones (unused parameters) count as zero.
[[nodiscard]] torch::Tensor concatenate(const std::vector<torch::Tensor>& parts, const std::vector<ParameterInfo>& info,
                                        const torch::TensorOptions& options);

}  // namespace offprint::nn
