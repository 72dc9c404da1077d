#include "offprint/optimize/gns.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "offprint/core/error.hpp"
#include "offprint/optimize/shifted_solver.hpp"

namespace offprint::optimize {
namespace {

void check(const GnsOptions& options) {
  check(options.stop);
  if (!(options.gamma0 > 0 && std::isfinite(options.gamma0)))
    throw InputError(fmt::format("gamma0 is {}; it must be positive and finite", options.gamma0));
  if (!(options.gamma_min > 0))
    throw InputError(fmt::format("gamma_min is {}; it must be positive", options.gamma_min));
  if (!(options.epsilon >= 0)) throw InputError(fmt::format("epsilon is {}; it must be at least 0", options.epsilon));
  if (options.max_search < 0)
    throw InputError(fmt::format("max_search is {}; it must be at least 0", options.max_search));
}

enum class Acceptance { kRejected, kDecrease, kCancellation };

// The trial's gradient is computed only where its value leaves a chance.
Acceptance judge(const Objective& objective, const Metric& metric, const Point& from, double norm, double lambda,
                 double rounding, Point& trial, double& trial_norm) {
  objective.value(trial);
  if (!std::isfinite(trial.value)) return Acceptance::kRejected;
  const double decrease = from.value - trial.value;
  const bool equal = rounding > 0 && std::abs(decrease) <= rounding * std::max(1.0, std::abs(from.value));
  if (!(decrease >= 0) && !equal) return Acceptance::kRejected;
  objective.gradient(trial);
  trial_norm = metric.dual_norm(trial.gradient);
  if (!std::isfinite(trial_norm)) return Acceptance::kRejected;
  if (decrease >= trial_norm * trial_norm / (8 * lambda)) return Acceptance::kDecrease;
  return equal && trial_norm < norm ? Acceptance::kCancellation : Acceptance::kRejected;
}

}  // namespace

Minimum minimize_gns(const Objective& objective, const Metric& metric, const Eigen::VectorXd& start,
                     const GnsOptions& options) {
  check(options);
  require_support(objective, options.hessian);
  Progression progression(options.stop);
  Point point = evaluated(objective, start);
  double norm = metric.dual_norm(point.gradient);
  double gamma = options.gamma0;
  Point trial;
  Eigen::VectorXd step;
  while (!progression.arrive(point, norm)) {
    Minimum& result = progression.result();
    Iteration& entry = progression.current();
    const Curvature h = options.hessian == HessianKind::kNone ? Curvature(NoCurvature{objective.dimension()})
                                                              : objective.curvature(point, options.hessian);
    ShiftedSolver solver(h, metric, point.gradient);
    double tolerance = std::min(0.1, std::sqrt(norm)) * norm;
    int rejected_in_a_row = 0;
    bool accepted = false;
    for (int i = 0; i <= options.max_search && !accepted; ++i) {
      options.stop.cancel.check();
      const double lambda = norm / (gamma + options.epsilon);
      const auto solve = solver.solve(lambda, tolerance, step);
      ++result.solves;
      ++entry.trials;
      entry.products += solve.products;
      if (!solve.solved) {
        ++result.failures;
        gamma /= 2;
        continue;
      }
      trial.x = point.x + step;
      double trial_norm = 0;
      const Acceptance how = judge(objective, metric, point, norm, lambda, options.rounding, trial, trial_norm);
      if (how == Acceptance::kRejected) {
        gamma /= 2;
        if (solver.iterative() && ++rejected_in_a_row % 2 == 0) tolerance /= 10;
        continue;
      }
      accepted = true;
      entry.gamma = gamma;
      entry.lambda = lambda;
      entry.by_cancellation = how == Acceptance::kCancellation;
      std::swap(point, trial);
      norm = trial_norm;
      result.gamma_clipped = result.gamma_clipped || 2 * gamma < options.gamma_min;
      gamma = std::max(2 * gamma, options.gamma_min);
    }
    if (!accepted) {
      result.gamma = gamma;
      return progression.finish(std::move(point), "search_failed");
    }
  }
  progression.result().gamma = gamma;
  return progression.finish(std::move(point));
}

}  // namespace offprint::optimize
