#include "offprint/kinetic/fourier_interpolator.hpp"

#include <array>
#include <cmath>
#include <numbers>

#include "offprint/linalg/gauss_legendre.hpp"

namespace offprint::kinetic {

namespace {

using Complex = std::complex<double>;
constexpr int kPlaneWidth = 14;
constexpr int kSpaceWidth = 8;

double bump(int width, double z) { return std::abs(z) < 1 ? std::exp(2.3 * width * (std::sqrt(1 - z * z) - 1)) : 0.0; }

// The fine points around x (in fine steps), wrapped, and the kernel's values there.
template <int kWidth>
struct Stencil {
  std::array<double, kWidth> weight{};
  std::array<std::size_t, kWidth> at{};
  Stencil(double x, int fine) {
    const double first = std::ceil(x - 0.5 * kWidth);
    for (int i = 0; i < kWidth; ++i) {
      const auto k = static_cast<std::size_t>(i);
      weight.at(k) = bump(kWidth, (x - first - i) / (0.5 * kWidth));
      at.at(k) = static_cast<std::size_t>(((static_cast<int>(first) + i) % fine + fine) % fine);
    }
  }
};

}  // namespace

FourierInterpolator::FourierInterpolator(const VelocityGrid& grid)
    : grid_((grid.check(), grid)),
      fine_(2 * grid.points),
      fft_({.shape =
                std::vector<std::size_t>(static_cast<std::size_t>(grid.dimension), static_cast<std::size_t>(fine_))}),
      correction_(grid.points) {
  std::size_t size = 1;
  for (int axis = 0; axis < grid.dimension; ++axis) size *= static_cast<std::size_t>(fine_);
  values_.resize(size);
  const int width = grid.dimension == 2 ? kPlaneWidth : kSpaceWidth;
  const auto q = linalg::gauss_legendre(60, -1, 1);
  for (int j = 0; j < grid.points; ++j) {
    double transform = 0;
    const double wave = 2 * std::numbers::pi * (j - 0.5 * grid.points) / fine_ * 0.5 * width;
    for (Eigen::Index i = 0; i < q.nodes.size(); ++i)
      transform += q.weights[i] * bump(width, q.nodes[i]) * std::cos(wave * q.nodes[i]);
    correction_[j] = 1 / (0.5 * width * transform);
  }
}

void FourierInterpolator::set(const Eigen::Ref<const Eigen::VectorXd>& f) {
  std::fill(values_.begin(), values_.end(), Complex(0));
  const Eigen::Index n = grid_.points;
  for (Eigen::Index p = 0; p < f.size(); ++p) {
    // Point j' = j - n/2, so that v = j' spacing; negative ones wrap around.
    double factor = grid_.cell();
    std::size_t place = 0;
    std::size_t stride = 1;
    Eigen::Index rest = p;
    for (int axis = 0; axis < grid_.dimension; ++axis, rest /= n) {
      const Eigen::Index j = rest % n;
      factor *= correction_[j];
      place += static_cast<std::size_t>((j - n / 2 + fine_) % fine_) * stride;
      stride *= static_cast<std::size_t>(fine_);
    }
    values_[place] = factor * f[p];
  }
  fft_.forward(values_);
}

Complex FourierInterpolator::operator()(double xi1, double xi2, double xi3) const {
  const double band = grid_.largest_mode();
  if (std::abs(xi1) > band || std::abs(xi2) > band) return 0;
  const double to_steps = grid_.spacing() * fine_ / (2 * std::numbers::pi);
  const auto row_length = static_cast<std::size_t>(fine_);
  Complex sum = 0;
  if (grid_.dimension == 2) {
    const Stencil<kPlaneWidth> a(xi1 * to_steps, fine_);
    const Stencil<kPlaneWidth> b(xi2 * to_steps, fine_);
    for (std::size_t i = 0; i < kPlaneWidth; ++i) {
      const Complex* row = values_.data() + a.at[i] * row_length;
      Complex along = 0;
      for (std::size_t j = 0; j < kPlaneWidth; ++j) along += b.weight[j] * row[b.at[j]];
      sum += a.weight[i] * along;
    }
    return sum;
  }
  if (std::abs(xi3) > band) return 0;
  const Stencil<kSpaceWidth> a(xi1 * to_steps, fine_);
  const Stencil<kSpaceWidth> b(xi2 * to_steps, fine_);
  const Stencil<kSpaceWidth> c(xi3 * to_steps, fine_);
  for (std::size_t i = 0; i < kSpaceWidth; ++i) {
    for (std::size_t j = 0; j < kSpaceWidth; ++j) {
      const Complex* row = values_.data() + (a.at[i] * row_length + b.at[j]) * row_length;
      Complex along = 0;
      for (std::size_t k = 0; k < kSpaceWidth; ++k) along += c.weight[k] * row[c.at[k]];
      sum += a.weight[i] * b.weight[j] * along;
    }
  }
  return sum;
}

}  // namespace offprint::kinetic
