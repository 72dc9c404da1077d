// One pass through a dense network, layer by layer: shared by its evaluation and its derivatives.
#pragma once

#include <vector>

#include <Eigen/Core>

#include "offprint/nn/mlp.hpp"

namespace offprint::nn::dense {

/// W^T of a layer (in x out), inside the flat vector: PyTorch's row-major W read column by column.
[[nodiscard]] inline Eigen::Map<const Eigen::MatrixXd> weights(const double* theta, const Mlp::Layer& layer) {
  return {theta + layer.weight, layer.in, layer.out};
}
[[nodiscard]] inline Eigen::Map<Eigen::MatrixXd> weights(double* theta, const Mlp::Layer& layer) {
  return {theta + layer.weight, layer.in, layer.out};
}

/// The activations behind layers 1..depth (without the inputs). Throws InputError when sizes do not match.
[[nodiscard]] std::vector<Eigen::MatrixXd> forward(const Mlp& net, const Eigen::Ref<const Eigen::VectorXd>& theta,
                                                   const Eigen::Ref<const Eigen::MatrixXd>& inputs, std::size_t depth);

/// delta *= s'(z), given a = s(z).
void times_slope(Activation activation, const Eigen::Ref<const Eigen::MatrixXd>& a, Eigen::Ref<Eigen::MatrixXd> delta);

/// s''(z) elementwise, given a = s(z); false when it vanishes everywhere (relu, identity).
[[nodiscard]] bool second_slope(Activation activation, const Eigen::Ref<const Eigen::MatrixXd>& a,
                                Eigen::MatrixXd& slope);

}  // namespace offprint::nn::dense
