// Training losses as functions of a network's outputs: value, gradient and second derivative.
#pragma once

#include <span>
#include <string_view>
#include <variant>

#include <Eigen/Core>

namespace offprint::nn {

enum class Loss {
  kCrossEntropy,  ///< softmax cross-entropy of K logits against a class
  kMse,           ///< half the squared error, summed over the outputs (the factor that makes its second derivative I)
  kBce,           ///< logistic loss of one logit per output against targets in [0, 1], summed over the outputs
  kL1,            ///< sum of absolute errors: no second derivative at zero, zero elsewhere
};

/// "cross-entropy", "mse", "bce", "l1". Throws InputError for another name.
[[nodiscard]] Loss parse_loss(std::string_view name);
[[nodiscard]] std::string_view loss_name(Loss loss);

/// A column of targets: a class number for cross-entropy, K numbers otherwise.
using TargetView = std::variant<int, Eigen::Ref<const Eigen::VectorXd>>;

/// The loss of one sample's outputs f (K).
[[nodiscard]] double loss_value(Loss loss, const Eigen::Ref<const Eigen::VectorXd>& f, const TargetView& target);

/// Its gradient with respect to f, written to g (K).
void loss_gradient(Loss loss, const Eigen::Ref<const Eigen::VectorXd>& f, const TargetView& target,
                   Eigen::Ref<Eigen::VectorXd> g);

/// y = A u with A the second derivative with respect to f: diag(p) - p p^T for cross-entropy, I for mse,
/// diag(s (1 - s)) for bce, 0 for l1.
void loss_curvature(Loss loss, const Eigen::Ref<const Eigen::VectorXd>& f, const Eigen::Ref<const Eigen::VectorXd>& u,
                    Eigen::Ref<Eigen::VectorXd> y);

/// A factor S with S S^T = A (K x K). For cross-entropy S = diag(sqrt p) - p sqrt(p)^T: S sqrt(p) = 0, S^T 1 = 0.
[[nodiscard]] Eigen::MatrixXd curvature_factor(Loss loss, const Eigen::Ref<const Eigen::VectorXd>& f);

/// Softmax of a column of logits, without overflow.
[[nodiscard]] Eigen::VectorXd softmax(const Eigen::Ref<const Eigen::VectorXd>& logits);

}  // namespace offprint::nn
