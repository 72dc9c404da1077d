// Search over the catalogue: keywords (SQLite FTS5, BM25) and meaning (latent semantic vectors) fused by reciprocal
// ranks.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "catalogue/catalogue_store.hpp"

namespace offprint::catalogue {

/// A piece of text and whether the query matched it: highlights without markup, so that nothing needs trusting.
struct Fragment {
  std::string text;
  bool hit = false;
};

struct SearchHit {
  std::string key;
  double score = 0.0;  // fused; only its order means something
  bool by_keyword = false;
  bool by_meaning = false;
  std::vector<Fragment> title;    // the whole title
  std::vector<Fragment> snippet;  // about 40 words around the best match
};

struct SearchQuery {
  std::string text{};  // words; "quoted phrases"; -without; author:name; category:cs.LG
  std::string category{};
  std::string status{};
  std::size_t offset = 0;
  std::size_t limit = 20;  // at most 200
};

struct SearchResult {
  std::vector<SearchHit> hits;
  std::size_t total = 0;  // keyword matches (counted up to 10,000), plus the hits that meaning alone brought
};

/// The index follows the store: `refresh` takes in what was added since (appending to the FTS table and folding new
/// documents into the vector space; the space itself is computed anew when the corpus has grown by half).
class SearchIndex {
 public:
  explicit SearchIndex(CatalogueStore& store);
  SearchIndex(SearchIndex&&) noexcept;
  ~SearchIndex();
  /// Cheap when nothing changed (one query). Not safe beside search() in another thread.
  void refresh();
  /// Never throws for strange queries: what cannot be understood is searched as words. O(matches + documents x rank).
  [[nodiscard]] SearchResult search(const SearchQuery& query) const;
  /// The n papers nearest in meaning, nearest first.
  [[nodiscard]] std::vector<SearchHit> related(std::string_view key, std::size_t n) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace offprint::catalogue
