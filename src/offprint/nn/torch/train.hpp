// Training TorchScript models: optimisers, schedules, averaging, clipping, early stopping, and runs that a kill does
// not lose. This header is free of LibTorch; trainer.hpp has the loop for modules of one's own.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <Eigen/Core>

#include "offprint/core/parallel.hpp"
#include "offprint/core/random.hpp"
#include "offprint/nn/labelled.hpp"
#include "offprint/nn/loss.hpp"
#include "offprint/nn/schedule.hpp"
#include "offprint/nn/torch/script_model.hpp"

namespace offprint::nn {

enum class Optimizer { kSgd, kAdam, kAdamW };

struct TrainOptions {
  Optimizer optimizer = Optimizer::kSgd;
  double learning_rate = 0.05;
  double momentum = 0.9;  ///< of SGD
  double beta1 = 0.9;     ///< of Adam and AdamW
  double beta2 = 0.999;
  double epsilon = 1e-8;
  /// Coupled (L2 in the gradient) for SGD and Adam, decoupled for AdamW.
  double weight_decay = 0.0;
  /// Other weight decays for the parameters whose names match a regular expression; the first match counts.
  std::vector<std::pair<std::string, double>> weight_decay_of{};
  /// Batch norm uses each batch's statistics and moves its running ones, and dropout drops, as PyTorch's train() does;
  /// off, the module stays in evaluation mode, the loss being the function whose curvature is studied. Dropout draws
  /// from LibTorch's own generator, so that a network with it does not resume to identical weights.
  bool batch_statistics = false;
  std::size_t batch = 128;
  bool drop_last = false;
  std::int64_t epochs = 20;
  Schedule schedule = constant_rate();  ///< factor of the rate at each step
  double clip_norm = 0.0;               ///< gradients longer than this are shortened to it; 0: never
  double ema_decay = 0.0;               ///< exponential moving average of the parameters; 0: none
  /// Stop after this many epochs without a smaller validation loss, and go back to the best; 0: never.
  std::int64_t patience = 0;
};

struct TrainHooks {
  /// Called after each epoch with its number (from 1) and the mean loss over its batches.
  std::function<void(std::int64_t epoch, double loss)> after_epoch{};
  /// Where the state is kept after each epoch and looked for at the start: the same run goes on to identical weights.
  std::function<void(const std::string& bytes)> save{};
  std::function<std::optional<std::string>()> load{};
  const Labelled* validation = nullptr;
  CancelToken cancel{};
};

struct TrainReport {
  std::vector<double> losses;             ///< mean loss over the batches of each epoch
  std::vector<double> validation_losses;  ///< after each epoch, when there is a validation set
  bool stopped_early = false;
  Eigen::VectorXd averaged;  ///< the moving average of the parameters, when asked for

  template <class Archive>
  void serialize(Archive& archive) {
    archive(losses, validation_losses, stopped_early, averaged);
  }
};

/// Trains a model in place on labelled data; mse means half the squared error to one-hot labels. The module is in
/// evaluation mode before and after. Deterministic on the CPU: batches come from `random`.
/// Throws InputError for options out of range and what ScriptLoss refuses; Error when the loss is not finite ("step t,
/// loss ..."); Interrupted on cancellation, after which a run with `load` goes on.
TrainReport train(ScriptModel& model, const Labelled& data, Loss loss, const TrainOptions& options, Stream random,
                  const TrainHooks& hooks = {});

}  // namespace offprint::nn
