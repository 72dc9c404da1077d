#include "offprint/koopman/compression.hpp"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "offprint/core/error.hpp"
#include "offprint/core/random.hpp"

namespace offprint::koopman {
namespace {

using testing::HasSubstr;

template <class S>
Matrix<S> random_matrix(Eigen::Index rows, Eigen::Index cols, std::uint64_t seed) {
  Stream stream(seed, "compression test");
  Matrix<S> a(rows, cols);
  for (Eigen::Index j = 0; j < cols; ++j)
    for (Eigen::Index i = 0; i < rows; ++i) {
      const double re = stream.normal();
      if constexpr (std::is_same_v<S, double>) {
        a(i, j) = re;
      } else {
        a(i, j) = S(re, stream.normal());
      }
    }
  return a;
}

template <class F>
std::string message(const F& f) {
  try {
    f();
  } catch (const InputError& e) {
    return e.what();
  }
  return "no InputError";
}

template <class S>
class Compress : public testing::Test {};
using Scalars = testing::Types<double, Complex>;
TYPED_TEST_SUITE(Compress, Scalars);

// G, A, L of the raw dictionary, recovered from the compression, against their definitions.
TYPED_TEST(Compress, ReproducesTheGramMatrices) {
  using S = TypeParam;
  const Matrix<S> px = random_matrix<S>(500, 8, 1);
  const Matrix<S> py = random_matrix<S>(500, 8, 2);
  Eigen::VectorXd weights(500);
  Stream(3, "weights").fill_uniform({weights.data(), 500});
  const auto c = compress(stored_pairs(px, py, weights));
  const Matrix<S> d = (weights / weights.sum()).template cast<S>().asDiagonal();
  EXPECT_NEAR(c.weight_sum, weights.sum(), 1e-10);
  const Matrix<S> a = px.adjoint() * d * py;
  const Matrix<S> l = py.adjoint() * d * py;
  EXPECT_LT((c.from_raw.adjoint() * c.from_raw - px.adjoint() * d * px).norm(), 1e-13);
  EXPECT_LT((c.from_raw.adjoint() * c.a * c.from_raw - a).norm(), 1e-13);
  EXPECT_LT((c.from_raw.adjoint() * c.l() * c.from_raw - l).norm(), 1e-13);
  EXPECT_LT((c.from_raw * c.to_raw - Matrix<S>::Identity(8, 8)).norm(), 1e-13);
  const Eigen::VectorXd eigenvalues = linalg::hermitian_eigenvalues(c.l());
  EXPECT_NEAR(c.l_extremes().smallest, eigenvalues[0], 1e-12);
  EXPECT_NEAR(c.l_extremes().largest, eigenvalues[7], 1e-12);
  EXPECT_TRUE(c.warnings.empty());

  const auto gram = compress_gram<S>(px.adjoint() * d * px, a, l);
  EXPECT_LT((gram.from_raw.adjoint() * gram.a * gram.from_raw - a).norm(), 1e-13);
  EXPECT_LT((gram.from_raw.adjoint() * gram.l() * gram.from_raw - l).norm(), 1e-13);
}

TYPED_TEST(Compress, DropsDependentDirectionsAndSaysSo) {
  using S = TypeParam;
  Matrix<S> px = random_matrix<S>(300, 6, 4);
  Matrix<S> py = random_matrix<S>(300, 6, 5);
  const auto clean = compress(stored_pairs<S>(px, py));
  Matrix<S> px7(300, 7);
  Matrix<S> py7(300, 7);
  px7 << px, px.col(0) + px.col(3);
  py7 << py, py.col(0) + py.col(3);
  const auto c = compress(stored_pairs(px7, py7));
  EXPECT_EQ(c.dropped, 1);
  EXPECT_EQ(c.size(), 6);
  EXPECT_GT(c.condition, 1e14);
  ASSERT_EQ(c.warnings.size(), 1u);
  EXPECT_THAT(c.warnings[0], HasSubstr("1 of 7 dictionary directions were dropped"));
  // the same space, so the same operator and the same L
  EXPECT_LT((linalg::singular_values(c.a) - linalg::singular_values(clean.a)).norm(), 1e-12);
  EXPECT_NEAR(c.l_extremes().largest, clean.l_extremes().largest, 1e-12);
  EXPECT_NEAR(c.l_extremes().smallest, clean.l_extremes().smallest, 1e-12);
}

TYPED_TEST(Compress, SameBitsForAnyThreads) {
  using S = TypeParam;
  const Matrix<S> px = random_matrix<S>(5000, 10, 6);
  const Matrix<S> py = random_matrix<S>(5000, 10, 7);
  const auto source = stored_pairs(px, py);
  const auto one = compress(source, {.parallel = {.threads = 1}});
  const Vector<Complex> lambdas = Vector<Complex>::Constant(2, Complex(.3, .4));
  const Matrix<Complex> vectors = random_matrix<Complex>(10, 2, 8);
  const Matrix<S> observables = random_matrix<S>(5000, 3, 9);
  for (const unsigned threads : {2U, 3U}) {
    const auto other = compress(source, {.parallel = {.threads = threads}});
    EXPECT_EQ(one.a, other.a);
    EXPECT_EQ(one.s, other.s);
    EXPECT_EQ(residuals_on(source, lambdas, vectors, {.threads = 1}),
              residuals_on(source, lambdas, vectors, {.threads = threads}));
    EXPECT_EQ(project_observables<S>(source, one, observables, {.threads = 1}),
              project_observables<S>(source, one, observables, {.threads = threads}));
  }
}

TYPED_TEST(Compress, ResidualsOnPairsAndProjections) {
  using S = TypeParam;
  const Matrix<S> px = random_matrix<S>(2100, 5, 10);
  const Matrix<S> py = random_matrix<S>(2100, 5, 11);
  const Matrix<Complex> g = random_matrix<Complex>(5, 3, 12);
  Vector<Complex> lambdas(3);
  lambdas << Complex(.1, .2), Complex(-1, .5), Complex(0, 0);
  const Eigen::VectorXd res = residuals_on(stored_pairs(px, py), lambdas, g);
  for (Eigen::Index k = 0; k < 3; ++k) {
    const Vector<Complex> gx = px.template cast<Complex>() * g.col(k);
    const Vector<Complex> gy = py.template cast<Complex>() * g.col(k);
    EXPECT_NEAR(res[k], (gy - lambdas[k] * gx).norm() / gx.norm(), 1e-13);
  }
  // an observable inside the dictionary is its own projection
  const auto c = compress(stored_pairs(px, py));
  const Matrix<S> coefficients = random_matrix<S>(5, 2, 13);
  const Matrix<S> projected = project_observables<S>(stored_pairs(px, py), c, px * coefficients);
  EXPECT_LT((c.to_raw * projected - coefficients).norm(), 1e-12);
}

TEST(CompressInput, AsManyFunctionsAsPairs) {
  const Matrix<double> px = random_matrix<double>(30, 30, 14);
  const Matrix<double> py = random_matrix<double>(30, 30, 15);
  const auto c = compress(stored_pairs(px, py));
  EXPECT_TRUE(c.residuals_void());
  EXPECT_LT(c.s.norm(), 1e-8);
  ASSERT_FALSE(c.warnings.empty());
  EXPECT_THAT(c.warnings.back(), HasSubstr("residuals are meaningless"));

  const Matrix<double> wide = px.leftCols(20);
  const Matrix<double> wide_y = py.leftCols(20);
  const auto close = compress(stored_pairs(wide, wide_y));
  EXPECT_FALSE(close.residuals_void());
  ASSERT_EQ(close.warnings.size(), 1u);
  EXPECT_THAT(close.warnings[0], HasSubstr("M=30 pairs < 2N=40"));
}

TEST(CompressInput, Refusals) {
  const Matrix<double> px = random_matrix<double>(80, 200, 16);
  EXPECT_EQ(message([&] { (void)compress(stored_pairs(px, px)); }),
            "M=80 pairs < N=200 functions: residuals would be meaningless; reduce --delays or give more data");
  Matrix<double> x = random_matrix<double>(50, 4, 17);
  Matrix<double> y = x;
  y(41, 2) = std::nan("");
  EXPECT_THAT(message([&] { (void)compress(stored_pairs(x, y)); }),
              HasSubstr("function 3 at the end of pair 42 is NaN or infinite"));
  y = x;
  Eigen::VectorXd w = Eigen::VectorXd::Ones(50);
  w[6] = -1;
  EXPECT_THAT(message([&] { (void)compress(stored_pairs(x, y, w)); }), HasSubstr("weight 7 is -1"));
  EXPECT_THAT(message([&] { (void)compress(stored_pairs(x, y, Eigen::VectorXd::Zero(50))); }), HasSubstr("sum to 0"));
  EXPECT_THAT(message([&] { (void)compress(stored_pairs(x, y, Eigen::VectorXd::Ones(49))); }),
              HasSubstr("49 weights were given for 50 pairs"));
  const Matrix<double> fewer = x.topRows(49);
  EXPECT_THAT(message([&] { (void)stored_pairs(x, fewer); }), HasSubstr("PX is 50 x 4 and PY 49 x 4"));
  x.setZero();
  EXPECT_THAT(message([&] { (void)compress(stored_pairs(x, y)); }), HasSubstr("zero on the data"));
  const Matrix<double> indefinite = Eigen::Vector2d(1, -1).asDiagonal();
  EXPECT_THAT(message([&] { (void)compress_gram<double>(indefinite, indefinite, indefinite); }),
              HasSubstr("G is not positive semidefinite"));
}

}  // namespace
}  // namespace offprint::koopman
