// The action profile: the histogram of ln|xi_2| beside the explicit profile, with fits and intervals.
#include <cmath>
#include <vector>

#include <fmt/format.h>

#include "actions.hpp"
#include "offprint/core/error.hpp"
#include "sampling.hpp"
#include "tally.hpp"

namespace offprint::papers::rayleigh {

void profile(Run& run) {
  const Setup setup = read_setup(run, -0.5, {80, 160, 320}, 200000);
  if (!setup.has_laws())
    throw InputError(fmt::format(
        "profile: the explicit profile is for gamma in (-1, 0) and K > 0, not gamma = {}, K = {}; for gamma in "
        "[0, 1) the state is stationary: see run and moments",
        0.0 - setup.exponent(), setup.model.shear));
  const double a = setup.exponent();
  const auto chain = chain_of(setup);
  const double shear = std::log(setup.model.shear);
  constexpr int kBins = 34;
  // The window of x = ln|xi_2| over which the exponential factor goes from e^-10 to nearly 1.
  const double rate = setup.model.rate / setup.model.shear;
  const double lowest = std::log(rate / (1 - a) / 10) / a;
  const double width = (std::log(rate / (1 - a) / 0.05) / a - lowest) / kBins;
  for (const double tau : setup.log_times)
    if (!(tau + shear > 0) || (tau + shear) * (1 / a - 1) + lowest + chain.lambda_shift() <= 0)
      throw InputError(
          fmt::format("profile: ln t = {} is too early for the asymptotic laws at gamma = {}; ask for later "
                      "times",
                      tau, -a));
  const kinetic::RayleighProcess process(setup.model);
  const auto counts = summed(sample(run, "profile", process, setup.start, setup.log_times, run.seed() + 1,
                                    setup.particles, [&](const kinetic::RayleighObservations& seen) {
                                      std::vector<double> histogram(setup.log_times.size() * (kBins + 1) + 1, 0.0);
                                      for (std::size_t k = 0; k < setup.log_times.size(); ++k)
                                        for (std::size_t i = 0; i < seen.particles; ++i) {
                                          const double tau = setup.log_times[k] + shear;
                                          const double x = seen.log_w2[k * seen.particles + i] - (1 / a - 1) * tau;
                                          const double place = (x - lowest) / width;
                                          if (place >= 0 && place < kBins)
                                            histogram[k * (kBins + 1) + static_cast<std::size_t>(place)] += 1;
                                          histogram[k * (kBins + 1) + kBins] += seen.collisions[k * seen.particles + i];
                                        }
                                      const std::size_t last = (setup.log_times.size() - 1) * seen.particles;
                                      for (std::size_t i = 0; i < seen.particles; ++i) {
                                        const double between =
                                            static_cast<double>(seen.collisions[last + i]) - seen.collisions[i];
                                        histogram.back() += between * between;
                                      }
                                      return histogram;
                                    }));
  const auto n = static_cast<double>(setup.particles);
  LinePlot plot{.title = fmt::format("tau times the density of ln|xi_2|, gamma = {}", -a),
                .x = {.title = "x = ln|xi_2|"},
                .y = {.title = "tau * density", .lo = 0}};
  Table fits{"Fits: the amplitude of the second-order profile (1 expected), with its 95 % interval",
             {"ln t", "counted", "amplitude", "from", "to", "chi^2 per bin", "leading amplitude"},
             {}};
  Table bins{"Histogram of x = ln|xi_2|", {"ln t", "x", "density", "second order", "leading order"}, {}};
  for (std::size_t k = 0; k < setup.log_times.size(); ++k) {
    const double tau = setup.log_times[k] + shear;
    Series points{.name = fmt::format("simulation, ln t = {}", setup.log_times[k]), .points = true};
    Series law{.name = fmt::format("second order, ln t = {}", setup.log_times[k])};
    double counted = 0;
    double expected = 0;
    double leading = 0;
    double chi = 0;
    for (int b = 0; b < kBins; ++b) {
      double second = 0;
      double first = 0;
      for (int s = 0; s < 20; ++s) {
        const double x = lowest + width * (b + (s + 0.5) / 20);
        second += n * chain.profile_density(x, tau) * width / 20;
        first += n * chain.leading_profile(x, tau) * width / 20;
      }
      const double found = counts[k * (kBins + 1) + static_cast<std::size_t>(b)];
      const double x = lowest + width * (b + 0.5);
      counted += found;
      expected += second;
      leading += first;
      chi += (found - second) * (found - second) / std::max(second, 1e-300);
      points.x.push_back(x);
      points.y.push_back(found / n / width * tau);
      law.x.push_back(x);
      law.y.push_back(tau * chain.profile_density(x, tau));
      bins.rows.push_back({setup.log_times[k], x, found / n / width, second / n / width, first / n / width});
    }
    // The count is binomial.
    const auto interval = wilson(static_cast<std::size_t>(counted), setup.particles);
    fits.rows.push_back({setup.log_times[k], counted, counted / expected, *interval.lo * n / expected,
                         *interval.hi * n / expected, chi / kBins, counted / leading});
    run.metric(fmt::format("amplitude_{}", k + 1),
               Estimate(counted / expected, *interval.lo * n / expected, *interval.hi * n / expected));
    plot.series.push_back(std::move(points));
    plot.series.push_back(std::move(law));
  }
  Series limit{.name = "limit", .dashed = true};
  for (int b = 0; b < kBins; ++b) {
    limit.x.push_back(lowest + width * (b + 0.5));
    limit.y.push_back(chain.leading_profile(limit.x.back(), 1));
  }
  plot.series.push_back(std::move(limit));
  if (setup.log_times.size() > 1) {
    // P from the number of collisions between the first and the last time
    const std::size_t last = setup.log_times.size() - 1;
    const double number = (counts[last * (kBins + 1) + kBins] - counts[kBins]) / n;
    const double span = std::log((setup.log_times[last] + shear + chain.log_offset()) /
                                 (setup.log_times[0] + shear + chain.log_offset()));
    const double error = 1.96 * std::sqrt(std::max(0.0, counts.back() / n - number * number) / n);
    run.metric("period_measured", Estimate(span / number, span / (number + error), span / (number - error)));
    run.metric("period_law", chain.period());
  }
  run.table("fits", fits);
  run.table("bins", bins);
  run.figure("profile", Figure::line(plot));
}

}  // namespace offprint::papers::rayleigh
