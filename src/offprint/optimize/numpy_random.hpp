// The numbers of NumPy's legacy generator (numpy.random.seed, numpy.random.RandomState): for experiments that were
// published with it. New experiments use offprint::Stream.
#pragma once

#include <bit>
#include <cstdint>
#include <random>

#include <Eigen/Core>

namespace offprint::optimize {

/// numpy.random.RandomState(seed), seed an integer below 2^32: the Mersenne twister, with the conversions that NumPy
/// has frozen. Each member gives the same numbers in the same order as the Python call it is named after.
class NumpyRandom {
 public:
  explicit NumpyRandom(std::uint32_t seed) : twister_(seed) {}

  /// rand(): uniform on [0, 1), 53 bits of two successive outputs.
  double rand() {
    const std::uint32_t high = word() >> 5U;
    const std::uint32_t low = word() >> 6U;
    return (high * 67108864.0 + low) / 9007199254740992.0;
  }
  /// rand(n)
  Eigen::VectorXd rand(Eigen::Index n) {
    Eigen::VectorXd out(n);
    for (Eigen::Index i = 0; i < n; ++i) out(i) = rand();
    return out;
  }
  /// rand(rows, columns): filled row by row, whatever order the result is kept in.
  Eigen::MatrixXd rand(Eigen::Index rows, Eigen::Index columns) {
    Eigen::MatrixXd out(rows, columns);
    for (Eigen::Index i = 0; i < rows; ++i)
      for (Eigen::Index j = 0; j < columns; ++j) out(i, j) = rand();
    return out;
  }

  /// randint(0, n) of one number, 1 <= n < 2^32: masked rejection.
  std::uint32_t below(std::uint32_t n) {
    const std::uint32_t mask = std::bit_ceil(n) - 1;  // 0 for n = 1: no draw, as in NumPy
    if (mask == 0) return 0;
    for (;;)
      if (const std::uint32_t value = word() & mask; value < n) return value;
  }

  /// The twister's next 32 bits.
  std::uint32_t word() { return static_cast<std::uint32_t>(twister_()); }

 private:
  std::mt19937 twister_;
};

}  // namespace offprint::optimize
