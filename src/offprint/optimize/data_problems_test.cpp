// Softmax regression, hyper-cleaning and penalty selection: derivatives, dense against sparse, batches, threads.
#include <cmath>

#include <Eigen/SparseCore>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "offprint/core/error.hpp"
#include "offprint/optimize/bilevel_check.hpp"
#include "offprint/optimize/hyper_cleaning.hpp"
#include "offprint/optimize/l2_selection.hpp"
#include "offprint/optimize/penalty_bilevel.hpp"

namespace offprint::optimize {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;
using ::testing::HasSubstr;

struct Data {
  MatrixXd x;  // d x n, half of the entries zero
  std::vector<int> labels;
};

Data random_data(Index n, Index d, int classes, std::uint64_t seed) {
  Stream random(seed, "data");
  Data out{MatrixXd::Zero(d, n), std::vector<int>(static_cast<std::size_t>(n))};
  for (Index i = 0; i < n; ++i) {
    for (Index j = 0; j < d; ++j)
      if (random.uniform() < 0.5) out.x(j, i) = random.normal();
    out.labels[static_cast<std::size_t>(i)] = static_cast<int>(random.below(static_cast<std::uint64_t>(classes)));
  }
  return out;
}

VectorXd random_vector(Index n, std::uint64_t seed) {
  VectorXd v(n);
  Stream random(seed, "vector");
  for (double& entry : v) entry = random.normal();
  return v;
}

SoftmaxRegression dense(const Data& data, int classes, unsigned threads = 1) {
  return {DesignRows(data.x), data.labels, classes, {.threads = threads}};
}
SoftmaxRegression sparse(const Data& data, int classes) {
  const MatrixXd rows = data.x.transpose();
  return {DesignRows(io::SparseRows(rows.sparseView())), data.labels, classes};
}

TEST(SoftmaxRegression, OneRowByHand) {
  const Data three{MatrixXd::Constant(1, 1, 2), {1}};
  const VectorXd w = Eigen::Vector3d(0.1, 0.2, -0.3);
  const auto model = dense(three, 3);
  const double sum = std::exp(0.2) + std::exp(0.4) + std::exp(-0.6);
  EXPECT_NEAR(model.loss(w), std::log(sum) - 0.4, 1e-15);
  const Data two{MatrixXd::Constant(1, 1, 2), {0}};
  EXPECT_NEAR(dense(two, 2).loss(VectorXd::Constant(1, 0.7)), std::log1p(std::exp(1.4)), 1e-15);
  // No overflow, and no loss where the prediction is certain and right.
  EXPECT_NEAR(dense(two, 2).loss(VectorXd::Constant(1, 1e4)), 2e4, 1e-9);
  EXPECT_EQ(dense(two, 2).loss(VectorXd::Constant(1, -1e4)), 0);
}

class DataProblems : public ::testing::TestWithParam<int> {};

TEST_P(DataProblems, DenseAndSparseAgreeWithDifferences) {
  const int classes = GetParam();
  const Data data = random_data(300, 12, classes, 1);
  const auto a = dense(data, classes);
  const auto b = sparse(data, classes);
  const VectorXd w = random_vector(a.parameters(), 2);
  const VectorXd v = random_vector(a.parameters(), 3);
  const VectorXd s = random_vector(300, 4).cwiseAbs();
  VectorXd gradient;
  VectorXd other;
  EXPECT_NEAR(a.gradient(w, gradient, s), a.loss(w, s), 1e-13);
  b.gradient(w, other, s);
  EXPECT_NEAR((gradient - other).norm(), 0, 1e-13);
  const double h = 1e-5;
  EXPECT_NEAR(gradient.dot(v), (a.loss(w + h * v, s) - a.loss(w - h * v, s)) / (2 * h), 1e-8);
  VectorXd above;
  VectorXd below;
  VectorXd product;
  a.gradient(w + h * v, above, s);
  a.gradient(w - h * v, below, s);
  a.curvature(w, v, product, s);
  EXPECT_NEAR((product - (above - below) / (2 * h)).norm(), 0, 1e-8);
  b.curvature(w, v, other, s);
  EXPECT_NEAR((product - other).norm(), 0, 1e-13);
  VectorXd slopes;
  a.slopes(w, v, slopes);
  EXPECT_NEAR((slopes.array() * s.array()).mean(), gradient.dot(v), 1e-13);
  b.slopes(w, v, other);
  EXPECT_NEAR((slopes - other).norm(), 0, 1e-12);
  EXPECT_EQ(a.predict(w), b.predict(w));
  EXPECT_EQ(a.outputs(), classes == 2 ? 1 : classes);
}

TEST_P(DataProblems, ProblemsPassTheDerivativeCheck) {
  const int classes = GetParam();
  const auto train = dense(random_data(60, 7, classes, 1), classes);
  const auto validation = sparse(random_data(30, 7, classes, 2), classes);
  const HyperCleaning cleaning(train, validation, {.ridge = 0.01});
  for (const auto& check :
       check_gradients(cleaning, random_vector(60, 5), random_vector(cleaning.dimension_y(), 6), Stream(1, "check")))
    EXPECT_LE(check.error, 2e-9) << check.name;
  const L2Selection selection(train, validation, {.groups = {0, 1, 2, 0, 1, 2, -1}});
  for (const auto& check :
       check_gradients(selection, random_vector(3, 5), random_vector(selection.dimension_y(), 6), Stream(1, "check")))
    EXPECT_LE(check.error, 1e-8) << check.name;
}

TEST_P(DataProblems, OraclesAgreeWithDifferencesOfPsi) {
  const int classes = GetParam();
  const auto train = dense(random_data(60, 5, classes, 1), classes);
  const auto validation = dense(random_data(30, 5, classes, 2), classes);
  const std::vector<HypergradientMethod> methods{ExactImplicit{}, ConjugateGradient{.tolerance = 1e-12},
                                                 PenaltyGradient{.sigma = 1e-4, .inner = {.tolerance = 1e-12}}};
  const HyperCleaning cleaning(train, validation, {.ridge = 0.05});
  const L2Selection selection(train, validation, {.groups = {0, 1, 2, 3, -1}});
  for (const BilevelProblem* problem :
       {static_cast<const BilevelProblem*>(&cleaning), static_cast<const BilevelProblem*>(&selection)}) {
    const VectorXd x = random_vector(problem->dimension_x(), 7);
    const auto checks =
        check_hypergradient(*problem, x, VectorXd::Zero(problem->dimension_y()), methods, Stream(1, "check"));
    EXPECT_LE(checks[0].error, 1e-7) << checks[0].refused;
    EXPECT_LE(checks[1].error, 1e-7) << checks[1].refused;
    EXPECT_LE(checks[2].error, 1e-3) << checks[2].refused;
  }
}

INSTANTIATE_TEST_SUITE_P(TwoAndManyClasses, DataProblems, ::testing::Values(2, 4));

TEST(SoftmaxRegression, ThreadsChangeNoBit) {
  const Data data = random_data(9000, 40, 5, 1);
  const auto one = dense(data, 5, 1);
  const auto three = dense(data, 5, 3);
  const VectorXd w = random_vector(one.parameters(), 2);
  VectorXd a;
  VectorXd b;
  EXPECT_EQ(one.gradient(w, a), three.gradient(w, b));
  EXPECT_EQ(a, b);
}

TEST(HyperCleaning, BatchesAreUnbiasedAndBelongToTheSample) {
  const auto train = dense(random_data(40, 4, 3, 1), 3);
  const auto validation = dense(random_data(20, 4, 3, 2), 3);
  const HyperCleaning full(train, validation, {});
  const HyperCleaning batches(train, validation, {.lower_batch = 5, .upper_batch = 4, .seed = 3});
  const VectorXd x = random_vector(40, 4);
  const VectorXd y = random_vector(12, 5);
  const VectorXd z = random_vector(12, 6);
  VectorXd mean_lower = VectorXd::Zero(12);
  VectorXd mean_difference = VectorXd::Zero(40);
  VectorXd out;
  constexpr int kDraws = 20'000;
  for (std::uint64_t k = 0; k < kDraws; ++k) {
    batches.g_y(x, y, out, Sample{k});
    mean_lower += out / kDraws;
    batches.g_x_difference(x, y, z, out, Sample{k});
    mean_difference += out / kDraws;
  }
  full.g_y(x, y, out);
  EXPECT_NEAR((mean_lower - out).norm() / out.norm(), 0, 0.02);
  full.g_x_difference(x, y, z, out);
  EXPECT_NEAR((mean_difference - out).norm() / out.norm(), 0, 0.04);
  VectorXd again;
  batches.g_y(x, y, out, Sample{7});
  batches.g_y(x, y, again, Sample{7});
  EXPECT_EQ(out, again);
  EXPECT_EQ(batches.rows_lower(Sample{7}), 5U);
  EXPECT_EQ(batches.rows_lower(Sample{}), 40U);
}

// Two clouds, a third of the training labels flipped: the flipped rows lose their weight.
TEST(HyperCleaning, FindsFlippedLabels) {
  Stream random(1, "clouds");
  const auto clouds = [&](Index n) {
    Data out{MatrixXd::Ones(3, n), std::vector<int>(static_cast<std::size_t>(n))};
    for (Index i = 0; i < n; ++i) {
      const int label = static_cast<int>(random.below(2));
      out.labels[static_cast<std::size_t>(i)] = label;
      out.x(0, i) = random.normal() + (label == 1 ? 2 : -2);
      out.x(1, i) = random.normal();
    }
    return out;
  };
  Data bad = clouds(200);
  std::vector<bool> flipped(200);
  for (std::size_t i = 0; i < 200; ++i)
    if (random.uniform() < 0.33) {
      flipped[i] = true;
      bad.labels[i] = 1 - bad.labels[i];
    }
  const auto train = dense(bad, 2);
  const auto validation = dense(clouds(60), 2);
  const HyperCleaning problem(train, validation, {});
  const auto r =
      penalty_double_loop(problem, {VectorXd::Zero(200), {}, {}},
                          {.sigma = 0.1, .outer_step = 2000, .steps = 60, .inner_step = 1, .inner_steps = 10});
  double dirty = 0;
  double clean = 0;
  const VectorXd weights = HyperCleaning::weights(r.x);
  for (Index i = 0; i < 200; ++i) (flipped[static_cast<std::size_t>(i)] ? dirty : clean) += weights[i];
  const auto count = static_cast<double>(std::count(flipped.begin(), flipped.end(), true));
  EXPECT_LT(dirty / count, 0.5 * clean / (200 - count));
}

TEST(DataProblems, SayWhatIsWrong) {
  const auto refusal = [](auto&& f) -> std::string {
    try {
      f();
    } catch (const InputError& error) {
      return error.what();
    }
    return "no InputError";
  };
  const Data data = random_data(6, 3, 2, 1);
  EXPECT_THAT(refusal([&] { SoftmaxRegression(DesignRows(data.x), {0, 1}, 2); }), HasSubstr("2 labels for 6 rows"));
  EXPECT_THAT(refusal([&] { SoftmaxRegression(DesignRows(data.x), {0, 1, 0, 1, 2, 0}, 2); }), HasSubstr("row 5 is 2"));
  EXPECT_THAT(refusal([&] { SoftmaxRegression(DesignRows(data.x), data.labels, 1); }), HasSubstr("at least 2"));
  EXPECT_THAT(refusal([&] { SoftmaxRegression(DesignRows(MatrixXd(3, 0)), {}, 2); }), HasSubstr("no rows"));
  const auto train = dense(data, 2);
  const auto narrow = dense(random_data(6, 2, 2, 1), 2);
  const auto many = dense(random_data(6, 3, 3, 1), 3);
  EXPECT_THAT(refusal([&] { HyperCleaning(train, narrow, {}); }), HasSubstr("has 2 features, the training set 3"));
  EXPECT_THAT(refusal([&] { HyperCleaning(train, many, {}); }), HasSubstr("has 3 classes, the training set 2"));
  EXPECT_THAT(refusal([&] { HyperCleaning(train, train, {.ridge = -1}); }), HasSubstr("ridge"));
  EXPECT_THAT(refusal([&] { L2Selection(train, train, {.groups = {0, 1}}); }), HasSubstr("2 groups for 3 features"));
  EXPECT_THAT(refusal([&] { L2Selection(train, train, {.groups = {0, 2, 2}}); }), HasSubstr("group 1 has no feature"));
  EXPECT_THAT(refusal([&] {
                L2Selection(train, train, {.groups = {0, 0, 0}, .lowest = 1, .highest = 0});
              }),
              HasSubstr("X is empty"));
}

}  // namespace
}  // namespace offprint::optimize
