// Thin typed layer over CBLAS and LAPACKE. Each algorithm is written once, as a template over the two scalars, on top
// of small overloads that pick the d or z routine.
#include "offprint/linalg/lapack.hpp"

#include <algorithm>
#include <complex>
#include <string_view>
#include <type_traits>

#define lapack_complex_float std::complex<float>
#define lapack_complex_double std::complex<double>
#include <cblas.h>
#include <fmt/format.h>
#include <lapacke.h>

#include "offprint/core/error.hpp"

namespace offprint::linalg {
namespace {

constexpr lapack_int kQrBlock = 32;  // tpqrt's inner block: the best of 8, 16, 32, 64 at n = 600

template <class S>
using View = const Eigen::Ref<const Matrix<S>>&;

lapack_int to_int(Eigen::Index n) { return static_cast<lapack_int>(n); }
lapack_int leading(Eigen::Index rows) { return static_cast<lapack_int>(std::max<Eigen::Index>(1, rows)); }

void check(lapack_int info, std::string_view routine, std::string_view meaning) {
  if (info == 0) return;
  if (info == LAPACK_WORK_MEMORY_ERROR || info == LAPACK_TRANSPOSE_MEMORY_ERROR)
    throw Error(fmt::format("{}: not enough memory for its workspace", routine));
  if (info < 0) throw Error(fmt::format("{}: a matrix entry is NaN or infinite (argument {})", routine, -info));
  throw Error(fmt::format("{}: {} (info {})", routine, meaning, info));
}

template <class S>
void check_finite(View<S> a, std::string_view routine) {
  if (!a.allFinite()) throw Error(fmt::format("{}: a matrix entry is NaN or infinite", routine));
}

template <class S>
void check_square(View<S> a, std::string_view routine) {
  if (a.rows() != a.cols())
    throw Error(fmt::format("{}: the matrix is {} x {}, not square", routine, a.rows(), a.cols()));
}

CBLAS_TRANSPOSE cblas_op(Op op) { return op == Op::kNone ? CblasNoTrans : CblasConjTrans; }

void gemm(Op oa, Op ob, lapack_int m, lapack_int n, lapack_int k, double alpha, const double* a, lapack_int lda,
          const double* b, lapack_int ldb, double beta, double* c, lapack_int ldc) {
  cblas_dgemm(CblasColMajor, cblas_op(oa), cblas_op(ob), m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}
void gemm(Op oa, Op ob, lapack_int m, lapack_int n, lapack_int k, Complex alpha, const Complex* a, lapack_int lda,
          const Complex* b, lapack_int ldb, Complex beta, Complex* c, lapack_int ldc) {
  cblas_zgemm(CblasColMajor, cblas_op(oa), cblas_op(ob), m, n, k, &alpha, a, lda, b, ldb, &beta, c, ldc);
}
void trsm(CBLAS_SIDE side, Op op, lapack_int m, lapack_int n, const double* r, lapack_int ldr, double* b,
          lapack_int ldb) {
  cblas_dtrsm(CblasColMajor, side, CblasUpper, cblas_op(op), CblasNonUnit, m, n, 1.0, r, ldr, b, ldb);
}
void trsm(CBLAS_SIDE side, Op op, lapack_int m, lapack_int n, const Complex* r, lapack_int ldr, Complex* b,
          lapack_int ldb) {
  const Complex one(1.0);
  cblas_ztrsm(CblasColMajor, side, CblasUpper, cblas_op(op), CblasNonUnit, m, n, &one, r, ldr, b, ldb);
}

lapack_int geqrf(lapack_int m, lapack_int n, double* a, lapack_int lda, double* tau) {
  return LAPACKE_dgeqrf(LAPACK_COL_MAJOR, m, n, a, lda, tau);
}
lapack_int geqrf(lapack_int m, lapack_int n, Complex* a, lapack_int lda, Complex* tau) {
  return LAPACKE_zgeqrf(LAPACK_COL_MAJOR, m, n, a, lda, tau);
}
lapack_int generate_q(lapack_int m, lapack_int k, double* a, lapack_int lda, const double* tau) {
  return LAPACKE_dorgqr(LAPACK_COL_MAJOR, m, k, k, a, lda, tau);
}
lapack_int generate_q(lapack_int m, lapack_int k, Complex* a, lapack_int lda, const Complex* tau) {
  return LAPACKE_zungqr(LAPACK_COL_MAJOR, m, k, k, a, lda, tau);
}
lapack_int geqp3(lapack_int m, lapack_int n, double* a, lapack_int lda, lapack_int* pivot, double* tau) {
  return LAPACKE_dgeqp3(LAPACK_COL_MAJOR, m, n, a, lda, pivot, tau);
}
lapack_int geqp3(lapack_int m, lapack_int n, Complex* a, lapack_int lda, lapack_int* pivot, Complex* tau) {
  return LAPACKE_zgeqp3(LAPACK_COL_MAJOR, m, n, a, lda, pivot, tau);
}
lapack_int tpqrt(lapack_int m, lapack_int n, lapack_int l, lapack_int nb, double* a, lapack_int lda, double* b,
                 lapack_int ldb, double* t) {
  return LAPACKE_dtpqrt(LAPACK_COL_MAJOR, m, n, l, nb, a, lda, b, ldb, t, nb);
}
lapack_int tpqrt(lapack_int m, lapack_int n, lapack_int l, lapack_int nb, Complex* a, lapack_int lda, Complex* b,
                 lapack_int ldb, Complex* t) {
  return LAPACKE_ztpqrt(LAPACK_COL_MAJOR, m, n, l, nb, a, lda, b, ldb, t, nb);
}
lapack_int hermitian_all(char job, lapack_int n, double* a, double* w) {
  // Values alone of a large matrix: reduction in two stages, by matrix products (n = 5225: 7.9 s instead of 16.1 s).
  constexpr lapack_int kTwoStages = 2000;
  if (job == 'N' && n >= kTwoStages) return LAPACKE_dsyevd_2stage(LAPACK_COL_MAJOR, job, 'U', n, a, leading(n), w);
  return LAPACKE_dsyevd(LAPACK_COL_MAJOR, job, 'U', n, a, leading(n), w);
}
lapack_int hermitian_all(char job, lapack_int n, Complex* a, double* w) {
  return LAPACKE_zheevd(LAPACK_COL_MAJOR, job, 'U', n, a, leading(n), w);
}
lapack_int hermitian_first(lapack_int n, lapack_int count, double* a, lapack_int* found, double* w, double* z,
                           lapack_int* support) {
  return LAPACKE_dsyevr(LAPACK_COL_MAJOR, 'V', 'I', 'U', n, a, leading(n), 0, 0, 1, count, 0, found, w, z, leading(n),
                        support);
}
lapack_int hermitian_first(lapack_int n, lapack_int count, Complex* a, lapack_int* found, double* w, Complex* z,
                           lapack_int* support) {
  return LAPACKE_zheevr(LAPACK_COL_MAJOR, 'V', 'I', 'U', n, a, leading(n), 0, 0, 1, count, 0, found, w, z, leading(n),
                        support);
}
lapack_int gesdd(char job, lapack_int m, lapack_int n, double* a, double* s, double* u, double* vt) {
  return LAPACKE_dgesdd(LAPACK_COL_MAJOR, job, m, n, a, leading(m), s, u, leading(m), vt, leading(std::min(m, n)));
}
lapack_int gesdd(char job, lapack_int m, lapack_int n, Complex* a, double* s, Complex* u, Complex* vt) {
  return LAPACKE_zgesdd(LAPACK_COL_MAJOR, job, m, n, a, leading(m), s, u, leading(m), vt, leading(std::min(m, n)));
}
lapack_int gesv(lapack_int n, lapack_int k, double* a, lapack_int* pivot, double* b) {
  return LAPACKE_dgesv(LAPACK_COL_MAJOR, n, k, a, leading(n), pivot, b, leading(n));
}
lapack_int gesv(lapack_int n, lapack_int k, Complex* a, lapack_int* pivot, Complex* b) {
  return LAPACKE_zgesv(LAPACK_COL_MAJOR, n, k, a, leading(n), pivot, b, leading(n));
}
lapack_int potrf(lapack_int n, double* a) { return LAPACKE_dpotrf(LAPACK_COL_MAJOR, 'U', n, a, leading(n)); }
lapack_int potrf(lapack_int n, Complex* a) { return LAPACKE_zpotrf(LAPACK_COL_MAJOR, 'U', n, a, leading(n)); }

template <class S>
void multiply_into_impl(Eigen::Ref<Matrix<S>> c, S alpha, View<S> a, Op op_a, View<S> b, Op op_b, S beta) {
  const Eigen::Index m = op_a == Op::kNone ? a.rows() : a.cols();
  const Eigen::Index k = op_a == Op::kNone ? a.cols() : a.rows();
  const Eigen::Index kb = op_b == Op::kNone ? b.rows() : b.cols();
  const Eigen::Index n = op_b == Op::kNone ? b.cols() : b.rows();
  if (k != kb || c.rows() != m || c.cols() != n)
    throw Error(fmt::format("matrix product: ({} x {}) times ({} x {}) does not make {} x {}", m, k, kb, n, c.rows(),
                            c.cols()));
  if (m == 0 || n == 0) return;
  gemm(op_a, op_b, to_int(m), to_int(n), to_int(k), alpha, a.data(), leading(a.outerStride()), b.data(),
       leading(b.outerStride()), beta, c.data(), leading(c.outerStride()));
}

template <class S>
Matrix<S> multiply_impl(View<S> a, View<S> b, Op op_a, Op op_b) {
  Matrix<S> c = Matrix<S>::Zero(op_a == Op::kNone ? a.rows() : a.cols(), op_b == Op::kNone ? b.cols() : b.rows());
  multiply_into_impl<S>(c, S(1), a, op_a, b, op_b, S(0));
  return c;
}

template <class S>
Matrix<S> upper_part(const Matrix<S>& a, Eigen::Index rows) {
  Matrix<S> r = Matrix<S>::Zero(rows, a.cols());
  r.template triangularView<Eigen::Upper>() = a.topRows(rows);
  return r;
}

template <class S>
Matrix<S> qr_factor_impl(View<S> a) {
  check_finite<S>(a, "QR factorization");
  Matrix<S> work = a;
  const Eigen::Index k = std::min(a.rows(), a.cols());
  Vector<S> tau(k);
  if (k > 0)
    check(geqrf(to_int(a.rows()), to_int(a.cols()), work.data(), leading(a.rows()), tau.data()), "QR factorization",
          "failed");
  return upper_part(work, k);
}

template <class S>
void absorb_impl(Eigen::Ref<Matrix<S>> r, Eigen::Ref<Matrix<S>> rows, bool triangular) {
  const Eigen::Index n = r.cols();
  if (r.rows() != n || rows.cols() != n || (triangular && rows.rows() != n))
    throw Error(
        fmt::format("QR update: R is {} x {}, the new rows are {} x {}", r.rows(), n, rows.rows(), rows.cols()));
  if (n == 0 || rows.rows() == 0) return;
  check_finite<S>(rows, "QR update");
  const lapack_int nb = std::min(kQrBlock, to_int(n));
  Matrix<S> t(nb, n);
  check(tpqrt(to_int(rows.rows()), to_int(n), triangular ? to_int(n) : 0, nb, r.data(), leading(r.outerStride()),
              rows.data(), leading(rows.outerStride()), t.data()),
        "QR update", "failed");
}

template <class S>
Matrix<S> update_impl(View<S> r, View<S> b, bool triangular) {
  check_square<S>(r, "QR update");
  if (triangular) check_square<S>(b, "QR update");
  Matrix<S> top = upper_part<S>(r, r.rows());
  Matrix<S> bottom = triangular ? upper_part<S>(b, b.rows()) : Matrix<S>(b);
  absorb_impl<S>(top, bottom, triangular);
  return top;
}

template <class S>
ThinQr<S> thin_qr_impl(View<S> a) {
  check_finite<S>(a, "QR factorization");
  Matrix<S> work = a;
  const Eigen::Index k = std::min(a.rows(), a.cols());
  Vector<S> tau(k);
  if (k == 0) return {Matrix<S>(a.rows(), 0), Matrix<S>(0, a.cols())};
  check(geqrf(to_int(a.rows()), to_int(a.cols()), work.data(), leading(a.rows()), tau.data()), "QR factorization",
        "failed");
  Matrix<S> r = upper_part(work, k);
  check(generate_q(to_int(a.rows()), to_int(k), work.data(), leading(a.rows()), tau.data()), "QR factorization",
        "failed");
  return {work.leftCols(k), std::move(r)};
}

template <class S>
PivotedQr<S> pivoted_qr_impl(View<S> a) {
  check_finite<S>(a, "pivoted QR factorization");
  Matrix<S> work = a;
  const Eigen::Index k = std::min(a.rows(), a.cols());
  Vector<S> tau(k);
  std::vector<lapack_int> pivot(static_cast<std::size_t>(a.cols()), 0);
  if (k > 0)
    check(geqp3(to_int(a.rows()), to_int(a.cols()), work.data(), leading(a.rows()), pivot.data(), tau.data()),
          "pivoted QR factorization", "failed");
  PivotedQr<S> out;
  out.r = upper_part(work, k);
  if (k > 0)
    check(generate_q(to_int(a.rows()), to_int(k), work.data(), leading(a.rows()), tau.data()),
          "pivoted QR factorization", "failed");
  out.q = work.leftCols(k);
  for (const lapack_int p : pivot) out.permutation.push_back(p - 1);
  return out;
}

Schur schur_impl(ComplexView a) {
  check_square<Complex>(a, "Schur form");
  check_finite<Complex>(a, "Schur form");
  const Eigen::Index n = a.rows();
  Schur out{Matrix<Complex>(n, n), a};
  if (n == 0) return out;
  Vector<Complex> w(n);
  lapack_int sdim = 0;
  check(LAPACKE_zgees(LAPACK_COL_MAJOR, 'V', 'N', nullptr, to_int(n), out.t.data(), leading(n), &sdim, w.data(),
                      out.u.data(), leading(n)),
        "Schur form", "the QR iteration did not converge");
  out.t.triangularView<Eigen::StrictlyLower>().setZero();
  return out;
}

// LAPACK's real eigenvectors come as pairs of columns (real part, imaginary part) for each conjugate pair.
Matrix<Complex> unpack(const Vector<Complex>& values, const Matrix<double>& packed) {
  Matrix<Complex> out(packed.rows(), packed.cols());
  for (Eigen::Index j = 0; j < packed.cols(); ++j) {
    if (values[j].imag() == 0.0) {
      out.col(j) = packed.col(j).cast<Complex>();
    } else {
      out.col(j) = packed.col(j) + Complex(0, 1) * packed.col(j + 1);
      out.col(j + 1) = out.col(j).conjugate();
      ++j;
    }
  }
  return out;
}

EigenPairs eigen_impl(RealView a, bool right, bool left) {
  check_square<double>(a, "eigenvalues");
  check_finite<double>(a, "eigenvalues");
  const Eigen::Index n = a.rows();
  EigenPairs out{Vector<Complex>(n), {}, {}};
  if (n == 0) return out;
  Matrix<double> work = a;
  Matrix<double> vr(right ? n : 0, right ? n : 0);
  Matrix<double> vl(left ? n : 0, left ? n : 0);
  Eigen::VectorXd re(n);
  Eigen::VectorXd im(n);
  check(LAPACKE_dgeev(LAPACK_COL_MAJOR, left ? 'V' : 'N', right ? 'V' : 'N', to_int(n), work.data(), leading(n),
                      re.data(), im.data(), vl.data(), leading(n), vr.data(), leading(n)),
        "eigenvalues", "the QR iteration did not converge");
  for (Eigen::Index j = 0; j < n; ++j) out.values[j] = Complex(re[j], im[j]);
  if (right) out.right = unpack(out.values, vr);
  if (left) out.left = unpack(out.values, vl);
  return out;
}

EigenPairs eigen_impl(ComplexView a, bool right, bool left) {
  check_square<Complex>(a, "eigenvalues");
  check_finite<Complex>(a, "eigenvalues");
  const Eigen::Index n = a.rows();
  EigenPairs out{Vector<Complex>(n), {}, {}};
  if (n == 0) return out;
  Matrix<Complex> work = a;
  if (right) out.right.resize(n, n);
  if (left) out.left.resize(n, n);
  check(LAPACKE_zgeev(LAPACK_COL_MAJOR, left ? 'V' : 'N', right ? 'V' : 'N', to_int(n), work.data(), leading(n),
                      out.values.data(), out.left.data(), leading(n), out.right.data(), leading(n)),
        "eigenvalues", "the QR iteration did not converge");
  return out;
}

template <class S>
HermitianEigen<S> hermitian_impl(View<S> a, bool vectors) {
  check_square<S>(a, "Hermitian eigenvalues");
  check_finite<S>(a, "Hermitian eigenvalues");
  HermitianEigen<S> out{Eigen::VectorXd(a.rows()), a};
  if (a.rows() > 0)
    check(hermitian_all(vectors ? 'V' : 'N', to_int(a.rows()), out.vectors.data(), out.values.data()),
          "Hermitian eigenvalues", "the iteration did not converge");
  return out;
}

template <class S>
HermitianEigen<S> hermitian_smallest_impl(View<S> a, Eigen::Index count) {
  check_square<S>(a, "Hermitian eigenvalues");
  check_finite<S>(a, "Hermitian eigenvalues");
  const Eigen::Index n = a.rows();
  const Eigen::Index k = std::clamp<Eigen::Index>(count, 0, n);
  HermitianEigen<S> out{Eigen::VectorXd(n), Matrix<S>(n, k)};
  if (k > 0) {
    Matrix<S> work = a;
    lapack_int found = 0;
    std::vector<lapack_int> support(2 * static_cast<std::size_t>(n));
    check(hermitian_first(to_int(n), to_int(k), work.data(), &found, out.values.data(), out.vectors.data(),
                          support.data()),
          "Hermitian eigenvalues", "the iteration did not converge");
  }
  out.values.conservativeResize(k);
  return out;
}

template <class S>
Svd<S> svd_impl(View<S> a, bool vectors) {
  check_finite<S>(a, "singular values");
  const Eigen::Index m = a.rows();
  const Eigen::Index n = a.cols();
  const Eigen::Index k = std::min(m, n);
  Svd<S> out{{}, Eigen::VectorXd(k), {}};
  if (vectors) {
    out.u.resize(m, k);
    out.v_adjoint.resize(k, n);
  }
  if (k == 0) return out;
  Matrix<S> work = a;
  check(gesdd(vectors ? 'S' : 'N', to_int(m), to_int(n), work.data(), out.s.data(), out.u.data(), out.v_adjoint.data()),
        "singular values", "the iteration did not converge");
  return out;
}

template <class S>
void check_nonsingular(View<S> r, std::string_view routine) {
  check_square<S>(r, routine);
  for (Eigen::Index j = 0; j < r.rows(); ++j)
    if (r(j, j) == S(0)) throw Error(fmt::format("{}: entry {} of the diagonal is zero", routine, j + 1));
}

template <class S>
Matrix<S> solve_upper_impl(View<S> r, View<S> b, Op op, CBLAS_SIDE side) {
  check_nonsingular<S>(r, "triangular solve");
  if ((side == CblasLeft ? b.rows() : b.cols()) != r.rows())
    throw Error(fmt::format("triangular solve: R is {} x {}, the right-hand side {} x {}", r.rows(), r.cols(), b.rows(),
                            b.cols()));
  Matrix<S> x = b;
  if (x.size() > 0)
    trsm(side, op, to_int(x.rows()), to_int(x.cols()), r.data(), leading(r.outerStride()), x.data(), leading(x.rows()));
  return x;
}

template <class S>
Matrix<S> solve_impl(View<S> a, View<S> b) {
  check_square<S>(a, "linear solve");
  check_finite<S>(a, "linear solve");
  if (a.rows() != b.rows())
    throw Error(fmt::format("linear solve: {} equations, {} right-hand rows", a.rows(), b.rows()));
  Matrix<S> lu = a;
  Matrix<S> x = b;
  std::vector<lapack_int> pivot(static_cast<std::size_t>(a.rows()));
  if (x.size() > 0)
    check(gesv(to_int(a.rows()), to_int(b.cols()), lu.data(), pivot.data(), x.data()), "linear solve",
          "the matrix is singular");
  return x;
}

template <class S>
std::optional<Matrix<S>> cholesky_impl(View<S> a) {
  check_square<S>(a, "Cholesky factorization");
  check_finite<S>(a, "Cholesky factorization");
  Matrix<S> work = a;
  if (a.rows() > 0) {
    const lapack_int info = potrf(to_int(a.rows()), work.data());
    if (info > 0) return std::nullopt;
    check(info, "Cholesky factorization", "failed");
  }
  return upper_part(work, a.rows());
}

}  // namespace

Matrix<double> multiply(RealView a, RealView b, Op op_a, Op op_b) { return multiply_impl<double>(a, b, op_a, op_b); }
Matrix<Complex> multiply(ComplexView a, ComplexView b, Op op_a, Op op_b) {
  return multiply_impl<Complex>(a, b, op_a, op_b);
}
void multiply_into(Eigen::Ref<Matrix<double>> c, double alpha, RealView a, Op op_a, RealView b, Op op_b, double beta) {
  multiply_into_impl<double>(c, alpha, a, op_a, b, op_b, beta);
}
void multiply_into(Eigen::Ref<Matrix<Complex>> c, Complex alpha, ComplexView a, Op op_a, ComplexView b, Op op_b,
                   Complex beta) {
  multiply_into_impl<Complex>(c, alpha, a, op_a, b, op_b, beta);
}
void self_product_into(Eigen::Ref<Matrix<double>> c, double alpha, RealView a, Op op, double beta) {
  const Eigen::Index n = op == Op::kNone ? a.rows() : a.cols();
  const Eigen::Index k = op == Op::kNone ? a.cols() : a.rows();
  if (c.rows() != n || c.cols() != n)
    throw Error(
        fmt::format("self product of a {} x {} matrix does not make {} x {}", a.rows(), a.cols(), c.rows(), c.cols()));
  if (n == 0) return;
  cblas_dsyrk(CblasColMajor, CblasLower, op == Op::kNone ? CblasNoTrans : CblasTrans, to_int(n), to_int(k), alpha,
              a.data(), leading(a.outerStride()), beta, c.data(), leading(c.outerStride()));
  for (Eigen::Index j = 1; j < n; ++j) c.col(j).head(j) = c.row(j).head(j).transpose();
}
Matrix<double> qr_factor(RealView a) { return qr_factor_impl<double>(a); }
Matrix<Complex> qr_factor(ComplexView a) { return qr_factor_impl<Complex>(a); }
Matrix<double> update_qr_factor(RealView r, RealView b) { return update_impl<double>(r, b, false); }
Matrix<Complex> update_qr_factor(ComplexView r, ComplexView b) { return update_impl<Complex>(r, b, false); }
void absorb_rows(Eigen::Ref<Matrix<double>> r, Eigen::Ref<Matrix<double>> rows) { absorb_impl<double>(r, rows, false); }
void absorb_rows(Eigen::Ref<Matrix<Complex>> r, Eigen::Ref<Matrix<Complex>> rows) {
  absorb_impl<Complex>(r, rows, false);
}
Matrix<double> combine_qr_factors(RealView r1, RealView r2) { return update_impl<double>(r1, r2, true); }
Matrix<Complex> combine_qr_factors(ComplexView r1, ComplexView r2) { return update_impl<Complex>(r1, r2, true); }
ThinQr<double> thin_qr(RealView a) { return thin_qr_impl<double>(a); }
ThinQr<Complex> thin_qr(ComplexView a) { return thin_qr_impl<Complex>(a); }
PivotedQr<double> pivoted_qr(RealView a) { return pivoted_qr_impl<double>(a); }
PivotedQr<Complex> pivoted_qr(ComplexView a) { return pivoted_qr_impl<Complex>(a); }
Schur schur(RealView a) { return schur_impl(a.cast<Complex>()); }
Schur schur(ComplexView a) { return schur_impl(a); }
EigenPairs eigen_pairs(RealView a, bool with_left) { return eigen_impl(a, true, with_left); }
EigenPairs eigen_pairs(ComplexView a, bool with_left) { return eigen_impl(a, true, with_left); }
Vector<Complex> eigen_values(RealView a) { return eigen_impl(a, false, false).values; }
Vector<Complex> eigen_values(ComplexView a) { return eigen_impl(a, false, false).values; }
HermitianEigen<double> hermitian_eigen(RealView a) { return hermitian_impl<double>(a, true); }
HermitianEigen<Complex> hermitian_eigen(ComplexView a) { return hermitian_impl<Complex>(a, true); }
HermitianEigen<double> hermitian_eigen_smallest(RealView a, Eigen::Index count) {
  return hermitian_smallest_impl<double>(a, count);
}
HermitianEigen<Complex> hermitian_eigen_smallest(ComplexView a, Eigen::Index count) {
  return hermitian_smallest_impl<Complex>(a, count);
}
Eigen::VectorXd hermitian_eigenvalues(RealView a) { return hermitian_impl<double>(a, false).values; }
Eigen::VectorXd hermitian_eigenvalues(ComplexView a) { return hermitian_impl<Complex>(a, false).values; }
Svd<double> svd(RealView a) { return svd_impl<double>(a, true); }
Svd<Complex> svd(ComplexView a) { return svd_impl<Complex>(a, true); }
Eigen::VectorXd singular_values(RealView a) { return svd_impl<double>(a, false).s; }
Eigen::VectorXd singular_values(ComplexView a) { return svd_impl<Complex>(a, false).s; }
Matrix<double> solve_upper(RealView r, RealView b, Op op) { return solve_upper_impl<double>(r, b, op, CblasLeft); }
Matrix<Complex> solve_upper(ComplexView r, ComplexView b, Op op) {
  return solve_upper_impl<Complex>(r, b, op, CblasLeft);
}
Matrix<double> solve_upper_from_right(RealView b, RealView r, Op op) {
  return solve_upper_impl<double>(r, b, op, CblasRight);
}
Matrix<Complex> solve_upper_from_right(ComplexView b, ComplexView r, Op op) {
  return solve_upper_impl<Complex>(r, b, op, CblasRight);
}
Matrix<double> solve(RealView a, RealView b) { return solve_impl<double>(a, b); }
Matrix<Complex> solve(ComplexView a, ComplexView b) { return solve_impl<Complex>(a, b); }
std::optional<Matrix<double>> cholesky(RealView a) { return cholesky_impl<double>(a); }
std::optional<Matrix<Complex>> cholesky(ComplexView a) { return cholesky_impl<Complex>(a); }

bool cholesky_lower_in_place(Eigen::Ref<Matrix<Complex>> a) {
  check_square<Complex>(a, "Cholesky factorization");
  if (a.rows() == 0) return true;
  return LAPACKE_zpotrf_work(LAPACK_COL_MAJOR, 'L', to_int(a.rows()), a.data(), leading(a.outerStride())) == 0;
}

Eigen::Index failing_minor_of_cholesky(Eigen::Ref<Matrix<double>> a) {
  check_square<double>(a, "Cholesky factorization");
  if (a.rows() == 0) return 0;
  return LAPACKE_dpotrf_work(LAPACK_COL_MAJOR, 'L', to_int(a.rows()), a.data(), leading(a.outerStride()));
}

namespace {
template <class S>
void check_triangular_solve(View<S> t, Eigen::Index unknowns) {
  check_square<S>(t, "triangular solve");
  if (unknowns != t.rows())
    throw Error(fmt::format("triangular solve: {} unknowns, {} right-hand values", t.rows(), unknowns));
}
}  // namespace

void solve_triangular_in_place(RealView t, Triangle triangle, Op op, Eigen::Ref<Vector<double>> x) {
  check_triangular_solve<double>(t, x.size());
  cblas_dtrsv(CblasColMajor, triangle == Triangle::kLower ? CblasLower : CblasUpper, cblas_op(op), CblasNonUnit,
              to_int(x.size()), t.data(), leading(t.outerStride()), x.data(), 1);
}

void solve_triangular_in_place(ComplexView t, Triangle triangle, Op op, Eigen::Ref<Vector<Complex>> x) {
  check_triangular_solve<Complex>(t, x.size());
  cblas_ztrsv(CblasColMajor, triangle == Triangle::kLower ? CblasLower : CblasUpper, cblas_op(op), CblasNonUnit,
              to_int(x.size()), t.data(), leading(t.outerStride()), x.data(), 1);
}

}  // namespace offprint::linalg
