// What the actions look at: the reader's TorchScript model and data, or a small network trained on the spot.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <Eigen/Core>

#include "offprint/core/run.hpp"
#include "offprint/landscape/path.hpp"
#include "offprint/linalg/symmetric_operator.hpp"
#include "offprint/nn/labelled.hpp"
#include "offprint/nn/loss.hpp"

namespace offprint::papers::hessian_spectrum {

/// Parameters of one tensor, for traces layer by layer.
struct Tensor {
  std::string name;
  Eigen::Index offset = 0;
  Eigen::Index size = 0;
};

/// A loss at one point of parameter space, with its three operators.
struct Subject {
  std::string name;
  Eigen::Index size = 0;     ///< parameters that take part
  Eigen::Index samples = 0;  ///< N
  Eigen::Index classes = 0;  ///< outputs
  double loss = 0;
  std::optional<double> accuracy;  ///< for classifiers
  bool single_precision = false;
  std::vector<Tensor> tensors;
  linalg::SymmetricOperator hessian;
  linalg::SymmetricOperator gauss_newton;
  linalg::SymmetricOperator residual;
  std::shared_ptr<void> owner;  ///< of what the operators refer to
};

/// Two points of one parameter space, and what can be asked in between.
struct PathSubject {
  std::string from;
  std::string to;
  Eigen::VectorXd begin;
  Eigen::VectorXd end;
  std::size_t samples = 0;
  bool classifier = true;
  landscape::PathMeasure measure;  ///< loss, and accuracy for classifiers
  std::function<double(const Eigen::VectorXd& w, std::span<const std::size_t> batch, Eigen::VectorXd& gradient)>
      gradient;
  std::function<linalg::SymmetricOperator(const Eigen::VectorXd& w)> hessian_at;
  std::shared_ptr<void> owner;
};

/// Inputs and labels (or targets) that the options name.
struct Data {
  nn::Labelled inputs;
  Eigen::MatrixXd targets;  ///< outputs x N, for losses other than cross-entropy
  nn::Loss loss = nn::Loss::kCrossEntropy;
};
/// Reads, normalises and subsamples. Throws InputError: no data or labels given, numbers of samples that differ, and
/// what the readers throw.
[[nodiscard]] Data read_data(Run& run);

/// The model and data of the options, or the embedded network. Throws InputError as ScriptModel and ScriptLoss do.
[[nodiscard]] Subject spectrum_subject(Run& run);
/// The two checkpoints of the options, or two embedded networks. Throws InputError naming the first parameter that
/// differs.
[[nodiscard]] PathSubject path_subject(Run& run);

}  // namespace offprint::papers::hessian_spectrum
