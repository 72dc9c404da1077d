#include "offprint/kinetic/sphere_average.hpp"

#include <cmath>
#include <map>

namespace offprint::kinetic {

namespace {

// Numbers the distinct values in ascending order; `squares` receives them.
std::vector<int> number_rings(const Eigen::VectorXi& square, std::vector<int>& squares) {
  std::map<int, int> ring;
  for (const int s : square) ring[s] = 0;
  for (auto& [s, index] : ring) {
    index = static_cast<int>(squares.size());
    squares.push_back(s);
  }
  std::vector<int> of(static_cast<std::size_t>(square.size()));
  for (Eigen::Index i = 0; i < square.size(); ++i) of[static_cast<std::size_t>(i)] = ring.at(square[i]);
  return of;
}

}  // namespace

SphereAverage::SphereAverage(const SpectralGrid& grid) {
  const VelocityGrid& v = grid.velocities();
  Eigen::VectorXi square(v.size());
  for (Eigen::Index i = 0; i < v.size(); ++i) {
    int sum = 0;
    for (Eigen::Index rest = i, axis = 0; axis < v.dimension; ++axis, rest /= v.points) {
      const int j = static_cast<int>(rest % v.points) - v.points / 2;
      sum += j * j;
    }
    square[i] = sum;
  }
  std::vector<int> speeds;
  std::vector<int> waves;
  point_ring_ = number_rings(square, speeds);
  mode_ring_ = number_rings(grid.squared_waves(), waves);
  rings_ = static_cast<Eigen::Index>(speeds.size());
  const auto rows = static_cast<Eigen::Index>(waves.size());
  mean_.resize(rows, rings_);
  dilation_.resize(rows, rings_);
  for (Eigen::Index s = 0; s < rings_; ++s) {
    const double speed = v.spacing() * std::sqrt(static_cast<double>(speeds[static_cast<std::size_t>(s)]));
    for (Eigen::Index r = 0; r < rows; ++r) {
      if (4 * waves[static_cast<std::size_t>(r)] >= v.points * v.points) {
        mean_(r, s) = 0;
        dilation_(r, s) = 0;
        continue;
      }
      const double x = speed * v.mode_spacing() * std::sqrt(static_cast<double>(waves[static_cast<std::size_t>(r)]));
      if (v.dimension == 2) {
        mean_(r, s) = ::j0(x);
        dilation_(r, s) = x * ::j1(x);
      } else {
        mean_(r, s) = x == 0 ? 1.0 : std::sin(x) / x;
        dilation_(r, s) = x == 0 ? 0.0 : mean_(r, s) - std::cos(x);
      }
    }
  }
  mean_ *= v.cell();
  dilation_ *= v.cell();
}

Eigen::MatrixXd SphereAverage::ring_sums(const Eigen::Ref<const Eigen::MatrixXd>& h) const {
  Eigen::MatrixXd sums = Eigen::MatrixXd::Zero(rings_, h.cols());
  for (Eigen::Index c = 0; c < h.cols(); ++c) {
    double* out = sums.col(c).data();
    for (Eigen::Index i = 0; i < h.rows(); ++i) out[point_ring_[static_cast<std::size_t>(i)]] += h(i, c);
  }
  return sums;
}

Eigen::MatrixXd SphereAverage::average(const Eigen::Ref<const Eigen::MatrixXd>& h) const {
  return mean_ * ring_sums(h);
}

Eigen::VectorXd SphereAverage::dilation(const Eigen::Ref<const Eigen::VectorXd>& h) const {
  return dilation_ * ring_sums(h);
}

}  // namespace offprint::kinetic
