// The fast claims through the card's own rules, with a record that counts what a reader would see.
#include "claims.hpp"

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "../test_record.hpp"
#include "offprint/core/card.hpp"
#include "offprint/core/error.hpp"
#include "offprint/core/measurement.hpp"

namespace offprint::papers::koopman {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

using ClaimFunction = Measurement (*)(const Claim&, offprint::Run&);

class KoopmanClaims : public ::testing::Test {
 protected:
  Measurement measure(const std::string& id, ClaimFunction f, unsigned threads = 1) {
    RunSettings settings;
    settings.threads = threads;
    if (const char* data = std::getenv("OFFPRINT_DATA"); data != nullptr)
      settings.data = [data](const std::string& name) { return std::filesystem::path(data) / name; };
    const auto ranks = single_process();
    offprint::Run run(settings, record_, *ranks, id);
    return f(claim(id), run);
  }
  [[nodiscard]] const Claim& claim(const std::string& id) const { return card_.claim(id); }
  // Judged by the card; every criterion is named when it does not hold.
  void expect_holds(const std::string& id, const Measurement& measured) const {
    const auto result = judge(claim(id), measured);
    EXPECT_EQ(result.verdict, Verdict::kHolds) << id;
    for (const auto& c : result.criteria)
      EXPECT_EQ(c.verdict, Verdict::kHolds) << c.name << " = " << c.measured.value << ", rule " << c.rule;
  }

  TestRecord record_;

 private:
  Card card_ = read_card(OFFPRINT_CARD, "koopman");
};

double value(const Measurement& measured, const std::string& name) { return measured.values().at(name).value; }

TEST_F(KoopmanClaims, K5TheAdversaryFoolsTwelveNodes) {
  const auto measured = measure("K5", k5);
  expect_holds("K5", measured);
  EXPECT_NEAR(value(measured, "distance"), std::sqrt(2.0), 1e-12);
  EXPECT_LE(value(measured, "error"), 1e-14);
  EXPECT_NEAR(value(measured, "residual_24"), 0.6981, 5e-5);
  EXPECT_NEAR(value(measured, "residual_48"), 0.5523, 5e-5);
  EXPECT_NEAR(value(measured, "residual_96"), 0.2194, 5e-5);
  EXPECT_NEAR(value(measured, "residual_192"), 0.1064, 5e-5);
  EXPECT_NEAR(value(measured, "delta_q"), 6083.8, 0.05);
  EXPECT_NEAR(record_.metrics.at("mesh"), 0.0960192, 5e-8);
  EXPECT_NEAR(record_.metrics.at("bump_centre"), 0.788535, 5e-7);
  EXPECT_NEAR(record_.metrics.at("bump_half_width"), 0.037688, 5e-7);
  EXPECT_NEAR(record_.metrics.at("bump_largest_slope"), 28.8, 0.05);
  EXPECT_NEAR(record_.metrics.at("map_lipschitz_constant"), 23.6, 0.1);
  EXPECT_NEAR(record_.metrics.at("nodes_that_would_certify"), 3e7, 0.1e7);
  EXPECT_THAT(record_.figures, UnorderedElementsAre("bump", "refinement"));
  EXPECT_THAT(record_.notes, Contains(HasSubstr("not certified: no modulus given")));
  EXPECT_THAT(record_.notes, Contains(HasSubstr("not certified: with L = 30")));
}

TEST_F(KoopmanClaims, K6TheSpectralMeasureConverges) {
  const auto measured = measure("K6", k6);
  expect_holds("K6", measured);
  EXPECT_NEAR(value(measured, "w1_n10"), 0.1519, 1e-4);
  EXPECT_NEAR(value(measured, "w1_n80"), 0.0195, 1e-4);
  EXPECT_THAT(record_.figures, UnorderedElementsAre("distribution", "distance"));
}

TEST_F(KoopmanClaims, K7KernelsHaveTheirOrder) {
  const auto measured = measure("K7", k7);
  expect_holds("K7", measured);
  EXPECT_NEAR(value(measured, "order_m4"), 3.947, 1e-3);
  EXPECT_NEAR(value(measured, "order_m6_coarse"), 5.879, 1e-3);
  EXPECT_EQ(record_.tables.at("orders").rows.size(), 4U);
}

TEST_F(KoopmanClaims, K4RageOnTheCavity) {
  if (std::getenv("OFFPRINT_DATA") == nullptr) GTEST_SKIP() << "set OFFPRINT_DATA to the folder that holds cavity-ke";
  const auto measured = measure("K4", k4);
  expect_holds("K4", measured);
  EXPECT_NEAR(value(measured, "a20_re16000"), 0.86044, 5e-6);
  ASSERT_EQ(record_.notes.size(), 1U);  // only Re 30000 drifts
  EXPECT_THAT(record_.notes[0], HasSubstr("Re 30000: the mean of the first 10000 samples"));
}

TEST_F(KoopmanClaims, K4SaysWhenItsDataAreMissing) {
  RunSettings settings;
  const auto ranks = single_process();
  offprint::Run run(settings, record_, *ranks, "K4");
  EXPECT_THROW((void)k4(claim("K4"), run), NotAvailable);
}

}  // namespace
}  // namespace offprint::papers::koopman
