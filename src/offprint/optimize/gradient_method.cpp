#include <algorithm>
#include <cmath>

#include "offprint/core/error.hpp"
#include "offprint/optimize/baselines.hpp"

namespace offprint::optimize {

Minimum minimize_gradient(const Objective& objective, const Metric& metric, const Eigen::VectorXd& start,
                          const GradientOptions& options) {
  check(options.stop);
  if (!(options.l0 > 0)) throw InputError("the first Lipschitz constant must be positive");
  Progression progression(options.stop);
  Point point = evaluated(objective, start);
  double norm = metric.dual_norm(point.gradient);
  double l = options.l0;
  Point trial;
  while (!progression.arrive(point, norm)) {
    Iteration& entry = progression.current();
    const Eigen::VectorXd direction = metric.solve(point.gradient);
    bool accepted = false;
    for (int i = 0; i <= 60 && !accepted; ++i) {
      trial.x = point.x - direction / l;
      objective.value(trial);
      ++entry.trials;
      ++progression.result().solves;
      accepted = std::isfinite(trial.value) && point.value - trial.value >= norm * norm / (2 * l);
      if (!accepted) l *= 2;
    }
    if (!accepted) return progression.finish(std::move(point), "search_failed");
    objective.gradient(trial);
    entry.lambda = l;
    std::swap(point, trial);
    norm = metric.dual_norm(point.gradient);
    l /= 2;
  }
  return progression.finish(std::move(point));
}

}  // namespace offprint::optimize
