#include "offprint/nn/torch/script_model.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <regex>
#include <sstream>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "offprint/core/atomic_file.hpp"
#include "offprint/core/error.hpp"
#include "offprint/nn/torch/script_state.hpp"

namespace offprint::nn {
namespace {

using Eigen::Index;

/// Follows "a.b.c" to the submodule that owns the last name, and sets its attribute.
void set_attribute(torch::jit::Module module, const std::string& path, const torch::Tensor& tensor) {
  std::size_t begin = 0;
  for (std::size_t dot = path.find('.'); dot != std::string::npos; dot = path.find('.', begin)) {
    module = module.attr(path.substr(begin, dot - begin)).toModule();
    begin = dot + 1;
  }
  module.setattr(path.substr(begin), tensor);
}

std::string shape_text(const std::vector<std::int64_t>& shape) {
  return shape.size() == 1 ? fmt::format("({},)", shape[0]) : fmt::format("({})", fmt::join(shape, ", "));
}

}  // namespace

TorchScope::TorchScope() : optimize_(torch::jit::getGraphExecutorOptimize()) {
  if (at::get_num_threads() != 1) at::set_num_threads(1);
  torch::jit::setGraphExecutorOptimize(false);
}

TorchScope::~TorchScope() { torch::jit::setGraphExecutorOptimize(optimize_); }

torch::Device to_device(const std::string& name) {
  std::optional<torch::Device> device;
  try {
    device.emplace(name);
  } catch (const std::exception&) {
    throw InputError(fmt::format("unknown device '{}'; cpu, cuda and cuda:N are devices", name));
  }
  if (device->is_cuda()) {
    const auto count = torch::cuda::is_available() ? static_cast<int>(torch::cuda::device_count()) : 0;
    if (device->index() >= count || count == 0)
      throw InputError(fmt::format("device '{}' is not available here: LibTorch sees {} CUDA devices; use --device cpu",
                                   name, count));
  } else if (!device->is_cpu()) {
    throw InputError(fmt::format("unknown device '{}'; cpu, cuda and cuda:N are devices", name));
  }
  return *device;
}

std::string reason_of(const std::exception& error) {
  const auto* torch_error = dynamic_cast<const c10::Error*>(&error);
  std::string text = torch_error != nullptr ? torch_error->what_without_backtrace() : error.what();
  // The interpreter prefixes its own trace; what went wrong is the last line that names an error.
  const std::string mark = "RuntimeError: ";
  if (const auto at = text.rfind(mark); at != std::string::npos) text = text.substr(at + mark.size());
  text = text.substr(0, text.find("\nException raised from"));
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  return std::regex_replace(text, std::regex("\\s*\n\\s*"), " ");
}

ScriptModel::State::State(torch::jit::Module taken, torch::Device where, Precision precision, std::string called)
    : module(std::move(taken)), device(where), name(std::move(called)) {
  std::vector<std::pair<std::string, torch::Tensor>> trainable;
  std::vector<std::pair<std::string, std::size_t>> places;  // a tied tensor has several names
  std::int64_t total = 0;
  std::int64_t frozen = 0;
  for (const auto& parameter : module.named_parameters()) {
    const torch::Tensor& tensor = parameter.value;
    if (!tensor.requires_grad() || !tensor.is_floating_point()) {
      frozen += tensor.numel();
      continue;
    }
    if (!torch::isfinite(tensor).all().item<bool>())
      throw InputError(fmt::format("{}: parameter {} has values that are not finite", name, parameter.name));
    const auto same = std::ranges::find_if(trainable, [&](const auto& known) {
      return known.second.data_ptr() == tensor.data_ptr() && known.second.sizes() == tensor.sizes();
    });
    places.emplace_back(parameter.name, static_cast<std::size_t>(same - trainable.begin()));
    if (same != trainable.end()) continue;
    trainable.emplace_back(parameter.name, tensor);
    total += tensor.numel();
  }
  if (trainable.empty())
    throw InputError(frozen == 0 ? fmt::format("{}: the model has no parameters (frozen for inference?); save it with "
                                               "torch.jit.script or trace, without torch.jit.freeze",
                                               name)
                                 : fmt::format("{}: none of the model's {} parameters requires a gradient; call "
                                               "requires_grad_(True) on it before saving",
                                               name, frozen));
  constexpr std::int64_t kDoubleBelow = 100'000;
  dtype = precision == Precision::kDouble || (precision == Precision::kAuto && total < kDoubleBelow) ? torch::kDouble
                                                                                                     : torch::kFloat;
  // Buffers and other tensors: floating ones change their type, integer ones keep it.
  for (const auto& attribute : module.named_attributes()) {
    if (!attribute.value.isTensor()) continue;
    const torch::Tensor tensor = attribute.value.toTensor();
    if (!tensor.defined() || (tensor.requires_grad() && tensor.is_floating_point())) continue;
    set_attribute(module, attribute.name,
                  tensor.is_floating_point() ? tensor.detach().to(device, dtype) : tensor.to(device));
  }
  parameters = flatten(trainable, device, dtype);
  for (const auto& [path, index] : places) set_attribute(module, path, parameters.leaves[index]);
  module.eval();
}

torch::Tensor ScriptModel::State::batch(const Labelled& data, Index first, Index count) const {
  std::vector<std::int64_t> shape{count};
  for (const std::size_t side : data.shape) shape.push_back(static_cast<std::int64_t>(side));
  // the options only describe the caller's memory; `to` copies
  const torch::Tensor view = torch::from_blob(const_cast<double*>(data.inputs.col(first).data()),  // NOLINT
                                              {count, data.inputs.rows()}, torch::kDouble);
  return view.to(device, dtype, /*non_blocking=*/false, /*copy=*/true).view(shape);
}

torch::IValue ScriptModel::State::call(const torch::Tensor& x, const std::string& method) const {
  const TorchScope scope;
  try {
    return module.get_method(method)({x});
  } catch (const std::exception& error) {
    throw InputError(fmt::format("{}: the model cannot be evaluated on inputs of shape {} (batch first): {}", name,
                                 shape_text(x.sizes().vec()), reason_of(error)));
  }
}

torch::Tensor ScriptModel::State::forward(const torch::Tensor& x) const {
  const torch::IValue out = call(x);
  if (!out.isTensor())
    throw InputError(fmt::format("{}: the model returns {} instead of one tensor", name, out.tagKind()));
  const torch::Tensor f = out.toTensor();
  if (f.dim() < 1 || f.size(0) != x.size(0))
    throw InputError(fmt::format("{}: the model returns shape {} for a batch of {}; its first axis must be the sample",
                                 name, shape_text(f.sizes().vec()), x.size(0)));
  return f.reshape({f.size(0), -1});
}

ScriptModel::ScriptModel(std::unique_ptr<State> state) : state_(std::move(state)) {}
ScriptModel::~ScriptModel() = default;
ScriptModel::ScriptModel(ScriptModel&&) noexcept = default;
ScriptModel& ScriptModel::operator=(ScriptModel&&) noexcept = default;

ScriptModel ScriptModel::load(const std::filesystem::path& path, const ScriptModelOptions& options) {
  const torch::Device device = to_device(options.device);
  if (!std::filesystem::is_regular_file(path)) throw InputError(fmt::format("'{}' is no file", path.string()));
  std::optional<torch::jit::Module> module;
  try {
    module = torch::jit::load(path.string(), torch::kCPU);
  } catch (const std::exception& error) {
    throw InputError(
        fmt::format("{}: not a TorchScript file (write one with torch.jit.script(model).save(path); a "
                    "state_dict or pickled module is none): {}",
                    path.string(), reason_of(error)));
  }
  return ScriptModel(std::make_unique<State>(*module, device, options.precision, path.string()));
}

ScriptModel ScriptModel::clone() const {
  return ScriptModel(std::make_unique<State>(state_->module.deepcopy(), state_->device,
                                             single_precision() ? Precision::kSingle : Precision::kDouble,
                                             state_->name));
}

void ScriptModel::save(const std::filesystem::path& path) const {
  std::ostringstream bytes;
  state_->module.save(bytes);
  write_atomically(path, bytes.str());
}

const std::vector<ParameterInfo>& ScriptModel::parameters() const { return state_->parameters.info; }
Index ScriptModel::size() const { return state_->parameters.flat.numel(); }
bool ScriptModel::single_precision() const { return state_->dtype == torch::kFloat; }
std::string ScriptModel::device() const { return state_->device.str(); }

Eigen::VectorXd ScriptModel::theta() const {
  const torch::Tensor copy = state_->parameters.flat.detach().to(torch::kCPU, torch::kDouble).contiguous();
  return Eigen::Map<const Eigen::VectorXd>(copy.data_ptr<double>(), size());
}

void ScriptModel::set_theta(const Eigen::Ref<const Eigen::VectorXd>& theta) {
  if (theta.size() != size())
    throw InputError(fmt::format("{}: {} parameters given; the model has {}", state_->name, theta.size(), size()));
  const torch::NoGradGuard no_grad;
  state_->parameters.flat.copy_(
      torch::from_blob(const_cast<double*>(theta.data()), {size()}, torch::kDouble));  // NOLINT
}

std::vector<Eigen::MatrixXd> ScriptModel::activations(const Labelled& data, Index batch,
                                                      const std::string& method) const {
  const torch::NoGradGuard no_grad;
  if (data.size() == 0) throw InputError("the data set is empty; a model needs at least one sample");
  std::vector<Eigen::MatrixXd> out;
  for (Index first = 0; first < data.size(); first += batch) {
    const Index count = std::min(batch, data.size() - first);
    const torch::IValue returned = state_->call(state_->batch(data, first, count), method);
    std::vector<torch::Tensor> tensors;
    if (returned.isTensor())
      tensors.push_back(returned.toTensor());
    else if (returned.isTuple()) {
      for (const auto& element : returned.toTupleRef().elements())
        if (element.isTensor()) tensors.push_back(element.toTensor());
    } else if (returned.isTensorList())
      tensors = returned.toTensorVector();
    if (tensors.empty() || (!out.empty() && tensors.size() != out.size()))
      throw InputError(fmt::format("{}: the model returns {} instead of a tensor or a fixed number of them",
                                   state_->name, returned.tagKind()));
    out.resize(tensors.size());
    for (std::size_t l = 0; l < tensors.size(); ++l) {
      if (tensors[l].dim() < 1 || tensors[l].size(0) != count)
        throw InputError(
            fmt::format("{}: output {} of the model has shape {} for a batch of {}; its first axis must be "
                        "the sample",
                        state_->name, l, shape_text(tensors[l].sizes().vec()), count));
      const torch::Tensor flat = tensors[l].reshape({count, -1}).to(torch::kCPU, torch::kDouble).contiguous();
      if (first == 0) out[l].resize(flat.size(1), data.size());
      out[l].middleCols(first, count) = Eigen::Map<const Eigen::MatrixXd>(flat.data_ptr<double>(), flat.size(1), count);
      for (Index i = first; i < first + count; ++i)
        if (!out[l].col(i).allFinite())
          throw InputError(fmt::format("{}: the model's output for sample {} is not finite", state_->name, i));
    }
  }
  return out;
}

Eigen::MatrixXd ScriptModel::outputs(const Labelled& data, Index batch) const {
  auto all = activations(data, batch);
  if (all.size() != 1)
    throw InputError(fmt::format("{}: the model returns {} tensors instead of one", state_->name, all.size()));
  return std::move(all.front());
}

std::optional<Eigen::VectorXd> ScriptModel::tensor(const std::string& name) const {
  if (!state_->module.hasattr(name) || !state_->module.attr(name).isTensor()) return {};
  const torch::Tensor found = state_->module.attr(name).toTensor();
  if (!found.defined() || !found.is_floating_point()) return {};
  const torch::Tensor copy = found.detach().to(torch::kCPU, torch::kDouble).contiguous();
  return Eigen::Map<const Eigen::VectorXd>(copy.data_ptr<double>(), copy.numel());
}

std::string first_difference(const ScriptModel& a, const ScriptModel& b) {
  const auto& left = a.parameters();
  const auto& right = b.parameters();
  for (std::size_t i = 0; i < std::min(left.size(), right.size()); ++i) {
    if (left[i].name != right[i].name)
      return fmt::format("parameter {} is {} in {} and {} in {}", i, left[i].name, a.state().name, right[i].name,
                         b.state().name);
    if (left[i].shape != right[i].shape)
      return fmt::format("{} is {} in {} and {} in {}", left[i].name, shape_text(left[i].shape), a.state().name,
                         shape_text(right[i].shape), b.state().name);
  }
  if (left.size() != right.size())
    return fmt::format("{} has {} parameter tensors and {} has {}", a.state().name, left.size(), b.state().name,
                       right.size());
  return "";
}

}  // namespace offprint::nn
