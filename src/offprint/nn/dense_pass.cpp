#include "offprint/nn/dense_pass.hpp"

#include <fmt/format.h>

#include "offprint/core/error.hpp"
#include "offprint/linalg/lapack.hpp"

namespace offprint::nn::dense {

using linalg::Op;

std::vector<Eigen::MatrixXd> forward(const Mlp& net, const Eigen::Ref<const Eigen::VectorXd>& theta,
                                     const Eigen::Ref<const Eigen::MatrixXd>& inputs, std::size_t depth) {
  if (theta.size() != net.parameters())
    throw InputError(fmt::format("{} parameters given; the network has {}", theta.size(), net.parameters()));
  if (inputs.rows() != net.inputs())
    throw InputError(fmt::format("samples of {} values given; the network takes {}", inputs.rows(), net.inputs()));
  std::vector<Eigen::MatrixXd> activations(depth);
  const bool to_outputs = depth == net.layers().size();
  for (std::size_t l = 0; l < depth; ++l) {
    const Mlp::Layer& layer = net.layers()[l];
    Eigen::MatrixXd& a = activations[l];
    a.resize(layer.out, inputs.cols());
    const auto w = weights(theta.data(), layer);
    if (l == 0)
      linalg::multiply_into(a, 1.0, w, Op::kAdjoint, inputs, Op::kNone, 0.0);
    else
      linalg::multiply_into(a, 1.0, w, Op::kAdjoint, activations[l - 1], Op::kNone, 0.0);
    if (layer.bias >= 0) a.colwise() += theta.segment(layer.bias, layer.out);
    if (to_outputs && l + 1 == depth) break;
    switch (net.activation()) {
      case Activation::kRelu:
        a = a.cwiseMax(0.0);
        break;
      case Activation::kTanh:
        a = a.array().tanh();
        break;
      case Activation::kIdentity:
        break;
    }
  }
  return activations;
}

void times_slope(Activation activation, const Eigen::Ref<const Eigen::MatrixXd>& a, Eigen::Ref<Eigen::MatrixXd> delta) {
  switch (activation) {
    case Activation::kRelu:
      delta = (a.array() > 0.0).select(delta, 0.0);
      break;
    case Activation::kTanh:
      delta.array() *= 1.0 - a.array().square();
      break;
    case Activation::kIdentity:
      break;
  }
}

bool second_slope(Activation activation, const Eigen::Ref<const Eigen::MatrixXd>& a, Eigen::MatrixXd& slope) {
  if (activation != Activation::kTanh) return false;
  slope = -2.0 * a.array() * (1.0 - a.array().square());
  return true;
}

}  // namespace offprint::nn::dense
