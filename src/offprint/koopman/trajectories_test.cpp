#include "offprint/koopman/trajectories.hpp"

#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "offprint/core/error.hpp"

namespace offprint::koopman {
namespace {

using Eigen::MatrixXd;
using Eigen::VectorXd;
using testing::HasSubstr;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

template <class F>
std::string refusal(F&& f) {
  try {
    f();
  } catch (const InputError& e) {
    return e.what();
  }
  return "no InputError";
}

// Part p holds p * 100 + row in column 0 and its negative in column 1.
Trajectories counted(std::vector<Index> lengths) {
  Trajectories t;
  t.columns = {"u", "v"};
  for (std::size_t p = 0; p < lengths.size(); ++p) {
    MatrixXd part(lengths[p], 2);
    for (Index r = 0; r < lengths[p]; ++r) {
      part(r, 0) = static_cast<double>(p) * 100.0 + static_cast<double>(r);
      part(r, 1) = -part(r, 0);
    }
    t.parts.push_back(part);
  }
  return t;
}

TEST(Pairs, NeverStraddleTrajectories) {
  const auto pairs = make_pairs(counted({4, 1, 3}));
  ASSERT_EQ(pairs.count(), 5);
  for (Index m = 0; m < 5; ++m) EXPECT_EQ(pairs.y(m, 0) - pairs.x(m, 0), 1.0);
  EXPECT_EQ(pairs.trajectory, (std::vector<Index>{0, 0, 0, 2, 2}));
  EXPECT_FALSE(pairs.one_orbit);
  EXPECT_NEAR(pairs.weights.sum(), 1.0, 1e-15);
  ASSERT_EQ(pairs.notes.size(), 1U);
  EXPECT_THAT(pairs.notes[0], HasSubstr("1 trajectories of a single snapshot"));
  EXPECT_TRUE(make_pairs(counted({4})).one_orbit);
}

TEST(Pairs, TrapezoidHalvesTheEnds) {
  const auto pairs = make_pairs(counted({5}), WeightRule::trapezoid);
  const VectorXd expected = (VectorXd(4) << 0.5, 1, 1, 0.5).finished() / 3.0;
  EXPECT_LT((pairs.weights - expected).norm(), 1e-15);
}

TEST(Pairs, TwoTables) {
  const MatrixXd t = counted({5}).parts[0];
  EXPECT_TRUE(make_pairs(t.topRows(4), t.bottomRows(4)).one_orbit);
  MatrixXd y = t.bottomRows(4);
  y(1, 0) += 0.5;
  EXPECT_FALSE(make_pairs(t.topRows(4), y).one_orbit);
  EXPECT_THAT(refusal([&] { (void)make_pairs(t.topRows(4), t.bottomRows(3)); }),
              HasSubstr("X is 4 x 2 but Y is 3 x 2"));
  y(2, 1) = std::numeric_limits<double>::infinity();
  EXPECT_THAT(refusal([&] { (void)make_pairs(t.topRows(4), y); }), HasSubstr("infinite value in Y at row 3, column 2"));
}

TEST(Pairs, BadTrajectories) {
  EXPECT_THAT(refusal([] { (void)make_pairs(counted({1})); }), HasSubstr("1 snapshot and no two"));
  EXPECT_THAT(refusal([] { (void)make_pairs(Trajectories{}); }), HasSubstr("no trajectory"));
  auto t = counted({4, 4});
  t.parts[1](2, 1) = kNan;
  EXPECT_THAT(refusal([&] { (void)make_pairs(t); }),
              testing::AllOf(HasSubstr("NaN at trajectory 2, row 3, column 2 (v)"), HasSubstr("--drop-gaps")));
  EXPECT_THAT(refusal([] { require_pairs(80, 200); }), HasSubstr("M=80 pairs < N=200 functions"));
  EXPECT_NO_THROW(require_pairs(200, 200));
}

TEST(Pairs, Weights) {
  auto pairs = make_pairs(counted({4}));
  set_weights(pairs, (VectorXd(3) << 1, 2, 1).finished());
  EXPECT_DOUBLE_EQ(pairs.weights(1), 0.5);
  ASSERT_EQ(pairs.notes.size(), 1U);
  EXPECT_THAT(pairs.notes[0], HasSubstr("summed to 4"));
  EXPECT_THAT(refusal([&] { set_weights(pairs, (VectorXd(3) << 1, -2, 1).finished()); }), HasSubstr("weight 2 is -2"));
  EXPECT_THAT(refusal([&] { set_weights(pairs, VectorXd::Zero(3)); }), HasSubstr("all weights are 0"));
  EXPECT_THAT(refusal([&] { set_weights(pairs, VectorXd::Ones(2)); }), HasSubstr("2 weights for 3 pairs"));
}

TEST(Gaps, CutAndCount) {
  auto t = counted({10});
  t.parts[0](3, 0) = kNan;
  t.parts[0](5, 1) = kNan;
  const auto report = drop_gaps(t);  // rows 0-2 | 4 alone | 6-9
  EXPECT_EQ(report.pieces, 2);
  EXPECT_EQ(report.rows_dropped, 3);
  EXPECT_EQ(make_pairs(report.data).count(), 2 + 3);
  t.parts[0].col(0).setConstant(kNan);
  EXPECT_THAT(refusal([&] { (void)drop_gaps(t); }), HasSubstr("no two consecutive complete snapshots"));
}

TEST(Gaps, DelaysDoNotReachAcross) {
  auto t = counted({10});
  t.parts[0](4, 0) = kNan;
  const auto embedded = delay_embed(drop_gaps(t).data, 3);
  ASSERT_EQ(embedded.parts.size(), 2U);
  EXPECT_EQ(embedded.parts[0].rows(), 2);
  EXPECT_EQ(embedded.parts[1].rows(), 3);
  for (const auto& part : embedded.parts)
    for (Index r = 0; r < part.rows(); ++r) EXPECT_EQ(part(r, 2), part(r, 0) + 2.0);
}

TEST(SplitById, GroupsRowsInOrder) {
  MatrixXd table(5, 3);
  table << 1, 7, 10, 1, 8, 11, 1, 7, 12, 1, 8, 13, 1, 7, 14;
  const auto t = split_by_id(table, 1, 0.1, {"a", "id", "b"});
  ASSERT_EQ(t.parts.size(), 2U);
  EXPECT_EQ(t.parts[0].col(1), (VectorXd(3) << 10, 12, 14).finished());
  EXPECT_EQ(t.columns, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(make_pairs(t).count(), 3);
  EXPECT_THAT(refusal([&] { (void)split_by_id(table, 3); }), HasSubstr("column 4 does not exist"));
  table(2, 1) = kNan;
  EXPECT_THAT(refusal([&] { (void)split_by_id(table, 1); }), HasSubstr("id at row 3 is NaN"));
}

TEST(TimeColumn, NamesTheFirstBadStep) {
  VectorXd time = VectorXd::LinSpaced(11, 0.0, 1.0);
  EXPECT_NEAR(uniform_step(time), 0.1, 1e-15);
  time(7) += 0.02;
  EXPECT_THAT(refusal([&] { (void)uniform_step(time); }), HasSubstr("from row 7 to row 8"));
  time(7) = 0.0;
  EXPECT_THAT(refusal([&] { (void)uniform_step(time); }), HasSubstr("does not increase from row 7"));
  EXPECT_THAT(refusal([&] { (void)uniform_step(time.head(1)); }), HasSubstr("at least two times"));
}

TEST(Delays, ShapeNamesAndRefusals) {
  const auto e = delay_embed(counted({8, 3}), 2, 3);
  ASSERT_EQ(e.parts.size(), 1U);  // the second part is too short
  EXPECT_EQ(e.parts[0].rows(), 5);
  EXPECT_EQ(e.parts[0].cols(), 4);
  EXPECT_EQ(e.parts[0](1, 1), 4.0);
  EXPECT_EQ(e.parts[0](1, 3), -4.0);
  EXPECT_EQ(e.columns[3], "v(t+3)");
  EXPECT_THAT(refusal([] { (void)delay_embed(counted({8}), 5, 2); }),
              HasSubstr("need 9 snapshots in a row, the longest trajectory has 8"));
  EXPECT_THAT(refusal([] { (void)delay_embed(counted({8}), 0); }), HasSubstr("0 delays"));
  EXPECT_THAT(refusal([] { (void)delay_embed(counted({8}), 2, 0); }), HasSubstr("stride of 0"));
}

TEST(Delays, ConstantColumn) {
  auto t = counted({4, 4});
  EXPECT_NO_THROW(require_no_constant_column(t));
  for (auto& part : t.parts) part.col(1).setConstant(2.5);
  EXPECT_THAT(refusal([&] { require_no_constant_column(t); }), HasSubstr("column 2 (v) is constant (2.5)"));
}

TEST(SplitData, WholeTrajectoriesSpread) {
  const auto s = split(counted(std::vector<Index>(10, 3)), 0.3);
  ASSERT_EQ(s.test.parts.size(), 3U);
  ASSERT_EQ(s.train.parts.size(), 7U);
  EXPECT_EQ(s.test.parts[0](0, 0), 300.0);
  EXPECT_EQ(s.test.parts[2](0, 0), 900.0);
  const auto p = split(make_pairs(counted(std::vector<Index>(10, 3))), 0.3);
  EXPECT_EQ(p.test.count(), 6);
  EXPECT_EQ(p.train.count(), 14);
  EXPECT_NEAR(p.train.weights.sum(), 1.0, 1e-15);
}

TEST(SplitData, ContiguousTailOfOne) {
  const auto s = split(counted({20}), 0.25);
  EXPECT_EQ(s.train.parts[0].rows(), 15);
  EXPECT_EQ(s.test.parts[0](0, 0), 15.0);
  const auto p = split(make_pairs(counted({21})), 0.25, 4);
  EXPECT_EQ(p.train.count(), 11);
  EXPECT_EQ(p.test.x(0, 0), 15.0);
  EXPECT_THAT(refusal([] { (void)split(counted({20}), 1.0); }), HasSubstr("strictly between 0 and 1"));
  EXPECT_THAT(refusal([] { (void)split(counted({3}), 0.5); }), HasSubstr("3 snapshots cannot be split"));
}

}  // namespace
}  // namespace offprint::koopman
