// Algorithm B: one step of y, z and x at a time, on recursive estimators.
#include <cmath>

#include <fmt/format.h>

#include "offprint/core/error.hpp"
#include "offprint/optimize/bilevel_start.hpp"
#include "offprint/optimize/penalty_bilevel.hpp"

namespace offprint::optimize {
namespace {

using Eigen::VectorXd;

struct Point {
  VectorXd x;
  VectorXd y;
  VectorXd z;
};

// e <- now + keep (e - before)
void renew(VectorXd& estimate, const VectorXd& now, const VectorXd& before, double keep) {
  estimate = now + keep * (estimate - before);
}

}  // namespace

BilevelResult penalty_single_loop(const BilevelProblem& problem, const PenaltyStart& start, const SingleLoopOptions& o,
                                  const BilevelObserver& observer) {
  require_sigma(o.sigma);
  require_positive(o.outer_step, "the outer step");
  require_positive(o.inner_step, "the inner step");
  if (!(o.momentum > 0 && o.momentum <= 1))
    throw InputError(fmt::format("eta is {}; the weight of a new gradient lies in (0, 1]", o.momentum));
  const PenaltyStart from = checked_start(problem, start);
  const double reach_x = from.x.norm();
  const double reach_y = std::max(from.y.norm(), from.z.norm());
  CountedProblem counted(problem);
  SampleSequence samples{.stochastic = o.stochastic};
  Point now{from.x, from.y, from.z};
  Point old = now;
  Point next = now;
  VectorXd f_x;
  VectorXd f_y;
  VectorXd g_y;
  VectorXd g_z;
  VectorXd difference;
  VectorXd at_now;
  VectorXd at_old;
  VectorXd direction;
  BilevelResult result;
  const auto finish = [&](const char* why, std::uint64_t steps) {
    result = {std::move(now.x), std::move(now.y), std::move(now.z), counted.calls(), steps, why};
  };
  if (observer && !observer({0, now.x, now.y, now.z, direction, counted.calls()})) {
    finish("observer", 0);
    return result;
  }
  const bool scheduled = o.sigma_decay != 0 || o.outer_decay != 0 || o.inner_decay != 0 || o.momentum_decay != 0;
  double sigma = o.sigma;
  double alpha = o.outer_step;
  double gamma = o.inner_step;
  double eta = o.momentum;
  for (std::uint64_t k = 0; k < o.steps; ++k) {
    if (scheduled) {
      const double age = static_cast<double>(k + 1);
      sigma = o.sigma * std::pow(age, -o.sigma_decay);
      alpha = o.outer_step * std::pow(age, -o.outer_decay);
      gamma = o.inner_step * std::pow(age, -o.inner_decay);
      eta = o.momentum * std::pow(age, -o.momentum_decay);
    }
    const Sample s_fx = samples.next_upper();
    const Sample s_fy = samples.next_upper();
    const Sample s_gy = samples.next_lower();
    const Sample s_gz = samples.next_lower();
    const Sample s_diff = samples.next_lower();
    if (k == 0 || eta >= 1) {
      counted.f_x(now.x, now.y, f_x, s_fx);
      counted.f_y(now.x, now.y, f_y, s_fy);
      counted.g_y(now.x, now.y, g_y, s_gy);
      counted.g_y(now.x, now.z, g_z, s_gz);
      counted.g_x_difference(now.x, now.y, now.z, difference, s_diff);
    } else {
      const double keep = 1 - eta;
      counted.f_x(now.x, now.y, at_now, s_fx);
      counted.f_x(old.x, old.y, at_old, s_fx);
      renew(f_x, at_now, at_old, keep);
      counted.f_y(now.x, now.y, at_now, s_fy);
      counted.f_y(old.x, old.y, at_old, s_fy);
      renew(f_y, at_now, at_old, keep);
      counted.g_y(now.x, now.y, at_now, s_gy);
      counted.g_y(old.x, old.y, at_old, s_gy);
      renew(g_y, at_now, at_old, keep);
      counted.g_y(now.x, now.z, at_now, s_gz);
      counted.g_y(old.x, old.z, at_old, s_gz);
      renew(g_z, at_now, at_old, keep);
      counted.g_x_difference(now.x, now.y, now.z, at_now, s_diff);
      counted.g_x_difference(old.x, old.y, old.z, at_old, s_diff);
      renew(difference, at_now, at_old, keep);
    }
    direction = f_x + difference / sigma;
    next.x = now.x - alpha * direction;
    next.y = now.y - gamma * (sigma * f_y + g_y);
    next.z = now.z - gamma * g_z;
    problem.project_x(next.x);
    problem.project_y(next.y);
    problem.project_y(next.z);
    if (!within_reach(next.x, reach_x) || !within_reach(next.y, reach_y) || !within_reach(next.z, reach_y)) {
      finish("diverged", k + 1);
      return result;
    }
    std::swap(old, now);
    std::swap(now, next);
    if (observer && !observer({k + 1, now.x, now.y, now.z, direction, counted.calls()})) {
      finish("observer", k + 1);
      return result;
    }
  }
  finish("steps", o.steps);
  return result;
}

}  // namespace offprint::optimize
