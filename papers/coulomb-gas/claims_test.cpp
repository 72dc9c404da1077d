// The quick claims, through the card's own rules.
#include "claims.hpp"

#include <filesystem>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "../test_record.hpp"
#include "offprint/core/card.hpp"
#include "offprint/core/error.hpp"
#include "offprint/core/measurement.hpp"

namespace offprint::papers::coulomb_gas {
namespace {

using ::testing::Contains;

using ClaimFunction = Measurement (*)(const Claim&, offprint::Run&);

class CoulombClaims : public ::testing::Test {
 protected:
  void expect_holds(const std::string& id, ClaimFunction f) {
    const auto ranks = single_process();
    offprint::Run run(RunSettings{}, record_, *ranks, id);
    const auto result = judge(card_.claim(id), f(card_.claim(id), run));
    for (const auto& c : result.criteria)
      EXPECT_EQ(c.verdict, Verdict::kHolds) << c.name << " = " << c.measured.value << ", rule " << c.rule;
  }

  TestRecord record_;

 private:
  Card card_ = read_card(OFFPRINT_CARD, "coulomb-gas");
};

TEST_F(CoulombClaims, C4EdgeOnly) {
  expect_holds("C4", c4);
  EXPECT_THAT(record_.figures, Contains("edge"));
}

TEST_F(CoulombClaims, C5FlatEdge) { expect_holds("C5", c5); }

TEST_F(CoulombClaims, C6LargeDeviations) {
  expect_holds("C6", c6);
  EXPECT_EQ(record_.tables.at("tilts").rows.size(), 12U);
}

TEST_F(CoulombClaims, C7Counting) { expect_holds("C7", c7); }

}  // namespace
}  // namespace offprint::papers::coulomb_gas
