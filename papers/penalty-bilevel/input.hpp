// The reader's labelled sets: LIBSVM or CSV files for training, validation and test, with one numbering of classes.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <Eigen/Core>

#include "offprint/core/run.hpp"
#include "offprint/optimize/softmax_regression.hpp"

namespace offprint::papers::penalty_bilevel {

struct LabelledSets {
  std::string name;                   ///< of the training file, or of the example
  std::vector<std::string> classes;   ///< in the order of their numbers
  std::vector<std::string> features;  ///< names; the last is the constant
  std::shared_ptr<optimize::SoftmaxRegression> train;
  std::shared_ptr<optimize::SoftmaxRegression> validation;
  std::shared_ptr<optimize::SoftmaxRegression> test;  ///< may be null
  std::vector<bool> wrong;                            ///< of training rows, where the truth is known; empty otherwise
};

/// Reads --train, --val and --test (LIBSVM, or CSV where the name ends in .csv or .tsv, with labels in --label),
/// appends a constant feature, redraws a share --flip of the training labels, compares them with --truth. Without
/// --train three Gaussian classes are made, 60 % of the second labelled as the third. `with_noise`: the action has
/// --flip and --truth. Throws InputError: a file without rows, features that differ, one class only, a validation or
/// test label that does not occur in training, and what the readers throw.
[[nodiscard]] LabelledSets read_sets(Run& run, bool with_noise);

/// The 1-based rows of a file with one number a row (weights, groups). Throws InputError when there are not `count`.
[[nodiscard]] Eigen::VectorXd read_column(const std::filesystem::path& path, Eigen::Index count, const char* what);

}  // namespace offprint::papers::penalty_bilevel
