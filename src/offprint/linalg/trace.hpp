// Trace and Frobenius norm of an operator known by its products: Hutchinson's estimator and Hutch++, with errors.
#pragma once

#include "offprint/core/statistics.hpp"
#include "offprint/linalg/probe.hpp"
#include "offprint/linalg/symmetric_operator.hpp"

namespace offprint::linalg {

struct TraceOptions {
  Probe probe = Probe::kRademacher;
  Eigen::Index block = 32;  ///< vectors in one product
  double confidence = 0.95;
};

struct TraceEstimate {
  Estimate trace;             ///< Student's interval over the probes; no interval with fewer than two
  double standard_error = 0;  ///< NaN with fewer than two probes
  Eigen::Index products = 0;
};

struct HutchinsonEstimate {
  TraceEstimate trace;
  Estimate frobenius_squared;  ///< Tr A^2 = E ||A z||^2, from the same products
  double frobenius_squared_error = 0;
};

/// Hutchinson 1990: mean of z^T A z over `samples` probes; variance 2 (||A||_F^2 - sum_i a_ii^2) / samples for
/// Rademacher, 2 ||A||_F^2 / samples for Gaussian ones. Probe i is drawn from streams(i). Throws InputError for samples
/// < 1 or block < 1, Error when a product is not finite. `samples` products.
[[nodiscard]] HutchinsonEstimate hutchinson(const SymmetricOperator& a, const StreamSource& streams,
                                            Eigen::Index samples, const TraceOptions& options = {});

/// Hutch++ (Meyer, Musco, Musco, Woodruff 2021): with k = budget / 3, Q = orth(A S) takes the part of the trace that k
/// directions hold exactly, and k probes estimate the rest; error O(1 / budget) instead of O(1 / sqrt(budget)). Exact
/// when A has rank <= k. Worse than Hutchinson on a flat spectrum. The standard error is that of the rest. Throws
/// InputError for budget < 3. Memory: size k doubles twice. 3 k products.
[[nodiscard]] TraceEstimate hutch_plus_plus(const SymmetricOperator& a, const StreamSource& streams,
                                            Eigen::Index budget, const TraceOptions& options = {});

}  // namespace offprint::linalg
