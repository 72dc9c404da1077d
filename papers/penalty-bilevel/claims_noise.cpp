// P6: the single loop with and without momentum-assisted estimators, under noise.
#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include <fmt/format.h>

#include "claims.hpp"
#include "offprint/optimize/bilevel_examples.hpp"
#include "offprint/optimize/noisy_problem.hpp"
#include "offprint/optimize/penalty_bilevel.hpp"

namespace offprint::papers::penalty_bilevel {
namespace {

using Eigen::VectorXd;
using namespace optimize;

constexpr std::uint64_t kTail = 2000;
constexpr int kSeeds = 3;

struct Setting {
  double sigma;
  double alpha;
  double eta;
  std::uint64_t steps;
  int seed;
};

struct Tail {
  double mean = 0;            // of |grad psi| over the last kTail iterations
  std::vector<double> calls;  // along the run, thinned
  std::vector<double> gradient;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(mean, calls, gradient);
  }
};

Tail run_single_loop(const Setting& s, std::uint64_t seed) {
  const ProblemQ q;
  const NoisyProblem noisy(q, 1, seed + static_cast<std::uint64_t>(s.seed));
  VectorXd part;
  const auto psi_gradient = [&](const VectorXd& x) {
    // f_x - d/dx <g_y, f_y/q>: the Hessian of g is diagonal, 1..5.
    const VectorXd y = *q.exact_lower(x);
    VectorXd gradient;
    q.f_y(x, y, part);
    for (int i = 0; i < 5; ++i) part[i] /= 1 + i;
    VectorXd implicit;
    q.jvp(x, y, part, implicit);
    q.f_x(x, y, gradient);
    return (gradient - implicit).norm();
  };
  Tail out;
  penalty_single_loop(
      noisy, {VectorXd::Constant(5, 2), {}, {}},
      {.sigma = s.sigma, .outer_step = s.alpha, .inner_step = 0.05, .momentum = s.eta, .steps = s.steps},
      [&](const BilevelIterate& at) {
        const bool shown = at.step % (s.steps / 160) == 0;
        if (at.step + kTail <= s.steps && !shown) return true;
        const double gradient = psi_gradient(at.x);
        if (at.step + kTail > s.steps) out.mean += gradient / kTail;
        if (shown) {
          out.calls.push_back(static_cast<double>(at.calls.first_order()));
          out.gradient.push_back(gradient);
        }
        return true;
      });
  return out;
}

}  // namespace

Measurement p6(const Claim&, Run& run) {
  std::vector<Setting> settings;
  // alpha = 0.001 shows how much of the gap is the step size.
  const std::array<std::array<double, 2>, 3> cases{{{0.2, 0.01}, {0.1, 0.01}, {0.2, 0.001}}};
  for (const auto& c : cases)
    for (const bool storm : {true, false})
      for (int seed = 0; seed < kSeeds; ++seed)
        settings.push_back({c[0], c[1], storm ? 0.003 : 1.0, storm ? 8000U : 16000U, seed});
  const auto tails =
      run.ensemble("runs", settings.size(), [&](std::size_t i) { return run_single_loop(settings[i], run.seed()); });

  Table table{"Mean |grad psi| over the last 2000 iterations (problem Q, noise 1 on each partial gradient)",
              {"sigma", "alpha", "seed", "momentum (STORM)", "plain", "ratio"},
              {}};
  Measurement measured;
  for (std::size_t c = 0; c < cases.size(); ++c) {
    double ratio = 0;
    double largest = 0;
    for (std::size_t seed = 0; seed < kSeeds; ++seed) {
      const double storm = tails[c * 2 * kSeeds + seed].mean;
      const double plain = tails[c * 2 * kSeeds + kSeeds + seed].mean;
      ratio += storm / plain / kSeeds;
      largest = std::max(largest, storm);
      table.rows.push_back({cases[c][0], cases[c][1], static_cast<std::int64_t>(seed), storm, plain, storm / plain});
    }
    if (c == 0) measured.set("ratio_2", ratio).set("tail_2", largest);
    if (c == 1) measured.set("ratio_1", ratio).set("tail_1", largest);
    if (c == 2) {
      run.metric("ratio_small_step", ratio);
      run.metric("tail_small_step", largest);
    }
  }
  run.table("tails", table);
  LinePlot plot{.title = "Single loop with and without momentum, equal oracle calls (problem Q, sigma = 0.2)"};
  plot.caption = "One seed. With alpha ten times smaller the two are closer: part of the gap is the step size.";
  plot.x = {.title = "gradient calls"};
  plot.y = {.title = "|grad psi|", .log = true};
  const char* names[] = {"momentum", "plain", "momentum, alpha = 0.001", "plain, alpha = 0.001"};
  const std::size_t shown[] = {0, kSeeds, 4 * kSeeds, 5 * kSeeds};
  for (std::size_t k = 0; k < 4; ++k)
    plot.series.push_back(
        {.name = names[k], .x = tails[shown[k]].calls, .y = tails[shown[k]].gradient, .dashed = k > 1});
  run.figure("noise", Figure::line(plot));
  return measured;
}

}  // namespace offprint::papers::penalty_bilevel
