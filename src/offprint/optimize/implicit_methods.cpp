#include "offprint/optimize/implicit_methods.hpp"

#include <cmath>
#include <string_view>

#include "offprint/core/error.hpp"
#include "offprint/optimize/implicit_step.hpp"

namespace offprint::optimize {
namespace {

// What MA-SOBA and SLIP share: they differ in how far x goes along m.
struct SingleLoop {
  std::string_view method;
  std::uint64_t steps;
  double outer_step;
  bool normalized;
  double lower_step;
  double nu;
  double beta;
  const EpochSgdOptions& warm_start;
  bool stochastic;
};

BilevelResult single_loop(const BilevelProblem& problem, Eigen::VectorXd x, Eigen::VectorXd y, const SingleLoop& how,
                          const BilevelObserver& observer) {
  detail::require_positive(how.method, "the lower step alpha", how.lower_step);
  detail::require_positive(how.method, "the step nu of the linear system", how.nu);
  detail::require_momentum(how.method, how.beta);
  detail::ImplicitRun run(how.method, problem, std::move(x), std::move(y), how.stochastic);
  epoch_sgd(run.problem, run.x, run.y, how.warm_start, run.samples);
  if (!run.begin(observer)) return run.result();
  Eigen::VectorXd lower;
  Eigen::VectorXd product;
  Eigen::VectorXd slope;
  Eigen::VectorXd estimate;
  run.direction = Eigen::VectorXd::Zero(run.x.size());
  for (std::uint64_t t = 0; t < how.steps; ++t) {
    run.problem.g_y(run.x, run.y, lower, run.samples.next_lower());
    run.problem.hvp(run.x, run.y, run.z, product, run.samples.next_lower());
    run.problem.f_y(run.x, run.y, slope, run.samples.next_upper());
    run.hypergradient(estimate);
    run.y -= how.lower_step * lower;
    run.z -= how.nu * (product - slope);
    run.direction = how.beta * run.direction + (1 - how.beta) * estimate;
    const double length = how.normalized ? run.direction.norm() : 1.0;
    if (length > 0) run.x -= how.outer_step / length * run.direction;
    problem.project_y(run.y);
    problem.project_x(run.x);
    if (!run.finish_step(observer)) break;
  }
  return run.result();
}

}  // namespace

void neumann_series(CountedProblem& problem, const VectorRef& x, const VectorRef& y, double eta, std::uint64_t terms,
                    SampleSequence& samples, Eigen::VectorXd& z) {
  detail::require_positive("Neumann series", "its step", eta);
  Eigen::VectorXd v;
  Eigen::VectorXd product;
  problem.f_y(x, y, v, samples.next_upper());
  z = v;
  for (std::uint64_t q = 0; q < terms; ++q) {
    problem.hvp(x, y, v, product, samples.next_lower());
    v -= eta * product;
    z += v;
  }
  z *= eta;
}

BilevelResult stoc_bio(const BilevelProblem& problem, Eigen::VectorXd x, Eigen::VectorXd y,
                       const StocBioOptions& options, const BilevelObserver& observer) {
  detail::require_positive("stocBiO", "the learning rate", options.learning_rate);
  detail::ImplicitRun run("stocBiO", problem, std::move(x), std::move(y), options.stochastic);
  const ProjSgdOptions lower{.step = options.lower_step,
                             .steps = options.lower_steps,
                             .radius = std::numeric_limits<double>::infinity(),
                             .average = false};
  if (!run.begin(observer)) return run.result();
  for (std::uint64_t t = 0; t < options.steps; ++t) {
    proj_sgd(run.problem, run.x, run.y, lower, run.samples);
    neumann_series(run.problem, run.x, run.y, options.neumann_step, options.neumann_terms, run.samples, run.z);
    run.hypergradient(run.direction);
    run.x -= options.learning_rate * run.direction;
    problem.project_x(run.x);
    if (!run.finish_step(observer)) break;
  }
  return run.result();
}

BilevelResult ma_soba(const BilevelProblem& problem, Eigen::VectorXd x, Eigen::VectorXd y, const MaSobaOptions& options,
                      const BilevelObserver& observer) {
  detail::require_positive("MA-SOBA", "the learning rate", options.learning_rate);
  return single_loop(problem, std::move(x), std::move(y),
                     {.method = "MA-SOBA",
                      .steps = options.steps,
                      .outer_step = options.learning_rate,
                      .normalized = false,
                      .lower_step = options.lower_step,
                      .nu = options.nu,
                      .beta = options.beta,
                      .warm_start = options.warm_start,
                      .stochastic = options.stochastic},
                     observer);
}

BilevelResult slip(const BilevelProblem& problem, Eigen::VectorXd x, Eigen::VectorXd y, const SlipOptions& options,
                   const BilevelObserver& observer) {
  detail::require_positive("SLIP", "the outer step eta", options.eta);
  return single_loop(problem, std::move(x), std::move(y),
                     {.method = "SLIP",
                      .steps = options.steps,
                      .outer_step = options.eta,
                      .normalized = true,
                      .lower_step = options.lower_step,
                      .nu = options.nu,
                      .beta = options.beta,
                      .warm_start = options.warm_start,
                      .stochastic = options.stochastic},
                     observer);
}

BilevelResult ttsa(const BilevelProblem& problem, Eigen::VectorXd x, Eigen::VectorXd y, const TtsaOptions& options,
                   const BilevelObserver& observer) {
  detail::require_positive("TTSA", "the learning rate", options.learning_rate);
  detail::require_positive("TTSA", "the lower step", options.lower_step);
  detail::ImplicitRun run("TTSA", problem, std::move(x), std::move(y), options.stochastic);
  if (!run.begin(observer)) return run.result();
  Eigen::VectorXd gradient;
  for (std::uint64_t t = 0; t < options.steps; ++t) {
    const auto age = static_cast<double>(t + 1);
    run.problem.g_y(run.x, run.y, gradient, run.samples.next_lower());
    run.y -= options.lower_step * std::pow(age, -0.4) * gradient;
    problem.project_y(run.y);
    neumann_series(run.problem, run.x, run.y, options.neumann_step, options.neumann_terms, run.samples, run.z);
    run.hypergradient(run.direction);
    run.x -= options.learning_rate * std::pow(age, -0.6) * run.direction;
    problem.project_x(run.x);
    if (!run.finish_step(observer)) break;
  }
  return run.result();
}

}  // namespace offprint::optimize
