#include "method.hpp"

#include <cmath>
#include <ctime>
#include <limits>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "offprint/core/error.hpp"
#include "offprint/optimize/bo_rep.hpp"
#include "offprint/optimize/implicit_methods.hpp"
#include "offprint/optimize/penalty_bilevel.hpp"

namespace offprint::papers::bo_rep {
namespace {

using optimize::BilevelIterate;
using optimize::BilevelObserver;
using optimize::BilevelProblem;
using optimize::BilevelResult;

// Plain SGD: no ball, the last iterate.
optimize::EpochSgdOptions refinement(const MethodOptions& o) {
  return {.epochs = o.refine > 0 ? 1U : 0U,
          .first = {.step = o.inner_rate,
                    .steps = std::max<std::uint64_t>(o.refine, 1),
                    .radius = std::numeric_limits<double>::infinity(),
                    .average = false}};
}

// Methods without a warm start of their own get the same one, counted.
template <class Run>
BilevelResult warm_started(const BilevelProblem& problem, const Eigen::VectorXd& x, Eigen::VectorXd y,
                           const MethodOptions& o, const BilevelObserver& observer, Run&& run) {
  optimize::CountedProblem counted(problem);
  optimize::SampleSequence samples{.stochastic = true};
  optimize::epoch_sgd(counted, x, y, refinement(o), samples);
  const auto spent = counted.calls();
  const auto with_spent = [&](optimize::OracleCalls calls) {
    calls.lower_gradients += spent.lower_gradients;
    calls.samples += spent.samples;
    return calls;
  };
  BilevelResult result = run(std::move(y), [&](const BilevelIterate& at) {
    const auto calls = with_spent(at.calls);
    return !observer || observer({at.step, at.x, at.y, at.z, at.direction, calls});
  });
  result.calls = with_spent(result.calls);
  return result;
}

}  // namespace

const std::vector<std::string>& method_names() {
  static const std::vector<std::string> names{"bo-rep", "ma-soba", "stocbio", "ttsa", "slip", "f2sa"};
  return names;
}

std::string method_title(const std::string& name) {
  if (name == "bo-rep") return "BO-REP";
  if (name == "ma-soba") return "MA-SOBA";
  if (name == "stocbio") return "stocBiO";
  if (name == "f2sa") return "F2SA";
  if (name == "ttsa") return "TTSA";
  return "SLIP";
}

BilevelResult run_method(const BilevelProblem& problem, const Eigen::VectorXd& x, const Eigen::VectorXd& y,
                         const MethodOptions& o, const BilevelObserver& observer) {
  if (o.name == "bo-rep")
    return optimize::bo_rep(problem, x, y,
                            {.steps = o.steps,
                             .eta = o.rate,
                             .beta = o.beta,
                             .nu = o.nu,
                             .period = o.period,
                             .lower = {.step = o.inner_rate, .steps = o.inner_steps, .radius = o.radius},
                             .refinement = refinement(o),
                             .normalized = o.normalized,
                             .stochastic = true},
                            observer);
  if (o.name == "ma-soba")
    return optimize::ma_soba(problem, x, y,
                             {.steps = o.steps,
                              .learning_rate = o.rate,
                              .lower_step = o.inner_rate,
                              .nu = o.nu,
                              .beta = o.beta,
                              .warm_start = refinement(o),
                              .stochastic = true},
                             observer);
  if (o.name == "slip")
    return optimize::slip(problem, x, y,
                          {.steps = o.steps,
                           .eta = o.rate,
                           .lower_step = o.inner_rate,
                           .nu = o.nu,
                           .beta = o.beta,
                           .warm_start = refinement(o),
                           .stochastic = true},
                          observer);
  if (o.name == "stocbio")
    return warm_started(problem, x, y, o, observer, [&](Eigen::VectorXd start, const BilevelObserver& watch) {
      return optimize::stoc_bio(problem, x, std::move(start),
                                {.steps = o.steps,
                                 .learning_rate = o.rate,
                                 .lower_step = o.inner_rate,
                                 .lower_steps = o.inner_steps,
                                 .neumann_step = o.nu,
                                 .neumann_terms = o.neumann_terms,
                                 .stochastic = true},
                                watch);
    });
  if (o.name == "ttsa")
    return warm_started(problem, x, y, o, observer, [&](Eigen::VectorXd start, const BilevelObserver& watch) {
      return optimize::ttsa(problem, x, std::move(start),
                            {.steps = o.steps,
                             .learning_rate = o.rate,
                             .lower_step = o.inner_rate,
                             .neumann_step = o.nu,
                             .neumann_terms = o.neumann_terms,
                             .stochastic = true},
                            watch);
    });
  if (o.name == "f2sa")
    return warm_started(problem, x, y, o, observer, [&](Eigen::VectorXd start, const BilevelObserver& watch) {
      optimize::DoubleLoopOptions options{.sigma = o.sigma,
                                          .outer_step = o.rate,
                                          .steps = o.steps,
                                          .inner_step = o.inner_rate,
                                          .inner_steps = o.inner_steps,
                                          .stochastic = true};
      return optimize::penalty_double_loop(problem, {x, start, start}, optimize::f2sa_schedule(options), watch);
    });
  throw InputError(fmt::format("method '{}'; it must be one of {}", o.name, fmt::join(method_names(), ", ")));
}

double weighted_calls(const optimize::OracleCalls& calls) {
  return static_cast<double>(calls.first_order() + calls.hvps + calls.jvps);
}

std::string divergence(const BilevelProblem& problem, const BilevelResult& result) {
  const double upper = problem.f(result.x, result.y);
  const double lower = problem.g(result.x, result.y);
  return fmt::format(
      "diverged in step {}: an iterate is not finite or has left every scale; at the last finite step ({}) the upper "
      "loss is {:.4g} and the lower one {:.4g}: reduce --eta or --inner-lr",
      result.steps + 1, result.steps, upper, lower);
}

double seconds_now(Clock clock) {
  timespec now{};
  clock_gettime(clock == Clock::kThread ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

}  // namespace offprint::papers::bo_rep
