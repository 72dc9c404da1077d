// Weighted softmax (or logistic) regression on dense or sparse rows: losses, gradients and curvature products of one
// pass over the data, which the bilevel problems on data are made of.
#pragma once

#include <cstdint>
#include <span>
#include <variant>
#include <vector>

#include <Eigen/Core>

#include "offprint/core/parallel.hpp"
#include "offprint/io/libsvm.hpp"

namespace offprint::optimize {

/// Rows of data: dense as d x n (column i is row i, so that a row is contiguous) or sparse as n x d.
class DesignRows {
 public:
  explicit DesignRows(Eigen::MatrixXd dense) : data_(std::move(dense)) {}
  explicit DesignRows(io::SparseRows sparse) : data_(std::move(sparse)) {}

  [[nodiscard]] Eigen::Index rows() const;
  [[nodiscard]] Eigen::Index features() const;
  [[nodiscard]] bool sparse() const { return data_.index() == 1; }
  [[nodiscard]] const Eigen::MatrixXd& dense_data() const { return std::get<0>(data_); }
  [[nodiscard]] const io::SparseRows& sparse_data() const { return std::get<1>(data_); }

 private:
  std::variant<Eigen::MatrixXd, io::SparseRows> data_;
};

/// Cross-entropy of a linear model on labelled rows. The parameters w are K x d, column-major in one vector: the K
/// weights of feature j are neighbours. K is the number of classes, or 1 for two classes (logistic regression: the
/// output is the log odds of class 1).
///
/// Means are over the rows looked at: all of them, or `rows` (repetitions count). Row weights s, where taken, are those
/// of all n rows; empty: ones. A pass is 2 n d K multiplications for losses and 4 n d K for gradients (n d: the number
/// of nonzeros where sparse). Dense rows are taken in blocks that stay in the cache between the product that gives the
/// outputs and the one that gives the gradient, so that data are read from memory once. Parallel over chunks whose
/// number depends on the data only, summed in order: threads change no bit. Members may be called from several threads.
class SoftmaxRegression {
 public:
  using Weights = Eigen::Ref<const Eigen::VectorXd>;
  using Rows = std::span<const Eigen::Index>;

  /// Throws InputError: no rows, sizes that differ, fewer than two classes, a label outside [0, classes).
  SoftmaxRegression(DesignRows x, std::vector<int> labels, int classes, Parallel parallel = {});

  [[nodiscard]] Eigen::Index rows() const { return x_.rows(); }
  [[nodiscard]] Eigen::Index features() const { return x_.features(); }
  [[nodiscard]] int classes() const { return classes_; }
  [[nodiscard]] Eigen::Index outputs() const { return classes_ == 2 ? 1 : classes_; }
  [[nodiscard]] Eigen::Index parameters() const { return outputs() * features(); }
  [[nodiscard]] const std::vector<int>& labels() const { return labels_; }
  [[nodiscard]] const DesignRows& data() const { return x_; }

  /// mean s_i CE_i(w)
  [[nodiscard]] double loss(const Weights& w, const Weights& s = Eigen::VectorXd(), Rows rows = {}) const;
  /// The gradient of loss() to `out`; returns the loss.
  double gradient(const Weights& w, Eigen::VectorXd& out, const Weights& s = Eigen::VectorXd(), Rows rows = {}) const;
  /// CE_i(w) of the rows looked at, in their order.
  void losses(const Weights& w, Eigen::VectorXd& out, Rows rows = {}) const;
  /// The second derivative of loss() times v.
  void curvature(const Weights& w, const Weights& v, Eigen::VectorXd& out, const Weights& s = Eigen::VectorXd(),
                 Rows rows = {}) const;
  /// <grad CE_i(w), v> of the rows looked at, in their order: one forward pass, no per-row gradients.
  void slopes(const Weights& w, const Weights& v, Eigen::VectorXd& out, Rows rows = {}) const;
  /// The most probable class of each row.
  [[nodiscard]] std::vector<int> predict(const Weights& w) const;
  /// Share of rows whose most probable class is not their label.
  [[nodiscard]] double error(const Weights& w) const;

 private:
  struct Block;
  template <class Work>
  void pass(Rows rows, Eigen::VectorXd* sum, const Work& work) const;
  void gather(Rows rows, Eigen::Index begin, Eigen::Index end, Block& block) const;
  void outputs_of(const Block& block, const Weights& w, Eigen::MatrixXd& out) const;
  void add_gradient(const Block& block, const Eigen::MatrixXd& residuals, Eigen::Ref<Eigen::MatrixXd> sum) const;

  DesignRows x_;
  std::vector<int> labels_;
  int classes_;
  Parallel parallel_;
};

}  // namespace offprint::optimize
