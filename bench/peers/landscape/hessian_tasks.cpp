// The spectrum of a loss Hessian: the same network, data, start vectors and Lanczos steps as the Python side. Dense
// networks by hand and the same network as a TorchScript model; a convolutional network as a TorchScript model.
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "offprint/linalg/eigenpairs.hpp"
#include "offprint/linalg/lanczos_quadrature.hpp"
#include "offprint/linalg/lapack.hpp"
#include "offprint/nn/digits.hpp"
#include "offprint/nn/mlp.hpp"
#include "offprint/nn/sgd.hpp"
#include "offprint/nn/torch/networks.hpp"
#include "offprint/nn/torch/script_loss.hpp"
#include "task.hpp"

namespace peers {
namespace {

using namespace offprint;
using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;
namespace fs = std::filesystem;

struct Case {
  nn::Labelled data;
  std::vector<Index> widths;  // of a dense network; empty: the convolutional one
  bool script = false;        // through LibTorch
  Index vectors = 5;
  Index steps = 60;
};

Case make(const std::string& name) {
  Case c;
  c.script = name == "hessian_script" || name == "hessian_conv";
  if (name == "hessian_conv") {
    c.data = nn::rendered_digits(500, 0);
    c.vectors = 2;
    c.steps = 20;
  } else if (name == "hessian_digits") {
    c.data = nn::rendered_digits(1000, 0);
    c.widths = {784, 50, 50, 10};
  } else {  // the paper's sheet: clusters, hidden layers of 30
    c.data = nn::gaussian_blobs(5, 20, 1000, 1.5, Stream(0, "data"));
    c.widths = {20, 30, 30, 5};
  }
  nn::standardise(c.data, nn::global_standardisation(c.data));
  return c;
}

Stream start_of(std::uint64_t index) { return {1, "starts", index}; }

/// Double convolutions are slow in LibTorch for both sides.
nn::Precision precision_of(const Case& c) { return c.widths.empty() ? nn::Precision::kSingle : nn::Precision::kDouble; }

nn::ScriptModel trained(const Case& c) {
  if (c.widths.empty())
    return nn::script_conv_net({.input = {1, 28, 28}, .channels = {16, 32, 64}}, Stream(0, "init"),
                               {.precision = precision_of(c)});
  const nn::Mlp net(c.widths);
  VectorXd theta = net.initial(Stream(0, "init"));
  const nn::MlpLoss loss(net, c.data.inputs, c.data.labels);
  nn::train([&](const auto& t, auto batch, auto g) { return loss.gradient(t, batch, g); }, theta,
            static_cast<std::size_t>(c.data.size()), 1000, 100, {.learning_rate = 0.1}, Stream(0, "batches"));
  return nn::script_mlp(net, theta, {.precision = nn::Precision::kDouble});
}

void prepare(const std::string& name, const fs::path& folder) {
  const Case c = make(name);
  const nn::ScriptModel model = trained(c);
  model.save(folder / (name + ".pt"));
  save(folder / (name + "_x.npy"), c.data.inputs.transpose());
  VectorXd shape(static_cast<Index>(c.data.shape.size()));
  for (Index i = 0; i < shape.size(); ++i) shape[i] = static_cast<double>(c.data.shape[static_cast<std::size_t>(i)]);
  save(folder / (name + "_shape.npy"), shape);
  VectorXd labels(c.data.size());
  for (Index i = 0; i < labels.size(); ++i) labels[i] = c.data.labels[static_cast<std::size_t>(i)];
  save(folder / (name + "_y.npy"), labels);
  MatrixXd starts(model.size(), c.vectors);
  linalg::fill_probes(start_of, 0, linalg::Probe::kRademacher, starts);
  save(folder / (name + "_starts.npy"), starts);
  save(folder / (name + "_steps.npy"), MatrixXd::Constant(1, 1, static_cast<double>(c.steps)));
}

Outcome spectrum(const std::string& name, const fs::path& folder, unsigned threads) {
  const Case c = make(name);
  const Parallel how{.threads = threads};
  const nn::ScriptModel model = nn::ScriptModel::load(folder / (name + ".pt"), {.precision = precision_of(c)});
  const nn::ScriptLoss script(model, c.data, nn::Loss::kCrossEntropy, {.chunk = 250, .parallel = how});
  std::unique_ptr<nn::MlpLoss> dense;
  if (!c.script) dense = std::make_unique<nn::MlpLoss>(nn::Mlp(c.widths), c.data.inputs, c.data.labels, how);
  const linalg::SymmetricOperator hessian = dense ? dense->hessian(model.theta()) : script.hessian();
  Outcome out;
  out.numbers.resize(c.steps, c.vectors);
  out.cost = best_of(c.script ? 1 : 3, [&] {
    const auto found = linalg::lanczos_quadrature(hessian, start_of, {.steps = c.steps, .vectors = c.vectors}, how);
    for (Index s = 0; s < c.vectors; ++s) out.numbers.col(s) = found.rules()[static_cast<std::size_t>(s)].nodes;
  });
  return out;
}

/// On the network of hessian_digits: the ten largest eigenpairs to a residual of 1e-4, and the density at 10,000
/// points.
Outcome on_digits(const fs::path& folder, unsigned threads,
                  const std::function<MatrixXd(const linalg::SymmetricOperator&, const Parallel&)>& work) {
  const Case c = make("hessian_digits");
  const Parallel how{.threads = threads};
  const nn::ScriptModel model =
      nn::ScriptModel::load(folder / "hessian_digits.pt", {.precision = nn::Precision::kDouble});
  const nn::MlpLoss loss(nn::Mlp(c.widths), c.data.inputs, c.data.labels, how);
  const linalg::SymmetricOperator hessian = loss.hessian(model.theta());
  Outcome out;
  out.cost = best_of(1, [&] { out.numbers = work(hessian, how); });
  return out;
}

Outcome largest_pairs(const fs::path& folder, unsigned threads) {
  return on_digits(folder, threads, [](const auto& hessian, const Parallel&) {
    return MatrixXd(
        linalg::extreme_eigenpairs(hessian, linalg::SpectrumEnd::kTop, 10, Stream(1, "pairs"), {.tolerance = 1e-4})
            .values);
  });
}

Outcome density(const fs::path& folder, unsigned threads) {
  return on_digits(folder, threads, [](const auto& hessian, const Parallel& how) {
    const auto found = linalg::lanczos_quadrature(hessian, start_of, {.steps = 60, .vectors = 5}, how);
    const VectorXd points = VectorXd::LinSpaced(10'000, found.smallest(), found.largest());
    return MatrixXd(found.density(points, found.resolution()).value);
  });
}

/// The flops of the products at the rate of a large dgemm on one thread.
Cost products_alone(const std::string& name, const fs::path& folder) {
  constexpr Index kSize = 768;
  const Case c = make(name);
  const MatrixXd a = MatrixXd::Random(kSize, kSize);
  MatrixXd b(kSize, kSize);
  Cost cost = best_of(5, [&] { linalg::multiply_into(b, 1.0, a, linalg::Op::kNone, a, linalg::Op::kNone, 0.0); });
  const auto size = static_cast<double>(load(folder / (name + "_starts.npy")).rows());
  const double flops = 12.0 * size * static_cast<double>(c.data.size()) * static_cast<double>(c.vectors * c.steps);
  const double share = flops / (2.0 * static_cast<double>(kSize * kSize * kSize));
  return {cost.wall * share, cost.cpu * share};
}

/// A gradient of the same model as often as it is multiplied: what no product can go below by automatic
/// differentiation.
Cost gradients_alone(const std::string& name, const fs::path& folder) {
  const Case c = make(name);
  const nn::ScriptModel model = nn::ScriptModel::load(folder / (name + ".pt"), {.precision = precision_of(c)});
  const nn::ScriptLoss loss(model, c.data, nn::Loss::kCrossEntropy, {.chunk = 250, .parallel = {.threads = 1}});
  VectorXd g(loss.size());
  return best_of(1, [&] {
    for (Index k = 0; k < c.vectors * c.steps; ++k) loss.gradient(g);
  });
}

}  // namespace

std::map<std::string, Task> hessian_tasks() {
  std::map<std::string, Task> all;
  for (const std::string name : {"hessian_small", "hessian_digits", "hessian_script", "hessian_conv"})
    all[name] = {[name](const fs::path& folder) { prepare(name, folder); },
                 [name](const fs::path& folder, unsigned threads) { return spectrum(name, folder, threads); },
                 [name](const fs::path& folder) {
                   return name == "hessian_conv" ? gradients_alone(name, folder) : products_alone(name, folder);
                 }};
  const auto gradient = [](const fs::path& folder) { return gradients_alone("hessian_digits", folder); };
  all["hessian_pairs"] = {[](const fs::path&) {}, largest_pairs, gradient};
  all["hessian_density"] = {[](const fs::path&) {}, density, gradient};
  return all;
}

}  // namespace peers
