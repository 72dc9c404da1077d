// Fourier transforms (FFTW) and the correlations of long series built on them.
#pragma once

#include <complex>
#include <cstddef>
#include <memory>
#include <span>
#include <vector>

namespace offprint::linalg {

/// A complex transform of fixed length n, planned once (FFTW_ESTIMATE, so the same machine always gives the same bits).
/// forward: X_k = sum_j x_j e^{-2 pi i jk/n}; inverse: x_j = (1/n) sum_k X_k e^{+2 pi i jk/n}.
/// const members may run on several threads at once, each on its own data. O(n log n).
class ComplexFft {
 public:
  /// Throws InputError when n = 0.
  explicit ComplexFft(std::size_t n);
  ~ComplexFft();
  ComplexFft(ComplexFft&&) noexcept;
  ComplexFft& operator=(ComplexFft&&) noexcept;

  [[nodiscard]] std::size_t size() const;
  /// In place; data.size() must be n (InputError otherwise).
  void forward(std::span<std::complex<double>> data) const;
  void inverse(std::span<std::complex<double>> data) const;

 private:
  struct Plans;
  std::unique_ptr<Plans> plans_;
};

/// A real transform of fixed length n: n reals <-> n/2 + 1 half-spectrum values, same signs and scaling as ComplexFft.
class RealFft {
 public:
  /// Throws InputError when n = 0.
  explicit RealFft(std::size_t n);
  ~RealFft();
  RealFft(RealFft&&) noexcept;
  RealFft& operator=(RealFft&&) noexcept;

  [[nodiscard]] std::size_t size() const;
  [[nodiscard]] std::vector<std::complex<double>> forward(std::span<const double> x) const;
  [[nodiscard]] std::vector<double> inverse(std::span<const std::complex<double>> spectrum) const;

 private:
  struct Plans;
  std::unique_ptr<Plans> plans_;
};

/// The smallest length >= n whose only prime factors are 2, 3, 5, 7: where FFTW is fast.
[[nodiscard]] std::size_t fast_length(std::size_t n);

/// r_k = sum_m x_m conj(y_{m+k}), k = 0..lags-1, the sum over every m with both indices in range (no division: the
/// caller knows whether the count M - k or M is meant). Entries with k >= y.size() are 0. O(n log n), n = sizes
/// together.
[[nodiscard]] std::vector<double> cross_correlation(std::span<const double> x, std::span<const double> y,
                                                    std::size_t lags);
[[nodiscard]] std::vector<std::complex<double>> cross_correlation(std::span<const std::complex<double>> x,
                                                                  std::span<const std::complex<double>> y,
                                                                  std::size_t lags);

/// r_k = sum_m x_m conj(x_{m+k}), k = 0..lags-1.
[[nodiscard]] std::vector<double> autocorrelation(std::span<const double> x, std::size_t lags);
[[nodiscard]] std::vector<std::complex<double>> autocorrelation(std::span<const std::complex<double>> x,
                                                                std::size_t lags);

}  // namespace offprint::linalg
