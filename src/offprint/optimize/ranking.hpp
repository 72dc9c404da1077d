// How well scores tell two groups apart.
#pragma once

#include <vector>

#include <Eigen/Core>

namespace offprint::optimize {

/// Probability that a positive's score exceeds a negative's, ties counting half (the area under the ROC curve).
/// O(n log n). Throws InputError when the sizes differ or a group is empty.
[[nodiscard]] double area_under_curve(const Eigen::Ref<const Eigen::VectorXd>& scores,
                                      const std::vector<bool>& positive);

}  // namespace offprint::optimize
