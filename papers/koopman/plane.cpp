#include "plane.hpp"

#include <algorithm>
#include <cmath>

#include "offprint/io/npy.hpp"

namespace offprint::papers::koopman {

namespace lib = ::offprint::koopman;

Grid Plane::field() const {
  const auto step = [](double lo, double hi, std::size_t n) {
    return n > 1 ? (hi - lo) / static_cast<double>(n - 1) : 1.0;
  };
  return {grid.re_min, step(grid.re_min, grid.re_max, grid.columns), grid.columns,
          grid.im_min, step(grid.im_min, grid.im_max, grid.rows),    grid.rows,
          residuals};
}

Plane residual_plane(Run& run, const lib::Pseudospectrum<double>& pseudospectrum, const lib::Grid& grid) {
  Plane plane{grid, std::vector<double>(grid.size())};
  const bool mirrored = std::abs(grid.im_min + grid.im_max) < 1e-12;
  const std::size_t first = mirrored ? grid.rows / 2 : 0;  // the rows from here on are computed
  std::vector<lib::Complex> points;
  for (std::size_t row = first; row < grid.rows; ++row)
    for (std::size_t column = 0; column < grid.columns; ++column) points.push_back(grid.point(row, column));
  auto progress = run.progress(points.size(), "pseudospectrum");
  Parallel how = run.parallel();
  constexpr std::size_t kSlab = 512;  // points between two progress reports; a multiple of the library's runs of 16
  for (std::size_t at = 0; at < points.size(); at += kSlab) {
    const std::size_t count = std::min(kSlab, points.size() - at);
    const auto values = pseudospectrum.residuals({points.data() + at, count}, how);
    std::copy(values.begin(), values.end(),
              plane.residuals.begin() + static_cast<std::ptrdiff_t>(first * grid.columns + at));
    progress.set(at + count);
  }
  if (mirrored)
    for (std::size_t row = 0; row < first; ++row)
      std::copy_n(plane.residuals.begin() + static_cast<std::ptrdiff_t>((grid.rows - 1 - row) * grid.columns),
                  grid.columns, plane.residuals.begin() + static_cast<std::ptrdiff_t>(row * grid.columns));
  return plane;
}

void keep_plane(Run& run, const Plane& plane) {
  run.artifact("pseudospectrum.npy", [&](const std::filesystem::path& path) {
    const Eigen::VectorXd values =
        Eigen::Map<const Eigen::VectorXd>(plane.residuals.data(), static_cast<Eigen::Index>(plane.residuals.size()));
    io::write_npy(path, io::NdArray({plane.grid.rows, plane.grid.columns}, values));
  });
}

}  // namespace offprint::papers::koopman
