// A mixture that also moves along one periodic direction x: collisions in every cell, flight in between.
#pragma once

#include <memory>
#include <vector>

#include <Eigen/Core>

#include "offprint/kinetic/disparate_mixture.hpp"
#include "offprint/linalg/fft.hpp"

namespace offprint::kinetic {

/// d_t f_L + v_1 d_x f_L = Q_LL + Q_LH and d_t f_H + eps vhat_1 d_x f_H = eps Q_HH + Q_HL in LIGHT collision times t,
/// x in light thermal speeds times light collision times, periodic. Steps and times below are RELAXATION times, as in
/// DisparateMixture: eps^2 light ones.
struct SlabModel {
  MixtureModel mixture{};
  int cells = 32;        ///< points x_i = i length/cells, at least 4
  double length = 20.0;  ///< one period
};

/// Strang splitting: half a flight, the collisions of DisparateMixture in every cell, half a flight. The flight is
/// exact for the trigonometric polynomial through the cells (an exact shift in Fourier, no CFL condition), so sums over
/// x and v are kept to rounding. Collisions do not limit the step either, but currents and heat fluxes come from what
/// particles do between two collisions, which the splitting sees only with steps well below a light collision time: dt
/// <= 0.1 eps^2 is right to about 1e-3 (ars222). Same bits for any number of threads (the model's collisions.parallel,
/// over cells). O(cells) times a step of DisparateMixture.
class MixtureSlab {
 public:
  /// `light` and `heavy`: one column a cell. Throws InputError: sizes, fewer than 4 cells, length not positive, and as
  /// DisparateMixture for every cell.
  MixtureSlab(const SlabModel& model, const SchemeOptions& options, Eigen::MatrixXd light, Eigen::MatrixXd heavy);

  /// One step in relaxation time. Throws InputError for dt <= 0; Error when a cell is no longer finite or has lost its
  /// positive density (a wave too steep for the cells); Interrupted.
  void step(double dt);
  /// Flight alone.
  void fly(double dt);
  /// Goes on, to the same bits, from a stored state.
  void restore(double time, Eigen::MatrixXd light, Eigen::MatrixXd heavy);

  [[nodiscard]] double time() const { return time_; }
  [[nodiscard]] const Eigen::MatrixXd& light() const { return light_; }
  [[nodiscard]] const Eigen::MatrixXd& heavy() const { return heavy_; }
  [[nodiscard]] Moments light_moments(int cell) const;
  [[nodiscard]] Moments heavy_moments(int cell) const;
  [[nodiscard]] const SlabModel& model() const { return model_; }

 private:
  void collide(double dt);
  void shift(const linalg::BatchFft& fft, const VelocityGrid& grid, double time, Eigen::MatrixXd& f) const;

  SlabModel model_;
  SchemeOptions options_;
  linalg::BatchFft light_fft_, heavy_fft_;
  Eigen::MatrixXd light_, heavy_;
  double time_ = 0;
  std::vector<std::unique_ptr<DisparateMixture>> idle_;  // one a thread that ever worked
};

/// What a slab holds, per unit length: masses, eps^2 n_L u_L + eps n_H uhat_H, n_L <|v|^2> + n_H <|vhat|^2>. Kept to
/// rounding.
struct SlabTotals {
  double light_mass = 0.0;
  double heavy_mass = 0.0;
  Eigen::VectorXd momentum;
  double energy = 0.0;
};
[[nodiscard]] SlabTotals totals(const MixtureSlab& slab);

}  // namespace offprint::kinetic
