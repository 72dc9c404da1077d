// BO-REP: bilevel optimization by normalized momentum with a lower variable that is refined once at the start and then
// updated periodically. Hao, Gong, Liu: "Bilevel Optimization under Unbounded Smoothness" (ICLR 2024).
#pragma once

#include <cstdint>
#include <limits>

#include <Eigen/Core>

#include "offprint/optimize/bilevel_iterate.hpp"
#include "offprint/optimize/bilevel_problem.hpp"

namespace offprint::optimize {

/// Stochastic gradient descent on g(x, .) inside a ball around where it starts.
struct ProjSgdOptions {
  double step = 0.1;        ///< alpha
  std::uint64_t steps = 3;  ///< N
  double radius = 1.0;      ///< R: every iterate stays within it of the start; infinity: no ball
  bool average = true;      ///< return the mean of the iterates after each step, which removes noise; else the last
};

/// N steps w <- Proj(w - alpha grad_y g(x, w)), one fresh sample each; y is replaced by the mean of the N iterates (or
/// the last). Also projects onto Y. N gradients of g. Throws InputError unless step > 0, steps >= 1, radius > 0.
void proj_sgd(CountedProblem& problem, const VectorRef& x, Eigen::VectorXd& y, const ProjSgdOptions& options,
              SampleSequence& samples);

/// ProjSGD in epochs e = 0..epochs-1 with twice the steps, half the step length and a radius smaller by sqrt(2) each
/// time, each from the average of the one before (after Hazan and Kale 2014).
struct EpochSgdOptions {
  std::uint64_t epochs = 4;  ///< E; 0: y is left as it is (the ablation without refinement)
  ProjSgdOptions first{.step = 0.1, .steps = 20, .radius = 3.0};
};

/// N0 (2^E - 1) gradients of g. Throws what proj_sgd throws.
void epoch_sgd(CountedProblem& problem, const VectorRef& x, Eigen::VectorXd& y, const EpochSgdOptions& options,
               SampleSequence& samples);

/// Defaults as in the authors' code where it has them. The theory's orders for an eps-stationary point: 1 - beta, nu
/// and the lower step of order eps^2, eta of order eps^3, period and lower steps of order eps^-2, T of order eps^-4.
struct BoRepOptions {
  std::uint64_t steps = 1000;  ///< T
  double eta = 1e-2;           ///< length of every step of x: choose it so that eta * T exceeds the way to go
  double beta = 0.9;           ///< momentum; 0: every step follows one hypergradient estimate
  double nu = 1e-2;            ///< step of the linear system's variable z, below 2 / l_{g,1}
  std::uint64_t period = 2;    ///< I: y moves in the steps t = I, 2 I, ...; 0: never after the refinement (ablation)
  ProjSgdOptions lower{};
  EpochSgdOptions refinement{};
  bool normalized = true;   ///< false: x moves by eta m, whatever its length (ablation)
  bool stochastic = false;  ///< a fresh sample for every oracle call, else exact oracles
};

/// What the authors' orders give for eps, with the constants of the sheet's experiment on problem U: 1 - beta = eps^2,
/// nu = min(0.1, eps^2), eta = 0.3 eps^3, I = max(1, floor(0.2 / eps^2)), N = floor(1 / eps^2), alpha = min(0.1,
/// eps^2 / 2), T = ceil(12 / eps^4). Throws InputError unless 0 < eps < 1.
[[nodiscard]] BoRepOptions bo_rep_schedule(double eps);

/// First-order oracle calls of `steps` steps: 4 T + N (ceil(T / I) - 1) + N0 (2^E - 1). `lower_gradients` and the
/// others of the result's calls add up to it.
[[nodiscard]] std::uint64_t bo_rep_calls(const BoRepOptions& options);

/// Minimises f(x, y*(x)) from x, y and z = m = 0:
///   y_0 = EpochSGD(x_0, y);  for t = 0..T-1:
///   y_t = ProjSGD(x_t, y_{t-1}) if t > 0 and t mod I = 0, else y_{t-1}
///   z_{t+1} = z_t - nu (grad_yy g z_t - grad_y f)
///   m_{t+1} = beta m_t + (1 - beta) (grad_x f - d/dx <grad_y g, z_t>),   all at (x_t, y_t)
///   x_{t+1} = x_t - eta m_{t+1} / ||m_{t+1}||   (projected onto X; no step where m = 0)
/// The observer first sees the start with y refined (step 0, no direction), then x_{t+1}, y_t, z_{t+1} and m_{t+1}.
/// Memory O(dim x + dim y). Throws InputError for options outside their ranges, start vectors of the wrong length and
/// problems without second derivatives.
[[nodiscard]] BilevelResult bo_rep(const BilevelProblem& problem, Eigen::VectorXd x, Eigen::VectorXd y,
                                   const BoRepOptions& options = {}, const BilevelObserver& observer = {});

}  // namespace offprint::optimize
