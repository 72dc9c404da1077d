// A box lower <= v <= upper, which is what a problem from a file can say of its sets.
#pragma once

#include <Eigen/Core>

namespace offprint::optimize {

/// Infinite entries bound nothing.
class Box {
 public:
  Box() = default;
  /// Of n variables; an empty side bounds nothing. Throws InputError naming `level` ("x"): a side of another length,
  /// lower > upper somewhere (or a NaN).
  Box(Eigen::VectorXd lower, Eigen::VectorXd upper, Eigen::Index n, const char* level);

  [[nodiscard]] const Eigen::VectorXd& lower() const { return lower_; }
  [[nodiscard]] const Eigen::VectorXd& upper() const { return upper_; }
  /// The nearest point of the box.
  void project(Eigen::VectorXd& v) const { v = v.cwiseMax(lower_).cwiseMin(upper_); }
  /// Whether any entry is bounded.
  [[nodiscard]] bool bounded() const { return lower_.array().isFinite().any() || upper_.array().isFinite().any(); }

 private:
  Eigen::VectorXd lower_;
  Eigen::VectorXd upper_;
};

}  // namespace offprint::optimize
