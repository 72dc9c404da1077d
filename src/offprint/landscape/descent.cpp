#include "offprint/landscape/descent.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "offprint/core/error.hpp"

namespace offprint::landscape {
namespace {

constexpr std::size_t kLogLength = 1000;

// Keeps every second point, so that what is kept stays evenly spaced.
void thin(std::vector<DescentPoint>& log) {
  for (std::size_t i = 0; 2 * i < log.size(); ++i) log[i] = log[2 * i];
  log.resize((log.size() + 1) / 2);
}

}  // namespace

DescentReport descend(const DescentOptions& options, Eigen::Index samples,
                      const std::function<std::uint64_t(std::uint64_t)>& advance,
                      const std::function<DescentPoint()>& evaluate) {
  if (!(options.learning_rate > 0) || !std::isfinite(options.learning_rate))
    throw InputError(fmt::format("the learning rate is {}; it must be positive and finite", options.learning_rate));
  if (!(options.clip_norm > 0))
    throw InputError(
        fmt::format("the clip norm is {}; it must be positive (infinity: no clipping)", options.clip_norm));
  if (options.batch < 0) throw InputError(fmt::format("the batch size is {}; it must not be negative", options.batch));
  if (!(options.tolerance >= 0))
    throw InputError(fmt::format("the loss tolerance is {}; it must not be negative", options.tolerance));
  const std::uint64_t usual = options.batch == 0 ? 10 : static_cast<std::uint64_t>(std::max<Eigen::Index>(samples, 1));
  const std::uint64_t interval = options.check_every > 0 ? options.check_every : usual;

  DescentReport report;
  std::uint64_t spacing = 1;  // checks between two points of the log
  for (std::uint64_t check = 0;; ++check) {
    options.cancel.check();
    DescentPoint point = evaluate();
    point.step = report.steps;
    report.loss = point.loss;
    report.diverged = !std::isfinite(point.loss);
    report.converged = !report.diverged && point.loss < options.tolerance;
    const bool last = report.diverged || report.converged || report.steps >= options.max_steps;
    if (check % spacing == 0 || last) report.log.push_back(point);
    if (last) return report;
    if (report.log.size() >= kLogLength) {
      thin(report.log);
      spacing *= 2;
    }
    const std::uint64_t count = std::min(interval, options.max_steps - report.steps);
    const std::uint64_t clipped = advance(count);
    report.steps += count;
    report.clipped += clipped;
    if (clipped > 0) report.last_clipped = report.steps;
  }
}

}  // namespace offprint::landscape
