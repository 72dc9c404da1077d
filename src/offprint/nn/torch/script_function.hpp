// A scalar method of a TorchScript module as a function of an argument x and of the module's parameters theta, with the
// derivatives that bilevel optimization asks for. This header is free of LibTorch.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include <Eigen/Core>

#include "offprint/nn/torch/script_model.hpp"

namespace offprint::nn {

/// phi(x, theta) = module.method(x): one number. theta is whatever the model's parameters are at the time of the call
/// (ScriptModel::set_theta), x takes the shape of the module's tensor `argument`, whose value is where x starts.
/// A method of two arguments (x, sample: int) may look at a mini-batch: equal numbers must give equal batches, and -1
/// everything. Cost: a gradient is one pass forward and one back, a second derivative two of each.
/// Not for several threads at once on one model.
class ScriptFunction {
 public:
  /// Refers to the model, which must outlive it. Throws InputError: the module has no such method (there may be
  /// `@torch.jit.export` missing) or tensor, another signature, a call at the start that fails or does not return one
  /// finite number.
  ScriptFunction(const ScriptModel& model, const std::string& method, const std::string& argument);
  ~ScriptFunction();
  ScriptFunction(ScriptFunction&&) noexcept;
  ScriptFunction& operator=(ScriptFunction&&) noexcept;

  [[nodiscard]] Eigen::Index argument_size() const;
  [[nodiscard]] const Eigen::VectorXd& start() const;  ///< the module's value of the argument
  [[nodiscard]] bool sampled() const;                  ///< whether the method takes a sample number

  using Vector = Eigen::Ref<const Eigen::VectorXd>;
  /// `sample` is ignored by a method that takes none. Sizes as stated: x argument_size(), v the model's size();
  /// anything else is an Error.
  [[nodiscard]] double value(const Vector& x, std::optional<std::uint64_t> sample = {}) const;
  /// d phi/dx; returns phi.
  double gradient_argument(const Vector& x, std::optional<std::uint64_t> sample, Eigen::VectorXd& out) const;
  /// d phi/dtheta; returns phi.
  double gradient_parameters(const Vector& x, std::optional<std::uint64_t> sample, Eigen::VectorXd& out) const;
  /// d/dtheta <d phi/dtheta, v>. Throws InputError naming an operation without a second derivative.
  void hessian_product(const Vector& x, const Vector& v, std::optional<std::uint64_t> sample,
                       Eigen::VectorXd& out) const;
  /// d/dx <d phi/dtheta, v>; throws the same.
  void mixed_product(const Vector& x, const Vector& v, std::optional<std::uint64_t> sample, Eigen::VectorXd& out) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace offprint::nn
