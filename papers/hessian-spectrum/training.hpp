// The networks that the claims look at: full-batch gradient descent on Gaussian clusters, and on images.
#pragma once

#include <cstdint>
#include <functional>

#include <Eigen/Core>

#include "offprint/core/parallel.hpp"
#include "offprint/core/run.hpp"
#include "offprint/nn/mlp.hpp"

namespace offprint::papers::hessian_spectrum {

/// A network with its data, before and after training.
struct Trained {
  nn::MlpLoss loss;
  Eigen::VectorXd initial;
  Eigen::VectorXd theta;
};

/// Full-batch gradient descent at a constant rate; `after` (if any) is called with the steps done.
void descend(const nn::MlpLoss& loss, Eigen::VectorXd& theta, Eigen::Index steps, double rate,
             const std::function<void(Eigen::Index step)>& after = {});

struct BlobOptions {
  int classes = 5;
  Eigen::Index hidden = 30;  ///< units of each of the two hidden layers
  Eigen::Index samples = 1000;
  Eigen::Index steps = 100;
  std::uint64_t seed = 0;  ///< of data and initial parameters, within the run's own seed
};
/// Clusters x = mu_y + 1.5 xi in R^20 in balanced classes; ReLU, softmax cross-entropy, initialization uniform on
/// +-1/sqrt(fan_in), rate 0.1. Few steps on purpose: at a loss near zero cross-entropy's Hessian vanishes everywhere.
[[nodiscard]] Trained train_on_blobs(const Run& run, const BlobOptions& options, const Parallel& how);

}  // namespace offprint::papers::hessian_spectrum
