// The gas on a line, exactly: any trap, any beta, any radial statistic, by N nested integrals.
#pragma once

#include <vector>

#include "offprint/coulomb/radial_function.hpp"

namespace offprint::coulomb {

/// kappa_q, q = 1..order, of sum_i f(|x_i|) for d = 1. Ordered, the pair energy is linear, sum |x_i - x_j| =
/// sum_k (2k - N - 1) x_(k), and Z(t) is N nested cumulative integrals
///   H_k(x) = w_k(x) int_{-inf}^x H_{k-1},   w_k = exp(-beta [N U(|x|) - (2k - N - 1) x] + t (f(|x|) - c_k)),
/// carried with their Taylor coefficients in t; c_k is f at the peak of w_k, which keeps the coefficients small. Panels
/// of Gauss points with a spectral integration matrix. In double, k_4* is right to about 1e-5 at N = 1280 and k_6* to
/// 1e-4 at N = 640; T = long double tells what rounding does. O(N sqrt(beta N) order^2).
/// Throws InputError for n < 1 or above 20000, beta <= 0, an order outside 1..12, or a trap that does not hold them.
template <class T>
[[nodiscard]] std::vector<double> line_cumulants(const RadialFunction& potential, const RadialFunction& f, long n,
                                                 double beta, int order);
extern template std::vector<double> line_cumulants<double>(const RadialFunction&, const RadialFunction&, long, double,
                                                           int);
extern template std::vector<double> line_cumulants<long double>(const RadialFunction&, const RadialFunction&, long,
                                                                double, int);

}  // namespace offprint::coulomb
