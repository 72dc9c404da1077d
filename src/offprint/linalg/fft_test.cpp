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

TEST(Fft, LengthsAndErrors) {
  EXPECT_EQ(fast_length(1), 1u);
  EXPECT_EQ(fast_length(11), 12u);
  EXPECT_EQ(fast_length(20011), 20160u);
  EXPECT_THROW(ComplexFft(0), InputError);
  std::vector<double> wrong(3);
  EXPECT_THROW((void)RealFft(4).forward(wrong), InputError);
}

}  // namespace
}  // namespace offprint::linalg
