// P3 and P5: the penalty's double loop on a rank-deficient lower level and its cost on a strongly convex one.
#include <cmath>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "claims.hpp"
#include "offprint/optimize/bilevel_examples.hpp"
#include "offprint/optimize/hypergradient.hpp"
#include "offprint/optimize/penalty_bilevel.hpp"

namespace offprint::papers::penalty_bilevel {
namespace {

using Eigen::VectorXd;
using namespace optimize;

double psi_gradient(const BilevelProblem& p, const VectorXd& x) {
  return hypergradient(p, x, *p.exact_lower(x), ExactImplicit{}).gradient.norm();
}

}  // namespace

Measurement p3(const Claim&, Run& run) {
  const ProblemR r;
  const VectorXd x = (VectorXd(2) << 0.7, -0.4).finished();
  const VectorXd known = (VectorXd(2) << 0.9448333333, -1.0073333333).finished();
  const auto formula = hypergradient(r, x, *r.exact_lower(x), ExactImplicit{});
  const auto difference = hypergradient(r, x, *r.exact_lower(x), FiniteDifference{});
  constexpr double kBest = -0.059837322740;
  const auto psi = [&](const VectorXd& at) { return r.f(at, *r.exact_lower(at)); };
  const auto watch = [&](Series& series) {
    return [&](const BilevelIterate& at) {
      series.x.push_back(static_cast<double>(at.calls.first_order() + 1));
      series.y.push_back(psi(at.x) - kBest);
      return true;
    };
  };
  const PenaltyStart start{VectorXd::Zero(2), {}, {}};
  LinePlot plot{.title = "Many lower solutions (problem R): who finds the optimum"};
  plot.caption = "AID-CG follows the lower solution that gradient descent reaches from y = 0, and stops at a wrong x.";
  plot.x = {.title = "oracle calls (gradients, HVPs, JVPs)", .log = true};
  plot.y = {.title = "psi - psi*", .log = true};
  Measurement measured;
  measured.set("formula", (formula.gradient - difference.gradient).lpNorm<Eigen::Infinity>());
  measured.set("known", (formula.gradient - known).lpNorm<Eigen::Infinity>());
  for (const double sigma : {1e-2, 1e-3}) {
    Series series{.name = fmt::format("penalty, sigma = {}", sigma)};
    const auto end = penalty_double_loop(
        r, start,
        {.sigma = sigma, .outer_step = 0.2, .steps = 10'000, .tolerance = 1e-6, .inner_step = 0, .inner_accuracy = 0.1},
        watch(series));
    measured.set(sigma == 1e-2 ? "penalty_01" : "penalty_001", psi(end.x) - kBest);
    plot.series.push_back(series);
  }
  Series series{.name = "AID-CG"};
  const auto aid = aid_cg_descent(r, start,
                                  {.outer_step = 0.2,
                                   .steps = 10'000,
                                   .tolerance = 1e-8,
                                   .inner_step = 0.15,
                                   .inner_residual = 1e-11,
                                   .cg = {.tolerance = 1e-12, .max_iterations = 100}},
                                  watch(series));
  plot.series.push_back(series);
  run.figure("optimistic", Figure::line(plot));
  run.metric("aid_x1", aid.x[0]);
  run.metric("aid_x2", aid.x[1]);
  run.metric("aid_gradient", psi_gradient(r, aid.x));
  return measured.set("aid", psi(aid.x) - kBest);
}

Measurement p5(const Claim&, Run& run) {
  const ProblemQ q;
  const double eps[] = {0.3, 0.1, 0.03, 0.01, 0.003};
  const char* names[] = {"calls_3", "calls_1", "calls_03", "calls_01", "calls_003"};
  Measurement measured;
  Table table{"Cost to an eps-stationary point (problem Q)",
              {"eps = sigma", "gradient calls", "outer steps", "|grad psi| at the end"},
              {}};
  Series cost{.name = "gradient calls", .points = true};
  Series bound{.name = "eps^-3 from the first point", .dashed = true};
  std::vector<double> log_eps;
  std::vector<double> log_calls;
  double worst = 0;
  for (int k = 0; k < 5; ++k) {
    const auto end = penalty_double_loop(q, {VectorXd::Constant(5, 2), {}, {}},
                                         {.sigma = eps[k],
                                          .outer_step = 0.05,
                                          .steps = 100'000,
                                          .tolerance = eps[k],
                                          .inner_step = 0.1,
                                          .inner_accuracy = 0.1});
    const auto calls = static_cast<double>(end.calls.first_order());
    const double gradient = psi_gradient(q, end.x);
    measured.set(names[k], calls);
    worst = std::max(worst, gradient / eps[k]);
    table.rows.push_back({eps[k], calls, static_cast<double>(end.steps), gradient});
    cost.x.push_back(eps[k]);
    cost.y.push_back(calls);
    bound.x.push_back(eps[k]);
    bound.y.push_back(cost.y.front() * std::pow(eps[0] / eps[k], 3));
    log_eps.push_back(-std::log(eps[k]));
    log_calls.push_back(std::log(calls));
  }
  run.table("cost", table);
  LinePlot plot{.title = "Gradient calls to an eps-stationary point (problem Q)"};
  plot.caption =
      "The theorem is an upper bound; a strongly convex example beats it by far. Five points prove no exponent.";
  plot.x = {.title = "eps = sigma", .log = true};
  plot.y = {.title = "gradient calls", .log = true};
  plot.series = {cost, bound};
  run.figure("cost", Figure::line(plot));

  // Q has the same minimiser for every sigma; Q+ shows the bias.
  const ProblemQ plus(0.25);
  Table bias{"The bias at the minimiser of psi_sigma (problem Q+)", {"sigma", "|grad psi| there"}, {}};
  const double sigmas[] = {0.2, 0.1, 0.01};
  const char* bias_names[] = {"bias_2", "bias_1", "bias_01"};
  for (int k = 0; k < 3; ++k) {
    const auto end = penalty_double_loop(plus, {VectorXd::Ones(5), {}, {}},
                                         {.sigma = sigmas[k],
                                          .outer_step = 0.05,
                                          .steps = 100'000,
                                          .tolerance = 1e-9,
                                          .inner_step = 0.1,
                                          .inner_accuracy = 0.1});
    const double gradient = psi_gradient(plus, end.x);
    measured.set(bias_names[k], gradient);
    bias.rows.push_back({sigmas[k], gradient});
  }
  run.table("bias", bias);
  return measured.set("stationarity", worst).set("exponent", linear_fit(log_eps, log_calls).slope.value);
}

}  // namespace offprint::papers::penalty_bilevel
