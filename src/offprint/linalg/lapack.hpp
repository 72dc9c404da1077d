// Dense factorizations and products of Eigen matrices, computed by BLAS and LAPACK: Eigen's own kernels are built for
// baseline x86-64, BLAS chooses the widest instructions of the machine at run time.
#pragma once

#include <complex>
#include <optional>
#include <vector>

#include <Eigen/Core>

namespace offprint::linalg {

using Complex = std::complex<double>;
template <class Scalar>
using Matrix = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>;
template <class Scalar>
using Vector = Eigen::Matrix<Scalar, Eigen::Dynamic, 1>;

/// Column-major views (any outer stride) of the two scalars every function here comes in.
using RealView = const Eigen::Ref<const Matrix<double>>&;
using ComplexView = const Eigen::Ref<const Matrix<Complex>>&;

/// How a matrix enters a product or a solve. Adjoint = conjugate transpose.
enum class Op { kNone, kAdjoint };

/// op_a(A) op_b(B) by gemm. Throws Error when the inner dimensions differ.
[[nodiscard]] Matrix<double> multiply(RealView a, RealView b, Op op_a = Op::kNone, Op op_b = Op::kNone);
[[nodiscard]] Matrix<Complex> multiply(ComplexView a, ComplexView b, Op op_a = Op::kNone, Op op_b = Op::kNone);

/// C = alpha op_a(A) op_b(B) + beta C, without allocating. Throws Error when the shapes differ.
void multiply_into(Eigen::Ref<Matrix<double>> c, double alpha, RealView a, Op op_a, RealView b, Op op_b, double beta);
void multiply_into(Eigen::Ref<Matrix<Complex>> c, Complex alpha, ComplexView a, Op op_a, ComplexView b, Op op_b,
                   Complex beta);

/// C = alpha A A^T + beta C (kAdjoint: alpha A^T A + beta C) by syrk, both triangles filled: half the work of a
/// product. C must be symmetric on entry unless beta is 0. Throws Error when the shapes differ.
void self_product_into(Eigen::Ref<Matrix<double>> c, double alpha, RealView a, Op op, double beta);

/// The R factor of a Householder QR of A (m x n): min(m, n) x n, upper triangular (trapezoidal when m < n). The signs
/// of its rows are LAPACK's. O(m n^2).
[[nodiscard]] Matrix<double> qr_factor(RealView a);
[[nodiscard]] Matrix<Complex> qr_factor(ComplexView a);

/// The R factor of [R; B], R upper triangular n x n, B dense with n columns (tpqrt). The rows of R below the diagonal
/// are not read. O(rows(B) n^2).
[[nodiscard]] Matrix<double> update_qr_factor(RealView r, RealView b);
[[nodiscard]] Matrix<Complex> update_qr_factor(ComplexView r, ComplexView b);

/// The same in place: r (its strict lower triangle zero, and left so) becomes the R factor of [r; rows], and rows is
/// overwritten by the reflectors. For loops that stream row blocks.
void absorb_rows(Eigen::Ref<Matrix<double>> r, Eigen::Ref<Matrix<double>> rows);
void absorb_rows(Eigen::Ref<Matrix<Complex>> r, Eigen::Ref<Matrix<Complex>> rows);

/// The R factor of [R1; R2], both upper triangular n x n (tpqrt on the triangle: a third of the work of a dense
/// update).
[[nodiscard]] Matrix<double> combine_qr_factors(RealView r1, RealView r2);
[[nodiscard]] Matrix<Complex> combine_qr_factors(ComplexView r1, ComplexView r2);

/// A = Q R with Q m x k orthonormal, R k x n, k = min(m, n).
template <class Scalar>
struct ThinQr {
  Matrix<Scalar> q;
  Matrix<Scalar> r;
};
[[nodiscard]] ThinQr<double> thin_qr(RealView a);
[[nodiscard]] ThinQr<Complex> thin_qr(ComplexView a);

/// A P = Q R with |R_11| >= |R_22| >= ...; column j of A P is column permutation[j] of A.
template <class Scalar>
struct PivotedQr {
  Matrix<Scalar> q;
  Matrix<Scalar> r;
  std::vector<Eigen::Index> permutation;
};
[[nodiscard]] PivotedQr<double> pivoted_qr(RealView a);
[[nodiscard]] PivotedQr<Complex> pivoted_qr(ComplexView a);

/// Complex Schur form A = U T U*, T upper triangular with the eigenvalues on its diagonal, U unitary. O(25 n^3).
struct Schur {
  Matrix<Complex> u;
  Matrix<Complex> t;
};
[[nodiscard]] Schur schur(RealView a);
[[nodiscard]] Schur schur(ComplexView a);

/// Eigenvalues and unit right eigenvectors (columns); `left` (unit columns w with w* A = lambda w*) only on request.
struct EigenPairs {
  Vector<Complex> values;
  Matrix<Complex> right;
  Matrix<Complex> left;
};
[[nodiscard]] EigenPairs eigen_pairs(RealView a, bool with_left = false);
[[nodiscard]] EigenPairs eigen_pairs(ComplexView a, bool with_left = false);
/// The eigenvalues alone.
[[nodiscard]] Vector<Complex> eigen_values(RealView a);
[[nodiscard]] Vector<Complex> eigen_values(ComplexView a);

/// Hermitian A (the upper triangle is read): ascending eigenvalues, orthonormal eigenvectors (columns).
template <class Scalar>
struct HermitianEigen {
  Eigen::VectorXd values;
  Matrix<Scalar> vectors;
};
[[nodiscard]] HermitianEigen<double> hermitian_eigen(RealView a);
[[nodiscard]] HermitianEigen<Complex> hermitian_eigen(ComplexView a);
/// The `count` smallest eigenpairs only (relatively robust representations, syevr).
[[nodiscard]] HermitianEigen<double> hermitian_eigen_smallest(RealView a, Eigen::Index count);
[[nodiscard]] HermitianEigen<Complex> hermitian_eigen_smallest(ComplexView a, Eigen::Index count);
/// Ascending eigenvalues alone.
[[nodiscard]] Eigen::VectorXd hermitian_eigenvalues(RealView a);
[[nodiscard]] Eigen::VectorXd hermitian_eigenvalues(ComplexView a);

/// Thin SVD A = U diag(s) V*, s descending, k = min(m, n).
template <class Scalar>
struct Svd {
  Matrix<Scalar> u;
  Eigen::VectorXd s;
  Matrix<Scalar> v_adjoint;
};
[[nodiscard]] Svd<double> svd(RealView a);
[[nodiscard]] Svd<Complex> svd(ComplexView a);
[[nodiscard]] Eigen::VectorXd singular_values(RealView a);
[[nodiscard]] Eigen::VectorXd singular_values(ComplexView a);

/// op(R)^{-1} B with R upper triangular (what lies below its diagonal is not read). Throws Error when R is singular.
[[nodiscard]] Matrix<double> solve_upper(RealView r, RealView b, Op op = Op::kNone);
[[nodiscard]] Matrix<Complex> solve_upper(ComplexView r, ComplexView b, Op op = Op::kNone);
/// B op(R)^{-1} with R upper triangular. Throws Error when R is singular.
[[nodiscard]] Matrix<double> solve_upper_from_right(RealView b, RealView r, Op op = Op::kNone);
[[nodiscard]] Matrix<Complex> solve_upper_from_right(ComplexView b, ComplexView r, Op op = Op::kNone);

/// A^{-1} B by LU with partial pivoting. Throws Error when A is exactly singular.
[[nodiscard]] Matrix<double> solve(RealView a, RealView b);
[[nodiscard]] Matrix<Complex> solve(ComplexView a, ComplexView b);

/// Upper R with R* R = A (the upper triangle of A is read), or nothing when A is not positive definite to rounding.
[[nodiscard]] std::optional<Matrix<double>> cholesky(RealView a);
[[nodiscard]] std::optional<Matrix<Complex>> cholesky(ComplexView a);

/// Lower L with L L* = A in the lower triangle of a (its strict upper triangle is neither read nor changed); false when
/// A is not positive definite to rounding, and then a holds rubbish. Entries must be finite: this one does not look.
[[nodiscard]] bool cholesky_lower_in_place(Eigen::Ref<Matrix<Complex>> a);

/// The same for a real matrix, and which leading minor fails: 0, or k when the minor of order k is not positive.
[[nodiscard]] Eigen::Index failing_minor_of_cholesky(Eigen::Ref<Matrix<double>> a);

/// x = op(T)^{-1} x for one vector, T lower or upper triangular; a zero on its diagonal gives infinities. Reads only
/// that triangle.
enum class Triangle { kLower, kUpper };
void solve_triangular_in_place(ComplexView t, Triangle triangle, Op op, Eigen::Ref<Vector<Complex>> x);
void solve_triangular_in_place(RealView t, Triangle triangle, Op op, Eigen::Ref<Vector<double>> x);

}  // namespace offprint::linalg
