// Data hyper-cleaning: one weight per training row, chosen so that the model trained with them does well on a small
// clean validation set.
#pragma once

#include <cstdint>

#include "offprint/optimize/bilevel_problem.hpp"
#include "offprint/optimize/softmax_regression.hpp"

namespace offprint::optimize {

struct CleaningOptions {
  double ridge = 1e-3;  ///< c
  /// Rows that a sample draws (with replacement) of the training and validation rows; 0: all of them, whatever the
  /// sample.
  Eigen::Index lower_batch = 0;
  Eigen::Index upper_batch = 0;
  std::uint64_t seed = 0;
};

/// g(x, y) = mean_i sigmoid(x_i) CE_i(y) + c |y|^2 over training rows, f(x, y) = mean CE(y) over validation rows: x has
/// an entry per training row, y is a linear model (SoftmaxRegression's parameters). f does not depend on x.
/// x_i near 0: half weight; far below: the row is as good as removed.
class HyperCleaning final : public BilevelProblem {
 public:
  /// Both must outlive this. Throws InputError: features or classes that differ, c < 0, negative batches.
  HyperCleaning(const SoftmaxRegression& train, const SoftmaxRegression& validation, const CleaningOptions& options);

  [[nodiscard]] Eigen::Index dimension_x() const override { return train_.rows(); }
  [[nodiscard]] Eigen::Index dimension_y() const override { return train_.parameters(); }
  [[nodiscard]] double f(const VectorRef& x, const VectorRef& y, const Sample& sample = {}) const override;
  [[nodiscard]] double g(const VectorRef& x, const VectorRef& y, const Sample& sample = {}) const override;
  void f_x(const VectorRef& x, const VectorRef& y, Eigen::VectorXd& out, const Sample& sample = {}) const override;
  void f_y(const VectorRef& x, const VectorRef& y, Eigen::VectorXd& out, const Sample& sample = {}) const override;
  void g_x(const VectorRef& x, const VectorRef& y, Eigen::VectorXd& out, const Sample& sample = {}) const override;
  void g_y(const VectorRef& x, const VectorRef& y, Eigen::VectorXd& out, const Sample& sample = {}) const override;
  /// sigmoid'(x_i) (CE_i(y) - CE_i(z))/n: two forward passes.
  void g_x_difference(const VectorRef& x, const VectorRef& y, const VectorRef& z, Eigen::VectorXd& out,
                      const Sample& sample = {}) const override;
  [[nodiscard]] bool second_order() const override { return true; }
  void hvp(const VectorRef& x, const VectorRef& y, const VectorRef& v, Eigen::VectorXd& out,
           const Sample& sample = {}) const override;
  /// sigmoid'(x_i) <grad CE_i(y), v>/n: one forward pass with tangents.
  void jvp(const VectorRef& x, const VectorRef& y, const VectorRef& v, Eigen::VectorXd& out,
           const Sample& sample = {}) const override;
  [[nodiscard]] std::uint64_t rows_upper(const Sample& sample) const override;
  [[nodiscard]] std::uint64_t rows_lower(const Sample& sample) const override;

  /// sigmoid(x), entry by entry.
  [[nodiscard]] static Eigen::VectorXd weights(const VectorRef& x);

 private:
  [[nodiscard]] std::vector<Eigen::Index> lower_rows(const Sample& sample) const;
  [[nodiscard]] std::vector<Eigen::Index> upper_rows(const Sample& sample) const;
  void scatter(const VectorRef& x, const Eigen::VectorXd& each, const std::vector<Eigen::Index>& rows,
               Eigen::VectorXd& out) const;

  const SoftmaxRegression& train_;
  const SoftmaxRegression& validation_;
  CleaningOptions options_;
};

}  // namespace offprint::optimize
