// What fit and predict tell the reader: certificate, comparison, figures, trace, quality.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "fitted_model.hpp"
#include "methods.hpp"
#include "offprint/core/run.hpp"

namespace offprint::papers::gns {

/// A file, or one of the registered LIBSVM sets by its name (a9a, a9a.t, mushrooms, w8a) where there is no such file.
[[nodiscard]] std::string locate(Run& run, const std::filesystem::path& path);

/// Metrics WHICH_accuracy, WHICH_log_loss, WHICH_auc or WHICH_mse, and a note on ties.
void show_quality(Run& run, const FittedModel& model, const Dataset& data, const std::string& which);

/// One minimisation by the options of the command line, and the methods it is compared with.
class Report {
 public:
  Report(Run& run, const optimize::Objective& objective, const optimize::Metric& metric, Eigen::VectorXd start)
      : run_(run), objective_(objective), metric_(metric), start_(std::move(start)) {}

  /// Runs the method asked for, then every one of --compare.
  optimize::Minimum minimize();
  /// Metrics and the sentence that says whether it converged; the same numbers into `kept`.
  void certificate(const optimize::Minimum& m, const std::optional<double>& gap, Json& kept);
  void figures();
  void trace(const optimize::Minimum& m);

 private:
  Run& run_;
  const optimize::Objective& objective_;
  const optimize::Metric& metric_;
  Eigen::VectorXd start_;
  std::vector<NamedRun> runs_;
};

}  // namespace offprint::papers::gns
