#include "offprint/optimize/error_bound.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "offprint/core/error.hpp"

namespace offprint::optimize {
namespace {

using Eigen::Index;
using Eigen::VectorXd;

VectorXd around(const BilevelProblem& problem, const VectorRef& centre, double radius, Stream& random) {
  VectorXd y(centre.size());
  for (Index i = 0; i < y.size(); ++i) y[i] = centre[i] + radius * random.normal();
  problem.project_y(y);
  return y;
}

double value_of(CountedProblem& problem, const VectorRef& x, double sigma, const VectorXd& y) {
  return problem.g(x, y) + (sigma > 0 ? sigma * problem.f(x, y) : 0.0);
}

// The minimisers found so far, with the least value.
class Minimisers {
 public:
  Minimisers(CountedProblem& problem, const VectorRef& x, const ErrorBoundOptions& o)
      : problem_(problem), x_(x), o_(o) {}

  // Runs the solver from y; whether it ended at a global minimiser (as far as is known).
  bool add(const VectorXd& y, VectorXd& end) {
    end = solve_lower(problem_, x_, o_.sigma, y, o_.inner).y;
    const double value = value_of(problem_, x_, o_.sigma, end);
    const double slack = 1e-9 * (1 + std::abs(value));
    if (value < least_ - slack) found_.clear();
    if (value > least_ + slack) return false;
    least_ = std::min(least_, value);
    found_.push_back(end);
    return true;
  }
  [[nodiscard]] double distance(const VectorXd& y) const {
    double out = std::numeric_limits<double>::infinity();
    for (const auto& t : found_) out = std::min(out, (t - y).norm());
    return out;
  }
  [[nodiscard]] const VectorXd& any(std::uint64_t i) const { return found_[i % found_.size()]; }

 private:
  CountedProblem& problem_;
  const VectorRef& x_;
  const ErrorBoundOptions& o_;
  double least_ = std::numeric_limits<double>::infinity();
  std::vector<VectorXd> found_;
};

ErrorBoundPoint look(const BilevelProblem& problem, const VectorRef& x, const ErrorBoundOptions& o, Stream random) {
  CountedProblem counted(problem);
  Minimisers minimisers(counted, x, o);
  VectorXd end;
  VectorXd origin = VectorXd::Zero(problem.dimension_y());
  problem.project_y(origin);
  minimisers.add(origin, end);
  for (std::size_t k = 0; k < o.samples / 4; ++k) minimisers.add(around(problem, origin, o.radius, random), end);

  std::vector<std::pair<VectorXd, double>> points;
  VectorXd gradient;
  VectorXd upper;
  for (std::size_t k = 0; k < o.samples; ++k) {
    const double radius = o.radius * std::pow(10.0, -3 * random.uniform());
    // Half of the points far from any minimiser: where the bound fails, it is at points that look solved.
    VectorXd y =
        k % 2 == 0 ? around(problem, minimisers.any(k), radius, random) : around(problem, origin, 2 * o.radius, random);
    counted.g_y(x, y, gradient);
    if (o.sigma > 0) {
      counted.f_y(x, y, upper);
      gradient += o.sigma * upper;
    }
    const double residual = projected_residual(problem, y, gradient);
    if (residual > o.delta) continue;
    minimisers.add(y, end);
    points.emplace_back(std::move(y), residual);
  }
  ErrorBoundPoint out{.mu = std::numeric_limits<double>::infinity()};
  for (const auto& [y, residual] : points) {
    const double distance = minimisers.distance(y);
    // Closer than the solver's accuracy a ratio says nothing.
    if (distance > 100 * o.inner.tolerance) out.mu = std::min(out.mu, residual / distance);
    if (distance <= out.distance) continue;
    out.distance = distance;
    out.residual = residual;
  }
  return out;
}

}  // namespace

std::vector<ErrorBoundPoint> error_bound(const BilevelProblem& problem, const Eigen::MatrixXd& grid,
                                         const ErrorBoundOptions& o, Stream random, const Parallel& parallel) {
  if (grid.rows() != problem.dimension_x())
    throw InputError(fmt::format("a grid point has {} entries; x has {}", grid.rows(), problem.dimension_x()));
  if (!(o.delta > 0)) throw InputError(fmt::format("delta is {}; it must be positive", o.delta));
  const std::uint64_t seed = random();
  std::vector<ErrorBoundPoint> out(static_cast<std::size_t>(grid.cols()));
  parallel_for(out.size(), parallel, [&](std::size_t i) {
    const VectorXd x = grid.col(static_cast<Index>(i));
    out[i] = look(problem, x, o, Stream(seed, "error bound", i));
  });
  if (out.empty()) return out;
  std::vector<double> distances;
  for (const auto& point : out) distances.push_back(point.distance);
  std::nth_element(distances.begin(), distances.begin() + static_cast<std::ptrdiff_t>(distances.size() / 2),
                   distances.end());
  const double median = distances[distances.size() / 2];
  for (auto& point : out) point.flagged = point.distance > o.jump * median;
  return out;
}

}  // namespace offprint::optimize
