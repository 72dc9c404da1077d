#include "offprint/nn/torch/device.hpp"

#include <utility>

#include "offprint/nn/torch/script_state.hpp"

namespace offprint::nn {

std::string choose_device(const std::string& wanted) {
  if (wanted == "auto") return torch::cuda::is_available() ? "cuda:0" : "cpu";
  return to_device(wanted).str();
}

std::vector<std::pair<std::string, std::string>> torch_versions() {
  std::vector<std::pair<std::string, std::string>> out{{"LibTorch", TORCH_VERSION}};
  if (torch::cuda::is_available()) out.emplace_back("CUDA devices", std::to_string(torch::cuda::device_count()));
  return out;
}

}  // namespace offprint::nn
