// Judging measurements by the card's rules.
#include "offprint/core/measurement.hpp"

#include <algorithm>
#include <cmath>

#include "offprint/core/error.hpp"

namespace offprint {
namespace {

Json number_or_null(double x) { return std::isfinite(x) ? Json(x) : Json(nullptr); }

}  // namespace

ClaimResult judge(const Claim& claim, const Measurement& measurement) {
  ClaimResult result;
  result.id = claim.id;
  for (const auto& value : measurement.values()) {
    const std::string& name = value.first;
    const bool known =
        std::any_of(claim.criteria.begin(), claim.criteria.end(), [&](const Criterion& c) { return c.name == name; });
    if (!known) throw Error("claim " + claim.id + ": the study measured '" + name + "', which the card does not name");
  }
  bool short_of = false;
  bool open = false;
  for (const auto& criterion : claim.criteria) {
    const auto at = measurement.values().find(criterion.name);
    if (at == measurement.values().end())
      throw Error("claim " + claim.id + ": the card asks for '" + criterion.name +
                  "', which the study did not measure");
    const Verdict verdict = criterion.rule.judge(at->second);
    result.criteria.push_back({criterion.name, criterion.says, criterion.rule.text(), at->second, verdict});
    short_of = short_of || verdict == Verdict::kFallsShort;
    open = open || verdict == Verdict::kInconclusive;
  }
  result.verdict = short_of ? Verdict::kFallsShort : open ? Verdict::kInconclusive : Verdict::kHolds;
  return result;
}

Json to_json(const ClaimResult& result) {
  Json j{{"id", result.id}, {"verdict", to_string(result.verdict)}};
  j["reason"] = result.reason.empty() ? Json(nullptr) : Json(result.reason);
  j["seconds"] = result.seconds;
  j["criteria"] = Json::array();
  for (const auto& c : result.criteria) {
    j["criteria"].push_back({{"name", c.name},
                             {"says", c.says},
                             {"rule", c.rule},
                             {"measured", number_or_null(c.measured.value)},
                             {"lo", c.measured.lo ? number_or_null(*c.measured.lo) : Json(nullptr)},
                             {"hi", c.measured.hi ? number_or_null(*c.measured.hi) : Json(nullptr)},
                             {"verdict", to_string(c.verdict)}});
  }
  return j;
}

ClaimResult claim_result_from_json(const Json& json) {
  ClaimResult result;
  result.id = json.at("id");
  result.verdict = parse_verdict(json.at("verdict").get<std::string>());
  if (json.at("reason").is_string()) result.reason = json.at("reason");
  result.seconds = json.at("seconds");
  for (const auto& c : json.at("criteria")) {
    JudgedCriterion criterion;
    criterion.name = c.at("name");
    criterion.says = c.at("says");
    criterion.rule = c.at("rule");
    if (c.at("measured").is_number()) criterion.measured.value = c.at("measured");
    if (c.at("lo").is_number()) criterion.measured.lo = c.at("lo").get<double>();
    if (c.at("hi").is_number()) criterion.measured.hi = c.at("hi").get<double>();
    criterion.verdict = parse_verdict(c.at("verdict").get<std::string>());
    result.criteria.push_back(std::move(criterion));
  }
  return result;
}

}  // namespace offprint
