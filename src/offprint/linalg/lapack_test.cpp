#include "offprint/linalg/lapack.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "offprint/core/error.hpp"
#include "offprint/core/random.hpp"

namespace offprint::linalg {
namespace {

template <class S>
Matrix<S> random_matrix(Eigen::Index rows, Eigen::Index cols, std::uint64_t seed) {
  Stream stream(seed, "lapack test");
  Matrix<S> a(rows, cols);
  for (Eigen::Index j = 0; j < cols; ++j)
    for (Eigen::Index i = 0; i < rows; ++i) {
      if constexpr (std::is_same_v<S, double>) {
        a(i, j) = stream.normal();
      } else {
        const double re = stream.normal();
        a(i, j) = S(re, stream.normal());
      }
    }
  return a;
}

template <class S>
class Lapack : public testing::Test {};
using Scalars = testing::Types<double, Complex>;
TYPED_TEST_SUITE(Lapack, Scalars);

TEST(Products, SelfProductIsTheProductWithTheTranspose) {
  const Matrix<double> a = Matrix<double>::Random(7, 4);
  Matrix<double> c = Matrix<double>::Identity(7, 7);
  self_product_into(c, 2.0, a, Op::kNone, 3.0);
  EXPECT_LT((c - (2.0 * a * a.transpose() + 3.0 * Matrix<double>::Identity(7, 7))).norm(), 1e-13);
  Matrix<double> d(4, 4);
  self_product_into(d, 1.0, a, Op::kAdjoint, 0.0);
  EXPECT_LT((d - a.transpose() * a).norm(), 1e-13);
  EXPECT_THROW(self_product_into(d, 1.0, a, Op::kNone, 0.0), Error);
}

TYPED_TEST(Lapack, Products) {
  using S = TypeParam;
  const Matrix<S> a = random_matrix<S>(7, 5, 1);
  const Matrix<S> b = random_matrix<S>(7, 3, 2);
  EXPECT_LT((multiply(a, b, Op::kAdjoint) - a.adjoint() * b).norm(), 1e-13);
  EXPECT_LT((multiply(a, a, Op::kNone, Op::kAdjoint) - a * a.adjoint()).norm(), 1e-13);
  // a block view with an outer stride
  EXPECT_LT(
      (multiply(a.topRows(3), b.middleRows(2, 3), Op::kAdjoint) - a.topRows(3).adjoint() * b.middleRows(2, 3)).norm(),
      1e-13);
  EXPECT_THROW((void)multiply(a, b), Error);
}

TYPED_TEST(Lapack, QrFactors) {
  using S = TypeParam;
  const Matrix<S> a = random_matrix<S>(40, 9, 3);
  const Matrix<S> b = random_matrix<S>(13, 9, 4);
  const auto [q, r] = thin_qr(a);
  EXPECT_LT((q * r - a).norm(), 1e-13);
  EXPECT_LT((q.adjoint() * q - Matrix<S>::Identity(9, 9)).norm(), 1e-13);
  EXPECT_EQ(qr_factor(a), r);
  const Matrix<S> gram = a.adjoint() * a + b.adjoint() * b;
  const Matrix<S> updated = update_qr_factor(r, b);
  EXPECT_LT((updated.adjoint() * updated - gram).norm(), 1e-12);
  EXPECT_EQ(updated.template triangularView<Eigen::StrictlyLower>().toDenseMatrix().norm(), 0.0);
  const Matrix<S> combined = combine_qr_factors(r, qr_factor(b));
  EXPECT_LT((combined.adjoint() * combined - gram).norm(), 1e-12);
  const auto pivoted = pivoted_qr(a);
  for (Eigen::Index j = 0; j < 9; ++j)
    EXPECT_LT((pivoted.q * pivoted.r.col(j) - a.col(pivoted.permutation[static_cast<std::size_t>(j)])).norm(), 1e-13);
}

TYPED_TEST(Lapack, Spectral) {
  using S = TypeParam;
  const Matrix<S> a = random_matrix<S>(8, 8, 5);
  const Matrix<Complex> c = a.template cast<Complex>();
  const auto [u, t] = schur(a);
  EXPECT_LT((u * t * u.adjoint() - c).norm(), 1e-12);
  const auto pairs = eigen_pairs(a, true);
  EXPECT_LT((c * pairs.right - pairs.right * pairs.values.asDiagonal()).norm(), 1e-12);
  EXPECT_LT((pairs.left.adjoint() * c - pairs.values.asDiagonal() * pairs.left.adjoint()).norm(), 1e-12);
  const Matrix<S> h = a + a.adjoint();
  const auto all = hermitian_eigen(h);
  EXPECT_LT((h * all.vectors - all.vectors * all.values.template cast<S>().asDiagonal()).norm(), 1e-12);
  const auto few = hermitian_eigen_smallest(h, 2);
  ASSERT_EQ(few.values.size(), 2);
  EXPECT_LT((few.values - all.values.head(2)).norm(), 1e-12);
  EXPECT_LT((h * few.vectors.col(0) - few.values[0] * few.vectors.col(0)).norm(), 1e-12);
  const auto factors = svd(a.leftCols(5).eval());
  EXPECT_LT((factors.u * factors.s.template cast<S>().asDiagonal() * factors.v_adjoint - a.leftCols(5)).norm(), 1e-12);
}

TYPED_TEST(Lapack, Solves) {
  using S = TypeParam;
  const Matrix<S> a = random_matrix<S>(6, 6, 6);
  const Matrix<S> b = random_matrix<S>(6, 2, 7);
  EXPECT_LT((a * solve(a, b) - b).norm(), 1e-12);
  const Matrix<S> h = a.adjoint() * a;
  const auto r = cholesky(h);
  ASSERT_TRUE(r.has_value());
  EXPECT_LT((r->adjoint() * *r - h).norm(), 1e-12);
  EXPECT_LT((*r * solve_upper(*r, b) - b).norm(), 1e-11);
  EXPECT_LT((r->adjoint() * solve_upper(*r, b, Op::kAdjoint) - b).norm(), 1e-11);
  EXPECT_LT((solve_upper_from_right(b.adjoint().eval(), *r) * *r - b.adjoint()).norm(), 1e-11);
  EXPECT_FALSE(cholesky((-h).eval()).has_value());
}

TEST(LapackErrors, OneSentenceEach) {
  Matrix<double> bad = Matrix<double>::Identity(3, 3);
  bad(1, 2) = std::numeric_limits<double>::quiet_NaN();
  try {
    (void)qr_factor(bad);
    FAIL();
  } catch (const Error& e) {
    EXPECT_THAT(e.what(), testing::HasSubstr("NaN or infinite"));
  }
  const Matrix<double> zero = Matrix<double>::Zero(2, 2);
  try {
    (void)solve(zero, zero);
    FAIL();
  } catch (const Error& e) {
    EXPECT_THAT(e.what(), testing::HasSubstr("the matrix is singular"));
  }
  EXPECT_THROW((void)solve_upper(zero, zero), Error);
}

TEST(Lapack, ValuesOfALargeMatrixComeInTwoStages) {
  const Eigen::Index n = 2001;
  Matrix<double> a = Matrix<double>::Zero(n, n);  // second differences: 2 - 2 cos(pi k / (n + 1))
  a.diagonal().setConstant(2);
  a.diagonal(1).setConstant(-1);
  a.diagonal(-1).setConstant(-1);
  const Eigen::VectorXd values = hermitian_eigenvalues(a);
  for (const Eigen::Index k : {Eigen::Index{1}, Eigen::Index{1000}, n})
    EXPECT_NEAR(values[k - 1], 2 - 2 * std::cos(M_PI * static_cast<double>(k) / static_cast<double>(n + 1)), 1e-12);
}

}  // namespace
}  // namespace offprint::linalg
