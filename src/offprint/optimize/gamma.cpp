#include "offprint/optimize/gamma.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "offprint/core/error.hpp"

namespace offprint::optimize {
namespace {

using Eigen::VectorXd;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// The linearisation error along one unit direction e, over ||g||_* t.
class Ray {
 public:
  Ray(const Objective& objective, const Metric& metric, const Point& point, double norm, const VectorXd& e, VectorXd he)
      : objective_(objective), metric_(metric), point_(point), norm_(norm), e_(e), he_(std::move(he)) {}

  double relative_error(double t) {
    trial_.x = point_.x + t * e_;
    objective_.evaluate(trial_);
    const double error = metric_.dual_norm(trial_.gradient - point_.gradient - t * he_);
    if (!std::isfinite(error)) return kInfinity;
    // Below the rounding of the gradients' difference nothing is known; exact models must come out exact.
    const double rounding = 4 * std::numeric_limits<double>::epsilon() *
                            (metric_.dual_norm(trial_.gradient) + norm_ + t * metric_.dual_norm(he_));
    return error <= rounding ? 0 : error / (norm_ * t);
  }

 private:
  const Objective& objective_;
  const Metric& metric_;
  const Point& point_;
  double norm_;
  const VectorXd& e_;
  VectorXd he_;
  Point trial_;
};

// The largest gamma with gamma max{error(t): t <= min(gamma, end)} <= 1.
double along(Ray& ray, double scale, double end, int per_decade) {
  const double factor = std::pow(10.0, 1.0 / per_decade);
  const double last = std::min(end, 1e6 * scale);
  double worst = 0;
  double before = 0;
  for (double t = std::min(1e-6 * scale, last);; t = std::min(t * factor, last)) {
    const double error = ray.relative_error(t);
    if (t * std::max(worst, error) > 1) {  // gamma lies in (before, t]
      double lo = before;
      double hi = t;
      for (int i = 0; i < 60; ++i) {
        const double middle = (lo + hi) / 2;
        (middle * std::max(worst, ray.relative_error(middle)) > 1 ? hi : lo) = middle;
      }
      return lo;
    }
    worst = std::max(worst, error);
    if (t >= last) break;
    before = t;
  }
  return worst > 0 ? 1 / worst : kInfinity;
}

}  // namespace

double gradient_normalized_smoothness(const Objective& objective, const Metric& metric, const Point& point,
                                      const std::vector<VectorXd>& directions, const GammaOptions& options) {
  require_support(objective, options.hessian);
  if (directions.empty()) throw InputError("gamma(x) needs at least one direction");
  const double norm = metric.dual_norm(point.gradient);
  if (norm == 0) return kInfinity;
  const Curvature h = options.hessian == HessianKind::kNone ? Curvature(NoCurvature{objective.dimension()})
                                                            : objective.curvature(point, options.hessian);
  double gamma = kInfinity;
  for (const auto& direction : directions) {
    const double length = metric.norm(direction);
    if (!(length > 0)) throw InputError("a direction for gamma(x) has length zero");
    for (const double sign : {1.0, -1.0}) {
      const VectorXd e = sign / length * direction;
      const VectorXd he = multiply(h, e);
      const double slope = point.gradient.dot(e);
      const double bend = e.dot(he);
      double end = kInfinity;
      if (options.domain == GammaDomain::kRestricted) {  // t slope + t^2 bend <= 0
        if (bend > 0)
          end = -slope / bend;
        else if (slope > 0)
          end = 0;
      }
      if (!(end > 0)) continue;
      Ray ray(objective, metric, point, norm, e, he);
      gamma = std::min(gamma, along(ray, bend > 0 ? norm / bend : 1.0, end, options.per_decade));
    }
  }
  return gamma;
}

}  // namespace offprint::optimize
