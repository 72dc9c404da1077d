#include "offprint/nn/torch/script_module.hpp"

#include <fmt/format.h>

#include "offprint/core/error.hpp"
#include "offprint/nn/torch/script_state.hpp"

namespace offprint::nn {
namespace {

torch::Tensor tensor_of(const ScriptTensor& from) {
  std::int64_t count = 1;
  for (const std::int64_t side : from.shape) count *= side;
  if (count != static_cast<std::int64_t>(from.values.size()))
    throw InputError(
        fmt::format("tensor '{}' has {} values; its shape holds {}", from.name, from.values.size(), count));
  return torch::from_blob(const_cast<double*>(from.values.data()), from.shape, torch::kDouble)  // NOLINT
      .to(from.integer ? torch::kLong : torch::kDouble, /*non_blocking=*/false, /*copy=*/true);
}

}  // namespace

ScriptModel script_module(const ScriptSource& source, const ScriptModelOptions& options) {
  torch::jit::Module module("Module");
  for (const auto& each : source.parameters)
    module.register_parameter(each.name, tensor_of(each).requires_grad_(true), /*is_buffer=*/false);
  for (const auto& each : source.buffers) module.register_buffer(each.name, tensor_of(each));
  try {
    module.define(source.methods);
  } catch (const std::exception& error) {
    throw InputError(fmt::format("the module's methods do not compile: {}", reason_of(error)));
  }
  return ScriptModel(std::make_unique<ScriptModel::State>(std::move(module), to_device(options.device),
                                                          options.precision, "the module"));
}

}  // namespace offprint::nn
