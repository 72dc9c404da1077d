// The feeds that the page gives out: Atom 1.0 (RFC 4287) and JSON Feed 1.1 of any list of papers, per category, per
// status or for a saved search.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "catalogue/catalogue_store.hpp"
#include "catalogue/search.hpp"
#include "page/verdicts.hpp"

namespace offprint::page {

/// Most entries of one feed: what readers fetch every hour should stay small.
inline constexpr std::size_t kFeedEntries = 100;

/// Which papers: the parameters of /feeds/papers.atom and .json.
struct FeedQuery {
  std::string category;  // "" all
  std::string status;    // "" all
  std::string search;    // "" none
};

/// How a feed asks for a search; the server passes its index under its lock.
using Searcher = std::function<catalogue::SearchResult(const catalogue::SearchQuery&)>;

/// The newest papers that match, newest day first, at most `limit`. With a search, those that match its keywords (what
/// is near in meaning alone would come and go as the index changes). Throws InputError when the search is longer than
/// 500 bytes.
[[nodiscard]] std::vector<catalogue::PaperRow> feed_papers(const catalogue::CatalogueStore& store,
                                                           const FeedQuery& query, const Searcher& search,
                                                           std::size_t limit = kFeedEntries);

struct FeedEntry {
  catalogue::PaperRow paper;
  std::optional<VerdictCounts> verdicts;  // where the paper runs here
};

/// Where the page is and which feed this is. Links and ids come from `base_url` ("https://papers.example.org", no slash
/// at the end): ids are tag: addresses of its host (RFC 4151), the same for both formats and whatever the query.
struct FeedPlace {
  std::string base_url;
  FeedQuery query;
};

/// The document, UTF-8. Titles, names and texts are escaped and cleaned (clean_text); at most kFeedEntries entries. The
/// same input gives the same bytes: dates come from the papers and verdicts, never from the clock.
[[nodiscard]] std::string atom_feed(const FeedPlace& place, std::span<const FeedEntry> entries);
[[nodiscard]] std::string json_feed(const FeedPlace& place, std::span<const FeedEntry> entries);

inline constexpr const char* kAtomType = "application/atom+xml; charset=utf-8";
inline constexpr const char* kJsonFeedType = "application/feed+json; charset=utf-8";

/// "https://host/papers/KEY", the key percent-encoded.
[[nodiscard]] std::string paper_url(const std::string& base_url, const std::string& key);
/// The authors' page of the paper (arXiv, else DOI, else code), "" when unknown.
[[nodiscard]] std::string source_url(const catalogue::PaperRow& paper);

}  // namespace offprint::page
