#include "problem_u.hpp"

#include <cmath>
#include <limits>

#include "implicit_factor.hpp"
#include "offprint/optimize/implicit_methods.hpp"
#include "offprint/optimize/unbounded_problem.hpp"

namespace offprint::papers::bo_rep {
namespace {

using Eigen::VectorXd;
using optimize::BilevelIterate;
using optimize::BilevelProblem;
using optimize::BilevelResult;
using optimize::UnboundedProblem;

constexpr double kLost = 1e6;

double factor_of(Implicit implicit) {
  switch (implicit) {
    case Implicit::kLeftOut:
      return 0;
    case Implicit::kFlipped:
      return -1;
    case Implicit::kRight:
      break;
  }
  return 1;
}

BilevelResult minimise(const BilevelProblem& problem, const Trial& trial, const optimize::BilevelObserver& observer) {
  const VectorXd x = VectorXd::Constant(problem.dimension_x(), trial.start);
  const VectorXd y = VectorXd::Zero(problem.dimension_y());
  optimize::EpochSgdOptions refinement = trial.bo_rep.refinement;
  if (!trial.refined) refinement.epochs = 0;
  switch (trial.method) {
    case Method::kMaSoba:
      return optimize::ma_soba(
          problem, x, y,
          {.steps = trial.steps, .learning_rate = trial.rate, .warm_start = refinement, .stochastic = true}, observer);
    case Method::kStocBio:
      return optimize::stoc_bio(problem, x, y, {.steps = trial.steps, .learning_rate = trial.rate, .stochastic = true},
                                observer);
    case Method::kBoRep:
      break;
  }
  optimize::BoRepOptions options = trial.bo_rep;
  options.steps = trial.steps;
  options.eta = trial.rate;
  options.refinement = refinement;
  options.stochastic = true;
  return optimize::bo_rep(problem, x, y, options, observer);
}

}  // namespace

const char* method_name(Method method) {
  switch (method) {
    case Method::kMaSoba:
      return "MA-SOBA";
    case Method::kStocBio:
      return "stocBiO";
    case Method::kBoRep:
      break;
  }
  return "BO-REP";
}

bool Outcome::finite() const { return std::isfinite(tail_gradient); }

Outcome run_trial(const Run& run, const Trial& trial) {
  const UnboundedProblem problem(
      {.pull = trial.pull, .noise = trial.noise, .seed = run.stream("problem U", trial.seed)()});
  const ImplicitFactor changed(problem, factor_of(trial.implicit));
  const auto last = trial.tail > 0 ? static_cast<std::uint64_t>(trial.tail * static_cast<double>(trial.steps)) : 200;
  const std::uint64_t first = trial.steps - std::min(last, trial.steps);
  Outcome outcome;
  VectorXd x_before;
  const auto observe = [&](const BilevelIterate& at) {
    // y_t answers to the x_t of the step before.
    const bool tail = at.step > first;
    const bool logged = trial.log > 0 && at.step % trial.log == 0;
    if (at.step == 0) outcome.start_error = (at.y - *problem.exact_lower(at.x)).norm();
    if (tail || logged) {
      const double gradient = problem.phi_gradient(at.x).norm();
      const double error = at.step == 0 ? outcome.start_error : (at.y - *problem.exact_lower(x_before)).norm();
      if (tail) {
        outcome.tail_gradient += gradient / static_cast<double>(trial.steps - first);
        outcome.tail_error += error / static_cast<double>(trial.steps - first);
      }
      if (logged) {
        outcome.step.push_back(static_cast<double>(at.step));
        outcome.gradient.push_back(gradient);
        outcome.error.push_back(error);
      }
    }
    x_before = at.x;
    return at.x.norm() <= kLost;
  };
  const auto result =
      trial.implicit == Implicit::kRight ? minimise(problem, trial, observe) : minimise(changed, trial, observe);
  outcome.calls = result.calls.first_order();
  outcome.steps = result.steps;
  if (result.stopped != "steps") outcome.tail_gradient = std::numeric_limits<double>::infinity();
  return outcome;
}

std::vector<Outcome> run_trials(Run& run, const std::string& name, const std::vector<Trial>& trials) {
  return run.ensemble(name, trials.size(), [&](std::size_t i) { return run_trial(run, trials[i]); });
}

}  // namespace offprint::papers::bo_rep
