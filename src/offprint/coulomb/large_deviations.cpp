#include "offprint/coulomb/large_deviations.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "offprint/core/error.hpp"
#include "offprint/coulomb/isotonic.hpp"
#include "offprint/coulomb/quadrature.hpp"

namespace offprint::coulomb {

std::string to_string(Phase phase) { return phase == Phase::kBall ? "ball" : phase == Phase::kHole ? "hole" : "shell"; }

LargeDeviations::LargeDeviations(Trap trap, RadialFunction statistic, int cells)
    : trap_(std::move(trap)), statistic_(std::move(statistic)), count_(cells), edge_(droplet_edge<double>(trap_)) {
  if (cells < 100) throw InputError(fmt::format("at least 100 radial cells are needed, not {}", cells));
  require_smooth(statistic_, edge_);
}

// Midpoints on [0, reach] with what does not depend on s.
struct LargeDeviations::Cells {
  double reach = 0;
  double width = 0;
  std::vector<double> r;
  std::vector<double> weight;  // r^(1-d) times the width
  std::vector<double> h;       // of U
  std::vector<double> tilt;    // r^(d-1) f'
  std::vector<double> slope;   // f'
  double potential_at_reach = 0;
  double statistic_at_reach = 0;
  double free_energy_0 = 0;
};

LargeDeviations::Cells LargeDeviations::cells(double reach) const {
  Cells c;
  c.reach = reach;
  const auto n = static_cast<std::size_t>(count_);
  c.width = reach / count_;
  c.r.resize(n);
  for (std::size_t i = 0; i < n; ++i) c.r[i] = (static_cast<double>(i) + 0.5) * c.width;
  std::vector<double> value(n);
  c.h.resize(n);
  c.slope.resize(n);
  trap_.potential.evaluate(c.r, value, c.h);
  statistic_.evaluate(c.r, value, c.slope);
  c.weight.resize(n);
  c.tilt.resize(n);
  for (std::size_t i = 0; i < n; ++i) {
    const double area = std::pow(c.r[i], trap_.dimension - 1);
    c.weight[i] = c.width / area;
    c.h[i] *= area;
    c.tilt[i] = area * c.slope[i];
  }
  c.potential_at_reach = trap_.potential(reach);
  c.statistic_at_reach = statistic_(reach);
  c.free_energy_0 = 0;
  c.free_energy_0 = solve(c, 0).free_energy;
  return c;
}

// The last radius at which h_s passes 1, which must stay above from there on.
double LargeDeviations::outermost(double s) const {
  const RadialFunction tilted = RadialFunction::sum(trap_.potential, s, statistic_);
  constexpr std::size_t kPoints = 6000;
  std::vector<double> r(kPoints);
  std::vector<double> value(kPoints);
  std::vector<double> slope(kPoints);
  for (std::size_t i = 0; i < kPoints; ++i)  // geometric, from 1e-3 to 1e5 times the edge
    r[i] = edge_ * 1e-3 * std::pow(1e8, static_cast<double>(i) / (kPoints - 1));
  tilted.evaluate(r, value, slope);
  const auto h = [&](std::size_t i) { return std::pow(r[i], trap_.dimension - 1) * slope[i]; };
  std::size_t first = kPoints;
  std::size_t last = kPoints;
  for (std::size_t i = 0; i < kPoints; ++i) {
    if (std::isnan(slope[i])) throw InputError(fmt::format("{} is not defined at r = {:.4g}", tilted.name(), r[i]));
    if (h(i) >= 1) {
      if (first == kPoints) first = i;
    } else {
      last = i;
    }
  }
  if (first == kPoints)
    throw InputError(fmt::format("the tilted trap {} does not hold the charges: h_s stays below 1", tilted.name()));
  if (last == kPoints - 1)
    throw InputError(fmt::format(
        "the tilted trap {} does not hold the charges: beyond some radius r^{} U_s' is below 1 again, so that "
        "single charges escape and nothing happens at speed N^2",
        tilted.name(), trap_.dimension - 1));
  return last == kPoints ? r[0] : r[last + 1];
}

TiltedGas LargeDeviations::solve(const Cells& c, double s) const {
  const std::size_t n = c.r.size();
  std::vector<double> h(n);
  for (std::size_t i = 0; i < n; ++i) h[i] = c.h[i] + s * c.tilt[i];
  const auto blocks = isotonic_blocks(h, c.weight, 0, 1);
  TiltedGas gas;
  gas.s = s;
  double energy = 0;
  double pull = 0;
  gas.outer = c.reach;
  bool open = false;
  for (const auto& block : blocks) {
    for (std::size_t i = block.first; i <= block.last; ++i) {
      energy += c.weight[i] * block.value * (0.5 * block.value - h[i]);
      pull += block.value * c.slope[i];
    }
    if (block.value <= 0) gas.inner = c.r[block.last] + 0.5 * c.width;
    if (block.value >= 1 && !open) {
      open = true;
      gas.outer = c.r[block.first] - 0.5 * c.width;
    }
    if (block.last > block.first + 1 && block.value > 1e-9 && block.value < 1 - 1e-9) gas.phase = Phase::kShell;
  }
  if (gas.phase == Phase::kBall && gas.inner > 0) gas.phase = Phase::kHole;
  gas.free_energy = c.potential_at_reach + s * c.statistic_at_reach + energy - c.free_energy_0;
  gas.mean = c.statistic_at_reach - pull * c.width;
  return gas;
}

TiltedGas LargeDeviations::at(double s) const { return solve(cells(1.1 * std::max(outermost(s), outermost(0))), s); }

TiltedGas LargeDeviations::ball(double s) const {
  const Trap tilted{trap_.dimension, RadialFunction::sum(trap_.potential, s, statistic_)};
  // The outer root: inward from where the charge is complete.
  double hi = outermost(s);
  double lo = hi;
  while (lo > 1e-9 * edge_ && enclosed_charge(tilted, lo) >= 1) lo *= 0.99;
  for (int i = 0; i < 200 && hi - lo > 4e-16 * hi; ++i) {
    const double middle = 0.5 * (lo + hi);
    (enclosed_charge(tilted, middle) >= 1 ? hi : lo) = middle;
  }
  TiltedGas gas;
  gas.s = s;
  gas.outer = hi;
  const auto slope = [&](const RadialFunction& f, double r) { return f(Jet<double>::variable(r, 1))[1]; };
  const auto area = [&](double r) { return std::pow(r, trap_.dimension - 1); };
  gas.mean = statistic_(hi) -
             integrate([&](double r) { return slope(statistic_, r) * area(r) * slope(tilted.potential, r); }, 0, hi);
  const auto energy = [&](const RadialFunction& u, double r) {
    return u(r) - 0.5 * integrate(
                            [&](double x) {
                              const double h = area(x) * slope(u, x);
                              return x > 0 ? h * h / area(x) : 0.0;
                            },
                            0, r);
  };
  // Beyond the smaller edge a full charge: the interaction's share between the edges is int 1/(2 r^(d-1)).
  const double gap = integrate([&](double r) { return 0.5 / area(r); }, edge_, hi);
  gas.free_energy = energy(tilted.potential, hi) - energy(trap_.potential, edge_) - gap;
  return gas;
}

std::optional<double> LargeDeviations::transition(int sign, double limit) const {
  constexpr std::size_t kPoints = 8000;
  struct Row {
    double density, tilt, charge, pull;
  };
  std::vector<Row> rows(kPoints);
  for (std::size_t i = 0; i < kPoints; ++i) {
    const double r = edge_ * std::max(1e-5, 4.0 * static_cast<double>(i) / kPoints);
    rows[i] = {laplacian(trap_.potential, trap_.dimension, r, 0)[0], laplacian(statistic_, trap_.dimension, r, 0)[0],
               enclosed_charge(trap_, r), enclosed_charge({trap_.dimension, statistic_}, r)};
  }
  // The least density within the tilted trap's edge; negative past the transition.
  const auto least = [&](double s) {
    (void)outermost(s);  // throws where the trap gives way
    double lowest = 1e300;
    for (const Row& row : rows) {
      if (row.charge + s * row.pull >= 1) break;
      lowest = std::min(lowest, row.density + s * row.tilt);
    }
    return lowest;
  };
  double inside = 0;
  double outside = 1e-3;
  for (;; inside = outside, outside *= 1.5) {
    if (outside > limit) return std::nullopt;
    try {
      if (least(sign * outside) < 0) break;
    } catch (const InputError&) {
      return std::nullopt;  // the trap gives way before a hole opens
    }
  }
  for (int i = 0; i < 60 && outside - inside > 1e-10 * outside; ++i) {
    const double middle = 0.5 * (inside + outside);
    (least(sign * middle) < 0 ? outside : inside) = middle;
  }
  return sign * 0.5 * (inside + outside);
}

LargeDeviations::Profile LargeDeviations::profile(double s, int points) const {
  const Cells c = cells(1.1 * std::max(outermost(s), outermost(0)));
  std::vector<double> h(c.r.size());
  for (std::size_t i = 0; i < h.size(); ++i) h[i] = c.h[i] + s * c.tilt[i];
  const auto n = isotonic_regression(h, c.weight, 0, 1);
  const auto at = [&](double r) {
    const double x = std::clamp(r / c.width - 0.5, 0.0, static_cast<double>(n.size() - 1));
    const auto i = std::min(static_cast<std::size_t>(x), n.size() - 2);
    const double t = x - static_cast<double>(i);
    return (1 - t) * n[i] + t * n[i + 1];
  };
  Profile profile;
  const double width = c.reach / points;
  for (int i = 0; i < points; ++i) {
    const double lo = i * width;
    const double hi = lo + width;
    const double shell = (std::pow(hi, trap_.dimension) - std::pow(lo, trap_.dimension)) / trap_.dimension;
    profile.radius.push_back(0.5 * (lo + hi));
    profile.density.push_back((at(hi) - (i == 0 ? 0.0 : at(lo))) / (shell * sphere_surface(trap_.dimension)));
  }
  return profile;
}

RatePoint LargeDeviations::rate(double lambda) const { return rates(lambda, lambda, 1).front(); }

std::vector<RatePoint> LargeDeviations::rates(double from, double to, int points, const Parallel& how) const {
  if (points < 1) throw InputError(fmt::format("the number of points must be positive, not {}", points));
  // Bracket: Lambda falls as s grows, so the largest wanted needs the lowest s.
  const double high = std::max(from, to);
  const double low = std::min(from, to);
  const auto bracket = [&](int sign, double wanted) {
    double s = 0;
    double reached = at(0).mean;
    for (double next = sign * 1e-2; sign > 0 ? reached > wanted : reached < wanted; next *= 3) {
      if (std::abs(next) > 1e4)
        throw InputError(fmt::format("Lambda = {:.6g} cannot be reached: |s| = 1e4 gives {:.6g} for {}", wanted,
                                     reached, statistic_.name()));
      try {
        reached = at(next).mean;
      } catch (const InputError&) {
        throw InputError(
            fmt::format("Lambda = {:.6g} cannot be reached: at s = {:.4g} (Lambda = {:.6g}) the trap still holds the "
                        "charges, at s = "
                        "{:.4g} U + s f does not; beyond, nothing happens at speed N^2",
                        wanted, s, reached, next));
      }
      s = next;
    }
    return s;
  };
  const double s_low = bracket(-1, high);
  const double s_high = bracket(+1, low);
  const Cells c = cells(1.1 * std::max({outermost(s_low), outermost(s_high), outermost(0)}));
  std::vector<RatePoint> out(static_cast<std::size_t>(points));
  parallel_for(out.size(), how, [&](std::size_t i) {
    const double wanted = points == 1 ? from : from + (to - from) * static_cast<double>(i) / (points - 1);
    double lo = s_low;
    double hi = s_high;
    for (int step = 0; step < 80 && hi - lo > 1e-12 * std::max(1.0, std::abs(lo)); ++step) {
      const double middle = 0.5 * (lo + hi);
      (solve(c, middle).mean > wanted ? lo : hi) = middle;
    }
    const double s = 0.5 * (lo + hi);
    out[i].gas = solve(c, s);
    out[i].lambda = wanted;
    out[i].psi = out[i].gas.free_energy - s * wanted;
  });
  return out;
}

}  // namespace offprint::coulomb
