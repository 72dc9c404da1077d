// res_N on a grid of the complex plane, and the figure that eigenvalues are judged by.
#pragma once

#include <vector>

#include "offprint/core/figure.hpp"
#include "offprint/core/run.hpp"
#include "offprint/koopman/pseudospectrum.hpp"

namespace offprint::papers::koopman {

/// The values in grid order (row by row from im_min upwards).
struct Plane {
  ::offprint::koopman::Grid grid;
  std::vector<double> residuals;

  /// As the figures take it.
  [[nodiscard]] Grid field() const;
};

/// res_N at every point of the grid, with progress. Rows that are each other's mirror image in the real axis are
/// computed once, since the data are real.
[[nodiscard]] Plane residual_plane(Run& run, const ::offprint::koopman::Pseudospectrum<double>& pseudospectrum,
                                   const ::offprint::koopman::Grid& grid);

/// Keeps the values as pseudospectrum.npy (rows x columns, row 0 at im_min).
void keep_plane(Run& run, const Plane& plane);

}  // namespace offprint::papers::koopman
