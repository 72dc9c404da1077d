// The fast claims through the card's own rules, with a record that counts what a reader would see.
#include "claims.hpp"

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "../test_record.hpp"
#include "end_point.hpp"
#include "offprint/core/card.hpp"
#include "offprint/core/measurement.hpp"

namespace offprint::papers::sgd_stability {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

using ClaimFunction = Measurement (*)(const Claim&, offprint::Run&);

class StabilityClaims : public ::testing::Test {
 protected:
  Measurement measure(const std::string& id, ClaimFunction f, unsigned threads = 0) {
    RunSettings settings;
    settings.threads = threads;
    const auto ranks = single_process();
    offprint::Run run(settings, record_, *ranks, id);
    return f(claim(id), run);
  }
  [[nodiscard]] const Claim& claim(const std::string& id) const { return card_.claim(id); }
  void expect_holds(const std::string& id, const Measurement& measured) const {
    const auto result = judge(claim(id), measured);
    EXPECT_EQ(result.verdict, Verdict::kHolds) << id;
    for (const auto& c : result.criteria)
      EXPECT_EQ(c.verdict, Verdict::kHolds) << c.name << " = " << c.measured.value << ", rule " << c.rule;
  }

  TestRecord record_;

 private:
  Card card_ = read_card(OFFPRINT_CARD, "sgd-stability");
};

TEST_F(StabilityClaims, S1TheThresholdSeparates) {
  const auto measured = measure("S1", s1);
  expect_holds("S1", measured);
  EXPECT_NEAR(record_.metrics.at("threshold"), 0.438041196001, 1e-12);
  EXPECT_THAT(record_.figures, UnorderedElementsAre("moment"));
}

TEST_F(StabilityClaims, S3DescentIsNotRegularizedForAnyNumberOfThreads) {
  const auto measured = measure("S3", s3, 1);
  expect_holds("S3", measured);
  EXPECT_EQ(record_.tables.at("runs").rows.size(), 3U);
  const auto again = measure("S3", s3, 3);
  for (const auto& [name, value] : measured.values()) EXPECT_EQ(value.value, again.values().at(name).value) << name;
}

TEST_F(StabilityClaims, ARunThatDidNotConvergeIsReported) {
  RunSettings settings;
  const auto ranks = single_process();
  offprint::Run run(settings, record_, *ranks, "S2");
  const Setting setting{.learning_rate = 0.01, .samples = 20, .inputs = 50, .max_steps = 40};
  EXPECT_FALSE(all_converged(run, {train_diagonal(run, setting)}, 1e-12));
  EXPECT_THAT(record_.notes, Contains(HasSubstr("not converged: SGD with eta = 0.01, seed 1 has loss")));
}

}  // namespace
}  // namespace offprint::papers::sgd_stability
