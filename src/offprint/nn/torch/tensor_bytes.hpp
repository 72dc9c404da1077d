// Tensors in checkpoints. Speaks LibTorch's types.
#pragma once

#include <string>

#include "offprint/nn/torch/torch.hpp"

namespace offprint::nn {

/// The tensor's values, from any device, in its own type; "" for one that is undefined.
[[nodiscard]] std::string tensor_bytes(const torch::Tensor& tensor);

/// Sets `tensor`, in place, to what tensor_bytes gave. Throws Error when the size differs.
void set_tensor(const torch::Tensor& tensor, std::string bytes);

}  // namespace offprint::nn
