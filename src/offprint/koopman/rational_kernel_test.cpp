// Kernels against closed forms, and the exact Toeplitz data of a known density: (1 + 0.8 cos + 0.3 cos 2 theta) / (2
// pi).
#include "offprint/koopman/rational_kernel.hpp"

#include <cmath>
#include <numbers>

#include <gtest/gtest.h>

#include "offprint/core/error.hpp"
#include "offprint/koopman/edmd.hpp"

namespace offprint::koopman {
namespace {

using std::numbers::pi;

const std::vector<Complex> kMoments{1.0, 0.4, 0.15};

double moment(Eigen::Index k) {
  k = std::abs(k);
  return k < 3 ? kMoments[static_cast<std::size_t>(k)].real() : 0.0;
}

// Delay dictionary psi_j = K^j g: G_ij = c_|i-j|, A_ij = c_|i-j-1|, L = G.
Compression<double> toeplitz(Eigen::Index n) {
  Matrix<double> g(n, n);
  Matrix<double> a(n, n);
  for (Eigen::Index i = 0; i < n; ++i)
    for (Eigen::Index j = 0; j < n; ++j) {
      g(i, j) = moment(i - j);
      a(i, j) = moment(i - j - 1);
    }
  return compress_gram(g, a, g);
}

Vector<Complex> first_function(const Compression<double>& c) { return c.from_raw.col(0).cast<Complex>(); }

double density(double theta) { return (1 + 0.8 * std::cos(theta) + 0.3 * std::cos(2 * theta)) / (2 * pi); }

TEST(RationalKernel, ResiduesInClosedForm) {
  using C = Complex;
  const std::vector<std::pair<int, std::vector<C>>> known{
      {2, {C(1, 3) / 2.0, C(1, -3) / 2.0}},
      {3, {C(-2, 1), 5, C(-2, -1)}},
      {4, {C(-39, -65) / 24.0, C(17, 85) / 8.0, C(17, -85) / 8.0, C(-39, 65) / 24.0}},
      {5, {C(15, -10) / 4.0, C(-39, 13) / 2.0, 65.0 / 2, C(-39, -13) / 2.0, C(15, 10) / 4.0}},
      {6,
       {C(725, 1015) / 192.0, C(-2775, -6475) / 192.0, C(1073, 7511) / 96.0, C(1073, -7511) / 96.0,
        C(-2775, 6475) / 192.0, C(725, -1015) / 192.0}}};
  for (const auto& [m, residues] : known) {
    const auto kernel = rational_kernel(m);
    ASSERT_EQ(kernel.order(), residues.size());
    for (std::size_t j = 0; j < residues.size(); ++j) EXPECT_NEAR(std::abs(kernel.residues[j] - residues[j]), 0, 2e-13);
  }
  for (int m = 1; m <= 8; ++m) {
    const auto kernel = rational_kernel(m);
    for (int k = 0; k < m; ++k) {
      Complex sum = 0;
      for (std::size_t j = 0; j < kernel.order(); ++j) sum += kernel.residues[j] * std::pow(kernel.poles[j], k);
      EXPECT_NEAR(std::abs(sum - (k == 0 ? 1.0 : 0.0)), 0, 1e-11) << m << " " << k;
    }
  }
  EXPECT_THROW((void)rational_kernel(0), InputError);
  EXPECT_THROW((void)rational_kernel(9), InputError);
}

TEST(RationalKernel, SmoothedDensityOfMoments) {
  const std::vector<std::pair<int, double>> known{
      {1, .2539147556584943}, {2, .26398884028358816}, {4, .26465182633931406}, {6, .2646530068771216}};
  const std::vector<double> theta{0.7};
  EXPECT_NEAR(density(0.7), .26465300821186416, 1e-15);
  for (const auto& [m, value] : known)
    EXPECT_NEAR(smoothed_density_of_moments(kMoments, theta, 0.1, rational_kernel(m))[0], value, 1e-14) << m;
}

TEST(RationalKernel, ObservedOrders) {
  const std::vector<std::pair<int, std::pair<double, double>>> known{
      {1, {.950, .975}}, {2, {1.924, 1.962}}, {4, {3.893, 3.947}}, {6, {5.879, 5.939}}};
  std::vector<double> angles;
  for (int k = 0; k < 720; ++k) angles.push_back(2 * pi * k / 720);
  for (const auto& [m, orders] : known) {
    std::vector<double> errors;
    for (const double epsilon : {0.1, 0.05, 0.025}) {
      const auto xi = smoothed_density_of_moments(kMoments, angles, epsilon, rational_kernel(m));
      double worst = 0;
      for (std::size_t k = 0; k < angles.size(); ++k) worst = std::max(worst, std::abs(xi[k] - density(angles[k])));
      errors.push_back(worst);
    }
    EXPECT_NEAR(std::log2(errors[0] / errors[1]), orders.first, 0.02) << m;
    EXPECT_NEAR(std::log2(errors[1] / errors[2]), orders.second, 0.02) << m;
  }
}

TEST(RationalKernel, ResolventOfToeplitzDataIsTheClosedForm) {
  const auto c = toeplitz(80);
  std::vector<double> angles;
  for (int k = 0; k < 50; ++k) angles.push_back(-pi + 2 * pi * k / 50);
  for (const int m : {1, 2, 4, 6}) {
    const auto kernel = rational_kernel(m);
    const auto xi = resolvent_density(c, first_function(c), angles, 0.1, kernel, {.threads = 1});
    const auto exact = smoothed_density_of_moments(kMoments, angles, 0.1, kernel);
    double scale = 0;
    for (const Complex alpha : kernel.residues) scale += std::abs(alpha);
    for (std::size_t k = 0; k < angles.size(); ++k) EXPECT_NEAR(xi[k], exact[k], 1e-14 * scale) << m << " " << k;
    EXPECT_EQ(xi, resolvent_density(c, first_function(c), angles, 0.1, kernel, {.threads = 3}));
  }
}

TEST(MpEdmd, ToeplitzMomentsAreExact) {
  for (const Eigen::Index n : {10, 20, 40, 80}) {
    const auto c = toeplitz(n);
    const MpEdmd mp = mpedmd(c);
    EXPECT_LT((mp.values.cwiseAbs().array() - 1).abs().maxCoeff(), 1e-12);
    EXPECT_LT((mp.vectors.adjoint() * mp.vectors - Matrix<Complex>::Identity(n, n)).norm(), 1e-12);
    EXPECT_LT(edmd(c).values.cwiseAbs().maxCoeff(), 0.5);  // EDMD: all spurious
    const auto measure = spectral_measure(mp, first_function(c));
    EXPECT_TRUE(std::is_sorted(measure.angles.begin(), measure.angles.end()));
    for (int k = 0; k < 3; ++k) {
      Complex sum = 0;
      for (std::size_t j = 0; j < measure.angles.size(); ++j)
        sum += measure.masses[j] * std::polar(1.0, -k * measure.angles[j]);
      EXPECT_NEAR(std::abs(sum - kMoments[static_cast<std::size_t>(k)]), 0, 1e-12) << n << " " << k;
    }
  }
  EXPECT_NEAR(mpedmd(toeplitz(10)).smallest_singular_value, 1.5e-4, 0.05e-4);
}

TEST(MpEdmd, SmoothedDensityAndItsLimitOfResolution) {
  const auto c = toeplitz(80);
  const auto measure = spectral_measure(mpedmd(c), first_function(c));
  const std::vector<double> theta{0.7};
  const auto kernel = rational_kernel(4);
  const double wide = std::abs(smoothed_density(measure, theta, 0.2, kernel)[0] - density(0.7));
  const double narrow = std::abs(smoothed_density(measure, theta, 0.1, kernel)[0] - density(0.7));
  EXPECT_NEAR(wide, 1.7e-5, 0.2e-5);  // the kernel's own error
  EXPECT_GT(narrow, 1e-3);            // the atoms show
  EXPECT_LT(narrow, 1e-2);
  EXPECT_THROW((void)smoothed_density(measure, theta, 0, kernel), InputError);
}

// <g_theta, g> = xi(theta): the generalised eigenfunction pairs with g to the smoothed density.
TEST(MpEdmd, GeneralisedEigenfunctionPairsToTheDensity) {
  const auto c = toeplitz(40);
  const MpEdmd mp = mpedmd(c);
  const Vector<Complex> g = first_function(c);
  const auto measure = spectral_measure(mp, g);
  for (const int m : {1, 3, 4})
    for (const double theta : {0.7, -2.0}) {
      const auto kernel = rational_kernel(m);
      const Vector<Complex> raw = generalised_eigenfunction(mp, g, theta, 0.3, kernel);
      const Complex pairing = g.dot(c.from_raw.cast<Complex>() * raw);
      const std::vector<double> angle{theta};
      EXPECT_NEAR(std::abs(pairing - smoothed_density(measure, angle, 0.3, kernel)[0]), 0, 1e-12) << m << theta;
    }
}

}  // namespace
}  // namespace offprint::koopman
