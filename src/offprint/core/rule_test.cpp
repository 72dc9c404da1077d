#include "offprint/core/rule.hpp"

#include <cmath>

#include <gtest/gtest.h>

#include "offprint/core/error.hpp"
#include "offprint/core/measurement.hpp"

namespace offprint {
namespace {

Verdict judged(const char* rule, Estimate e) { return Rule::parse(rule).judge(e); }

TEST(Rule, PointsAreJudgedByTheBound) {
  EXPECT_EQ(judged("<= 0.5", 0.5), Verdict::kHolds);
  EXPECT_EQ(judged("< 0.5", 0.5), Verdict::kFallsShort);
  EXPECT_EQ(judged(">= -1e-3", -0.001), Verdict::kHolds);
  EXPECT_EQ(judged("> 0", 0.0), Verdict::kFallsShort);
  EXPECT_EQ(judged("== 1", 1.0), Verdict::kHolds);
  EXPECT_EQ(judged("== 1", 0.0), Verdict::kFallsShort);
  EXPECT_EQ(judged("0.2 +- 0.05", 0.24), Verdict::kHolds);
  EXPECT_EQ(judged("0.2 +- 0.05", 0.26), Verdict::kFallsShort);
  EXPECT_EQ(judged("-10 +- 10%", -10.9), Verdict::kHolds);
  EXPECT_EQ(judged("-10 +- 10%", -11.1), Verdict::kFallsShort);
  EXPECT_EQ(judged("in [1, 2]", 2.0), Verdict::kHolds);
  EXPECT_EQ(judged("in [1, 2]", 2.1), Verdict::kFallsShort);
  EXPECT_EQ(judged("<= 1", std::nan("")), Verdict::kFallsShort);
}

TEST(Rule, IntervalsMayStraddle) {
  EXPECT_EQ(judged("<= 1", Estimate(0.5, 0.2, 0.8)), Verdict::kHolds);
  EXPECT_EQ(judged("<= 1", Estimate(0.9, 0.7, 1.1)), Verdict::kInconclusive);
  EXPECT_EQ(judged("<= 1", Estimate(1.1, 0.9, 1.3)), Verdict::kInconclusive);
  EXPECT_EQ(judged("<= 1", Estimate(1.5, 1.2, 1.8)), Verdict::kFallsShort);
  EXPECT_EQ(judged("1 +- 0.1", Estimate(1.0, 0.8, 1.2)), Verdict::kInconclusive);
  EXPECT_EQ(judged("1 +- 0.1", Estimate(2.0, 1.8, 2.2)), Verdict::kFallsShort);
}

TEST(Rule, NonsenseIsRefused) {
  for (const char* bad : {"", "0.5", "=< 1", "<= x", "<= 1e", "1 +-", "1 +- -1", "in [2, 1]", "in 1, 2", "<= inf"})
    EXPECT_THROW((void)Rule::parse(bad), InputError) << bad;
}

Claim two_criteria() {
  Claim claim;
  claim.id = "C";
  claim.criteria = {{"a", "", Rule::parse("<= 1")}, {"b", "", Rule::parse(">= 0")}};
  return claim;
}

TEST(Measurement, OneBadCriterionDecides) {
  EXPECT_EQ(judge(two_criteria(), Measurement().set("a", 0.5).set("b", 1.0)).verdict, Verdict::kHolds);
  EXPECT_EQ(judge(two_criteria(), Measurement().set("a", 1.5).set("b", Estimate(0.1, -1, 1))).verdict,
            Verdict::kFallsShort);
  EXPECT_EQ(judge(two_criteria(), Measurement().set("a", 0.5).set("b", Estimate(0.1, -1, 1))).verdict,
            Verdict::kInconclusive);
}

TEST(Measurement, CardAndStudyMustAgree) {
  EXPECT_THROW((void)judge(two_criteria(), Measurement().set("a", 0.5)), Error);
  EXPECT_THROW((void)judge(two_criteria(), Measurement().set("a", 0.5).set("b", 1.0).set("c", 1.0)), Error);
}

TEST(Measurement, JsonRoundTrip) {
  auto result = judge(two_criteria(), Measurement().set("a", 0.5).set("b", Estimate(0.1, -1, 1)));
  result.seconds = 2.5;
  EXPECT_EQ(to_json(claim_result_from_json(to_json(result))), to_json(result));
}

}  // namespace
}  // namespace offprint
