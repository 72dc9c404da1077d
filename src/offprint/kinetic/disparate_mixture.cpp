#include "offprint/kinetic/disparate_mixture.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <tuple>

#include <fmt/format.h>

#include "offprint/core/error.hpp"
#include "offprint/kinetic/distributions.hpp"
#include "offprint/kinetic/mixture_collisions.hpp"
#include "offprint/kinetic/reference_integrator.hpp"

namespace offprint::kinetic {

namespace {

using Eigen::VectorXd;

// ARS(2,2,2).
const double kGamma = 1 - 1 / std::numbers::sqrt2;
const double kDelta = 1 - 1 / (2 * kGamma);

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

// now + dt rate.
PairMoments moved(const PairMoments& now, const PairMoments& rate, double dt) {
  return {now.light_mean + dt * rate.light_mean, now.heavy_mean + dt * rate.heavy_mean,
          now.light_energy + dt * rate.light_energy, now.heavy_energy + dt * rate.heavy_energy};
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
  double light_rate = 0, heavy_rate = 0, light_penalty = 0, heavy_penalty = 0;
  detail::MixtureCollisions collisions;

  State(const MixtureModel& m, const SchemeOptions& o, VectorXd l, VectorXd h)
      : model(m), options(o), light(std::move(l)), heavy(std::move(h)), collisions(m) {
    if (!(options.tolerance > 0)) {
      throw InputError(fmt::format("the reference's tolerance is {}, but must be positive", options.tolerance));
    }
    start();
  }

  // What follows from the distributions at hand.
  void start() {
    const Moments l = moments(model.light_grid, light);
    const Moments h = moments(model.heavy_grid, heavy);
    collisions.light_density = l.density;
    collisions.heavy_density = h.density;
    carried = pair_of(l, h);
    mismatch = {};
    set_penalties();
  }

  void measure() { carried = pair_of(moments(model.light_grid, light), moments(model.heavy_grid, heavy)); }

  void set_penalties() {
    const auto rates = collisions.largest_rates();
    light_rate = rates.light_self + rates.light_cross;
    heavy_rate = rates.heavy;
    if (options.scheme == Scheme::kExplicit || options.scheme == Scheme::kReference) return;
    const bool second = options.scheme == Scheme::kArs222;
    light_penalty = options.light_penalty.value_or(second ? 2 * light_rate : rates.light_self / 2 + rates.light_cross);
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
    const ExchangeLaw exchange = collisions.law(l.temperature, h.temperature);
    const PairMoments now = options.project ? carried : pair_of(l, h);
    auto change = collisions.light_change(light, h, heavy);
    const PairMoments next =
        implicit_exchange(exchange, moved(now, collisions.beyond_the_law(exchange, now, change.cross), dt), dt);
    const double a = dt / (model.eps * model.eps);
    const double beta = light_penalty;
    VectorXd f = std::move(change.all);
    f += beta * (light + maxwellian_of(model.light_grid, light_target(exchange, next)) -
                 maxwellian_of(model.light_grid, target_of(l)));
    f = (light + a * f) / (1 + a * beta);
    note_light(f, next);
    project_light(light_target(exchange, next), f);

    const MomentTarget middle = heavy_target(exchange, along(now, next, 0.5));
    VectorXd g = collisions.heavy_in_bath(heavy, f, exchange.rate, dt / 2);
    project_heavy(middle, g);
    // The penalty's Maxwellian has the same moments before and after, so only the damping of Q is left.
    g += (dt / model.eps) / (1 + dt / model.eps * heavy_penalty) * collisions.heavy_collisions(g);
    g = collisions.heavy_in_bath(g, f, exchange.rate, dt / 2);
    finish(exchange, next, std::move(f), std::move(g));
  }

  void step_ars222(double dt) {
    const Moments l = moments(model.light_grid, light);
    const Moments h = moments(model.heavy_grid, heavy);
    const ExchangeLaw exchange = collisions.law(l.temperature, h.temperature);
    const PairMoments now = options.project ? carried : pair_of(l, h);
    auto change = collisions.light_change(light, h, heavy);
    const PairMoments beyond0 = collisions.beyond_the_law(exchange, now, change.cross);
    const PairMoments base = moved(now, beyond0, kGamma * dt);
    const PairMoments stage = implicit_exchange(exchange, base, kGamma * dt);
    const double a = dt / (model.eps * model.eps);
    const double beta = light_penalty;
    const VectorXd m1 = maxwellian_of(model.light_grid, light_target(exchange, stage));
    // Explicit parts e, implicit part i of the first stage.
    const VectorXd e0 = change.all - beta * (maxwellian_of(model.light_grid, target_of(l)) - light);
    VectorXd f1 = (light + kGamma * a * (e0 + beta * m1)) / (1 + kGamma * a * beta);
    project_light(light_target(exchange, stage), f1);
    // Heavy moments at the stage: those stepped, with the deviator as it is (it moves f_L at O(eps^2) only).
    Moments h1 = h;
    h1.mean = stage.heavy_mean;
    const auto d = static_cast<double>(h.mean.size());
    h1.temperature = stage.heavy_temperature();
    h1.second = h.pressure() + h1.mean * h1.mean.transpose();
    h1.second.diagonal().array() += h1.temperature - h.pressure().trace() / d;
    VectorXd heavy1 = heavy;
    if (collisions.exact()) project_heavy(heavy_target(exchange, stage), heavy1);
    const VectorXd i1 = beta * (m1 - f1);
    change = collisions.light_change(f1, h1, heavy1);
    const VectorXd e1 = change.all - i1;
    // The last stage: the moments first, then the distribution.
    const PairMoments beyond1 = collisions.beyond_the_law(exchange, stage, change.cross);
    PairMoments last = along(now, stage, (1 - kGamma) / kGamma);
    last = moved(last, beyond0, (kDelta - (1 - kGamma)) * dt);
    last = moved(last, beyond1, (1 - kDelta) * dt);
    const PairMoments next = implicit_exchange(exchange, last, kGamma * dt);
    const VectorXd m2 = maxwellian_of(model.light_grid, light_target(exchange, next));
    VectorXd f = light + a * (kDelta * e0 + (1 - kDelta) * e1 + (1 - kGamma) * i1 + kGamma * beta * m2);
    f /= 1 + kGamma * a * beta;
    note_light(f, next);
    project_light(light_target(exchange, next), f);

    // Averaged over the step with the weights of the implicit part.
    const VectorXd bath = (1 - kGamma) * f1 + kGamma * f;
    const MomentTarget middle = heavy_target(exchange, along(now, next, 0.5));
    VectorXd g = collisions.heavy_in_bath(heavy, bath, exchange.rate, dt / 2);
    project_heavy(middle, g);
    g = heavy_ars222(g, middle, dt / model.eps);
    g = collisions.heavy_in_bath(g, bath, exchange.rate, dt / 2);
    finish(exchange, next, std::move(f), std::move(g));
  }

  // ARS(2,2,2) of heavy collisions alone, which keep the moments.
  VectorXd heavy_ars222(const VectorXd& h, const MomentTarget& target, double b) {
    const double beta = heavy_penalty;
    const VectorXd m = maxwellian_of(model.heavy_grid, target);
    const VectorXd e0 = collisions.heavy_collisions(h) - beta * (m - h);
    VectorXd h1 = (h + kGamma * b * (e0 + beta * m)) / (1 + kGamma * b * beta);
    project_heavy(target, h1);
    const VectorXd i1 = beta * (m - h1);
    const VectorXd e1 = collisions.heavy_collisions(h1) - i1;
    VectorXd g = h + b * (kDelta * e0 + (1 - kDelta) * e1 + (1 - kGamma) * i1 + kGamma * beta * m);
    g /= 1 + kGamma * b * beta;
    project_heavy(target, g);
    return g;
  }

  // Both distributions as one vector, without penalty and implicit moments.
  void step_explicit(double dt) {
    const Eigen::Index size = light.size();
    const double square = model.eps * model.eps;
    VectorXd state(size + heavy.size());
    state << light, heavy;
    const detail::Slopes slopes = [&](const VectorXd& now, VectorXd& slope) {
      model.collisions.parallel.cancel.check();
      if (!now.allFinite()) {
        throw Error(
            fmt::format("the distributions are no longer finite at t = {}: an explicit scheme needs a step of "
                        "the order of eps^2 = {}",
                        time, square));
      }
      const auto [f, h] = collisions.slopes(now.head(size), now.tail(now.size() - size));
      slope.resize(now.size());
      slope << f, h;
    };
    if (options.scheme == Scheme::kReference) {
      detail::integrate_to_tolerance(slopes, dt, std::min(dt, 0.1 * square), options.tolerance, state);
    } else {
      detail::runge_kutta_step(slopes, dt, state);
    }
    light = state.head(size);
    heavy = state.tail(heavy.size());
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
    case Scheme::kReference:
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

void DisparateMixture::reset(double time, Eigen::VectorXd light, Eigen::VectorXd heavy) {
  state_->time = time;
  state_->light = std::move(light);
  state_->heavy = std::move(heavy);
  state_->start();
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
ExchangeLaw DisparateMixture::law() const {
  return state_->collisions.law(light_moments().temperature, heavy_moments().temperature);
}

bool DisparateMixture::truncation_is_stable(double heavy_temperature) const {
  const auto& c = state_->collisions;
  return c.exact() || c.truncated().stable(c.light_density, c.heavy_density, heavy_temperature);
}

int DisparateMixture::largest_stable_points(double heavy_temperature) const {
  const auto& c = state_->collisions;
  return c.truncated().largest_stable_points(c.light_density, c.heavy_density, heavy_temperature);
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
