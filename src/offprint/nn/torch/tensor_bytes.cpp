#include "offprint/nn/torch/tensor_bytes.hpp"

#include <cstddef>

#include <fmt/format.h>

#include "offprint/core/error.hpp"

namespace offprint::nn {

std::string tensor_bytes(const torch::Tensor& tensor) {
  if (!tensor.defined()) return {};
  const torch::Tensor host = tensor.detach().to(torch::kCPU).contiguous();
  return {static_cast<const char*>(host.data_ptr()), static_cast<std::size_t>(host.numel()) * host.element_size()};
}

void set_tensor(const torch::Tensor& tensor, std::string bytes) {
  const std::size_t expected =
      tensor.defined() ? static_cast<std::size_t>(tensor.numel()) * tensor.element_size() : std::size_t{0};
  if (bytes.size() != expected)
    throw Error(fmt::format("a saved state of {} bytes does not fit parameters of {}", bytes.size(), expected));
  if (expected == 0) return;
  const torch::NoGradGuard no_grad;
  tensor.copy_(torch::from_blob(bytes.data(), tensor.sizes(), torch::dtype(tensor.dtype())));
}

}  // namespace offprint::nn
