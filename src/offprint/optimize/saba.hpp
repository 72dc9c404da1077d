// SABA: the single loop with variance-reduced estimates from tables of past gradients, for problems that are finite
// sums.
#pragma once

#include <cstdint>

#include <Eigen/Core>

#include "offprint/optimize/bilevel_iterate.hpp"
#include "offprint/optimize/bilevel_problem.hpp"

namespace offprint::optimize {

/// A problem whose levels are means over finitely many terms: Sample{k} is the k-th term (not a random batch), k in
/// [0, upper_terms()) for f and [0, lower_terms()) for g, and the mean over them is the exact function.
class FiniteSumProblem : public BilevelProblem {
 public:
  [[nodiscard]] virtual std::uint64_t upper_terms() const = 0;
  [[nodiscard]] virtual std::uint64_t lower_terms() const = 0;
};

struct SabaOptions {
  std::uint64_t steps = 1000;
  double learning_rate = 1e-3;  ///< of x
  double lower_step = 0.1;      ///< of y
  double nu = 0.1;              ///< of z
  /// Bytes the tables may take. Networks exceed any sensible limit, which is why SABA is for linear models.
  std::uint64_t max_bytes = std::uint64_t{2} << 30;
  std::uint64_t seed = 0;  ///< of the terms drawn
};

/// Bytes of the tables: 8 (n_upper (dim x + dim y) + n_lower (dim x + 2 dim y)).
[[nodiscard]] std::uint64_t saba_table_bytes(const FiniteSumProblem& problem);

/// As MA-SOBA without momentum, each of the five oracles replaced by its SAGA estimate (new - old + mean of the table),
/// whose error vanishes as the iterates settle: constant steps converge to a stationary point. The tables are filled at
/// the start (one pass); 5 oracle calls a step. Dagreou, Ablin, Vaiter, Moreau: "A framework for bilevel optimization
/// that enables stochastic and global variance reduction algorithms" (NeurIPS 2022).
/// Throws InputError when the problem is not a FiniteSumProblem (a network on text gives random batches, and its tables
/// would hold a gradient for every sample), or when the tables exceed max_bytes (naming their size).
[[nodiscard]] BilevelResult saba(const BilevelProblem& problem, Eigen::VectorXd x, Eigen::VectorXd y,
                                 const SabaOptions& options = {}, const BilevelObserver& observer = {});

}  // namespace offprint::optimize
