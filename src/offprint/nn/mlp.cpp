#include "offprint/nn/mlp.hpp"

#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "offprint/core/error.hpp"
#include "offprint/nn/dense_pass.hpp"

namespace offprint::nn {

Mlp::Mlp(std::vector<Eigen::Index> widths, Activation activation, bool output_bias) : activation_(activation) {
  if (widths.size() < 2)
    throw InputError(fmt::format("{} layer widths given; a network needs its inputs and outputs", widths.size()));
  for (std::size_t l = 0; l + 1 < widths.size(); ++l) {
    if (widths[l] < 1 || widths[l + 1] < 1)
      throw InputError(
          fmt::format("layer width {} is {}; widths are at least 1", l, std::min(widths[l], widths[l + 1])));
    Layer layer{widths[l], widths[l + 1], parameters_, -1};
    parameters_ += layer.in * layer.out;
    if (output_bias || l + 2 < widths.size()) {
      layer.bias = parameters_;
      parameters_ += layer.out;
    }
    layers_.push_back(layer);
  }
}

Eigen::VectorXd Mlp::initial(Stream random) const {
  Eigen::VectorXd theta(parameters_);
  for (const Layer& layer : layers_) {
    const double bound = 1.0 / std::sqrt(static_cast<double>(layer.in));
    const Eigen::Index end = layer.bias < 0 ? layer.weight + layer.in * layer.out : layer.bias + layer.out;
    for (Eigen::Index i = layer.weight; i < end; ++i) theta[i] = random.uniform(-bound, bound);
  }
  return theta;
}

Eigen::MatrixXd Mlp::evaluate(const Eigen::Ref<const Eigen::VectorXd>& theta,
                              const Eigen::Ref<const Eigen::MatrixXd>& inputs) const {
  return dense::forward(*this, theta, inputs, layers_.size()).back();
}

Eigen::MatrixXd Mlp::features(const Eigen::Ref<const Eigen::VectorXd>& theta,
                              const Eigen::Ref<const Eigen::MatrixXd>& inputs, Eigen::Index layer) const {
  const auto hidden = static_cast<Eigen::Index>(layers_.size()) - 1;
  if (layer < 1 || layer > hidden)
    throw InputError(fmt::format("hidden layer {} was asked for; the network has {}", layer, hidden));
  return dense::forward(*this, theta, inputs, static_cast<std::size_t>(layer)).back();
}

Eigen::VectorXd Mlp::weight_decay(double features, double classifier) const {
  Eigen::VectorXd decay = Eigen::VectorXd::Constant(parameters_, features);
  decay.tail(parameters_ - layers_.back().weight).setConstant(classifier);
  return decay;
}

}  // namespace offprint::nn
