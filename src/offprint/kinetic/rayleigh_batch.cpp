// Observations of one batch, and the driver that passes particles between the two zones.
#include "offprint/kinetic/rayleigh_batch.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include <fmt/format.h>

#include "offprint/core/error.hpp"
#include "offprint/kinetic/rayleigh_rate.hpp"
#include "offprint/kinetic/shear_flight.hpp"

namespace offprint::kinetic {

namespace detail {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

Batch::Batch(const LoopTables& tables, const RayleighProcess::Options& options, const std::vector<double>& log_times,
             RayleighObservations& out)
    : first_(options.first),
      record_events_(options.record_events),
      sheared_(tables.shear > 0),
      log_times_(log_times),
      out_(out) {
  const std::size_t n = options.particles;
  for (auto* column : {&v1, &v2, &v3, &log_speed, &time, &count}) column->assign(n, 0.0);
  block.assign(n, 0);
  next_.assign(n, 0);
  for (const double tau : log_times_) times_.push_back(std::exp(tau));
  log_times_.push_back(kInfinity);
  times_.push_back(kInfinity);
}

void Batch::put(std::uint32_t i, double log_w2, double log_w3, double lag, bool n2, bool n3, double collisions) {
  const std::size_t k = next_[i];
  const std::size_t at = k * out_.particles + i;
  // w_1 = t w_2 (lag - 1)
  const bool n1 = n2 != (lag < 1);
  out_.log_w1[at] = log_w2 + log_times_[k] + std::log(std::abs(lag - 1));
  out_.log_w2[at] = log_w2;
  out_.log_w3[at] = log_w3;
  out_.lag[at] = lag;
  out_.signs[at] = static_cast<std::uint8_t>((n1 ? 1 : 0) | (n2 ? 2 : 0) | (n3 ? 4 : 0));
  out_.collisions[at] = static_cast<std::uint32_t>(collisions);
  ++next_[i];
}

bool Batch::observe_thermal(std::uint32_t i, double w1, double w2, double w3, double t0, double t1, double collisions) {
  while (times_[next_[i]] < t1) {
    const double t = times_[next_[i]];
    const double lag = sheared_ ? (w1 / w2 + t0) / t : w1 / (w2 * t) + 1;
    put(i, std::log(std::abs(w2)), std::log(std::abs(w3)), lag, w2 < 0, w3 < 0, collisions);
    if (next_[i] + 1 == times_.size()) return true;
  }
  return false;
}

bool Batch::observe_flight(std::uint32_t i, double d1, double d2, double d3, double l, double tau0, double tau1,
                           double collisions) {
  while (log_times_[next_[i]] < tau1) {
    const double tau = log_times_[next_[i]];
    const double lag = d1 / d2 * std::exp(-tau) + std::exp(tau0 - tau);
    put(i, l + std::log(std::abs(d2)), l + std::log(std::abs(d3)), lag, d2 < 0, d3 < 0, collisions);
    if (next_[i] + 1 == log_times_.size()) return true;
  }
  return false;
}

void Batch::absorb(std::uint32_t i) {
  ++out_.absorbed;
  for (; next_[i] + 1 < log_times_.size(); ++next_[i]) {
    const std::size_t at = next_[i] * out_.particles + i;
    out_.log_w1[at] = out_.log_w2[at] = out_.log_w3[at] = out_.lag[at] = kNan;
    out_.collisions[at] = static_cast<std::uint32_t>(count[i]);
  }
}

void Batch::add_event(std::uint32_t i, double log_time, double log_w, double log_w2) {
  out_.events.push_back({i, log_time, log_w, log_w2});
}

}  // namespace detail

namespace {

constexpr double kLogFastest = 200;  // ln of the stationary speed up to which gamma > 0 is simulated in plain doubles

// Index of the last of a table's cells of `width` numbers each.
double last_of(const std::vector<double>& table, std::size_t width) {
  const std::size_t cells = table.size() / width;
  return static_cast<double>(cells) - 1;
}

}  // namespace

struct RayleighProcess::Tables {
  RayleighModel model;
  std::optional<RateTable> rate{};    // gamma <= 0
  std::optional<FlightLaw> flight{};  // gamma <= 0
  detail::LoopTables loop{};

  explicit Tables(RayleighModel m) : model(std::move(m)) {
    const bool sheared = model.shear > 0;
    loop.a = model.exponent;
    loop.rate = sheared ? model.rate / model.shear : model.rate;
    loop.shear = sheared ? 1 : 0;
    loop.factor = model.factor;
    loop.angular = static_cast<int>(model.angular.kind());
    loop.quantiles = model.angular.quantiles().data();
    loop.quantile_last = static_cast<double>(model.angular.quantiles().size()) - 1;
    loop.switch2 = detail::kInfinity;
    if (model.exponent >= 0) tabulate();
  }

  // What gamma <= 0 needs: envelopes of the partner, flights in log-space.
  void tabulate() {
    rate.emplace(model.exponent);
    flight.emplace(model.exponent);
    if (model.shear > 0) loop.switch2 = model.point_background ? 0 : kSwitch * kSwitch;
    loop.bound = model.point_background ? 1 : rate->bound();
    loop.point_background = model.point_background;
    loop.log_absorbed = model.exponent > 0 ? -12 / model.exponent : -1e4;
    loop.cubic = rate->cubic().data();
    loop.envelope = rate->envelope().data();
    loop.envelope_last = last_of(rate->envelope(), RateTable::kEnvelopeWidth);
    std::copy(rate->tail().begin(), rate->tail().end(), loop.tail);
    loop.forward = flight->forward_pieces().data();
    loop.inverse = flight->inverse_pieces().data();
    loop.forward_last = last_of(flight->forward_pieces(), 6);
    loop.inverse_last = last_of(flight->inverse_pieces(), 6);
    loop.s_end = flight->s_end();
    loop.offset = flight->offset();
    loop.scale = flight->scale();
    loop.limit = flight->limit();
  }
};

RayleighProcess::RayleighProcess(RayleighModel model) {
  if (!(model.rate > 0) || !std::isfinite(model.rate))
    throw InputError(fmt::format("the collision rate C is {}: it must be positive and finite", model.rate));
  if (!(model.shear >= 0) || !std::isfinite(model.shear))
    throw InputError(fmt::format("the shear rate K is {}: it must be at least 0 and finite", model.shear));
  if (!(model.factor > 0) || !(model.factor < 2))
    throw InputError(fmt::format("the mass factor 2 m*/(m + m*) is {}: it must lie between 0 and 2", model.factor));
  if (model.point_background && !(model.shear > 0))
    throw InputError("a background at rest without shear only cools: the shear rate K must be positive");
  (void)mean_inverse_power(model.exponent, 0);  // refuses exponents outside (-1, 3)
  if (model.exponent < 0) {
    if (model.point_background)
      throw InputError(
          fmt::format("gamma = {}: a background at rest is the large-velocity model of gamma <= 0", -model.exponent));
    // Speeds settle where the shear balances the collisions, |w|^gamma of the order K/C.
    if (std::log(model.shear / model.rate) > -kLogFastest * model.exponent)
      throw InputError(fmt::format(
          "K/C = {:.4g} at gamma = {}: speeds settle at about (K/C)^(1/gamma), beyond e^{}, which is out of "
          "reach; take a larger gamma or a weaker shear",
          model.shear / model.rate, -model.exponent, kLogFastest));
  }
  tables_ = std::make_unique<Tables>(std::move(model));
}
RayleighProcess::~RayleighProcess() = default;
RayleighProcess::RayleighProcess(RayleighProcess&&) noexcept = default;
RayleighProcess& RayleighProcess::operator=(RayleighProcess&&) noexcept = default;

const RayleighModel& RayleighProcess::model() const { return tables_->model; }
const char* RayleighProcess::instruction_set() { return detail::loop_instruction_set(); }

namespace {

// Puts every particle where it waits first.
void begin(const detail::LoopTables& loop, const StartLaw& start, std::uint64_t first, detail::Batch& batch) {
  const double log_switch = 0.5 * std::log(loop.switch2);
  const auto& thermal = start.thermal();
  if (thermal) detail::thermal_velocities(*thermal, first, batch.v1, batch.v2, batch.v3);
  for (std::size_t i = batch.v1.size(); i-- > 0;) {
    if (thermal) {
      const double speed2 = batch.v1[i] * batch.v1[i] + batch.v2[i] * batch.v2[i] + batch.v3[i] * batch.v3[i];
      if (speed2 > 0 && speed2 < loop.switch2) {  // nearly all of them
        batch.time[i] = 0;
        batch.thermal.push_back(static_cast<std::uint32_t>(i));
        continue;
      }
    }
    const LogVelocity w = start(first + i);
    if (!std::isfinite(w.log_speed))
      throw InputError(fmt::format("particle {} starts with ln|w| = {}: a start needs a finite speed above zero",
                                   first + i, w.log_speed));
    const bool slow = w.log_speed < log_switch;
    if (!slow && w.direction(1) == 0)
      throw InputError(
          fmt::format("particle {} starts with w_2 = 0: the shear never accelerates it, so a background "
                      "at rest leaves it as it is",
                      first + i));
    const double scale = slow ? std::exp(w.log_speed) : 1.0;
    batch.v1[i] = w.direction(0) * scale;
    batch.v2[i] = w.direction(1) * scale;
    batch.v3[i] = w.direction(2) * scale;
    batch.log_speed[i] = w.log_speed;
    batch.time[i] = slow ? 0.0 : -detail::kInfinity;
    (slow ? batch.thermal : batch.flight).push_back(static_cast<std::uint32_t>(i));
  }
}

}  // namespace

RayleighObservations RayleighProcess::simulate(const StartLaw& start, const std::vector<double>& log_times,
                                               const Options& options) const {
  if (options.particles == 0) throw InputError("no particles: at least one is needed");
  if (options.particles > 0xFFFFFFFFU) throw InputError("one batch holds at most 2^32 - 1 particles");
  if (log_times.empty()) throw InputError("no observation times: at least one is needed");
  for (std::size_t k = 0; k < log_times.size(); ++k) {
    if (!std::isfinite(log_times[k]) || (k > 0 && !(log_times[k] > log_times[k - 1])))
      throw InputError(fmt::format("observation time {} is ln t = {}: times must be positive, finite and ascending",
                                   k + 1, log_times[k]));
  }
  const auto& loop = tables_->loop;
  const double unit = loop.shear > 0 ? std::log(tables_->model.shear) : 0.0;
  RayleighObservations out;
  out.particles = options.particles;
  out.log_times = log_times;
  const std::size_t size = options.particles * log_times.size();
  for (auto* column : {&out.log_w1, &out.log_w2, &out.log_w3, &out.lag}) column->assign(size, 0.0);
  out.signs.assign(size, 0);
  out.collisions.assign(size, 0);
  std::vector<double> internal = log_times;
  for (double& tau : internal) tau += unit;

  detail::LoopTables keyed = loop;
  const auto key = Stream(options.seed, "rayleigh").key();
  keyed.key0 = key[0];
  keyed.key1 = key[1];
  detail::Batch batch(keyed, options, internal, out);
  begin(loop, start, options.first, batch);
  while (!batch.thermal.empty() || !batch.flight.empty()) {
    detail::run_thermal(keyed, batch);
    detail::run_flight(keyed, batch);
  }
  for (const double n : batch.count) out.jumps += static_cast<std::uint64_t>(n);
  // Lanes interleave particles; each particle's own events are in order of time.
  std::stable_sort(out.events.begin(), out.events.end(),
                   [](const auto& a, const auto& b) { return a.particle < b.particle; });
  for (auto& e : out.events) e.log_time -= unit;
  if (loop.shear == 0)
    for (double& l : out.lag) l = detail::kNan;
  return out;
}

StartLaw thermal_start(std::uint64_t seed, double variance) {
  if (!(variance > 0) || !std::isfinite(variance))
    throw InputError(fmt::format("the start's temperature is {}: it must be positive and finite", variance));
  return StartLaw(StartLaw::Thermal{Stream(seed, "rayleigh start").key(), std::sqrt(variance)});
}

LogVelocity StartLaw::operator()(std::uint64_t particle) const {
  if (!thermal_) return law_(particle);
  Eigen::Vector3d w;
  detail::thermal_velocities(*thermal_, particle, {&w(0), 1}, {&w(1), 1}, {&w(2), 1});
  return {std::log(w.norm()), w.normalized()};
}

namespace {

LogVelocity log_velocity(const Eigen::Vector3d& w, const std::string& what) {
  const double speed = w.stableNorm();
  if (!std::isfinite(speed) || !(speed > 0))
    throw InputError(
        fmt::format("{} is ({}, {}, {}): a start needs a finite velocity other than zero", what, w(0), w(1), w(2)));
  return {std::log(speed), w / speed};
}

}  // namespace

StartLaw fixed_start(const Eigen::Vector3d& velocity) {
  return [w = log_velocity(velocity, "the initial velocity")](std::uint64_t) { return w; };
}

StartLaw log_start(double log_speed) {
  if (!std::isfinite(log_speed)) throw InputError("the start's ln|w| must be finite");
  return [log_speed](std::uint64_t) { return LogVelocity{log_speed, {0, 1, 0}}; };
}

StartLaw table_start(Eigen::MatrixXd velocities) {
  if (velocities.rows() == 0 || velocities.cols() != 3)
    throw InputError(fmt::format("initial velocities are rows of three numbers, not a {} x {} table", velocities.rows(),
                                 velocities.cols()));
  std::vector<LogVelocity> rows;
  for (Eigen::Index i = 0; i < velocities.rows(); ++i)
    rows.push_back(log_velocity(velocities.row(i).transpose(), fmt::format("row {} of the initial velocities", i + 1)));
  return [rows = std::move(rows)](std::uint64_t particle) { return rows[particle % rows.size()]; };
}

}  // namespace offprint::kinetic
