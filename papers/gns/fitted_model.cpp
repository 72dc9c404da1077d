#include "fitted_model.hpp"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>
#include <vector>

#include <fmt/format.h>

#include "offprint/core/error.hpp"
#include "offprint/optimize/ranking.hpp"

namespace offprint::papers::gns {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

namespace {
constexpr const char* kFormat = "offprint gns model 1";
}

Task FittedModel::task() const {
  if (loss == "logistic") return Task::kBinary;
  return loss == "softmax" ? Task::kClasses : Task::kNumbers;
}

Json to_json(const FittedModel& model) {
  Json json;
  json["format"] = kFormat;
  json["loss"] = model.loss;
  json["classes"] = model.classes;
  json["features"] = model.features;
  json["intercept"] = model.intercept;
  json["certificate"] = model.certificate;
  json["weights"] = Json::array();
  for (Index i = 0; i < model.weights.rows(); ++i) {
    std::vector<double> row(static_cast<std::size_t>(model.weights.cols()));
    for (Index j = 0; j < model.weights.cols(); ++j) row[static_cast<std::size_t>(j)] = model.weights(i, j);
    json["weights"].push_back(row);
  }
  return json;
}

FittedModel read_model(const std::filesystem::path& path) {
  std::ifstream file(path);
  if (!file)
    throw InputError(fmt::format("{}: cannot be read; give the model.json that fit has written", path.string()));
  FittedModel model;
  try {
    const Json json = Json::parse(file);
    if (json.at("format") != kFormat) throw InputError("other");
    model.loss = json.at("loss");
    model.classes = json.at("classes").get<std::vector<std::string>>();
    model.features = json.at("features").get<std::vector<std::string>>();
    model.intercept = json.at("intercept");
    model.certificate = json.at("certificate");
    const auto rows = json.at("weights").get<std::vector<std::vector<double>>>();
    if (rows.empty() || rows.front().empty()) throw InputError("empty");
    model.weights.resize(static_cast<Index>(rows.size()), static_cast<Index>(rows.front().size()));
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (rows[i].size() != rows.front().size()) throw InputError("ragged");
      model.weights.row(static_cast<Index>(i)) =
          Eigen::Map<const VectorXd>(rows[i].data(), static_cast<Index>(rows[i].size())).transpose();
    }
  } catch (const std::exception&) {
    throw InputError(fmt::format("{}: this is not a model that fit has written (or it is damaged)", path.string()));
  }
  return model;
}

Prediction predict(const FittedModel& model, const Dataset& data) {
  Prediction out;
  const MatrixXd w = model.weights.leftCols(model.columns()).transpose();
  out.scores = data.is_sparse ? MatrixXd(data.sparse * w) : MatrixXd(data.dense * w);
  if (model.intercept) out.scores.rowwise() += model.weights.rightCols(1).col(0).transpose();
  const Index m = out.scores.rows();
  if (model.loss == "logistic") {
    out.probabilities.resize(m, 2);
    for (Index i = 0; i < m; ++i) {
      const double z = out.scores(i, 0);
      const double e = std::exp(-std::abs(z));
      out.probabilities(i, 1) = (z >= 0 ? 1 : e) / (1 + e);
      out.probabilities(i, 0) = (z >= 0 ? e : 1) / (1 + e);
      out.label.push_back(z > 0 ? 1 : 0);
      if (z == 0) ++out.ties;
    }
  } else if (model.loss == "softmax") {
    out.probabilities = (out.scores.colwise() - out.scores.rowwise().maxCoeff()).array().exp();
    const VectorXd sum = out.probabilities.rowwise().sum();
    out.probabilities.array().colwise() /= sum.array();
    for (Index i = 0; i < m; ++i) {
      Index best = 0;
      const double top = out.scores.row(i).maxCoeff(&best);
      out.label.push_back(static_cast<int>(best));
      if ((out.scores.row(i).array() == top).count() > 1) ++out.ties;
    }
  } else {
    out.mean = out.scores.col(0);
    if (model.loss == "poisson") out.mean = out.mean.array().exp();
  }
  return out;
}

double area_under_roc(const VectorXd& score, const VectorXd& positive) {
  std::vector<bool> is_positive;
  for (const double p : positive) is_positive.push_back(p != 0);
  const double count = positive.sum();
  if (count == 0 || count == static_cast<double>(positive.size())) return std::numeric_limits<double>::quiet_NaN();
  return optimize::area_under_curve(score, is_positive);
}

Quality quality(const FittedModel& model, const Prediction& prediction, const Dataset& data) {
  Quality out;
  const Index m = data.targets.size();
  out.auc = std::numeric_limits<double>::quiet_NaN();
  if (model.task() == Task::kNumbers) {
    out.mse = (prediction.mean - data.targets).squaredNorm() / static_cast<double>(m);
    return out;
  }
  Index right = 0;
  for (Index i = 0; i < m; ++i) {
    const auto truth = static_cast<Index>(data.targets(i));
    const bool tie = model.loss == "logistic"
                         ? prediction.scores(i, 0) == 0
                         : (prediction.scores.row(i).array() == prediction.scores.row(i).maxCoeff()).count() > 1;
    right += !tie && prediction.label[static_cast<std::size_t>(i)] == truth ? 1 : 0;
    out.log_loss -= std::log(std::max(prediction.probabilities(i, truth), 1e-300));
  }
  out.accuracy = static_cast<double>(right) / static_cast<double>(m);
  out.log_loss /= static_cast<double>(m);
  if (model.loss == "logistic") out.auc = area_under_roc(prediction.scores.col(0), data.targets);
  return out;
}

}  // namespace offprint::papers::gns
