// Stochastic gradient descent on a flat parameter vector: for the dense networks here, whose steps take microseconds.
#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include <Eigen/Core>

#include "offprint/core/random.hpp"
#include "offprint/nn/batches.hpp"
#include "offprint/nn/schedule.hpp"

namespace offprint::nn {

struct SgdOptions {
  double learning_rate = 0.1;
  double momentum = 0.0;
  /// Coupled (added to the gradient): empty for none, one number for all parameters, or one for each.
  Eigen::VectorXd weight_decay{};
  /// Gradients longer than this are shortened to it; 0: never.
  double clip_norm = 0.0;
  Schedule schedule = constant_rate();
};

/// v <- momentum v + (g + decay theta); theta <- theta - rate v: PyTorch's optim.SGD.
class Sgd {
 public:
  Sgd() = default;
  /// Throws InputError unless the rate is positive and finite, 0 <= momentum < 1, the clip norm not negative.
  explicit Sgd(SgdOptions options);
  /// `gradient` is used as scratch. Throws Error naming the step when it is not finite.
  void step(Eigen::Ref<Eigen::VectorXd> theta, Eigen::Ref<Eigen::VectorXd> gradient);
  [[nodiscard]] std::int64_t steps() const { return steps_; }

  /// The state, not the options.
  template <class Archive>
  void serialize(Archive& archive) {
    archive(velocity_, steps_);
  }

 private:
  SgdOptions options_;
  Eigen::VectorXd velocity_;
  std::int64_t steps_ = 0;
};

/// Loss and gradient of a mini-batch at theta.
using BatchGradient = std::function<double(const Eigen::Ref<const Eigen::VectorXd>& theta,
                                           std::span<const std::size_t> batch, Eigen::Ref<Eigen::VectorXd> gradient)>;

/// `steps` SGD steps from theta on batches of `batch` of `samples` samples. `after` (if any) is called with the number
/// of steps done and the last batch's loss; it may throw to stop. Throws what Sgd and Batches throw; the error of a
/// diverged run names its step.
void train(const BatchGradient& gradient, Eigen::Ref<Eigen::VectorXd> theta, std::size_t samples, std::size_t batch,
           std::int64_t steps, const SgdOptions& options, Stream random, bool drop_last = false,
           const std::function<void(std::int64_t step, double loss)>& after = {});

}  // namespace offprint::nn
