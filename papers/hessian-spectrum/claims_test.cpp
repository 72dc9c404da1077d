// The fast claims through the card's own rules.
#include "claims.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "../test_record.hpp"
#include "offprint/core/card.hpp"
#include "offprint/core/error.hpp"

namespace offprint::papers::hessian_spectrum {
namespace {

using ::testing::UnorderedElementsAre;

class HessianClaims : public ::testing::Test {
 protected:
  Measurement measure(const std::string& id, Measurement (*f)(const Claim&, offprint::Run&), unsigned threads) {
    RunSettings settings;
    settings.threads = threads;
    const auto ranks = single_process();
    offprint::Run run(settings, record_, *ranks, id);
    return f(card_.claim(id), run);
  }
  void expect_holds(const std::string& id, const Measurement& measured) const {
    for (const auto& c : judge(card_.claim(id), measured).criteria)
      EXPECT_EQ(c.verdict, Verdict::kHolds) << c.name << " = " << c.measured.value << ", rule " << c.rule;
  }
  TestRecord record_;
  Card card_ = read_card(OFFPRINT_CARD, "hessian-spectrum");
};

TEST_F(HessianClaims, H1OutliersFollowTheClasses) {
  const auto measured = measure("H1", h1, 2);
  expect_holds("H1", measured);
  EXPECT_EQ(record_.tables.at("outliers").rows.size(), 17U);
  EXPECT_THAT(record_.figures, UnorderedElementsAre("classes"));
  const auto again = measure("H1", h1, 1);  // threads change nothing
  for (const auto& [name, value] : measured.values()) EXPECT_EQ(value.value, again.values().at(name).value) << name;
}

TEST_F(HessianClaims, H4TheRankIsExactlyKMinusOneEach) {
  const auto measured = measure("H4", h4, 2);
  expect_holds("H4", measured);
  EXPECT_EQ(measured.values().at("rank").value, 200);
  EXPECT_LT(record_.metrics.at("lambda_201"), 1e-14 * record_.metrics.at("lambda_1"));
}

TEST_F(HessianClaims, ImagesAreAskedFor) {
  for (const auto f : {h6, h7, h8}) EXPECT_THROW((void)measure("H7", f, 1), NotAvailable);
}

}  // namespace
}  // namespace offprint::papers::hessian_spectrum
