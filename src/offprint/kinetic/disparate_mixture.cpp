#include "offprint/kinetic/disparate_mixture.hpp"

#include <cmath>
#include <numbers>

#include <fmt/format.h>

#include "offprint/core/error.hpp"
#include "offprint/kinetic/disparate_operators.hpp"
#include "offprint/kinetic/distributions.hpp"
#include "offprint/kinetic/exact_maxwell.hpp"
#include "offprint/kinetic/ornstein_uhlenbeck.hpp"

namespace offprint::kinetic {

namespace {

using Eigen::VectorXd;

// ARS(2,2,2).
const double kGamma = 1 - 1 / std::numbers::sqrt2;
const double kDelta = 1 - 1 / (2 * kGamma);

int order_of(Truncation t) { return t == Truncation::kOrder0 ? 0 : t == Truncation::kOrder1 ? 1 : 2; }

// The relative speed where the spectral operator cuts B.
double reach(const VelocityGrid& grid) { return 4 * grid.half_width / (3 + std::numbers::sqrt2); }

MomentTarget light_target(const ExchangeLaw& law, const PairMoments& m) {
  return {law.light_density, m.light_mean, m.light_temperature()};
}
MomentTarget heavy_target(const ExchangeLaw& law, const PairMoments& m) {
  return {law.heavy_density, m.heavy_mean, m.heavy_temperature()};
}

PairMoments pair_of(const Moments& light, const Moments& heavy) {
  return {light.mean, heavy.mean, light.energy(), heavy.energy()};
}

// now + factor (next - now), in the conserved variables.
PairMoments along(const PairMoments& now, const PairMoments& next, double factor) {
  return {now.light_mean + factor * (next.light_mean - now.light_mean),
          now.heavy_mean + factor * (next.heavy_mean - now.heavy_mean),
          now.light_energy + factor * (next.light_energy - now.light_energy),
          now.heavy_energy + factor * (next.heavy_energy - now.heavy_energy)};
}

VectorXd maxwellian_of(const VelocityGrid& grid, const MomentTarget& m) {
  return maxwellian(grid, m.density, m.mean, m.temperature);
}

}  // namespace

struct DisparateMixture::State {
  MixtureModel model;
  SchemeOptions options;
  VectorXd light, heavy;
  double time = 0;
  StepMismatch mismatch{};
  PairMoments carried{};  // moments as stepped: measuring them anew would add up the rounding of the projections
  double light_density = 0, heavy_density = 0;
  double light_rate = 0, heavy_rate = 0, light_penalty = 0, heavy_penalty = 0;
  CollisionOperator light_collisions, heavy_collisions;
  SpectralGrid light_modes, heavy_modes;
  LightOperator light_cross;
  std::optional<ExactMaxwellOperators> exact;

  State(const MixtureModel& m, const SchemeOptions& o, VectorXd l, VectorXd h)
      : model(m),
        options(o),
        light(std::move(l)),
        heavy(std::move(h)),
        light_density(moments(m.light_grid, light).density),
        heavy_density(moments(m.heavy_grid, heavy).density),
        light_collisions(m.light_grid, m.light_kernel, m.collisions),
        heavy_collisions(m.heavy_grid, m.heavy_kernel, m.collisions),
        light_modes(m.light_grid),
        heavy_modes(m.heavy_grid),
        light_cross(m.light_grid, m.cross_kernel, m.eps, order_of(m.truncation)) {
    if (m.light_grid.dimension != m.heavy_grid.dimension) {
      throw InputError("the grids of both species must have the same number of dimensions");
    }
    if (m.truncation == Truncation::kExact) {
      if (!m.cross_kernel.maxwell()) {
        throw InputError("exact operators between the species are implemented for Maxwell molecules (exponent 0) only");
      }
      exact.emplace(m.light_grid, m.heavy_grid, m.cross_kernel.strength, m.eps, 64, m.collisions.parallel);
    }
    set_penalties();
    measure();
  }

  void measure() { carried = pair_of(moments(model.light_grid, light), moments(model.heavy_grid, heavy)); }

  void set_penalties() {
    const double light_self = light_density * model.light_kernel(reach(model.light_grid));
    const double cross =
        heavy_density * model.cross_kernel(std::sqrt(model.light_grid.dimension) * model.light_grid.half_width);
    light_rate = light_self + cross;
    heavy_rate = heavy_density * model.heavy_kernel(reach(model.heavy_grid));
    if (options.scheme == Scheme::kExplicit) return;
    const bool second = options.scheme == Scheme::kArs222;
    light_penalty = options.light_penalty.value_or(second ? 2 * light_rate : light_self / 2 + cross);
    heavy_penalty = options.heavy_penalty.value_or(second ? 2 * heavy_rate : heavy_rate / 2);
    const double share = second ? 0.854 : 0.5;
    for (const auto& [name, penalty, rate] :
         {std::tuple{"light", light_penalty, light_rate}, std::tuple{"heavy", heavy_penalty, heavy_rate}}) {
      if (!(penalty >= share * rate * (1 - 1e-12))) {
        throw InputError(
            fmt::format("unstable penalisation: the {} penalty {} is below {} = {} times the largest loss rate {}",
                        name, penalty, share * rate, share, rate));
      }
    }
  }

  [[nodiscard]] ExchangeLaw law(double light_temperature) const {
    return {model.eps, light_density, heavy_density,
            model.cross_kernel.exchange_rate(light_temperature, model.light_grid.dimension), model.truncation};
  }

  // Q_LL + Q_LH.
  VectorXd light_change(const VectorXd& f, const Moments& heavy_moments, const VectorXd& heavy_now) {
    VectorXd q = light_collisions(f);
    if (exact) {
      exact->set(f, heavy_now);
      q += light_modes.inverse(exact->light_transform());
    } else {
      q += light_cross(f, heavy_moments);
    }
    return q;
  }

  // Q_HL / eps^2 with a given light distribution.
  VectorXd heavy_change(const VectorXd& h, const VectorXd& bath) {
    const double scale = 1 / (model.eps * model.eps);
    if (exact) {
      exact->set(bath, h);
      return scale * heavy_modes.inverse(exact->heavy_transform());
    }
    return scale * heavy_modes.inverse(heavy_operator_transform(heavy_modes, h,
                                                                light_forces(light_modes, model.cross_kernel, bath),
                                                                model.eps, order_of(model.truncation)));
  }

  // Q_HL over a time, by itself: exactly where it is a Fokker-Planck operator.
  VectorXd heavy_in_bath(const VectorXd& h, const VectorXd& bath, double rate, double duration) {
    if (model.truncation == Truncation::kOrder0) return h;
    if (exact) {
      // Its rate is n_L B / eps^2: as many midpoint steps as keep that below one.
      const double stiffness = light_density * model.cross_kernel.strength / (model.eps * model.eps);
      const int steps = std::max(1, static_cast<int>(std::ceil(duration * stiffness)));
      VectorXd now = h;
      for (int i = 0; i < steps; ++i) {
        const double dt = duration / steps;
        now += dt * heavy_change(now + 0.5 * dt * heavy_change(now, bath), bath);
      }
      return now;
    }
    const auto forces = light_forces(light_modes, model.cross_kernel, bath);
    if (model.truncation == Truncation::kOrder1) {
      return OrnsteinUhlenbeck{0, forces.drift / model.eps, 0 * forces.diffusion}.advance(model.heavy_grid, h,
                                                                                          duration);
    }
    const double lambda = rate * light_density;
    return OrnsteinUhlenbeck{lambda, forces.drift / (lambda * model.eps), forces.diffusion}.advance(model.heavy_grid, h,
                                                                                                    duration);
  }

  void project_light(const MomentTarget& target, VectorXd& f) const {
    if (options.project) project(model.light_grid, target, f);
  }
  void project_heavy(const MomentTarget& target, VectorXd& f) const {
    if (options.project) project(model.heavy_grid, target, f);
  }

  void finish(const ExchangeLaw& law, const PairMoments& next, VectorXd f, VectorXd h) {
    if (!f.allFinite() || !h.allFinite()) {
      throw Error(fmt::format("the distributions are no longer finite at t = {}: the scheme is unstable here", time));
    }
    mismatch.heavy_temperature = moments(model.heavy_grid, h).temperature - next.heavy_temperature();
    project_heavy(heavy_target(law, next), h);
    carried = next;
    light = std::move(f);
    heavy = std::move(h);
  }

  void note_light(const VectorXd& f, const PairMoments& next) {
    if (!f.allFinite()) {
      throw Error(
          fmt::format("the light distribution is no longer finite at t = {}: the scheme is unstable here", time));
    }
    mismatch.light_temperature = moments(model.light_grid, f).temperature - next.light_temperature();
  }

  void step_imex1(double dt) {
    const Moments l = moments(model.light_grid, light);
    const Moments h = moments(model.heavy_grid, heavy);
    const ExchangeLaw exchange = law(l.temperature);
    const PairMoments now = options.project ? carried : pair_of(l, h);
    const PairMoments next = implicit_exchange(exchange, now, dt);
    const double a = dt / (model.eps * model.eps);
    const double beta = light_penalty;
    VectorXd f = light_change(light, h, heavy);
    f += beta * (light + maxwellian_of(model.light_grid, light_target(exchange, next)) -
                 maxwellian_of(model.light_grid, target_of(l)));
    f = (light + a * f) / (1 + a * beta);
    note_light(f, next);
    project_light(light_target(exchange, next), f);

    const MomentTarget middle = heavy_target(exchange, along(now, next, 0.5));
    VectorXd g = heavy_in_bath(heavy, f, exchange.rate, dt / 2);
    project_heavy(middle, g);
    // The penalty's Maxwellian has the same moments before and after, so only the damping of Q is left.
    g += (dt / model.eps) / (1 + dt / model.eps * heavy_penalty) * heavy_collisions(g);
    g = heavy_in_bath(g, f, exchange.rate, dt / 2);
    finish(exchange, next, std::move(f), std::move(g));
  }

  void step_ars222(double dt) {
    const Moments l = moments(model.light_grid, light);
    const Moments h = moments(model.heavy_grid, heavy);
    const ExchangeLaw exchange = law(l.temperature);
    const PairMoments now = options.project ? carried : pair_of(l, h);
    const PairMoments stage = implicit_exchange(exchange, now, kGamma * dt);
    const PairMoments next = implicit_exchange(exchange, along(now, stage, (1 - kGamma) / kGamma), kGamma * dt);
    const double a = dt / (model.eps * model.eps);
    const double beta = light_penalty;
    const VectorXd m1 = maxwellian_of(model.light_grid, light_target(exchange, stage));
    const VectorXd m2 = maxwellian_of(model.light_grid, light_target(exchange, next));
    // Explicit parts e, implicit part i of the first stage.
    const VectorXd e0 = light_change(light, h, heavy) - beta * (maxwellian_of(model.light_grid, target_of(l)) - light);
    VectorXd f1 = (light + kGamma * a * (e0 + beta * m1)) / (1 + kGamma * a * beta);
    project_light(light_target(exchange, stage), f1);
    // Heavy moments at the stage: those stepped, with the deviator as it is (it moves f_L at O(eps^2) only).
    Moments h1 = h;
    h1.mean = stage.heavy_mean;
    const auto d = static_cast<double>(h.mean.size());
    h1.temperature = stage.heavy_temperature();
    h1.second = h.pressure() + h1.mean * h1.mean.transpose();
    h1.second.diagonal().array() += h1.temperature - h.pressure().trace() / d;
    const VectorXd i1 = beta * (m1 - f1);
    const VectorXd e1 = light_change(f1, h1, heavy) - i1;
    VectorXd f = light + a * (kDelta * e0 + (1 - kDelta) * e1 + (1 - kGamma) * i1 + kGamma * beta * m2);
    f /= 1 + kGamma * a * beta;
    note_light(f, next);
    project_light(light_target(exchange, next), f);

    // Averaged over the step with the weights of the implicit part.
    const VectorXd bath = (1 - kGamma) * f1 + kGamma * f;
    const MomentTarget middle = heavy_target(exchange, along(now, next, 0.5));
    VectorXd g = heavy_in_bath(heavy, bath, exchange.rate, dt / 2);
    project_heavy(middle, g);
    g = heavy_ars222(g, middle, dt / model.eps);
    g = heavy_in_bath(g, bath, exchange.rate, dt / 2);
    finish(exchange, next, std::move(f), std::move(g));
  }

  // ARS(2,2,2) of heavy collisions alone, which keep the moments.
  VectorXd heavy_ars222(const VectorXd& h, const MomentTarget& target, double b) {
    const double beta = heavy_penalty;
    const VectorXd m = maxwellian_of(model.heavy_grid, target);
    const VectorXd e0 = heavy_collisions(h) - beta * (m - h);
    VectorXd h1 = (h + kGamma * b * (e0 + beta * m)) / (1 + kGamma * b * beta);
    project_heavy(target, h1);
    const VectorXd i1 = beta * (m - h1);
    const VectorXd e1 = heavy_collisions(h1) - i1;
    VectorXd g = h + b * (kDelta * e0 + (1 - kDelta) * e1 + (1 - kGamma) * i1 + kGamma * beta * m);
    g /= 1 + kGamma * b * beta;
    project_heavy(target, g);
    return g;
  }

  void step_explicit(double dt) {
    const auto slopes = [&](const VectorXd& f, const VectorXd& h) {
      if (!f.allFinite() || !h.allFinite()) {
        throw Error(
            fmt::format("the distributions are no longer finite at t = {}: an explicit scheme needs a step of "
                        "the order of eps^2 = {}",
                        time, model.eps * model.eps));
      }
      const double scale = 1 / (model.eps * model.eps);
      return std::pair<VectorXd, VectorXd>(scale * light_change(f, moments(model.heavy_grid, h), h),
                                           heavy_collisions(h) / model.eps + heavy_change(h, f));
    };
    const auto k1 = slopes(light, heavy);
    const auto k2 = slopes(light + dt / 2 * k1.first, heavy + dt / 2 * k1.second);
    const auto k3 = slopes(light + dt / 2 * k2.first, heavy + dt / 2 * k2.second);
    const auto k4 = slopes(light + dt * k3.first, heavy + dt * k3.second);
    light += dt / 6 * (k1.first + 2 * k2.first + 2 * k3.first + k4.first);
    heavy += dt / 6 * (k1.second + 2 * k2.second + 2 * k3.second + k4.second);
    mismatch = {};
    measure();
  }
};

DisparateMixture::DisparateMixture(const MixtureModel& model, const SchemeOptions& options, Eigen::VectorXd light,
                                   Eigen::VectorXd heavy)
    : state_(std::make_unique<State>(model, options, std::move(light), std::move(heavy))) {}
DisparateMixture::~DisparateMixture() = default;
DisparateMixture::DisparateMixture(DisparateMixture&&) noexcept = default;
DisparateMixture& DisparateMixture::operator=(DisparateMixture&&) noexcept = default;

void DisparateMixture::step(double dt) {
  if (!(dt > 0) || !std::isfinite(dt)) throw InputError(fmt::format("a time step of {}: it must be positive", dt));
  state_->model.collisions.parallel.cancel.check();
  switch (state_->options.scheme) {
    case Scheme::kImex1:
      state_->step_imex1(dt);
      break;
    case Scheme::kArs222:
      state_->step_ars222(dt);
      break;
    case Scheme::kExplicit:
      state_->step_explicit(dt);
      break;
  }
  state_->time += dt;
}

void DisparateMixture::restore(double time, Eigen::VectorXd light, Eigen::VectorXd heavy, const PairMoments& stepped) {
  (void)moments(state_->model.light_grid, light);
  (void)moments(state_->model.heavy_grid, heavy);
  state_->time = time;
  state_->light = std::move(light);
  state_->heavy = std::move(heavy);
  state_->carried = stepped;
}

const PairMoments& DisparateMixture::stepped_moments() const { return state_->carried; }
double DisparateMixture::time() const { return state_->time; }
const Eigen::VectorXd& DisparateMixture::light() const { return state_->light; }
const Eigen::VectorXd& DisparateMixture::heavy() const { return state_->heavy; }
Moments DisparateMixture::light_moments() const { return moments(state_->model.light_grid, state_->light); }
Moments DisparateMixture::heavy_moments() const { return moments(state_->model.heavy_grid, state_->heavy); }
const StepMismatch& DisparateMixture::mismatch() const { return state_->mismatch; }
const MixtureModel& DisparateMixture::model() const { return state_->model; }
double DisparateMixture::light_penalty() const { return state_->light_penalty; }
double DisparateMixture::heavy_penalty() const { return state_->heavy_penalty; }
double DisparateMixture::light_rate() const { return state_->light_rate; }
double DisparateMixture::heavy_rate() const { return state_->heavy_rate; }
ExchangeLaw DisparateMixture::law() const { return state_->law(light_moments().temperature); }

bool DisparateMixture::truncation_is_stable(double heavy_temperature) const {
  return state_->exact || state_->light_cross.stable(state_->light_density, state_->heavy_density, heavy_temperature);
}

int DisparateMixture::largest_stable_points(double heavy_temperature) const {
  return state_->light_cross.largest_stable_points(state_->light_density, state_->heavy_density, heavy_temperature);
}

double mixture_entropy(const DisparateMixture& mixture) {
  return entropy_functional(mixture.model().light_grid, mixture.light()) +
         entropy_functional(mixture.model().heavy_grid, mixture.heavy());
}

double distance_to_maxwellian(const VelocityGrid& grid, const Eigen::Ref<const Eigen::VectorXd>& f) {
  const Eigen::VectorXd rest = f - maxwellian_of(grid, target_of(moments(grid, f)));
  return SpectralGrid(grid).transform(rest).cwiseAbs().maxCoeff();
}

}  // namespace offprint::kinetic
