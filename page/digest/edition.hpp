// An edition: what one day's or week's digest holds, for everybody. Kept in mail.sqlite once it is made, so that every
// message of it, also one sent again days later, says the same.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "catalogue/catalogue_store.hpp"
#include "catalogue/trending.hpp"
#include "page/digest/outbox.hpp"
#include "page/digest/subscriptions.hpp"
#include "page/syndication/feeds.hpp"
#include "page/verdicts.hpp"

namespace offprint::page {

/// A paper as the mail shows it: clean, shortened text.
struct EditionPaper {
  std::string key;
  std::string title;
  std::string authors;  // "A. One, B. Two and 3 more"
  std::string text;     // our summary or the beginning of the abstract
  std::vector<std::string> categories;
  std::string status;
  std::string verdicts;  // a sentence, "" where it does not run
  std::string source;    // the authors' page
  int upvotes = 0;
};

struct EditionChange {
  std::string key;  // of the paper
  std::string title;
  std::vector<std::string> categories;
  std::string text;  // "P1 holds (before: falls short): ..."
};

struct Edition {
  std::string name;  // "daily-2026-11-26", "weekly-2026-W48"
  Frequency frequency = Frequency::kDaily;
  std::string from;  // days it covers
  std::string to;
  std::vector<EditionPaper> papers;    // new ones: those that run here first, then by upvotes
  std::vector<EditionPaper> trending;  // at most 30, the highest first
  std::vector<EditionChange> changes;  // verdicts that changed since the edition before
};

/// How the edition is named and which days it spans: of a day for daily, of its ISO week for weekly.
struct EditionSpan {
  std::string name;
  std::string from;
  std::string to;
};
[[nodiscard]] EditionSpan edition_span(Frequency frequency, const std::string& day);

/// What an edition is made from.
struct EditionSources {
  const catalogue::CatalogueStore& catalogue;
  const VerdictRecord& verdicts;
  std::vector<catalogue::Trending> trending;  // the highest first
};

/// The day whose edition is the newest: daily, the newest day with papers up to `today`; weekly, the last day of the
/// newest complete week with papers. Nothing when there is none.
[[nodiscard]] std::optional<std::string> newest_edition_day(const catalogue::CatalogueStore& catalogue,
                                                            Frequency frequency, const std::string& today);

/// Gathers an edition. `covered`: keys of earlier editions' papers, which are not new again; with it, papers that were
/// listed up to a week (two for weekly) before the span but came late are taken in. Without (the first edition), only
/// those of the span. `changes_since`: ISO 8601.
[[nodiscard]] Edition gather_edition(Frequency frequency, const std::string& day, const EditionSources& sources,
                                     const std::optional<std::vector<std::string>>& covered,
                                     const std::string& changes_since);

/// What of an edition a wish asks for: keys of its papers and of the papers of its changes.
[[nodiscard]] Selection select(const Edition& edition, const Wish& wish, const Searcher& search);

[[nodiscard]] Json to_json(const Edition& edition);
[[nodiscard]] Edition edition_from_json(const Json& json);

/// Whether a paper of these categories is asked for by a wish's categories ("cs" asks for all of "cs.*").
[[nodiscard]] bool asked_for(const std::vector<std::string>& wanted, const std::vector<std::string>& categories);

}  // namespace offprint::page
