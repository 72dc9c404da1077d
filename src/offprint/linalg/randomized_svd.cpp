// Range finder on A A^T powers, then the small SVD of Q^T A by way of its QR.
#include "offprint/linalg/randomized_svd.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "offprint/core/error.hpp"

namespace offprint::linalg {

Svd<double> randomized_svd(const RectangularOperator& a, Eigen::Index rank, Stream stream,
                           const RandomizedSvdOptions& options) {
  const Eigen::Index smaller = std::min(a.rows, a.columns);
  if (rank < 1 || rank > smaller)
    throw InputError(fmt::format("the rank of a randomized SVD of a {} x {} matrix must lie in 1..{}, not be {}",
                                 a.rows, a.columns, smaller, rank));
  if (options.oversampling < 0 || options.power_iterations < 0)
    throw InputError("oversampling and power iterations of a randomized SVD must not be negative");
  const Eigen::Index width = std::min(rank + options.oversampling, smaller);

  const auto product = [&](const auto& f, const Matrix<double>& x, Eigen::Index rows) {
    if (options.poll) options.poll();
    Matrix<double> y(rows, x.cols());
    f(x, y);
    if (!y.allFinite()) throw Error("a product with the operator of a randomized SVD is not finite");
    return y;
  };
  const auto forward = [&](const Matrix<double>& x) { return product(a.apply, x, a.rows); };
  const auto backward = [&](const Matrix<double>& x) { return product(a.apply_transpose, x, a.columns); };

  Matrix<double> test(a.columns, width);
  stream.fill_normal({test.data(), static_cast<std::size_t>(test.size())});
  Matrix<double> q = thin_qr(forward(test)).q;
  test.resize(0, 0);
  for (Eigen::Index i = 0; i < options.power_iterations; ++i) q = thin_qr(forward(thin_qr(backward(q)).q)).q;

  // (Q^T A)^T = W R, hence A ~ Q R^T W^T, and R^T is small
  const auto [w, r] = thin_qr(backward(q));
  const Matrix<double> core = r.transpose();
  const auto small = svd(core);
  Svd<double> result;
  result.u = multiply(q, small.u.leftCols(rank));
  result.s = small.s.head(rank);
  const Matrix<double> v = small.v_adjoint.topRows(rank);
  result.v_adjoint = multiply(v, w, Op::kNone, Op::kAdjoint);
  return result;
}

}  // namespace offprint::linalg
