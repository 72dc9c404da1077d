#include "offprint/optimize/torch/script_objective.hpp"

#include <utility>

#include "offprint/core/error.hpp"

namespace offprint::optimize {

using Eigen::VectorXd;

ScriptObjective::ScriptObjective(nn::ScriptModel model, const nn::Labelled& data, double l2,
                                 const nn::ScriptLossOptions& options)
    : model_(std::move(model)),
      loss_(model_, data, nn::Loss::kCrossEntropy, options),
      l2_(l2),
      start_(model_.theta()) {}

ScriptObjective::ScriptObjective(nn::ScriptModel model, const nn::Labelled& data, const Eigen::MatrixXd& targets,
                                 nn::Loss loss, double l2, const nn::ScriptLossOptions& options)
    : model_(std::move(model)), loss_(model_, data, targets, loss, options), l2_(l2), start_(model_.theta()) {}

void ScriptObjective::value(Point& point) const {
  model_.set_theta(point.x);
  point.gradient.resize(dimension());
  point.value = loss_.gradient(point.gradient) + l2_ / 2 * point.x.squaredNorm();
  point.gradient += l2_ * point.x;
}

bool ScriptObjective::supports(HessianKind kind) const {
  return kind == HessianKind::kExact || kind == HessianKind::kGaussNewton || kind == HessianKind::kFisher;
}

Curvature ScriptObjective::curvature(const Point& point, HessianKind kind) const {
  require_support(*this, kind);
  const linalg::SymmetricOperator inner = kind == HessianKind::kExact    ? loss_.hessian()
                                          : kind == HessianKind::kFisher ? loss_.empirical_fisher()
                                                                         : loss_.gauss_newton();
  OperatorCurvature h;
  h.product.size = dimension();
  // The operator follows the model's parameters, and a trial has moved them: each product puts them back.
  h.product.apply = [this, inner, x = point.x](const auto& v, auto y) {
    model_.set_theta(x);
    inner.apply(v, y);
    y += l2_ * v;
  };
  return h;
}

double ScriptObjective::accuracy(const VectorXd& x) const {
  model_.set_theta(x);
  return loss_.accuracy();
}

void ScriptObjective::save(const VectorXd& x, const std::filesystem::path& path) const {
  model_.set_theta(x);
  model_.save(path);
}

}  // namespace offprint::optimize
