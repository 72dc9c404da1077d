// What is trending: upvotes and freshly changed verdicts, decayed with time.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "catalogue/catalogue_store.hpp"

namespace offprint::catalogue {

/// A verdict that changed on this machine (or was reached for the first time), for the score.
struct VerdictChange {
  std::string slug;
  std::string claim;
  std::string when;  // ISO 8601, UTC
};

struct Trending {
  PaperRow paper;
  double score = 0.0;
  double from_votes = 0.0;  // score = from_votes + from_verdicts
  double from_verdicts = 0.0;
};

/// An upvote is worth 1 when it is given, and half as much every three days: the front page turns over in a week.
inline constexpr double kVoteHalfLifeDays = 3.0;
/// A changed verdict is worth five upvotes, and lives longer, since there are fewer and they take machine time.
inline constexpr double kVerdictWeight = 5.0;
inline constexpr double kVerdictHalfLifeDays = 7.0;
/// Below this a paper does not trend.
inline constexpr double kLeastScore = 0.01;

/// score = sum_votes 2^(-age / 3 d) + 5 sum_changes 2^(-age / 7 d). The age of an imported upvote is that of the day
/// the paper was listed (feeds do not say when they were given), of a local one the time since it was given, of a
/// changed verdict the time since it was reached. Highest score first, ties by key; papers below kLeastScore, and
/// upvotes on papers listed over 60 days ago, are left out. `now` is ISO 8601, UTC (InputError otherwise). O(papers of
/// 60 days).
[[nodiscard]] std::vector<Trending> trending(const CatalogueStore& store, std::span<const VerdictChange> changes,
                                             const std::string& now, std::size_t limit);

}  // namespace offprint::catalogue
