// A TorchScript module from source text and numbers: networks and functions written in C++, without Python. This header
// is free of LibTorch.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "offprint/nn/torch/script_model.hpp"

namespace offprint::nn {

/// One tensor of a module.
struct ScriptTensor {
  std::string name;
  std::vector<std::int64_t> shape;  ///< empty: one number
  std::vector<double> values;       ///< row-major, as many as the shape has
  bool integer = false;             ///< class numbers, indices: 64-bit integers
};

struct ScriptSource {
  /// Definitions of methods in TorchScript's Python: "def forward(self, x):\n  return torch.matmul(x, self.weight)\n".
  std::string methods;
  std::vector<ScriptTensor> parameters{};  ///< trainable
  std::vector<ScriptTensor> buffers{};     ///< data and constants
};

/// Throws InputError: a tensor whose values do not fill its shape, a source that does not compile (with LibTorch's
/// reason), and what ScriptModel::load says of parameters.
[[nodiscard]] ScriptModel script_module(const ScriptSource& source, const ScriptModelOptions& options = {});

}  // namespace offprint::nn
