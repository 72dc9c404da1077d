// Choosing L2 penalties on a validation set: one per feature, or one per group of features.
#pragma once

#include <cstdint>
#include <vector>

#include "offprint/optimize/bilevel_problem.hpp"
#include "offprint/optimize/softmax_regression.hpp"

namespace offprint::optimize {

struct L2SelectionOptions {
  /// Group of each feature, 0, 1, ...; -1: not penalised beyond `floor` (an intercept).
  std::vector<int> groups{};
  /// A penalty that every weight has beside its group's: keeps the lower level strongly convex.
  double floor = 1e-6;
  double lowest = -20;  ///< X is the box [lowest, highest] for every log penalty
  double highest = 10;
  Eigen::Index lower_batch = 0;  ///< as in CleaningOptions
  Eigen::Index upper_batch = 0;
  std::uint64_t seed = 0;
};

/// x = log lambda, an entry per group; g(x, y) = mean CE(y) + 1/2 sum_j (exp(x_group(j)) + floor) |y_j|^2 over training
/// rows (y_j: the weights of feature j), f = mean CE over validation rows. For two classes it is logistic regression
/// with scikit-learn's C = 1/(n lambda).
class L2Selection final : public BilevelProblem {
 public:
  /// Both must outlive this. Throws InputError: features or classes that differ, groups that do not number 0..k-1 or
  /// are not one per feature, floor <= 0, lowest > highest ("X is empty").
  L2Selection(const SoftmaxRegression& train, const SoftmaxRegression& validation, L2SelectionOptions options);

  [[nodiscard]] Eigen::Index dimension_x() const override { return groups_; }
  [[nodiscard]] Eigen::Index dimension_y() const override { return train_.parameters(); }
  [[nodiscard]] double f(const VectorRef& x, const VectorRef& y, const Sample& sample = {}) const override;
  [[nodiscard]] double g(const VectorRef& x, const VectorRef& y, const Sample& sample = {}) const override;
  void f_x(const VectorRef& x, const VectorRef& y, Eigen::VectorXd& out, const Sample& sample = {}) const override;
  void f_y(const VectorRef& x, const VectorRef& y, Eigen::VectorXd& out, const Sample& sample = {}) const override;
  void g_x(const VectorRef& x, const VectorRef& y, Eigen::VectorXd& out, const Sample& sample = {}) const override;
  void g_y(const VectorRef& x, const VectorRef& y, Eigen::VectorXd& out, const Sample& sample = {}) const override;
  [[nodiscard]] bool second_order() const override { return true; }
  void hvp(const VectorRef& x, const VectorRef& y, const VectorRef& v, Eigen::VectorXd& out,
           const Sample& sample = {}) const override;
  void jvp(const VectorRef& x, const VectorRef& y, const VectorRef& v, Eigen::VectorXd& out,
           const Sample& sample = {}) const override;
  void project_x(Eigen::VectorXd& x) const override;
  [[nodiscard]] std::uint64_t rows_upper(const Sample& sample) const override;
  [[nodiscard]] std::uint64_t rows_lower(const Sample& sample) const override;

 private:
  /// exp(x_group(j)) + floor for each parameter.
  void penalties(const VectorRef& x, Eigen::VectorXd& out) const;

  const SoftmaxRegression& train_;
  const SoftmaxRegression& validation_;
  L2SelectionOptions options_;
  Eigen::Index groups_ = 0;
};

}  // namespace offprint::optimize
