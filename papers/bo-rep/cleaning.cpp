#include "cleaning.hpp"

#include <limits>

#include "implicit_factor.hpp"

namespace offprint::papers::bo_rep {
namespace {

using Eigen::VectorXd;
using optimize::BilevelIterate;
using optimize::BilevelProblem;
using optimize::LabelledRows;
using optimize::TextCleaning;

// Batches of the refit are apart from those of the methods.
constexpr std::uint64_t kRefitSamples = std::uint64_t{1} << 40;

void refit(const TextCleaning& problem, const LabelledRows& test, VectorXd y, const CleaningSetup& setup,
           CleaningOutcome& outcome, const CancelToken& cancel) {
  if (test.size() > 0) outcome.accuracy_last = problem.accuracy(y, test);
  VectorXd gradient;
  VectorXd mean = VectorXd::Zero(y.size());
  std::uint64_t averaged = 0;
  for (std::uint64_t k = 0; k < setup.refit; ++k) {
    cancel.check();
    problem.g_y(outcome.scores, y, gradient, {kRefitSamples + k});
    y -= setup.method.inner_rate * gradient;
    if (2 * k < setup.refit) continue;
    mean += y;
    ++averaged;
  }
  if (averaged > 0) y = mean / static_cast<double>(averaged);
  outcome.network = y;
  outcome.accuracy = test.size() > 0 ? problem.accuracy(y, test) : std::numeric_limits<double>::quiet_NaN();
  outcome.validation_loss = problem.f(outcome.scores, y);
}

VectorXd initial(const TextCleaning& problem, const CleaningSetup& setup) {
  return problem.loss().net().initial(Stream(setup.seed, "initial weights"));
}

}  // namespace

CleaningOutcome clean(const TextCleaning& problem, const LabelledRows& test, const CleaningSetup& setup,
                      const CancelToken& cancel) {
  CleaningOutcome outcome;
  const ImplicitFactor flipped(problem, -1);
  double paused = 0;  // processor time of logging
  const double start = seconds_now(setup.clock);
  VectorXd y_before = VectorXd::Zero(problem.dimension_y());
  VectorXd y_last;
  const auto observe = [&](const BilevelIterate& at) {
    cancel.check();
    const double now = seconds_now(setup.clock);
    if (at.step == 0) y_last = at.y;
    if (at.y != y_last) {
      y_before = y_last;
      y_last = at.y;
    }
    if (setup.log > 0 && at.step % setup.log == 0) {
      outcome.step.push_back(static_cast<double>(at.step));
      outcome.logged_calls.push_back(weighted_calls(at.calls));
      outcome.logged_seconds.push_back(now - start - paused);
      outcome.loss.push_back(problem.f(at.x, at.y));
      if (test.size() > 0) outcome.test.push_back(problem.accuracy(at.y, test));
      outcome.momentum.push_back(at.direction.size() > 0 ? at.direction.norm()
                                                         : std::numeric_limits<double>::quiet_NaN());
      outcome.drift.push_back(at.step > 0 ? (y_last - y_before).norm() : std::numeric_limits<double>::quiet_NaN());
      if (setup.residual) {
        VectorXd product;
        VectorXd slope;
        problem.hvp(at.x, at.y, at.z, product);
        problem.f_y(at.x, at.y, slope);
        outcome.residual.push_back((product - slope).norm() / slope.norm());
      }
    }
    paused += seconds_now(setup.clock) - now;
    return true;
  };
  const BilevelProblem& played = setup.flip_jvp ? static_cast<const BilevelProblem&>(flipped) : problem;
  const auto result =
      run_method(played, VectorXd::Zero(problem.dimension_x()), initial(problem, setup), setup.method, observe);
  outcome.seconds = seconds_now(setup.clock) - start - paused;
  outcome.scores = result.x;
  outcome.calls = weighted_calls(result.calls);
  outcome.steps = result.steps;
  outcome.stopped = result.stopped == "diverged" ? divergence(problem, result) : result.stopped;
  refit(problem, test, result.y, setup, outcome, cancel);
  return outcome;
}

CleaningOutcome train_uniform(const TextCleaning& problem, const LabelledRows& test, std::uint64_t steps,
                              const CleaningSetup& setup, const CancelToken& cancel) {
  CleaningOutcome outcome;
  const double start = seconds_now(setup.clock);
  outcome.scores = VectorXd::Zero(problem.dimension_x());
  VectorXd y = initial(problem, setup);
  VectorXd gradient;
  for (std::uint64_t k = 0; k < steps; ++k) {
    cancel.check();
    problem.g_y(outcome.scores, y, gradient, {k});
    y -= setup.method.inner_rate * gradient;
  }
  outcome.seconds = seconds_now(setup.clock) - start;
  outcome.calls = static_cast<double>(steps);
  outcome.steps = steps;
  outcome.stopped = "steps";
  refit(problem, test, y, setup, outcome, cancel);
  return outcome;
}

}  // namespace offprint::papers::bo_rep
