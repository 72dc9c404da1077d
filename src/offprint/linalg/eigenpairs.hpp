// The largest or smallest eigenvalues of a symmetric operator, with vectors and true residuals.
#pragma once

#include <functional>

#include <Eigen/Core>

#include "offprint/core/random.hpp"
#include "offprint/linalg/symmetric_operator.hpp"

namespace offprint::linalg {

/// Algebraically largest, or algebraically smallest (most negative).
enum class SpectrumEnd { kTop, kBottom };

struct EigenpairOptions {
  /// ||A v - lambda v|| <= tolerance scale is demanded of every pair.
  double tolerance = 1e-8;
  /// What the tolerance is relative to, e.g. the largest eigenvalue when the smallest ones are sought, which may be
  /// tiny beside it. 0: the largest |lambda| among the pairs.
  double scale = 0;
  Eigen::Index basis = 0;         ///< vectors kept between restarts; 0: max(2 count + 8, 24), and 6 blocks
  Eigen::Index max_products = 0;  ///< 0: 300 restarts' worth
  std::function<void()> poll{};   ///< called before each product; may throw to stop (Ctrl-C)
};

struct ExtremeEigenpairs {
  Eigen::VectorXd values;     ///< the end's extreme one first
  Eigen::MatrixXd vectors;    ///< size x count, orthonormal columns
  Eigen::VectorXd residuals;  ///< ||A v - lambda v||, computed from the returned vectors
  Eigen::Index products = 0;  ///< with A, those for the residuals included
  bool converged = false;     ///< otherwise fewer pairs, or pairs beyond the tolerance, are returned
};

/// Thick-restarted Lanczos (Spectra's SymEigsSolver; Wu & Simon 2000) from a start vector drawn from `start`. Operators
/// of at most max(3 count, 64) unknowns are formed by their products and diagonalised by LAPACK, which also finds every
/// multiplicity; beyond, copies of a multiple eigenvalue may be missed (use block_extreme_eigenpairs). Throws
/// InputError unless 1 <= count <= size, Error when a product is not finite. Memory: `basis` vectors.
[[nodiscard]] ExtremeEigenpairs extreme_eigenpairs(const SymmetricOperator& a, SpectrumEnd end, Eigen::Index count,
                                                   Stream start, const EigenpairOptions& options = {});

/// Block Lanczos with full reorthogonalization and thick restart (Golub & Underwood 1977; Baglama, Calvetti, Reichel
/// 2003): finds eigenvalues up to multiplicity `block`, and costs products in blocks. Same results and errors
/// otherwise; `basis` is rounded up to whole blocks. Throws InputError for block < 1.
[[nodiscard]] ExtremeEigenpairs block_extreme_eigenpairs(const SymmetricOperator& a, SpectrumEnd end,
                                                         Eigen::Index count, Eigen::Index block, Stream start,
                                                         const EigenpairOptions& options = {});

}  // namespace offprint::linalg
