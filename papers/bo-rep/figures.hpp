// Figures that claims and actions on text share.
#pragma once

#include <string>
#include <vector>

#include <Eigen/Core>

#include "offprint/core/run.hpp"

namespace offprint::papers::bo_rep {

/// One method's log.
struct Comparison {
  std::string name;
  std::vector<double> calls;
  std::vector<double> seconds;
  std::vector<double> accuracy;  ///< empty without test texts
  std::vector<double> loss;      ///< validation loss
};

/// Validation loss and test accuracy against oracle calls and against seconds.
void comparison_figures(Run& run, const std::vector<Comparison>& curves);

/// Shares of the weights (in [0, 1]) of two groups of texts in twenty bins; one curve when the truth is not known
/// (`clean` empty).
[[nodiscard]] Figure weights_figure(const std::string& title, const Eigen::VectorXd& weights,
                                    const std::vector<bool>& clean);

}  // namespace offprint::papers::bo_rep
