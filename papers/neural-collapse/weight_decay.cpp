#include "weight_decay.hpp"

#include <algorithm>
#include <cmath>
#include <string>

namespace offprint::papers::neural_collapse {

DecayMember decay_member(std::size_t i, std::size_t seeds) {
  const std::size_t settings = kDecaySettings.size();
  return {kDecayLosses[i / (settings * seeds)], i / settings % seeds, kDecaySettings[i % settings]};
}

DecayResult decay_result(const landscape::CollapseMetrics& metrics, double accuracy) {
  return {metrics.nc1_trace, metrics.nc1, metrics.nc2, accuracy};
}

Measurement compare_decays(Run& run, const std::vector<DecayResult>& results, std::size_t seeds) {
  const std::size_t settings = kDecaySettings.size();
  Measurement measured;
  Table table{"Collapse behind the last hidden layer",
              {"loss", "seed", "weight decay", "NC1~", "NC1", "NC2", "log NC1~/baseline", "training accuracy"},
              {}};
  ScatterPlot plot;
  plot.title = "Weight decay of the features moves collapse, that of the last layer hardly";
  plot.caption = "log of NC1~ over the baseline's, each seed; below 0: closer to collapse.";
  plot.x = {.title = "1: twice last, 2: twice features, 3: none last, 4: none features", .lo = 0.5, .hi = 4.5};
  plot.y = {.title = "log NC1~ / baseline"};
  double accuracy = 1;
  for (std::size_t l = 0; l < kDecayLosses.size(); ++l) {
    const std::string tag = l == 0 ? "mse" : "ce";
    double twice = INFINITY;
    double zero = INFINITY;
    bool signs = true;
    PointGroup group{.name = l == 0 ? "MSE" : "cross-entropy"};
    for (std::size_t seed = 0; seed < seeds; ++seed) {
      const auto* of = &results[(l * seeds + seed) * settings];
      std::array<double, kDecaySettings.size()> change{};
      for (std::size_t s = 0; s < settings; ++s) {
        change[s] = std::log(of[s].nc1_trace / of[0].nc1_trace);
        accuracy = std::min(accuracy, of[s].accuracy);
        table.rows.push_back(
            {tag, seed, kDecaySettings[s].name, of[s].nc1_trace, of[s].nc1, of[s].nc2, change[s], of[s].accuracy});
        if (s == 0) continue;
        group.x.push_back(static_cast<double>(s));
        group.y.push_back(change[s]);
      }
      twice = std::min(twice, std::abs(change[2]) / std::abs(change[1]));
      zero = std::min(zero, std::abs(change[4]) / std::abs(change[3]));
      signs = signs && change[1] < 0 && change[2] < 0 && change[3] > 0 && change[4] > 0;
    }
    measured.set(tag + "_double_ratio", twice);
    measured.set(tag + "_zero_ratio", zero);
    measured.set_flag(tag + "_signs", signs);
    plot.groups.push_back(std::move(group));
  }
  measured.set("accuracy", accuracy);
  run.table("settings", table);
  run.figure("decay", Figure::scatter(plot));
  return measured;
}

}  // namespace offprint::papers::neural_collapse
