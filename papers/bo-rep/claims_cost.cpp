// B4 and B5: what the theory's schedule costs and reaches, and what refinement and periodic updates are for.
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "claims.hpp"
#include "problem_u.hpp"

namespace offprint::papers::bo_rep {
namespace {

constexpr std::size_t kSeeds = 5;

double mean_gradient(const std::vector<Outcome>& outcomes, std::size_t first, std::size_t count) {
  double sum = 0;
  for (std::size_t i = first; i < first + count; ++i) sum += outcomes[i].tail_gradient;
  return sum / static_cast<double>(count);
}

}  // namespace

Measurement b4(const Claim& claim, Run& run) {
  std::vector<double> eps{0.4, 0.28, 0.2};
  if (claim.tier != Tier::kQuick) eps.push_back(0.1);
  std::vector<Trial> trials;
  for (const double e : eps) {
    const auto schedule = optimize::bo_rep_schedule(e);
    for (std::size_t seed = 0; seed < kSeeds; ++seed)
      trials.push_back({.start = 1,
                        .rate = schedule.eta,
                        .steps = schedule.steps,
                        .noise = 1,
                        .bo_rep = schedule,
                        .seed = seed,
                        .tail = 0.2});
  }
  const auto outcomes = run_trials(run, "B4", trials);
  Table table{"The theory's schedule, 5 seeds", {"eps", "T", "eta", "I", "N", "mean G", "G / eps", "calls / T"}, {}};
  Series series{.name = "BO-REP", .points = true};
  std::vector<double> log_eps;
  std::vector<double> log_mean;
  double worst = 0;
  double calls = 0;
  for (std::size_t k = 0; k < eps.size(); ++k) {
    const Trial& trial = trials[k * kSeeds];
    const double mean = mean_gradient(outcomes, k * kSeeds, kSeeds);
    const double ratio = static_cast<double>(outcomes[k * kSeeds].calls) / static_cast<double>(trial.steps);
    worst = std::max(worst, mean / eps[k]);
    calls = std::max(calls, ratio);
    log_eps.push_back(std::log(eps[k]));
    log_mean.push_back(std::log(mean));
    series.x.push_back(eps[k]);
    series.y.push_back(mean);
    series.lo.push_back(std::numeric_limits<double>::infinity());
    series.hi.push_back(0);
    for (std::size_t i = k * kSeeds; i < (k + 1) * kSeeds; ++i) {
      series.lo.back() = std::min(series.lo.back(), outcomes[i].tail_gradient);
      series.hi.back() = std::max(series.hi.back(), outcomes[i].tail_gradient);
    }
    table.rows.push_back({eps[k], static_cast<std::int64_t>(trial.steps), trial.rate,
                          static_cast<std::int64_t>(trial.bo_rep.period),
                          static_cast<std::int64_t>(trial.bo_rep.lower.steps), mean, mean / eps[k], ratio});
  }
  LinePlot plot;
  plot.title = "The schedule of the theory reaches the accuracy asked for";
  plot.caption = "Problem U with noise 1; mean over 5 seeds, band: least and largest. T grows as eps^-4.";
  plot.x = {.title = "eps", .log = true};
  plot.y = {.title = "mean ||grad Phi|| over the last fifth", .log = true};
  plot.series = {series,
                 {.name = "eps", .x = {eps.back(), eps.front()}, .y = {eps.back(), eps.front()}, .dashed = true}};
  run.table("schedule", table);
  run.figure("schedule", Figure::line(plot));
  return Measurement()
      .set("gradient_over_eps", worst)
      .set("slope", linear_fit(log_eps, log_mean).slope.value)
      .set("calls", calls);
}

Measurement b5(const Claim&, Run& run) {
  struct Group {
    std::string name;
    bool refined;
    std::uint64_t period;
    double start;
    double rate;
  };
  const std::vector<Group> groups{{"refined, I = 2", true, 2, 1, 0.01},
                                  {"refined, I = 1", true, 1, 1, 0.01},
                                  {"refined, no periodic update", true, 0, 1, 0.01},
                                  {"not refined, I = 2", false, 2, 1, 0.01},
                                  {"X0 = 3, refined, I = 2", true, 2, 3, 0.03},
                                  {"X0 = 3, not refined, I = 2", false, 2, 3, 0.03},
                                  {"X0 = 5, refined, I = 2", true, 2, 5, 0.03},
                                  {"X0 = 5, not refined, I = 2", false, 2, 5, 0.03}};
  std::vector<Trial> trials;
  for (const auto& group : groups)
    for (std::size_t seed = 0; seed < kSeeds; ++seed)
      trials.push_back({.start = group.start,
                        .rate = group.rate,
                        .refined = group.refined,
                        .steps = 2000,
                        .bo_rep = {.nu = 0.1, .period = group.period},
                        .seed = seed,
                        .log = 10});
  const auto outcomes = run_trials(run, "B5", trials);
  Table table{"What refinement and periodic updates do, 5 seeds, T = 2000",
              {"variant", "eta", "largest ||y0 - y*||", "mean tail ||y - y*||", "mean G", "calls"},
              {}};
  LinePlot plot;
  plot.title = "How far y is from y*(x)";
  plot.caption = "Problem U, X0 = 1, eta = 0.01, seed 0.";
  plot.x = {.title = "step"};
  plot.y = {.title = "||y_t - y*(x_t)||", .log = true};
  double start_refined = 0;
  double tail_periodic = 0;
  double tail_never = std::numeric_limits<double>::infinity();
  for (std::size_t g = 0; g < groups.size(); ++g) {
    double start = 0;
    double tail = 0;
    for (std::size_t i = g * kSeeds; i < (g + 1) * kSeeds; ++i) {
      start = std::max(start, outcomes[i].start_error);
      tail += outcomes[i].tail_error / kSeeds;
      if (g == 0) tail_periodic = std::max(tail_periodic, outcomes[i].tail_error);
      if (g == 2) tail_never = std::min(tail_never, outcomes[i].tail_error);
    }
    if (g == 0) start_refined = start;
    table.rows.push_back({groups[g].name, groups[g].rate, start, tail, mean_gradient(outcomes, g * kSeeds, kSeeds),
                          outcomes[g * kSeeds].calls});
    if (g < 4)
      plot.series.push_back({.name = groups[g].name, .x = outcomes[g * kSeeds].step, .y = outcomes[g * kSeeds].error});
  }
  run.table("variants", table);
  run.figure("error", Figure::line(plot));
  run.note(
      "Leaving out the refinement changes the start but not the G at the end on problem U (X0 = 1, 3, 5: equal within "
      "the noise); leaving out the periodic updates does.");
  return Measurement()
      .set("start_refined", start_refined)
      .set("start_unrefined", outcomes[3 * kSeeds].start_error)
      .set("tail_periodic", tail_periodic)
      .set("tail_never", tail_never)
      .set("calls_period_2", static_cast<double>(outcomes[0].calls))
      .set("calls_period_1", static_cast<double>(outcomes[kSeeds].calls));
}

}  // namespace offprint::papers::bo_rep
