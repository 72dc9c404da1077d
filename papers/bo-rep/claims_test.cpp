// The fast claims through the card's own rules.
#include "claims.hpp"

#include <map>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "../test_record.hpp"
#include "offprint/core/card.hpp"
#include "offprint/core/error.hpp"
#include "offprint/core/measurement.hpp"

namespace offprint::papers::bo_rep {
namespace {

using ClaimFunction = Measurement (*)(const Claim&, offprint::Run&);

class BoRepClaims : public ::testing::Test {
 protected:
  Measurement measure(const std::string& id, ClaimFunction f, unsigned threads = 0) {
    RunSettings settings;
    settings.threads = threads;
    settings.data = [](const std::string& name) -> std::filesystem::path { throw NotAvailable(name + " is not here"); };
    const auto ranks = single_process();
    offprint::Run run(settings, record_, *ranks, id);
    return f(card_.claim(id), run);
  }
  void expect_holds(const std::string& id, ClaimFunction f) {
    for (const auto& c : judge(card_.claim(id), measure(id, f)).criteria)
      EXPECT_EQ(c.verdict, Verdict::kHolds) << id << " " << c.name << " = " << c.measured.value << ", rule " << c.rule;
  }

  TestRecord record_;

 private:
  Card card_ = read_card(OFFPRINT_CARD, "bo-rep");
};

TEST_F(BoRepClaims, TheQuickOnesHold) {
  expect_holds("B1u", b1u);
  expect_holds("B3", b3);
  expect_holds("B4", b4);
  expect_holds("B5", b5);
  EXPECT_EQ(record_.tables.at("schedule").rows.size(), 3U);
  EXPECT_EQ(record_.figures, (std::set<std::string>{"paths", "rates", "schedule", "error"}));
}

TEST_F(BoRepClaims, NumbersDoNotDependOnTheThreads) {
  const auto one = measure("B1u", b1u, 1);
  const auto three = measure("B1u", b1u, 3);
  for (const auto& [name, value] : one.values()) EXPECT_EQ(value.value, three.values().at(name).value) << name;
}

TEST_F(BoRepClaims, ClaimsOnReviewsSayWhatIsMissing) {
  EXPECT_THROW((void)measure("B6", b6), NotAvailable);
  EXPECT_THROW((void)measure("B7", b7), NotAvailable);
}

}  // namespace
}  // namespace offprint::papers::bo_rep
