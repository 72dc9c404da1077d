#include "offprint/optimize/bilevel_check.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "offprint/core/error.hpp"

namespace offprint::optimize {
namespace {

using Eigen::Index;
using Eigen::VectorXd;

VectorXd unit_vector(Index size, Stream& random) {
  VectorXd v(size);
  random.fill_normal({v.data(), static_cast<std::size_t>(size)});
  return v.normalized();
}

double relative(double analytic, double difference) {
  return std::abs(analytic - difference) / std::max(1.0, std::abs(difference));
}

double relative(const VectorXd& analytic, const VectorXd& difference) {
  return (analytic - difference).norm() / std::max(1.0, difference.norm());
}

}  // namespace

std::vector<DerivativeCheck> check_gradients(const BilevelProblem& p, const VectorRef& x, const VectorRef& y,
                                             Stream random, const CheckOptions& how) {
  require_vector(x, p.dimension_x(), "x");
  require_vector(y, p.dimension_y(), "y");
  std::vector<DerivativeCheck> out{{"f_x"}, {"f_y"}, {"g_x"}, {"g_y"}, {"g_x_difference"}};
  if (p.second_order()) out.insert(out.end(), {{"hvp"}, {"hvp symmetry"}, {"jvp"}});
  const auto note = [&](std::size_t i, double error) {
    // A NaN must show: max would drop it.
    if (std::isnan(error) || error > out[i].error) out[i].error = error;
  };
  const double h = how.step;
  VectorXd gradient;
  VectorXd above;
  VectorXd below;
  VectorXd product;
  for (std::size_t k = 0; k < how.directions; ++k) {
    const VectorXd u = unit_vector(x.size(), random);
    const VectorXd v = unit_vector(y.size(), random);
    const VectorXd w = unit_vector(y.size(), random);
    const VectorXd x_up = x + h * u;
    const VectorXd x_down = x - h * u;
    const VectorXd y_up = y + h * v;
    const VectorXd y_down = y - h * v;
    p.f_x(x, y, gradient);
    note(0, relative(gradient.dot(u), (p.f(x_up, y) - p.f(x_down, y)) / (2 * h)));
    p.f_y(x, y, gradient);
    note(1, relative(gradient.dot(v), (p.f(x, y_up) - p.f(x, y_down)) / (2 * h)));
    p.g_x(x, y, gradient);
    note(2, relative(gradient.dot(u), (p.g(x_up, y) - p.g(x_down, y)) / (2 * h)));
    p.g_y(x, y, gradient);
    note(3, relative(gradient.dot(v), (p.g(x, y_up) - p.g(x, y_down)) / (2 * h)));
    p.g_x_difference(x, y_up, w, product);
    p.g_x(x, y_up, above);
    p.g_x(x, w, below);
    note(4, relative(product, above - below));
    if (!p.second_order()) continue;
    p.g_y(x, y_up, above);
    p.g_y(x, y_down, below);
    p.hvp(x, y, v, product);
    note(5, relative(product, (above - below) / (2 * h)));
    p.hvp(x, y, w, gradient);
    note(6, relative(product.dot(w), gradient.dot(v)));
    p.g_y(x_up, y, above);
    p.g_y(x_down, y, below);
    p.jvp(x, y, v, product);
    note(7, relative(product.dot(u), (above - below).dot(v) / (2 * h)));
  }
  return out;
}

std::vector<HypergradientCheck> check_hypergradient(const BilevelProblem& problem, const VectorRef& x,
                                                    const VectorRef& y, const std::vector<HypergradientMethod>& methods,
                                                    Stream random, const CheckOptions& how) {
  require_vector(x, problem.dimension_x(), "x");
  CountedProblem counted(problem);
  const auto known = problem.exact_lower(x);
  const VectorXd solution = known ? *known : solve_lower(counted, x, 0, y, how.inner).y;
  std::vector<VectorXd> directions;
  std::vector<double> differences;
  for (std::size_t k = 0; k < how.directions; ++k) {
    const VectorXd u = unit_vector(x.size(), random);
    const VectorXd up = x + how.psi_step * u;
    const VectorXd down = x - how.psi_step * u;
    differences.push_back(
        (upper_value(counted, up, solution, how.inner) - upper_value(counted, down, solution, how.inner)) /
        (2 * how.psi_step));
    directions.push_back(u);
  }
  std::vector<HypergradientCheck> out;
  for (const auto& method : methods) {
    HypergradientCheck check;
    check.name = hypergradient_name(method);
    try {
      check.at = hypergradient(counted, x, solution, method);
      for (std::size_t k = 0; k < directions.size(); ++k)
        check.error = std::max(check.error, relative(check.at.gradient.dot(directions[k]), differences[k]));
    } catch (const InputError& error) {
      check.refused = error.what();
      check.error = std::numeric_limits<double>::quiet_NaN();
    }
    out.push_back(std::move(check));
  }
  return out;
}

}  // namespace offprint::optimize
