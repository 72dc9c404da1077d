// What the run record says of the cards' claims: the newest verdict of each, and when verdicts changed.
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "catalogue/trending.hpp"
#include "offprint/core/card.hpp"
#include "offprint/core/store.hpp"

namespace offprint::page {

/// The claims of one paper on this machine. total = holds + falls_short + inconclusive + not_run.
struct VerdictCounts {
  int total = 0;
  int holds = 0;
  int falls_short = 0;
  int inconclusive = 0;
  int not_run = 0;
  std::string when;  // when the newest of these verdicts was reached (the start of its run), ISO 8601 UTC; "" when none
  void count(Verdict verdict);  // one more claim with this outcome
};

/// "Checked here: 5 of 6 claims hold, 1 falls short." as one sentence; "Runs here; not checked yet (6
/// claims)." when nothing ran.
[[nodiscard]] std::string verdict_sentence(const VerdictCounts& counts);

/// One change of a verdict: the first one reached (`before` empty) or another than before.
struct ChangedVerdict {
  std::string slug;
  std::string claim;
  std::string says;    // the claim, from the card
  std::string before;  // "" for the first
  std::string after;
  std::string when;
};

/// The verdicts of all runnable papers, read once from the record.
struct VerdictRecord {
  std::map<std::string, VerdictCounts> counts;  // by slug
  std::vector<ChangedVerdict> changes;          // newest first
  [[nodiscard]] std::vector<catalogue::VerdictChange> for_trending() const;
};

/// Reads every outcome on record, oldest first: O(outcomes). A "not run" never replaces a verdict. A verdict
/// counts as changed when it differs from the claim's previous one. `changes_since` (ISO 8601; "" for all) bounds
/// `changes`.
[[nodiscard]] VerdictRecord read_verdicts(const Store& store, std::span<const Card> cards,
                                          const std::string& changes_since = "");

}  // namespace offprint::page
