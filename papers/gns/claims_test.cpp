// The quick claims that need no data, through the card's own rules.
#include "claims.hpp"

#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "../test_record.hpp"
#include "offprint/core/card.hpp"
#include "offprint/core/error.hpp"
#include "offprint/core/measurement.hpp"

namespace offprint::papers::gns {
namespace {

using ::testing::IsSupersetOf;

using ClaimFunction = Measurement (*)(const Claim&, offprint::Run&);

class GnsClaims : public ::testing::Test {
 protected:
  Measurement measure(const std::string& id, ClaimFunction f) {
    RunSettings settings;
    settings.data = [](const std::string& name) -> std::filesystem::path {
      throw NotAvailable("the data set " + name + " is not here");
    };
    const auto ranks = single_process();
    offprint::Run run(settings, record_, *ranks, id);
    return f(card_.claim(id), run);
  }
  // Every criterion but those on the clock, which a loaded machine decides.
  void expect_holds(const std::string& id, const Measurement& measured, const std::set<std::string>& timed = {}) const {
    for (const auto& c : judge(card_.claim(id), measured).criteria)
      if (timed.count(c.name) == 0) {
        EXPECT_EQ(c.verdict, Verdict::kHolds) << c.name << " = " << c.measured.value << ", rule " << c.rule;
      }
  }

  TestRecord record_;

 private:
  Card card_ = read_card(OFFPRINT_CARD, "gns");
};

TEST_F(GnsClaims, G1LogSumExp) {
  expect_holds("G1", measure("G1", g1));
  EXPECT_THAT(record_.figures, IsSupersetOf({"objective", "gamma"}));
  EXPECT_EQ(record_.tables.at("runs").rows.size(), 5U);
}

TEST_F(GnsClaims, G2RatesOfTheClasses) {
  const auto measured = measure("G2", g2);
  expect_holds("G2", measured);
  EXPECT_NEAR(measured.values().at("exact_25").value, -1.378, 0.002);
  EXPECT_NEAR(measured.values().at("exact_4").value, -2.926, 0.002);
  EXPECT_NEAR(measured.values().at("none_3").value, -0.76, 0.005);
}

TEST_F(GnsClaims, G3FisherTerm) { expect_holds("G3", measure("G3", g3), {"step_ratio"}); }

TEST_F(GnsClaims, G4Chebyshev) { expect_holds("G4", measure("G4", g4), {"seconds"}); }

TEST_F(GnsClaims, G7CostIdentity) { expect_holds("G7", measure("G7", g7)); }

TEST_F(GnsClaims, RealDataThatAreAbsentAreSaidToBe) {
  EXPECT_THROW((void)measure("G5", g5), NotAvailable);
  EXPECT_THROW((void)measure("G6", g6), NotAvailable);
}

}  // namespace
}  // namespace offprint::papers::gns
