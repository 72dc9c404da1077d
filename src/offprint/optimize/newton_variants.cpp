// Super-universal Newton, cubic Newton, Newton-CG.
#include <algorithm>
#include <cmath>

#include "offprint/core/error.hpp"
#include "offprint/optimize/baselines.hpp"
#include "offprint/optimize/shifted_solver.hpp"

namespace offprint::optimize {
namespace {

using Eigen::VectorXd;

constexpr int kMaxSearch = 60;

double relative_tolerance(double norm, double most) { return std::min(most, std::sqrt(norm)) * norm; }

// The minimiser of the cubic model along lambda = L r / 2: the root of ||h(lambda)|| - 2 lambda / L, decreasing in
// lambda.
class CubicStep {
 public:
  CubicStep(ShiftedSolver& solver, const Metric& metric, double l, double tolerance)
      : solver_(solver), metric_(metric), l_(l), tolerance_(tolerance) {}

  // Solves spent. The step is that of the last lambda tried, at most 1e-6 r from the root.
  bool find(double first, VectorXd& step) {
    double lo = 0;
    double hi = first;
    double excess = at(hi, step);
    while (excess > 0 && solves < 200) {  // too short a lambda
      lo = hi;
      hi *= 4;
      excess = at(hi, step);
    }
    double lambda = hi;
    while (solves < 200 && !(std::abs(excess) <= 1e-6 * (2 * lambda / l_))) {
      // ||h|| falls about like 1/lambda where the shift matters: the secant in this scale, kept inside the bracket.
      const double r = excess + 2 * lambda / l_;
      double next = std::sqrt(std::max(r, 0.0) * l_ / 2 * lambda);
      if (!(next > lo && next < hi)) next = lo > 0 ? std::sqrt(lo * hi) : hi / 16;
      lambda = next;
      excess = at(lambda, step);
      (excess > 0 ? lo : hi) = lambda;
      if (hi - lo <= 1e-14 * hi) break;
    }
    last_lambda = lambda;
    return solved_;
  }

  int solves = 0;
  double last_lambda = 0;

 private:
  double at(double lambda, VectorXd& step) {
    ++solves;
    solved_ = solver_.solve(lambda, tolerance_, step).solved;
    if (!solved_) return std::numeric_limits<double>::max();  // H + lambda B is indefinite: lambda must grow
    return metric_.norm(step) - 2 * lambda / l_;
  }

  ShiftedSolver& solver_;
  const Metric& metric_;
  double l_;
  double tolerance_;
  bool solved_ = false;
};

}  // namespace

Minimum minimize_super_universal(const Objective& objective, const Metric& metric, const VectorXd& start,
                                 const SuperUniversalOptions& options) {
  check(options.stop);
  require_support(objective, options.hessian);
  if (!(options.exponent > 0 && options.exponent <= 1)) throw InputError("the exponent must lie in (0, 1]");
  if (!(options.h0 > 0)) throw InputError("the first constant H must be positive");
  Progression progression(options.stop);
  Point point = evaluated(objective, start);
  double norm = metric.dual_norm(point.gradient);
  double constant = options.h0;
  Point trial;
  VectorXd step;
  while (!progression.arrive(point, norm)) {
    Iteration& entry = progression.current();
    const Curvature h = objective.curvature(point, options.hessian);
    ShiftedSolver solver(h, metric, point.gradient);
    bool accepted = false;
    for (int i = 0; i <= kMaxSearch && !accepted; ++i) {
      const double lambda = constant * std::pow(norm, options.exponent);
      ++progression.result().solves;
      ++entry.trials;
      const auto solve = solver.solve(lambda, relative_tolerance(norm, 0.1), step);
      entry.products += solve.products;
      if (solve.solved) {
        trial.x = point.x + step;
        objective.evaluate(trial);
        const double dual = metric.dual_norm(trial.gradient);
        accepted = std::isfinite(trial.value) && std::isfinite(dual) &&
                   -trial.gradient.dot(step) >= dual * dual / (4 * lambda);
      } else {
        ++progression.result().failures;
      }
      if (!accepted) {
        constant *= 4;
        continue;
      }
      entry.lambda = lambda;
      std::swap(point, trial);
      norm = metric.dual_norm(point.gradient);
      constant /= 4;
    }
    if (!accepted) return progression.finish(std::move(point), "search_failed");
  }
  return progression.finish(std::move(point));
}

Minimum minimize_cubic(const Objective& objective, const Metric& metric, const VectorXd& start,
                       const CubicOptions& options) {
  check(options.stop);
  require_support(objective, options.hessian);
  if (!(options.l0 > 0)) throw InputError("the first Lipschitz constant must be positive");
  Progression progression(options.stop);
  Point point = evaluated(objective, start);
  double norm = metric.dual_norm(point.gradient);
  double l = options.l0;
  Point trial;
  VectorXd step;
  while (!progression.arrive(point, norm)) {
    Iteration& entry = progression.current();
    const Curvature h = objective.curvature(point, options.hessian);
    ShiftedSolver solver(h, metric, point.gradient);
    bool accepted = false;
    for (int i = 0; i <= kMaxSearch && !accepted; ++i) {
      CubicStep root(solver, metric, l, 1e-3 * relative_tolerance(norm, 0.1));
      const bool found = root.find(std::sqrt(norm * l / 2), step);
      progression.result().solves += root.solves;
      entry.trials += root.solves;
      if (found) {
        trial.x = point.x + step;
        objective.value(trial);
        const double r = metric.norm(step);
        const double model =
            point.gradient.dot(step) + step.dot(multiply(h, step)) / 2 + l * r * r * r / 6;  // change predicted
        accepted = std::isfinite(trial.value) && trial.value - point.value <= model + 1e-15 * std::abs(point.value);
      }
      if (!accepted) {
        l *= 2;
        continue;
      }
      objective.gradient(trial);
      entry.lambda = root.last_lambda;
      std::swap(point, trial);
      norm = metric.dual_norm(point.gradient);
      l /= 2;
    }
    if (!accepted) return progression.finish(std::move(point), "search_failed");
  }
  return progression.finish(std::move(point));
}

Minimum minimize_newton_cg(const Objective& objective, const VectorXd& start, const NewtonCgOptions& options) {
  check(options.stop);
  require_support(objective, options.hessian);
  Progression progression(options.stop);
  Point point = evaluated(objective, start);
  double norm = point.gradient.norm();
  Point trial;
  while (!progression.arrive(point, norm)) {
    Iteration& entry = progression.current();
    const Curvature h = objective.curvature(point, options.hessian);
    const double enough = relative_tolerance(norm, 0.5);
    VectorXd step = VectorXd::Zero(point.x.size());
    VectorXd residual = point.gradient;
    VectorXd direction = -residual;
    double squared = residual.squaredNorm();
    for (Eigen::Index j = 0; j < 10 * step.size() && std::sqrt(squared) > enough; ++j) {
      const VectorXd product = multiply(h, direction);
      ++entry.products;
      const double curvature = direction.dot(product);
      if (!(curvature > 1e-16 * direction.squaredNorm())) {
        if (j == 0) step = direction;
        break;
      }
      const double alpha = squared / curvature;
      step += alpha * direction;
      residual += alpha * product;
      const double next = residual.squaredNorm();
      direction = -residual + (next / squared) * direction;
      squared = next;
    }
    const double slope = point.gradient.dot(step);
    double length = 1;
    bool accepted = false;
    for (int i = 0; i <= kMaxSearch && !accepted; ++i) {
      trial.x = point.x + length * step;
      objective.value(trial);
      ++entry.trials;
      ++progression.result().solves;
      accepted = std::isfinite(trial.value) &&
                 trial.value <= point.value + 1e-4 * length * slope + 1e-15 * std::abs(point.value);
      if (!accepted) length /= 2;
    }
    if (!accepted) return progression.finish(std::move(point), "search_failed");
    objective.gradient(trial);
    std::swap(point, trial);
    norm = point.gradient.norm();
  }
  return progression.finish(std::move(point));
}

}  // namespace offprint::optimize
