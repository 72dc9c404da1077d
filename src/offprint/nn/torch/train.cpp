// The epochs of a TorchScript model's training.
#include "offprint/nn/torch/train.hpp"

#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "offprint/core/archive.hpp"
#include "offprint/core/error.hpp"
#include "offprint/nn/torch/script_loss.hpp"
#include "offprint/nn/torch/script_state.hpp"
#include "offprint/nn/torch/tensor_bytes.hpp"
#include "offprint/nn/torch/trainer.hpp"

namespace offprint::nn {
namespace {

/// What is kept between epochs, beside the trainer's own state.
struct Memory {
  TrainReport report;
  std::string trainer;
  std::vector<std::string> buffers;  // batch norm's running statistics
  Eigen::VectorXd best;
  std::vector<std::string> best_buffers;
  double best_loss = std::numeric_limits<double>::infinity();
  std::int64_t since_best = 0;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(report, trainer, buffers, best, best_buffers, best_loss, since_best);
  }
};

ScriptLoss loss_on(const ScriptModel& model, const Labelled& data, Loss loss) {
  if (loss == Loss::kCrossEntropy) return {model, data, loss};
  return {model, data, one_hot(data.labels, data.classes), loss};
}

torch::Tensor mean_loss(Loss loss, const torch::Tensor& f, const torch::Tensor& y) {
  switch (loss) {
    case Loss::kCrossEntropy:
      return torch::nn::functional::cross_entropy(f, y);
    case Loss::kMse:
      return 0.5 * (f - torch::one_hot(y, f.size(1))).square().sum(1).mean();
    case Loss::kBce:
      return torch::binary_cross_entropy_with_logits(f, torch::one_hot(y, f.size(1)).to(f.scalar_type()))
          .mul(f.size(1));
    case Loss::kL1:
      break;
  }
  return (f - torch::one_hot(y, f.size(1))).abs().sum(1).mean();
}

/// A module in training mode while this lives.
class TrainingMode {
 public:
  TrainingMode(torch::jit::Module& module, bool wanted) : module_(module), wanted_(wanted) { module_.train(wanted_); }
  ~TrainingMode() {
    if (wanted_) module_.eval();
  }
  TrainingMode(const TrainingMode&) = delete;
  TrainingMode& operator=(const TrainingMode&) = delete;

 private:
  torch::jit::Module& module_;
  bool wanted_;
};

std::vector<std::string> buffers_of(const torch::jit::Module& module) {
  std::vector<std::string> all;
  for (const torch::Tensor& buffer : module.buffers()) all.push_back(tensor_bytes(buffer));
  return all;
}

void set_buffers(const torch::jit::Module& module, const std::vector<std::string>& saved) {
  std::size_t i = 0;
  for (const torch::Tensor& buffer : module.buffers()) set_tensor(buffer, saved.at(i++));
}

}  // namespace

TrainReport train(ScriptModel& model, const Labelled& data, Loss loss, const TrainOptions& options, Stream random,
                  const TrainHooks& hooks) {
  const TorchScope scope;
  if (options.patience > 0 && hooks.validation == nullptr) throw InputError("early stopping needs a validation set");
  (void)loss_on(model, data, loss);  // refuses data that do not fit, before the first step
  ScriptModel::State& state = model.state();
  const torch::Tensor inputs = state.batch(data, 0, data.size());
  torch::Tensor labels = torch::empty({data.size()}, torch::kLong);
  for (Eigen::Index i = 0; i < data.size(); ++i)
    labels.data_ptr<std::int64_t>()[i] = data.labels[static_cast<std::size_t>(i)];
  labels = labels.to(state.device);

  Trainer trainer(state.parameters, options, static_cast<std::size_t>(data.size()), random);
  Memory memory;
  if (hooks.load)
    if (const auto bytes = hooks.load()) {
      memory = from_bytes<Memory>(*bytes);
      trainer.restore(memory.trainer);
      set_buffers(state.module, memory.buffers);
    }
  const Trainer::BatchLoss batch_loss = [&](std::span<const std::size_t> batch) {
    torch::Tensor index = torch::empty({static_cast<std::int64_t>(batch.size())}, torch::kLong);
    for (std::size_t i = 0; i < batch.size(); ++i)
      index.data_ptr<std::int64_t>()[i] = static_cast<std::int64_t>(batch[i]);
    index = index.to(state.device);
    return mean_loss(loss, state.forward(inputs.index_select(0, index)), labels.index_select(0, index));
  };

  std::optional<ScriptLoss> validation_loss;  // at the model's parameters of the moment
  if (hooks.validation != nullptr) validation_loss.emplace(loss_on(model, *hooks.validation, loss));
  TrainReport& report = memory.report;
  while (static_cast<std::int64_t>(report.losses.size()) < options.epochs && !report.stopped_early) {
    double sum = 0.0;
    {
      const TrainingMode mode(state.module, options.batch_statistics);
      for (std::size_t step = 0; step < trainer.steps_per_epoch(); ++step) {
        hooks.cancel.check();
        sum += trainer.step(batch_loss);
      }
    }
    report.losses.push_back(sum / static_cast<double>(trainer.steps_per_epoch()));
    if (validation_loss) {
      const double validation = validation_loss->value();
      report.validation_losses.push_back(validation);
      ++memory.since_best;
      if (validation < memory.best_loss) {
        memory.best_loss = validation;
        memory.since_best = 0;
        if (options.patience > 0) {
          memory.best = model.theta();
          memory.best_buffers = buffers_of(state.module);
        }
      }
      report.stopped_early = options.patience > 0 && memory.since_best >= options.patience;
    }
    if (hooks.save) {
      memory.trainer = trainer.state();
      memory.buffers = buffers_of(state.module);
      hooks.save(to_bytes(memory));
    }
    if (hooks.after_epoch) hooks.after_epoch(static_cast<std::int64_t>(report.losses.size()), report.losses.back());
  }
  if (report.stopped_early) {
    model.set_theta(memory.best);
    set_buffers(state.module, memory.best_buffers);
  }
  if (trainer.averaged().defined()) {
    const torch::Tensor average = trainer.averaged().to(torch::kCPU, torch::kDouble).contiguous();
    report.averaged = Eigen::Map<const Eigen::VectorXd>(average.data_ptr<double>(), average.numel());
  }
  return std::move(memory.report);
}

}  // namespace offprint::nn
