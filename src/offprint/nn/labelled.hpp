// Labelled data sets in memory: one column a sample, and what is done to them before a network sees them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include <Eigen/Core>

#include "offprint/core/random.hpp"
#include "offprint/io/idx.hpp"

namespace offprint::nn {

struct Labelled {
  Eigen::MatrixXd inputs;          ///< d x N: column i is sample i
  std::vector<int> labels;         ///< N class numbers in [0, classes)
  int classes = 0;                 ///< K
  std::vector<std::size_t> shape;  ///< of one sample, e.g. (1, 28, 28); its product is d

  [[nodiscard]] Eigen::Index size() const { return inputs.cols(); }
};

/// The samples with these indices, in this order. Throws InputError for an index out of range.
[[nodiscard]] Labelled subset(const Labelled& data, std::span<const std::size_t> indices);

/// Indices of the first `n` samples of each class: class by class when `by_class`, otherwise in file order.
/// Throws InputError naming a class that has fewer.
[[nodiscard]] std::vector<std::size_t> first_of_each_class(const Labelled& data, std::size_t n, bool by_class = false);

/// Centre and scale of inputs: x -> (x - mean) / deviation.
struct Standardisation {
  Eigen::VectorXd mean;  ///< d
  double deviation = 1;
};
/// One mean and one deviation for all values of the set. Throws InputError when all values are equal.
[[nodiscard]] Standardisation global_standardisation(const Labelled& data);
/// Each feature's own mean; one deviation for all centred values. Throws InputError when nothing varies.
[[nodiscard]] Standardisation feature_standardisation(const Labelled& data);
/// Applies a standardisation (a test set takes its training set's). Throws InputError when d differs.
void standardise(Labelled& data, const Standardisation& how);

/// One-hot targets, K x N.
[[nodiscard]] Eigen::MatrixXd one_hot(std::span<const int> labels, int classes);

/// K Gaussian clusters in R^d: x = mu_y + noise xi, mu ~ N(0, I), xi ~ N(0, I), labels 0, 1, ..., K-1, 0, ... in turn.
[[nodiscard]] Labelled gaussian_blobs(int classes, Eigen::Index d, Eigen::Index n, double noise, Stream random);

enum class Split { kTrain, kTest };
/// MNIST (or a set of its format) from a folder with the four idx files, plain or .gz; pixels in [0, 1]. `limit` > 0
/// takes the first samples only. Throws InputError naming a file that is missing or damaged.
[[nodiscard]] Labelled read_mnist(const std::filesystem::path& folder, Split split, std::size_t limit = 0);
/// CIFAR-10: all data_batch_*.bin (or test_batch*.bin) of a folder in name order, plain or .gz; pixels in [0, 1].
[[nodiscard]] Labelled read_cifar10(const std::filesystem::path& folder, Split split, std::size_t limit = 0);

/// Inputs from any file: idx and CIFAR by their content or name, LIBSVM (.libsvm, .svm; made dense), everything else
/// through io::read_data (an array of rank
/// >= 2, first axis = samples; a table's rows are samples). Pixels of byte files are divided by 255. The labels of
/// CIFAR and LIBSVM files come along (the latter numbered in ascending order); otherwise they are empty. Throws
/// InputError: rank, empty, a value that is not finite (sample and feature named), and what the readers throw.
[[nodiscard]] Labelled read_inputs(const std::string& address);
/// Class numbers from any file of one number a sample (idx, NPY, CSV with one column; text labels of a CSV are numbered
/// in order of first appearance). Throws InputError naming the row: not an integer, negative; or the count differs
/// from `samples`.
[[nodiscard]] std::vector<int> read_labels(const std::string& address, Eigen::Index samples);

}  // namespace offprint::nn
