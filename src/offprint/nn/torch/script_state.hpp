// What a ScriptModel is on LibTorch's side. Speaks LibTorch's types.
#pragma once

#include <string>
#include <vector>

#include "offprint/nn/torch/flat_parameters.hpp"
#include "offprint/nn/torch/script_model.hpp"
#include "offprint/nn/torch/torch.hpp"

namespace offprint::nn {

struct ScriptModel::State {
  torch::jit::Module module;
  torch::Device device{torch::kCPU};
  torch::ScalarType dtype = torch::kDouble;
  FlatParameters parameters;
  std::string name;  ///< what errors call it: the file

  /// Takes the module over: moves it to the device and dtype, in evaluation mode, its parameters made views.
  State(torch::jit::Module taken, torch::Device where, Precision precision, std::string called);

  /// Samples [first, first + count) as a batch (count, shape...).
  [[nodiscard]] torch::Tensor batch(const Labelled& data, Eigen::Index first, Eigen::Index count) const;
  /// Calls a method; throws InputError with LibTorch's reason in one line.
  [[nodiscard]] torch::IValue call(const torch::Tensor& x, const std::string& method = "forward") const;
  /// The one tensor that forward returns, as (batch, K).
  [[nodiscard]] torch::Tensor forward(const torch::Tensor& x) const;
};

/// LibTorch on this thread: one intra-operation thread (threads are ours, and sums must not depend on their number) and
/// the plain interpreter, since TorchScript's differentiating executor breaks second derivatives. The interpreter's
/// setting is restored on exit; the single thread stays, which is what every thread of ours wants.
class TorchScope {
 public:
  TorchScope();
  ~TorchScope();
  TorchScope(const TorchScope&) = delete;
  TorchScope& operator=(const TorchScope&) = delete;

 private:
  bool optimize_;
};

/// A device by name. Throws InputError for an unknown name and for one that is not on this machine.
[[nodiscard]] torch::Device to_device(const std::string& name);

/// LibTorch's error message without its stack trace, in one line.
[[nodiscard]] std::string reason_of(const std::exception& error);

}  // namespace offprint::nn
