// Gradients of several outputs at once, where some depend on nothing. Speaks LibTorch's types.
#pragma once

#include <vector>

#include "offprint/nn/torch/torch.hpp"

namespace offprint::nn {

using Tensors = std::vector<torch::Tensor>;

/// Gradients of sum_i <weights_i, outputs_i> in the inputs; outputs that depend on nothing count as zero, and so do
/// inputs that nothing depends on (undefined tensors). `keep`: the graph can be gone through again; `graph`: the
/// gradients can be differentiated.
[[nodiscard]] Tensors differentiate(const Tensors& outputs, const Tensors& inputs, const Tensors& weights, bool keep,
                                    bool graph);

}  // namespace offprint::nn
