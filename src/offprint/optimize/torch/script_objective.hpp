// A TorchScript network's training loss as an objective. This header is free of LibTorch.
#pragma once

#include <filesystem>

#include "offprint/nn/torch/script_loss.hpp"
#include "offprint/nn/torch/script_model.hpp"
#include "offprint/optimize/objective.hpp"

namespace offprint::optimize {

/// The mean loss on a data set plus (l2/2)||theta||^2, as a function of the model's parameters. Kinds: exact,
/// gauss-newton, fisher (empirical), all as operators. Computes on the model's device.
class ScriptObjective final : public Objective {
 public:
  /// Takes the model. Cross-entropy takes the data's labels, the other losses `targets` (K x N). Throws what
  /// nn::ScriptLoss throws.
  ScriptObjective(nn::ScriptModel model, const nn::Labelled& data, double l2,
                  const nn::ScriptLossOptions& options = {});
  ScriptObjective(nn::ScriptModel model, const nn::Labelled& data, const Eigen::MatrixXd& targets, nn::Loss loss,
                  double l2, const nn::ScriptLossOptions& options = {});

  [[nodiscard]] Eigen::Index dimension() const override { return model_.size(); }
  /// Value and gradient cost one pass forward and one back together: value() sets both.
  void value(Point& point) const override;
  void gradient(Point& /*point*/) const override {}
  [[nodiscard]] bool supports(HessianKind kind) const override;
  [[nodiscard]] Curvature curvature(const Point& point, HessianKind kind) const override;

  [[nodiscard]] Eigen::VectorXd start() const { return start_; }  ///< the model's own parameters
  [[nodiscard]] bool single_precision() const { return model_.single_precision(); }
  /// Share of samples classified rightly at x.
  [[nodiscard]] double accuracy(const Eigen::VectorXd& x) const;
  void save(const Eigen::VectorXd& x, const std::filesystem::path& path) const;

 private:
  mutable nn::ScriptModel model_;
  nn::ScriptLoss loss_;
  double l2_ = 0;
  Eigen::VectorXd start_;
};

}  // namespace offprint::optimize
