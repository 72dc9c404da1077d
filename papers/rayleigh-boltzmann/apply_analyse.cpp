// The action analyse: the reader's velocities at several times against the long-time laws.
#include <cmath>
#include <map>
#include <vector>

#include <fmt/format.h>

#include "actions.hpp"
#include "offprint/core/error.hpp"
#include "offprint/kinetic/rayleigh_chain.hpp"
#include "offprint/kinetic/velocities.hpp"
#include "sampling.hpp"

namespace offprint::papers::rayleigh {
namespace {

using Groups = std::map<double, std::vector<Eigen::Index>>;  // rows by time

// Collisions between successive times, from a column with each particle's number of collisions so far.
void tell_collisions(Run& run, const kinetic::VelocityTable& data, const Groups& groups,
                     const kinetic::SkeletonChain& chain, double shear) {
  Table table{"Collisions of a particle between successive times",
              {"from t", "to t", "counted", "standard error", "ln(ln t2/ln t1)/P", "second order"},
              {}};
  double last_time = 0;
  MeanVariance last;
  for (const auto& [t, rows] : groups) {
    MeanVariance here;
    for (const auto i : rows) here.add(data.extra(i));
    if (last_time > 0) {
      const double tau1 = std::log(shear * last_time);
      const double tau2 = std::log(shear * t);
      const double error = std::sqrt(last.variance() / static_cast<double>(last.count()) +
                                     here.variance() / static_cast<double>(here.count()));
      const bool late = tau1 + chain.log_offset() > 0;
      table.rows.push_back({last_time, t, here.mean() - last.mean(),
                            last.count() > 1 && here.count() > 1 ? Json(error) : Json("-"),
                            tau1 > 0 ? Json(std::log(tau2 / tau1) / chain.period()) : Json("-"),
                            late ? Json(chain.expected_collisions(tau1, tau2)) : Json("-")});
    }
    last_time = t;
    last = here;
  }
  run.table("collisions", table);
}

}  // namespace

void analyse(Run& run) {
  const Options& o = run.options();
  const double gamma = o.real("gamma");
  if (!(gamma > -1) || !(gamma < 0))
    throw InputError(fmt::format("analyse: gamma = {}: the long-time laws are for gamma in (-1, 0)", gamma));
  const double a = -gamma;
  const std::string address = o.text("data");
  const std::string counts = o.has("count-column") ? o.text("count-column") : "";
  const auto data = kinetic::read_velocities(address, {.dimension = 3, .time = o.text("time-column"), .extra = counts});
  Groups groups;
  for (Eigen::Index i = 0; i < data.times.size(); ++i) {
    if (!(data.times(i) > 0))
      throw InputError(
          fmt::format("{}: row {} has the time {}: times must be positive", address, i + 1, data.times(i)));
    groups[data.times(i)].push_back(i);
  }
  const kinetic::SkeletonChain chain(a, o.real("rate") / o.real("shear"));
  const double shear = o.real("shear");
  Table table{"Your velocities beside the long-time laws",
              {"t", "particles", "mean ln|w_1|", "mean ln|w_2|", "distance of ln theta", "sampling floor",
               "|w_3| < |w_2|", "within 5 % of -K t w_2"},
              {}};
  LinePlot plot{.title = "Density of theta = ln|w_2|/ln t and 1/(theta P)",
                .x = {.title = "theta"},
                .y = {.title = "density", .lo = 0}};
  std::vector<double> taus;
  std::vector<double> mean1;
  std::vector<double> mean2;
  std::size_t still = 0;
  for (const auto& [t, rows] : groups) {
    const double tau = std::log(shear * t);
    std::vector<double> log_theta;
    std::vector<double> theta;
    double sum1 = 0;
    double sum2 = 0;
    double isotropic = 0;
    double near = 0;
    double n = 0;
    for (const auto i : rows) {
      const Eigen::Vector3d w = data.velocities.row(i).transpose();
      if (w(0) == 0 || w(1) == 0) {
        ++still;
        continue;
      }
      ++n;
      sum1 += std::log(std::abs(w(0)));
      sum2 += std::log(std::abs(w(1)));
      theta.push_back(std::log(std::abs(w(1))) / tau);
      log_theta.push_back(theta.back() > 0 ? std::log(theta.back()) : -1e9);
      isotropic += std::abs(w(2)) < std::abs(w(1)) ? 1 : 0;
      near += std::abs(w(0) / (shear * t * w(1)) + 1) < 0.05 ? 1 : 0;
    }
    if (n == 0) continue;
    if (tau > 0) {
      taus.push_back(tau);
      mean1.push_back(sum1 / n);
      mean2.push_back(sum2 / n);
    }
    table.rows.push_back(
        {t, n, sum1 / n, sum2 / n,
         tau > 0 ? Json(distance_from_uniform(log_theta, std::log(1 / a - 1), std::log(1 / a))) : Json("-"),
         1.36 / std::sqrt(n), isotropic / n, near / n});
    if (tau <= 0) continue;
    Series series{.name = fmt::format("t = {:.4g}", t)};
    constexpr int kBins = 30;
    const double lo = 1 / a - 1 - 0.5;
    const double hi = 1 / a + 0.5;
    std::vector<double> bins(kBins, 0.0);
    for (const double v : theta)
      if (v > lo && v < hi) bins[static_cast<std::size_t>((v - lo) / (hi - lo) * kBins)] += 1;
    for (int b = 0; b < kBins; ++b) {
      series.x.push_back(lo + (hi - lo) * (b + 0.5) / kBins);
      series.y.push_back(bins[static_cast<std::size_t>(b)] / n * kBins / (hi - lo));
    }
    plot.series.push_back(std::move(series));
  }
  if (taus.empty())
    throw InputError(fmt::format("{} has no time with K t > 1 and moving particles: the laws are in ln(K t)", address));
  run.table("times", table);
  Series law{.name = "1/(theta P)", .dashed = true};
  for (int i = 0; i <= 100; ++i) {
    law.x.push_back(1 / a - 1 + i / 100.0);
    law.y.push_back(1 / (law.x.back() * chain.period()));
  }
  plot.series.push_back(std::move(law));
  run.figure("theta", Figure::line(plot));
  if (!counts.empty()) tell_collisions(run, data, groups, chain, shear);
  if (still > 0)
    run.note(fmt::format("{} rows have w_1 = 0 or w_2 = 0 exactly and were left out: they have no logarithm.", still));
  if (taus.size() >= 3) {
    // theta has the mean 1/P in the limit, ln|w_1| = ln|w_2| + ln t
    const auto fit2 = linear_fit(taus, mean2);
    const auto fit1 = linear_fit(taus, mean1);
    run.metric("exponent_w2", fit2.slope);
    run.metric("exponent_w1", fit1.slope);
    run.metric("exponent_w2_law", 1 / chain.period());
    run.metric("exponent_w1_law", 1 / chain.period() + 1);
    run.note(
        "exponent_w1 and exponent_w2 are the slopes of mean ln|w_i| over ln t (95 % interval of the fit); the law is "
        "the "
        "mean of theta. At ln t below 40 they are still on their way: see the table's distances.");
  } else {
    run.note("Exponents need at least three times.");
  }
}

}  // namespace offprint::papers::rayleigh
