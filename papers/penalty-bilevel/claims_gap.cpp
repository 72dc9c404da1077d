// P1, P2, P4: how far psi_sigma is from psi, where the error bound holds and where it fails.
#include <cmath>
#include <vector>

#include <fmt/format.h>

#include "claims.hpp"
#include "offprint/optimize/bilevel_examples.hpp"
#include "offprint/optimize/hypergradient.hpp"
#include "offprint/optimize/penalty_value.hpp"

namespace offprint::papers::penalty_bilevel {
namespace {

using Eigen::VectorXd;
using namespace optimize;

struct Gap {
  std::vector<double> sigma{1e-1, 1e-2, 1e-3, 1e-4};
  std::vector<double> value;
  std::vector<double> gradient;
};

// Both gaps on problem Q at the sheet's point.
Gap gaps() {
  const ProblemQ q;
  const VectorXd x = (VectorXd(5) << 0.5, -0.3, 0.8, 0.1, -0.6).finished();
  const VectorXd y = *q.exact_lower(x);
  const double psi = q.f(x, y);
  const VectorXd gradient = hypergradient(q, x, y, ExactImplicit{}).gradient;
  Gap out;
  for (const double sigma : out.sigma) {
    const auto at = penalty_value(q, x, sigma, y, {.tolerance = 1e-13});
    out.value.push_back(psi - at.value);
    out.gradient.push_back((at.gradient - gradient).norm());
  }
  return out;
}

double slope(const std::vector<double>& x, const std::vector<double>& y) {
  std::vector<double> u;
  std::vector<double> v;
  for (const double a : x) u.push_back(std::log(a));
  for (const double b : y) v.push_back(std::log(b));
  return linear_fit(u, v).slope.value;
}

void draw(Run& run, const Gap& gap) {
  LinePlot plot{.title = "How far the penalty is from the hyper-objective (problem Q)"};
  plot.caption = "Strongly convex lower level: value and gradient are off by O(sigma), as the paper proves.";
  plot.x = {.title = "sigma", .log = true};
  plot.y = {.title = "gap", .log = true};
  plot.series = {{.name = "psi - psi_sigma", .x = gap.sigma, .y = gap.value, .points = true},
                 {.name = "|grad psi - grad psi_sigma|", .x = gap.sigma, .y = gap.gradient, .points = true}};
  run.figure("gap", Figure::line(plot));
  Table table{"Gap between psi and psi_sigma", {"sigma", "psi - psi_sigma", "gradient gap"}, {}};
  for (std::size_t k = 0; k < gap.sigma.size(); ++k)
    table.rows.push_back({gap.sigma[k], gap.value[k], gap.gradient[k]});
  run.table("gap", table);
}

}  // namespace

Measurement p1(const Claim&, Run& run) {
  const Gap gap = gaps();
  draw(run, gap);
  return Measurement()
      .set("slope", slope(gap.sigma, gap.value))
      .set("coefficient", gap.value.back() / gap.sigma.back());
}

Measurement p2(const Claim&, Run& /*run*/) {
  const Gap gap = gaps();
  return Measurement().set("slope", slope(gap.sigma, gap.gradient)).set("gap", gap.gradient.back());
}

Measurement p4(const Claim&, Run& run) {
  const ProblemJ j;
  const auto psi = [&](double x) {
    const VectorXd at = VectorXd::Constant(1, x);
    return j.f(at, *j.exact_lower(at));
  };
  const auto psi_sigma = [&](double x, double sigma) {
    return penalty_value(j, VectorXd::Constant(1, x), sigma, VectorXd::Zero(1)).value;
  };
  LinePlot plot{.title = "Where the error bound fails (problem J)"};
  plot.caption = "The lower solution jumps from 1 to -1 at x = 0. psi_sigma needs until x = sigma to follow.";
  plot.x = {.title = "x"};
  plot.y = {.title = "psi, psi_sigma"};
  for (const bool left : {true, false}) {
    Series exact{.name = left ? "psi, x < 0" : "psi, x > 0"};
    for (int k = 0; k <= 100; ++k) {
      const double x = (left ? -1 : 1) * (1e-9 + 0.003 * k);
      exact.x.push_back(x);
      exact.y.push_back(psi(x));
    }
    plot.series.push_back(exact);
  }
  Measurement measured;
  const char* names[] = {"lag_1", "lag_01", "lag_001"};
  const double sigmas[] = {0.1, 0.01, 0.001};
  double beyond = 0;
  for (int s = 0; s < 3; ++s) {
    const double sigma = sigmas[s];
    double lag = 0;
    for (int k = 1; k < 1000; ++k) {
      const double x = sigma * k / 1000;
      lag = std::max(lag, psi(x) - psi_sigma(x, sigma));
    }
    measured.set(names[s], lag);
    // Not x = sigma itself: there sigma f + g does not depend on y.
    for (int k = 1; k <= 200; ++k) {
      const double x = sigma * (1 + 1e-6) + (1 - sigma) * k / 201;
      beyond = std::max(beyond, std::abs(psi(x) - psi_sigma(x, sigma)));
    }
    Series penalised{.name = fmt::format("psi_sigma, sigma = {}", sigma), .dashed = true};
    for (int k = -100; k <= 300; ++k) {
      penalised.x.push_back(0.001 * k);
      penalised.y.push_back(psi_sigma(0.001 * k, sigma));
    }
    plot.series.push_back(penalised);
  }
  run.figure("jump", Figure::line(plot));
  return measured.set("beyond", beyond);
}

}  // namespace offprint::papers::penalty_bilevel
