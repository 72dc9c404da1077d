// Forecasts from Koopman eigenpairs with residual-based error bars, and their skill against persistence.
#pragma once

#include <complex>
#include <vector>

#include <Eigen/Core>

#include "offprint/koopman/trajectories.hpp"

namespace offprint::koopman {

/// Eigenpairs (lambda_j, phi_j) with residuals, and the expansion f_q ~ sum_j modes(j, q) phi_j of observables f_q.
struct KoopmanModes {
  Eigen::VectorXcd eigenvalues;  ///< r
  Eigen::VectorXd residuals;     ///< r: ||K phi - lambda phi||/||phi||
  Eigen::VectorXd norms;         ///< r: ||phi_j|| on the training states
  Eigen::MatrixXcd modes;        ///< r x q
  Eigen::VectorXd fit_error;     ///< q: ||f_q - sum_j modes(j, q) phi_j|| on the training states
};

/// Koopman modes by weighted least squares: `phi` (M x r) holds the eigenfunctions and `observables` (M x q) the values
/// at the training states, `weights` (M) sum to 1. Directions below 1e-10 of the largest singular value are left out.
/// Throws InputError when shapes differ or there is no eigenpair (nothing certified: nothing to forecast with).
[[nodiscard]] KoopmanModes fit_modes(const Eigen::VectorXcd& eigenvalues, const Eigen::VectorXd& residuals,
                                     const Eigen::Ref<const Eigen::MatrixXcd>& phi,
                                     const Eigen::Ref<const Eigen::MatrixXd>& observables,
                                     const Eigen::Ref<const Eigen::VectorXd>& weights);

struct Forecast {
  /// values[n] (m x q): real part of sum_j lambda_j^n phi_j(x) modes_j, n = 0..steps, for each of the m start states.
  std::vector<Eigen::MatrixXd> values;
  /// (steps + 1) x q: bound on the root mean square error over start states drawn from the training distribution,
  /// fit_error + sum_j |modes_j| ||phi_j|| res_j (1 + |lambda_j| + .. + |lambda_j|^{n-1}); the last factor is n at most
  /// for |lambda| <= 1. It needs ||K|| <= 1 (measure-preserving F), and holds on average, not at every single state.
  Eigen::MatrixXd error_bound;
};

/// Propagates the eigenfunctions' values at the start states (`phi0`, m x r) over `steps` steps. O(steps m r q).
/// Throws InputError when phi0 does not have r columns or steps < 0.
[[nodiscard]] Forecast forecast(const KoopmanModes& modes, const Eigen::Ref<const Eigen::MatrixXcd>& phi0, Index steps);

/// Errors by lead time on held-out trajectories, over every start from which the full horizon can be verified.
struct ForecastSkill {
  Eigen::VectorXd error;        ///< steps + 1: root mean square over starts and observables
  Eigen::VectorXd persistence;  ///< the same for "nothing changes"
  /// 1 - (error/persistence)^2: 1 perfect, 0 no better than persistence, negative worse; NaN where persistence is exact
  /// (lead 0 among others).
  Eigen::VectorXd skill;
  Index starts = 0;
};

/// One held-out trajectory: rows are times.
struct HeldOut {
  Eigen::MatrixXcd phi;         ///< T x r eigenfunction values
  Eigen::MatrixXd observables;  ///< T x q
};

/// Throws InputError when no trajectory is longer than `steps`.
[[nodiscard]] ForecastSkill forecast_skill(const KoopmanModes& modes, const std::vector<HeldOut>& trajectories,
                                           Index steps);

}  // namespace offprint::koopman
