// The claims that need no data set, judged by the card, with a record that keeps what a reader would see.
#include "claims.hpp"

#include <map>
#include <optional>
#include <set>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "../test_record.hpp"
#include "offprint/core/card.hpp"
#include "offprint/core/error.hpp"
#include "offprint/nn/digits.hpp"

namespace offprint::papers::neural_collapse {
namespace {

using ::testing::UnorderedElementsAre;

using ClaimFunction = Measurement (*)(const Claim&, offprint::Run&);

class CollapseClaims : public ::testing::Test {
 protected:
  Measurement measure(const std::string& id, ClaimFunction f, unsigned threads = 1) {
    RunSettings settings;
    settings.threads = threads;
    settings.data = [](const std::string& name) -> std::filesystem::path { throw NotAvailable(name + " is not here"); };
    const auto ranks = single_process();
    offprint::Run run(settings, record_, *ranks, id);
    return f(card_.claim(id), run);
  }
  void expect_holds(const std::string& id, const Measurement& measured) const {
    for (const auto& c : judge(card_.claim(id), measured).criteria)
      EXPECT_EQ(c.verdict, Verdict::kHolds) << id << ": " << c.name << " = " << c.measured.value << ", rule " << c.rule;
  }

  TestRecord record_;
  Card card_ = read_card(OFFPRINT_CARD, "neural-collapse");
};

double value(const Measurement& measured, const std::string& name) { return measured.values().at(name).value; }

TEST_F(CollapseClaims, N1TheUnconstrainedModelCollapses) {
  expect_holds("N1", measure("N1", n1));
  EXPECT_EQ(record_.tables.at("starts").rows.size(), 9U);
}

TEST_F(CollapseClaims, N2ThePathIsMonotone) {
  expect_holds("N2", measure("N2", n2));
  EXPECT_THAT(record_.figures, UnorderedElementsAre("nc1", "traces"));
}

TEST_F(CollapseClaims, N3TheCorollaryAndTheOracles) {
  // The sheet's ranges of the difference from the path are those of its own ten draws, and not asserted here.
  const auto measured = measure("N3", n3);
  for (const auto& c : judge(card_.claim("N3"), measured).criteria) {
    if (c.name.starts_with("flow_difference")) continue;
    EXPECT_EQ(c.verdict, Verdict::kHolds) << c.name << " = " << c.measured.value;
  }
  EXPECT_EQ(record_.tables.at("seeds").rows.size(), 40U);
}

TEST_F(CollapseClaims, N4TheStaircase) { expect_holds("N4", measure("N4", n4)); }

TEST_F(CollapseClaims, N5TheResponsePredicts) { expect_holds("N5", measure("N5", n5)); }

TEST_F(CollapseClaims, ThreadsChangeNoBit) {
  const auto one = measure("N3", n3, 1);
  const auto three = measure("N3", n3, 3);
  for (const auto& [name, estimate] : one.values()) EXPECT_EQ(estimate.value, value(three, name)) << name;
}

TEST_F(CollapseClaims, ImagesThatAreNotHereAreNotMeasured) {
  EXPECT_THROW((void)measure("N6", n6), NotAvailable);
  EXPECT_THROW((void)measure("N7", n7), NotAvailable);
}

/// Keeps checkpoints, and asks to stop after some of them.
class DyingRecord : public TestRecord {
 public:
  void save_checkpoint(const std::string& name, const std::string& bytes) override {
    kept_[name] = bytes;
    if (saves_left > 0 && --saves_left == 0) stop = true;
  }
  std::optional<std::string> load_checkpoint(const std::string& name) override {
    const auto found = kept_.find(name);
    return found == kept_.end() ? std::nullopt : std::optional(found->second);
  }
  int saves_left = 0;
  bool stop = false;

 private:
  std::map<std::string, std::string> kept_;
};

TEST_F(CollapseClaims, N9bIsTheSameAfterAKill) {
  auto digits = nn::rendered_digits(30, 3, {.side = 8});
  nn::standardise(digits, nn::global_standardisation(digits));
  const auto ranks = single_process();
  const auto measured = [&](DyingRecord& record) {
    RunSettings settings;
    settings.cancel = CancelToken([&record] { return record.stop; });
    offprint::Run run(settings, record, *ranks, "N9b");
    return resnet_decays(run, digits, {.epochs = 3, .width = 2});
  };
  DyingRecord whole;
  const auto once = measured(whole);
  EXPECT_EQ(whole.tables.at("settings").rows.size(), 10U);
  for (const auto& criterion : card_.claim("N9b").criteria) EXPECT_TRUE(once.values().contains(criterion.name));

  DyingRecord killed;
  killed.saves_left = 4;
  EXPECT_THROW((void)measured(killed), Interrupted);
  killed.stop = false;
  (void)measured(killed);
  EXPECT_EQ(killed.tables.at("settings").rows, whole.tables.at("settings").rows);
}

}  // namespace
}  // namespace offprint::papers::neural_collapse
