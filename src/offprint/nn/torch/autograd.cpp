#include "offprint/nn/torch/autograd.hpp"

namespace offprint::nn {

Tensors differentiate(const Tensors& outputs, const Tensors& inputs, const Tensors& weights, bool keep, bool graph) {
  Tensors live;
  Tensors live_weights;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    if (!outputs[i].defined() || !outputs[i].requires_grad()) continue;
    live.push_back(outputs[i]);
    live_weights.push_back(weights[i]);
  }
  if (live.empty()) return Tensors(inputs.size());
  return torch::autograd::grad(live, inputs, live_weights, keep, graph, /*allow_unused=*/true);
}

}  // namespace offprint::nn
