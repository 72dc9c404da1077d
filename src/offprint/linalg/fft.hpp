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

/// Where the arrays of a BatchFft lie: `count` arrays of one shape (row-major, axis 0 slowest), neighbours of the last
/// axis `stride` values apart, one array `distance` values after the other.
struct BatchLayout {
  std::vector<std::size_t> shape;
  std::size_t count = 1;
  std::size_t stride = 1;
  std::size_t distance = 0;
};

/// Complex transforms of many small arrays at once, in place and WITHOUT the factor 1/size; signs as ComplexFft, plans
/// by FFTW_ESTIMATE. const members may run on several threads at once. Data must be aligned as memory from new is
/// (16 bytes).
class BatchFft {
 public:
  /// Throws InputError for an empty shape, a length of 0 or no arrays.
  explicit BatchFft(const BatchLayout& layout);
  ~BatchFft();
  BatchFft(BatchFft&&) noexcept;
  BatchFft& operator=(BatchFft&&) noexcept;

  /// In place; `data` must reach over all arrays (InputError otherwise).
  void forward(std::span<std::complex<double>> data) const;
  void backward(std::span<std::complex<double>> data) const;

 private:
  struct Plans;
  std::unique_ptr<Plans> plans_;
};

/// Real transforms over a grid of any rank, WITHOUT the factor 1/size: reals in row-major order <-> modes, of which the
/// last axis holds the half n/2 + 1 only. Signs, plans and threads as BatchFft.
class RealGridFft {
 public:
  /// Throws InputError for an empty shape or a length of 0.
  explicit RealGridFft(std::vector<std::size_t> shape);
  ~RealGridFft();
  RealGridFft(RealGridFft&&) noexcept;
  RealGridFft& operator=(RealGridFft&&) noexcept;

  [[nodiscard]] std::size_t size() const;   ///< grid points
  [[nodiscard]] std::size_t modes() const;  ///< half-spectrum values
  /// `values` is only read. InputError when a length disagrees.
  void forward(std::span<const double> values, std::span<std::complex<double>> spectrum) const;
  /// `spectrum` is destroyed.
  void backward(std::span<std::complex<double>> spectrum, std::span<double> values) const;

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
