// What every minimiser of this component is told, records on the way, and returns.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "offprint/core/parallel.hpp"
#include "offprint/optimize/objective.hpp"

namespace offprint::optimize {

/// When to stop. The tests are made before each step, in this order.
struct StopRule {
  /// Stop when ||grad f||_* is at most this. A gradient of exactly zero always stops.
  double gradient_tolerance = 1e-8;
  /// f*, where it is known: stop when f - f* < value_tolerance.
  std::optional<double> optimum{};
  double value_tolerance = 1e-8;
  int max_iterations = 500;
  CancelToken cancel{};  ///< throws Interrupted
};

/// One iterate, and the step that left it.
struct Iteration {
  int index = 0;             ///< k
  double seconds = 0;        ///< since the start, when x_k was reached
  double value = 0;          ///< f(x_k)
  double gradient_norm = 0;  ///< ||grad f(x_k)||_*
  // Of the accepted step out of x_k; NaN and 0 at the last iterate, and what a method does not have.
  double gamma = std::numeric_limits<double>::quiet_NaN();   ///< accepted gamma_k
  double lambda = std::numeric_limits<double>::quiet_NaN();  ///< multiple of the metric (first-order: of the step 1/L)
  int trials = 0;                                            ///< linear solves (first-order methods: points tried)
  int products = 0;                                          ///< of conjugate gradients, over all trials
  /// The step was accepted because f no longer changes to rounding while the gradient still shrinks.
  bool by_cancellation = false;
};

struct Minimum {
  Point point;
  double gradient_norm = 0;  ///< in the dual norm of the metric
  /// "gradient" (gradient_tolerance met), "value" (f - f* < value_tolerance), "iterations" (max_iterations done), or
  /// "search_failed" (no acceptable step: rounding, or an objective whose derivatives are wrong).
  std::string status;
  int iterations = 0;         ///< K, accepted steps
  std::int64_t solves = 0;    ///< N, linear solves (first-order methods: points tried)
  std::int64_t failures = 0;  ///< solves among them in which H + lambda B was not positive definite
  double gamma = std::numeric_limits<double>::quiet_NaN();  ///< gamma_K, what the next step would try first
  bool gamma_clipped = false;                               ///< gamma_min was used at least once
  double seconds = 0;
  std::vector<Iteration> trace;  ///< iterations + 1 entries

  [[nodiscard]] bool converged() const { return status == "gradient" || status == "value"; }
};

/// Keeps a minimisation's trace and applies its stop rule: what all methods share.
class Progression {
 public:
  explicit Progression(const StopRule& rule) : rule_(&rule), start_(std::chrono::steady_clock::now()) {}

  /// Enters x_k; true when the method must stop there (status and totals are then set).
  [[nodiscard]] bool arrive(const Point& point, double gradient_norm);
  /// The entry of the iterate that is being left.
  [[nodiscard]] Iteration& current() { return result_.trace.back(); }
  [[nodiscard]] Minimum& result() { return result_; }
  /// Ends at `point` with `status`, or with what arrive() found when it is empty.
  [[nodiscard]] Minimum finish(Point point, const std::string& status = "");

 private:
  [[nodiscard]] double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }
  const StopRule* rule_;
  std::chrono::steady_clock::time_point start_;
  Minimum result_;
};

/// Throws InputError for tolerances that are not positive, or negative max_iterations.
void check(const StopRule& rule);

}  // namespace offprint::optimize
