// The claims through the card's own rules. M3 measures time and M4f is M4 on a larger grid: both are left to
// `offprint check`.
#include "claims.hpp"

#include <cmath>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "../test_record.hpp"
#include "offprint/core/card.hpp"
#include "offprint/core/measurement.hpp"

namespace offprint::papers::boltzmann_mixture {
namespace {

using ::testing::Contains;

class MixtureClaims : public ::testing::Test {
 protected:
  Measurement measure(const std::string& id, Measurement (*f)(const Claim&, offprint::Run&)) {
    const auto ranks = single_process();
    offprint::Run run(RunSettings{}, record_, *ranks, id);
    auto measured = f(card_.claim(id), run);
    for (const auto& c : judge(card_.claim(id), measured).criteria) {
      EXPECT_EQ(c.verdict, Verdict::kHolds) << c.name << " = " << c.measured.value << ", rule " << c.rule;
    }
    return measured;
  }
  TestRecord record_;

 private:
  Card card_ = read_card(OFFPRINT_CARD, "boltzmann-mixture");
};

TEST_F(MixtureClaims, M1OrdersOfTheTruncation) {
  measure("M1", m1);
  EXPECT_THAT(record_.figures, Contains("errors"));
  EXPECT_EQ(record_.tables.at("errors").rows.size(), 5U);
}

TEST_F(MixtureClaims, M2OrdersOfTheTruncationForHardSpheres) {
  measure("M2", m2);
  EXPECT_EQ(record_.tables.at("errors").rows.size(), 3U);
  EXPECT_THAT(record_.figures, Contains("errors"));
}

TEST_F(MixtureClaims, M5AsymptoticPreserving) {
  measure("M5", m5);
  // The prototype's digits at dt = 0.02, 0.01, 0.005, the same at every eps.
  const auto& differences = record_.tables.at("differences");
  ASSERT_EQ(differences.rows.size(), 5U);
  for (const auto& row : differences.rows) {
    EXPECT_NEAR(row.at(2).get<double>(), 0.463193, 2e-6);
    EXPECT_NEAR(row.at(3).get<double>(), 0.456387, 2e-6);
    EXPECT_NEAR(row.at(4).get<double>(), 0.452890, 2e-6);
  }
  EXPECT_EQ(record_.tables.at("distances").rows.size(), 6U);
}

TEST_F(MixtureClaims, M6Conservation) {
  measure("M6", m6);
  EXPECT_GT(std::abs(record_.metrics.at("unprojected_energy")), 1e-4);  // what the projection is for
}

TEST_F(MixtureClaims, M4ThreeClocks) {
  const auto measured = measure("M4", m4);
  // The prototype's digits.
  EXPECT_NEAR(measured.values().at("light_010").value, 1.474, 1e-3);
  EXPECT_NEAR(measured.values().at("heavy_010").value, 0.005126, 1e-5);
  EXPECT_NEAR(measured.values().at("temperature_030").value, 0.003574, 2e-6);
  EXPECT_NEAR(record_.metrics.at("heavy_slope_raw"), -1.132, 2e-3);
}

TEST_F(MixtureClaims, M7SpectralAccuracy) { measure("M7", m7); }

}  // namespace
}  // namespace offprint::papers::boltzmann_mixture
