// Algorithm A: both inner problems, then one outer step.
#include <cmath>

#include <fmt/format.h>

#include "offprint/core/error.hpp"
#include "offprint/core/parallel.hpp"
#include "offprint/optimize/bilevel_start.hpp"
#include "offprint/optimize/penalty_bilevel.hpp"

namespace offprint::optimize {
namespace {

using Eigen::VectorXd;

void check(const DoubleLoopOptions& o) {
  require_sigma(o.sigma);
  require_positive(o.outer_step, "the outer step");
  if (o.inner_accuracy > 0) {
    if (o.stochastic) throw InputError("an adaptive inner loop (inner_accuracy) needs exact gradients");
    require_positive(o.tolerance, "the tolerance of an adaptive inner loop");
    if (o.inner_step < 0) throw InputError(fmt::format("the inner step is {}; it must not be negative", o.inner_step));
  } else {
    require_positive(o.inner_step, "the inner step");
  }
  if (o.tolerance > 0 && o.stochastic) throw InputError("a tolerance needs exact gradients; give a number of steps");
  if (!(o.longest > 0)) throw InputError(fmt::format("the longest step is {}; it must be positive", o.longest));
  if (o.inner_step_y < 0)
    throw InputError(fmt::format("the inner step of y is {}; it must be positive", o.inner_step_y));
  if (!(o.averaging > 0 && o.averaging <= 1))
    throw InputError(fmt::format("beta is {}; an averaging weight lies in (0, 1]", o.averaging));
  if (!(o.proximal >= 0)) throw InputError(fmt::format("1/rho is {}; it must not be negative", o.proximal));
  if (o.inner_steps == 0 || o.outer_samples == 0) throw InputError("inner steps and outer samples are at least 1");
}

// One of the two inner loops: its own storage and its own count, so that both can run at once.
class InnerLoop {
 public:
  InnerLoop(const BilevelProblem& problem, VectorXd start)
      : problem_(problem), counted_(problem), v_(std::move(start)) {}

  VectorXd& value() { return v_; }
  OracleCalls take_calls() {
    const OracleCalls out = counted_.calls();
    counted_.set_calls({});
    return out;
  }

  // sigma = 0: the loop of z. An adaptive loop ends at a residual of `goal`. `samples` are the first that this loop may
  // use.
  void run(const VectorXd& x, double sigma, double step, double goal, const DoubleLoopOptions& o,
           SampleSequence samples) {
    if (o.inner_accuracy > 0 && o.inner_step == 0 && o.proximal == 0) {
      VectorXd next =
          solve_lower(counted_, x, sigma, v_, {.step = 0, .tolerance = goal, .max_steps = o.max_inner_steps}).y;
      average(next, o.averaging);
      return;
    }
    centre_ = v_;
    next_ = v_;
    const double start = v_.norm();
    for (std::uint64_t t = 0;; ++t) {
      if (o.inner_accuracy == 0 && t == o.inner_steps) break;
      counted_.g_y(x, next_, gradient_, samples.next_lower());
      if (sigma > 0) {
        counted_.f_y(x, next_, upper_, samples.next_upper());
        gradient_ += sigma * upper_;
      }
      if (o.proximal > 0) gradient_ += o.proximal * (next_ - centre_);
      if (o.inner_accuracy > 0) {
        if (projected_residual(problem_, next_, gradient_, step) <= goal || t == o.max_inner_steps) break;
        if (!(next_.norm() <= 1e8 * (1 + start)))
          throw InputError(fmt::format(
              "lower level appears unbounded: |y| went from {:.3g} to {:.3g} in {} inner steps; check that g is "
              "bounded below in y, or take a shorter inner step",
              start, next_.norm(), t));
      }
      next_ -= step * gradient_;
      problem_.project_y(next_);
    }
    average(next_, o.averaging);
  }

 private:
  void average(VectorXd& next, double beta) {
    if (beta == 1) {
      v_.swap(next);
    } else {
      v_ = (1 - beta) * v_ + beta * next;
    }
  }

  const BilevelProblem& problem_;
  CountedProblem counted_;
  VectorXd v_;
  VectorXd centre_;
  VectorXd next_;
  VectorXd gradient_;
  VectorXd upper_;
};

}  // namespace

BilevelResult penalty_double_loop(const BilevelProblem& problem, const PenaltyStart& start, const DoubleLoopOptions& o,
                                  const BilevelObserver& observer) {
  check(o);
  PenaltyStart at = checked_start(problem, start);
  const double reach_x = at.x.norm();
  const double reach_y = std::max(at.y.norm(), at.z.norm());
  CountedProblem counted(problem);
  OracleCalls total;
  InnerLoop y(problem, at.y);
  InnerLoop z(problem, at.z);
  SampleSequence samples{.stochastic = o.stochastic};
  VectorXd x = at.x;
  VectorXd next_x;
  VectorXd direction;
  VectorXd part;
  BilevelResult result;
  const auto finish = [&](const char* why, std::uint64_t steps) {
    result = {std::move(at.x), std::move(at.y), std::move(at.z), total, steps, why};
  };
  if (observer && !observer({0, at.x, at.y, at.z, direction, total})) {
    finish("observer", 0);
    return result;
  }
  for (std::uint64_t k = 0; k < o.steps; ++k) {
    const double age = static_cast<double>(k + 1);
    const double sigma = o.sigma * std::pow(age, -o.sigma_decay);
    const double alpha = o.outer_step * std::pow(age, -o.outer_decay.value_or(o.sigma_decay));
    const double shrink = std::pow(age, -o.inner_decay);
    const double gamma_z = o.inner_step * shrink;
    const double gamma_y = o.inner_step_y > 0 ? o.inner_step_y * shrink : gamma_z / (1 + sigma);
    // Which samples each loop sees does not depend on the order in which they run.
    const SampleSequence for_z = samples;
    SampleSequence for_y = samples;
    for_y.lower += o.inner_steps;
    samples.lower += 2 * o.inner_steps;
    samples.upper += o.inner_steps;
    const double goal = o.inner_accuracy * sigma * o.tolerance;
    if (o.concurrent) {
      parallel_for(2, {.threads = 2}, [&](std::size_t i) {
        if (i == 0) {
          z.run(x, 0, gamma_z, goal, o, for_z);
        } else {
          y.run(x, sigma, gamma_y, goal, o, for_y);
        }
      });
    } else {
      z.run(x, 0, gamma_z, goal, o, for_z);
      y.run(x, sigma, gamma_y, goal, o, for_y);
    }
    for (std::uint64_t m = 0; m < o.outer_samples; ++m) {
      counted.f_x(x, y.value(), part, samples.next_upper());
      if (m == 0) {
        direction = part;
      } else {
        direction += part;
      }
      counted.g_x_difference(x, y.value(), z.value(), part, samples.next_lower());
      direction += part / sigma;
    }
    if (o.outer_samples > 1) direction /= static_cast<double>(o.outer_samples);
    total += counted.calls();
    counted.set_calls({});
    total += y.take_calls();
    total += z.take_calls();

    const double change = alpha * direction.lpNorm<Eigen::Infinity>();
    next_x = x - (change > o.longest ? alpha * o.longest / change : alpha) * direction;
    problem.project_x(next_x);
    if (!within_reach(next_x, reach_x) || !within_reach(y.value(), reach_y) || !within_reach(z.value(), reach_y)) {
      finish("diverged", k + 1);
      return result;
    }
    at.y = y.value();
    at.z = z.value();
    if (o.tolerance > 0 && gradient_mapping(problem, x, direction, alpha) <= o.tolerance) {
      if (observer) observer({k, at.x, at.y, at.z, direction, total});
      finish("tolerance", k);
      return result;
    }
    x.swap(next_x);
    at.x = x;
    if (observer && !observer({k + 1, at.x, at.y, at.z, direction, total})) {
      finish("observer", k + 1);
      return result;
    }
  }
  finish("steps", o.steps);
  return result;
}

DoubleLoopOptions f2sa_schedule(DoubleLoopOptions options) {
  options.sigma_decay = 1.0 / 7;
  options.outer_decay = 5.0 / 7;
  options.inner_decay = 4.0 / 7;
  options.inner_accuracy = 0;
  options.tolerance = 0;
  options.proximal = 0;
  options.averaging = 1;
  options.outer_samples = 1;
  return options;
}

}  // namespace offprint::optimize
