// What every bilevel method starts from, reports on the way, and returns.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include <Eigen/Core>

#include "offprint/optimize/bilevel_problem.hpp"

namespace offprint::optimize {

/// Hands out samples: the k-th call for a level gets sample k, so that two methods see the same batches in the same
/// order. With `stochastic` false every sample is exact.
struct SampleSequence {
  bool stochastic = false;
  std::uint64_t upper = 0;  ///< samples of f handed out so far
  std::uint64_t lower = 0;  ///< samples of g

  [[nodiscard]] Sample next_upper() { return stochastic ? Sample{upper++} : Sample{}; }
  [[nodiscard]] Sample next_lower() { return stochastic ? Sample{lower++} : Sample{}; }
};

/// Where a method stands after `step` outer steps. The vectors are the method's own: read them, or copy.
struct BilevelIterate {
  std::uint64_t step = 0;
  const Eigen::VectorXd& x;
  const Eigen::VectorXd& y;
  /// The third variable: the solution of the linear system (implicit methods) or argmin of g alone (penalty methods).
  const Eigen::VectorXd& z;
  /// The estimate of the hypergradient that the step took, before any normalization.
  const Eigen::VectorXd& direction;
  const OracleCalls& calls;
};

/// Called after every outer step, and once before the first (step 0, empty direction); false ends the method.
using BilevelObserver = std::function<bool(const BilevelIterate&)>;

/// Whether an iterate is finite and not longer than 1e6 times the length it started with + 1e6.
[[nodiscard]] inline bool within_reach(const Eigen::VectorXd& v, double start_norm) {
  return v.norm() <= 1e6 * start_norm + 1e6;
}

struct BilevelResult {
  Eigen::VectorXd x;
  Eigen::VectorXd y;
  Eigen::VectorXd z;
  OracleCalls calls{};
  std::uint64_t steps = 0;
  /// "steps" (all done), "tolerance", "observer", or "diverged" (an iterate is not finite, or longer than 1e6 times the
  /// start's length + 1e6; `steps` says when, and the vectors are those of the last finite step).
  std::string stopped = "steps";
};

}  // namespace offprint::optimize
