// A fitted linear model: its file, its scores, and how good they are.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <Eigen/Core>

#include "input.hpp"
#include "offprint/core/card.hpp"

namespace offprint::papers::gns {

struct FittedModel {
  std::string loss;                   ///< logistic, softmax, squared, poisson, logsumexp
  std::vector<std::string> classes;   ///< of logistic (the second is the positive one) and softmax
  std::vector<std::string> features;  ///< columns of the table it was trained on; empty for LIBSVM
  bool intercept = false;
  Eigen::MatrixXd weights;            ///< rows: classes (softmax) or 1; columns: features, then the intercept
  Json certificate = Json::object();  ///< how it was reached

  [[nodiscard]] Eigen::Index columns() const { return weights.cols() - (intercept ? 1 : 0); }
  [[nodiscard]] Task task() const;
};

[[nodiscard]] Json to_json(const FittedModel& model);
/// Throws InputError naming the file: not a model of this action, or damaged.
[[nodiscard]] FittedModel read_model(const std::filesystem::path& path);

/// What a model says of rows that were brought to its columns (without intercept).
struct Prediction {
  Eigen::MatrixXd scores;         ///< rows x outputs
  Eigen::MatrixXd probabilities;  ///< rows x classes; empty for regression
  Eigen::VectorXd mean;           ///< of regression
  std::vector<int> label;         ///< most probable class
  Eigen::Index ties = 0;          ///< rows whose two best classes score the same
};
[[nodiscard]] Prediction predict(const FittedModel& model, const Dataset& data);

/// Beside known targets.
struct Quality {
  double accuracy = 0;
  double log_loss = 0;
  double auc = 0;  ///< NaN unless binary with both classes
  double mse = 0;
};
/// Ties count as errors.
[[nodiscard]] Quality quality(const FittedModel& model, const Prediction& prediction, const Dataset& data);
/// Area under the ROC curve by ranks, ties halved; NaN with one class only.
[[nodiscard]] double area_under_roc(const Eigen::VectorXd& score, const Eigen::VectorXd& positive);

}  // namespace offprint::papers::gns
