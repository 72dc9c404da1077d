// The quick claims through the card's own rules; the parts of P7 that need no data.
#include "claims.hpp"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "../test_record.hpp"
#include "offprint/core/card.hpp"
#include "offprint/core/error.hpp"
#include "offprint/optimize/ranking.hpp"
#include "setting_h.hpp"

namespace offprint::papers::penalty_bilevel {
namespace {

using ::testing::UnorderedElementsAre;
using ClaimFunction = Measurement (*)(const Claim&, offprint::Run&);

class PenaltyClaims : public ::testing::Test {
 protected:
  void expect_holds(const std::string& id, ClaimFunction f, unsigned threads = 0) {
    RunSettings settings;
    settings.threads = threads;
    const auto ranks = single_process();
    offprint::Run run(settings, record_, *ranks, id);
    const auto measured = f(card_.claim(id), run);
    const auto result = judge(card_.claim(id), measured);
    EXPECT_EQ(result.verdict, Verdict::kHolds) << id;
    for (const auto& c : result.criteria)
      EXPECT_EQ(c.verdict, Verdict::kHolds) << c.name << " = " << c.measured.value << ", rule " << c.rule;
  }

  TestRecord record_;

 private:
  Card card_ = read_card(OFFPRINT_CARD, "penalty-bilevel");
};

TEST_F(PenaltyClaims, P1) {
  expect_holds("P1", p1);
  EXPECT_THAT(record_.figures, UnorderedElementsAre("gap"));
}
TEST_F(PenaltyClaims, P2) { expect_holds("P2", p2); }
TEST_F(PenaltyClaims, P3) {
  expect_holds("P3", p3);
  EXPECT_NEAR(record_.metrics.at("aid_x1"), -0.1174512601, 1e-6);
  EXPECT_NEAR(record_.metrics.at("aid_x2"), 0.3535425583, 1e-6);
  EXPECT_NEAR(record_.metrics.at("aid_gradient"), 0.3477454527, 1e-6);
}
TEST_F(PenaltyClaims, P4) { expect_holds("P4", p4); }
TEST_F(PenaltyClaims, P5) {
  expect_holds("P5", p5);
  EXPECT_EQ(record_.tables.at("cost").rows.size(), 5U);
}
TEST_F(PenaltyClaims, P6) {
  expect_holds("P6", p6);
  EXPECT_EQ(record_.tables.at("tails").rows.size(), 9U);
}

TEST(AucOfLow, CountsPairs) {
  const Eigen::VectorXd score = (Eigen::VectorXd(5) << 0.1, 0.4, 0.4, 0.8, 0.9).finished();
  EXPECT_EQ(optimize::area_under_curve(-score, {true, false, false, false, false}), 1);
  EXPECT_EQ(optimize::area_under_curve(-score, {false, false, false, false, true}), 0);
  // Pairs of 0.4 (positive) with 0.1, 0.4, 0.8, 0.9: one above is 0, the tie 1/2, two are 1.
  EXPECT_EQ(optimize::area_under_curve(-score, {false, true, false, false, false}), 2.5 / 4);
  EXPECT_THROW((void)optimize::area_under_curve(-score, std::vector<bool>(5)), InputError);
}

}  // namespace
}  // namespace offprint::papers::penalty_bilevel
