// Chunks of samples over threads: each chunk has its own graph, each of a fixed number of slices its own sum, and the
// slices are added in order.
#include "offprint/nn/torch/script_loss.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <regex>
#include <utility>

#include <fmt/format.h>

#include "offprint/core/error.hpp"
#include "offprint/nn/torch/autograd.hpp"
#include "offprint/nn/torch/script_state.hpp"

namespace offprint::nn {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;

constexpr std::size_t kSlices = 4;

/// The loss of each sample of a batch, (batch).
torch::Tensor sample_losses(Loss loss, const torch::Tensor& f, const torch::Tensor& y) {
  switch (loss) {
    case Loss::kCrossEntropy:
      return -torch::log_softmax(f, 1).gather(1, y.unsqueeze(1)).squeeze(1);
    case Loss::kMse:
      return 0.5 * (f - y).square().sum(1);
    case Loss::kBce:
      return (torch::clamp_min(f, 0) - f * y + torch::log1p(torch::exp(-f.abs()))).sum(1);
    case Loss::kL1:
      break;
  }
  return (f - y).abs().sum(1);
}

/// A u for each row of u, A the loss's second derivative at f.
torch::Tensor curvature_times(Loss loss, const torch::Tensor& f, const torch::Tensor& u) {
  switch (loss) {
    case Loss::kCrossEntropy: {
      const torch::Tensor p = torch::softmax(f, 1);
      return p * (u - (p * u).sum(1, /*keepdim=*/true));
    }
    case Loss::kMse:
      return u;
    case Loss::kBce: {
      const torch::Tensor s = torch::sigmoid(f);
      return s * (1 - s) * u;
    }
    case Loss::kL1:
      break;
  }
  return torch::zeros_like(u);
}

/// dl/df for each row.
torch::Tensor output_gradient(Loss loss, const torch::Tensor& f, const torch::Tensor& y) {
  switch (loss) {
    case Loss::kCrossEntropy:
      return torch::softmax(f, 1).scatter_add(1, y.unsqueeze(1), torch::full_like(f, -1));
    case Loss::kMse:
      return f - y;
    case Loss::kBce:
      return torch::sigmoid(f) - y;
    case Loss::kL1:
      break;
  }
  return torch::sign(f - y);
}

}  // namespace

struct ScriptLoss::State {
  struct Chunk {
    torch::Tensor x;
    torch::Tensor y;  // class numbers or numeric targets
  };

  const ScriptModel::State* model = nullptr;
  Loss loss = Loss::kCrossEntropy;
  Parallel parallel;
  std::size_t graphs_kept;
  std::vector<Chunk> chunks;
  Tensors leaves;
  std::vector<ParameterInfo> info;
  Index samples = 0;
  Index outputs = 0;
  Index size = 0;

  State(const ScriptModel& from, const Labelled& data, const MatrixXd* targets, Loss which,
        const ScriptLossOptions& options)
      : model(&from.state()),
        loss(which),
        parallel(options.parallel),
        graphs_kept(options.graphs_kept),
        samples(data.size()) {
    if (options.chunk < 1) throw InputError(fmt::format("chunks of {} samples; at least 1 is needed", options.chunk));
    if (!model->device.is_cpu()) parallel.threads = 1;
    choose(options.parameters);
    const MatrixXd f = from.outputs(data, options.chunk);
    outputs = f.rows();
    check_targets(data, targets, f);
    for (Index first = 0; first < samples; first += options.chunk) {
      const Index count = std::min(options.chunk, samples - first);
      chunks.push_back({model->batch(data, first, count), target_batch(data, targets, first, count)});
    }
  }

  void choose(const std::string& pattern) {
    std::regex wanted;
    try {
      wanted = std::regex(pattern, std::regex::ECMAScript);
    } catch (const std::regex_error& error) {
      throw InputError(fmt::format("'{}' is no regular expression: {}", pattern, error.what()));
    }
    for (std::size_t i = 0; i < model->parameters.info.size(); ++i) {
      ParameterInfo one = model->parameters.info[i];
      if (!pattern.empty() && !std::regex_search(one.name, wanted)) continue;
      one.offset = size;
      size += one.size;
      leaves.push_back(model->parameters.leaves[i]);
      info.push_back(std::move(one));
    }
    if (leaves.empty()) {
      std::vector<std::string> names;
      for (const auto& one : model->parameters.info) names.push_back(one.name);
      throw InputError(
          fmt::format("no parameter of {} matches '{}'{}", model->name, pattern, suggestion(pattern, names)));
    }
  }

  void check_targets(const Labelled& data, const MatrixXd* targets, const MatrixXd& f) const {
    if (loss == Loss::kCrossEntropy) {
      if (targets != nullptr) throw InputError("cross-entropy takes class labels, not numeric targets");
      if (static_cast<Index>(data.labels.size()) != samples)
        throw InputError(fmt::format("{} labels for {} samples", data.labels.size(), samples));
      for (std::size_t i = 0; i < data.labels.size(); ++i)
        if (data.labels[i] < 0 || data.labels[i] >= outputs)
          throw InputError(
              fmt::format("label {} of sample {} is outside [0, {}), the model's outputs", data.labels[i], i, outputs));
    } else {
      if (targets == nullptr) throw InputError(fmt::format("the loss {} takes numeric targets", loss_name(loss)));
      if (targets->rows() != outputs || targets->cols() != samples)
        throw InputError(fmt::format("targets of {} values for {} samples; the model gives {} outputs for {} samples",
                                     targets->rows(), targets->cols(), outputs, samples));
      if (!targets->allFinite()) throw InputError("a target is not finite");
    }
    for (Index i = 0; i < samples; ++i) {
      const TargetView target = loss == Loss::kCrossEntropy
                                    ? TargetView(data.labels[static_cast<std::size_t>(i)])
                                    : TargetView(Eigen::Ref<const Eigen::VectorXd>(targets->col(i)));
      if (!std::isfinite(loss_value(loss, f.col(i), target)))
        throw InputError(fmt::format("the loss of sample {} is not finite", i));
    }
  }

  [[nodiscard]] torch::Tensor target_batch(const Labelled& data, const MatrixXd* targets, Index first,
                                           Index count) const {
    if (loss == Loss::kCrossEntropy) {
      torch::Tensor y = torch::empty({count}, torch::kLong);
      for (Index i = 0; i < count; ++i)
        y.data_ptr<std::int64_t>()[i] = data.labels[static_cast<std::size_t>(first + i)];
      return y.to(model->device);
    }
    const torch::Tensor view = torch::from_blob(const_cast<double*>(targets->col(first).data()),  // NOLINT
                                                {count, targets->rows()}, torch::kDouble);
    return view.to(model->device, model->dtype, /*non_blocking=*/false, /*copy=*/true);
  }

  /// Runs body(chunk, slice) for all chunks, a slice's chunks in order.
  void for_each_chunk(const std::function<void(const Chunk&, std::size_t slice)>& body) const {
    const std::size_t n = chunks.size();
    parallel_for(kSlices, parallel, [&](std::size_t s) {
      const TorchScope scope;
      for (std::size_t i = n * s / kSlices; i < n * (s + 1) / kSlices; ++i) {
        parallel.cancel.check();
        body(chunks[i], s);
      }
    });
  }

  /// LibTorch's complaint about a second derivative, as one of ours.
  template <class F>
  auto second_derivative(F&& f) const {
    try {
      return f();
    } catch (const Error&) {
      throw;
    } catch (const std::exception& error) {
      throw InputError(fmt::format("{}: an operation of the model cannot be differentiated twice: {}", model->name,
                                   reason_of(error)));
    }
  }

  double gradient_of(const std::vector<Chunk>& parts, bool spread, Eigen::Ref<Eigen::VectorXd> gradient) const {
    if (gradient.size() != size)
      throw Error(fmt::format("a gradient of {} values has no room in {}", size, gradient.size()));
    std::vector<torch::Tensor> sums(kSlices);
    std::vector<double> losses(kSlices, 0.0);
    Index count = 0;
    for (const Chunk& part : parts) count += part.x.size(0);
    const auto add = [&](const Chunk& chunk, std::size_t slice) {
      const torch::Tensor total = sample_losses(loss, model->forward(chunk.x), chunk.y).sum();
      losses[slice] += total.template item<double>();
      const torch::Tensor g = concatenate(differentiate({total}, leaves, {torch::ones_like(total)}, false, false), info,
                                          model->parameters.flat.options());
      sums[slice] = sums[slice].defined() ? sums[slice] + g : g;
    };
    if (spread)
      for_each_chunk(add);
    else {
      const TorchScope scope;
      for (const Chunk& part : parts) add(part, 0);
    }
    gradient.setZero();
    double sum = 0.0;
    for (std::size_t s = 0; s < kSlices; ++s) {
      sum += losses[s];
      if (!sums[s].defined()) continue;
      const torch::Tensor g = sums[s].to(torch::kCPU, torch::kDouble).contiguous();
      gradient += Eigen::Map<const Eigen::VectorXd>(g.data_ptr<double>(), size);
    }
    gradient /= static_cast<double>(count);
    return sum / static_cast<double>(count);
  }

  /// The vectors of a block as tensors shaped like the parameters.
  [[nodiscard]] std::vector<Tensors> directions(const Eigen::Ref<const MatrixXd>& x) const {
    std::vector<Tensors> out;
    for (Index p = 0; p < x.cols(); ++p) {
      const torch::Tensor v = torch::from_blob(const_cast<double*>(x.col(p).data()), {size}, torch::kDouble)  // NOLINT
                                  .to(model->device, model->dtype, false, true);
      Tensors parts;
      for (const auto& one : info) parts.push_back(v.narrow(0, one.offset, one.size).view(one.shape));
      out.push_back(std::move(parts));
    }
    return out;
  }

  enum class Part { kHessian, kGaussNewton, kResidual, kFisher };

  /// Gradients of the chunks with their graphs, of one part and one state of the parameters.
  struct Kept {
    Part part = Part::kHessian;
    std::int64_t version = -1;
    std::vector<Tensors> gradients;
  };
  mutable Kept kept;  // products come from one thread at a time; within one, each chunk is one thread's

  /// Counts changes of the parameters, through the flat vector or the leaves.
  [[nodiscard]] std::int64_t version() const {
    std::int64_t sum = static_cast<std::int64_t>(model->parameters.flat._version());
    for (const auto& leaf : leaves) sum += static_cast<std::int64_t>(leaf._version());
    return sum;
  }

  void keep_graphs(Part part) const {
    const bool keep = chunks.size() <= graphs_kept && (part == Part::kHessian || part == Part::kResidual);
    if (!keep) {
      kept = {};
    } else if (kept.gradients.empty() || kept.part != part || kept.version != version()) {
      kept = {part, version(), std::vector<Tensors>(chunks.size())};
    }
  }

  /// The gradient of a chunk's loss, or of its residual part, which can be differentiated again.
  [[nodiscard]] Tensors gradient_graph(Part part, const Chunk& chunk) const {
    const torch::Tensor f = model->forward(chunk.x);
    const torch::Tensor total = part == Part::kHessian ? sample_losses(loss, f, chunk.y).sum()
                                                       : (f * output_gradient(loss, f.detach(), chunk.y)).sum();
    return differentiate({total}, leaves, {torch::ones_like(total)}, true, true);
  }

  /// A chunk's contribution for every direction, handed to `add(p, parts)`.
  void chunk_products(Part part, const Chunk& chunk, const std::vector<Tensors>& v,
                      const std::function<void(std::size_t, const Tensors&)>& add) const {
    if (part == Part::kHessian || part == Part::kResidual) {
      const bool keep = !kept.gradients.empty();
      Tensors g;
      if (keep) g = kept.gradients[static_cast<std::size_t>(&chunk - chunks.data())];
      if (g.empty()) g = gradient_graph(part, chunk);
      for (std::size_t p = 0; p < v.size(); ++p)
        add(p, differentiate(g, leaves, v[p], keep || p + 1 < v.size(), false));
      if (keep) kept.gradients[static_cast<std::size_t>(&chunk - chunks.data())] = std::move(g);
      return;
    }
    const torch::Tensor f = model->forward(chunk.x);
    // J v is the derivative of J^T w in the direction v with respect to w.
    const torch::Tensor output = part == Part::kFisher ? sample_losses(loss, f, chunk.y) : f;
    const torch::Tensor w = torch::zeros_like(output).requires_grad_(true);
    const Tensors g = differentiate({output}, leaves, {w}, true, true);
    for (std::size_t p = 0; p < v.size(); ++p) {
      const Tensors jv = differentiate(g, {w}, v[p], true, false);
      if (!jv[0].defined()) continue;
      const torch::Tensor u = part == Part::kFisher ? jv[0] : curvature_times(loss, f.detach(), jv[0]);
      add(p, differentiate({output}, leaves, {u}, p + 1 < v.size(), false));
    }
  }

  void multiply(Part part, const Eigen::Ref<const MatrixXd>& x, Eigen::Ref<MatrixXd> y) const {
    const std::vector<Tensors> v = directions(x);
    std::vector<torch::Tensor> sums(kSlices);
    keep_graphs(part);
    second_derivative([&] {
      for_each_chunk([&](const Chunk& chunk, std::size_t slice) {
        if (!sums[slice].defined()) sums[slice] = torch::zeros({x.cols(), size}, model->parameters.flat.options());
        chunk_products(part, chunk, v, [&](std::size_t p, const Tensors& parts) {
          const torch::Tensor row = sums[slice][static_cast<std::int64_t>(p)];
          for (std::size_t i = 0; i < parts.size(); ++i)
            if (parts[i].defined()) row.narrow(0, info[i].offset, info[i].size).add_(parts[i].reshape({-1}));
        });
      });
    });
    y.setZero();
    for (torch::Tensor& sum : sums) {
      if (!sum.defined()) continue;
      const torch::Tensor rows = sum.to(torch::kCPU, torch::kDouble).contiguous();
      y += Eigen::Map<const MatrixXd>(rows.data_ptr<double>(), size, x.cols());
      sum.reset();
    }
    y /= static_cast<double>(samples);
  }

  [[nodiscard]] linalg::SymmetricOperator products(Part part) const {
    if (loss == Loss::kL1)
      throw InputError(
          "the loss l1 has no second derivative where it matters (at zero error) and none elsewhere: its "
          "curvature says nothing; use mse, bce or cross-entropy");
    return {size, [this, part](const Eigen::Ref<const MatrixXd>& x, Eigen::Ref<MatrixXd> y) { multiply(part, x, y); }};
  }

  /// The sample as a batch of one.
  [[nodiscard]] Chunk single(Index sample) const {
    const Index chunk = chunks.front().x.size(0);
    const Chunk& home = chunks[static_cast<std::size_t>(sample / chunk)];
    return {home.x.narrow(0, sample % chunk, 1), home.y.narrow(0, sample % chunk, 1)};
  }

  /// Rows of per-sample derivatives: `per` rows a sample, each the gradient of outputs(chunk) weighted by row r of
  /// weights(outputs).
  [[nodiscard]] Rows sample_rows(Index first, Index count, Index per,
                                 const std::function<torch::Tensor(const Chunk&, const torch::Tensor&)>& output,
                                 const std::function<torch::Tensor(const torch::Tensor&)>& weights) const {
    if (first < 0 || count < 0 || first + count > samples)
      throw InputError(fmt::format("samples {} to {} were asked for; the set has {}", first, first + count, samples));
    Rows rows(count * per, size);
    parallel_for(static_cast<std::size_t>(count), parallel, [&](std::size_t i) {
      const TorchScope scope;
      const Chunk chunk = single(first + static_cast<Index>(i));
      const torch::Tensor f = model->forward(chunk.x);
      const torch::Tensor out = output(chunk, f);
      const torch::Tensor all = weights(f.detach());
      for (Index r = 0; r < per; ++r) {
        const torch::Tensor g =
            concatenate(differentiate({out}, leaves, {all[r].reshape(out.sizes())}, r + 1 < per, false), info,
                        model->parameters.flat.options())
                .to(torch::kCPU, torch::kDouble)
                .contiguous();
        rows.row(static_cast<Index>(i) * per + r) = Eigen::Map<const Eigen::RowVectorXd>(g.data_ptr<double>(), size);
      }
    });
    return rows;
  }
};

ScriptLoss::ScriptLoss(const ScriptModel& model, const Labelled& data, Loss loss, const ScriptLossOptions& options)
    : state_(std::make_unique<State>(model, data, nullptr, loss, options)) {}
ScriptLoss::ScriptLoss(const ScriptModel& model, const Labelled& data, const MatrixXd& targets, Loss loss,
                       const ScriptLossOptions& options)
    : state_(std::make_unique<State>(model, data, &targets, loss, options)) {}
ScriptLoss::~ScriptLoss() = default;
ScriptLoss::ScriptLoss(ScriptLoss&&) noexcept = default;
ScriptLoss& ScriptLoss::operator=(ScriptLoss&&) noexcept = default;

Index ScriptLoss::samples() const { return state_->samples; }
Index ScriptLoss::outputs() const { return state_->outputs; }
Index ScriptLoss::size() const { return state_->size; }
std::vector<ParameterInfo> ScriptLoss::parameters() const { return state_->info; }

double ScriptLoss::value() const {
  std::vector<double> sums(kSlices, 0.0);
  state_->for_each_chunk([&](const State::Chunk& chunk, std::size_t slice) {
    const torch::NoGradGuard no_grad;
    sums[slice] += sample_losses(state_->loss, state_->model->forward(chunk.x), chunk.y).sum().item<double>();
  });
  double sum = 0.0;
  for (const double part : sums) sum += part;
  return sum / static_cast<double>(samples());
}

double ScriptLoss::accuracy() const {
  std::vector<std::int64_t> right(kSlices, 0);
  state_->for_each_chunk([&](const State::Chunk& chunk, std::size_t slice) {
    const torch::NoGradGuard no_grad;
    const torch::Tensor said = state_->model->forward(chunk.x).argmax(1);
    const torch::Tensor meant = state_->loss == Loss::kCrossEntropy ? chunk.y : chunk.y.argmax(1);
    right[slice] += (said == meant).sum().item<std::int64_t>();
  });
  std::int64_t sum = 0;
  for (const std::int64_t part : right) sum += part;
  return static_cast<double>(sum) / static_cast<double>(samples());
}

double ScriptLoss::gradient(Eigen::Ref<Eigen::VectorXd> gradient) const {
  return state_->gradient_of(state_->chunks, true, gradient);
}

double ScriptLoss::gradient(std::span<const std::size_t> batch, Eigen::Ref<Eigen::VectorXd> gradient) const {
  if (batch.empty()) throw InputError("the mini-batch is empty");
  Tensors x;
  Tensors y;
  for (const std::size_t i : batch) {
    const State::Chunk one = state_->single(static_cast<Index>(i));
    x.push_back(one.x);
    y.push_back(one.y);
  }
  return state_->gradient_of({{torch::cat(x), torch::cat(y)}}, false, gradient);
}

linalg::SymmetricOperator ScriptLoss::hessian() const { return state_->products(State::Part::kHessian); }
linalg::SymmetricOperator ScriptLoss::gauss_newton() const { return state_->products(State::Part::kGaussNewton); }
linalg::SymmetricOperator ScriptLoss::residual() const { return state_->products(State::Part::kResidual); }
linalg::SymmetricOperator ScriptLoss::empirical_fisher() const { return state_->products(State::Part::kFisher); }

ScriptLoss::Rows ScriptLoss::gauss_newton_rows(Index first, Index count) const {
  const State& state = *state_;
  return state.sample_rows(
      first, count, state.outputs, [](const State::Chunk&, const torch::Tensor& f) { return f; },
      [&state](const torch::Tensor& f) {
        const torch::Tensor host = f.to(torch::kCPU, torch::kDouble).contiguous();
        const MatrixXd s =
            curvature_factor(state.loss, Eigen::Map<const Eigen::VectorXd>(host.data_ptr<double>(), state.outputs));
        // row r of the result weights the outputs by column r of S
        return torch::from_blob(const_cast<double*>(s.data()), {state.outputs, state.outputs},
                                torch::kDouble)  // NOLINT
            .to(f.device(), f.scalar_type(), false, true);
      });
}

ScriptLoss::Rows ScriptLoss::sample_gradients(Index first, Index count) const {
  const State& state = *state_;
  return state.sample_rows(
      first, count, 1,
      [&state](const State::Chunk& chunk, const torch::Tensor& f) { return sample_losses(state.loss, f, chunk.y); },
      [](const torch::Tensor& f) {
        return torch::ones({1, 1}, f.options());
      });
}

MatrixXd ScriptLoss::output_gradients() const {
  const torch::NoGradGuard no_grad;
  MatrixXd out(outputs(), samples());
  Index first = 0;
  for (const State::Chunk& chunk : state_->chunks) {
    const torch::Tensor g = output_gradient(state_->loss, state_->model->forward(chunk.x), chunk.y)
                                .to(torch::kCPU, torch::kDouble)
                                .contiguous();
    out.middleCols(first, g.size(0)) = Eigen::Map<const MatrixXd>(g.data_ptr<double>(), outputs(), g.size(0));
    first += g.size(0);
  }
  return out;
}

}  // namespace offprint::nn
