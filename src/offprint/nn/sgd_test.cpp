// Optimiser steps by hand, schedules, and batches that go on after a restart.
#include "offprint/nn/sgd.hpp"

#include <algorithm>
#include <cmath>
#include <set>
#include <vector>

#include <gtest/gtest.h>

#include "offprint/core/archive.hpp"
#include "offprint/core/error.hpp"

namespace offprint::nn {
namespace {

using Eigen::VectorXd;

TEST(Sgd, MomentumAndCoupledDecay) {
  Sgd sgd({.learning_rate = 0.1, .momentum = 0.9, .weight_decay = VectorXd::Constant(1, 0.5)});
  VectorXd theta = VectorXd::Constant(1, 2.0);
  VectorXd g = VectorXd::Constant(1, 1.0);
  sgd.step(theta, g);  // v = 1 + .5 * 2 = 2
  EXPECT_DOUBLE_EQ(theta[0], 1.8);
  g[0] = 1.0;
  sgd.step(theta, g);  // v = .9 * 2 + 1 + .5 * 1.8 = 3.7
  EXPECT_DOUBLE_EQ(theta[0], 1.8 - 0.37);
}

TEST(Sgd, ClippingKeepsTheDirection) {
  Sgd sgd({.learning_rate = 1.0, .clip_norm = 5.0});
  VectorXd theta = VectorXd::Zero(2);
  VectorXd g = (VectorXd(2) << 30, 40).finished();
  sgd.step(theta, g);
  EXPECT_NEAR(theta[0], -3.0, 1e-14);
  EXPECT_NEAR(theta[1], -4.0, 1e-14);
}

TEST(Sgd, RefusesWhatCannotWork) {
  EXPECT_THROW(Sgd({.learning_rate = 0.0}), InputError);
  EXPECT_THROW(Sgd({.momentum = 1.0}), InputError);
  Sgd sgd({.learning_rate = 1.0});
  VectorXd theta = VectorXd::Zero(1);
  VectorXd g = VectorXd::Constant(1, std::nan(""));
  EXPECT_THROW(sgd.step(theta, g), Error);
}

TEST(Schedules, Values) {
  const auto steps = step_decay({10, 20}, 0.1);
  EXPECT_DOUBLE_EQ(steps(9), 1.0);
  EXPECT_DOUBLE_EQ(steps(10), 0.1);
  EXPECT_NEAR(steps(25), 0.01, 1e-16);
  const auto cosine = cosine_decay(100, 0.2);
  EXPECT_DOUBLE_EQ(cosine(0), 1.0);
  EXPECT_NEAR(cosine(50), 0.6, 1e-15);
  EXPECT_DOUBLE_EQ(cosine(1000), 0.2);
  const auto warm = warm_up(4, step_decay({2}, 0.5));
  EXPECT_DOUBLE_EQ(warm(0), 0.25);
  EXPECT_DOUBLE_EQ(warm(3), 1.0);
  EXPECT_DOUBLE_EQ(warm(6), 0.5);
  EXPECT_THROW((void)step_decay({5, 2}), InputError);
}

TEST(BatchesTest, EveryEpochIsAPermutation) {
  Batches batches(10, 4, Stream(1, "batches"));
  std::vector<std::vector<std::size_t>> epochs;
  for (int epoch = 0; epoch < 2; ++epoch) {
    std::vector<std::size_t> seen;
    for (std::size_t b = 0; b < batches.per_epoch(); ++b) {
      const auto batch = batches.next();
      EXPECT_EQ(batch.size(), b < 2 ? 4u : 2u);
      seen.insert(seen.end(), batch.begin(), batch.end());
    }
    EXPECT_EQ(std::set<std::size_t>(seen.begin(), seen.end()).size(), 10u);
    epochs.push_back(seen);
  }
  EXPECT_NE(epochs[0], epochs[1]);
  Batches dropping(10, 4, Stream(1, "batches"), true);
  for (int b = 0; b < 7; ++b) EXPECT_EQ(dropping.next().size(), 4u);
  EXPECT_EQ(dropping.epoch(), 4u);
}

TEST(BatchesTest, GoOnAfterARestart) {
  Batches a(50, 7, Stream(1, "batches"));
  for (int i = 0; i < 10; ++i) (void)a.next();
  auto b = from_bytes<Batches>(to_bytes(a));
  for (int i = 0; i < 20; ++i) {
    const auto x = a.next();
    const auto y = b.next();
    EXPECT_TRUE(std::ranges::equal(x, y));
  }
}

TEST(Training, ReachesTheLeastSquaresSolution) {
  const VectorXd target = (VectorXd(3) << 1, -2, 3).finished();
  VectorXd theta = VectorXd::Zero(3);
  const BatchGradient pull = [&](const Eigen::Ref<const VectorXd>& t, std::span<const std::size_t> batch,
                                 Eigen::Ref<VectorXd> g) {
    g.setZero();
    for (const std::size_t i : batch)
      g[static_cast<Eigen::Index>(i)] += t[static_cast<Eigen::Index>(i)] - target[static_cast<Eigen::Index>(i)];
    return (t - target).squaredNorm();
  };
  int called = 0;
  train(pull, theta, 3, 2, 200, {.learning_rate = 0.2}, Stream(0, "train"), false,
        [&](std::int64_t, double) { ++called; });
  EXPECT_LT((theta - target).norm(), 1e-8);
  EXPECT_EQ(called, 200);
}

}  // namespace
}  // namespace offprint::nn
