// A mixture of light and heavy particles advanced through all its epochs by a step that does not see the mass ratio.
#pragma once

#include <memory>
#include <optional>

#include <Eigen/Core>

#include "offprint/kinetic/collision_operator.hpp"
#include "offprint/kinetic/exchange.hpp"
#include "offprint/kinetic/moments.hpp"
#include "offprint/kinetic/vhs_kernel.hpp"

namespace offprint::kinetic {

/// The space-homogeneous mixture in relaxation time t = eps^2 light times,
///   d_t f_L = eps^-2 [ Q_LL(f_L, f_L) + Q_LH(f_L, f_H) ],   d_t f_H = eps^-2 [ eps Q_HH(f_H, f_H) + Q_HL(f_H, f_L) ],
/// f_L(v) and f_H(vhat), vhat = V/eps, each on a grid of its own thermal scale.
struct MixtureModel {
  double eps = 0.1;  ///< root of the mass ratio m_L/m_H
  VelocityGrid light_grid{};
  VelocityGrid heavy_grid{};
  VhsKernel light_kernel{};
  VhsKernel heavy_kernel{};
  VhsKernel cross_kernel{};
  Truncation truncation = Truncation::kOrder2;
  CollisionOptions collisions{};
};

enum class Scheme {
  kImex1,     ///< first order; the default
  kArs222,    ///< second order: ARS(2,2,2) of Ascher, Ruuth and Spiteri (1997)
  kExplicit,  ///< classical Runge-Kutta of order 4, no penalty, no implicit moments: needs dt of order eps^2
  kReference  ///< the same equations to SchemeOptions::tolerance by an explicit pair of orders 7 and 8, as many steps
              ///< as that takes: what the others are compared with at moderate eps
};

struct SchemeOptions {
  Scheme scheme = Scheme::kImex1;
  /// Penalties beta. By default, with r = n_L B_LL + n_H B_LH (light) and n_H B_HH (heavy) the largest decay rates:
  /// imex1 n_L B_LL/2 + n_H B_LH and n_H B_HH/2, ars222 2 r. B is the rate at the largest speed on the grid.
  std::optional<double> light_penalty{};
  std::optional<double> heavy_penalty{};
  /// Each distribution is projected onto the moments that were stepped implicitly. Without it energy drifts at the
  /// order of the scheme.
  bool project = true;
  double tolerance = 1e-10;  ///< of kReference, for every step and value
};

/// What the distributions alone would have made of the moments in the last step, before projection.
struct StepMismatch {
  double light_temperature = 0.0;
  double heavy_temperature = 0.0;
};

/// The asymptotic-preserving scheme: moments first, implicitly (exchange.hpp); then the distributions, with the stiff
/// collision terms penalised by relaxation to Maxwellians of each species' OWN temperature (Filbet and Jin 2010); the
/// heavy Fokker-Planck part by exact Ornstein-Uhlenbeck half steps around the heavy collisions; then the projection.
/// In the limit eps -> 0 at fixed dt it is an implicit scheme for the two-temperature system.
/// Exact operators of kernels that depend on speed: what they do to the moments beyond the law is added explicitly.
class DisparateMixture {
 public:
  /// Takes the distributions at t = 0. Throws InputError: sizes, NaN, density; a penalty below the stability limit (r/2
  /// for imex1, 0.854 r for ars222); eps not positive; exact operators that need more memory than there is
  /// (ExactCrossOperators).
  DisparateMixture(const MixtureModel& model, const SchemeOptions& options, Eigen::VectorXd light,
                   Eigen::VectorXd heavy);
  ~DisparateMixture();
  DisparateMixture(DisparateMixture&&) noexcept;
  DisparateMixture& operator=(DisparateMixture&&) noexcept;

  /// One step in relaxation time. Throws InputError for dt <= 0, Error when the state is no longer finite, Interrupted.
  void step(double dt);
  /// Goes on, to the same bits, from a state that was stored with its stepped_moments().
  void restore(double time, Eigen::VectorXd light, Eigen::VectorXd heavy, const PairMoments& stepped);
  /// Takes other distributions, of any density: as if constructed with them, at this time.
  void reset(double time, Eigen::VectorXd light, Eigen::VectorXd heavy);
  /// The moments as they were stepped: those of the distributions up to the rounding of the projection.
  [[nodiscard]] const PairMoments& stepped_moments() const;

  [[nodiscard]] double time() const;
  [[nodiscard]] const Eigen::VectorXd& light() const;
  [[nodiscard]] const Eigen::VectorXd& heavy() const;
  [[nodiscard]] Moments light_moments() const;
  [[nodiscard]] Moments heavy_moments() const;
  [[nodiscard]] const StepMismatch& mismatch() const;
  [[nodiscard]] const MixtureModel& model() const;
  [[nodiscard]] double light_penalty() const;
  [[nodiscard]] double heavy_penalty() const;
  /// Largest decay rates r per light (heavy: heavy) time, as the penalties use them.
  [[nodiscard]] double light_rate() const;
  [[nodiscard]] double heavy_rate() const;
  /// The exchange law at the present light temperature.
  [[nodiscard]] ExchangeLaw law() const;
  /// LightOperator::stable at the present densities, for truncated operators.
  [[nodiscard]] bool truncation_is_stable(double heavy_temperature) const;
  [[nodiscard]] int largest_stable_points(double heavy_temperature) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// int f_L ln f_L + int f_H ln f_H (up to a constant for the scaling of vhat): does not increase.
[[nodiscard]] double mixture_entropy(const DisparateMixture& mixture);

/// The largest |fhat - Maxwellian's transform| over the modes, the Maxwellian having the distribution's own moments.
[[nodiscard]] double distance_to_maxwellian(const VelocityGrid& grid, const Eigen::Ref<const Eigen::VectorXd>& f);

}  // namespace offprint::kinetic
