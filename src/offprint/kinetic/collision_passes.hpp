// The pointwise inner loops of the spectral collision operator, vectorised with run-time dispatch.
#pragma once

#include <complex>
#include <cstddef>

namespace offprint::kinetic::passes {

using Complex = std::complex<double>;

/// out[r][c] = in[r][c] * phase[c] for r < rows, c < columns (columns even).
void multiply_rows(const Complex* in, const Complex* phase, Complex* out, std::size_t rows, std::size_t columns);

/// Where the columns of one tile come from: half-spectra over axis 0 of two real fields, `stride` values from one row
/// to the next.
struct LineSource {
  const Complex* first;
  const Complex* second;
  const Complex* first_phase;   ///< `half` phases exp(i k a), for the first field
  const Complex* second_phase;  ///< `half` phases exp(i k b), for the second field, whose CONJUGATE is used
  std::size_t half;             ///< modes 0..half-1; mode `half` (Nyquist) is taken as zero
  std::size_t stride;
};

/// Fills the tile and its mirror image, each 2 half x width (width even, rows one after the other), with the complex
/// lines whose inverse transforms are first(v + a) + i second(v - b), and first(v - a) + i second(v + b) for the
/// mirror.
void build_lines(const LineSource& source, std::size_t width, Complex* tile, Complex* mirror);

/// sum[r][c] += weight * (re tile * im tile + re mirror * im mirror), r < rows, c < width (even); rows of `sum` lie
/// `stride` apart. Without a mirror (null) its term is left out.
void add_products(const Complex* tile, const Complex* mirror, double weight, double* sum, std::size_t rows,
                  std::size_t width, std::size_t stride);

}  // namespace offprint::kinetic::passes
