// Where training ends: one run of a model class under one learning rate, batch size and seed, and what is measured
// there.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <Eigen/Core>

#include "offprint/core/run.hpp"
#include "offprint/landscape/descent.hpp"

namespace offprint::papers::sgd_stability {

/// Batch size of full gradients.
constexpr Eigen::Index kFull = 0;

/// One run. Data, start and the order of samples depend on the seed only, so that learning rates are compared on the
/// same ones.
struct Setting {
  double learning_rate = 0.01;
  Eigen::Index batch = 1;
  std::uint64_t seed = 1;
  Eigen::Index samples = 300;
  Eigen::Index inputs = 1000;
  double clip_norm = 10;
  std::uint64_t max_steps = 5'000'000;
};

struct EndPoint {
  Setting setting;
  landscape::DescentReport training;
  double start_trace = 0;
  double trace = 0;
  double frobenius = 0;
  double largest = 0;
  double moment_bound = 0;  // 2 E|g|^2 / E|g|^4
  double exact = 0;         // eta*_B for the batch of the run; eta*_1 for GD
  double norm = 0;          // l1 norm of the coefficients, or path norm
  double balance = 0;       // of the diagonal network
  double test = 0;          // mean squared error on fresh data
  std::vector<double> squared_norms;

  /// eta Tr(G) / 2: 1 on the edge of the paper's bound.
  [[nodiscard]] double edge() const { return setting.learning_rate * trace / 2; }
  [[nodiscard]] bool is_descent() const { return setting.batch == kFull; }

  template <class Archive>
  void serialize(Archive& archive) {
    archive(setting.learning_rate, setting.batch, setting.seed, setting.samples, setting.inputs, setting.clip_norm,
            setting.max_steps, training, start_trace, trace, frobenius, largest, moment_bound, exact, norm, balance,
            test, squared_norms);
  }
};

/// A diagonal network from N(0, 1) weights on three of d inputs, uniform in [-1, 1]; 3000 test samples. `exact` of a
/// full-batch run is taken at batch `exact_batch` (0: one).
[[nodiscard]] EndPoint train_diagonal(const Run& run, const Setting& setting, Eigen::Index exact_batch = 0);
/// The same from weights with balance ratio `ratio` and variance 0.1 of a_j; no spectrum is computed.
[[nodiscard]] EndPoint train_unbalanced(const Run& run, const Setting& setting, double ratio);
/// A ReLU network of 100 neurons on data of a teacher with 10; inputs are taken from the setting (100 in the paper).
[[nodiscard]] EndPoint train_relu(const Run& run, const Setting& setting);

/// Every run with its numbers, as every claim shows them.
[[nodiscard]] Table end_point_table(const std::string& title, const std::vector<EndPoint>& points,
                                    const std::string& norm);
/// Whether every full loss ended below the tolerance; notes each run that did not.
[[nodiscard]] bool all_converged(Run& run, const std::vector<EndPoint>& points, double tolerance);

/// Tr, ||G||_F and lambda_max over the learning rate, mean over seeds, with the line 2/eta.
[[nodiscard]] Figure sharpness_figure(const std::string& title, const std::vector<EndPoint>& points);
/// Test error over the learning rate for SGD and GD, band over seeds.
[[nodiscard]] Figure test_figure(const std::string& title, const std::vector<EndPoint>& points);
/// Loss, or Tr(G) when `trace`, along the training of each run.
[[nodiscard]] Figure trajectory_figure(const std::string& title, const std::vector<EndPoint>& points, bool trace);

}  // namespace offprint::papers::sgd_stability
