// Sample systems.
#include "offprint/koopman/systems.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include <fmt/core.h>

#include "offprint/core/error.hpp"
#include "offprint/core/random.hpp"

namespace offprint::koopman {

VectorField duffing(double damping) {
  return [damping](std::span<const double> x, std::span<double> rate) {
    rate[0] = x[1];
    rate[1] = x[0] - x[0] * x[0] * x[0] - damping * x[1];
  };
}

VectorField lorenz(double sigma, double rho, double beta) {
  return [=](std::span<const double> x, std::span<double> rate) {
    rate[0] = sigma * (x[1] - x[0]);
    rate[1] = x[0] * (rho - x[2]) - x[1];
    rate[2] = x[0] * x[1] - beta * x[2];
  };
}

VectorField roessler(double a, double b, double c) {
  return [=](std::span<const double> x, std::span<double> rate) {
    rate[0] = -x[1] - x[2];
    rate[1] = x[0] + a * x[1];
    rate[2] = b + x[2] * (x[0] - c);
  };
}

void rk4(const VectorField& field, std::span<double> x, double dt, int substeps) {
  if (substeps < 1) throw InputError(fmt::format("{} integration substeps: at least 1 is needed", substeps));
  const std::size_t d = x.size();
  const double h = dt / substeps;
  std::vector<double> k1(d);
  std::vector<double> k2(d);
  std::vector<double> k3(d);
  std::vector<double> k4(d);
  std::vector<double> at(d);
  const auto move = [&](const std::vector<double>& k, double step) {
    for (std::size_t i = 0; i < d; ++i) at[i] = x[i] + step * k[i];
  };
  for (int s = 0; s < substeps; ++s) {
    field(x, k1);
    move(k1, h / 2);
    field(at, k2);
    move(k2, h / 2);
    field(at, k3);
    move(k3, h);
    field(at, k4);
    for (std::size_t i = 0; i < d; ++i) x[i] += h / 6 * (k1[i] + 2 * k2[i] + 2 * k3[i] + k4[i]);
  }
}

Eigen::MatrixXd orbit(const VectorField& field, const Eigen::VectorXd& start, Index steps, double dt, int substeps) {
  Eigen::MatrixXd rows(steps + 1, start.size());
  std::vector<double> x(start.data(), start.data() + start.size());
  for (Index t = 0;; ++t) {
    for (Index c = 0; c < start.size(); ++c) rows(t, c) = x[static_cast<std::size_t>(c)];
    if (t == steps) return rows;
    rk4(field, x, dt, substeps);
  }
}

Trajectories duffing_data(Index count, std::uint64_t seed, Index steps, double dt, double damping, double box,
                          const Parallel& how) {
  const VectorField field = duffing(damping);
  Trajectories out;
  out.dt = dt;
  out.columns = {"x", "v"};
  out.parts.resize(static_cast<std::size_t>(count));
  parallel_for(out.parts.size(), how, [&](std::size_t i) {
    Stream stream(seed, "duffing", i);
    Eigen::VectorXd start(2);
    start(0) = stream.uniform(-box, box);
    start(1) = stream.uniform(-box, box);
    out.parts[i] = orbit(field, start, steps, dt, 10);
  });
  return out;
}

Trajectories lorenz_data(Index snapshots, std::uint64_t seed, double dt, int substeps, double burn_in) {
  Stream stream(seed, "lorenz");
  Eigen::VectorXd start(3);
  start << stream.normal(), stream.normal(), 20.0 + stream.normal();
  const VectorField field = lorenz();
  const auto skip = static_cast<Index>(std::ceil(burn_in / dt));
  const Eigen::MatrixXd transient = orbit(field, start, skip, dt, substeps);
  Trajectories out;
  out.dt = dt;
  out.columns = {"x", "y", "z"};
  out.parts.push_back(orbit(field, transient.row(skip).transpose(), snapshots - 1, dt, substeps));
  return out;
}

Eigen::VectorXd rotation_orbit(double start, double alpha, Index steps) {
  // Step by step, so that each pair is a rotation by alpha to one rounding however long the orbit.
  Eigen::VectorXd x(steps + 1);
  x(0) = start - std::floor(start);
  for (Index t = 0; t < steps; ++t) {
    const double turns = x(t) + alpha;
    x(t + 1) = turns - std::floor(turns);
  }
  return x;
}

SnapshotPairs doubling_pairs(Index nodes) {
  Eigen::MatrixXd x(nodes, 1);
  Eigen::MatrixXd y(nodes, 1);
  for (Index m = 0; m < nodes; ++m) {
    x(m, 0) = static_cast<double>(m) / static_cast<double>(nodes);
    y(m, 0) = static_cast<double>(2 * m % nodes) / static_cast<double>(nodes);
  }
  return make_pairs(x, y);
}

std::array<std::int64_t, 2> cat_map(std::array<std::int64_t, 2> point, std::int64_t n) {
  return {(2 * point[0] + point[1]) % n, (point[0] + point[1]) % n};
}

ToeplitzProcess::ToeplitzProcess(std::vector<double> autocorrelations) : c_(std::move(autocorrelations)) {
  if (c_.empty() || !(c_[0] > 0.0)) throw InputError("autocorrelations must begin with a positive variance c_0");
  constexpr int kChecks = 4096;
  for (int i = 0; i <= kChecks; ++i) {
    const double theta = std::numbers::pi * i / kChecks;
    if (density(theta) < -1e-12 * c_[0])
      throw InputError(fmt::format("these autocorrelations belong to no process: their density at {:.4f} is {:.3g} < 0",
                                   theta, density(theta)));
  }
}

double ToeplitzProcess::autocorrelation(Index n) const {
  const auto lag = static_cast<std::size_t>(std::abs(n));
  return lag < c_.size() ? c_[lag] : 0.0;
}

Eigen::MatrixXd ToeplitzProcess::gram(Index n) const {
  return Eigen::MatrixXd::NullaryExpr(n, n, [&](Index i, Index j) { return autocorrelation(i - j); });
}

Eigen::MatrixXd ToeplitzProcess::shift(Index n) const {
  return Eigen::MatrixXd::NullaryExpr(n, n, [&](Index i, Index j) { return autocorrelation(i - j - 1); });
}

double ToeplitzProcess::density(double theta) const {
  double sum = c_[0];
  for (std::size_t n = 1; n < c_.size(); ++n) sum += 2 * c_[n] * std::cos(static_cast<double>(n) * theta);
  return sum / (2 * std::numbers::pi);
}

double ToeplitzProcess::cdf(double theta) const {
  double sum = c_[0] * (theta + std::numbers::pi);
  for (std::size_t n = 1; n < c_.size(); ++n)
    sum += 2 * c_[n] * std::sin(static_cast<double>(n) * theta) / static_cast<double>(n);
  return sum / (2 * std::numbers::pi);
}

}  // namespace offprint::koopman
