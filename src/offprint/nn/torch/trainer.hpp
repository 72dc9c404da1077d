// The training loop's engine for any LibTorch code: parameters, an optimiser and batches that can be saved and restored
// as one. Speaks LibTorch's types.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "offprint/nn/batches.hpp"
#include "offprint/nn/torch/flat_parameters.hpp"
#include "offprint/nn/torch/torch.hpp"
#include "offprint/nn/torch/train.hpp"

namespace offprint::nn {

class Trainer {
 public:
  /// The mean loss of the samples with these indices, as a scalar that can be differentiated.
  using BatchLoss = std::function<torch::Tensor(std::span<const std::size_t> batch)>;

  /// Trains `parameters` (kept by reference to their shared storage). Throws InputError for options out of range.
  Trainer(FlatParameters parameters, TrainOptions options, std::size_t samples, Stream random);

  /// One step on the next batch; returns its loss. Throws Error when that is not finite, with the step's number.
  double step(const BatchLoss& loss);
  [[nodiscard]] std::int64_t steps() const { return steps_; }
  [[nodiscard]] std::size_t steps_per_epoch() const { return batches_.per_epoch(); }
  /// The moving average of the flat parameters; undefined without ema_decay.
  [[nodiscard]] const torch::Tensor& averaged() const { return average_; }
  [[nodiscard]] const FlatParameters& parameters() const { return parameters_; }

  /// Everything that the next steps depend on, and going on from there. `restore` throws Error when the bytes belong to
  /// other parameters.
  [[nodiscard]] std::string state() const;
  void restore(const std::string& bytes);

 private:
  void set_rate(double rate);

  FlatParameters parameters_;
  TrainOptions options_;
  Batches batches_;
  std::unique_ptr<torch::optim::Optimizer> optimizer_;
  torch::Tensor average_;
  std::int64_t steps_ = 0;
};

}  // namespace offprint::nn
