// The gradient-normalized smoothness gamma(x) itself, by its definition.
#pragma once

#include <vector>

#include "offprint/optimize/metric.hpp"
#include "offprint/optimize/objective.hpp"

namespace offprint::optimize {

/// gamma(x): the largest gamma with ||grad f(x+h) - grad f(x) - H h||_* <= ||grad f(x)||_* ||h|| / gamma for all h in
enum class GammaDomain {
  kRestricted,  ///< {||h|| <= gamma, <grad f(x), h> + <H h, h> <= 0}: what the method's theory uses
  kBall,        ///< {||h|| <= gamma}: the smaller value
};

struct GammaOptions {
  HessianKind hessian = HessianKind::kExact;
  GammaDomain domain = GammaDomain::kRestricted;
  /// Lengths tried along a direction: `per_decade` to a factor of ten, from 1e-6 to 1e6 times the scale
  /// ||g||_*/<H e, e> (or 1). The value found is refined by bisection.
  int per_decade = 200;
};

/// gamma(x) at an evaluated point, over h = t e, t >= 0, e in `directions` (any length; each also with its sign
/// turned). In one dimension a single direction is all there are and the value is gamma(x) (to the scan's resolution);
/// in more it is an upper bound. Infinite when the gradient is zero or the model is exact. O(directions x lengths)
/// gradients. Throws InputError: unsupported kind, no direction, a direction of length zero.
[[nodiscard]] double gradient_normalized_smoothness(const Objective& objective, const Metric& metric,
                                                    const Point& point, const std::vector<Eigen::VectorXd>& directions,
                                                    const GammaOptions& options = {});

}  // namespace offprint::optimize
