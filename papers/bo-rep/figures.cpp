#include "figures.hpp"

#include <algorithm>

namespace offprint::papers::bo_rep {
namespace {

constexpr int kBins = 25;

Series shares(const std::string& name, const Eigen::VectorXd& weights, const std::vector<bool>& clean, bool wanted) {
  std::vector<double> counts(kBins, 0);
  double total = 0;
  const double lo = weights.minCoeff();
  const double width = std::max(weights.maxCoeff() - lo, 1e-12) / kBins;
  for (Eigen::Index i = 0; i < weights.size(); ++i) {
    if (!clean.empty() && clean[static_cast<std::size_t>(i)] != wanted) continue;
    counts[static_cast<std::size_t>(std::clamp(static_cast<int>((weights[i] - lo) / width), 0, kBins - 1))] += 1;
    total += 1;
  }
  Series series{.name = name};
  for (int k = 0; k < kBins; ++k) {
    const double share = total > 0 ? counts[static_cast<std::size_t>(k)] / total : 0;
    for (const double edge : {k, k + 1}) {
      series.x.push_back(lo + width * edge);
      series.y.push_back(share);
    }
  }
  return series;
}

}  // namespace

void comparison_figures(Run& run, const std::vector<Comparison>& curves) {
  struct Kind {
    const char* name;
    const char* title;
    const char* axis;
    std::vector<double> Comparison::*x;
    std::vector<double> Comparison::*y;
  };
  const std::vector<Kind> kinds{
      {"accuracy_calls", "Test accuracy at equal oracle calls", "gradients (a product counts two)", &Comparison::calls,
       &Comparison::accuracy},
      {"accuracy_seconds", "Test accuracy at equal time", "seconds", &Comparison::seconds, &Comparison::accuracy},
      {"loss_calls", "Validation loss at equal oracle calls", "gradients (a product counts two)", &Comparison::calls,
       &Comparison::loss},
      {"loss_seconds", "Validation loss at equal time", "seconds", &Comparison::seconds, &Comparison::loss}};
  for (const Kind& kind : kinds) {
    LinePlot plot;
    plot.title = kind.title;
    plot.caption = "The iterates of one seed as they are: no refit, no averaging.";
    plot.x = {.title = kind.axis};
    plot.y = {.title = kind.y == &Comparison::loss ? "validation loss" : "test accuracy"};
    for (const auto& curve : curves)
      if (!(curve.*kind.y).empty()) plot.series.push_back({.name = curve.name, .x = curve.*kind.x, .y = curve.*kind.y});
    if (!plot.series.empty()) run.figure(kind.name, Figure::line(plot));
  }
}

Figure weights_figure(const std::string& title, const Eigen::VectorXd& weights, const std::vector<bool>& clean) {
  LinePlot plot;
  plot.title = title;
  plot.caption = clean.empty() ? "Texts at the left are suspicious." : "Each curve's shares add up to one.";
  plot.x = {.title = "weight sigmoid(x_i)"};
  plot.y = {.title = "share of the texts"};
  if (clean.empty()) {
    plot.series = {shares("all texts", weights, clean, true)};
  } else {
    plot.series = {shares("clean", weights, clean, true), shares("corrupted", weights, clean, false)};
  }
  return Figure::line(plot);
}

}  // namespace offprint::papers::bo_rep
