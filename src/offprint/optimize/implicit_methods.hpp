// Bilevel methods with implicit hypergradients to compare BO-REP with: stocBiO, MA-SOBA, TTSA, SLIP (SABA: saba.hpp).
// All start at z = 0, take a fresh sample for every oracle call when `stochastic`, project x onto X and y onto Y, and
// report to the same observer (step 0: the start; then x_{t+1}, y_{t+1}, z_{t+1} and the direction of the step).
// All throw InputError: options outside their ranges, start vectors of the wrong length, no second derivatives.
#pragma once

#include <cstdint>

#include <Eigen/Core>

#include "offprint/optimize/bilevel_iterate.hpp"
#include "offprint/optimize/bilevel_problem.hpp"
#include "offprint/optimize/bo_rep.hpp"

namespace offprint::optimize {

/// z = sum_{q=0..terms} eta v_q, v_0 = grad_y f, v_{q+1} = v_q - eta grad_yy g v_q: the Neumann series of
/// (grad_yy g)^{-1} grad_y f, with 1 + terms oracle calls. It converges for eta < 2 / l_{g,1}; for a constant Hessian
/// with eigenvalue q the error factor is (1 - eta q)^{terms + 1}. Throws InputError unless eta > 0.
void neumann_series(CountedProblem& problem, const VectorRef& x, const VectorRef& y, double eta, std::uint64_t terms,
                    SampleSequence& samples, Eigen::VectorXd& z);

struct StocBioOptions {
  std::uint64_t steps = 1000;
  double learning_rate = 1e-3;       ///< of x
  double lower_step = 0.1;           ///< alpha
  std::uint64_t lower_steps = 3;     ///< K
  double neumann_step = 0.1;         ///< eta2, below 2 / l_{g,1}
  std::uint64_t neumann_terms = 10;  ///< Q
  bool stochastic = false;
};

/// Each step: K steps of SGD on g(x, .) from the last y, the Neumann series for z, x <- x - lr (grad_x f - d/dx
/// <grad_y g, z>). K + Q + 3 oracle calls a step. Ji, Yang, Liang: "Bilevel Optimization: Convergence Analysis and
/// Enhanced Design" (ICML 2021).
[[nodiscard]] BilevelResult stoc_bio(const BilevelProblem& problem, Eigen::VectorXd x, Eigen::VectorXd y,
                                     const StocBioOptions& options = {}, const BilevelObserver& observer = {});

struct MaSobaOptions {
  std::uint64_t steps = 1000;
  double learning_rate = 1e-3;
  double lower_step = 0.1;  ///< alpha
  double nu = 0.1;          ///< step of z
  double beta = 0.9;        ///< momentum of x
  /// A better start than y; MA-SOBA itself has none.
  EpochSgdOptions warm_start{.epochs = 0};
  bool stochastic = false;
};

/// y, z and x move at once, all from the old point: y <- y - alpha grad_y g, z <- z - nu (grad_yy g z - grad_y f),
/// m <- beta m + (1 - beta) (grad_x f - d/dx <grad_y g, z>), x <- x - lr m. 5 oracle calls a step. Chen, Xiao,
/// Balasubramanian: "Optimal Algorithms for Stochastic Bilevel Optimization under Relaxed Smoothness Conditions"
/// (2023).
[[nodiscard]] BilevelResult ma_soba(const BilevelProblem& problem, Eigen::VectorXd x, Eigen::VectorXd y,
                                    const MaSobaOptions& options = {}, const BilevelObserver& observer = {});

struct SlipOptions {
  std::uint64_t steps = 1000;
  double eta = 1e-2;        ///< length of every step of x
  double lower_step = 0.1;  ///< alpha
  double nu = 0.1;
  double beta = 0.9;
  EpochSgdOptions warm_start{};
  bool stochastic = false;
};

/// MA-SOBA's single loop after a warm start of y, with x <- x - eta m / ||m||: what is left of BO-REP without its
/// periodic update. 5 oracle calls a step and the warm start's. Gong, Hao, Liu: "A Nearly Optimal Single Loop Algorithm
/// for Stochastic Bilevel Optimization under Unbounded Smoothness" (ICML 2024).
[[nodiscard]] BilevelResult slip(const BilevelProblem& problem, Eigen::VectorXd x, Eigen::VectorXd y,
                                 const SlipOptions& options = {}, const BilevelObserver& observer = {});

struct TtsaOptions {
  std::uint64_t steps = 1000;
  double learning_rate = 1e-2;  ///< of x at t = 0, falling as (t + 1)^{-3/5}
  double lower_step = 0.1;      ///< of y at t = 0, falling as (t + 1)^{-2/5}
  double neumann_step = 0.1;
  std::uint64_t neumann_terms = 10;
  bool stochastic = false;
};

/// Two time scales: one step of y, then one of x along the truncated Neumann estimate at the new y, with steps that
/// fall at different rates. Q + 4 oracle calls a step. Hong, Wai, Wang, Yang: "A Two-Timescale Stochastic Algorithm
/// Framework for Bilevel Optimization" (SIAM J. Optim. 2023).
[[nodiscard]] BilevelResult ttsa(const BilevelProblem& problem, Eigen::VectorXd x, Eigen::VectorXd y,
                                 const TtsaOptions& options = {}, const BilevelObserver& observer = {});

}  // namespace offprint::optimize
