// EDMD eigenpairs with the residuals that tell the genuine ones from artefacts, and Koopman modes.
#pragma once

#include <span>
#include <vector>

#include "offprint/koopman/compression.hpp"

namespace offprint::koopman {

/// EDMD in QR form: A_q v = lambda v.
struct Edmd {
  Vector<Complex> values;
  Matrix<Complex> vectors;      ///< unit columns, orthonormal basis
  Matrix<Complex> raw_vectors;  ///< the same functions in the dictionary
  /// ||(K - lambda) g|| / ||g||, as ||S v|| / ||v||: for an EDMD pair the rest of the residual vanishes, and this form
  /// has no cancellation.
  Eigen::VectorXd residuals;
};

/// All eigenpairs, in LAPACK's order. O(25 n^3).
template <class Scalar>
[[nodiscard]] Edmd edmd(const Compression<Scalar>& compression);

/// res(lambda, g) of any candidate, g in the orthonormal basis: ||[A_q - lambda; S] g|| / ||g||. Throws InputError when
/// g has the wrong length or vanishes.
template <class Scalar>
[[nodiscard]] double residual(const Compression<Scalar>& compression, Complex lambda, const Vector<Complex>& g);

/// Algorithm 1, ResDMD filtering: indices of the EDMD pairs with residual <= epsilon, by increasing residual (ties by
/// index). What is kept lies within the epsilon-approximate point spectrum; spectrum may be missed. Throws InputError
/// unless epsilon >= 0.
[[nodiscard]] std::vector<Eigen::Index> resdmd_filter(const Edmd& edmd, double epsilon);

/// Koopman modes (V_q)^{-1} P, one row an eigenfunction, one column an observable, from project_observables' P: the
/// least-squares fit of the observables by the eigenfunctions in the data's weighted norm. Throws Error when the
/// eigenvectors are linearly dependent to rounding.
template <class Scalar>
[[nodiscard]] Matrix<Complex> koopman_modes(const Edmd& edmd, const Matrix<Scalar>& projected);

}  // namespace offprint::koopman
