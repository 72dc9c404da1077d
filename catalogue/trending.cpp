// score = sum over votes of w_i 2^(-age / h_votes) + W sum over changed verdicts 2^(-age / h_verdicts).
#include "catalogue/trending.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include <fmt/format.h>

#include "catalogue/database.hpp"
#include "offprint/core/date.hpp"
#include "offprint/core/error.hpp"

namespace offprint::catalogue {
namespace {

using std::chrono::sys_seconds;

struct Score {
  double votes = 0.0;
  double verdicts = 0.0;
};

/// 2^(-age / half-life); what lies in the future counts as now.
double decay(sys_seconds when, sys_seconds now, double half_life_days) {
  const double age = std::max(0.0, std::chrono::duration<double, std::ratio<86400>>(now - when).count());
  return std::exp2(-age / half_life_days);
}

}  // namespace

std::vector<Trending> trending(const CatalogueStore& store, std::span<const VerdictChange> changes,
                               const std::string& now, std::size_t limit) {
  const auto time = parse_time(now);
  if (!time) throw InputError("the time of trending must be ISO 8601 in UTC, not '" + now + "'");
  std::map<std::string, Score> scores;
  guarded(store.database(), [&] {
    // beyond this day even ten thousand votes are worth less than a hundredth of one
    const auto horizon = format_date(std::chrono::floor<std::chrono::days>(*time) - std::chrono::days(60));
    SQLite::Statement imported(
        store.database(),
        "SELECT key, listed, imported_upvotes FROM papers WHERE imported_upvotes > 0 AND listed >= ?");
    imported.bind(1, horizon);
    while (imported.executeStep()) {
      const auto day = parse_date(imported.getColumn(1).getString());
      if (day)
        scores[imported.getColumn(0).getString()].votes +=
            imported.getColumn(2).getInt() * decay(*day, *time, kVoteHalfLifeDays);
    }
    SQLite::Statement local(store.database(),
                            "SELECT p.key, v.given FROM votes v JOIN papers p ON p.id = v.paper WHERE v.given >= ?");
    local.bind(1, horizon);
    while (local.executeStep())
      if (const auto given = parse_time(local.getColumn(1).getString()))
        scores[local.getColumn(0).getString()].votes += decay(*given, *time, kVoteHalfLifeDays);
  });
  for (const auto& change : changes)
    if (const auto when = parse_time(change.when))
      scores[change.slug].verdicts += kVerdictWeight * decay(*when, *time, kVerdictHalfLifeDays);

  std::vector<std::pair<std::string, Score>> ranked;
  for (const auto& [key, score] : scores)
    if (score.votes + score.verdicts >= kLeastScore) ranked.emplace_back(key, score);
  std::stable_sort(ranked.begin(), ranked.end(), [](const auto& a, const auto& b) {
    return a.second.votes + a.second.verdicts > b.second.votes + b.second.verdicts;
  });
  std::vector<Trending> list;
  for (const auto& [key, score] : ranked) {
    if (list.size() >= limit) break;
    if (auto paper = store.find(key))
      list.push_back({std::move(*paper), score.votes + score.verdicts, score.votes, score.verdicts});
  }
  return list;
}

}  // namespace offprint::catalogue
