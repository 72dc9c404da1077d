#include "offprint/kinetic/mixture_collisions.hpp"

#include <cmath>
#include <numbers>

#include "offprint/core/error.hpp"
#include "offprint/kinetic/ornstein_uhlenbeck.hpp"

namespace offprint::kinetic::detail {

namespace {

using Eigen::VectorXd;

int order_of(Truncation t) { return t == Truncation::kOrder0 ? 0 : t == Truncation::kOrder1 ? 1 : 2; }

// The relative speed where the spectral operator cuts B.
double reach(const VelocityGrid& grid) { return 4 * grid.half_width / (3 + std::numbers::sqrt2); }

// The farthest corner of a grid.
double corner(const VelocityGrid& grid) { return std::sqrt(grid.dimension) * grid.half_width; }

}  // namespace

MixtureCollisions::MixtureCollisions(const MixtureModel& m)
    : model_(m),
      light_q_(m.light_grid, m.light_kernel, m.collisions),
      heavy_q_(m.heavy_grid, m.heavy_kernel, m.collisions),
      light_modes_(m.light_grid),
      heavy_modes_(m.heavy_grid),
      light_cross_(m.light_grid, m.cross_kernel, m.eps, order_of(m.truncation)) {
  if (m.light_grid.dimension != m.heavy_grid.dimension) {
    throw InputError("the grids of both species must have the same number of dimensions");
  }
  if (m.truncation != Truncation::kExact) return;
  ExactOptions options{.parallel = m.collisions.parallel};
  // Fewer than for checks: time stepping projects the moments anyhow.
  if (m.cross_kernel.maxwell()) options.directions = m.light_grid.dimension == 2 ? 64 : 10;
  exact_.emplace(m.light_grid, m.heavy_grid, m.cross_kernel, m.eps, options);
}

MixtureCollisions::Rates MixtureCollisions::largest_rates() const {
  return {light_density * model_.light_kernel(reach(model_.light_grid)),
          heavy_density * model_.cross_kernel(corner(model_.light_grid)),
          heavy_density * model_.heavy_kernel(reach(model_.heavy_grid))};
}

ExchangeLaw MixtureCollisions::law(double light_temperature, double heavy_temperature) const {
  // Of the relative velocity; its heavy part is beyond the truncated operators.
  const double t = light_temperature + (exact_ ? model_.eps * model_.eps * heavy_temperature : 0.0);
  return {model_.eps, light_density, heavy_density, model_.cross_kernel.exchange_rate(t, model_.light_grid.dimension),
          model_.truncation};
}

MixtureCollisions::LightChange MixtureCollisions::light_change(const VectorXd& f, const Moments& heavy_moments,
                                                               const VectorXd& heavy) {
  LightChange change{light_q_(f), exact_ ? exact_->light(f, heavy) : light_cross_(f, heavy_moments)};
  change.all += change.cross;
  return change;
}

PairMoments MixtureCollisions::beyond_the_law(const ExchangeLaw& law, const PairMoments& moments,
                                              const VectorXd& cross) const {
  const VelocityGrid& grid = model_.light_grid;
  PairMoments beyond{VectorXd::Zero(grid.dimension), VectorXd::Zero(grid.dimension), 0, 0};
  if (!exact_ || model_.cross_kernel.maxwell()) return beyond;
  const double scale = grid.cell() / (light_density * model_.eps * model_.eps);
  const PairMoments lawful = exchange_rates(law, moments);
  for (int i = 0; i < grid.dimension; ++i) beyond.light_mean[i] = scale * cross.dot(grid.coordinates(i));
  beyond.light_mean -= lawful.light_mean;
  beyond.light_energy = scale * cross.dot(grid.squared_speeds()) - lawful.light_energy;
  const double share = light_density / heavy_density;
  beyond.heavy_mean = -model_.eps * share * beyond.light_mean;
  beyond.heavy_energy = -share * beyond.light_energy;
  return beyond;
}

VectorXd MixtureCollisions::heavy_change(const VectorXd& h, const VectorXd& bath) {
  const double scale = 1 / (model_.eps * model_.eps);
  if (exact_) return scale * exact_->heavy(bath, h);
  return scale * heavy_modes_.inverse(heavy_operator_transform(heavy_modes_, h,
                                                               light_forces(light_modes_, model_.cross_kernel, bath),
                                                               model_.eps, order_of(model_.truncation)));
}

VectorXd MixtureCollisions::heavy_in_bath(const VectorXd& h, const VectorXd& bath, double rate, double duration) {
  if (model_.truncation == Truncation::kOrder0) return h;
  if (exact_) {
    // The loss rate at the farthest corner, bounded by Jensen's inequality: int B f_L <= n_L B(sqrt <|w|^2>). As many
    // midpoint steps as keep it below one.
    const Moments l = moments(model_.light_grid, bath);
    const double relative = std::hypot(model_.eps * corner(model_.heavy_grid) + l.mean.norm(),
                                       std::sqrt(model_.light_grid.dimension * l.temperature));
    const double stiffness = light_density * model_.cross_kernel(relative) / (model_.eps * model_.eps);
    const int steps = std::max(1, static_cast<int>(std::ceil(duration * stiffness)));
    VectorXd now = h;
    for (int i = 0; i < steps; ++i) {
      const double dt = duration / steps;
      now += dt * heavy_change(now + 0.5 * dt * heavy_change(now, bath), bath);
    }
    return now;
  }
  const auto forces = light_forces(light_modes_, model_.cross_kernel, bath);
  if (model_.truncation == Truncation::kOrder1) {
    return OrnsteinUhlenbeck{0, forces.drift / model_.eps, 0 * forces.diffusion}.advance(model_.heavy_grid, h,
                                                                                         duration);
  }
  const double lambda = rate * light_density;
  return OrnsteinUhlenbeck{lambda, forces.drift / (lambda * model_.eps), forces.diffusion}.advance(model_.heavy_grid, h,
                                                                                                   duration);
}

std::pair<VectorXd, VectorXd> MixtureCollisions::slopes(const VectorXd& f, const VectorXd& h) {
  const double scale = 1 / (model_.eps * model_.eps);
  return {scale * light_change(f, moments(model_.heavy_grid, h), h).all,
          heavy_collisions(h) / model_.eps + heavy_change(h, f)};
}

}  // namespace offprint::kinetic::detail
