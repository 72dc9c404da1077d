#include "offprint/nn/torch/networks.hpp"

#include <cmath>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "offprint/core/error.hpp"
#include "offprint/nn/torch/script_state.hpp"

namespace offprint::nn {
namespace {

ScriptModel finish(torch::jit::Module module, const std::string& features, const std::string& classifier,
                   const ScriptModelOptions& options) {
  module.define(fmt::format("def features(self, x):\n{}  return x\n", features));
  module.define(fmt::format("def forward(self, x):\n  x = self.features(x)\n{}  return x\n", classifier));
  return ScriptModel(std::make_unique<ScriptModel::State>(std::move(module), to_device(options.device),
                                                          options.precision, "the network"));
}

torch::Tensor uniform(Stream& random, const std::vector<std::int64_t>& shape, double bound) {
  torch::Tensor out = torch::empty(shape, torch::kDouble);
  for (std::int64_t i = 0; i < out.numel(); ++i) out.data_ptr<double>()[i] = random.uniform(-bound, bound);
  return out;
}

void add_parameter(torch::jit::Module& module, const std::string& name, const torch::Tensor& value) {
  module.register_parameter(name, value.detach().clone().requires_grad_(true), /*is_buffer=*/false);
}

std::string linear(const std::string& layer, bool bias) {
  std::string line = fmt::format("  x = torch.matmul(x, self.weight{}.t())\n", layer);
  if (bias) line += fmt::format("  x = x + self.bias{}\n", layer);
  return line;
}

torch::Tensor he_normal(Stream& random, std::int64_t out, std::int64_t in, std::int64_t side) {
  torch::Tensor weight = torch::empty({out, in, side, side}, torch::kDouble);
  random.fill_normal({weight.data_ptr<double>(), static_cast<std::size_t>(weight.numel())});
  return weight * std::sqrt(2.0 / static_cast<double>(out * side * side));
}

/// A residual network while it is written: parameters and the lines of "features" that use them.
class ResNetWriter {
 public:
  ResNetWriter(torch::jit::Module& module, Stream& random) : module_(module), random_(random) {}

  /// `to` = batch norm of the convolution of `from` by a square kernel.
  void convolution(const char* to, const char* from, std::int64_t in, std::int64_t out, std::int64_t side,
                   std::int64_t stride) {
    const std::size_t i = layers_++;
    add_parameter(module_, fmt::format("weight{}", i), he_normal(random_, out, in, side));
    add_parameter(module_, fmt::format("gain{}", i), torch::ones({out}, torch::kDouble));
    add_parameter(module_, fmt::format("shift{}", i), torch::zeros({out}, torch::kDouble));
    module_.register_buffer(fmt::format("mean{}", i), torch::zeros({out}, torch::kDouble));
    module_.register_buffer(fmt::format("variance{}", i), torch::ones({out}, torch::kDouble));
    source_ += fmt::format(
        "  {1} = torch.batch_norm(torch.conv2d({2}, self.weight{0}, None, [{3}, {3}], [{4}, {4}]), self.gain{0}, "
        "self.shift{0}, self.mean{0}, self.variance{0}, self.training, 0.1, 1e-5, True)\n",
        i, to, from, stride, side / 2);
  }
  void basic_block(std::int64_t in, std::int64_t out, std::int64_t stride) {
    convolution("y", "x", in, out, 3, stride);
    source_ += "  y = torch.relu(y)\n";
    convolution("y", "y", out, out, 3, 1);
    if (in != out || stride != 1) convolution("x", "x", in, out, 1, stride);
    line("x = torch.relu(x + y)");
  }
  void line(const std::string& text) { source_ += fmt::format("  {}\n", text); }
  [[nodiscard]] const std::string& source() const { return source_; }

 private:
  torch::jit::Module& module_;
  Stream& random_;
  std::size_t layers_ = 0;
  std::string source_;
};

}  // namespace

ScriptModel script_mlp(const Mlp& net, const Eigen::Ref<const Eigen::VectorXd>& theta,
                       const ScriptModelOptions& options) {
  if (theta.size() != net.parameters())
    throw InputError(fmt::format("{} parameters given; the network has {}", theta.size(), net.parameters()));
  torch::jit::Module module("Mlp");
  std::string features = "  x = torch.flatten(x, 1)\n";
  std::string classifier;
  for (std::size_t l = 0; l < net.layers().size(); ++l) {
    const auto& layer = net.layers()[l];
    const auto tensor = [&](Eigen::Index offset, std::vector<std::int64_t> shape) {
      return torch::from_blob(const_cast<double*>(theta.data() + offset), shape, torch::kDouble);  // NOLINT
    };
    add_parameter(module, fmt::format("weight{}", l), tensor(layer.weight, {layer.out, layer.in}));
    if (layer.bias >= 0) add_parameter(module, fmt::format("bias{}", l), tensor(layer.bias, {layer.out}));
    if (l + 1 == net.layers().size()) {
      classifier = linear(std::to_string(l), layer.bias >= 0);
      break;
    }
    features += linear(std::to_string(l), layer.bias >= 0);
    if (net.activation() == Activation::kRelu) features += "  x = torch.relu(x)\n";
    if (net.activation() == Activation::kTanh) features += "  x = torch.tanh(x)\n";
  }
  return finish(std::move(module), features, classifier, options);
}

ScriptModel script_conv_net(const ConvNetShape& shape, Stream random, const ScriptModelOptions& options) {
  if (shape.input.size() != 3) throw InputError("a convolutional network takes images of channels, height and width");
  torch::jit::Module module("ConvNet");
  std::string features;
  std::int64_t in = shape.input[0];
  std::int64_t height = shape.input[1];
  std::int64_t width = shape.input[2];
  for (std::size_t l = 0; l < shape.channels.size(); ++l) {
    const double bound = 1.0 / std::sqrt(static_cast<double>(in * 9));
    add_parameter(module, fmt::format("weight{}", l), uniform(random, {shape.channels[l], in, 3, 3}, bound));
    add_parameter(module, fmt::format("bias{}", l), uniform(random, {shape.channels[l]}, bound));
    features += fmt::format(
        "  x = torch.conv2d(x, self.weight{0}, self.bias{0}, [1, 1], [1, 1])\n"
        "  x = torch.max_pool2d(torch.relu(x), [2, 2])\n",
        l);
    in = shape.channels[l];
    height /= 2;
    width /= 2;
    if (height < 1 || width < 1)
      throw InputError(fmt::format("an image of {} x {} does not survive {} poolings", shape.input[1], shape.input[2],
                                   shape.channels.size()));
  }
  features += "  x = torch.flatten(x, 1)\n";
  in *= height * width;
  const std::size_t last = shape.channels.size();
  const double bound = 1.0 / std::sqrt(static_cast<double>(in));
  add_parameter(module, fmt::format("weight{}", last), uniform(random, {shape.classes, in}, bound));
  if (shape.output_bias) add_parameter(module, fmt::format("bias{}", last), uniform(random, {shape.classes}, bound));
  return finish(std::move(module), features, linear(std::to_string(last), shape.output_bias), options);
}

ScriptModel script_resnet18(const ResNetShape& shape, Stream random, const ScriptModelOptions& options) {
  if (shape.channels < 1 || shape.width < 1 || shape.classes < 1)
    throw InputError(fmt::format("a residual network of {} channels, width {} and {} classes: each must be at least 1",
                                 shape.channels, shape.width, shape.classes));
  torch::jit::Module module("ResNet18");
  module.register_attribute("training", c10::BoolType::get(), false);
  ResNetWriter writer(module, random);
  writer.convolution("x", "x", shape.channels, shape.width, 3, 1);
  writer.line("x = torch.relu(x)");
  std::int64_t in = shape.width;
  for (const std::int64_t times : {1, 2, 4, 8}) {
    const std::int64_t out = times * shape.width;
    writer.basic_block(in, out, times == 1 ? 1 : 2);
    writer.basic_block(out, out, 1);
    in = out;
  }
  writer.line("x = x.mean([2, 3])");
  const double bound = 1.0 / std::sqrt(static_cast<double>(in));
  add_parameter(module, "weight_out", uniform(random, {shape.classes, in}, bound));
  if (shape.output_bias) add_parameter(module, "bias_out", uniform(random, {shape.classes}, bound));
  return finish(std::move(module), writer.source(), linear("_out", shape.output_bias), options);
}

}  // namespace offprint::nn
