// Class means of samples given as columns.
#pragma once

#include <Eigen/Core>

#include "offprint/landscape/collapse_labels.hpp"

namespace offprint::landscape {

/// d x K means of the classes of d x N columns. O(N d).
[[nodiscard]] inline Eigen::MatrixXd class_means(const ClassLabels& labels, const Eigen::MatrixXd& columns) {
  Eigen::MatrixXd means = Eigen::MatrixXd::Zero(columns.rows(), labels.classes());
  for (Eigen::Index i = 0; i < columns.cols(); ++i) means.col(labels.of(i)) += columns.col(i);
  for (Eigen::Index k = 0; k < labels.classes(); ++k) means.col(k) /= static_cast<double>(labels.size(k));
  return means;
}

}  // namespace offprint::landscape
