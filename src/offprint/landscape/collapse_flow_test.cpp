#include "offprint/landscape/collapse_flow.hpp"

#include <cmath>

#include <gtest/gtest.h>

#include "collapse_oracles.hpp"
#include "offprint/core/error.hpp"
#include "offprint/landscape/collapse_metrics.hpp"

namespace offprint::landscape {
namespace {

using Eigen::MatrixXd;

TEST(CollapseFlowTest, OraclesWithFeatureRegularization) {
  const auto model = oracle::wave_model(0.05);
  const MatrixXd h0 = oracle::wave_h0();
  FlowOptions options;
  options.checkpoints = 40;
  const auto flow = collapse_flow(model, h0, 40.0, options);
  ASSERT_EQ(flow.points.size(), 41U);
  EXPECT_EQ(flow.violations(), 0);
  EXPECT_NEAR(flow.points[0].nc1_trace, 7.58869634788, 1e-11);
  EXPECT_NEAR(flow.points[0].nc1, 1.66229120579, 1e-11);
  EXPECT_NEAR(flow.points[0].nc2, .208125873005, 1e-12);
  EXPECT_NEAR(flow.points[5].nc1_trace, 1.542132830, 1e-8);
  EXPECT_NEAR(flow.points[40].nc1_trace, .0492137827, 1e-8);
  const std::pair<double, double> early[] = {{.1, 7.29903540525}, {.01, 7.55973337114}, {.001, 7.58580006128}};
  for (const auto& [t, nc1] : early) {
    options.step = t / 20;
    EXPECT_NEAR(collapse_flow(model, h0, t, options).points.back().nc1_trace, nc1, 1e-10) << t;
  }
}

TEST(CollapseFlowTest, OraclesWithoutFeatureRegularization) {
  FlowOptions options;
  options.checkpoints = 400;
  const auto flow = collapse_flow(oracle::wave_model(0.0), oracle::wave_h0(), 40.0, options);
  EXPECT_EQ(flow.violations(), 0);
  EXPECT_NEAR(flow.points[50].nc1_trace, 1.827290114, 1e-8);
  EXPECT_NEAR(flow.points[400].nc1_trace, .8165554034, 1e-8);
  for (std::size_t i = 1; i < flow.points.size(); ++i) {  // the traces alone, without any exponential
    EXPECT_LT(flow.points[i].trace_within, flow.points[i - 1].trace_within);
    EXPECT_GT(flow.points[i].trace_between, flow.points[i - 1].trace_between);
  }
}

// RK4 on all N columns, written out.
MatrixXd plain_flow(const CollapseModel& model, MatrixXd h, double step, int steps) {
  for (int i = 0; i < steps; ++i) {
    const MatrixXd k1 = -reduced_gradient(model, h);
    const MatrixXd k2 = -reduced_gradient(model, h + step / 2 * k1);
    const MatrixXd k3 = -reduced_gradient(model, h + step / 2 * k2);
    const MatrixXd k4 = -reduced_gradient(model, h + step * k3);
    h += step / 6 * (k1 + 2 * k2 + 2 * k3 + k4);
  }
  return h;
}

TEST(CollapseFlowTest, TheReducedStateIsRungeKuttaOnAllColumns) {
  struct Case {
    Eigen::Index d;
    ClassLabels labels;
  };
  const Case cases[] = {{4, ClassLabels::balanced(3, 5)},
                        {40, ClassLabels::balanced(3, 5)},  // fewer samples than features
                        {20, ClassLabels::balanced(3, 9)},  // beyond the small kernels
                        {4, ClassLabels(std::vector<std::int64_t>{0, 0, 1, 1, 1, 1, 2, 2, 2})}};
  for (const auto& c : cases) {
    const CollapseModel model{c.labels, 0.1, 0.05};
    const MatrixXd h0 = oracle::normal(c.d, c.labels.samples(), 4).array() + 1.0;
    FlowOptions options;
    options.step = 0.1;
    options.features = true;
    const auto flow = collapse_flow(model, h0, 1.0, options);
    const MatrixXd expected = plain_flow(model, h0, 0.1, 10);
    EXPECT_LT((flow.features - expected).norm(), 1e-11 * expected.norm()) << c.d;
    const auto m = collapse_metrics(flow.features, c.labels);
    EXPECT_NEAR(flow.points.back().nc1_trace, m.nc1_trace, 1e-11 * m.nc1_trace);
    EXPECT_NEAR(flow.points.back().nc1, m.nc1, 1e-10 * m.nc1);
    options.features = false;
    EXPECT_NEAR(collapse_flow(model, h0, 1.0, options).points.back().nc1_trace, m.nc1_trace, 1e-11 * m.nc1_trace);
  }
}

TEST(CollapseFlowTest, ViolationsAreCounted) {
  CollapseFlow flow;
  flow.points.resize(3);
  flow.points[0] = {0, 3, 0, 0, 0, 0, 2, 1};
  flow.points[1] = {1, 2, 0, 0, 0, 0, 2, 2};    // scaled_within stands still
  flow.points[2] = {2, 2.5, 0, 0, 0, 0, 1, 1};  // NC1~ rises, scaled_between falls
  EXPECT_EQ(flow.violations(), 3);
}

TEST(CollapseFlowTest, BadInput) {
  const auto model = oracle::small_model();
  const MatrixXd h = oracle::small_h0();
  EXPECT_THROW((void)collapse_flow(model, h, 0.0), InputError);
  EXPECT_THROW((void)collapse_flow(model, h, 1.0, {.step = 0.0}), InputError);
  EXPECT_THROW((void)collapse_flow(model, h, 1.0, {.checkpoints = 0}), InputError);
  EXPECT_THROW((void)collapse_flow(model, 1e3 * h, 1e6, {.step = 1e4}), InputError);
}

}  // namespace
}  // namespace offprint::landscape
