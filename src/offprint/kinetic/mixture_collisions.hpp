// Internal: the four collision operators of a mixture, as its time stepping needs them.
#pragma once

#include <optional>
#include <utility>

#include <Eigen/Core>

#include "offprint/kinetic/disparate_mixture.hpp"
#include "offprint/kinetic/disparate_operators.hpp"
#include "offprint/kinetic/exact_cross.hpp"

namespace offprint::kinetic::detail {

/// Operators of one model, for densities that the owner sets.
class MixtureCollisions {
 public:
  /// Throws InputError as DisparateMixture does of a model.
  explicit MixtureCollisions(const MixtureModel& model);

  double light_density = 0;
  double heavy_density = 0;

  [[nodiscard]] const MixtureModel& model() const { return model_; }
  [[nodiscard]] bool exact() const { return exact_.has_value(); }
  [[nodiscard]] const LightOperator& truncated() const { return light_cross_; }
  /// The largest decay rates: n_L B_LL + n_H B_LH per light time, and its two parts; n_H B_HH per heavy time.
  struct Rates {
    double light_self, light_cross, heavy;
  };
  [[nodiscard]] Rates largest_rates() const;
  /// The exchange law between Maxwellians of these temperatures.
  [[nodiscard]] ExchangeLaw law(double light_temperature, double heavy_temperature) const;

  /// Q_LL + Q_LH, and Q_LH by itself, per light time.
  struct LightChange {
    Eigen::VectorXd all, cross;
  };
  [[nodiscard]] LightChange light_change(const Eigen::VectorXd& f, const Moments& heavy_moments,
                                         const Eigen::VectorXd& heavy);
  /// What Q_LH does to the moments per relaxation time beyond what the law says for them: zero where the law holds for
  /// any distribution (Maxwell molecules) or the expansion's limit is kept (truncated operators), the difference of
  /// both for exact operators of other kernels. Conserves momentum and energy.
  [[nodiscard]] PairMoments beyond_the_law(const ExchangeLaw& law, const PairMoments& moments,
                                           const Eigen::VectorXd& cross) const;
  /// Q_HH per heavy time.
  [[nodiscard]] Eigen::VectorXd heavy_collisions(const Eigen::VectorXd& h) { return heavy_q_(h); }
  /// Q_HL / eps^2 with a given light distribution.
  [[nodiscard]] Eigen::VectorXd heavy_change(const Eigen::VectorXd& h, const Eigen::VectorXd& bath);
  /// f_H after Q_HL alone over a relaxation time: exactly where it is a Fokker-Planck operator, otherwise by midpoint
  /// steps.
  [[nodiscard]] Eigen::VectorXd heavy_in_bath(const Eigen::VectorXd& h, const Eigen::VectorXd& bath, double rate,
                                              double duration);
  /// The right-hand side in relaxation time.
  [[nodiscard]] std::pair<Eigen::VectorXd, Eigen::VectorXd> slopes(const Eigen::VectorXd& f, const Eigen::VectorXd& h);

 private:
  MixtureModel model_;
  CollisionOperator light_q_, heavy_q_;
  SpectralGrid light_modes_, heavy_modes_;
  LightOperator light_cross_;
  std::optional<ExactCrossOperators> exact_;
};

}  // namespace offprint::kinetic::detail
