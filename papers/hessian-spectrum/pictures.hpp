// The figures of a Hessian's spectrum, shared by claims and actions.
#pragma once

#include <span>
#include <string>
#include <vector>

#include <Eigen/Core>

#include "offprint/core/figure.hpp"
#include "offprint/linalg/lanczos_quadrature.hpp"

namespace offprint::papers::hessian_spectrum {

/// Smoothed density on a log axis with its error band, a rug of Ritz values, and the outliers marked at the height that
/// one eigenvalue of mass 1/M has.
[[nodiscard]] Figure density_figure(const linalg::SpectralQuadrature& quadrature, double sigma,
                                    std::span<const double> outliers, const std::string& title);

/// Cumulative density from quadrature with its error band, against |t| near zero too; with the exact one when given.
[[nodiscard]] Figure cumulative_figure(const linalg::SpectralQuadrature& quadrature, std::span<const double> exact,
                                       const std::string& title);

/// Mass by magnitude, positive and negative: what linear bins hide.
[[nodiscard]] Figure magnitude_figure(const linalg::SpectralQuadrature& quadrature, double largest,
                                      const std::string& title);

/// Eigenvalues of one matrix, algebraically largest first.
struct Ordered {
  std::string name;
  std::vector<double> values;
};
/// Ordered eigenvalues on log axes: rank 1, 2, ... from the top; negative ones as |lambda| by their rank from the
/// bottom (dashed). Values below `floor` times the largest are left out.
[[nodiscard]] Figure ordered_figure(const std::vector<Ordered>& spectra, double floor, const std::string& title,
                                    const std::string& caption);

/// One quantity along paths; both ends are marked.
struct PathCurve {
  std::string name;
  std::vector<double> values;
};
[[nodiscard]] Figure path_figure(const std::vector<double>& grid, const std::vector<PathCurve>& curves, const Axis& y,
                                 const std::string& from, const std::string& to, const std::string& title,
                                 const std::string& caption);

}  // namespace offprint::papers::hessian_spectrum
