// Data hyper-cleaning of texts: a score for each training text, found by the loss on a few clean ones.
#pragma once

#include <cstdint>

#include <Eigen/Core>

#include "offprint/optimize/bilevel_problem.hpp"
#include "offprint/optimize/text_loss.hpp"

namespace offprint::optimize {

struct TextCleaningOptions {
  double decay = 1e-3;          ///< c; from about 0.02 up it switches the recurrent network off
  std::size_t batch = 64;       ///< training texts a sample of g looks at
  std::size_t validation = 64;  ///< clean texts a sample of f looks at
  std::uint64_t seed = 0;       ///< of the batches
};

/// x: a score for each training text, y: all weights of the network (the encoder, then the head).
///   f(x, y) = mean CE over the clean texts;  g(x, y) = mean over the training texts of sigmoid(x_i) CE_i(y) + c
///   ||y||^2
/// A sample is a batch without replacement (the mean over it in place of the whole). f does not depend on x. jvp is
/// analytic: entry i is sigmoid'(x_i) <grad CE_i, v> / B, all of them by one pass forward.
class TextCleaning final : public BilevelProblem {
 public:
  /// Throws InputError: no training or no clean texts, decay <= 0, empty batches.
  TextCleaning(TextLoss loss, LabelledRows train, LabelledRows clean, const TextCleaningOptions& options = {});

  [[nodiscard]] Eigen::Index dimension_x() const override { return static_cast<Eigen::Index>(train_.size()); }
  [[nodiscard]] Eigen::Index dimension_y() const override { return loss_.net().parameters(); }
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

  [[nodiscard]] const LabelledRows& train() const { return train_; }
  [[nodiscard]] const TextLoss& loss() const { return loss_; }
  /// Share of `rows` that the weights y label as they are labelled.
  [[nodiscard]] double accuracy(const VectorRef& y, const LabelledRows& rows) const;

 private:
  [[nodiscard]] std::vector<std::size_t> lower_batch(const Sample& sample) const;
  [[nodiscard]] LabelledRows upper_batch(const Sample& sample) const;
  [[nodiscard]] auto encoder(const VectorRef& y) const { return y.head(loss_.net().encoder_parameters()); }
  [[nodiscard]] auto head(const VectorRef& y) const { return y.tail(loss_.net().head_parameters()); }

  TextLoss loss_;
  LabelledRows train_;
  LabelledRows clean_;
  TextCleaningOptions options_;
};

/// sigmoid(x), entry by entry.
[[nodiscard]] Eigen::VectorXd sigmoid(const VectorRef& x);

}  // namespace offprint::optimize
