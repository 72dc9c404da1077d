#include "offprint/koopman/edmd.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <fmt/format.h>

#include "offprint/core/error.hpp"

namespace offprint::koopman {

template <class Scalar>
Edmd edmd(const Compression<Scalar>& compression) {
  auto pairs = linalg::eigen_pairs(compression.a);
  Edmd out{std::move(pairs.values), std::move(pairs.right), {}, {}};
  out.raw_vectors = linalg::multiply(compression.to_raw.template cast<Complex>().eval(), out.vectors);
  const Matrix<Complex> rest = linalg::multiply(compression.s.template cast<Complex>().eval(), out.vectors);
  out.residuals = rest.colwise().norm().array() / out.vectors.colwise().norm().array();
  return out;
}

template <class Scalar>
double residual(const Compression<Scalar>& compression, Complex lambda, const Vector<Complex>& g) {
  if (g.size() != compression.size())
    throw InputError(fmt::format("a candidate function has {} coefficients, the orthonormal dictionary {} functions",
                                 g.size(), compression.size()));
  const double norm = g.norm();
  if (!(norm > 0)) throw InputError("a candidate function is zero: its residual is not defined");
  const Vector<Complex> top = compression.a.template cast<Complex>() * g - lambda * g;
  const Vector<Complex> bottom = compression.s.template cast<Complex>() * g;
  return std::hypot(top.norm(), bottom.norm()) / norm;
}

std::vector<Eigen::Index> resdmd_filter(const Edmd& edmd, double epsilon) {
  if (!(epsilon >= 0)) throw InputError(fmt::format("epsilon is {}: give a number that is not negative", epsilon));
  std::vector<Eigen::Index> kept(static_cast<std::size_t>(edmd.residuals.size()));
  std::iota(kept.begin(), kept.end(), 0);
  std::erase_if(kept, [&](Eigen::Index i) { return !(edmd.residuals[i] <= epsilon); });
  std::stable_sort(kept.begin(), kept.end(),
                   [&](Eigen::Index i, Eigen::Index j) { return edmd.residuals[i] < edmd.residuals[j]; });
  return kept;
}

template <class Scalar>
Matrix<Complex> koopman_modes(const Edmd& edmd, const Matrix<Scalar>& projected) {
  return linalg::solve(edmd.vectors, projected.template cast<Complex>().eval());
}

template Edmd edmd<double>(const Compression<double>&);
template Edmd edmd<Complex>(const Compression<Complex>&);
template double residual<double>(const Compression<double>&, Complex, const Vector<Complex>&);
template double residual<Complex>(const Compression<Complex>&, Complex, const Vector<Complex>&);
template Matrix<Complex> koopman_modes<double>(const Edmd&, const Matrix<double>&);
template Matrix<Complex> koopman_modes<Complex>(const Edmd&, const Matrix<Complex>&);

}  // namespace offprint::koopman
