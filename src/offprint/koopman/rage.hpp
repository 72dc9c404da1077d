// RAGE: how much of a signal is (quasi-)periodic and how much is chaotic (Algorithm 6).
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include <Eigen/Core>

#include "offprint/core/parallel.hpp"

namespace offprint::koopman {

struct RageOptions {
  Eigen::Index delays = 20;                          ///< N
  Eigen::Index stride = 10;                          ///< h, in samples
  Eigen::Index rows = 0;                             ///< M; 0 = half the record
  Eigen::Index horizon = 0;                          ///< L; 0 = what the record allows after `rows`
  std::vector<Eigen::Index> projections{1, 10, 20};  ///< n: projections onto the first n columns
  /// Delay columns whose orthogonal remainder is below this share of the largest are rounding noise (a periodic signal
  /// spans few directions) and are left out.
  double drop_tolerance = 1e-10;
  /// What is subtracted from the signal; default: the mean of the whole record. Any other value leaves a constant in,
  /// which counts as point spectrum: for showing how much of a curve is drift.
  std::optional<double> removed_mean{};
};

struct Rage {
  std::vector<Eigen::Index> projections;  ///< n
  /// (horizon + 1) x projections: A_n(L), L = 0..horizon. The limit in L, then in n, is the share of the signal's
  /// energy in the point spectrum: 1 quasi-periodic, 0 weakly mixing, between for mixed.
  Eigen::MatrixXd average;
  Eigen::Index dropped = 0;  ///< delay columns left out as dependent
  double drift = 0.0;        ///< |mean of the first M samples - mean of the record| in their standard deviations
  std::string warning;       ///< set when drift > 0.25: the curve then shows drift as much as spectrum
};

/// A_n(L) = (1/(L+1)) sum_{j<=L} min(C_n(j), 1), C_n(j) = ||P_n K^j g||^2/||g||^2, P_n the projection onto the first n
/// columns of the QR-orthonormalised delay dictionary s(m + h i). The mean of the whole record is removed; ||g||^2 is
/// the mean square over the first M samples. N correlations by FFT: O(N (L + M) log(L + M)); columns in parallel, same
/// bits for any number of threads. Throws InputError for a non-finite sample, a constant signal, a record shorter than
/// L + M or M + h(N-1), fewer rows than delays, or a projection outside 1..N.
[[nodiscard]] Rage rage(std::span<const double> signal, const RageOptions& options = {}, const Parallel& how = {});

}  // namespace offprint::koopman
