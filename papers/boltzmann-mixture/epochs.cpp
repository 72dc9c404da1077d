#include "epochs.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <Eigen/Eigenvalues>

#include "offprint/core/statistics.hpp"

namespace offprint::papers::boltzmann_mixture {

using kinetic::DisparateMixture;

double Instant::deviator(const kinetic::Moments& m) {
  Eigen::MatrixXd p = m.pressure();
  p.diagonal().array() -= m.temperature;
  return Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd>(p).eigenvalues().maxCoeff();
}

Clocks expected_clocks(const DisparateMixture& mixture) {
  const auto& m = mixture.model();
  const double nl = mixture.light_moments().density;
  const double nh = mixture.heavy_moments().density;
  const double cross = mixture.law().rate;
  const double square = m.eps * m.eps;
  return {m.light_kernel(1) * nl / 2 + cross * nh, m.eps * m.heavy_kernel(1) * nh / 2 + 2 * square * cross * nl,
          2 * square * cross * (nl + nh)};
}

std::vector<double> epoch_steps(const Clocks& clocks, double eps, double t_end) {
  const double square = eps * eps;
  std::vector<double> steps;
  double dt = 0.03 / clocks.light;
  double t = 0;
  while (t * square < t_end * (1 - 1e-9)) {
    if (t > 3 / clocks.light) {
      const double cap = t < 2.5 / clocks.heavy ? 0.02 / clocks.heavy : 0.016 / clocks.temperature;
      dt = std::max(dt, std::min(1.15 * dt, cap));
    }
    const double step = std::min(dt, t_end / square - t);
    steps.push_back(step * square);
    t += step;
  }
  return steps;
}

Instant instant_of(const DisparateMixture& mixture) {
  return {mixture.time(), mixture.light_moments(), mixture.heavy_moments(), mixture_entropy(mixture),
          mixture.mismatch()};
}

std::vector<Instant> run_steps(DisparateMixture& mixture, const std::vector<double>& steps,
                               const std::function<void(std::size_t)>& seen) {
  std::vector<Instant> path{instant_of(mixture)};
  for (std::size_t i = 0; i < steps.size(); ++i) {
    mixture.step(steps[i]);
    path.push_back(instant_of(mixture));
    if (seen) seen(i + 1);
  }
  return path;
}

Clocks fitted_clocks(const std::vector<Instant>& path, const Clocks& expected, double eps) {
  const auto fit = [&](double from, double to, const auto& value) {
    std::vector<double> x;
    std::vector<double> y;
    for (const Instant& now : path) {
      const double t = now.time / (eps * eps);
      const double v = value(now);
      if (t < from * (1 - 1e-12) || t > to * (1 + 1e-12) || !(v > 1e-10)) continue;
      x.push_back(t);
      y.push_back(std::log(v));
    }
    if (x.size() < 3) return std::numeric_limits<double>::quiet_NaN();
    return -linear_fit(x, y).slope.value;
  };
  const double endless = std::numeric_limits<double>::infinity();
  return {fit(0, 1.5 / expected.light, [](const Instant& i) { return Instant::deviator(i.light); }),
          fit(0.3 / expected.heavy, 2.3 / expected.heavy, [](const Instant& i) { return Instant::deviator(i.heavy); }),
          fit(0.2 / expected.temperature, endless,
              [](const Instant& i) { return std::abs(i.light.temperature - i.heavy.temperature); })};
}

}  // namespace offprint::papers::boltzmann_mixture
