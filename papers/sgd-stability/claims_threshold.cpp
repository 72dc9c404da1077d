// S1: the second moment of linearized SGD below, at and above the exact threshold.
#include <algorithm>
#include <cmath>
#include <vector>

#include "claims.hpp"
#include "offprint/landscape/gram.hpp"
#include "offprint/landscape/stability.hpp"

namespace offprint::papers::sgd_stability {

Measurement s1(const Claim&, Run& run) {
  constexpr int kSteps = 400;
  Eigen::MatrixXd gradients(5, 3);
  gradients << 1, 0, 0, 1, 1, 0, 0, 1, 2, 1, -1, 1, 2, 0, 1;
  const landscape::GradientGeometry at(landscape::gram_matrix(gradients));
  const double edge = at.threshold({1}).learning_rate;
  // The gradients span the space, so I/3 is I/3 in coordinates too.
  const auto losses = [&](double eta) {
    Eigen::MatrixXd m = Eigen::MatrixXd::Identity(3, 3) / 3;
    std::vector<double> out{m.diagonal().dot(at.eigenvalues()) / 2};
    for (int t = 0; t < kSteps; ++t) {
      m = at.step_moment(m, eta, {1});
      out.push_back(m.diagonal().dot(at.eigenvalues()) / 2);
    }
    return out;
  };
  const auto below = losses(0.95 * edge);
  const auto on = losses(edge);
  const auto above = losses(1.05 * edge);
  double drift = 0;
  for (std::size_t t = kSteps / 2; t < on.size(); ++t) drift = std::max(drift, std::abs(on[t] / on.back() - 1));

  LinePlot plot{.title = "Expected loss of linearized SGD around a minimum"};
  plot.caption =
      "Exact second moment, five gradients in three dimensions, batch one. The bound 2/Tr(G) would allow "
      "1.43 eta*.";
  plot.x = {.title = "step"};
  plot.y = {.title = "Tr(M G)/2", .log = true};
  std::vector<double> steps(below.size());
  for (std::size_t t = 0; t < steps.size(); ++t) steps[t] = static_cast<double>(t);
  plot.series = {{.name = "1.05 eta*", .x = steps, .y = above},
                 {.name = "eta*", .x = steps, .y = on},
                 {.name = "0.95 eta*", .x = steps, .y = below}};
  run.metric("threshold", edge);
  run.figure("moment", Figure::line(plot));
  return Measurement()
      .set("below", below.back())
      .set("above", above.back())
      .set("edge", on.back())
      .set("edge_drift", drift);
}

}  // namespace offprint::papers::sgd_stability
