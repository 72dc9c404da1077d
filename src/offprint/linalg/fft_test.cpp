#include "offprint/linalg/fft.hpp"

#include <cmath>

#include <gtest/gtest.h>

#include "offprint/core/error.hpp"
#include "offprint/core/random.hpp"

namespace offprint::linalg {
namespace {

using Complex = std::complex<double>;

TEST(Fft, ForwardOfAPureTone) {
  const std::size_t n = 30;
  std::vector<Complex> x(n);
  for (std::size_t j = 0; j < n; ++j) x[j] = std::polar(1.0, 2 * M_PI * 7 * static_cast<double>(j) / n);
  const auto before = x;
  const ComplexFft fft(n);
  fft.forward(x);
  for (std::size_t k = 0; k < n; ++k) EXPECT_NEAR(std::abs(x[k] - (k == 7 ? 30.0 : 0.0)), 0.0, 1e-12);
  fft.inverse(x);
  for (std::size_t j = 0; j < n; ++j) EXPECT_NEAR(std::abs(x[j] - before[j]), 0.0, 1e-14);
}

TEST(Fft, RealRoundTripOddLength) {
  std::vector<double> x(15);
  Stream(1, "fft").fill_normal(x);
  const RealFft fft(15);
  const auto half = fft.forward(x);
  ASSERT_EQ(half.size(), 8u);
  const auto back = fft.inverse(half);
  for (std::size_t j = 0; j < x.size(); ++j) EXPECT_NEAR(back[j], x[j], 1e-14);
}

TEST(Fft, CorrelationsAgreeWithTheDefinition) {
  const std::size_t m = 37;
  std::vector<double> x(m);
  std::vector<double> y(m + 11);
  Stream stream(2, "fft");
  stream.fill_normal(x);
  stream.fill_normal(y);
  const auto r = cross_correlation(x, y, 60);
  std::vector<Complex> cx(m);
  std::vector<Complex> cy(m + 11);
  for (std::size_t j = 0; j < m; ++j) cx[j] = Complex(x[j], y[j]);
  for (std::size_t j = 0; j < y.size(); ++j) cy[j] = Complex(y[j], x[j % m]);
  const auto c = cross_correlation(cx, cy, 60);
  for (std::size_t k = 0; k < 60; ++k) {
    double direct = 0;
    Complex complex_direct = 0;
    for (std::size_t j = 0; j < m && j + k < y.size(); ++j) {
      direct += x[j] * y[j + k];
      complex_direct += cx[j] * std::conj(cy[j + k]);
    }
    EXPECT_NEAR(r[k], direct, 1e-12) << k;
    EXPECT_NEAR(std::abs(c[k] - complex_direct), 0.0, 1e-12) << k;
  }
}

TEST(Fft, BatchesOfStridedArrays) {
  const std::size_t n = 12;
  const std::size_t columns = 5;
  std::vector<Complex> x(n * columns);
  for (std::size_t j = 0; j < x.size(); ++j) x[j] = Complex(std::sin(0.3 * double(j)), std::cos(1.7 * double(j)));
  const auto before = x;
  const BatchFft fft({.shape = {n}, .count = columns, .stride = columns, .distance = 1});
  fft.forward(x);
  const ComplexFft one(n);
  for (std::size_t c = 0; c < columns; ++c) {
    std::vector<Complex> column(n);
    for (std::size_t j = 0; j < n; ++j) column[j] = before[j * columns + c];
    one.forward(column);
    for (std::size_t j = 0; j < n; ++j) EXPECT_NEAR(std::abs(x[j * columns + c] - column[j]), 0.0, 1e-13);
  }
  fft.backward(x);
  for (std::size_t j = 0; j < x.size(); ++j) EXPECT_NEAR(std::abs(x[j] / double(n) - before[j]), 0.0, 1e-14);
  EXPECT_THROW(fft.forward(std::span(x).first(x.size() - 1)), InputError);
}

TEST(Fft, RealGridOfAPlaneWave) {
  const RealGridFft fft({6, 8});
  ASSERT_EQ(fft.size(), 48U);
  ASSERT_EQ(fft.modes(), 30U);
  std::vector<double> x(48);
  for (std::size_t i = 0; i < 6; ++i)
    for (std::size_t j = 0; j < 8; ++j) x[i * 8 + j] = std::cos(2 * M_PI * (2.0 * double(i) / 6 + 3.0 * double(j) / 8));
  const auto before = x;
  std::vector<Complex> modes(30);
  fft.forward(x, modes);
  for (std::size_t m = 0; m < 30; ++m) EXPECT_NEAR(std::abs(modes[m] - (m == 2 * 5 + 3 ? 24.0 : 0.0)), 0.0, 1e-13) << m;
  fft.backward(modes, x);
  for (std::size_t j = 0; j < 48; ++j) EXPECT_NEAR(x[j] / 48, before[j], 1e-15);
}

TEST(Fft, LengthsAndErrors) {
  EXPECT_THROW(BatchFft({}), InputError);
  EXPECT_THROW(BatchFft({.shape = {4}, .count = 0}), InputError);
  EXPECT_THROW(RealGridFft({4, 0}), InputError);
  EXPECT_EQ(fast_length(1), 1u);
  EXPECT_EQ(fast_length(11), 12u);
  EXPECT_EQ(fast_length(20011), 20160u);
  EXPECT_THROW(ComplexFft(0), InputError);
  std::vector<double> wrong(3);
  EXPECT_THROW((void)RealFft(4).forward(wrong), InputError);
}

}  // namespace
}  // namespace offprint::linalg
