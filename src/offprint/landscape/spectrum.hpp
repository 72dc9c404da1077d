// The eigenvalues of a loss Hessian: all of them for a small network, and the few numbers that describe them.
#pragma once

#include <span>
#include <vector>

#include <Eigen/Core>

#include "offprint/core/parallel.hpp"
#include "offprint/linalg/lanczos_quadrature.hpp"
#include "offprint/linalg/symmetric_operator.hpp"

namespace offprint::landscape {

struct ExactOptions {
  Eigen::Index block = 128;    ///< unit vectors in one product
  Eigen::Index limit = 10000;  ///< largest size accepted: size^2 doubles are held twice, work grows with its cube
};

/// An operator formed from its products.
struct FormedMatrix {
  Eigen::MatrixXd matrix;  ///< (A + A^T) / 2
  double asymmetry = 0;    ///< max |a_ij - a_ji| before that: 0 up to rounding, else the products are wrong
};
/// Products with all unit vectors, block by block. Throws InputError above the limit (naming size and memory), Error
/// when a product is not finite. `how.done` counts products. `size` products, size^2 doubles.
[[nodiscard]] FormedMatrix form_matrix(const linalg::SymmetricOperator& a, const ExactOptions& options = {},
                                       const Parallel& how = {});

struct ExactSpectrum {
  Eigen::VectorXd values;  ///< algebraically largest first
  double asymmetry = 0;
};
/// All eigenvalues by form_matrix and LAPACK (syevd). O(4/3 size^3). Throws as form_matrix does.
[[nodiscard]] ExactSpectrum exact_spectrum(const linalg::SymmetricOperator& a, const ExactOptions& options = {},
                                           const Parallel& how = {});
/// The same for a matrix that is there already (the upper triangle is read).
[[nodiscard]] Eigen::VectorXd descending_eigenvalues(const Eigen::Ref<const Eigen::MatrixXd>& matrix);

/// Where the mass of a spectrum lies, relative to its largest eigenvalue lambda_1: "zero" means nothing without a
/// scale, so it is told at two of them. Each is a share of all eigenvalues.
struct MassNearZero {
  double within_coarse = 0;  ///< |lambda| < 1e-2 lambda_1
  double within_fine = 0;    ///< |lambda| < 1e-3 lambda_1
  double below_coarse = 0;   ///< lambda <= -1e-2 lambda_1
  double below_fine = 0;     ///< lambda <= -1e-3 lambda_1
};
/// Of all eigenvalues, in any order. Throws InputError when there is none or the largest is not positive.
[[nodiscard]] MassNearZero mass_near_zero(std::span<const double> values);
/// Estimated by quadrature, with lambda_1 given. Throws InputError unless lambda_1 > 0.
[[nodiscard]] MassNearZero mass_near_zero(const linalg::SpectralQuadrature& quadrature, double largest);

/// Tr(G)^2 / ||G||_F^2: the number of eigenvalues of equal size that would give the same two numbers; between 1 and the
/// rank for a semidefinite G. Throws InputError when the norm is not positive.
[[nodiscard]] double effective_rank(double trace, double frobenius_squared);

/// Rows and columns [offset, offset + size) of an operator: the parameters of one layer.
struct Segment {
  Eigen::Index offset = 0;
  Eigen::Index size = 0;
};
/// Trace of each segment's diagonal block, sum over it of z_i (A z)_i averaged over `samples` Rademacher probes drawn
/// from streams(i): the layers' traces for the price of one. Errors over the probes. Throws InputError for samples < 1
/// or a segment beyond the operator. `samples` products.
[[nodiscard]] std::vector<linalg::Sampled> segment_traces(const linalg::SymmetricOperator& a,
                                                          std::span<const Segment> segments,
                                                          const linalg::StreamSource& streams, Eigen::Index samples);

/// Number of |lambda| > cut max |lambda|.
[[nodiscard]] Eigen::Index numerical_rank(std::span<const double> values, double cut = 1e-12);

/// sup |F_quadrature(t) - F_exact(t)| over all t with |t| > inner, F the share of eigenvalues <= t (Kolmogorov distance
/// outside a window around zero, in which half of a Hessian's spectrum cannot be resolved). Both are step functions:
/// the supremum is taken exactly, over their jumps and the limits from the left. Throws InputError without values or
/// for inner < 0. O((values + nodes) log).
[[nodiscard]] double cumulative_distance(std::span<const double> values, const linalg::SpectralQuadrature& quadrature,
                                         double inner = 0);

}  // namespace offprint::landscape
