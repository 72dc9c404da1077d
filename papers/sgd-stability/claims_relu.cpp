// S6: two-layer ReLU networks; S7: which stability notion binds, on the end points of both models.
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <vector>

#include <fmt/format.h>

#include "claims.hpp"
#include "end_point.hpp"

namespace offprint::papers::sgd_stability {
namespace {

constexpr std::uint64_t kSeeds = 3;
constexpr double kTolerance = 1e-6;  // what may be judged; training goes on to 1e-12
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr std::array kRates{1e-3, 2e-3, 4e-3, 8e-3};
constexpr std::array kDescentRates{1e-3, 4e-3, 1e-2};

Setting relu_setting(double eta, Eigen::Index batch, std::uint64_t seed) {
  return {.learning_rate = eta,
          .batch = batch,
          .seed = seed,
          .inputs = 100,
          .max_steps = batch == kFull ? std::uint64_t{200'000} : std::uint64_t{4'000'000}};
}

}  // namespace

Measurement s6(const Claim&, Run& run) {
  std::vector<Setting> settings;
  for (const double eta : kRates)
    for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) settings.push_back(relu_setting(eta, 1, seed));
  for (const double eta : kDescentRates)
    for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) settings.push_back(relu_setting(eta, kFull, seed));
  const auto points =
      run.ensemble("relu", settings.size(), [&](std::size_t i) { return train_relu(run, settings[i]); });

  double edge_largest = 0;
  double edge_least = kInfinity;
  double path = 0;
  double test_ratio = 0;
  double spread = 0;
  double excess = kInfinity;
  for (std::size_t seed = 0; seed < kSeeds; ++seed) {
    double worst = 0;
    double least = kInfinity;
    double largest = 0;
    double descent_test = kInfinity;
    for (std::size_t i = seed; i < points.size(); i += kSeeds) {
      const auto& p = points[i];
      if (p.is_descent()) {
        least = std::min(least, p.trace);
        largest = std::max(largest, p.trace);
        descent_test = std::min(descent_test, p.test);
        continue;
      }
      worst = std::max(worst, p.test);
      edge_largest = std::max(edge_largest, p.edge());
      edge_least = std::min(edge_least, p.edge());
      path = std::max(path, p.norm * std::sqrt(100.0) / p.trace);
    }
    test_ratio = std::max(test_ratio, points[2 * kSeeds + seed].test / points[seed].test);
    spread = std::max(spread, largest / least - 1);
    excess = std::min(excess, descent_test / worst);
  }
  Series norm{.name = "path norm, SGD", .points = true};
  Series bound{.name = "2/(eta sqrt(d))", .dashed = true};
  for (std::size_t k = 0; k < kRates.size(); ++k) {
    double sum = 0;
    for (std::size_t seed = 0; seed < kSeeds; ++seed) sum += points[k * kSeeds + seed].norm / kSeeds;
    norm.x.push_back(kRates[k]);
    norm.y.push_back(sum);
    bound.x.push_back(kRates[k]);
    bound.y.push_back(2 / (kRates[k] * 10));
  }
  LinePlot norms{.title = "The path norm stays below 2/(eta sqrt(d)) (ReLU network)"};
  norms.x = {.title = "learning rate", .log = true, .lo = 0.9e-3, .hi = 8.8e-3};
  norms.y = {.title = "path norm", .log = true};
  norms.series = {norm, bound};
  run.table("runs", end_point_table("Every run", points, "path norm"));
  run.figure("sharpness", sharpness_figure("Sharpness of SGD and GD (ReLU network)", points));
  run.figure("path_norm", Figure::line(norms));
  run.figure("test", test_figure("Test error against the learning rate (ReLU network)", points));
  return Measurement()
      .set_flag("converged", all_converged(run, points, kTolerance))
      .set("edge_largest", edge_largest)
      .set("edge_least", edge_least)
      .set("path_norm", path)
      .set("test_ratio", test_ratio)
      .set("gd_spread", spread)
      .set("gd_excess", excess);
}

Measurement s7(const Claim&, Run& run) {
  enum Model { kDiagonal, kSmallDiagonal, kRelu };
  struct Member {
    Model model;
    Setting setting;
  };
  std::vector<Member> members;  // the longest runs first, so that none comes last and alone
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    for (const double eta : kRates) members.push_back({kRelu, relu_setting(eta, 1, seed)});
    members.push_back({kRelu, relu_setting(1e-2, kFull, seed)});
    for (const double eta : {0.008, 0.016, 0.032, 0.064, 0.12})
      members.push_back({kDiagonal, {.learning_rate = eta, .seed = seed}});
    members.push_back({kDiagonal, {.learning_rate = 0.12, .batch = kFull, .seed = seed}});
    members.push_back({kSmallDiagonal, {.learning_rate = 0.02, .seed = seed, .samples = 60, .inputs = 200}});
  }
  const auto points = run.ensemble("end points", members.size(), [&](std::size_t i) {
    return members[i].model == kRelu ? train_relu(run, members[i].setting) : train_diagonal(run, members[i].setting);
  });

  double exact_over_moment = 0;
  double moment_over_trace = 0;
  double eta_over_exact = 0;
  double share = 0;
  double gd_diagonal = kInfinity;
  double gd_relu = kInfinity;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const auto& p = points[i];
    const double eta = p.setting.learning_rate;
    if (p.is_descent()) {
      double& control = members[i].model == kRelu ? gd_relu : gd_diagonal;
      control = std::min(control, eta / p.exact);
      continue;
    }
    exact_over_moment = std::max(exact_over_moment, p.exact / p.moment_bound);
    moment_over_trace = std::max(moment_over_trace, p.moment_bound * p.trace / 2);
    eta_over_exact = std::max(eta_over_exact, eta / p.exact);
    const bool smallest = members[i].model == kRelu ? eta <= 2e-3 : members[i].model == kDiagonal && eta <= 0.016;
    if (smallest) share = std::max(share, p.largest / p.trace);
  }
  // eta over each threshold, means over seeds
  const auto figure_of = [&](Model model, const std::vector<double>& etas, const char* name) {
    LinePlot plot;
    plot.title = fmt::format("Learning rate over each threshold, at SGD's end points ({} network)", name);
    plot.caption =
        "1 is the edge. The exact threshold and the trace bound are reached; GD's condition is far away. Means over "
        "seeds.";
    plot.x = {.title = "learning rate", .log = true, .lo = 0.9 * etas.front(), .hi = 1.1 * etas.back()};
    plot.y = {.title = "eta / threshold", .log = true, .lo = 0.008, .hi = 1.3};
    const std::array names{"exact eta*_1", "2/Tr", "2/||G||_F", "2/lambda_max"};
    for (std::size_t notion = 0; notion < names.size(); ++notion) {
      Series series{.name = names[notion], .points = true};
      for (const double eta : etas) {
        double sum = 0;
        for (std::size_t i = 0; i < points.size(); ++i) {
          const auto& p = points[i];
          if (members[i].model != model || p.is_descent() || p.setting.learning_rate != eta) continue;
          const std::array sharpness{2 / p.exact, p.trace, p.frobenius, p.largest};
          sum += eta * sharpness[notion] / 2 / kSeeds;
        }
        series.x.push_back(eta);
        series.y.push_back(sum);
      }
      plot.series.push_back(series);
    }
    plot.reference_lines = {{1, "edge"}};
    return Figure::line(plot);
  };
  run.table("runs", end_point_table("Every end point; GD's are the controls", points, "norm"));
  run.figure("thresholds_diagonal", figure_of(kDiagonal, {0.008, 0.016, 0.032, 0.064, 0.12}, "diagonal"));
  run.figure("thresholds_relu", figure_of(kRelu, {kRates.begin(), kRates.end()}, "ReLU"));
  run.figure("gradients", Figure::histogram({.title = "Squared gradient norms at an SGD end point (ReLU, eta = 0.001)",
                                             .x = {.title = "|g_i|^2"},
                                             .values = points.front().squared_norms}));
  return Measurement()
      .set_flag("converged", all_converged(run, points, kTolerance))
      .set("exact_over_moment", exact_over_moment)
      .set("moment_over_trace", moment_over_trace)
      .set("eta_over_exact", eta_over_exact)
      .set("eigenvalue_share", share)
      .set("gd_diagonal", gd_diagonal)
      .set("gd_relu", gd_relu);
}

}  // namespace offprint::papers::sgd_stability
