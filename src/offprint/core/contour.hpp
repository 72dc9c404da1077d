// Level sets of a function given on a regular grid.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <vector>

namespace offprint {

/// Points (i, j) in units of grid cells, column index first; closed when the first equals the last.
using Polyline = std::vector<std::array<double, 2>>;

/// The level set {f = level} by marching squares: linear along cell edges, saddles decided by the mean of the corners,
/// segments joined to polylines in a fixed order and thinned to within `tolerance` cells (0: kept whole). Cells with a
/// corner that is not finite are skipped. values[j * nx + i], nx * ny of them, else InputError. O(nx ny) time and
/// memory.
[[nodiscard]] std::vector<Polyline> contour_lines(std::span<const double> values, std::size_t nx, std::size_t ny,
                                                  double level, double tolerance = 0.05);

}  // namespace offprint
