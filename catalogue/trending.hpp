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

/// The formula is in docs/components/catalogue.md: votes count by their age (imported ones by the day the paper was
/// listed, local ones by when they were given), verdict changes by theirs, each with its own half-life. Highest score
/// first; papers without score are left out. `now` is ISO 8601, UTC.
[[nodiscard]] std::vector<Trending> trending(const CatalogueStore& store, std::span<const VerdictChange> changes,
                                             const std::string& now, std::size_t limit);

}  // namespace offprint::catalogue
