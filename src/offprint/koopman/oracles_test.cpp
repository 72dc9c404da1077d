// Systems whose compression is known in closed form: EDMD, ResDMD and the pseudospectrum against exact numbers.
#include <cmath>
#include <numbers>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "offprint/core/error.hpp"
#include "offprint/koopman/compression.hpp"
#include "offprint/koopman/edmd.hpp"
#include "offprint/koopman/pseudospectrum.hpp"

namespace offprint::koopman {
namespace {

using std::numbers::pi;

struct Pairs {
  Matrix<Complex> px;
  Matrix<Complex> py;
};

Complex mode(double k, double x) { return std::polar(1.0, 2 * pi * k * x); }

// x -> 2x mod 1 on M equispaced nodes, Fourier modes 0 < |k| <= n.
Pairs doubling_map(int n) {
  const int nodes = 4 * n + 1;
  Pairs out{Matrix<Complex>(nodes, 2 * n), Matrix<Complex>(nodes, 2 * n)};
  for (int m = 0; m < nodes; ++m)
    for (int j = 0; j < 2 * n; ++j) {
      const int k = j < n ? j - n : j - n + 1;
      // whole numbers of 1/nodes, reduced before the exponential, keep the columns orthonormal to rounding
      out.px(m, j) = mode(1.0, static_cast<double>((static_cast<long>(k) * m % nodes + nodes) % nodes) / nodes);
      out.py(m, j) = mode(1.0, static_cast<double>((2L * k * m % nodes + nodes) % nodes) / nodes);
    }
  return out;
}

TEST(DoublingMap, EdmdIsPurePollution) {
  const Pairs data = doubling_map(64);
  const auto c = compress(stored_pairs(data.px, data.py));
  EXPECT_NEAR(c.l_extremes().smallest, 1, 1e-12);
  EXPECT_NEAR(c.l_extremes().largest, 1, 1e-12);
  const Edmd e = edmd(c);
  EXPECT_LE(e.values.cwiseAbs().maxCoeff(), 0.01);  // nilpotent of index 7
  EXPECT_GE(e.residuals.minCoeff(), 0.998);
  EXPECT_TRUE(resdmd_filter(e, 0.5).empty());
  for (Eigen::Index j = 0; j < e.values.size(); ++j)
    EXPECT_NEAR(residual(c, e.values[j], e.vectors.col(j)), e.residuals[j], 1e-10);
}

TEST(DoublingMap, PseudospectrumInClosedForm) {
  const Pairs data = doubling_map(64);
  const Pseudospectrum<Complex> pseudospectrum(compress(stored_pairs(data.px, data.py)));
  const std::vector<Complex> z{std::polar(1.0, 0.3), std::polar(1.0, -2.0), 0.5, 1.5, Complex(0, 0.5)};
  const auto res = pseudospectrum.residuals(z);
  EXPECT_NEAR(res[0], 0.390180644032257, 1e-10);
  EXPECT_NEAR(res[1], 0.390180644032257, 1e-10);
  EXPECT_NEAR(res[2], 0.571069582002678, 1e-10);
  EXPECT_NEAR(res[3], 0.691636756156105, 1e-10);
  EXPECT_NEAR(res[4], 0.571069582002678, 1e-10);
}

TEST(CatMap, WhiteDelayDictionaryIsAShift) {
  const int n = 15;  // > Fibonacci F_7 = 13: the three orbit functions and their images are exact on the grid
  Pairs data{Matrix<Complex>(n * n, 3), Matrix<Complex>(n * n, 3)};
  for (int x = 0; x < n; ++x)
    for (int y = 0; y < n; ++y) {
      int u = x;
      int v = y;
      for (int j = 0; j < 4; ++j) {
        if (j < 3) data.px(x * n + y, j) = mode(1, static_cast<double>(u) / n);
        if (j > 0) data.py(x * n + y, j - 1) = mode(1, static_cast<double>(u) / n);
        const int next = (2 * u + v) % n;
        v = (u + v) % n;
        u = next;
      }
    }
  const Pseudospectrum<Complex> pseudospectrum(compress(stored_pairs(data.px, data.py)));
  const std::vector<Complex> z{1, std::polar(1.0, 1.1), -1};
  for (const double res : pseudospectrum.residuals(z)) EXPECT_NEAR(res, 0.7653668647301796, 1e-12);
}

TEST(Rotation, EigenvaluesWithVanishingResiduals) {
  const double alpha = (std::sqrt(5.0) - 1) / 2;
  const int nodes = 50;
  Pairs data{Matrix<Complex>(nodes, 21), Matrix<Complex>(nodes, 21)};
  for (int m = 0; m < nodes; ++m)
    for (int k = -10; k <= 10; ++k) {
      const double x = static_cast<double>(m) / nodes;
      data.px(m, k + 10) = mode(k, x);
      data.py(m, k + 10) = mode(k, x) * mode(k, alpha);
    }
  const auto source = stored_pairs(data.px, data.py);
  const auto c = compress(source);
  const Edmd e = edmd(c);
  for (int k = -10; k <= 10; ++k) EXPECT_LT((e.values.array() - mode(k, alpha)).abs().minCoeff(), 1e-13) << k;
  EXPECT_LT(e.residuals.maxCoeff(), 1e-13);
  EXPECT_EQ(resdmd_filter(e, 1e-12).size(), 21u);
  EXPECT_LT(residuals_on(source, e.values, e.raw_vectors).maxCoeff(), 1e-13);
  // on the spectrum the stack is singular: its SVD takes over
  const Pseudospectrum<Complex> pseudospectrum(c);
  const std::vector<Complex> z{mode(3, alpha), mode(3, alpha) * 1.5, mode(3, alpha) * (1 + 1e-6)};
  const auto res = pseudospectrum.residuals(z);
  EXPECT_LT(res[0], 1e-14);
  EXPECT_NEAR(res[1], 0.5, 5e-12);  // Lanczos' stated bound, 1e-11 in the square
  EXPECT_NEAR(res[2], 1e-6, 1e-13);
}

TEST(KoopmanModes, RebuildObservablesInTheDictionary) {
  const double alpha = std::sqrt(2.0) - 1;
  const int nodes = 40;
  Matrix<double> px(nodes, 4);
  Matrix<double> py(nodes, 4);
  for (int m = 0; m < nodes; ++m)
    for (int k = 1; k <= 2; ++k) {
      const double x = 2 * pi * k * m / nodes;
      px(m, 2 * k - 2) = std::cos(x);
      px(m, 2 * k - 1) = std::sin(x);
      py(m, 2 * k - 2) = std::cos(x + 2 * pi * k * alpha);
      py(m, 2 * k - 1) = std::sin(x + 2 * pi * k * alpha);
    }
  const auto source = stored_pairs(px, py);
  const auto c = compress(source);
  const Edmd e = edmd(c);
  const Matrix<double> observables = px * Matrix<double>::Random(4, 3);
  const Matrix<Complex> modes = koopman_modes(e, project_observables<double>(source, c, observables));
  EXPECT_LT((px.cast<Complex>() * e.raw_vectors * modes - observables.cast<Complex>()).norm(), 1e-12);
}

TEST(EdmdInput, OneSentenceEach) {
  const Pairs data = doubling_map(4);
  const auto c = compress(stored_pairs(data.px, data.py));
  EXPECT_THROW((void)residual(c, 1.0, Vector<Complex>::Zero(8)), InputError);
  EXPECT_THROW((void)residual(c, 1.0, Vector<Complex>::Ones(7)), InputError);
  try {
    (void)resdmd_filter(edmd(c), -0.1);
    FAIL();
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("epsilon is -0.1"));
  }
}

}  // namespace
}  // namespace offprint::koopman
