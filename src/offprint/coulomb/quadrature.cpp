#include "offprint/coulomb/quadrature.hpp"

#include <boost/math/quadrature/gauss_kronrod.hpp>

namespace offprint::coulomb {

namespace {

template <class T>
T adaptive(const std::function<T(T)>& f, T a, T b, T tolerance) {
  return boost::math::quadrature::gauss_kronrod<T, 31>::integrate(f, a, b, 10, tolerance);
}

}  // namespace

double integrate(const std::function<double(double)>& f, double a, double b) { return adaptive(f, a, b, 1e-12); }
long double integrate(const std::function<long double(long double)>& f, long double a, long double b) {
  return adaptive(f, a, b, 1e-15L);
}

}  // namespace offprint::coulomb
