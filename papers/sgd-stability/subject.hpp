// What the action looks at: a set of per-sample gradients through their Gram matrix, wherever they come from, with what
// is known of the loss there.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <Eigen/Core>

#include "offprint/core/run.hpp"
#include "offprint/landscape/descent.hpp"

namespace offprint::papers::sgd_stability {

struct Subject {
  std::string name;          // "gradients.npy", "model.pt", "a small diagonal network"
  Eigen::Index outputs = 1;  // gradient rows of a sample
  Eigen::Index parameters = 0;
  Eigen::MatrixXd gram;       // g g^T
  Eigen::VectorXd residuals;  // one output: f - y of each sample; otherwise empty
  std::optional<double> loss;
  std::optional<double> gradient_norm;
  std::optional<double> residual_part;  // estimate of ||H - G||
  std::optional<double> scale;          // what the loss is small against: the variance of the targets
  std::string scale_name = "the targets' variance";
  double learning_rate = 0;           // 0: none was given
  landscape::DescentReport training;  // empty log: it was not trained here
};

/// --gradients FILE.
[[nodiscard]] Subject from_gradients(Run& run);
/// --model FILE --data FILE --targets FILE.
[[nodiscard]] Subject from_model(Run& run);
/// Neither: a diagonal network (d = 200, n = 60) trained here by SGD in a fraction of a second.
[[nodiscard]] Subject from_example(Run& run);

/// Indices of the samples to use, in ascending order: --samples of them drawn without replacement; without the option
/// all n while their gradient rows are at most 2000. Throws InputError for fewer than 2.
[[nodiscard]] std::vector<Eigen::Index> chosen_samples(Run& run, Eigen::Index n, Eigen::Index outputs,
                                                       const std::string& where);
/// The options of --train and of the example. `batch` is in samples; all n of them mean full gradients.
[[nodiscard]] landscape::DescentOptions descent_options(const Run& run, double learning_rate, Eigen::Index n);
/// Throws InputError naming step, loss and remedy when training overflowed.
void require_finite(const landscape::DescentReport& report);

}  // namespace offprint::papers::sgd_stability
