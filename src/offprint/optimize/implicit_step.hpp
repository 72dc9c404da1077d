// What the implicit bilevel methods share: start vectors checked, when an iterate counts as diverged, the observer's
// call. Not for users.
#pragma once

#include <string_view>
#include <utility>

#include <Eigen/Core>

#include "offprint/optimize/bilevel_iterate.hpp"
#include "offprint/optimize/bilevel_problem.hpp"

namespace offprint::optimize::detail {

/// The state of a method that keeps x, y, the linear system's z and a direction.
class ImplicitRun {
 public:
  /// Throws InputError: vectors of the wrong length or not finite, no second derivatives (`method` is named).
  ImplicitRun(std::string_view method, const BilevelProblem& problem, Eigen::VectorXd x, Eigen::VectorXd y,
              bool stochastic);

  CountedProblem problem;
  SampleSequence samples;
  Eigen::VectorXd x;
  Eigen::VectorXd y;
  Eigen::VectorXd z;
  Eigen::VectorXd direction;  ///< empty before the first step

  /// Tells the observer about the start; false when it ends the method.
  [[nodiscard]] bool begin(const BilevelObserver& observer);
  /// Ends a step: false when the iterate diverged or the observer ends the method. Before the first call, and after
  /// each, remembers the iterate to return to.
  [[nodiscard]] bool finish_step(const BilevelObserver& observer);
  [[nodiscard]] BilevelResult result();

  /// hhat = grad_x f - d/dx <grad_y g, z> at the present point, a fresh sample for each of the two.
  void hypergradient(Eigen::VectorXd& out);

 private:
  double start_norm_ = 0;
  std::uint64_t step_ = 0;
  std::string stopped_ = "steps";
  Eigen::VectorXd last_x_;
  Eigen::VectorXd last_y_;
  Eigen::VectorXd last_z_;
  Eigen::VectorXd product_;
};

/// Throws InputError "METHOD: NAME is VALUE; it must be positive and finite".
void require_positive(std::string_view method, std::string_view name, double value);
/// Throws InputError unless 0 <= beta < 1.
void require_momentum(std::string_view method, double beta);

}  // namespace offprint::optimize::detail
