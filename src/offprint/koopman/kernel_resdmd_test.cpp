#include "offprint/koopman/kernel_resdmd.hpp"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "offprint/core/error.hpp"
#include "offprint/core/random.hpp"
#include "offprint/koopman/forecast.hpp"

namespace offprint::koopman {
namespace {

using Eigen::MatrixXcd;
using Eigen::MatrixXd;
using Eigen::VectorXd;
using testing::HasSubstr;

template <class F>
std::string refusal(F&& f) {
  try {
    f();
  } catch (const InputError& e) {
    return e.what();
  }
  return "no InputError";
}

// F(x) = 1 - 1.5 x^2: its fixed point, its 2-cycle, and 37 random points.
SnapshotPairs logistic_with_cycles(std::uint64_t seed) {
  MatrixXd x(40, 1);
  Stream stream(seed, "logistic");
  for (Index m = 0; m < 40; ++m) x(m, 0) = stream.uniform(-1, 1);
  x(0, 0) = (std::sqrt(7.0) - 1.0) / 3.0;
  // 2-cycle of 1 - 1.5 x^2: roots of 9 x^2 - 6 x - 2 = 0.
  x(1, 0) = (1.0 + std::sqrt(3.0)) / 3.0;
  x(2, 0) = (1.0 - std::sqrt(3.0)) / 3.0;
  const MatrixXd y = 1.0 - 1.5 * x.array().square();
  return make_pairs(x, y);
}

TEST(KernelResDmd, PeriodicOrbitsHaveResidualZeroEvenWhenNEqualsM) {
  const auto pairs = logistic_with_cycles(1);
  EXPECT_NEAR(pairs.x(1, 0), 0.9106836025, 1e-10);
  EXPECT_NEAR(pairs.x(2, 0), -0.2440169359, 1e-10);
  KernelOptions options;
  options.kernel = kernel_from_name("laplacian");
  const auto r = kernel_resdmd(pairs, options);
  ASSERT_EQ(r.eigenvalues.size(), 40);
  double ones = 0;
  double minus = 0;
  for (Index j = 0; j < 3; ++j) {
    EXPECT_LT(r.residuals(j), 1e-6);
    ones += std::abs(r.eigenvalues(j) - 1.0) < 1e-6 ? 1 : 0;
    minus += std::abs(r.eigenvalues(j) + 1.0) < 1e-6 ? 1 : 0;
  }
  EXPECT_EQ(ones, 2);
  EXPECT_EQ(minus, 1);
  EXPECT_GE(r.residuals(3), 0.05);
  // The transposition mistake: residuals of right eigenvectors with the same L show nothing.
  const auto c = kernel_compression(pairs, options).adjoint;
  const MatrixXd l = c.l();
  for (Index j = 0; j < 40; ++j) {
    const auto v = r.right.col(j);
    const double wrong = v.dot(l * v).real() / v.squaredNorm() - std::norm(r.eigenvalues(j));
    EXPECT_GE(wrong, 0.3 * 0.3);
  }
  // The compression of K* gives the same residuals: || [a - conj(lambda); s] w ||.
  for (Index j = 0; j < 40; ++j) {
    const Eigen::VectorXcd w = r.left.col(j);
    const double stacked = std::hypot((c.a * w - std::conj(r.eigenvalues(j)) * w).norm(), (c.s * w).norm());
    EXPECT_NEAR(stacked, r.residuals(j), 1e-5);
  }
}

TEST(KernelMatrix, EveryKernelMatchesItsFormulaAndThreadsDoNotMatter) {
  MatrixXd x(300, 30);
  Stream stream(3, "kernel points");
  for (Index i = 0; i < x.size(); ++i) x.data()[i] = stream.normal();
  const MatrixXd y = x.bottomRows(70);
  for (const char* name : {"gaussian", "laplacian", "lorentzian", "poly:3", "poly_exp2"}) {
    const auto kernel = kernel_for(kernel_from_name(name), x);
    const MatrixXd k = kernel_matrix(kernel, x, y, Parallel{1, {}, {}});
    EXPECT_EQ(k, kernel_matrix(kernel, x, y, Parallel{3, {}, {}})) << name;
    const Eigen::RowVectorXd mean = x.colwise().mean();
    const double d = (x.rowwise() - mean).rowwise().norm().mean();
    const double d0 = x.rowwise().norm().mean();
    for (Index i = 0; i < 300; i += 17)
      for (Index j = 0; j < 70; j += 7) {
        const double r2 = (x.row(i) - y.row(j)).squaredNorm();
        const double dot = x.row(i).dot(y.row(j));
        const std::string n = name;
        const double expected = n == "gaussian"     ? std::exp(-r2 / (0.81 * d * d))
                                : n == "laplacian"  ? std::exp(-std::sqrt(r2) / d)
                                : n == "lorentzian" ? 1.0 / (1.0 + r2 / (d * d))
                                : n == "poly:3"     ? std::pow(dot / (d0 * d0) + 1.0, 3)
                                                    : std::exp(-std::sqrt(r2) / d) * std::pow(dot / (d * d) + 1.0, 20);
        EXPECT_NEAR(k(i, j), expected, 1e-12 * std::max(1.0, std::abs(expected))) << name;
      }
  }
}

TEST(Kernel, Refusals) {
  EXPECT_THAT(refusal([] { (void)kernel_from_name("laplacien"); }), HasSubstr("did you mean 'laplacian'"));
  EXPECT_THAT(refusal([] { (void)kernel_from_name("poly:x"); }), HasSubstr("integer from 1 to 100"));
  EXPECT_THAT(refusal([] { (void)kernel_for(Kernel{}, MatrixXd::Ones(5, 2)); }), HasSubstr("all points are equal"));
  const MatrixXd big = MatrixXd::Random(5001, 1);
  EXPECT_THAT(refusal([&] { (void)kernel_resdmd(make_pairs(big, big)); }),
              HasSubstr("5001 snapshots: dense kernel matrices stop at 5000"));
  KernelOptions options;
  options.kernel = kernel_from_name("poly:2");  // 1, x, x^2: rank 3
  options.rank = 10;
  EXPECT_THAT(refusal([&] { (void)kernel_resdmd(logistic_with_cycles(1), options); }),
              HasSubstr("--rank 10 exceeds the 3 directions"));
  options.rank = 0;
  EXPECT_EQ(kernel_resdmd(logistic_with_cycles(1), options).dropped, 37);
}

TEST(Knee, BreaksWhereTheSlopeChanges) {
  VectorXd v(30);
  for (Index i = 0; i < 30; ++i)
    v(i) = i < 12 ? 0.001 * static_cast<double>(i) : 0.3 + 0.05 * static_cast<double>(i - 12);
  EXPECT_EQ(knee(v), 12);
  EXPECT_EQ(knee(VectorXd::LinSpaced(30, 0, 1)), 30);
  EXPECT_EQ(knee(VectorXd::Zero(3)), 3);
}

// A periodic travelling wave on 40 grid points with a decaying second wave: kernel modes forecast what follows.
TEST(KernelResDmd, ForecastsATravellingWave) {
  const auto state = [](Index from, Index count) {
    MatrixXd out(count, 40);
    for (Index t = 0; t < count; ++t)
      for (Index c = 0; c < 40; ++c)
        out(t, c) = std::sin(0.157 * static_cast<double>(c) - 0.31 * static_cast<double>(from + t)) +
                    0.4 * std::cos(0.314 * static_cast<double>(c) - 0.62 * static_cast<double>(from + t));
    return out;
  };
  Trajectories data;
  data.parts = {state(0, 161)};
  const auto pairs = make_pairs(data);
  KernelOptions options;
  options.rank = 15;
  const auto r = kernel_resdmd(pairs, options);
  std::vector<Index> kept(static_cast<std::size_t>(knee(r.residuals)));
  for (std::size_t i = 0; i < kept.size(); ++i) kept[i] = static_cast<Index>(i);
  ASSERT_GE(kept.size(), 4U);
  const auto modes =
      fit_modes(r.eigenvalues(kept), r.residuals(kept), r.eigenfunctions(pairs.x, kept), pairs.x, pairs.weights);
  const MatrixXd later = state(300, 80);
  const auto skill = forecast_skill(modes, {{r.eigenfunctions(later, kept), later}}, 40);
  EXPECT_GT(skill.skill(10), 0.95);
  EXPECT_GT(skill.skill(40), 0.8);
}

}  // namespace
}  // namespace offprint::koopman
