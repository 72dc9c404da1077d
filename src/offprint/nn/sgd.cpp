#include "offprint/nn/sgd.hpp"

#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "offprint/core/error.hpp"

namespace offprint::nn {

Sgd::Sgd(SgdOptions options) : options_(std::move(options)) {
  if (!(options_.learning_rate > 0) || !std::isfinite(options_.learning_rate))
    throw InputError(fmt::format("learning rate {}; it must be positive and finite", options_.learning_rate));
  if (!(options_.momentum >= 0 && options_.momentum < 1))
    throw InputError(fmt::format("momentum {}; it must be in [0, 1)", options_.momentum));
  if (!(options_.clip_norm >= 0))
    throw InputError(fmt::format("clip norm {}; it must not be negative", options_.clip_norm));
}

void Sgd::step(Eigen::Ref<Eigen::VectorXd> theta, Eigen::Ref<Eigen::VectorXd> gradient) {
  const double norm = gradient.norm();
  if (!std::isfinite(norm))
    throw Error(
        fmt::format("training diverged: the gradient of step {} is not finite; lower the learning rate ({}) or "
                    "clip the gradient",
                    steps_, options_.learning_rate));
  if (options_.clip_norm > 0 && norm > options_.clip_norm) gradient *= options_.clip_norm / norm;
  if (options_.weight_decay.size() == 1)
    gradient += options_.weight_decay[0] * theta;
  else if (options_.weight_decay.size() > 1)
    gradient += options_.weight_decay.cwiseProduct(theta);
  const double rate = options_.learning_rate * options_.schedule(steps_);
  ++steps_;
  if (options_.momentum == 0.0) {
    theta -= rate * gradient;
    return;
  }
  if (velocity_.size() == 0) velocity_ = Eigen::VectorXd::Zero(theta.size());
  velocity_ = options_.momentum * velocity_ + gradient;
  theta -= rate * velocity_;
}

void train(const BatchGradient& gradient, Eigen::Ref<Eigen::VectorXd> theta, std::size_t samples, std::size_t batch,
           std::int64_t steps, const SgdOptions& options, Stream random, bool drop_last,
           const std::function<void(std::int64_t, double)>& after) {
  Sgd sgd(options);
  Batches batches(samples, batch, random, drop_last);
  Eigen::VectorXd g(theta.size());
  for (std::int64_t step = 1; step <= steps; ++step) {
    const double loss = gradient(theta, batches.next(), g);
    sgd.step(theta, g);
    if (after) after(step, loss);
  }
}

}  // namespace offprint::nn
