#include "subject.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include <fmt/format.h>

#include "offprint/core/error.hpp"
#include "offprint/io/table_file.hpp"
#include "offprint/nn/digits.hpp"
#include "offprint/nn/mlp.hpp"
#include "offprint/nn/torch/script_loss.hpp"
#include "offprint/nn/torch/script_model.hpp"
#include "training.hpp"

namespace offprint::papers::hessian_spectrum {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

// The embedded network: big enough for outliers, small enough to be there at once.
constexpr Index kDigits = 500;
constexpr Index kHidden = 20;
constexpr Index kSteps = 150;
constexpr int kSide = 14;

std::shared_ptr<nn::MlpLoss> digits_loss(const Run& run) {
  auto data = nn::rendered_digits(kDigits, run.seed(), {.side = kSide});
  nn::standardise(data, nn::global_standardisation(data));
  const nn::Mlp net({kSide * kSide, kHidden, kHidden, 10});
  return std::make_shared<nn::MlpLoss>(net, std::move(data.inputs), std::move(data.labels), run.parallel());
}

VectorXd trained_on_digits(const Run& run, const nn::MlpLoss& loss, std::uint64_t index) {
  VectorXd theta = loss.net().initial(run.stream("initial parameters", index));
  descend(loss, theta, kSteps, 0.1, [&](Index) { run.check_cancelled(); });
  return theta;
}

std::vector<Tensor> tensors_of(const nn::Mlp& net) {
  std::vector<Tensor> out;
  for (std::size_t l = 0; l < net.layers().size(); ++l) {
    const auto& layer = net.layers()[l];
    out.push_back({fmt::format("layer {} weights", l + 1), layer.weight, layer.in * layer.out});
    if (layer.bias >= 0) out.push_back({fmt::format("layer {} biases", l + 1), layer.bias, layer.out});
  }
  return out;
}

std::string need(const Options& options, const char* name, const char* what) {
  if (!options.has(name)) throw InputError(fmt::format("--{} is missing: give {}", name, what));
  return options.text(name);
}

nn::ScriptModel load(const Run& run, const std::filesystem::path& path) {
  const std::string dtype = run.options().text("dtype");
  const auto precision = dtype == "float32"   ? nn::Precision::kSingle
                         : dtype == "float64" ? nn::Precision::kDouble
                                              : nn::Precision::kAuto;
  return nn::ScriptModel::load(path, {.device = run.device(), .precision = precision});
}

nn::ScriptLoss script_loss(const Run& run, const nn::ScriptModel& model, const Data& data,
                           const std::string& parameters = "") {
  const nn::ScriptLossOptions options{.chunk = static_cast<Index>(run.options().integer("batch-size")),
                                      .parallel = run.parallel(),
                                      .parameters = parameters};
  if (data.loss == nn::Loss::kCrossEntropy) return {model, data.inputs, data.loss, options};
  return {model, data.inputs, data.targets, data.loss, options};
}

// A model with its loss, kept together: the loss refers to the model.
struct Loaded {
  nn::ScriptModel model;
  Data data;
  std::unique_ptr<nn::ScriptLoss> loss;
};

}  // namespace

Data read_data(Run& run) {
  const auto& options = run.options();
  Data data;
  data.loss = nn::parse_loss(options.text("loss"));
  data.inputs = nn::read_inputs(need(options, "data", "the inputs the model was trained on"));
  const Index n = data.inputs.size();
  if (n == 0) throw InputError("--data holds no samples; a loss needs at least one");
  if (data.loss == nn::Loss::kCrossEntropy) {
    if (options.has("labels")) data.inputs.labels = nn::read_labels(options.text("labels"), n);
    if (data.inputs.labels.empty()) (void)need(options, "labels", "one class number a sample");
    data.inputs.classes = 1 + *std::ranges::max_element(data.inputs.labels);
  } else {
    const std::string address = need(options, "labels", "the target values, one row a sample");
    const auto file = io::read_matrix(address);
    if (file.values.rows() != n)
      throw InputError(fmt::format("{}: targets of {} samples where --data has {}", address, file.values.rows(), n));
    if (!file.values.allFinite()) throw InputError(fmt::format("{}: a target is not finite", address));
    data.targets = file.values.transpose();
    data.inputs.labels.clear();
  }
  if (options.text("transform") == "normalize") nn::standardise(data.inputs, nn::global_standardisation(data.inputs));
  if (options.has("samples") && options.integer("samples") < n) {
    const auto wanted = static_cast<std::size_t>(options.integer("samples"));
    auto order = run.stream("samples").permutation(static_cast<std::size_t>(n));
    order.resize(wanted);
    std::ranges::sort(order);
    data.inputs = nn::subset(data.inputs, order);
    if (data.targets.size() > 0) {
      MatrixXd chosen(data.targets.rows(), static_cast<Index>(wanted));
      for (std::size_t i = 0; i < wanted; ++i)
        chosen.col(static_cast<Index>(i)) = data.targets.col(static_cast<Index>(order[i]));
      data.targets = chosen;
    }
    run.note(
        fmt::format("{} of {} samples are used: the spectrum has the sampling error of that subset, and at most N "
                    "times the outputs Gauss-Newton eigenvalues differ from zero",
                    wanted, n));
  }
  return data;
}

Subject spectrum_subject(Run& run) {
  const auto& options = run.options();
  Subject subject;
  if (!options.has("model")) {
    for (const char* name : {"data", "labels", "parameters"})
      if (options.has(name))
        throw InputError(fmt::format("--{} is given without --model: name the TorchScript file", name));
    const auto loss = digits_loss(run);
    const VectorXd theta = trained_on_digits(run, *loss, 0);
    subject = {fmt::format("{}-{}-{}-10 on {} rendered digits", kSide * kSide, kHidden, kHidden, kDigits),
               theta.size(),
               loss->samples(),
               10,
               loss->value(theta),
               loss->accuracy(theta),
               false,
               tensors_of(loss->net()),
               loss->hessian(theta),
               loss->gauss_newton(theta),
               loss->residual(theta),
               loss};
    run.note(
        "no --model given: this is a small network trained here on rendered digits, 150 steps of gradient descent "
        "at rate 0.1");
    return subject;
  }
  const auto path = options.path("model");
  auto loaded = std::make_shared<Loaded>(Loaded{load(run, path), read_data(run), nullptr});
  loaded->loss = std::make_unique<nn::ScriptLoss>(script_loss(
      run, loaded->model, loaded->data, options.has("parameters") ? options.text("parameters") : std::string()));
  const auto& loss = *loaded->loss;
  subject.name = path.filename().string();
  subject.size = loss.size();
  subject.samples = loss.samples();
  subject.classes = loss.outputs();
  subject.loss = loss.value();
  if (loaded->data.loss == nn::Loss::kCrossEntropy) subject.accuracy = loss.accuracy();
  subject.single_precision = loaded->model.single_precision();
  for (const auto& p : loss.parameters()) subject.tensors.push_back({p.name, p.offset, p.size});
  subject.hessian = loss.hessian();
  subject.gauss_newton = loss.gauss_newton();
  subject.residual = loss.residual();
  subject.owner = loaded;
  return subject;
}

PathSubject path_subject(Run& run) {
  const auto& options = run.options();
  if (options.has("from") != options.has("to"))
    throw InputError(fmt::format("--{} is given without --{}: a path needs both ends",
                                 options.has("from") ? "from" : "to", options.has("from") ? "to" : "from"));
  PathSubject subject;
  if (!options.has("from")) {
    const auto loss = digits_loss(run);
    subject.from = "network 1";
    subject.to = "network 2";
    subject.begin = trained_on_digits(run, *loss, 0);
    subject.end = trained_on_digits(run, *loss, 1);
    subject.samples = static_cast<std::size_t>(loss->samples());
    subject.measure = [loss](const VectorXd& w) { return std::vector<double>{loss->value(w), loss->accuracy(w)}; };
    subject.gradient = [loss](const VectorXd& w, std::span<const std::size_t> batch, VectorXd& g) {
      return loss->gradient(w, batch, g);
    };
    subject.hessian_at = [loss](const VectorXd& w) { return loss->hessian(w); };
    subject.owner = loss;
    run.note(
        "no --from and --to given: these are two small networks trained here on the same rendered digits from "
        "different initial parameters");
    return subject;
  }
  const auto from = options.path("from");
  const auto to = options.path("to");
  auto loaded = std::make_shared<Loaded>(Loaded{load(run, from), read_data(run), nullptr});
  const auto other = load(run, to);
  if (const auto difference = nn::first_difference(loaded->model, other); !difference.empty())
    throw InputError(fmt::format("{} and {} are not of one architecture: {}", from.filename().string(),
                                 to.filename().string(), difference));
  loaded->loss = std::make_unique<nn::ScriptLoss>(script_loss(run, loaded->model, loaded->data));
  subject.from = from.filename().string();
  subject.to = to.filename().string();
  subject.begin = loaded->model.theta();
  subject.end = other.theta();
  subject.samples = static_cast<std::size_t>(loaded->loss->samples());
  subject.classifier = loaded->data.loss == nn::Loss::kCrossEntropy;
  subject.measure = [loaded, classifier = subject.classifier](const VectorXd& w) {
    loaded->model.set_theta(w);
    std::vector<double> out{loaded->loss->value()};
    if (classifier) out.push_back(loaded->loss->accuracy());
    return out;
  };
  subject.gradient = [loaded](const VectorXd& w, std::span<const std::size_t> batch, VectorXd& g) {
    loaded->model.set_theta(w);
    return loaded->loss->gradient(batch, g);
  };
  subject.hessian_at = [loaded](const VectorXd& w) {
    loaded->model.set_theta(w);
    return loaded->loss->hessian();
  };
  subject.owner = loaded;
  run.note(
      "parameters are interpolated and buffers are those of --from: re-estimate batch-norm statistics before reading "
      "a barrier into a model that has them");
  return subject;
}

}  // namespace offprint::papers::hessian_spectrum
