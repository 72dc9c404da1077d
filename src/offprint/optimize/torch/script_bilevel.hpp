// A bilevel problem from a TorchScript file: f and g are methods of a module, y its parameters, x one of its buffers.
// This header is free of LibTorch.
#pragma once

#include <filesystem>
#include <mutex>

#include "offprint/nn/torch/script_function.hpp"
#include "offprint/nn/torch/script_model.hpp"
#include "offprint/optimize/bilevel_problem.hpp"
#include "offprint/optimize/box.hpp"

namespace offprint::optimize {

/// Any problem that PyTorch can write down, on any device; derivatives by automatic differentiation. In Python:
///
///   class Cleaning(torch.nn.Module):                       # weights of doubtful training rows
///       def __init__(self, net, inputs, labels, trusted, trusted_labels):
///           super().__init__()
///           self.net = net                                 # y: all parameters that require a gradient
///           self.register_buffer("x", torch.zeros(len(inputs)))   # x: where it starts, of any shape
///           self.register_buffer("inputs", inputs)         # and the data
///           ...
///       @torch.jit.export
///       def f(self, x): return cross_entropy(self.net(self.trusted), self.trusted_labels)
///       @torch.jit.export
///       def g(self, x):
///           return (x.sigmoid() * cross_entropy(self.net(self.inputs), self.labels, reduction="none")).mean()
///       def forward(self, x): return self.f(x)
///   torch.jit.script(Cleaning(...)).save("cleaning.pt")
///
/// f and g return one number. A method that takes (x, sample: int) as well is stochastic: equal numbers are equal
/// batches, -1 is everything. Buffers x_lower, x_upper (of x's shape, or one number) are a box for x, y_lower and
/// y_upper (one number) one for every parameter. The module is in evaluation mode; in single precision from 100,000
/// parameters on, where finite-difference checks see 1e-3.
/// Second derivatives need operations that can be differentiated twice; one that cannot is named when it is asked for.
/// Calls from several threads wait for one another: the parameters have one place.
class ScriptBilevel final : public BilevelProblem {
 public:
  /// Takes the model. Throws InputError: what ScriptFunction says of f and g, a box of the wrong size or empty.
  explicit ScriptBilevel(nn::ScriptModel model);

  [[nodiscard]] Eigen::Index dimension_x() const override { return f_.argument_size(); }
  [[nodiscard]] Eigen::Index dimension_y() const override { return model_.size(); }
  [[nodiscard]] double f(const VectorRef& x, const VectorRef& y, const Sample& sample = {}) const override;
  [[nodiscard]] double g(const VectorRef& x, const VectorRef& y, const Sample& sample = {}) const override;
  void f_x(const VectorRef& x, const VectorRef& y, Eigen::VectorXd& out, const Sample& sample = {}) const override;
  void f_y(const VectorRef& x, const VectorRef& y, Eigen::VectorXd& out, const Sample& sample = {}) const override;
  void g_x(const VectorRef& x, const VectorRef& y, Eigen::VectorXd& out, const Sample& sample = {}) const override;
  void g_y(const VectorRef& x, const VectorRef& y, Eigen::VectorXd& out, const Sample& sample = {}) const override;
  [[nodiscard]] bool second_order() const override { return true; }
  void hvp(const VectorRef& x, const VectorRef& y, const VectorRef& v, Eigen::VectorXd& out,
           const Sample& sample = {}) const override;
  void jvp(const VectorRef& x, const VectorRef& y, const VectorRef& v, Eigen::VectorXd& out,
           const Sample& sample = {}) const override;
  void project_x(Eigen::VectorXd& x) const override { box_x_.project(x); }
  void project_y(Eigen::VectorXd& y) const override { box_y_.project(y); }
  [[nodiscard]] bool constrained_y() const override { return box_y_.bounded(); }

  [[nodiscard]] const Box& box_x() const { return box_x_; }
  [[nodiscard]] const Eigen::VectorXd& start_x() const { return f_.start(); }  ///< the module's buffer x
  [[nodiscard]] const Eigen::VectorXd& start_y() const { return start_y_; }    ///< the module's own parameters
  [[nodiscard]] bool stochastic() const { return f_.sampled() || g_.sampled(); }
  [[nodiscard]] bool single_precision() const { return model_.single_precision(); }
  /// Writes the module with the parameters y, for torch.jit.load.
  void save(const VectorRef& y, const std::filesystem::path& path) const;

 private:
  /// The model with parameters y, for as long as the lock lives.
  [[nodiscard]] std::unique_lock<std::mutex> at(const VectorRef& y) const;

  mutable std::mutex one_at_a_time_;
  mutable nn::ScriptModel model_;
  nn::ScriptFunction f_;
  nn::ScriptFunction g_;
  Eigen::VectorXd start_y_;
  Box box_x_;
  Box box_y_;
};

}  // namespace offprint::optimize
