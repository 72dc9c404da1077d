// Hyper-parameter optimisation on text: an L2 weight for each group of a recurrent network's weights.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include <Eigen/Core>

#include "offprint/optimize/bilevel_problem.hpp"
#include "offprint/optimize/text_loss.hpp"

namespace offprint::optimize {

struct TextRegularizationOptions {
  std::size_t batch = 64;       ///< training texts a sample of g looks at
  std::size_t validation = 64;  ///< validation texts a sample of f looks at
  std::uint64_t seed = 0;
  bool common = false;  ///< one weight for all groups instead of three
};

/// x: log L2 weights of the groups below (or one common one), y: all weights of the network.
///   f(x, y) = mean CE over the validation texts;  g(x, y) = mean CE over the training texts + sum_j exp(x_j)/2
///   ||y_j||^2
/// X = [-15, 5] each: outside the weight is nil, or the network off. f does not depend on x.
class TextRegularization final : public BilevelProblem {
 public:
  static constexpr std::array<const char*, 3> kGroups{"embedding to hidden (and its bias)", "hidden to hidden", "head"};

  /// Throws InputError: no training or validation texts, empty batches.
  TextRegularization(TextLoss loss, LabelledRows train, LabelledRows validation,
                     const TextRegularizationOptions& options = {});

  [[nodiscard]] Eigen::Index dimension_x() const override { return options_.common ? 1 : 3; }
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
  void project_x(Eigen::VectorXd& x) const override;
  [[nodiscard]] std::uint64_t rows_upper(const Sample& sample) const override;
  [[nodiscard]] std::uint64_t rows_lower(const Sample& sample) const override;
  [[nodiscard]] double accuracy(const VectorRef& y, const LabelledRows& rows) const;

 private:
  [[nodiscard]] LabelledRows rows(const LabelledRows& all, const Sample& sample, bool upper) const;
  void gradient(const VectorRef& y, const LabelledRows& batch, Eigen::VectorXd& out) const;
  [[nodiscard]] auto encoder(const VectorRef& y) const { return y.head(loss_.net().encoder_parameters()); }
  [[nodiscard]] auto head(const VectorRef& y) const { return y.tail(loss_.net().head_parameters()); }
  /// exp(x_j) of the group of each weight.
  [[nodiscard]] Eigen::VectorXd penalties(const VectorRef& x) const;

  TextLoss loss_;
  LabelledRows train_;
  LabelledRows validation_;
  TextRegularizationOptions options_;
  struct Section {
    Eigen::Index group = 0;
    Eigen::Index first = 0;
    Eigen::Index count = 0;
  };
  std::vector<Section> sections_{};  // of y
};

}  // namespace offprint::optimize
