#include "offprint/kinetic/fourier_interpolator.hpp"

#include <array>
#include <cmath>
#include <numbers>

#include "offprint/core/error.hpp"
#include "offprint/linalg/gauss_legendre.hpp"

namespace offprint::kinetic {

namespace {

using Complex = std::complex<double>;
constexpr int kWidth = 14;
constexpr double kShape = 2.3 * kWidth;

double bump(double z) { return std::abs(z) < 1 ? std::exp(kShape * (std::sqrt(1 - z * z) - 1)) : 0.0; }

// First fine point and the kernel's values at the kWidth points around x (in fine steps).
int weights(double x, std::array<double, kWidth>& w) {
  const double first = std::ceil(x - 0.5 * kWidth);
  for (int i = 0; i < kWidth; ++i) w.at(static_cast<std::size_t>(i)) = bump((x - first - i) / (0.5 * kWidth));
  return static_cast<int>(first);
}

}  // namespace

FourierInterpolator::FourierInterpolator(const VelocityGrid& grid)
    : grid_((grid.check(), grid)),
      fine_(2 * grid.points),
      fft_({.shape = std::vector<std::size_t>(2, static_cast<std::size_t>(fine_))}),
      correction_(grid.points),
      values_(static_cast<std::size_t>(fine_) * static_cast<std::size_t>(fine_)) {
  if (grid.dimension != 2) throw InputError("Fourier sums between modes are implemented in 2 dimensions only");
  const auto q = linalg::gauss_legendre(60, -1, 1);
  for (int j = 0; j < grid.points; ++j) {
    double transform = 0;
    const double wave = 2 * std::numbers::pi * (j - 0.5 * grid.points) / fine_ * 0.5 * kWidth;
    for (Eigen::Index i = 0; i < q.nodes.size(); ++i)
      transform += q.weights[i] * bump(q.nodes[i]) * std::cos(wave * q.nodes[i]);
    correction_[j] = 1 / (0.5 * kWidth * transform);
  }
}

void FourierInterpolator::set(const Eigen::Ref<const Eigen::VectorXd>& f) {
  std::fill(values_.begin(), values_.end(), Complex(0));
  const int n = grid_.points;
  // Point j' = j - n/2, so that v = j' spacing; negative ones wrap around.
  const auto place = [&](int j) { return static_cast<std::size_t>((j - n / 2 + fine_) % fine_); };
  for (int i = 0; i < n; ++i) {
    for (int j = 0; j < n; ++j) {
      values_[place(i) * static_cast<std::size_t>(fine_) + place(j)] =
          grid_.cell() * correction_[i] * correction_[j] * f[static_cast<Eigen::Index>(i) * n + j];
    }
  }
  fft_.forward(values_);
}

Complex FourierInterpolator::operator()(double xi1, double xi2) const {
  const double band = grid_.largest_mode();
  if (std::abs(xi1) > band || std::abs(xi2) > band) return 0;
  const double to_steps = grid_.spacing() * fine_ / (2 * std::numbers::pi);
  std::array<double, kWidth> w1{};
  std::array<double, kWidth> w2{};
  const int first1 = weights(xi1 * to_steps, w1);
  const int first2 = weights(xi2 * to_steps, w2);
  const auto wrapped = [&](int i) { return static_cast<std::size_t>(((i % fine_) + fine_) % fine_); };
  std::array<std::size_t, kWidth> columns{};
  for (int j = 0; j < kWidth; ++j) columns.at(static_cast<std::size_t>(j)) = wrapped(first2 + j);
  Complex sum = 0;
  for (int i = 0; i < kWidth; ++i) {
    const Complex* row = values_.data() + wrapped(first1 + i) * static_cast<std::size_t>(fine_);
    Complex along = 0;
    for (std::size_t j = 0; j < kWidth; ++j) along += w2[j] * row[columns[j]];
    sum += w1.at(static_cast<std::size_t>(i)) * along;
  }
  return sum;
}

}  // namespace offprint::kinetic
