#include "offprint/optimize/implicit_step.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "offprint/core/error.hpp"

namespace offprint::optimize::detail {
namespace {

void require_start(std::string_view method, std::string_view name, const Eigen::VectorXd& v, Eigen::Index expected) {
  if (v.size() != expected)
    throw InputError(
        fmt::format("{}: the start {} has {} entries; the problem has {}", method, name, v.size(), expected));
  if (!v.allFinite()) throw InputError(fmt::format("{}: the start {} is not finite", method, name));
}

}  // namespace

ImplicitRun::ImplicitRun(std::string_view method, const BilevelProblem& p, Eigen::VectorXd x_start,
                         Eigen::VectorXd y_start, bool stochastic)
    : problem(p), samples{.stochastic = stochastic}, x(std::move(x_start)), y(std::move(y_start)) {
  if (!p.second_order())
    throw InputError(fmt::format(
        "{}: the problem gives no second derivatives (hvp, jvp); implement them, or use a penalty method", method));
  require_start(method, "x", x, p.dimension_x());
  require_start(method, "y", y, p.dimension_y());
  z = Eigen::VectorXd::Zero(p.dimension_y());
  start_norm_ = std::max(x.norm(), y.norm());
  last_x_ = x;
  last_y_ = y;
  last_z_ = z;
}

bool ImplicitRun::begin(const BilevelObserver& observer) {
  if (!within_reach(y, start_norm_)) {
    stopped_ = "diverged";
    return false;
  }
  last_y_ = y;
  if (!observer || observer({0, x, y, z, direction, problem.calls()})) return true;
  stopped_ = "observer";
  return false;
}

bool ImplicitRun::finish_step(const BilevelObserver& observer) {
  // z has the scale of grad_y f, which may be large where nothing is wrong: only its being finite is asked for.
  if (!within_reach(x, start_norm_) || !within_reach(y, start_norm_) || !z.allFinite()) {
    stopped_ = "diverged";
    return false;
  }
  ++step_;
  last_x_ = x;
  last_y_ = y;
  last_z_ = z;
  if (!observer || observer({step_, x, y, z, direction, problem.calls()})) return true;
  stopped_ = "observer";
  return false;
}

BilevelResult ImplicitRun::result() {
  return {.x = std::move(last_x_),
          .y = std::move(last_y_),
          .z = std::move(last_z_),
          .calls = problem.calls(),
          .steps = step_,
          .stopped = stopped_};
}

void ImplicitRun::hypergradient(Eigen::VectorXd& out) {
  problem.f_x(x, y, out, samples.next_upper());
  problem.jvp(x, y, z, product_, samples.next_lower());
  out -= product_;
}

void require_positive(std::string_view method, std::string_view name, double value) {
  if (!(value > 0) || !std::isfinite(value))
    throw InputError(fmt::format("{}: {} is {}; it must be positive and finite", method, name, value));
}

void require_momentum(std::string_view method, double beta) {
  if (!(beta >= 0 && beta < 1)) throw InputError(fmt::format("{}: beta is {}; it must be in [0, 1)", method, beta));
}

}  // namespace offprint::optimize::detail
