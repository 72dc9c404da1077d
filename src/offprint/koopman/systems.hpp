// Sample dynamical systems with known Koopman spectra, and the generators of the data sets that the claims use.
// Trajectory i draws from its own random stream, so the data do not depend on the number of threads.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include <Eigen/Core>

#include "offprint/core/parallel.hpp"
#include "offprint/koopman/trajectories.hpp"

namespace offprint::koopman {

/// Autonomous vector field: writes dx/dt at x into `rate` (same length).
using VectorField = std::function<void(std::span<const double> x, std::span<double> rate)>;

/// Duffing oscillator x' = v, v' = x - x^3 - damping v (measure-preserving when damping = 0).
[[nodiscard]] VectorField duffing(double damping = 0.0);
/// Lorenz 1963.
[[nodiscard]] VectorField lorenz(double sigma = 10.0, double rho = 28.0, double beta = 8.0 / 3.0);
/// Roessler 1976.
[[nodiscard]] VectorField roessler(double a = 0.2, double b = 0.2, double c = 5.7);

/// Classical Runge-Kutta of order 4: advances x by `dt` in `substeps` equal steps. Throws InputError for substeps < 1.
void rk4(const VectorField& field, std::span<double> x, double dt, int substeps);

/// Rows 0..steps of the orbit from `start`, sampled every `dt`.
[[nodiscard]] Eigen::MatrixXd orbit(const VectorField& field, const Eigen::VectorXd& start, Eigen::Index steps,
                                    double dt, int substeps = 10);

/// Claims K1 and K2: `count` Duffing trajectories of `steps` pairs each, initial points uniform on [-box, box]^2, 10
/// substeps per sample. The box is not invariant under the flow, so the sampled weights are not either.
[[nodiscard]] Trajectories duffing_data(Eigen::Index count, std::uint64_t seed, Eigen::Index steps = 5, double dt = 0.3,
                                        double damping = 0.0, double box = 2.0, const Parallel& how = {});

/// Claim K3: one Lorenz orbit of `snapshots` rows after a burn-in of `burn_in` time units from a random point near the
/// attractor.
[[nodiscard]] Trajectories lorenz_data(Eigen::Index snapshots, std::uint64_t seed, double dt = 0.05, int substeps = 10,
                                       double burn_in = 50.0);

/// x -> x + alpha mod 1: rows 0..steps of one orbit.
[[nodiscard]] Eigen::VectorXd rotation_orbit(double start, double alpha, Eigen::Index steps);

/// The doubling map x -> 2x mod 1 on the grid x_m = m/nodes: equispaced nodes are an exact quadrature for
/// Fourier modes below nodes/2.
[[nodiscard]] SnapshotPairs doubling_pairs(Eigen::Index nodes);

/// The cat map (x, y) -> (2x + y, x + y) mod 1 applied to integer coordinates on the n x n grid: exact, no rounding.
[[nodiscard]] std::array<std::int64_t, 2> cat_map(std::array<std::int64_t, 2> point, std::int64_t n);

/// A stationary sequence with finitely many autocorrelations c_0, c_1, .. (then 0): exact Gram matrices of its delay
/// dictionary psi_j = K^j g, and its spectral density in closed form. Default of the claims: c = (1, .4, .15).
class ToeplitzProcess {
 public:
  /// Throws InputError when c is empty, c_0 <= 0, or the density is negative somewhere (no such process exists).
  explicit ToeplitzProcess(std::vector<double> autocorrelations = {1.0, 0.4, 0.15});

  /// c_|n|.
  [[nodiscard]] double autocorrelation(Eigen::Index n) const;
  /// G_ij = c_|i-j|, A_ij = c_|i-j-1|, i, j = 0..n-1; L = G (K is an isometry).
  [[nodiscard]] Eigen::MatrixXd gram(Eigen::Index n) const;
  [[nodiscard]] Eigen::MatrixXd shift(Eigen::Index n) const;
  /// xi(theta) = (c_0 + 2 sum c_n cos n theta)/(2 pi): mass c_0 over [-pi, pi].
  [[nodiscard]] double density(double theta) const;
  /// Its integral from -pi to theta, theta in [-pi, pi].
  [[nodiscard]] double cdf(double theta) const;

 private:
  std::vector<double> c_;
};

}  // namespace offprint::koopman
