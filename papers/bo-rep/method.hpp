// The bilevel methods by name, with one set of options: what the actions and the claims on text run.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "offprint/optimize/bilevel_iterate.hpp"
#include "offprint/optimize/bilevel_problem.hpp"

namespace offprint::papers::bo_rep {

struct MethodOptions {
  std::string name = "bo-rep";  ///< bo-rep, ma-soba, stocbio, ttsa, slip, f2sa
  std::uint64_t steps = 300;    ///< T
  double rate = 1;              ///< eta (bo-rep, slip), or the learning rate of x
  double beta = 0.9;
  double nu = 0.05;               ///< step of z; also the Neumann series' step
  double inner_rate = 0.3;        ///< alpha
  std::uint64_t inner_steps = 3;  ///< N (bo-rep), K (stocbio), steps of y and z (f2sa)
  std::uint64_t period = 2;       ///< I (bo-rep); 0: never
  std::uint64_t refine = 30;      ///< plain SGD steps on y before the first step of x, for every method
  double radius = 1;              ///< R (bo-rep)
  std::uint64_t neumann_terms = 10;
  double sigma = 0.1;      ///< f2sa
  bool normalized = true;  ///< bo-rep; false: the ablation
};

[[nodiscard]] const std::vector<std::string>& method_names();
/// "BO-REP", "MA-SOBA", ...
[[nodiscard]] std::string method_title(const std::string& name);

/// Runs the method on fresh samples from x and y (z = 0). Throws InputError for another name and what methods throw.
[[nodiscard]] optimize::BilevelResult run_method(const optimize::BilevelProblem& problem, const Eigen::VectorXd& x,
                                                 const Eigen::VectorXd& y, const MethodOptions& options,
                                                 const optimize::BilevelObserver& observer);

/// Oracle calls with a Hessian or Jacobian product counted as two gradients, which is about what they cost.
[[nodiscard]] double weighted_calls(const optimize::OracleCalls& calls);

/// What a diverged run says: the step, the level that is not finite, the last finite step.
[[nodiscard]] std::string divergence(const optimize::BilevelProblem& problem, const optimize::BilevelResult& result);

/// What `seconds` means: the calling thread's processor time (single-threaded members of an ensemble on a busy
/// machine), or the time on the wall (one run with all threads).
enum class Clock { kThread, kWall };
[[nodiscard]] double seconds_now(Clock clock);

}  // namespace offprint::papers::bo_rep
