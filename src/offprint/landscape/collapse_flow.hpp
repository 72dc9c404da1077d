// The central path of the tied model as its penalty weakens: the flow dH/dt = -[W*^T (W* H - Y) + lambda_H H], along
// which within-class variability falls (Thm 3.1). The minimizer of model (2) is an implicit Euler step of size 1/beta.
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include <Eigen/Core>

#include "offprint/core/parallel.hpp"
#include "offprint/landscape/collapse_model.hpp"

namespace offprint::landscape {

struct FlowPoint {
  double t = 0;
  double nc1_trace = 0;  ///< NC1~: strictly decreases while Tr Sigma_W > 0
  double nc1 = 0;
  double nc2 = 0;
  double trace_within = 0;    ///< Tr Sigma_W
  double trace_between = 0;   ///< Tr Sigma_B
  double scaled_within = 0;   ///< exp(2 lambda_H t) Tr Sigma_W: decreases
  double scaled_between = 0;  ///< exp(2 lambda_H t) Tr Sigma_B: strictly increases
};

struct FlowOptions {
  double step = 0.01;     ///< of classical Runge-Kutta (RK4); lowered so that t_end is a whole number of steps
  int checkpoints = 400;  ///< points kept besides t = 0, at most one a step
  bool features = false;  ///< also carry the features to t_end; doubles the work
  CancelToken cancel{};
  std::function<void(std::size_t)> done{};  ///< called with the number of checkpoints reached
};

struct CollapseFlow {
  std::vector<FlowPoint> points;  ///< t = 0 first
  Eigen::MatrixXd features;       ///< H(t_end), d x N, when asked for
  /// Neighbouring points at which one of the three sequences of Thm 3.1 fails to be strictly monotone.
  [[nodiscard]] int violations() const;
};

/// Integrates from H(0) = h0 to t_end. The flow commutes with rotating the columns among themselves as long as class
/// means stay, so it runs on K means and at most min(d, N) deviations instead of N columns: exactly RK4 on all of H, at
/// O(d^3 + d^2 K) a step whatever N is, after one QR of the deviations, O(N d min(N, d)). Throws InputError: what
/// model.check() throws, t_end or step not positive, fewer than one checkpoint, class means that coincide at a
/// checkpoint, a step so large that the flow leaves the finite numbers.
[[nodiscard]] CollapseFlow collapse_flow(const CollapseModel& model, const Eigen::MatrixXd& h0, double t_end,
                                         const FlowOptions& options = {});

}  // namespace offprint::landscape
