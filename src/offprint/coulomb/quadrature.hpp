// An adaptive integral over an interval.
#pragma once

#include <functional>

namespace offprint::coulomb {

/// The integral of f over [a, b] by adaptive Gauss-Kronrod (31 points, bisection), to about rounding for smooth f.
[[nodiscard]] double integrate(const std::function<double(double)>& f, double a, double b);
[[nodiscard]] long double integrate(const std::function<long double(long double)>& f, long double a, long double b);

}  // namespace offprint::coulomb
