// Feeds as text to feed items. Pure functions of hostile input: what is malformed in one entry is dropped, or the entry
// is; a document that is not of the format at all throws InputError. Memory is a small multiple of the document.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "catalogue/paper.hpp"

namespace offprint::catalogue {

/// What one document held.
struct FeedPage {
  std::vector<FeedItem> items;       // at most limits::kItems
  std::size_t skipped = 0;           // entries without what an entry needs
  std::optional<std::size_t> total;  // how many the whole query has, when the document says
};

/// The answer of arXiv's API (Atom 1.0 with the opensearch and arxiv extensions). Throws InputError when it is not
/// well-formed (with the byte), is not an Atom feed, is too large, or is how arXiv says that it refused the query.
[[nodiscard]] FeedPage parse_atom(std::string_view document);

/// The answer of Hugging Face's api/daily_papers: a list of {paper: {id, title, summary, authors, publishedAt,
/// upvotes},
/// ...}. `day` (YYYY-MM-DD) is the day that was asked for; "": the day each entry names. Throws InputError when it is
/// not JSON (with the byte), nests deeper than limits::kJsonDepth, is no list, or is an error message.
[[nodiscard]] FeedPage parse_daily_json(std::string_view document, const std::string& day);

/// The text of a saved Daily Papers page: furniture, then title, blank line, abstract, again and again. A paragraph is
/// an abstract when it is long (250 bytes) or a sentence of some length (80); the paragraph before it is its title; all
/// else is furniture. Throws InputError when it is too large or has no paper.
[[nodiscard]] FeedPage parse_daily_text(std::string_view document, const std::string& day);

/// Any of the three, told apart by its first character.
[[nodiscard]] FeedPage parse_feed(std::string_view document, const std::string& day);

}  // namespace offprint::catalogue
