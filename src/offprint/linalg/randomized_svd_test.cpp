#include "offprint/linalg/randomized_svd.hpp"

#include <cmath>
#include <numbers>

#include <gtest/gtest.h>

#include "offprint/core/error.hpp"

namespace offprint::linalg {
namespace {

Matrix<double> normal(Eigen::Index rows, Eigen::Index columns, std::uint64_t seed) {
  Matrix<double> a(rows, columns);
  Stream(seed, "randomized-svd-test").fill_normal({a.data(), static_cast<std::size_t>(a.size())});
  return a;
}

/// A matrix with the given singular values.
Matrix<double> with_spectrum(Eigen::Index rows, Eigen::Index columns, const Eigen::VectorXd& s) {
  const auto u = thin_qr(normal(rows, s.size(), 1)).q;
  const auto v = thin_qr(normal(columns, s.size(), 2)).q;
  return u * s.asDiagonal() * v.transpose();
}

RectangularOperator operator_of(const Matrix<double>& a) {
  return {a.rows(), a.cols(), [&a](const auto& x, auto y) { y = a * x; },
          [&a](const auto& x, auto y) { y = a.transpose() * x; }};
}

double spectral_norm(const Matrix<double>& a) { return singular_values(a)(0); }

Eigen::VectorXd powers(Eigen::Index count, double exponent) {
  return Eigen::VectorXd::LinSpaced(count, 1.0, static_cast<double>(count)).array().pow(-exponent);
}

TEST(RandomizedSvd, AgreesWithLapackWhereTheSpectrumDecays) {
  for (const auto& [rows, columns] : {std::pair{120, 70}, std::pair{70, 120}}) {
    const auto a = with_spectrum(rows, columns, powers(60, 3.0));
    const auto exact = svd(a);
    const auto found = randomized_svd(operator_of(a), 8, Stream(7, "svd"));
    ASSERT_EQ(found.u.rows(), rows);
    ASSERT_EQ(found.u.cols(), 8);
    ASSERT_EQ(found.v_adjoint.rows(), 8);
    ASSERT_EQ(found.v_adjoint.cols(), columns);
    for (Eigen::Index i = 0; i < 8; ++i) {
      EXPECT_NEAR(found.s(i) / exact.s(i), 1.0, 1e-9);
      EXPECT_NEAR(std::abs(found.u.col(i).dot(exact.u.col(i))), 1.0, 1e-8);
      EXPECT_NEAR(std::abs(found.v_adjoint.row(i).dot(exact.v_adjoint.row(i))), 1.0, 1e-8);
    }
    EXPECT_LT((found.u.transpose() * found.u - Matrix<double>::Identity(8, 8)).norm(), 1e-12);
    EXPECT_LT((found.v_adjoint * found.v_adjoint.transpose() - Matrix<double>::Identity(8, 8)).norm(), 1e-12);
  }
}

TEST(RandomizedSvd, ItsErrorObeysTheBoundAlsoForSlowDecay) {
  const Eigen::Index k = 10;
  const auto s = powers(100, 0.5);
  const auto a = with_spectrum(150, 100, s);
  double before = 1e300;
  for (const Eigen::Index q : {0, 1, 3}) {
    double error = 0.0;
    const int draws = 10;
    for (int i = 0; i < draws; ++i) {
      const auto f = randomized_svd(operator_of(a), k, Stream(3, "svd", static_cast<std::uint64_t>(i)),
                                    {.oversampling = 10, .power_iterations = q});
      error += spectral_norm(a - f.u * f.s.asDiagonal() * f.v_adjoint) / draws;
    }
    const double factor =
        1.0 + std::sqrt(k / 9.0) + std::numbers::e * std::sqrt(k + 10.0) / 10.0 * std::sqrt(100.0 - k);
    EXPECT_LE(error, (std::pow(factor, 1.0 / static_cast<double>(2 * q + 1)) + 1.0) * s(k)) << q;
    EXPECT_GE(error, s(k) * (1 - 1e-12)) << "no matrix of rank k is nearer";
    EXPECT_LT(error, before) << "power iterations must help";
    before = error;
  }
  EXPECT_LT(before, 1.02 * s(k));
}

TEST(RandomizedSvd, WholeWidthIsExactAndRankDeficiencyHarmless) {
  const auto a = with_spectrum(20, 12, powers(12, 1.0));
  const auto all = randomized_svd(operator_of(a), 12, Stream(1, "svd"));
  EXPECT_LT((all.s - singular_values(a)).norm(), 1e-13);
  EXPECT_LT((all.u * all.s.asDiagonal() * all.v_adjoint - a).norm(), 1e-13);
  const auto thin = with_spectrum(40, 30, powers(3, 1.0));
  const auto f = randomized_svd(operator_of(thin), 6, Stream(1, "svd"));
  EXPECT_LT((f.u * f.s.asDiagonal() * f.v_adjoint - thin).norm(), 1e-13);
  EXPECT_LT(f.s.tail(3).maxCoeff(), 1e-13);
}

TEST(RandomizedSvd, TheSameStreamGivesTheSameBits) {
  const auto a = normal(50, 40, 5);
  const auto x = randomized_svd(operator_of(a), 5, Stream(9, "svd"));
  const auto y = randomized_svd(operator_of(a), 5, Stream(9, "svd"));
  EXPECT_EQ(x.u, y.u);
  EXPECT_EQ(x.s, y.s);
  EXPECT_EQ(x.v_adjoint, y.v_adjoint);
}

TEST(RandomizedSvd, RefusesWhatMakesNoSense) {
  auto a = normal(6, 4, 5);
  EXPECT_THROW((void)randomized_svd(operator_of(a), 0, Stream(1, "svd")), InputError);
  EXPECT_THROW((void)randomized_svd(operator_of(a), 5, Stream(1, "svd")), InputError);
  EXPECT_THROW((void)randomized_svd(operator_of(a), 2, Stream(1, "svd"), {.oversampling = -1}), InputError);
  a(0, 0) = std::nan("");
  EXPECT_THROW((void)randomized_svd(operator_of(a), 2, Stream(1, "svd")), Error);
  a(0, 0) = 0.0;
  EXPECT_THROW((void)randomized_svd(operator_of(a), 2, Stream(1, "svd"), {.poll = [] { throw Interrupted(); }}),
               Interrupted);
}

}  // namespace
}  // namespace offprint::linalg
