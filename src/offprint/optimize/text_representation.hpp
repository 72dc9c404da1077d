// Hyper-representation of texts: one recurrent encoder for many small tasks, a linear adapter fitted on top of it.
#pragma once

#include <cstdint>
#include <vector>

#include <Eigen/Core>

#include "offprint/optimize/bilevel_problem.hpp"
#include "offprint/optimize/text_loss.hpp"

namespace offprint::optimize {

/// A few labelled texts to fit on, and others to be judged by.
struct TextTask {
  LabelledRows support;
  LabelledRows query;
};

struct TextRepresentationOptions {
  double decay = 1e-2;     ///< mu, which makes g strongly convex in y
  std::size_t tasks = 8;   ///< tasks a sample looks at
  std::uint64_t seed = 0;  ///< of the order of the tasks
};

/// x: the encoder's weights, y: the adapter's (the head's), shared by all tasks.
///   f(x, y) = mean CE over the tasks' queries;  g(x, y) = mean CE over their supports + mu/2 ||y||^2
/// f depends on x directly, through the encoder: f_x is not zero. Sample k is the k-th group of tasks in passes over
/// all of them, each pass in an order of its own; upper and lower samples have different orders.
class TextRepresentation final : public BilevelProblem {
 public:
  /// Throws InputError: no tasks, a task without support or query, decay <= 0.
  TextRepresentation(TextLoss loss, std::vector<TextTask> tasks, const TextRepresentationOptions& options = {});

  [[nodiscard]] Eigen::Index dimension_x() const override { return loss_.net().encoder_parameters(); }
  [[nodiscard]] Eigen::Index dimension_y() const override { return loss_.net().head_parameters(); }
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
  [[nodiscard]] std::uint64_t rows_upper(const Sample& sample) const override;
  [[nodiscard]] std::uint64_t rows_lower(const Sample& sample) const override;

  [[nodiscard]] const TextLoss& loss() const { return loss_; }
  [[nodiscard]] const std::vector<TextTask>& tasks() const { return tasks_; }

 private:
  [[nodiscard]] LabelledRows upper_rows(const Sample& sample) const;
  [[nodiscard]] LabelledRows lower_rows(const Sample& sample) const;
  [[nodiscard]] std::vector<std::size_t> group(const Sample& sample, bool upper) const;

  TextLoss loss_;
  std::vector<TextTask> tasks_;
  TextRepresentationOptions options_;
};

struct AdapterOptions {
  double decay = 1e-2;  ///< mu
  /// Full-batch gradient descent from zero. 0: one over a bound of the curvature, mean(|f|^2 + 1)/2 + mu, which always
  /// descends; a fixed step above twice that oscillates, and then the adapter answers constantly.
  double step = 0;
  std::uint64_t steps = 1000;
};

/// Fits a linear adapter on features (d x n) with `classes` classes and returns its accuracy on others (d x m).
[[nodiscard]] double adapted_accuracy(const Eigen::MatrixXd& support, const std::vector<int>& support_labels,
                                      const Eigen::MatrixXd& query, const std::vector<int>& query_labels,
                                      Eigen::Index classes, const AdapterOptions& options = {});

}  // namespace offprint::optimize
