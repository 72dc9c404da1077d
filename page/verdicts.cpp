// One pass over the outcomes on record, oldest first.
#include "page/verdicts.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace offprint::page {

void VerdictCounts::count(Verdict verdict) {
  ++total;
  switch (verdict) {
    case Verdict::kHolds:
      ++holds;
      break;
    case Verdict::kFallsShort:
      ++falls_short;
      break;
    case Verdict::kInconclusive:
      ++inconclusive;
      break;
    case Verdict::kNotRun:
      ++not_run;
      break;
  }
}

std::string verdict_sentence(const VerdictCounts& counts) {
  const auto claims = [](int n) { return fmt::format("{} claim{}", n, n == 1 ? "" : "s"); };
  if (counts.total == counts.not_run) return fmt::format("Runs here; not checked yet ({}).", claims(counts.total));
  std::string text = fmt::format("Checked here: {} of {} {}", counts.holds, claims(counts.total),
                                 counts.holds == 1 ? "holds" : "hold");
  if (counts.falls_short > 0)
    text += fmt::format(", {} {} short", counts.falls_short, counts.falls_short == 1 ? "falls" : "fall");
  if (counts.inconclusive > 0)
    text += fmt::format(", {} {} inconclusive", counts.inconclusive, counts.inconclusive == 1 ? "is" : "are");
  if (counts.not_run > 0) text += fmt::format(", {} not run", counts.not_run);
  return text + ".";
}

std::vector<catalogue::VerdictChange> VerdictRecord::for_trending() const {
  std::vector<catalogue::VerdictChange> list;
  list.reserve(changes.size());
  for (const auto& c : changes) list.push_back({c.slug, c.claim, c.when});
  return list;
}

VerdictRecord read_verdicts(const Store& store, std::span<const Card> cards, const std::string& changes_since) {
  VerdictRecord record;
  std::map<std::string, const Card*> runnable;
  for (const Card& card : cards)
    if (card.runnable) runnable[card.slug] = &card;

  struct Latest {
    Verdict verdict = Verdict::kNotRun;
    std::string when;
  };
  std::map<std::pair<std::string, std::string>, Latest> latest;
  auto results = store.results();
  std::reverse(results.begin(), results.end());
  for (const DatedResult& dated : results) {
    const auto found = runnable.find(dated.paper);
    if (found == runnable.end() || dated.result.verdict == Verdict::kNotRun) continue;
    const auto& claims = found->second->claims;
    const auto claim =
        std::find_if(claims.begin(), claims.end(), [&](const Claim& c) { return c.id == dated.result.id; });
    if (claim == claims.end()) continue;
    Latest& before = latest[{dated.paper, dated.result.id}];
    if (before.verdict != dated.result.verdict && dated.started >= changes_since)
      record.changes.push_back({dated.paper, dated.result.id, claim->says,
                                before.verdict == Verdict::kNotRun ? "" : to_string(before.verdict),
                                to_string(dated.result.verdict), dated.started});
    before = {dated.result.verdict, dated.started};
  }
  std::stable_sort(record.changes.begin(), record.changes.end(),
                   [](const ChangedVerdict& a, const ChangedVerdict& b) { return a.when > b.when; });
  for (const auto& [slug, card] : runnable) {
    VerdictCounts& counts = record.counts[slug];
    for (const Claim& claim : card->claims) {
      const auto known = latest.find({slug, claim.id});
      const Verdict verdict = known == latest.end() ? Verdict::kNotRun : known->second.verdict;
      if (known != latest.end()) counts.when = std::max(counts.when, known->second.when);
      counts.count(verdict);
    }
  }
  return record;
}

}  // namespace offprint::page
