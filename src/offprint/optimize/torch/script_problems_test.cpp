// Problems from TorchScript modules: the same numbers as the hand-written ones, any method on them, and what is
// refused.
#include <functional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "offprint/core/error.hpp"
#include "offprint/core/parallel.hpp"
#include "offprint/nn/mlp.hpp"
#include "offprint/nn/torch/networks.hpp"
#include "offprint/nn/torch/script_module.hpp"
#include "offprint/optimize/bilevel_check.hpp"
#include "offprint/optimize/bilevel_examples.hpp"
#include "offprint/optimize/gns.hpp"
#include "offprint/optimize/implicit_methods.hpp"
#include "offprint/optimize/penalty_bilevel.hpp"
#include "offprint/optimize/torch/script_bilevel.hpp"
#include "offprint/optimize/torch/script_objective.hpp"

namespace offprint::optimize {
namespace {

using Eigen::Index;
using Eigen::VectorXd;
using ::testing::HasSubstr;

using Buffers = std::vector<nn::ScriptTensor>;

// Problem R of bilevel_examples.hpp as a PyTorch user would write it.
nn::ScriptSource problem_r() {
  return {.methods = R"(
def f(self, x):
  y = self.y
  a = torch.stack([y[0] - 1.0, y[1] + 1.0, y[2] - 0.5])
  b = torch.stack([x[0] - 0.2, x[1] - 0.4])
  mixed = x[0] * (0.3 * y[0] - 0.2 * y[2]) + x[1] * (0.5 * y[1] + 0.1 * y[2])
  return 0.5 * a.square().sum() + 0.5 * b.square().sum() + mixed
def g(self, x):
  y = self.y
  return 0.5 * (y[0] + 2.0 * y[1] - x[0]) ** 2 + 0.5 * (y[1] + y[2] - 0.5 * x[0] + x[1]) ** 2
)",
          .parameters = {{"y", {3}, {0.3, 0.1, -0.8}}},
          .buffers = {{"x", {2}, {0.7, -0.4}}}};
}

// g = 1/2 |y - x|^2 with a sampled shift of x, f = 1/2 |y - 1|^2.
nn::ScriptSource shifted(Buffers boxes = {}) {
  Buffers buffers{{"x", {2}, {0.5, -2}}};
  buffers.insert(buffers.end(), boxes.begin(), boxes.end());
  return {.methods = R"(
def f(self, x):
  return 0.5 * (self.y - 1.0).square().sum() + 0.0 * x.sum()
def g(self, x, sample: int):
  shift = 0.0
  if sample >= 0:
    shift = 0.1 * float(sample % 2) - 0.05
  return 0.5 * (self.y - x - shift).square().sum()
)",
          .parameters = {{"y", {2}, {0, 0}}},
          .buffers = buffers};
}

TEST(ScriptBilevel, AgreesWithTheHandWrittenProblem) {
  const ScriptBilevel mine(nn::script_module(problem_r()));
  const ProblemR known;
  const VectorXd x = mine.start_x();
  const VectorXd y = mine.start_y();
  const VectorXd v = (VectorXd(3) << 0.5, -1.5, 2.0).finished();
  EXPECT_EQ(mine.dimension_x(), 2);
  EXPECT_EQ(mine.dimension_y(), 3);
  EXPECT_FALSE(mine.constrained_y());
  EXPECT_FALSE(mine.stochastic());
  EXPECT_NEAR(mine.f(x, y), known.f(x, y), 1e-14);
  EXPECT_NEAR(mine.g(x, y), known.g(x, y), 1e-14);
  using Oracle = void (BilevelProblem::*)(const VectorRef&, const VectorRef&, VectorXd&, const Sample&) const;
  for (const Oracle oracle : {&BilevelProblem::f_x, &BilevelProblem::f_y, &BilevelProblem::g_x, &BilevelProblem::g_y}) {
    VectorXd left;
    VectorXd right;
    (mine.*oracle)(x, y, left, {});
    (known.*oracle)(x, y, right, {});
    EXPECT_LT((left - right).norm(), 1e-14);
  }
  VectorXd left;
  VectorXd right;
  mine.hvp(x, y, v, left);
  known.hvp(x, y, v, right);
  EXPECT_LT((left - right).norm(), 1e-14);
  mine.jvp(x, y, v, left);
  known.jvp(x, y, v, right);
  EXPECT_LT((left - right).norm(), 1e-14);
  for (const auto& check : check_gradients(mine, x, y, Stream(1, "check"))) EXPECT_LE(check.error, 1e-8) << check.name;
}

TEST(ScriptBilevel, MethodsTakeTheSameSteps) {
  const ScriptBilevel mine(nn::script_module(problem_r()));
  const ProblemR known;
  const DoubleLoopOptions how{.sigma = 0.05, .outer_step = 0.05, .steps = 30, .inner_step = 0.15, .inner_steps = 10};
  const auto left = penalty_double_loop(mine, {mine.start_x(), mine.start_y(), mine.start_y()}, how);
  const auto right = penalty_double_loop(known, {mine.start_x(), mine.start_y(), mine.start_y()}, how);
  EXPECT_LT((left.x - right.x).norm() + (left.y - right.y).norm(), 1e-12);
  const StocBioOptions series{.steps = 20, .learning_rate = 0.05, .lower_step = 0.1, .neumann_step = 0.1};
  EXPECT_LT((stoc_bio(mine, mine.start_x(), mine.start_y(), series).x -
             stoc_bio(known, mine.start_x(), mine.start_y(), series).x)
                .norm(),
            1e-12);
}

TEST(ScriptBilevel, SamplesAreTheModules) {
  const ScriptBilevel problem(nn::script_module(shifted()));
  EXPECT_TRUE(problem.stochastic());
  const VectorXd y = VectorXd::Zero(2);
  VectorXd exact;
  VectorXd even;
  VectorXd odd;
  problem.g_y(problem.start_x(), y, exact);
  problem.g_y(problem.start_x(), y, even, {4});
  problem.g_y(problem.start_x(), y, odd, {7});
  EXPECT_LT((even - exact - VectorXd::Constant(2, 0.05)).norm(), 1e-15);
  EXPECT_LT((odd - exact + VectorXd::Constant(2, 0.05)).norm(), 1e-15);
}

TEST(ScriptBilevel, BoxesComeWithTheModule) {
  const ScriptBilevel problem(
      nn::script_module(shifted({{"x_lower", {2}, {-1, -1}}, {"x_upper", {}, {0.25}}, {"y_lower", {1}, {0}}})));
  VectorXd x = problem.start_x();
  problem.project_x(x);
  EXPECT_EQ(x, Eigen::Vector2d(0.25, -1));
  VectorXd y = Eigen::Vector2d(3, -2);
  problem.project_y(y);
  EXPECT_EQ(y, Eigen::Vector2d(3, 0));
  EXPECT_TRUE(problem.constrained_y());
}

TEST(ScriptBilevel, SavesWhatWasFound) {
  const ScriptBilevel problem(nn::script_module(shifted()));
  const auto path = std::filesystem::path(OFFPRINT_BINARY_DIR) / "script-bilevel-test.pt";
  problem.save(Eigen::Vector2d(3, 4), path);
  const ScriptBilevel again(nn::ScriptModel::load(path));
  EXPECT_EQ(again.start_y(), Eigen::Vector2d(3, 4));
  EXPECT_EQ(again.start_x(), problem.start_x());
  std::filesystem::remove(path);
}

// The parameters have one place; each call must see its own.
TEST(ScriptBilevel, ThreadsDoNotMeet) {
  const ScriptBilevel problem(nn::script_module(shifted()));
  std::vector<double> values(200);
  parallel_for(values.size(), {.threads = 4}, [&](std::size_t i) {
    values[i] = problem.f(problem.start_x(), VectorXd::Constant(2, 1 + static_cast<double>(i)));
  });
  for (std::size_t i = 0; i < values.size(); ++i) EXPECT_DOUBLE_EQ(values[i], static_cast<double>(i * i));
}

TEST(ScriptBilevel, SaysWhatIsWrong) {
  const auto refusal = [](nn::ScriptSource source) -> std::string {
    try {
      const ScriptBilevel problem(nn::script_module(source));
    } catch (const InputError& error) {
      return error.what();
    }
    return "no InputError";
  };
  EXPECT_THAT(refusal(shifted({{"x_lower", {}, {1}}, {"x_upper", {}, {0}}})), HasSubstr("the box of x is empty"));
  EXPECT_THAT(refusal(shifted({{"y_upper", {3}, {1, 1, 1}}})), HasSubstr("an entry for each of the 2 variables of y"));
  nn::ScriptSource only_g = shifted();
  only_g.methods = "def g(self, x):\n  return x.sum()\n";
  EXPECT_THAT(refusal(only_g), HasSubstr("no method 'f'"));
  nn::ScriptSource no_x = shifted();
  no_x.buffers.clear();
  EXPECT_THAT(refusal(no_x), HasSubstr("register a buffer 'x'"));
}

// Softmax regression as a network: the objective, its kinds, and the paper's method to the minimum.
TEST(ScriptObjective, IsALossWithItsCurvature) {
  const nn::Labelled data = nn::gaussian_blobs(3, 4, 60, 1.5, Stream(1, "blobs"));
  const nn::Mlp net({4, 5, 3}, nn::Activation::kTanh);
  VectorXd theta(net.parameters());
  Stream(2, "theta").fill_normal({theta.data(), static_cast<std::size_t>(theta.size())});
  const double l2 = 0.01;
  const ScriptObjective objective(nn::script_mlp(net, theta), data, l2);
  EXPECT_EQ(objective.dimension(), theta.size());
  EXPECT_EQ(objective.start(), theta);
  const Point at = evaluated(objective, theta);
  const VectorXd v = VectorXd::Unit(theta.size(), 3) - 0.5 * VectorXd::Unit(theta.size(), 11);
  const double h = 1e-5;
  const Point up = evaluated(objective, theta + h * v);
  const Point down = evaluated(objective, theta - h * v);
  EXPECT_NEAR((up.value - down.value) / (2 * h), at.gradient.dot(v), 1e-8);
  Eigen::MatrixXd hv(theta.size(), 1);
  std::get<OperatorCurvature>(objective.curvature(at, HessianKind::kExact)).product.apply(v, hv);
  EXPECT_LT(((up.gradient - down.gradient) / (2 * h) - hv).norm(), 1e-7);
  for (const HessianKind kind : {HessianKind::kGaussNewton, HessianKind::kFisher}) {
    std::get<OperatorCurvature>(objective.curvature(at, kind)).product.apply(v, hv);
    EXPECT_GE(v.dot(hv.col(0)), l2 * v.squaredNorm());
  }
  EXPECT_FALSE(objective.supports(HessianKind::kDiagonal));
  const auto end = minimize_gns(objective, Metric::identity(objective.dimension()), theta,
                                {.hessian = HessianKind::kGaussNewton, .stop = {.gradient_tolerance = 1e-6}});
  EXPECT_EQ(end.status, "gradient");
  EXPECT_LT(end.point.value, at.value);
  EXPECT_GT(objective.accuracy(end.point.x), objective.accuracy(theta) - 1e-12);
}

}  // namespace
}  // namespace offprint::optimize
