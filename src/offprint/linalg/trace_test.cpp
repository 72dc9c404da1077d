#include "offprint/linalg/trace.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "offprint/core/error.hpp"
#include "offprint/linalg/lapack.hpp"

namespace offprint::linalg {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

SymmetricOperator dense(const MatrixXd& a) {
  return {a.rows(), [a](const Eigen::Ref<const MatrixXd>& x, Eigen::Ref<MatrixXd> y) {
            multiply_into(y, 1.0, a, Op::kNone, x, Op::kNone, 0.0);
          }};
}
StreamSource source(std::uint64_t seed) {
  return [seed](std::uint64_t index) { return Stream(seed, "trace test", index); };
}

// Q diag(values) Q^T with a random orthogonal Q.
MatrixXd rotated(const VectorXd& values) {
  Stream random(11, "rotation");
  MatrixXd g(values.size(), values.size());
  random.fill_normal(std::span<double>(g.data(), static_cast<std::size_t>(g.size())));
  const MatrixXd q = thin_qr(g).q;
  return multiply(MatrixXd(q * values.asDiagonal()), q, Op::kNone, Op::kAdjoint);
}

VectorXd power_law(Index n) {
  VectorXd values(n);
  for (Index i = 0; i < n; ++i) values[i] = std::pow(static_cast<double>(i + 1), -2);
  return values;
}

double median_error(const std::function<double(std::uint64_t)>& estimate, double exact) {
  std::vector<double> errors;
  for (std::uint64_t seed = 0; seed < 30; ++seed) errors.push_back(std::abs(estimate(seed) - exact) / std::abs(exact));
  std::ranges::sort(errors);
  return 0.5 * (errors[14] + errors[15]);
}

TEST(Trace, HutchinsonIsExactOnADiagonal) {
  const VectorXd d = VectorXd::LinSpaced(40, -3, 5);
  const auto found = hutchinson(dense(d.asDiagonal()), source(1), 5);
  EXPECT_NEAR(found.trace.trace.value, d.sum(), 1e-12);
  EXPECT_LT(found.trace.standard_error, 1e-12);
  EXPECT_EQ(found.trace.products, 5);
  EXPECT_NEAR(found.frobenius_squared.value, d.squaredNorm(), 1e-11);
  const auto gaussian = hutchinson(dense(d.asDiagonal()), source(1), 5, {.probe = Probe::kGaussian});
  EXPECT_GT(gaussian.trace.standard_error, 0.1);
}

TEST(Trace, StandardErrorIsTheVariancesOne) {
  // Var = 2 (||A||_F^2 - sum a_ii^2) / m for Rademacher, 2 ||A||_F^2 / m for Gaussian probes
  const MatrixXd a = rotated(power_law(200));
  const double norm = a.squaredNorm();
  const double diagonal = a.diagonal().squaredNorm();
  const auto rademacher = hutchinson(dense(a), source(2), 2000);
  EXPECT_NEAR(rademacher.trace.standard_error, std::sqrt(2 * (norm - diagonal) / 2000),
              0.15 * rademacher.trace.standard_error);
  const auto gaussian = hutchinson(dense(a), source(2), 2000, {.probe = Probe::kGaussian});
  EXPECT_NEAR(gaussian.trace.standard_error, std::sqrt(2 * norm / 2000), 0.15 * gaussian.trace.standard_error);
  EXPECT_NEAR(gaussian.frobenius_squared.value, norm, 5 * gaussian.frobenius_squared_error);
  ASSERT_TRUE(rademacher.trace.trace.lo && rademacher.trace.trace.hi);
  EXPECT_LT(*rademacher.trace.trace.lo, a.trace());
  EXPECT_GT(*rademacher.trace.trace.hi, a.trace());
}

TEST(Trace, HutchPlusPlusIsExactAtLowRank) {
  VectorXd d = VectorXd::Zero(120);
  d.head(10) = VectorXd::LinSpaced(10, -4, 6);
  const MatrixXd a = rotated(d);
  const auto found = hutch_plus_plus(dense(a), source(3), 30);
  EXPECT_NEAR(found.trace.value, d.sum(), 1e-12 * d.cwiseAbs().sum());
  EXPECT_LT(found.standard_error, 1e-12);
  EXPECT_EQ(found.products, 30);
  EXPECT_GT(std::abs(hutch_plus_plus(dense(a), source(3), 24).trace.value - d.sum()), 1e-6);
}

TEST(Trace, PowerLawTable) {
  const VectorXd d = power_law(1000);
  const MatrixXd a = rotated(d);
  const auto op = dense(a);
  const double plain[] = {8.9e-2, 6.3e-2, 3.7e-2};
  const double better[] = {4.6e-3, 7.0e-4, 5.4e-5};
  const Index budgets[] = {30, 90, 300};
  for (std::size_t i = 0; i < 3; ++i) {
    const double h = median_error(
        [&](std::uint64_t s) { return hutchinson(op, source(s), budgets[i], {.block = 300}).trace.trace.value; },
        d.sum());
    const double hpp = median_error(
        [&](std::uint64_t s) { return hutch_plus_plus(op, source(s), budgets[i], {.block = 300}).trace.value; },
        d.sum());
    EXPECT_LT(h, 2 * plain[i]) << budgets[i];
    EXPECT_GT(h, plain[i] / 2) << budgets[i];
    EXPECT_LT(hpp, 2 * better[i]) << budgets[i];
    EXPECT_GT(hpp, better[i] / 2) << budgets[i];
  }
}

TEST(Trace, OnAFlatSpectrumHutchPlusPlusIsWorse) {
  Stream random(5, "flat");
  VectorXd d(1000);
  for (Index i = 0; i < d.size(); ++i) d[i] = 1 + 0.1 * random.normal();
  const auto op = dense(rotated(d));
  const double h =
      median_error([&](std::uint64_t s) { return hutchinson(op, source(s), 90).trace.trace.value; }, d.sum());
  const double hpp =
      median_error([&](std::uint64_t s) { return hutch_plus_plus(op, source(s), 90).trace.value; }, d.sum());
  EXPECT_GT(hpp, h);
}

TEST(Trace, BadInput) {
  const auto a = dense(MatrixXd::Identity(5, 5));
  EXPECT_THROW((void)hutchinson(a, source(0), 0), InputError);
  EXPECT_THROW((void)hutchinson(a, source(0), 3, {.block = 0}), InputError);
  EXPECT_THROW((void)hutch_plus_plus(a, source(0), 2), InputError);
  EXPECT_THROW((void)hutchinson({}, source(0), 3), InputError);
  MatrixXd bad = MatrixXd::Identity(5, 5);
  bad(2, 2) = std::nan("");
  EXPECT_THROW((void)hutchinson(dense(bad), source(0), 3), Error);
  const auto one = hutchinson(a, source(0), 1);
  EXPECT_TRUE(std::isnan(one.trace.standard_error));
  EXPECT_FALSE(one.trace.trace.lo.has_value());
}

}  // namespace
}  // namespace offprint::linalg
