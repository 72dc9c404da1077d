#include "offprint/optimize/bo_rep.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "offprint/core/error.hpp"
#include "offprint/optimize/implicit_step.hpp"

namespace offprint::optimize {
namespace {

void check(const ProjSgdOptions& options) {
  detail::require_positive("ProjSGD", "the lower step alpha", options.step);
  if (options.steps < 1) throw InputError("ProjSGD: the number of lower steps N is 0; it must be at least 1");
  if (!(options.radius > 0))
    throw InputError(fmt::format("ProjSGD: the radius R is {}; it must be positive", options.radius));
}

void check(const EpochSgdOptions& options) {
  if (options.epochs == 0) return;
  check(options.first);
  if (options.epochs > 40)
    throw InputError(fmt::format("EpochSGD: {} epochs double the steps too often; at most 40", options.epochs));
}

void check(const BoRepOptions& options) {
  detail::require_positive("BO-REP", "the outer step eta", options.eta);
  detail::require_positive("BO-REP", "the step nu of the linear system", options.nu);
  detail::require_momentum("BO-REP", options.beta);
  check(options.lower);
  check(options.refinement);
}

}  // namespace

void proj_sgd(CountedProblem& problem, const VectorRef& x, Eigen::VectorXd& y, const ProjSgdOptions& options,
              SampleSequence& samples) {
  check(options);
  const BilevelProblem& lower = problem.problem();
  const bool ball = std::isfinite(options.radius);
  const Eigen::VectorXd centre = ball ? y : Eigen::VectorXd{};
  Eigen::VectorXd sum = options.average ? Eigen::VectorXd(Eigen::VectorXd::Zero(y.size())) : Eigen::VectorXd{};
  Eigen::VectorXd gradient;
  for (std::uint64_t j = 0; j < options.steps; ++j) {
    problem.g_y(x, y, gradient, samples.next_lower());
    y -= options.step * gradient;
    if (ball) {
      const double distance = (y - centre).norm();
      if (distance > options.radius) y = centre + options.radius / distance * (y - centre);
    }
    // The centre is in Y, so this brings y no farther from it.
    lower.project_y(y);
    if (options.average) sum += y;
  }
  if (options.average) y = sum / static_cast<double>(options.steps);
}

void epoch_sgd(CountedProblem& problem, const VectorRef& x, Eigen::VectorXd& y, const EpochSgdOptions& options,
               SampleSequence& samples) {
  check(options);
  ProjSgdOptions epoch = options.first;
  for (std::uint64_t e = 0; e < options.epochs; ++e) {
    proj_sgd(problem, x, y, epoch, samples);
    epoch.steps *= 2;
    epoch.step /= 2;
    epoch.radius /= std::sqrt(2.0);
  }
}

BoRepOptions bo_rep_schedule(double eps) {
  if (!(eps > 0 && eps < 1)) throw InputError(fmt::format("BO-REP's schedule: eps is {}; it must be in (0, 1)", eps));
  const double square = eps * eps;
  BoRepOptions options;
  options.steps = static_cast<std::uint64_t>(std::ceil(12 / (square * square)));
  options.eta = 0.3 * square * eps;
  options.beta = 1 - square;
  options.nu = std::min(0.1, square);
  options.period = std::max<std::uint64_t>(1, static_cast<std::uint64_t>(0.2 / square));
  options.lower = {.step = std::min(0.1, square / 2), .steps = static_cast<std::uint64_t>(1 / square)};
  return options;
}

std::uint64_t bo_rep_calls(const BoRepOptions& options) {
  std::uint64_t calls = 4 * options.steps;
  if (options.period > 0 && options.steps > 0)
    calls += options.lower.steps * ((options.steps + options.period - 1) / options.period - 1);
  if (options.refinement.epochs > 0)
    calls += options.refinement.first.steps * ((std::uint64_t{1} << options.refinement.epochs) - 1);
  return calls;
}

BilevelResult bo_rep(const BilevelProblem& problem, Eigen::VectorXd x, Eigen::VectorXd y, const BoRepOptions& options,
                     const BilevelObserver& observer) {
  check(options);
  detail::ImplicitRun run("BO-REP", problem, std::move(x), std::move(y), options.stochastic);
  epoch_sgd(run.problem, run.x, run.y, options.refinement, run.samples);
  if (!run.begin(observer)) return run.result();

  Eigen::VectorXd slope;
  Eigen::VectorXd product;
  Eigen::VectorXd estimate;
  run.direction = Eigen::VectorXd::Zero(run.x.size());
  for (std::uint64_t t = 0; t < options.steps; ++t) {
    if (t > 0 && options.period > 0 && t % options.period == 0)
      proj_sgd(run.problem, run.x, run.y, options.lower, run.samples);

    run.problem.hvp(run.x, run.y, run.z, product, run.samples.next_lower());
    run.problem.f_y(run.x, run.y, slope, run.samples.next_upper());
    run.hypergradient(estimate);  // with z before its step
    run.z -= options.nu * (product - slope);

    run.direction = options.beta * run.direction + (1 - options.beta) * estimate;
    if (options.normalized) {
      const double length = run.direction.norm();
      if (length > 0) run.x -= options.eta / length * run.direction;
    } else {
      run.x -= options.eta * run.direction;
    }
    problem.project_x(run.x);
    if (!run.finish_step(observer)) break;
  }
  return run.result();
}

}  // namespace offprint::optimize
