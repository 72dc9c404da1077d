// Putting an edition into the outbox: one message for each subscriber who is to get it, once.
#pragma once

#include <optional>
#include <string>

#include "page/digest/edition.hpp"

namespace offprint::page {

struct PlanCounts {
  std::string edition;
  std::size_t papers = 0;  // in the whole edition
  int queued = 0;
  int nothing = 0;  // subscribers for whom it has nothing new, which is recorded too
};

/// Gathers the edition of `day` (or takes it as it was gathered before) and queues it for every confirmed subscriber of
/// that frequency who has no record of it, all in one transaction: a plan made twice, or by two at once, queues each
/// once.
[[nodiscard]] PlanCounts plan_edition(const std::filesystem::path& folder, Subscriptions& subscriptions,
                                      Frequency frequency, const std::string& day, const EditionSources& sources,
                                      const Searcher& search, std::int64_t now);

/// The edition as kept, or as it would be gathered now.
[[nodiscard]] Edition edition_of(const std::filesystem::path& folder, Subscriptions& subscriptions, Frequency frequency,
                                 const std::string& day, const EditionSources& sources, std::int64_t now);

/// The edition of that name as kept. Throws Error when there is none.
[[nodiscard]] Edition kept_edition(const std::filesystem::path& folder, Subscriptions& subscriptions,
                                   const std::string& name);

}  // namespace offprint::page
