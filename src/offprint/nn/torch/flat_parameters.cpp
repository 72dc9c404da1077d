#include "offprint/nn/torch/flat_parameters.hpp"

namespace offprint::nn {

FlatParameters flatten(const std::vector<std::pair<std::string, torch::Tensor>>& named, torch::Device device,
                       torch::ScalarType dtype) {
  FlatParameters out;
  Eigen::Index total = 0;
  for (const auto& [name, tensor] : named) {
    out.info.push_back({name, tensor.sizes().vec(), total, tensor.numel()});
    total += tensor.numel();
  }
  out.flat = torch::empty({total}, torch::dtype(dtype).device(device));
  for (std::size_t i = 0; i < named.size(); ++i) {
    const ParameterInfo& info = out.info[i];
    const torch::Tensor view = out.flat.narrow(0, info.offset, info.size).view(info.shape);
    view.copy_(named[i].second.detach());
    out.leaves.push_back(view.detach().requires_grad_(true));
  }
  return out;
}

torch::Tensor concatenate(const std::vector<torch::Tensor>& parts, const std::vector<ParameterInfo>& info,
                          const torch::TensorOptions& options) {
  std::vector<torch::Tensor> flat;
  for (std::size_t i = 0; i < parts.size(); ++i)
    flat.push_back(parts[i].defined() ? parts[i].reshape({-1}) : torch::zeros({info[i].size}, options));
  return torch::cat(flat);
}

}  // namespace offprint::nn
