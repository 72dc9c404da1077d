#include "offprint/kinetic/spectral_grid.hpp"

#include <cmath>
#include <vector>

#include <fmt/format.h>

#include "offprint/core/error.hpp"

namespace offprint::kinetic {

using Complex = std::complex<double>;

SpectralGrid::SpectralGrid(const VelocityGrid& grid)
    : grid_((grid.check(), grid)),
      fft_(std::vector<std::size_t>(static_cast<std::size_t>(grid.dimension), static_cast<std::size_t>(grid.points))) {
  const int d = grid.dimension;
  const int n = grid.points;
  const auto count = static_cast<Eigen::Index>(fft_.modes());
  waves_.resize(count, d);
  squared_ = Eigen::VectorXi::Zero(count);
  sign_.resize(count);
  for (Eigen::Index i = 0; i < count; ++i) {
    Eigen::Index rest = i;
    int sum = 0;
    bool nyquist = false;
    for (int axis = d - 1; axis >= 0; --axis) {
      const int length = axis == d - 1 ? n / 2 + 1 : n;
      int m = static_cast<int>(rest % length);
      rest /= length;
      nyquist = nyquist || m == n / 2;
      if (m > n / 2) m -= n;
      waves_(i, axis) = m * grid.mode_spacing();
      squared_[i] += m * m;
      sum += m;
    }
    sign_[i] = nyquist ? 0.0 : sum % 2 == 0 ? 1.0 : -1.0;
  }
}

Eigen::VectorXcd SpectralGrid::transform(const Eigen::Ref<const Eigen::VectorXd>& f) const {
  Eigen::VectorXcd fhat(modes());
  fft_.forward({f.data(), static_cast<std::size_t>(f.size())}, {fhat.data(), fft_.modes()});
  return fhat.cwiseProduct(grid_.cell() * sign_);
}

Eigen::VectorXd SpectralGrid::inverse(const Eigen::Ref<const Eigen::VectorXcd>& fhat) const {
  if (fhat.size() != modes()) {
    throw InputError(fmt::format("{} modes were given, the grid has {}", fhat.size(), modes()));
  }
  Eigen::VectorXcd work = fhat.cwiseProduct(sign_ / (grid_.cell() * static_cast<double>(grid_.size())));
  Eigen::VectorXd f(grid_.size());
  fft_.backward({work.data(), fft_.modes()}, {f.data(), static_cast<std::size_t>(f.size())});
  return f;
}

Complex SpectralGrid::transform_at(const Eigen::Ref<const Eigen::VectorXd>& f,
                                   const Eigen::Ref<const Eigen::VectorXd>& xi) const {
  Eigen::VectorXd phase = Eigen::VectorXd::Zero(f.size());
  for (int axis = 0; axis < grid_.dimension; ++axis) phase += xi[axis] * grid_.coordinates(axis);
  Complex sum = 0;
  for (Eigen::Index i = 0; i < f.size(); ++i) sum += f[i] * std::polar(1.0, -phase[i]);
  return sum * grid_.cell();
}

Eigen::VectorXcd lattice_transform(const VelocityGrid& grid, const Eigen::Ref<const Eigen::VectorXd>& f,
                                   const Eigen::Ref<const Eigen::VectorXd>& values) {
  const Eigen::Index n = grid.points;
  Eigen::MatrixXcd phases(n, values.size());
  for (Eigen::Index k = 0; k < values.size(); ++k) {
    for (Eigen::Index j = 0; j < n; ++j) {
      phases(j, k) = std::polar(grid.spacing(), -values[k] * grid.coordinate(j));
    }
  }
  // Axis by axis from the last one: (all but the last) x n times n x values, the result's axis going to the front.
  using RowMajor = Eigen::Matrix<Complex, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  Eigen::VectorXcd now = f.cast<Complex>();
  for (int axis = 0; axis < grid.dimension; ++axis) {
    const Eigen::Index rows = now.size() / n;
    const RowMajor next = phases.transpose() * Eigen::Map<const RowMajor>(now.data(), rows, n).transpose();
    now = Eigen::Map<const Eigen::VectorXcd>(next.data(), next.size());
  }
  return now;
}

}  // namespace offprint::kinetic
