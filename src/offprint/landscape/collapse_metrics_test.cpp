#include "offprint/landscape/collapse_metrics.hpp"

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "collapse_oracles.hpp"
#include "offprint/core/error.hpp"

namespace offprint::landscape {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;
using ::testing::AllOf;
using ::testing::HasSubstr;

template <class F>
std::string refusal(const F& f) {
  try {
    f();
  } catch (const InputError& error) {
    return error.what();
  }
  return "(nothing was thrown)";
}

ClassLabels labels_of(std::initializer_list<std::int64_t> values) {
  return ClassLabels(std::vector<std::int64_t>(values));
}

// The definitions, by the d x d matrices.
struct Plain {
  double nc1_trace, nc1, nc2;
};
Plain plain(const MatrixXd& h, const ClassLabels& labels) {
  const Index d = h.rows();
  const Index classes = labels.classes();
  MatrixXd means = MatrixXd::Zero(d, classes);
  for (Index i = 0; i < h.cols(); ++i)
    means.col(labels.of(i)) += h.col(i) / static_cast<double>(labels.size(labels.of(i)));
  MatrixXd within = MatrixXd::Zero(d, d);
  for (Index i = 0; i < h.cols(); ++i) {
    const VectorXd v = h.col(i) - means.col(labels.of(i));
    within += v * v.transpose() / static_cast<double>(labels.size(labels.of(i)) * classes);
  }
  const MatrixXd centred = means.colwise() - VectorXd(means.rowwise().mean());
  const MatrixXd between = centred * centred.transpose() / static_cast<double>(classes);
  Eigen::CompleteOrthogonalDecomposition<MatrixXd> inverse;
  inverse.setThreshold(1e-10);
  inverse.compute(between);
  const MatrixXd m = centred.transpose() * centred;
  MatrixXd frame = MatrixXd::Identity(classes, classes);
  frame.array() -= 1.0 / static_cast<double>(classes);
  frame /= std::sqrt(static_cast<double>(classes - 1));
  return {within.trace() / between.trace(), (within * inverse.pseudoInverse()).trace() / static_cast<double>(classes),
          (m / m.norm() - frame).norm()};
}

TEST(CollapseMetrics, OracleOfTwoClasses) {
  const auto m = collapse_metrics(oracle::small_h0(), ClassLabels::balanced(2, 2));
  EXPECT_NEAR(m.nc1_trace, 0.335766423358, 1e-12);
  EXPECT_NEAR(m.nc1, 0.0644680057542, 1e-13);
  EXPECT_NEAR(m.nc2, 0.0, 1e-15);  // always, with two classes
  EXPECT_EQ(m.rank, 1);
}

TEST(CollapseMetrics, OracleOfThreeClasses) {
  const auto m = collapse_metrics(oracle::wave_h0(), ClassLabels::balanced(3, 20));
  EXPECT_NEAR(m.nc1_trace, 7.58869634788, 1e-11);
  EXPECT_NEAR(m.nc1, 1.66229120579, 1e-11);
  EXPECT_NEAR(m.nc2, .208125873005, 1e-12);
  EXPECT_EQ(m.rank, 2);
}

TEST(CollapseMetrics, AgreesWithTheDefinitionsWhenUnbalanced) {
  const MatrixXd h = oracle::normal(7, 30, 3);
  std::vector<std::int64_t> labels;
  for (int i = 0; i < 30; ++i) labels.push_back(i % 2 == 0 ? 5 : (i % 3 == 0 ? -1 : 8));
  const ClassLabels classes(labels);
  ASSERT_FALSE(classes.is_balanced());
  const auto m = collapse_metrics(h, classes);
  const auto expected = plain(h, classes);
  EXPECT_NEAR(m.nc1_trace, expected.nc1_trace, 1e-12 * expected.nc1_trace);
  EXPECT_NEAR(m.nc1, expected.nc1, 1e-11 * expected.nc1);
  EXPECT_NEAR(m.nc2, expected.nc2, 1e-13);
  EXPECT_NEAR(m.class_within.mean(), m.trace_within, 1e-14);
}

TEST(CollapseMetrics, ShiftsRotationsAndScalesChangeNothing) {
  const MatrixXd h = oracle::wave_h0();
  const auto labels = ClassLabels::balanced(3, 20);
  const auto a = collapse_metrics(h, labels);
  const MatrixXd scaled = 17.5 * h;
  const MatrixXd shifted = h.colwise() + VectorXd::LinSpaced(6, -3, 20);
  const MatrixXd rotated = oracle::orthonormal(6, 6, 1) * h;
  for (const MatrixXd* other : {&scaled, &shifted, &rotated}) {
    const auto b = collapse_metrics(*other, labels);
    EXPECT_NEAR(b.nc1_trace, a.nc1_trace, 1e-12 * a.nc1_trace);
    EXPECT_NEAR(b.nc1, a.nc1, 1e-12 * a.nc1);
    EXPECT_NEAR(b.nc2, a.nc2, 1e-12);
    EXPECT_EQ(b.nearest_centre, a.nearest_centre);
  }
}

TEST(CollapseMetrics, CollapsedFeaturesAreZeroInEveryMeasure) {
  const Index d = 9;
  const auto labels = ClassLabels::balanced(4, 5);
  const CollapseModel model{labels, 0.3, 0.2};
  const MatrixXd frame = oracle::orthonormal(d, 4, 2);
  const MatrixXd h = collapsed_features(model, frame);
  CollapseMetricsOptions options;
  options.classifier = frame.transpose();
  // NC3 compares with centred means: the uncentred frame is off by its mean.
  const auto uncentred = collapse_metrics(h, labels, options);
  EXPECT_NEAR(*uncentred.nc3, std::sqrt(2 - 2 * std::sqrt(0.75)), 1e-12);
  options.classifier = (frame.colwise() - VectorXd(frame.rowwise().mean())).transpose() * 3.0;
  const auto m = collapse_metrics(h, labels, options);
  EXPECT_LT(m.nc1_trace, 1e-30);
  EXPECT_LT(m.nc1, 1e-30);
  EXPECT_LT(m.nc2, 1e-14);
  EXPECT_LT(*m.nc3, 1e-14);
  EXPECT_EQ(m.rank, 3);
  EXPECT_EQ(m.nearest_centre, 1.0);
}

TEST(CollapseMetrics, NoiseAroundASimplexHasItsExpectedTrace) {
  const Index d = 40;
  const Index n = 500;
  const double sigma = 0.1;
  const auto labels = ClassLabels::balanced(5, n);
  MatrixXd h = sigma * oracle::normal(d, 5 * n, 7);
  for (Index i = 0; i < h.cols(); ++i) h(labels.of(i), i) += 1.0;
  const auto m = collapse_metrics(h, labels);
  const double expected = static_cast<double>(d) * sigma * sigma * (n - 1.0) / n;
  // Five standard deviations of a chi square with 5 d (n-1) degrees of freedom.
  EXPECT_NEAR(m.trace_within, expected, 5 * expected * std::sqrt(2.0 / (5.0 * d * (n - 1.0))));
}

TEST(CollapseMetrics, NearestCentreCountsTheStrays) {
  MatrixXd h(2, 6);
  h << 0, 0.1, 5, 5, 5.1, 0.05, 0, 0, 0, 0, 0, 0.1;
  const auto m = collapse_metrics(h, labels_of({0, 0, 0, 1, 1, 1}));
  // Means 1.7 and 3.38: the third sample is nearer to class 1, the last to class 0.
  EXPECT_DOUBLE_EQ(m.nearest_centre, 4.0 / 6.0);
}

TEST(CollapseMetrics, PiecesAndThreadsChangeNoBit) {
  const MatrixXd h = oracle::normal(50, 20000, 11);
  std::vector<std::int64_t> values;
  for (int i = 0; i < 20000; ++i) values.push_back((i * 7) % 4);
  const ClassLabels labels(values);
  CollapseMetricsOptions one;
  one.parallel.threads = 1;
  CollapseMetricsOptions three;
  three.parallel.threads = 3;
  const auto a = collapse_metrics(h, labels, one);
  const auto b = collapse_metrics(h, labels, three);
  EXPECT_EQ(a.nc1_trace, b.nc1_trace);
  EXPECT_EQ(a.nc1, b.nc1);
  EXPECT_EQ(a.means, b.means);
  const auto expected = plain(h, labels);
  EXPECT_NEAR(a.nc1_trace, expected.nc1_trace, 1e-10 * expected.nc1_trace);
  EXPECT_NEAR(a.nc1, expected.nc1, 1e-9 * expected.nc1);
  // Single precision is read as it is.
  const Eigen::MatrixXf f = h.cast<float>();
  const MatrixXd rounded = f.cast<double>();
  EXPECT_EQ(collapse_metrics(feature_source(f), labels).nc1, collapse_metrics(rounded, labels).nc1);
}

TEST(CollapseMetrics, BadInput) {
  const auto labels = ClassLabels::balanced(2, 2);
  const MatrixXd h = oracle::small_h0();
  EXPECT_THAT(refusal([] { (void)labels_of({3, 3, 3}); }), HasSubstr("at least 2"));
  EXPECT_THAT(refusal([] { (void)labels_of({3, 3, 7}); }), AllOf(HasSubstr("class 7"), HasSubstr("at least 2")));
  EXPECT_THAT(refusal([] { (void)ClassLabels(VectorXd::LinSpaced(3, 0, 1)); }),
              AllOf(HasSubstr("row 2 is 0.5"), HasSubstr("integers")));
  EXPECT_THAT(refusal([&] { (void)collapse_metrics(h.leftCols(3).eval(), labels); }), HasSubstr("4 labels for 3 rows"));
  MatrixXd bad = h;
  bad(1, 2) = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THAT(refusal([&] { (void)collapse_metrics(bad, labels); }), HasSubstr("row 3 hold a NaN"));
  bad(1, 2) = std::numeric_limits<double>::infinity();
  EXPECT_THAT(refusal([&] { (void)collapse_metrics(bad, labels); }), HasSubstr("row 3"));
  MatrixXd same(2, 4);
  same << 1, 2, 1, 2, 4, 6, 6, 4;
  EXPECT_THAT(refusal([&] { (void)collapse_metrics(same, labels); }),
              HasSubstr("all class means coincide: Tr Sigma_B = 0 and NC1 is undefined"));
  CollapseMetricsOptions options;
  options.classifier = MatrixXd::Ones(3, 2);
  EXPECT_THAT(refusal([&] { (void)collapse_metrics(h, labels, options); }), HasSubstr("need 2 x 3"));
}

TEST(ClassLabelsTest, BalancedSubsetKeepsTheFirstOfEach) {
  const auto labels = labels_of({1, 9, 1, 1, 9, 1});
  EXPECT_EQ(labels.balanced_subset(), (std::vector<Index>{0, 1, 2, 4}));
  const auto kept = labels.subset(labels.balanced_subset());
  EXPECT_TRUE(kept.is_balanced());
  EXPECT_EQ(kept.label(1), 9);
}

}  // namespace
}  // namespace offprint::landscape
