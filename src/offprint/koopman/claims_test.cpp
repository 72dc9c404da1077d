// The paper's claims end to end at test size: data generator, dictionary, compression, certificate or measure.
#include <algorithm>
#include <cmath>
#include <numbers>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "offprint/koopman/adversary.hpp"
#include "offprint/koopman/certify.hpp"
#include "offprint/koopman/dictionary.hpp"
#include "offprint/koopman/edmd.hpp"
#include "offprint/koopman/kmeans.hpp"
#include "offprint/koopman/measure.hpp"
#include "offprint/koopman/mpedmd.hpp"
#include "offprint/koopman/pair_source.hpp"
#include "offprint/koopman/pseudospectrum.hpp"
#include "offprint/koopman/systems.hpp"

namespace offprint::koopman {
namespace {

constexpr double kPi = std::numbers::pi;

TEST(Claims, RotationThroughTheLibrarysFourierDictionary) {
  const double alpha = std::sqrt(2.0) - 1.0;
  Trajectories data;
  data.parts.push_back(rotation_orbit(0.2, alpha, 200));
  const auto pairs = make_pairs(data);
  const auto dictionary = fourier_dictionary(Eigen::VectorXd::Zero(1), Eigen::VectorXd::Ones(1), 10);
  const auto e = edmd(compress(pair_source(*dictionary, pairs)));
  EXPECT_LT(e.residuals.maxCoeff(), 1e-13);
  for (int k = -10; k <= 10; ++k)
    EXPECT_LT((e.values.array() - std::polar(1.0, 2 * kPi * k * alpha)).abs().minCoeff(), 1e-13);
}

TEST(Claims, DoublingMapThroughTheLibrarysFourierDictionary) {
  const auto pairs = doubling_pairs(4 * 64 + 1);
  const auto dictionary = fourier_dictionary(Eigen::VectorXd::Zero(1), Eigen::VectorXd::Ones(1), 64, false);
  const auto c = compress(pair_source(*dictionary, pairs));
  EXPECT_GE(edmd(c).residuals.minCoeff(), 0.998);
  const std::vector<Complex> z{std::polar(1.0, 0.3), 0.5, 1.5};
  const auto res = Pseudospectrum<double>(c).residuals(z);
  EXPECT_NEAR(res[0], 0.390180644032257, 1e-10);
  EXPECT_NEAR(res[1], 0.571069582002678, 1e-10);
  EXPECT_NEAR(res[2], 0.691636756156105, 1e-10);
}

// K1 at N = 100: EDMD is polluted, Algorithm 3 certified.
TEST(Claims, K1Duffing) {
  const auto pairs = make_pairs(duffing_data(2000, 1));
  ASSERT_EQ(pairs.count(), 10000);
  const double d = mean_distance(pairs.x);
  EXPECT_GT(d, 1.50);
  EXPECT_LT(d, 1.56);
  const auto centres = kmeans(make_pairs(duffing_data(2000, 2)).x, 100).centres;
  const auto dictionary = rbf_dictionary(centres, RadialShape::exponential, radial_rate(RadialShape::exponential, d));
  const auto c = compress(pair_source(*dictionary, pairs));
  EXPECT_GE(edmd(c).residuals.maxCoeff(), 0.88);
  const auto decision = decide_isometry(MeasurePreserving::kYes, c, pairs.one_orbit);
  EXPECT_TRUE(decision.isometry);
  EXPECT_FALSE(decision.warning.empty());  // the box is not invariant
  const Grid grid = make_grid(0.02, -0.5, 1.0, 0.0, 1.0);
  ASSERT_EQ(grid.size(), 3876U);
  const auto points = grid.points();
  const Pseudospectrum<double> pseudospectrum(c);
  const auto gamma = certify_spectrum(points, pseudospectrum.residuals(points), true);
  EXPECT_LE(gamma.error, 0.13);
  EXPECT_GE(gamma.points.size(), 8U);
  double largest = 0.0;
  for (const auto& p : gamma.points) {
    largest = std::max(largest, std::arg(p.z));
    EXPECT_GE(p.residual, std::abs(1.0 - std::abs(p.z)) - 0.003);
  }
  EXPECT_NEAR(largest, 0.76, 0.05);
  const auto circle = pseudospectrum.residuals(circle_arc(0.0, 2 * kPi / 3, 200));
  EXPECT_LE(*std::max_element(circle.begin(), circle.end()), 0.32);
}

// K3 at n = 20 delays of each coordinate.
TEST(Claims, K3Lorenz) {
  const auto pairs = make_pairs(delay_embed(lorenz_data(10020, 1), 20));
  ASSERT_EQ(pairs.count(), 10000);
  ASSERT_TRUE(pairs.one_orbit);
  const auto dictionary = identity_dictionary(pairs.dimension());
  const auto c = compress(pair_source(*dictionary, pairs));
  const auto e = edmd(c);
  std::vector<Complex> upper;
  for (const Complex& z : e.values)
    if (z.imag() >= 0.0) upper.push_back(z);
  const auto residuals = Pseudospectrum<double>(c).residuals(upper);
  EXPECT_NEAR(certify_spectrum(upper, residuals, true).error, 0.187, 0.2 * 0.187);
  // EDMD's own residuals stay O(1). (The sheet's other measure, the largest res_N at an eigenvalue, is the card's
  // business: it varies too much from orbit to orbit to be an oracle.)
  EXPECT_GE(e.residuals.maxCoeff(), 0.7);
}

// K5: 12 nodes see the spectrum {-1, 1} with and without the bump, bit for bit.
TEST(Claims, K5Adversary) {
  const DiscDictionary dictionary(12, 6);
  const Bump bump = bump_between(dictionary.radii()(6), dictionary.radii()(7), 0.5);
  const auto points = make_grid(0.05).points();
  const auto run = [&](const Bump& b) { return disc_residuals(dictionary.blocks(b), points); };
  const auto plain = run(Bump{});
  EXPECT_EQ(plain, run(bump));
  const auto gamma = certify_spectrum(points, plain, true);
  ASSERT_EQ(gamma.points.size(), 2U);
  EXPECT_LT(std::abs(gamma.points[0].z + 1.0), 1e-14);
  EXPECT_LT(std::abs(gamma.points[1].z - 1.0), 1e-14);
  EXPECT_LE(gamma.error, 1e-12);
}

// K6: circle distance of the mpEDMD measure of Toeplitz data to its density, O(1/N).
TEST(Claims, K6SpectralMeasure) {
  const ToeplitzProcess process;
  const std::pair<Eigen::Index, double> expected[] = {{10, 0.1519}, {20, 0.0772}, {40, 0.0389}, {80, 0.0195}};
  for (const auto& [n, distance] : expected) {
    const Matrix<double> gram = process.gram(n);
    const auto c = compress_gram<double>(gram, process.shift(n), gram);
    Vector<Complex> raw = Vector<Complex>::Zero(n);
    raw(0) = 1.0;
    const auto atoms = spectral_measure(mpedmd(c), c.from_raw.cast<Complex>() * raw);
    const AtomicMeasure measure(atoms.angles, atoms.masses);
    EXPECT_NEAR(measure.mass(), 1.0, 1e-12);
    const double w1 = circle_wasserstein(measure, [&](double theta) { return process.cdf(theta); });
    EXPECT_NEAR(w1, distance, 0.01 * distance) << n;
  }
}

}  // namespace
}  // namespace offprint::koopman
