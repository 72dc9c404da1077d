#include "tally.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "sampling.hpp"

namespace offprint::papers::rayleigh {
namespace {

double add_logs(double x, double y) { return std::max(x, y) + std::log1p(std::exp(-std::abs(x - y))); }

void merge_counts(std::vector<std::uint64_t>& into, const std::vector<std::uint64_t>& from) {
  into.resize(std::max(into.size(), from.size()), 0);
  for (std::size_t i = 0; i < from.size(); ++i) into[i] += from[i];
}

}  // namespace

void TimeTally::add(const kinetic::RayleighObservations& seen, std::size_t time, double a) {
  const bool scaled = a > 0 && a < 1 && log_time > 0;
  const double lo = scaled ? std::log(1 / a - 1) : 0;
  const double width = scaled ? std::log(1 / a) - lo : 1;
  for (auto& h : log_w) h.resize(kCells, 0);
  theta.resize(scaled ? kCells : 0, 0);
  for (std::size_t i = 0; i < seen.particles; ++i) {
    const std::size_t at = time * seen.particles + i;
    const double l[3] = {seen.log_w1[at], seen.log_w2[at], seen.log_w3[at]};
    if (std::isnan(l[1])) {  // a path of the background at rest that has cooled for good
      ++absorbed;
      continue;
    }
    ++particles;
    for (int c = 0; c < 3; ++c) {
      const double place = std::clamp((l[c] - lowest) / step, 0.0, static_cast<double>(kCells) - 0.5);
      ++log_w[c][static_cast<std::size_t>(place)];
    }
    if (scaled) {
      const double place = l[1] > 0 ? (std::log(l[1] / log_time) - lo) / width * kCells : -1;
      if (place < 0) {
        ++theta_below;
      } else if (place >= static_cast<double>(kCells)) {
        ++theta_above;
      } else {
        ++theta[static_cast<std::size_t>(place)];
      }
    }
    isotropic += l[2] < l[1] ? 1 : 0;
    near += std::abs(seen.lag[at]) < 0.05 ? 1 : 0;
    const double n = seen.collisions[at];
    collisions += n;
    collisions2 += n * n;
    const double speed = 0.5 * add_logs(add_logs(2 * l[0], 2 * l[1]), 2 * l[2]);
    log_speed += speed;
    log_speed2 += speed * speed;
  }
}

void TimeTally::merge(const TimeTally& other) {
  log_time = other.log_time;
  lowest = other.lowest;
  step = other.step;
  for (int c = 0; c < 3; ++c) merge_counts(log_w[c], other.log_w[c]);
  merge_counts(theta, other.theta);
  theta_below += other.theta_below;
  theta_above += other.theta_above;
  particles += other.particles;
  isotropic += other.isotropic;
  near += other.near;
  absorbed += other.absorbed;
  collisions += other.collisions;
  collisions2 += other.collisions2;
  log_speed += other.log_speed;
  log_speed2 += other.log_speed2;
}

double TimeTally::quantile(int i, double p) const {
  const double wanted = p * static_cast<double>(particles);
  double below = 0;
  for (std::size_t c = 0; c < log_w[i].size(); ++c) {
    const auto here = static_cast<double>(log_w[i][c]);
    if (below + here >= wanted && here > 0) return lowest + step * (static_cast<double>(c) + (wanted - below) / here);
    below += here;
  }
  return lowest + step * static_cast<double>(kCells);
}

double TimeTally::theta_distance() const {
  const auto n = static_cast<double>(particles);
  auto below = static_cast<double>(theta_below);
  double distance = below / n;
  for (std::size_t c = 0; c < theta.size(); ++c) {
    below += static_cast<double>(theta[c]);
    distance = std::max(distance, std::abs(below / n - static_cast<double>(c + 1) / static_cast<double>(theta.size())));
  }
  return distance;
}

Tally tally(Run& run, const std::string& name, const Setup& setup) {
  const kinetic::RayleighProcess process(setup.model);
  const double a = setup.exponent();
  const std::size_t count = setup.log_times.size();
  Tally empty;
  empty.times.resize(count);
  for (std::size_t k = 0; k < count; ++k) {
    auto& t = empty.times[k];
    t.log_time = setup.log_times[k];
    t.lowest = -20;
    // |w_2| reaches t^(1/a), and |w_1| t times that; where collisions freeze or are frequent, a power of t
    const double exponent = a > 0 && a < 1 ? 1 / a + 1 : 2;
    t.step = (std::max(setup.log_times[k], 0.0) * exponent + 45) / TimeTally::kCells;
  }
  if (setup.keeps_colliding()) {
    empty.moments.resize(count);
    while (setup.log_times[empty.first_late] < setup.log_times.back() - std::numbers::ln2 - 1e-9) ++empty.first_late;
  }
  // At most 256 members, so that what they keep stays small whatever the number of particles.
  const std::uint64_t most = (setup.particles + 255) / 256;
  const std::uint64_t size = std::max<std::uint64_t>(kBatch, (most + kBatch - 1) / kBatch * kBatch);
  const std::uint64_t members = (setup.particles + size - 1) / size;
  const auto parts = run.ensemble(name, members, [&](std::size_t member) {
    Tally mine = empty;
    const std::uint64_t end = std::min(setup.particles, (member + 1) * size);
    for (std::uint64_t first = member * size; first < end; first += kBatch) {
      run.check_cancelled();
      const auto seen = process.simulate(
          setup.start, setup.log_times,
          {.seed = run.seed() + 1, .first = first, .particles = std::min<std::uint64_t>(kBatch, end - first)});
      for (std::size_t k = 0; k < count; ++k) mine.times[k].add(seen, k, a);
      if (mine.moments.empty()) continue;
      for (std::size_t k = 0; k < count; ++k) mine.moments[k].add(seen, k, k);
      mine.stationary.add(seen, mine.first_late, count - 1);
    }
    return mine;
  });
  Tally all = empty;
  for (const auto& part : parts) {
    for (std::size_t k = 0; k < count; ++k) all.times[k].merge(part.times[k]);
    for (std::size_t k = 0; k < all.moments.size(); ++k) all.moments[k].merge(part.moments[k]);
    all.stationary.merge(part.stationary);
  }
  return all;
}

}  // namespace offprint::papers::rayleigh
