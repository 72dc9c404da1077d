// A TorchScript network's training loss as an objective.
#pragma once

#include <memory>

#include "offprint/core/run.hpp"
#include "offprint/nn/torch/script_model.hpp"
#include "offprint/optimize/objective.hpp"

namespace offprint::papers::gns {

/// The mean loss over the data of --data and --targets plus (l2/2)||theta||^2, as a function of the model's parameters.
/// Kinds: exact, gauss-newton, fisher (empirical), all as operators. Computes on the run's device.
class ModelObjective : public optimize::Objective {
 public:
  /// Reads --model, --data, --targets, --loss, --l2. Throws InputError for what is missing or does not fit,
  /// NotAvailable without LibTorch.
  explicit ModelObjective(Run& run);
  ~ModelObjective() override;

  [[nodiscard]] Eigen::Index dimension() const override;
  void value(optimize::Point& point) const override;
  void gradient(optimize::Point& /*point*/) const override {}  // value() has set it
  [[nodiscard]] bool supports(optimize::HessianKind kind) const override;
  [[nodiscard]] optimize::Curvature curvature(const optimize::Point& point, optimize::HessianKind kind) const override;

  [[nodiscard]] Eigen::VectorXd start() const;
  [[nodiscard]] bool single_precision() const;
  /// Share of samples classified rightly at x; NaN for regression.
  [[nodiscard]] double accuracy(const Eigen::VectorXd& x) const;
  void save(const Eigen::VectorXd& x, const std::filesystem::path& path) const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace offprint::papers::gns
