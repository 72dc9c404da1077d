// Large-batch and small-batch training of one network on MNIST: the ends whose line H7 scans and whose curvature H8
// compares.
#pragma once

#include <cstdint>
#include <filesystem>

#include <Eigen/Core>

#include "offprint/core/run.hpp"
#include "offprint/nn/mlp.hpp"

namespace offprint::papers::hessian_spectrum {

/// Training and test set with one network: 784-50-50-10, ReLU, cross-entropy.
struct BasinProblem {
  nn::MlpLoss train;  ///< 2,000 images
  nn::MlpLoss test;   ///< 1,000 images
};
/// The first 300 images of each class of the training file, shuffled once, standardised by global mean and deviation.
[[nodiscard]] BasinProblem basin_problem(const Run& run, const std::filesystem::path& mnist, const Parallel& how);

struct BasinOptions {
  double rate = 0.03;
  std::int64_t large_steps = 1200;        ///< part I, batch 1,000
  std::int64_t small_steps = 1200;        ///< part II, batch 32, from the end of part I
  std::int64_t independent_steps = 1500;  ///< control: another initialization, batch 32 throughout; 0: none
  bool matched = false;                   ///< also a small-batch run from part I's initialization to part I's loss
};
/// Parameters at the ends.
struct Basins {
  Eigen::VectorXd large;
  Eigen::VectorXd small;
  Eigen::VectorXd independent;
  Eigen::VectorXd matched;  ///< small batches, stopped when the training loss first falls to that of `large`
  template <class Archive>
  void serialize(Archive& archive) {
    archive(large, small, independent, matched);
  }
};
/// Constant rate, no momentum; a fresh permutation each epoch, the incomplete last batch dropped.
[[nodiscard]] Basins train_basins(const Run& run, const BasinProblem& problem, std::uint64_t seed,
                                  const BasinOptions& options);

}  // namespace offprint::papers::hessian_spectrum
