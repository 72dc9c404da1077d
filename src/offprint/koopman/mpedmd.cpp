#include "offprint/koopman/mpedmd.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <fmt/format.h>

#include "offprint/core/error.hpp"

namespace offprint::koopman {

template <class Scalar>
MpEdmd mpedmd(const Compression<Scalar>& compression) {
  if (compression.size() == 0) throw InputError("mpEDMD of an empty dictionary was asked for");
  const auto factors = linalg::svd(compression.a);
  const auto [z, t] = linalg::schur(linalg::multiply(factors.u, factors.v_adjoint));
  const Eigen::Index n = compression.size();
  std::vector<Eigen::Index> order(static_cast<std::size_t>(n));
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&t](Eigen::Index i, Eigen::Index j) { return std::arg(t(i, i)) < std::arg(t(j, j)); });
  MpEdmd out{Vector<Complex>(n), Matrix<Complex>(n, n), {}, factors.s[n - 1]};
  for (Eigen::Index k = 0; k < n; ++k) {
    const Eigen::Index from = order[static_cast<std::size_t>(k)];
    out.values[k] = t(from, from);
    out.vectors.col(k) = z.col(from);
  }
  out.raw_vectors = linalg::multiply(compression.to_raw.template cast<Complex>().eval(), out.vectors);
  return out;
}

SpectralMeasure spectral_measure(const MpEdmd& mpedmd, const Vector<Complex>& g) {
  if (g.size() != mpedmd.vectors.rows())
    throw InputError(fmt::format("a function has {} coefficients, the orthonormal dictionary {} functions", g.size(),
                                 mpedmd.vectors.rows()));
  const Vector<Complex> coefficients = mpedmd.vectors.adjoint() * g;
  SpectralMeasure out;
  for (Eigen::Index k = 0; k < coefficients.size(); ++k) {
    out.angles.push_back(std::arg(mpedmd.values[k]));
    out.masses.push_back(std::norm(coefficients[k]));
  }
  return out;
}

template MpEdmd mpedmd<double>(const Compression<double>&);
template MpEdmd mpedmd<Complex>(const Compression<Complex>&);

}  // namespace offprint::koopman
