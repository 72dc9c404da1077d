// The fields of a feed item, cleaned and bounded: what all parsers do alike.
#pragma once

#include <string>
#include <string_view>

#include "catalogue/paper.hpp"

namespace offprint::catalogue {

/// Throws InputError when a document is larger than limits::kDocument; `what` names it ("the Atom feed").
void check_size(std::string_view document, std::string_view what);

void add_author(FeedItem& item, std::string_view name);
/// Categories are words such as "cs.LG" and "astro-ph"; anything else, and repetitions, are dropped.
void add_category(FeedItem& item, std::string_view category);
/// A DOI, without "https://doi.org/"; "" when it is none.
[[nodiscard]] std::string clean_doi(std::string_view doi);
/// The day (UTC) of an RFC 3339 instant or day, "" when it is neither.
[[nodiscard]] std::string day_of(std::string_view time);

}  // namespace offprint::catalogue
