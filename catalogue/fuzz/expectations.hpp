// What must hold of everything that a parser of feeds lets through, whatever it was given.
#pragma once

#include <cstdlib>
#include <string>

#include "catalogue/arxiv_id.hpp"
#include "catalogue/feed_parsers.hpp"
#include "catalogue/limits.hpp"
#include "catalogue/text.hpp"
#include "offprint/core/date.hpp"
#include "offprint/core/error.hpp"

namespace offprint::catalogue::fuzz {

inline void demand(bool holds) {
  if (!holds) std::abort();
}

/// Cleaning again must change nothing: it is clean, and within its limit.
inline void demand_clean(const std::string& text, std::size_t limit) { demand(clean_text(text, limit) == text); }

template <class Parse>
void check(const Parse& parse) {
  FeedPage page;
  try {
    page = parse();
  } catch (const InputError& e) {
    demand(*e.what() != 0);
    return;
  }
  demand(page.items.size() <= limits::kItems);
  for (const auto& item : page.items) {
    demand(!item.title.empty());
    demand_clean(item.title, limits::kTitle);
    demand_clean(item.abstract, limits::kAbstract);
    demand_clean(item.venue, limits::kVenue);
    demand_clean(item.doi, limits::kDoi);
    demand(item.authors.size() <= limits::kAuthors && item.categories.size() <= limits::kCategories);
    for (const auto& name : item.authors) demand_clean(name, limits::kName);
    for (const auto& category : item.categories) demand_clean(category, limits::kCategory);
    for (const auto* day : {&item.published, &item.updated, &item.listed}) demand(day->empty() || parse_date(*day));
    demand(item.arxiv.empty() || parse_arxiv_id(item.arxiv)->id == item.arxiv);
    demand(item.upvotes >= -1);
  }
}

}  // namespace offprint::catalogue::fuzz
