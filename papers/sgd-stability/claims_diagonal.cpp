// S2 to S5 and S8: diagonal linear networks.
#include <algorithm>
#include <array>
#include <limits>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "claims.hpp"
#include "end_point.hpp"

namespace offprint::papers::sgd_stability {
namespace {

constexpr std::uint64_t kSeeds = 3;
constexpr double kTolerance = 1e-12;
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr std::array kDescentRates{0.004, 0.032, 0.12};

std::vector<EndPoint> train_all(Run& run, const std::string& name, const std::vector<Setting>& settings,
                                Eigen::Index exact_batch = 0) {
  return run.ensemble(name, settings.size(),
                      [&](std::size_t i) { return train_diagonal(run, settings[i], exact_batch); });
}

// Learning rates outermost: settings[i * seeds + seed].
template <class Rates>
std::vector<Setting> settings_of(const Rates& rates, Eigen::Index batch, std::uint64_t seeds) {
  std::vector<Setting> out;
  for (const double eta : rates)
    for (std::uint64_t seed = 1; seed <= seeds; ++seed)
      out.push_back({.learning_rate = eta, .batch = batch, .seed = seed});
  return out;
}

// Largest ratio of a quantity from one setting to the next, for the same seed.
template <class Quantity>
double largest_step_ratio(const std::vector<EndPoint>& points, Quantity&& quantity) {
  double largest = 0;
  for (std::size_t i = kSeeds; i < points.size(); ++i)
    largest = std::max(largest, quantity(points[i]) / quantity(points[i - kSeeds]));
  return largest;
}

std::vector<EndPoint> of_seed_one(const std::vector<EndPoint>& points) {
  std::vector<EndPoint> out;
  std::copy_if(points.begin(), points.end(), std::back_inserter(out),
               [](const auto& p) { return p.setting.seed == 1; });
  return out;
}

}  // namespace

Measurement s2(const Claim&, Run& run) {
  constexpr std::array kRates{0.008, 0.016, 0.032, 0.064};
  constexpr std::array kNames{"008", "016", "032", "064"};
  const auto points = train_all(run, "diagonal", settings_of(kRates, 1, kSeeds));
  Measurement measured;
  for (std::size_t k = 0; k < kRates.size(); ++k) {
    double largest = 0;
    double least = kInfinity;
    for (std::size_t seed = 0; seed < kSeeds; ++seed) {
      largest = std::max(largest, points[k * kSeeds + seed].edge());
      least = std::min(least, points[k * kSeeds + seed].edge());
    }
    measured.set(fmt::format("edge_{}", kNames[k]), largest);
    if (k < 2) measured.set(fmt::format("near_{}", kNames[k]), least);
  }
  measured.set("trace_growth", largest_step_ratio(points, [](const auto& p) { return p.trace; }));
  measured.set_flag("converged", all_converged(run, points, kTolerance));
  run.note("Gradients are clipped at norm 10: at the start Tr(G) is far above 2/eta and plain SGD overflows.");
  run.table("runs", end_point_table("Every run", points, "||beta||_1"));
  run.figure("sharpness", sharpness_figure("SGD ends on the edge of the trace bound (diagonal network)", points));
  run.figure("trace", trajectory_figure("The trace along training (seed 1)", of_seed_one(points), true));
  run.figure("loss", trajectory_figure("The loss along training (seed 1)", of_seed_one(points), false));
  return measured;
}

Measurement s3(const Claim&, Run& run) {
  const auto points = train_all(run, "diagonal", settings_of(kDescentRates, kFull, 1));
  double least = kInfinity;
  double largest = 0;
  double bound = 0;
  for (const auto& p : points) {
    least = std::min(least, p.trace);
    largest = std::max(largest, p.trace);
    bound = std::max(bound, p.setting.learning_rate * p.largest / 2);
  }
  run.table("runs", end_point_table("Every run", points, "||beta||_1"));
  run.figure("sharpness", sharpness_figure("GD does not see the trace (diagonal network)", points));
  return Measurement()
      .set("trace_spread", largest / least - 1)
      .set("trace_excess", points.back().edge())
      .set("descent_bound", bound)
      .set_flag("converged", all_converged(run, points, kTolerance));
}

Measurement s4(const Claim&, Run& run) {
  constexpr std::array kRates{0.008, 0.032, 0.064, 0.12};
  auto settings = settings_of(kRates, 1, kSeeds);
  for (const auto& s : settings_of(kDescentRates, kFull, kSeeds)) settings.push_back(s);
  const auto points = train_all(run, "diagonal", settings);
  const std::vector<EndPoint> sgd(points.begin(), points.begin() + kRates.size() * kSeeds);
  double improvement = 0;
  double descent = kInfinity;
  for (std::size_t seed = 0; seed < kSeeds; ++seed) {
    improvement = std::max(improvement, sgd[3 * kSeeds + seed].test / sgd[seed].test);
    double least = kInfinity;
    double largest = 0;
    for (std::size_t i = sgd.size() + seed; i < points.size(); i += kSeeds) {
      least = std::min(least, points[i].test);
      largest = std::max(largest, points[i].test);
    }
    descent = std::min(descent, least / largest);
  }
  run.table("runs", end_point_table("Every run", points, "||beta||_1"));
  run.figure("test", test_figure("Test error against the learning rate (diagonal network)", points));
  run.figure("sharpness", sharpness_figure("Sharpness of SGD and GD (diagonal network)", points));
  return Measurement()
      .set("step_ratio", largest_step_ratio(sgd, [](const auto& p) { return p.test; }))
      .set("improvement", improvement)
      .set("descent_ratio", descent)
      .set_flag("converged", all_converged(run, points, kTolerance));
}

Measurement s5(const Claim&, Run& run) {
  constexpr std::array kRatios{1, 2, 4, 8, 16};
  struct Member {
    int ratio;
    bool descent;
    std::uint64_t seed;
  };
  std::vector<Member> members;
  for (const bool descent : {false, true})
    for (const int ratio : kRatios)
      for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) members.push_back({ratio, descent, seed});
  const auto points = run.ensemble("balance", members.size(), [&](std::size_t i) {
    Setting setting{.learning_rate = 0.05, .seed = members[i].seed, .clip_norm = 200};
    setting.batch = members[i].descent ? kFull : 1;
    setting.max_steps = members[i].descent ? 5000 : 300'000;
    return train_unbalanced(run, setting, members[i].ratio);
  });
  Measurement measured;
  Table table{"Every run", {"method", "r0", "seed", "r at the end", "steps", "loss", "clipped"}, {}};
  LinePlot plot;
  plot.title = "Balance ratio at the end against that at the start";
  plot.caption = "Mean over seeds, bands: least and largest. At r0 = 1 the layers are equal and stay so exactly.";
  plot.x = {.title = "r at the start", .log = true, .lo = 0.9, .hi = 18};
  plot.y = {.title = "r at the end", .log = true, .lo = 0.8, .hi = 40};
  std::size_t at = 0;
  for (const bool descent : {false, true}) {
    Series series{.name = descent ? "GD, 5000 steps" : "SGD, 300 000 steps", .points = true};
    for (const int ratio : kRatios) {
      double least = kInfinity;
      double largest = 0;
      double sum = 0;
      for (std::uint64_t seed = 0; seed < kSeeds; ++seed, ++at) {
        const double r = points[at].balance;
        least = std::min(least, r);
        largest = std::max(largest, r);
        sum += r;
        const auto& training = points[at].training;
        table.rows.push_back(
            {descent ? "GD" : "SGD", ratio, seed + 1, r, training.steps, training.loss, training.clipped_share()});
      }
      series.x.push_back(ratio);
      series.y.push_back(sum / kSeeds);
      series.lo.push_back(least);
      series.hi.push_back(largest);
      if (descent)
        measured.set(fmt::format("gd_{}", ratio), least / ratio);
      else
        measured.set(fmt::format("sgd_{}", ratio), largest);
    }
    plot.series.push_back(series);
  }
  plot.series.push_back({.name = "unchanged", .x = {1, 16}, .y = {1, 16}, .dashed = true});
  run.note("r0 = 1 is exact for both methods and proves nothing.");
  run.table("runs", table);
  run.figure("balance", Figure::line(plot));
  return measured;
}

Measurement s8(const Claim&, Run& run) {
  constexpr std::array<Eigen::Index, 5> kBatches{1, 4, 16, 64, kFull};
  std::vector<Setting> settings;
  for (const auto batch : kBatches)
    for (std::uint64_t seed = 1; seed <= kSeeds; ++seed)
      settings.push_back({.learning_rate = 0.12, .batch = batch, .seed = seed});
  const auto points = train_all(run, "diagonal", settings, settings.front().samples);
  double ratio = kInfinity;
  double edge = 0;
  for (std::size_t i = 0; i < points.size(); ++i) {
    edge = std::max(edge, points[i].setting.learning_rate / points[i].exact);
    if (i >= kSeeds) ratio = std::min(ratio, points[i].trace / points[i - kSeeds].trace);
  }
  Series trace{.name = "Tr(G)", .points = true};
  Series exact{.name = "eta*_B of the end point", .points = true};
  for (std::size_t k = 0; k < kBatches.size(); ++k) {
    const auto& p = points[k * kSeeds];
    const auto b = static_cast<double>(kBatches[k] == kFull ? p.setting.samples : kBatches[k]);
    double sum = 0;
    double sum_exact = 0;
    for (std::size_t seed = 0; seed < kSeeds; ++seed) {
      sum += points[k * kSeeds + seed].trace / kSeeds;
      sum_exact += points[k * kSeeds + seed].exact / kSeeds;
    }
    trace.x.push_back(b);
    trace.y.push_back(sum);
    exact.x.push_back(b);
    exact.y.push_back(sum_exact);
  }
  LinePlot traces{.title = "The trace at the end grows with the batch (eta = 0.12)"};
  traces.x = {.title = "batch size", .log = true, .lo = 0.9, .hi = 330};
  traces.y = {.title = "Tr(G)", .log = true};
  traces.series = {trace};
  traces.reference_lines = {{2 / 0.12, "2/eta"}};
  LinePlot thresholds{.title = "Every end point is stable for its own batch size (eta = 0.12)"};
  thresholds.caption = "The largest batch is the full gradient; its threshold is that of batch n with replacement.";
  thresholds.x = {.title = "batch size", .log = true, .lo = 0.9, .hi = 330};
  thresholds.y = {.title = "eta*_B", .log = true, .lo = 0.1, .hi = 0.6};
  thresholds.series = {exact};
  thresholds.reference_lines = {{0.12, "eta"}};
  run.table("runs", end_point_table("Every run; GD stands for batch n", points, "||beta||_1"));
  run.figure("trace", Figure::line(traces));
  run.figure("thresholds", Figure::line(thresholds));
  return Measurement()
      .set("trace_ratio", ratio)
      .set("eta_over_exact", edge)
      .set_flag("converged", all_converged(run, points, kTolerance));
}

}  // namespace offprint::papers::sgd_stability
