// A stranger's program: verified eigenvalues of a rotation by an irrational angle, through the public headers only.
#include <cmath>
#include <cstdio>
#include <numbers>

#include <offprint/koopman/compression.hpp>
#include <offprint/koopman/edmd.hpp>

int main() {
  using namespace offprint::koopman;
  // x -> x + alpha on the circle, observed through cos and sin of the first five multiples of the angle
  const double alpha = (std::sqrt(5.0) - 1.0) / 2.0;
  const int pairs = 50;
  const int modes = 5;
  Matrix<double> px(pairs, 2 * modes);
  Matrix<double> py(pairs, 2 * modes);
  for (int m = 0; m < pairs; ++m)
    for (int k = 1; k <= modes; ++k) {
      const double x = 2.0 * std::numbers::pi * k * m / pairs;
      const double y = x + 2.0 * std::numbers::pi * k * alpha;
      px(m, 2 * k - 2) = std::cos(x), px(m, 2 * k - 1) = std::sin(x);
      py(m, 2 * k - 2) = std::cos(y), py(m, 2 * k - 1) = std::sin(y);
    }
  const auto compression = compress(stored_pairs(px, py));
  const auto pairs_found = edmd(compression);
  std::printf("%ld eigenvalues, largest residual %.1e\n", static_cast<long>(pairs_found.values.size()),
              pairs_found.residuals.maxCoeff());
  return pairs_found.residuals.maxCoeff() < 1e-12 ? 0 : 1;
}
