// Streaming QR of the stack sqrt(D) [PX, PY], then small triangular algebra.
#include "offprint/koopman/compression.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "offprint/core/error.hpp"
#include "offprint/linalg/tsqr.hpp"

namespace offprint::koopman {
namespace {

using linalg::Op;

constexpr Eigen::Index kBlockRows = 1024;  // fixed, so that sums over blocks do not depend on the thread count

// sqrt(w_m), scaled so that the weights sum to 1.
struct RootWeights {
  Eigen::VectorXd root;
  double sum = 1;
};

RootWeights root_weights(const Eigen::VectorXd& weights, Eigen::Index pairs) {
  if (weights.size() == 0) return {Eigen::VectorXd::Constant(pairs, 1 / std::sqrt(static_cast<double>(pairs))), 1.0};
  if (weights.size() != pairs)
    throw InputError(fmt::format("{} weights were given for {} pairs: give one a pair", weights.size(), pairs));
  for (Eigen::Index m = 0; m < pairs; ++m)
    if (!std::isfinite(weights[m]) || weights[m] < 0)
      throw InputError(fmt::format("weight {} is {}: weights must be finite and not negative", m + 1, weights[m]));
  const double sum = weights.sum();
  if (!(sum > 0)) throw InputError("the weights sum to 0: at least one must be positive");
  return {(weights / sum).cwiseSqrt(), sum};
}

template <class Scalar>
void check_source(const PairSource<Scalar>& source) {
  if (source.pairs < 1 || source.functions < 1)
    throw InputError(fmt::format("{} pairs and {} dictionary functions: at least one of each is needed", source.pairs,
                                 source.functions));
}

template <class Scalar>
void check_finite(const Eigen::Ref<const Matrix<Scalar>>& values, Eigen::Index first, const char* which) {
  if (values.allFinite()) return;
  for (Eigen::Index i = 0; i < values.rows(); ++i)
    for (Eigen::Index j = 0; j < values.cols(); ++j)
      if (!std::isfinite(std::abs(values(i, j))))
        throw InputError(fmt::format("dictionary function {} at the {} of pair {} is NaN or infinite: drop that pair",
                                     j + 1, which, first + i + 1));
}

// The raw dictionary's orthonormal basis from R (or a Gram square root): what to divide by, and what was dropped.
template <class Scalar>
struct Basis {
  bool full = true;
  linalg::Svd<Scalar> svd;  // of R, its vectors only where directions are dropped
  Eigen::Index kept = 0;
};

template <class Scalar>
Basis<Scalar> choose_basis(const Matrix<Scalar>& r, double tolerance, Compression<Scalar>& out) {
  Basis<Scalar> basis;
  basis.svd.s = linalg::singular_values(r);
  const Eigen::VectorXd& sigma = basis.svd.s;
  if (!(sigma[0] > 0)) throw InputError("every dictionary function is zero on the data: choose another dictionary");
  basis.kept = (sigma.array() >= tolerance * sigma[0]).count();
  basis.full = basis.kept == sigma.size();
  if (!basis.full) basis.svd = linalg::svd(r);
  out.dropped = sigma.size() - basis.kept;
  out.condition = sigma[0] / sigma[sigma.size() - 1];
  out.sigma_min = sigma[basis.kept - 1];
  if (out.dropped > 0)
    out.warnings.push_back(
        fmt::format("{} of {} dictionary directions were dropped: their singular values lie below {:g} of the largest",
                    out.dropped, sigma.size(), tolerance));
  return basis;
}

template <class Scalar>
void warn_of_sample_size(Compression<Scalar>& out) {
  if (out.residuals_void())
    out.warnings.push_back(
        fmt::format("M={} pairs = N={} functions: every residual is 0 by interpolation, residuals are meaningless; "
                    "use fewer functions or more data",
                    out.pairs, out.size()));
  else if (out.pairs < 2 * out.size())
    out.warnings.push_back(
        fmt::format("M={} pairs < 2N={}: N is close to M, residuals are too small and certificates void; use fewer "
                    "functions or more data",
                    out.pairs, 2 * out.size()));
}

template <class Scalar>
Matrix<Scalar> hermitian_part(const Matrix<Scalar>& a) {
  return (a + a.adjoint()) / 2.0;
}

// Blocks of fixed height over all pairs, in parallel: f(block index, first row, rows, sqrt-weighted px, py).
template <class Scalar, class F>
void for_each_block(const PairSource<Scalar>& source, const RootWeights& weights, const Parallel& how, const F& f) {
  const Eigen::Index blocks = (source.pairs + kBlockRows - 1) / kBlockRows;
  parallel_for(static_cast<std::size_t>(blocks), how, [&](std::size_t b) {
    const Eigen::Index first = static_cast<Eigen::Index>(b) * kBlockRows;
    const Eigen::Index rows = std::min(kBlockRows, source.pairs - first);
    Matrix<Scalar> px(rows, source.functions);
    Matrix<Scalar> py(rows, source.functions);
    source.fill(first, px, py);
    check_finite<Scalar>(px, first, "start");
    check_finite<Scalar>(py, first, "end");
    const auto scale = weights.root.segment(first, rows).asDiagonal();
    px = scale * px;
    py = scale * py;
    f(b, first, px, py);
  });
}

Matrix<Complex> times(const Matrix<double>& a, const Matrix<Complex>& b) {
  Matrix<Complex> out(a.rows(), b.cols());
  out.real() = linalg::multiply(a, b.real().eval());
  out.imag() = linalg::multiply(a, b.imag().eval());
  return out;
}
Matrix<Complex> times(const Matrix<Complex>& a, const Matrix<Complex>& b) { return linalg::multiply(a, b); }

}  // namespace

template <class Scalar>
PairSource<Scalar> stored_pairs(const Matrix<Scalar>& px, const Matrix<Scalar>& py, Eigen::VectorXd weights) {
  if (px.rows() != py.rows() || px.cols() != py.cols())
    throw InputError(
        fmt::format("PX is {} x {} and PY {} x {}: both must have one row a pair and one column a function", px.rows(),
                    px.cols(), py.rows(), py.cols()));
  return {px.rows(), px.cols(),
          [&px, &py](Eigen::Index first, Eigen::Ref<Matrix<Scalar>> x, Eigen::Ref<Matrix<Scalar>> y) {
            x = px.middleRows(first, x.rows());
            y = py.middleRows(first, y.rows());
          },
          std::move(weights)};
}

template <class Scalar>
Matrix<Scalar> Compression<Scalar>::l() const {
  return hermitian_part<Scalar>(linalg::multiply(a, a, Op::kAdjoint) + linalg::multiply(s, s, Op::kAdjoint));
}

template <class Scalar>
typename Compression<Scalar>::Extremes Compression<Scalar>::l_extremes() const {
  // as squared singular values of the stack [A; S], which keeps the small one accurate
  Matrix<Scalar> stack(2 * size(), size());
  stack << a, s;
  const Eigen::VectorXd sigma = linalg::singular_values(linalg::qr_factor(stack));
  return {sigma[size() - 1] * sigma[size() - 1], sigma[0] * sigma[0]};
}

template <class Scalar>
Compression<Scalar> compress(const PairSource<Scalar>& source, const CompressionOptions& options) {
  check_source(source);
  const Eigen::Index n = source.functions;
  if (source.pairs < n)
    throw InputError(
        fmt::format("M={} pairs < N={} functions: residuals would be meaningless; reduce --delays or give more data",
                    source.pairs, n));
  const RootWeights weights = root_weights(source.weights, source.pairs);
  const linalg::RowFiller<Scalar> fill = [&](Eigen::Index first, Eigen::Ref<Matrix<Scalar>> block) {
    source.fill(first, block.leftCols(n), block.rightCols(n));
    check_finite<Scalar>(block.leftCols(n), first, "start");
    check_finite<Scalar>(block.rightCols(n), first, "end");
    block = weights.root.segment(first, block.rows()).asDiagonal() * block;
  };
  const Matrix<Scalar> stack = linalg::tall_skinny_qr<Scalar>(source.pairs, 2 * n, fill, options.parallel);
  const Matrix<Scalar> r = stack.topLeftCorner(n, n);
  const Matrix<Scalar> b = stack.topRightCorner(n, n);
  const Matrix<Scalar> s0 = stack.bottomRightCorner(n, n);

  Compression<Scalar> out;
  out.pairs = source.pairs;
  out.functions = n;
  out.weight_sum = weights.sum;
  const Basis<Scalar> basis = choose_basis(r, options.tolerance, out);
  if (basis.full) {
    out.a = linalg::solve_upper_from_right(b, r);
    out.s = linalg::solve_upper_from_right(s0, r);
    out.to_raw = linalg::solve_upper(r, Matrix<Scalar>::Identity(n, n).eval());
    out.from_raw = r;
  } else {
    const Eigen::Index k = basis.kept;
    const Eigen::VectorXd& sigma = basis.svd.s;
    const Matrix<Scalar> v = basis.svd.v_adjoint.topRows(k).adjoint();
    out.to_raw = v * sigma.head(k).cwiseInverse().asDiagonal();
    out.from_raw = sigma.head(k).asDiagonal() * v.adjoint();
    const Matrix<Scalar> image = linalg::multiply(basis.svd.u, linalg::multiply(b, out.to_raw), Op::kAdjoint);
    out.a = image.topRows(k);
    Matrix<Scalar> rest(image.rows() - k + n, k);  // what leaves the kept basis: through the dropped part, or beyond Q
    rest << image.bottomRows(image.rows() - k), linalg::multiply(s0, out.to_raw);
    out.s = linalg::qr_factor(rest);
  }
  warn_of_sample_size(out);
  return out;
}

template <class Scalar>
Compression<Scalar> compress_gram(const Matrix<Scalar>& g, const Matrix<Scalar>& a, const Matrix<Scalar>& l,
                                  const CompressionOptions& options) {
  const Eigen::Index n = g.rows();
  for (const Matrix<Scalar>* m : {&g, &a, &l})
    if (n == 0 || m->rows() != n || m->cols() != n)
      throw InputError("G, A and L must be square, of one size, and not empty");
  Compression<Scalar> out;
  out.functions = n;
  if (const auto cholesky = linalg::cholesky(g)) {
    const Basis<Scalar> basis = choose_basis(*cholesky, options.tolerance, out);
    if (basis.full) {
      out.to_raw = linalg::solve_upper(*cholesky, Matrix<Scalar>::Identity(n, n).eval());
      out.from_raw = *cholesky;
    } else {
      const auto v = basis.svd.v_adjoint.topRows(basis.kept).adjoint();
      out.to_raw = v * basis.svd.s.head(basis.kept).cwiseInverse().asDiagonal();
      out.from_raw = basis.svd.s.head(basis.kept).asDiagonal() * v.adjoint();
    }
  } else {
    const auto eigen = linalg::hermitian_eigen(hermitian_part<Scalar>(g));
    const double largest = eigen.values[n - 1];
    if (!(largest > 0) || eigen.values[0] < -1e-10 * largest)
      throw InputError(
          fmt::format("G is not positive semidefinite: its eigenvalues span {:g} to {:g}", eigen.values[0], largest));
    const Eigen::VectorXd sigma = eigen.values.cwiseMax(0).cwiseSqrt();
    const double floor = std::max(options.tolerance, 1e-8) * sigma[n - 1];
    const Eigen::Index kept = (sigma.array() >= floor).count();
    out.dropped = n - kept;
    out.sigma_min = sigma[n - kept];
    out.condition = sigma[0] > 0 ? sigma[n - 1] / sigma[0] : std::numeric_limits<double>::infinity();
    out.to_raw = eigen.vectors.rightCols(kept) * sigma.tail(kept).cwiseInverse().asDiagonal();
    out.from_raw = sigma.tail(kept).asDiagonal() * eigen.vectors.rightCols(kept).adjoint();
    if (out.dropped > 0)
      out.warnings.push_back(
          fmt::format("{} of {} dictionary directions were dropped: G is singular to rounding", out.dropped, n));
  }
  out.a = linalg::multiply(out.to_raw, linalg::multiply(a, out.to_raw), Op::kAdjoint);
  const Matrix<Scalar> lq = linalg::multiply(out.to_raw, linalg::multiply(l, out.to_raw), Op::kAdjoint);
  const auto rest = linalg::hermitian_eigen(hermitian_part<Scalar>(lq - linalg::multiply(out.a, out.a, Op::kAdjoint)));
  out.s = rest.vectors * rest.values.cwiseMax(0).cwiseSqrt().asDiagonal() * rest.vectors.adjoint();
  return out;
}

template <class Scalar>
Eigen::VectorXd residuals_on(const PairSource<Scalar>& source, const Vector<Complex>& lambdas,
                             const Matrix<Complex>& raw_vectors, const Parallel& how) {
  check_source(source);
  if (raw_vectors.rows() != source.functions || raw_vectors.cols() != lambdas.size())
    throw InputError(
        fmt::format("{} eigenvalues with {} x {} coefficients: {} rows and one column an eigenvalue are "
                    "needed",
                    lambdas.size(), raw_vectors.rows(), raw_vectors.cols(), source.functions));
  const RootWeights weights = root_weights(source.weights, source.pairs);
  const Eigen::Index blocks = (source.pairs + kBlockRows - 1) / kBlockRows;
  Eigen::MatrixXd errors(lambdas.size(), blocks);
  Eigen::MatrixXd norms(lambdas.size(), blocks);
  for_each_block<Scalar>(source, weights, how,
                         [&](std::size_t b, Eigen::Index, const Matrix<Scalar>& px, const Matrix<Scalar>& py) {
                           const auto column = static_cast<Eigen::Index>(b);
                           const Matrix<Complex> gx = times(px, raw_vectors);
                           const Matrix<Complex> gy = times(py, raw_vectors);
                           errors.col(column) = (gy - gx * lambdas.asDiagonal()).colwise().squaredNorm();
                           norms.col(column) = gx.colwise().squaredNorm();
                         });
  return (errors.rowwise().sum().array() / norms.rowwise().sum().array()).sqrt();
}

template <class Scalar>
Matrix<Scalar> project_observables(const PairSource<Scalar>& source, const Compression<Scalar>& compression,
                                   const Eigen::Ref<const Matrix<Scalar>>& observables, const Parallel& how) {
  check_source(source);
  if (observables.rows() != source.pairs)
    throw InputError(fmt::format("the observables have {} rows for {} pairs", observables.rows(), source.pairs));
  const RootWeights weights = root_weights(source.weights, source.pairs);
  const Eigen::Index blocks = (source.pairs + kBlockRows - 1) / kBlockRows;
  std::vector<Matrix<Scalar>> parts(static_cast<std::size_t>(blocks));
  for_each_block<Scalar>(
      source, weights, how, [&](std::size_t b, Eigen::Index first, const Matrix<Scalar>& px, const Matrix<Scalar>&) {
        const Matrix<Scalar> q = linalg::multiply(px, compression.to_raw);
        const Matrix<Scalar> values =
            weights.root.segment(first, px.rows()).asDiagonal() * observables.middleRows(first, px.rows());
        parts[b] = linalg::multiply(q, values, Op::kAdjoint);
      });
  Matrix<Scalar> sum = Matrix<Scalar>::Zero(compression.size(), observables.cols());
  for (const Matrix<Scalar>& part : parts) sum += part;
  return sum;
}

#define OFFPRINT_INSTANTIATE(Scalar)                                                                               \
  template PairSource<Scalar> stored_pairs<Scalar>(const Matrix<Scalar>&, const Matrix<Scalar>&, Eigen::VectorXd); \
  template struct Compression<Scalar>;                                                                             \
  template Compression<Scalar> compress<Scalar>(const PairSource<Scalar>&, const CompressionOptions&);             \
  template Compression<Scalar> compress_gram<Scalar>(const Matrix<Scalar>&, const Matrix<Scalar>&,                 \
                                                     const Matrix<Scalar>&, const CompressionOptions&);            \
  template Eigen::VectorXd residuals_on<Scalar>(const PairSource<Scalar>&, const Vector<Complex>&,                 \
                                                const Matrix<Complex>&, const Parallel&);                          \
  template Matrix<Scalar> project_observables<Scalar>(const PairSource<Scalar>&, const Compression<Scalar>&,       \
                                                      const Eigen::Ref<const Matrix<Scalar>>&, const Parallel&);
OFFPRINT_INSTANTIATE(double)
OFFPRINT_INSTANTIATE(Complex)
#undef OFFPRINT_INSTANTIATE

}  // namespace offprint::koopman
