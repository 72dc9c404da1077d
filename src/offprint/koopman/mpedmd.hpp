// Measure-preserving EDMD: the unitary matrix nearest to the compression, and spectral measures from its eigenvectors.
#pragma once

#include <vector>

#include "offprint/koopman/compression.hpp"

namespace offprint::koopman {

/// Algorithm 4. Eigenvectors come from a complex Schur form, so they are orthonormal even at clusters, where those of a
/// general eigensolver are not.
struct MpEdmd {
  Vector<Complex> values;       ///< on the unit circle to rounding, by increasing argument in (-pi, pi]
  Matrix<Complex> vectors;      ///< orthonormal columns, orthonormal basis
  Matrix<Complex> raw_vectors;  ///< the same functions in the dictionary
  /// Of A_q. Where it vanishes the polar factor is not unique: that eigenvalue's phase is free.
  double smallest_singular_value = 0;
};

/// SVD A_q = U Sigma V*, K = U V* (orthogonal Procrustes), Schur K = Z Lambda Z*. O(50 n^3).
template <class Scalar>
[[nodiscard]] MpEdmd mpedmd(const Compression<Scalar>& compression);

/// Atoms on the circle.
struct SpectralMeasure {
  std::vector<double> angles;  ///< arg lambda_j, increasing in (-pi, pi]
  std::vector<double> masses;  ///< |v_j* g|^2, summing to ||g||^2
};

/// The spectral measure of the function with coefficients g in the orthonormal basis (Compression::from_raw takes raw
/// ones there). Throws InputError when g has the wrong length.
[[nodiscard]] SpectralMeasure spectral_measure(const MpEdmd& mpedmd, const Vector<Complex>& g);

}  // namespace offprint::koopman
