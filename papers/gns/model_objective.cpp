#include "model_objective.hpp"

#include <algorithm>
#include <limits>
#include <optional>

#include <fmt/format.h>

#include "offprint/core/error.hpp"
#include "offprint/io/table_file.hpp"
#include "offprint/nn/torch/script_loss.hpp"

namespace offprint::papers::gns {

using Eigen::VectorXd;
using optimize::Curvature;
using optimize::HessianKind;
using optimize::Point;

struct ModelObjective::Parts {
  nn::ScriptModel model;
  std::optional<nn::ScriptLoss> loss{};
  double l2 = 0;
  bool classes = false;
};

namespace {

nn::Loss loss_of(const std::string& name) {
  if (name == "softmax") return nn::Loss::kCrossEntropy;
  if (name == "squared") return nn::Loss::kMse;
  if (name == "logistic") return nn::Loss::kBce;
  throw InputError(
      fmt::format("--loss {} is not one for a --model: softmax (cross-entropy of its outputs), logistic (of one logit, "
                  "targets 0 and "
                  "1) or squared",
                  name));
}

}  // namespace

ModelObjective::ModelObjective(Run& run) {
  const Options& o = run.options();
  if (!o.has("data")) throw InputError("--model needs --data: the inputs to train on");
  if (!o.has("targets")) throw InputError("--model needs --targets: class numbers, or the outputs wanted");
  const nn::Loss loss = loss_of(o.text("loss"));
  parts_ = std::make_unique<Parts>(Parts{nn::ScriptModel::load(o.path("model"), {.device = run.device()})});
  parts_->l2 = o.real("l2");
  parts_->classes = loss == nn::Loss::kCrossEntropy;
  nn::Labelled data = nn::read_inputs(o.path("data").string());
  const nn::ScriptLossOptions options{.parallel = run.parallel()};
  if (parts_->classes) {
    data.labels = nn::read_labels(o.path("targets").string(), data.size());
    data.classes = *std::max_element(data.labels.begin(), data.labels.end()) + 1;
    parts_->loss.emplace(parts_->model, data, loss, options);
    return;
  }
  const auto file = io::read_matrix(o.path("targets").string());
  if (file.values.rows() != data.size())
    throw InputError(fmt::format("{} has targets of {} samples but {} has {}", o.path("targets").string(),
                                 file.values.rows(), o.path("data").string(), data.size()));
  parts_->loss.emplace(parts_->model, data, file.values.transpose(), loss, options);
}

ModelObjective::~ModelObjective() = default;

Eigen::Index ModelObjective::dimension() const { return parts_->model.size(); }

void ModelObjective::value(Point& point) const {
  parts_->model.set_theta(point.x);
  point.gradient.resize(dimension());
  point.value = parts_->loss->gradient(point.gradient) + parts_->l2 / 2 * point.x.squaredNorm();
  point.gradient += parts_->l2 * point.x;
}

bool ModelObjective::supports(HessianKind kind) const {
  return kind == HessianKind::kExact || kind == HessianKind::kGaussNewton || kind == HessianKind::kFisher;
}

Curvature ModelObjective::curvature(const Point& point, HessianKind kind) const {
  require_support(*this, kind);
  const linalg::SymmetricOperator inner = kind == HessianKind::kExact    ? parts_->loss->hessian()
                                          : kind == HessianKind::kFisher ? parts_->loss->empirical_fisher()
                                                                         : parts_->loss->gauss_newton();
  optimize::OperatorCurvature h;
  h.product.size = dimension();
  // The operator follows the model's parameters, and a trial has moved them: each product puts them back.
  h.product.apply = [this, inner, x = point.x](const auto& v, auto y) {
    parts_->model.set_theta(x);
    inner.apply(v, y);
    y += parts_->l2 * v;
  };
  return h;
}

VectorXd ModelObjective::start() const { return parts_->model.theta(); }

bool ModelObjective::single_precision() const { return parts_->model.single_precision(); }

double ModelObjective::accuracy(const VectorXd& x) const {
  if (!parts_->classes) return std::numeric_limits<double>::quiet_NaN();
  parts_->model.set_theta(x);
  return parts_->loss->accuracy();
}

void ModelObjective::save(const VectorXd& x, const std::filesystem::path& path) const {
  parts_->model.set_theta(x);
  parts_->model.save(path);
}

}  // namespace offprint::papers::gns
