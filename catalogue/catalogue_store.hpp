// The catalogue: cards and feed items in one SQLite database (catalogue.sqlite in the store's folder), with votes.
// Several processes may use it at once (WAL); one CatalogueStore belongs to one thread at a time.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "catalogue/paper.hpp"
#include "offprint/core/card.hpp"

namespace SQLite {
class Database;
}

namespace offprint::catalogue {

/// Which papers, in which order, which stretch of them.
struct ListQuery {
  std::string from{};      // listed on or after this day (YYYY-MM-DD); "" : no bound
  std::string to{};        // listed on or before; "" : no bound
  std::string category{};  // "cs.LG", or a whole archive "cs"; "" : all
  std::string status{};    // "ready", "planned", "feed", "runs" is "ready"; "" : all
  /// kListed: newest day first; in a day what is ready, what is planned, the rest, each by upvotes, then key.
  enum class Order { kListed, kUpvotes } order = Order::kListed;
  std::size_t offset = 0;
  std::size_t limit = 50;  // at most 500
};

struct PaperPage {
  std::vector<PaperRow> papers;
  std::size_t total = 0;  // that match, without offset and limit
};

struct Count {
  std::string name;  // a day YYYY-MM-DD, or a category
  std::size_t papers = 0;
};

/// What adding feed items did. An item changes a row when its version is newer, or the row lacked what it brings.
struct AddResult {
  std::size_t added = 0;
  std::size_t updated = 0;
  std::size_t unchanged = 0;
};

class CatalogueStore {
 public:
  /// Opens (creates) catalogue.sqlite in `folder`. Throws InputError when it cannot be written or is from a newer
  /// Offprint, IoError when it is damaged.
  explicit CatalogueStore(const std::filesystem::path& folder);
  /// The file's name in that folder.
  static constexpr const char* kFile = "catalogue.sqlite";
  CatalogueStore(CatalogueStore&&) noexcept;
  ~CatalogueStore();

  /// Brings the rows of our cards up to date (a no-op when no card changed: cards are compared by a fingerprint).
  /// Feed rows whose arXiv id or normalised title is a card's are merged into it.
  void sync_cards(std::span<const Card> cards);

  /// Adds feed items in one transaction. Deduplicated by arXiv id across versions, then by normalised title; items of a
  /// card's paper go to the card's row. Adding the same items again changes nothing. `also` is called before the
  /// transaction is committed, for what must be stored with the items or not at all.
  AddResult add(std::span<const FeedItem> items, const std::function<void(const AddResult&)>& also = {});

  /// By key; also by a key the paper had before (its arXiv id, before a card of ours came; its title's, before a feed
  /// told its arXiv id).
  [[nodiscard]] std::optional<PaperRow> find(std::string_view key) const;
  [[nodiscard]] PaperPage list(const ListQuery& query) const;
  /// Days that have papers, newest first.
  [[nodiscard]] std::vector<Count> days() const;
  /// Categories, the fullest first.
  [[nodiscard]] std::vector<Count> categories() const;

  /// A reader's vote (one per voter and paper; `voter` is a random id of the browser, kept hashed). Returns the local
  /// upvotes after it. `when` is ISO 8601, UTC, "" for now: trending counts votes by age. Throws InputError when there
  /// is no such paper.
  int vote(std::string_view key, std::string_view voter, bool up, std::string_view when = {});
  [[nodiscard]] bool voted(std::string_view key, std::string_view voter) const;

  /// Increases with every change that search, trending or feeds could show; for caches and ETags.
  [[nodiscard]] std::int64_t revision() const;

  /// For the other parts of the catalogue (search, subscriptions), which keep their tables in the same file.
  [[nodiscard]] SQLite::Database& database() { return *db_; }
  [[nodiscard]] const SQLite::Database& database() const { return *db_; }

 private:
  std::unique_ptr<SQLite::Database> db_;
};

}  // namespace offprint::catalogue
