// What a study measures for a claim, and what comes of it when the card's rules are applied.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "offprint/core/card.hpp"
#include "offprint/core/rule.hpp"
#include "offprint/core/statistics.hpp"

namespace offprint {

/// Named quantities, one for each criterion of the claim. A study measures; it never judges.
class Measurement {
 public:
  Measurement& set(std::string name, Estimate value) {
    values_[std::move(name)] = value;
    return *this;
  }
  /// A yes/no observation ("outputs bitwise equal"): 1 or 0, for rules `== 1`.
  Measurement& set_flag(std::string name, bool value) { return set(std::move(name), Estimate(value ? 1.0 : 0.0)); }
  [[nodiscard]] const std::map<std::string, Estimate>& values() const { return values_; }

 private:
  std::map<std::string, Estimate> values_;
};

/// One criterion, measured and judged.
struct JudgedCriterion {
  std::string name;
  std::string says;
  std::string rule;
  Estimate measured;
  Verdict verdict = Verdict::kNotRun;
};

/// A claim's outcome on this machine.
struct ClaimResult {
  std::string id;
  Verdict verdict = Verdict::kNotRun;
  std::string reason;  // for `not run`
  double seconds = 0.0;
  std::vector<JudgedCriterion> criteria;
};

/// Applies the card's rules. The claim falls short when any criterion does, is inconclusive when any is and none falls
/// short, and holds only when all do. Throws Error when the study measured something the card does not name, or left
/// out something it does: both are defects of the study.
[[nodiscard]] ClaimResult judge(const Claim& claim, const Measurement& measurement);

[[nodiscard]] Json to_json(const ClaimResult& result);
[[nodiscard]] ClaimResult claim_result_from_json(const Json& json);

}  // namespace offprint
