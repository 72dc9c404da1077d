// Networks from TorchScript files (what torch.jit.script or trace saved in Python), as functions of a flat parameter
// vector. This header is free of LibTorch.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <Eigen/Core>

#include "offprint/nn/labelled.hpp"

namespace offprint::nn {

enum class Precision {
  kAuto,  ///< double below 100,000 parameters, single above
  kDouble,
  kSingle,
};

struct ScriptModelOptions {
  std::string device = "cpu";  ///< "cpu", "cuda", "cuda:N": where it computes
  Precision precision = Precision::kAuto;
};

/// One parameter tensor and its place in the flat vector.
struct ParameterInfo {
  std::string name;  ///< as in Python: "layers.0.weight"
  std::vector<std::int64_t> shape;
  Eigen::Index offset = 0;
  Eigen::Index size = 0;
};

/// A TorchScript module in evaluation mode (dropout off, batch norm with its stored statistics) whose trainable
/// parameters are views into one contiguous vector: setting the vector sets the module, without copies of the tensors.
class ScriptModel {
 public:
  /// Opens a file written by torch.jit.save. Throws InputError: not a TorchScript file (a state_dict or a pickled
  /// module is none), no parameters (frozen for inference), none that requires a gradient, a parameter that is not
  /// finite (its name), a device that is not here; NotAvailable when this build has no LibTorch.
  static ScriptModel load(const std::filesystem::path& path, const ScriptModelOptions& options = {});

  ~ScriptModel();
  ScriptModel(ScriptModel&&) noexcept;
  ScriptModel& operator=(ScriptModel&&) noexcept;
  ScriptModel(const ScriptModel&) = delete;
  ScriptModel& operator=(const ScriptModel&) = delete;
  /// An independent copy: training one leaves the other alone.
  [[nodiscard]] ScriptModel clone() const;

  /// Writes the module with its present parameters, atomically, for torch.jit.load in Python or C++.
  void save(const std::filesystem::path& path) const;

  [[nodiscard]] const std::vector<ParameterInfo>& parameters() const;
  [[nodiscard]] Eigen::Index size() const;  ///< M, of all parameters that require a gradient
  [[nodiscard]] bool single_precision() const;
  [[nodiscard]] std::string device() const;

  /// The parameters as a vector (M), and setting them. Throws InputError when the size differs.
  [[nodiscard]] Eigen::VectorXd theta() const;
  void set_theta(const Eigen::Ref<const Eigen::VectorXd>& theta);

  /// Outputs for samples (one column each, of `data.shape`): K x N, `batch` samples at a time. The module must return
  /// one tensor whose first axis is the sample; what follows is flattened. Throws InputError when the module cannot be
  /// evaluated on this shape (both named, with LibTorch's reason), or gives values that are not finite (sample named).
  [[nodiscard]] Eigen::MatrixXd outputs(const Labelled& data, Eigen::Index batch = 256) const;
  /// The same for a module that returns a tuple or list of tensors: one matrix (d_l x N) each. With `method`, calls
  /// that method instead of forward ("features" of the networks made here).
  [[nodiscard]] std::vector<Eigen::MatrixXd> activations(const Labelled& data, Eigen::Index batch = 256,
                                                         const std::string& method = "forward") const;

  /// The values of a tensor that is not a parameter (a buffer or attribute of the module itself), flattened; none when
  /// there is no floating-point tensor of that name.
  [[nodiscard]] std::optional<Eigen::VectorXd> tensor(const std::string& name) const;

  struct State;  ///< LibTorch's side, in script_state.hpp
  explicit ScriptModel(std::unique_ptr<State> state);
  [[nodiscard]] State& state() const { return *state_; }

 private:
  std::unique_ptr<State> state_;
};

/// What differs first between the parameters of two models ("layers.0.weight is (30, 20) in A and (10, 20) in B"), or
/// "" when they are of one architecture.
[[nodiscard]] std::string first_difference(const ScriptModel& a, const ScriptModel& b);

}  // namespace offprint::nn
