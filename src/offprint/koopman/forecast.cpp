// Koopman modes, forecasts and skill.
#include "offprint/koopman/forecast.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/core.h>

#include "offprint/core/error.hpp"
#include "offprint/linalg/lapack.hpp"

namespace offprint::koopman {

using Eigen::MatrixXcd;
using Eigen::MatrixXd;
using Eigen::VectorXcd;
using Eigen::VectorXd;

KoopmanModes fit_modes(const VectorXcd& eigenvalues, const VectorXd& residuals, const Eigen::Ref<const MatrixXcd>& phi,
                       const Eigen::Ref<const MatrixXd>& observables, const Eigen::Ref<const VectorXd>& weights) {
  const Index r = eigenvalues.size();
  if (r == 0)
    throw InputError("no eigenpair was kept, so there is nothing to forecast with: raise --epsilon or give more data");
  if (phi.cols() != r || residuals.size() != r || observables.rows() != phi.rows() || weights.size() != phi.rows())
    throw InputError(
        fmt::format("{} eigenvalues, {} residuals, a {} x {} eigenfunction table, {} observable rows and {} "
                    "weights do not fit together",
                    r, residuals.size(), phi.rows(), phi.cols(), observables.rows(), weights.size()));
  KoopmanModes out;
  out.eigenvalues = eigenvalues;
  out.residuals = residuals;
  const VectorXd root = weights.cwiseSqrt();
  const MatrixXcd a = root.asDiagonal() * phi;
  const MatrixXcd b = root.asDiagonal() * observables.cast<std::complex<double>>();
  out.norms = a.colwise().norm().transpose();
  const auto svd = linalg::svd(a);
  MatrixXcd c = linalg::multiply(svd.u, b, linalg::Op::kAdjoint, linalg::Op::kNone);
  for (Index k = 0; k < svd.s.size(); ++k) {
    if (svd.s(k) > 1e-10 * svd.s(0))
      c.row(k) /= svd.s(k);
    else
      c.row(k).setZero();
  }
  out.modes = linalg::multiply(svd.v_adjoint, c, linalg::Op::kAdjoint, linalg::Op::kNone);
  out.fit_error = (b - linalg::multiply(a, out.modes)).colwise().norm().transpose();
  return out;
}

Forecast forecast(const KoopmanModes& m, const Eigen::Ref<const MatrixXcd>& phi0, Index steps) {
  const Index r = m.eigenvalues.size();
  if (phi0.cols() != r) throw InputError(fmt::format("{} eigenfunction values for {} eigenpairs", phi0.cols(), r));
  if (steps < 0) throw InputError(fmt::format("a forecast of {} steps: it must not be negative", steps));
  Forecast out;
  out.error_bound.resize(steps + 1, m.modes.cols());
  MatrixXcd state = phi0;
  const MatrixXd weight = m.modes.cwiseAbs().array().colwise() * (m.norms.array() * m.residuals.array());  // r x q
  VectorXd sum = VectorXd::Zero(r);    // 1 + |lambda| + .. + |lambda|^{n-1}
  VectorXd power = VectorXd::Ones(r);  // |lambda|^n
  for (Index n = 0; n <= steps; ++n) {
    out.values.push_back(linalg::multiply(state, m.modes).real());
    out.error_bound.row(n) = m.fit_error.transpose() + sum.transpose() * weight;
    state = state * m.eigenvalues.asDiagonal();
    sum += power;
    power = power.cwiseProduct(m.eigenvalues.cwiseAbs());
  }
  return out;
}

ForecastSkill forecast_skill(const KoopmanModes& m, const std::vector<HeldOut>& trajectories, Index steps) {
  ForecastSkill out;
  out.error = VectorXd::Zero(steps + 1);
  out.persistence = VectorXd::Zero(steps + 1);
  Index longest = 0;
  for (const auto& t : trajectories) {
    longest = std::max(longest, t.phi.rows());
    const Index starts = t.phi.rows() - steps;
    if (starts < 1) continue;
    out.starts += starts;
    const auto f = forecast(m, t.phi.topRows(starts), steps);
    for (Index n = 0; n <= steps; ++n) {
      const auto truth = t.observables.middleRows(n, starts);
      out.error(n) += (f.values[static_cast<std::size_t>(n)] - truth).squaredNorm();
      out.persistence(n) += (t.observables.topRows(starts) - truth).squaredNorm();
    }
  }
  if (out.starts == 0)
    throw InputError(fmt::format(
        "a {}-step forecast cannot be verified: the longest held-out trajectory has {} snapshots", steps, longest));
  const double count = static_cast<double>(out.starts) * static_cast<double>(m.modes.cols());
  out.error = (out.error / count).cwiseSqrt();
  out.persistence = (out.persistence / count).cwiseSqrt();
  out.skill.resize(steps + 1);
  for (Index n = 0; n <= steps; ++n)
    out.skill(n) = out.persistence(n) > 0.0 ? 1.0 - std::pow(out.error(n) / out.persistence(n), 2)
                                            : std::numeric_limits<double>::quiet_NaN();
  return out;
}

}  // namespace offprint::koopman
