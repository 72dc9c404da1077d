#include "offprint/optimize/lower_solver.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <vector>

#include <fmt/format.h>

#include "offprint/core/error.hpp"

namespace offprint::optimize {
namespace {

using Eigen::VectorXd;

// sigma f + g at one x, with its own storage.
class Penalised {
 public:
  Penalised(CountedProblem& problem, const VectorRef& x, double sigma) : problem_(problem), x_(x), sigma_(sigma) {}

  // Not finite where f or g is not: a line search steps back from there.
  double value(const VectorXd& y) {
    lower_ = problem_.g(x_, y);
    if (sigma_ == 0) return lower_;
    return sigma_ * problem_.f(x_, y) + lower_;
  }
  // Throws when the last value() was not finite.
  void require_value(double value, std::uint64_t step) const {
    if (!std::isfinite(value)) refuse(std::isfinite(lower_) ? "f" : "g", step);
  }

  void gradient(const VectorXd& y, VectorXd& out, std::uint64_t step) {
    problem_.g_y(x_, y, out);
    if (!out.allFinite()) refuse("the gradient of g", step);
    if (sigma_ == 0) return;
    problem_.f_y(x_, y, upper_);
    if (!upper_.allFinite()) refuse("the gradient of f", step);
    out += sigma_ * upper_;
  }

 private:
  [[noreturn]] void refuse(const char* what, std::uint64_t step) const {
    throw InputError(fmt::format(
        "{} is not finite at inner step {} (|x| = {:.3g}, sigma = {}); start elsewhere or take a shorter inner step",
        what, step, x_.norm(), sigma_));
  }

  CountedProblem& problem_;
  const VectorRef& x_;
  double sigma_;
  double lower_ = 0;
  VectorXd upper_;
};

[[noreturn]] void refuse_unbounded(std::uint64_t steps, double from, double to) {
  throw InputError(
      fmt::format("lower level appears unbounded: |y| went from {:.3g} to {:.3g} in {} inner steps; check that g is "
                  "bounded below in y, or take a shorter inner step",
                  from, to, steps));
}

// Runs away: a million times as long as the start, which no warm start asks for.
bool ran_away(const VectorXd& y, double start) { return !(y.norm() <= 1e8 * (1 + start)); }

LowerSolution fixed_steps(const BilevelProblem& set, Penalised& inner, VectorXd y, const LowerSolver& how) {
  LowerSolution out;
  const double start = y.norm();
  VectorXd gradient;
  VectorXd next;
  for (;; ++out.steps) {
    inner.gradient(y, gradient, out.steps);
    next = y - how.step * gradient;
    set.project_y(next);
    out.residual = set.constrained_y() ? (y - next).norm() / how.step : gradient.norm();
    out.converged = out.residual <= how.tolerance;
    if (out.converged || out.steps == how.max_steps) break;
    y.swap(next);
    if (ran_away(y, start)) refuse_unbounded(out.steps + 1, start, y.norm());
  }
  out.y = std::move(y);
  return out;
}

// The inverse Hessian of limited memory (Nocedal and Wright, algorithm 7.4).
class LimitedMemory {
 public:
  void add(const VectorXd& s, const VectorXd& y) {
    const double product = s.dot(y);
    // Without curvature along the step, or where rounding decides, there is nothing to learn.
    if (!(product > 1e-14 * s.norm() * y.norm())) return;
    if (pairs_.size() == kPairs) pairs_.erase(pairs_.begin());
    pairs_.push_back({s, y, 1 / product});
  }
  void clear() { pairs_.clear(); }
  [[nodiscard]] bool empty() const { return pairs_.empty(); }
  /// The inverse Hessian times v.
  [[nodiscard]] VectorXd apply(VectorXd v) const {
    std::array<double, kPairs> alpha{};
    for (std::size_t i = pairs_.size(); i-- > 0;) {
      alpha[i] = pairs_[i].rho * pairs_[i].s.dot(v);
      v -= alpha[i] * pairs_[i].y;
    }
    v /= pairs_.back().rho * pairs_.back().y.squaredNorm();
    for (std::size_t i = 0; i < pairs_.size(); ++i) v += (alpha[i] - pairs_[i].rho * pairs_[i].y.dot(v)) * pairs_[i].s;
    return v;
  }

 private:
  static constexpr std::size_t kPairs = 10;
  struct Pair {
    VectorXd s;
    VectorXd y;
    double rho;
  };
  std::vector<Pair> pairs_;
};

// Projected steps of spectral length where Y is constrained, L-BFGS steps where it is not; one line search for both.
LowerSolution chosen_steps(const BilevelProblem& set, Penalised& inner, VectorXd y, const LowerSolver& how) {
  constexpr std::size_t kMemory = 10;  // values the line search may fall back to
  constexpr double kLeast = 1e-12;
  constexpr double kMost = 1e12;
  LowerSolution out;
  const double start = y.norm();
  std::array<double, kMemory> recent{};
  recent.fill(-std::numeric_limits<double>::infinity());
  VectorXd gradient;
  VectorXd next;
  VectorXd next_gradient;
  VectorXd direction;
  double value = inner.value(y);
  inner.require_value(value, 0);
  inner.gradient(y, gradient, 0);
  double length = 0;
  LimitedMemory memory;
  for (;; ++out.steps) {
    next = y - gradient;
    set.project_y(next);
    out.residual = set.constrained_y() ? (y - next).norm() : gradient.norm();
    out.converged = out.residual <= how.tolerance;
    if (out.converged || out.steps == how.max_steps) break;
    recent[out.steps % kMemory] = value;
    if (length <= 0) length = std::clamp(1 / gradient.lpNorm<Eigen::Infinity>(), kLeast, kMost);

    if (!memory.empty()) {
      direction = -memory.apply(gradient);
      next = y + direction;
      if (!(gradient.dot(direction) < 0)) memory.clear();
    }
    if (memory.empty()) {
      next = y - length * gradient;
      set.project_y(next);
      direction = next - y;
    }
    const double slope = gradient.dot(direction);
    const double reference = *std::max_element(recent.begin(), recent.end());
    // Near the minimum differences of values are rounding: a step that changes them by no more is accepted.
    const double rounding = 1e-14 * (1 + std::abs(value));
    double share = 1;
    double next_value = inner.value(next);
    while (!(next_value <= reference + 1e-4 * share * slope + rounding) && share > 1e-14) {
      const double trial = -0.5 * share * share * slope / (next_value - value - share * slope);
      share = trial >= 0.1 * share && trial <= 0.9 * share ? trial : 0.5 * share;
      next = y + share * direction;
      next_value = inner.value(next);
    }
    if (share <= 1e-14 && !memory.empty()) {
      memory.clear();  // once more along the gradient
      continue;
    }
    if (share <= 1e-14) {
      inner.require_value(next_value, out.steps + 1);
      break;
    }
    inner.gradient(next, next_gradient, out.steps + 1);
    direction = next - y;
    if (!set.constrained_y()) memory.add(direction, next_gradient - gradient);
    const double curvature = direction.dot(next_gradient - gradient);
    length =
        curvature > 0 ? std::clamp(direction.squaredNorm() / curvature, kLeast, kMost) : std::min(2 * length, kMost);
    y.swap(next);
    gradient.swap(next_gradient);
    value = next_value;
    if (ran_away(y, start)) refuse_unbounded(out.steps + 1, start, y.norm());
  }
  out.y = std::move(y);
  return out;
}

}  // namespace

LowerSolution solve_lower(CountedProblem& problem, const VectorRef& x, double sigma, const VectorRef& start,
                          const LowerSolver& how) {
  if (!(sigma >= 0) || !std::isfinite(sigma))
    throw InputError(fmt::format("sigma is {}; it weighs f against g and must not be negative", sigma));
  if (!(how.step >= 0) || !std::isfinite(how.step))
    throw InputError(fmt::format("the inner step is {}; it must be positive, or 0 to have it chosen", how.step));
  require_vector(x, problem.problem().dimension_x(), "x");
  require_vector(start, problem.problem().dimension_y(), "y");
  VectorXd y = start;
  problem.problem().project_y(y);
  Penalised inner(problem, x, sigma);
  return how.step > 0 ? fixed_steps(problem.problem(), inner, std::move(y), how)
                      : chosen_steps(problem.problem(), inner, std::move(y), how);
}

double projected_residual(const BilevelProblem& problem, const VectorRef& y, const VectorRef& v, double rho) {
  if (!(rho > 0)) throw InputError(fmt::format("rho is {}; a residual's step must be positive", rho));
  if (!problem.constrained_y()) return v.norm();
  VectorXd moved = y - rho * v;
  problem.project_y(moved);
  return (y - moved).norm() / rho;
}

double gradient_mapping(const BilevelProblem& problem, const VectorRef& x, const VectorRef& v, double step) {
  if (!(step > 0)) throw InputError(fmt::format("the outer step is {}; it must be positive", step));
  VectorXd moved = x - step * v;
  VectorXd projected = moved;
  problem.project_x(projected);
  // Without a constraint at work the rounding of x - (x - step v) would be divided by a small step.
  return projected == moved ? v.norm() : (x - projected).norm() / step;
}

void require_vector(const VectorRef& v, Eigen::Index size, const char* name) {
  if (v.size() != size) throw InputError(fmt::format("{} has {} entries; the problem has {}", name, v.size(), size));
  if (!v.allFinite()) throw InputError(fmt::format("{} has an entry that is not finite", name));
}

void require_sigma(double sigma) {
  if (!(sigma > 0) || !std::isfinite(sigma))
    throw InputError(fmt::format(
        "sigma is {}; it weighs f against g and must be positive (methods that weigh g have lambda = 1/sigma)", sigma));
}

}  // namespace offprint::optimize
