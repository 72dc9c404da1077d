#include "offprint/nn/torch/script_function.hpp"

#include <cmath>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "offprint/core/error.hpp"
#include "offprint/nn/torch/autograd.hpp"
#include "offprint/nn/torch/script_state.hpp"

namespace offprint::nn {

using Eigen::Index;
using Eigen::VectorXd;

struct ScriptFunction::State {
  const ScriptModel::State* model = nullptr;
  std::string method;
  std::vector<std::int64_t> shape;
  VectorXd start;
  bool sampled = false;

  State(const ScriptModel& from, std::string name, const std::string& argument)
      : model(&from.state()), method(std::move(name)) {
    const auto found = model->module.find_method(method);
    if (!found)
      throw InputError(fmt::format(
          "{}: the module has no method '{}' (it has {}); in Python, mark it with @torch.jit.export before scripting",
          model->name, method, fmt::join(method_names(), ", ")));
    const auto& arguments = found->function().getSchema().arguments();
    sampled = arguments.size() == 3 && arguments[2].type()->kind() == c10::TypeKind::IntType;
    if (!(arguments.size() == 2 || sampled))
      throw InputError(fmt::format("{}: method '{}' must take (self, {}) or (self, {}, sample: int)", model->name,
                                   method, argument, argument));
    const auto first = from.tensor(argument);
    if (!first)
      throw InputError(
          fmt::format("{0}: the module has no floating-point tensor '{1}'; register a buffer '{1}' with the shape and "
                      "the start of the argument of '{2}'",
                      model->name, argument, method));
    shape = model->module.attr(argument).toTensor().sizes().vec();
    start = *first;
    if (start.size() == 0) throw InputError(fmt::format("{}: the tensor '{}' is empty", model->name, argument));
    const TorchScope scope;
    const double value = call(point(start, false), {}).item<double>();
    if (!std::isfinite(value))
      throw InputError(
          fmt::format("{}: {} is {} at the module's own values; it must be finite", model->name, method, value));
  }

  [[nodiscard]] std::vector<std::string> method_names() const {
    std::vector<std::string> names;
    for (const auto& each : model->module.get_methods()) names.push_back(each.name());
    return names;
  }

  /// x as the method takes it, a leaf of a graph where it is differentiated.
  [[nodiscard]] torch::Tensor point(const Vector& x, bool differentiated) const {
    if (x.size() != start.size())
      throw Error(
          fmt::format("{}: an argument of {} values; '{}' takes {}", model->name, x.size(), method, start.size()));
    return torch::from_blob(const_cast<double*>(x.data()), {x.size()}, torch::kDouble)  // NOLINT
        .to(model->device, model->dtype, /*non_blocking=*/false, /*copy=*/true)
        .view(shape)
        .requires_grad_(differentiated);
  }

  [[nodiscard]] torch::Tensor call(const torch::Tensor& x, std::optional<std::uint64_t> sample) const {
    std::vector<torch::IValue> inputs{x};
    if (sampled) inputs.emplace_back(sample ? static_cast<std::int64_t>(*sample) : std::int64_t{-1});
    torch::IValue out;
    try {
      out = model->module.get_method(method)(std::move(inputs));
    } catch (const std::exception& error) {
      throw InputError(fmt::format("{}: {} cannot be evaluated: {}", model->name, method, reason_of(error)));
    }
    if (!out.isTensor() || out.toTensor().numel() != 1)
      throw InputError(fmt::format("{}: {} returns {} instead of a tensor with one number", model->name, method,
                                   out.isTensor() ? fmt::format("{} numbers", out.toTensor().numel()) : out.tagKind()));
    return out.toTensor().reshape({});
  }

  void to_vector(const torch::Tensor& from, Index size, VectorXd& out) const {
    if (!from.defined()) {
      out.setZero(size);
      return;
    }
    const torch::Tensor host = from.detach().to(torch::kCPU, torch::kDouble).contiguous();
    out = Eigen::Map<const VectorXd>(host.data_ptr<double>(), size);
  }
  [[nodiscard]] torch::Tensor flat(const Tensors& parts) const {
    return concatenate(parts, model->parameters.info, model->parameters.flat.options());
  }

  double gradient(const torch::Tensor& x, const Tensors& inputs, std::optional<std::uint64_t> sample,
                  Tensors& out) const {
    const TorchScope scope;
    const torch::Tensor value = call(x, sample);
    out = differentiate({value}, inputs, {torch::ones_like(value)}, false, false);
    return value.item<double>();
  }

  /// Derivatives in `inputs` of the derivative in the parameters along v.
  [[nodiscard]] Tensors second(const torch::Tensor& x, const Tensors& inputs, const Vector& v,
                               std::optional<std::uint64_t> sample) const {
    if (v.size() != model->parameters.flat.numel())
      throw Error(fmt::format("{}: a direction of {} values; the model has {} parameters", model->name, v.size(),
                              model->parameters.flat.numel()));
    const TorchScope scope;
    const torch::Tensor direction =
        torch::from_blob(const_cast<double*>(v.data()), {v.size()}, torch::kDouble)  // NOLINT
            .to(model->device, model->dtype, false, true);
    Tensors parts;
    for (const auto& one : model->parameters.info)
      parts.push_back(direction.narrow(0, one.offset, one.size).view(one.shape));
    const torch::Tensor value = call(x, sample);
    try {
      const Tensors first = differentiate({value}, model->parameters.leaves, {torch::ones_like(value)}, true, true);
      return differentiate(first, inputs, parts, false, false);
    } catch (const std::exception& error) {
      throw InputError(fmt::format("{}: an operation of {} cannot be differentiated twice: {}", model->name, method,
                                   reason_of(error)));
    }
  }
};

ScriptFunction::ScriptFunction(const ScriptModel& model, const std::string& method, const std::string& argument)
    : state_(std::make_unique<State>(model, method, argument)) {}
ScriptFunction::~ScriptFunction() = default;
ScriptFunction::ScriptFunction(ScriptFunction&&) noexcept = default;
ScriptFunction& ScriptFunction::operator=(ScriptFunction&&) noexcept = default;

Index ScriptFunction::argument_size() const { return state_->start.size(); }
const VectorXd& ScriptFunction::start() const { return state_->start; }
bool ScriptFunction::sampled() const { return state_->sampled; }

double ScriptFunction::value(const Vector& x, std::optional<std::uint64_t> sample) const {
  const TorchScope scope;
  const torch::NoGradGuard no_grad;
  return state_->call(state_->point(x, false), sample).item<double>();
}

double ScriptFunction::gradient_argument(const Vector& x, std::optional<std::uint64_t> sample, VectorXd& out) const {
  const torch::Tensor at = state_->point(x, true);
  Tensors parts;
  const double value = state_->gradient(at, {at}, sample, parts);
  state_->to_vector(parts[0], x.size(), out);
  return value;
}

double ScriptFunction::gradient_parameters(const Vector& x, std::optional<std::uint64_t> sample, VectorXd& out) const {
  Tensors parts;
  const double value = state_->gradient(state_->point(x, false), state_->model->parameters.leaves, sample, parts);
  state_->to_vector(state_->flat(parts), state_->model->parameters.flat.numel(), out);
  return value;
}

void ScriptFunction::hessian_product(const Vector& x, const Vector& v, std::optional<std::uint64_t> sample,
                                     VectorXd& out) const {
  const Tensors parts = state_->second(state_->point(x, false), state_->model->parameters.leaves, v, sample);
  state_->to_vector(state_->flat(parts), state_->model->parameters.flat.numel(), out);
}

void ScriptFunction::mixed_product(const Vector& x, const Vector& v, std::optional<std::uint64_t> sample,
                                   VectorXd& out) const {
  const torch::Tensor at = state_->point(x, true);
  state_->to_vector(state_->second(at, {at}, v, sample)[0], x.size(), out);
}

}  // namespace offprint::nn
