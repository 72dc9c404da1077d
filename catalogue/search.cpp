// Three rankings (words, words in titles when there are many, meaning) fused by reciprocal ranks. The keyword index is
// the store's; here are the vectors, which follow the rows by their `changed` revision.
#include "catalogue/search.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <unordered_map>
#include <utility>

#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>
#include <sqlite3.h>

#include "catalogue/cosine.hpp"
#include "catalogue/database.hpp"
#include "catalogue/query.hpp"
#include "catalogue/semantic_space.hpp"
#include "catalogue/tokenizer.hpp"
#include "catalogue/word_counter.hpp"
#include "offprint/core/error.hpp"

namespace offprint::catalogue {
namespace {

constexpr const char* kTables = R"sql(
CREATE TABLE IF NOT EXISTS search_space(one INTEGER PRIMARY KEY CHECK(one = 1), generation INTEGER NOT NULL,
  revision INTEGER NOT NULL, fitted INTEGER NOT NULL, space BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS search_vectors(paper INTEGER PRIMARY KEY, vector BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS search_words(word TEXT PRIMARY KEY, papers INTEGER NOT NULL) WITHOUT ROWID;
CREATE TRIGGER IF NOT EXISTS search_vectors_delete AFTER DELETE ON papers BEGIN
  DELETE FROM search_vectors WHERE paper = old.id;
END;
)sql";

// title, keywords, authors, abstract, summary: a word of the title tells most
constexpr const char* kRank = "bm25(keyword_index, 10.0, 6.0, 4.0, 1.0, 1.5)";
constexpr double kFusion = 60.0;         // of reciprocal rank fusion (Cormack, Clarke, Buettcher 2009)
constexpr std::size_t kRanked = 1000;    // keyword matches that are ranked at least
constexpr std::size_t kScored = 1000;    // of more matches than these, the newest are ranked, and those in titles
constexpr std::size_t kCounted = 10000;  // matches are counted so far: counting a hundred thousand takes 30 ms
constexpr std::size_t kNear = 50;        // papers that meaning alone may bring
constexpr float kLeastCosine = 0.35F;    // below, "related by meaning" is noise
// The space is computed anew when the corpus has grown by half; once it is larger than the sample that spans the space,
// which then changes little, when it has doubled.
constexpr double kGrowth = 1.5;
constexpr double kLaterGrowth = 2.0;
constexpr int kCompletions = 12;
constexpr std::size_t kKeptSets = 64;  // papers of a category or status kept as bits: 12 kB for 100,000 papers
constexpr std::uint64_t kSeed = 20250731;

constexpr char kOn = '\x01';  // cleaned text has no control characters, so these mark hits
constexpr char kOff = '\x02';

std::vector<Fragment> fragments(std::string_view marked) {
  std::vector<Fragment> list;
  bool hit = false;
  while (!marked.empty()) {
    const auto end = std::min(marked.find_first_of("\x01\x02"), marked.size());
    if (end > 0) {
      if (!list.empty() && list.back().hit == hit) {
        list.back().text += marked.substr(0, end);
      } else {
        list.push_back({std::string(marked.substr(0, end)), hit});
      }
    }
    if (end < marked.size()) hit = marked[end] == kOn;
    marked.remove_prefix(std::min(end + 1, marked.size()));
  }
  return list;
}

bool has_hit(const std::string& marked) { return marked.find(kOn) != std::string::npos; }

/// The first `count` words.
std::string opening(const std::string& text, std::size_t count) {
  std::size_t at = 0;
  for (std::size_t i = 0; i < count && at != std::string::npos; ++i) at = text.find(' ', at + 1);
  return at == std::string::npos ? text : text.substr(0, at) + " …";
}

struct Document {
  std::int64_t id = 0;
  std::string title;
  std::string keywords;
  std::string abstract;
  std::string summary;
};

/// All papers' vectors, in one piece of memory.
struct Vectors {
  std::size_t rank = 0;
  std::vector<std::int64_t> ids;
  std::vector<float> values;
  std::unordered_map<std::int64_t, std::size_t> slots;

  void put(std::int64_t id, std::span<const float> vector) {
    const auto [at, is_new] = slots.try_emplace(id, ids.size());
    if (is_new) {
      ids.push_back(id);
      values.insert(values.end(), vector.begin(), vector.end());
    } else {
      std::copy(vector.begin(), vector.end(), values.begin() + static_cast<std::ptrdiff_t>(at->second * rank));
    }
  }
  [[nodiscard]] std::span<const float> at(std::size_t slot) const {
    return std::span(values).subspan(slot * rank, rank);
  }
};

struct Near {
  std::int64_t id = 0;
  float cosine = 0.0F;
};

/// Papers by id, a bit each.
class IdSet {
 public:
  /// Of the first column of a statement that is ready to run.
  explicit IdSet(SQLite::Statement& s) {
    while (s.executeStep()) {
      const auto id = static_cast<std::size_t>(s.getColumn(0).getInt64());
      if (id >= bits_.size()) bits_.resize(2 * id + 64);
      bits_[id] = true;
    }
  }
  [[nodiscard]] bool has(std::int64_t id) const {
    const auto at = static_cast<std::size_t>(id);
    return at < bits_.size() && bits_[at];
  }
  void intersect(const IdSet& other) {
    for (std::size_t i = 0; i < bits_.size(); ++i) bits_[i] = bits_[i] && other.has(static_cast<std::int64_t>(i));
  }

 private:
  std::vector<bool> bits_;
};

/// Whether a paper matches an expression of the keyword index, asked for one paper after the other.
class Matcher {
 public:
  Matcher(SQLite::Database& db, std::string expression)
      : expression_(std::move(expression)),
        s_(db, "SELECT 1 FROM keyword_index WHERE keyword_index MATCH ? AND rowid = ?") {
    s_.bind(1, expression_);
  }
  [[nodiscard]] bool operator()(std::int64_t id) {
    s_.reset();
    s_.bind(2, id);
    return s_.executeStep();
  }

 private:
  std::string expression_;
  SQLite::Statement s_;
};

/// Turns ids into hits with their words marked.
class Describer {
 public:
  explicit Describer(SQLite::Database& db)
      : row_(db, "SELECT key, title, abstract, summary FROM papers WHERE id = ?"),
        marks_(db,
               "SELECT highlight(keyword_index, 0, char(1), char(2)), snippet(keyword_index, 4, char(1), char(2), "
               "'…', 40), snippet(keyword_index, 3, char(1), char(2), '…', 40) FROM keyword_index WHERE "
               "keyword_index MATCH ? AND rowid = ?") {}

  /// Without an expression nothing is marked; nullopt when the paper is gone.
  [[nodiscard]] std::optional<SearchHit> operator()(std::int64_t id, const std::string& expression) {
    SearchHit hit;
    row_.reset();
    row_.bind(1, id);
    if (!row_.executeStep()) return std::nullopt;
    hit.key = row_.getColumn(0).getString();
    const auto title = row_.getColumn(1).getString();
    const auto abstract = row_.getColumn(2).getString();
    const auto summary = row_.getColumn(3).getString();
    hit.title = {{title, false}};
    hit.snippet = {{opening(summary.empty() ? abstract : summary, 40), false}};
    if (hit.snippet.front().text.empty()) hit.snippet.clear();
    if (expression.empty()) return hit;
    marks_.reset();
    marks_.bind(1, expression);
    marks_.bind(2, id);
    if (!marks_.executeStep()) return hit;
    hit.title = fragments(marks_.getColumn(0).getString());
    for (const int column : {1, 2})
      if (const auto text = marks_.getColumn(column).getString(); has_hit(text)) {
        hit.snippet = fragments(text);
        break;
      }
    return hit;
  }

 private:
  SQLite::Statement row_;
  SQLite::Statement marks_;
};

}  // namespace

struct SearchIndex::Impl {
  explicit Impl(CatalogueStore& s) : store(s), tokenizer(s.database()) {
    in_transaction(store.database(), [&] { store.database().exec(kTables); });
  }

  /// While it lives, searches of `impl` find only what `allowed` has (everything, without).
  class Filtered {
   public:
    Filtered(Impl& impl, const std::optional<IdSet>& allowed) : impl_(impl) {
      if (!allowed) return;
      impl.filter_ = &*allowed;
      // here, not once: a store may have several indices, and the function is this one's
      impl.store.database().createFunction("search_passes", 1, false, &impl, &Impl::passes);
    }
    Filtered(const Filtered&) = delete;
    Filtered& operator=(const Filtered&) = delete;
    ~Filtered() { impl_.filter_ = nullptr; }

   private:
    Impl& impl_;
  };

  CatalogueStore& store;
  Tokenizer tokenizer;
  SemanticSpace space{};
  Vectors vectors{};
  std::int64_t generation = 0;   // of the space at hand
  std::int64_t revision = -1;    // of the vectors at hand
  std::int64_t store_seen = -1;  // the store's revision at the last refresh

  // ---- following the store

  struct Stored {
    std::int64_t generation = 0;
    std::int64_t revision = -1;
    std::int64_t fitted = 0;  // documents at the last fit
  };

  [[nodiscard]] Stored stored() const {
    SQLite::Statement s(store.database(), "SELECT generation, revision, fitted FROM search_space");
    if (!s.executeStep()) return {};
    return {s.getColumn(0).getInt64(), s.getColumn(1).getInt64(), s.getColumn(2).getInt64()};
  }

  void refresh() {
    const auto now = store.revision();
    if (now == store_seen) return;
    guarded(store.database(), [&] {
      SQLite::Statement s(store.database(), "SELECT coalesce(max(changed), 0) FROM papers");
      s.executeStep();
      const auto newest = s.getColumn(0).getInt64();
      s.reset();
      if (stored().revision < newest) in_transaction(store.database(), [&] { bring_up_to_date(); });
      load();
    });
    sets_.clear();
    store_seen = now;
  }

  /// Makes the stored vectors follow the rows. In a write transaction.
  void bring_up_to_date() {
    auto& db = store.database();
    const auto state = stored();
    const auto papers = db.execAndGet("SELECT count(*) FROM papers").getInt64();
    const auto newest = db.execAndGet("SELECT coalesce(max(changed), 0) FROM papers").getInt64();
    if (state.revision >= newest) return;  // another process was first
    const double growth = state.fitted < static_cast<std::int64_t>(SpaceOptions{}.documents) ? kGrowth : kLaterGrowth;
    const bool fit = state.generation == 0 || static_cast<double>(papers) >= growth * static_cast<double>(state.fitted);
    WordCounter counter(tokenizer);
    std::vector<std::int64_t> ids;
    std::vector<TermCounts> counts;
    read_documents(fit ? -1 : state.revision, [&](const Document& document, bool known) {
      ids.push_back(document.id);
      counts.push_back(count(counter, document, !known));
    });
    write_words(counter);
    if (fit) {
      space = SemanticSpace::fit(counts, {}, Stream(kSeed, "semantic space"));
      generation = state.generation + 1;
      db.exec("DELETE FROM search_vectors");
    } else if (generation != state.generation) {
      load_space(state.generation);
    }
    SQLite::Statement put(db, "INSERT OR REPLACE INTO search_vectors VALUES(?, ?)");
    for (std::size_t i = 0; i < ids.size(); ++i) {
      const auto vector = space.embed(counts[i]);
      put.bind(1, ids[i]);
      put.bindNoCopy(2, static_cast<const void*>(vector.data()), static_cast<int>(vector.size() * sizeof(float)));
      put.exec();
      put.reset();
    }
    if (fit) {
      const auto bytes = space.bytes();
      SQLite::Statement s(db, "INSERT OR REPLACE INTO search_space VALUES(1, ?, ?, ?, ?)");
      s.bind(1, generation);
      s.bind(2, newest);
      s.bind(3, papers);
      s.bindNoCopy(4, static_cast<const void*>(bytes.data()), static_cast<int>(bytes.size()));
      s.exec();
      vectors = {};  // of the space before
      revision = -1;
    } else {
      SQLite::Statement s(db, "UPDATE search_space SET revision = ?");
      s.bind(1, newest);
      s.exec();
    }
  }

  template <class F>
  void read_documents(std::int64_t after, F&& f) const {
    SQLite::Statement s(
        store.database(),
        "SELECT p.id, p.title, p.keywords, p.abstract, p.summary, v.paper IS NOT NULL FROM papers p LEFT "
        "JOIN search_vectors v ON v.paper = p.id WHERE p.changed > ? ORDER BY p.id");
    s.bind(1, after);
    while (s.executeStep())
      f(Document{s.getColumn(0).getInt64(), s.getColumn(1).getString(), s.getColumn(2).getString(),
                 s.getColumn(3).getString(), s.getColumn(4).getString()},
        s.getColumn(5).getInt() != 0);
  }

  /// The stems of a document; its words count for completion when it is new.
  static TermCounts count(WordCounter& counter, const Document& document, bool is_new) {
    counter.read(document.title, 2.0F);
    counter.read(document.keywords, 2.0F);
    counter.read(document.abstract, 1.0F);
    counter.read(document.summary, 1.0F);
    return counter.finish(is_new);
  }

  void write_words(const WordCounter& counter) const {
    SQLite::Statement s(store.database(),
                        "INSERT INTO search_words VALUES(?1, ?2) ON CONFLICT(word) DO UPDATE SET papers = papers + ?2");
    std::map<std::string_view, std::uint32_t> sorted;  // neighbours in the table come one after another
    counter.each_word([&](const std::string& word, std::uint32_t papers) { sorted.emplace(word, papers); });
    for (const auto& [word, papers] : sorted) {
      s.bind(1, std::string(word));
      s.bind(2, static_cast<std::int64_t>(papers));
      s.exec();
      s.reset();
    }
  }

  void load_space(std::int64_t wanted) {
    SQLite::Statement s(store.database(), "SELECT space FROM search_space");
    if (!s.executeStep()) return;
    const auto column = s.getColumn(0);
    space =
        SemanticSpace::parse({static_cast<const char*>(column.getBlob()), static_cast<std::size_t>(column.getBytes())});
    generation = wanted;
    vectors = {};
    revision = -1;
  }

  /// Brings into memory what is stored.
  void load() {
    SQLite::Transaction one_view(store.database());  // space and vectors of one moment
    const auto state = stored();
    if (state.generation == 0) return;
    if (state.generation != generation) load_space(state.generation);
    if (state.revision != revision) {
      vectors.rank = space.rank();
      std::vector<float> vector(vectors.rank);
      SQLite::Statement s(store.database(), revision < 0
                                                ? "SELECT paper, vector FROM search_vectors WHERE ?1 < 0 ORDER BY paper"
                                                : "SELECT v.paper, v.vector FROM papers p JOIN search_vectors v ON "
                                                  "v.paper = p.id WHERE p.changed > ?1 ORDER BY p.id");
      s.bind(1, revision);
      while (s.executeStep()) {
        const auto blob = s.getColumn(1);
        if (static_cast<std::size_t>(blob.getBytes()) != vectors.rank * sizeof(float))
          throw IoError("the search vectors in the catalogue are damaged; move the file away and pull the feeds again");
        std::memcpy(vector.data(), blob.getBlob(), vector.size() * sizeof(float));  // SQLite does not align blobs
        vectors.put(s.getColumn(0).getInt64(), vector);
      }
      revision = state.revision;
    }
    one_view.commit();
  }

  // ---- searching

  [[nodiscard]] std::vector<std::string> completions(const std::string& prefix) const {
    SQLite::Statement s(
        store.database(),
        "SELECT word FROM search_words WHERE word >= ?1 AND word < ?1 || char(1114111) ORDER BY papers DESC, "
        "word LIMIT ?2");
    s.bind(1, prefix);
    s.bind(2, kCompletions);
    std::vector<std::string> list;
    while (s.executeStep()) list.push_back(s.getColumn(0).getString());
    return list;
  }

  /// The papers that category and status leave. Looked up in memory for each match: a category may hold far more papers
  /// than match, and a look-up in the database costs more than the match.
  [[nodiscard]] std::optional<IdSet> allowed_by(const SearchQuery& query, const ParsedQuery& parsed) {
    std::vector<const IdSet*> sets;
    auto categories = parsed.categories;
    if (!query.category.empty()) categories.push_back(query.category);
    for (const auto& category : categories) sets.push_back(&papers_of(category));
    if (!query.status.empty()) sets.push_back(&papers_that_are(query.status == "runs" ? "ready" : query.status));
    if (sets.empty()) return {};
    IdSet all = *sets.front();
    for (const auto* set : std::span(sets).subspan(1)) all.intersect(*set);
    return all;
  }

  const IdSet& papers_of(const std::string& category) {
    return kept("category " + category, [&] {
      SQLite::Statement s(store.database(),
                          category.find('.') == std::string::npos
                              ? "SELECT paper FROM paper_categories WHERE category = ?1 OR (category > ?1 || '.' AND "
                                "category < ?1 || '/')"
                              : "SELECT paper FROM paper_categories WHERE category = ?1");
      s.bind(1, category);
      return IdSet(s);
    });
  }
  const IdSet& papers_that_are(const std::string& status) {
    return kept("status " + status, [&] {
      // the index holds all that is asked for, the rows hold abstracts too
      SQLite::Statement s(store.database(), "SELECT id FROM papers INDEXED BY papers_listed WHERE status = ?");
      s.bind(1, status);
      return IdSet(s);
    });
  }
  template <class F>
  const IdSet& kept(const std::string& name, const F& make) {
    const auto at = sets_.find(name);
    if (at != sets_.end()) return at->second;
    if (sets_.size() >= kKeptSets) sets_.clear();
    return sets_.emplace(name, make()).first->second;
  }

  /// `head` of the rows of the keyword index that match and pass the filter.
  SQLite::Statement matching(const char* head, const std::string& expression, const std::string& tail) const {
    SQLite::Statement s(store.database(), fmt::format("{} FROM keyword_index WHERE keyword_index MATCH ?{}{}", head,
                                                      filter_ == nullptr ? "" : kPasses, tail));
    s.bind(1, expression);
    return s;
  }

  static std::vector<std::int64_t> ids_of(SQLite::Statement s) {
    std::vector<std::int64_t> ids;
    while (s.executeStep()) ids.push_back(s.getColumn(0).getInt64());
    return ids;
  }

  /// The newest matches, newest first, up to kCounted.
  [[nodiscard]] std::vector<std::int64_t> newest(const std::string& expression) const {
    return ids_of(matching("SELECT rowid", expression, fmt::format(" ORDER BY rowid DESC LIMIT {}", kCounted)));
  }

  struct KeywordMatches {
    std::string expression{};
    std::vector<std::int64_t> newest{};
    std::vector<std::vector<std::int64_t>> rankings{};

    /// Whether it matches; false also for what is older than all of `newest`, when there are more matches than those.
    [[nodiscard]] bool has(std::int64_t id) const {
      return std::binary_search(newest.begin(), newest.end(), id, std::greater<>());
    }
  };

  /// BM25 costs about ten microseconds a match, so of very many matches only the newest are scored, and beside them
  /// those that have the words in title, keywords or authors.
  [[nodiscard]] KeywordMatches by_keyword(const ParsedQuery& parsed, std::size_t wanted) const {
    KeywordMatches matches;
    for (const auto* expression : {&parsed.all, &parsed.any}) {
      if (expression->empty()) continue;
      matches.expression = *expression;
      matches.newest = newest(*expression);
      if (!matches.newest.empty()) break;
    }
    const auto rank = [&](const std::string& expression, const std::vector<std::int64_t>& ids) {
      if (ids.empty()) return;
      const auto tail = ids.size() > kScored ? fmt::format(" AND rowid >= {}", ids[kScored - 1]) : std::string();
      matches.rankings.push_back(ids_of(matching(
          "SELECT rowid", expression, fmt::format("{} ORDER BY {} LIMIT {}", tail, kRank, std::max(wanted, kRanked)))));
    };
    rank(matches.expression, matches.newest);
    if (matches.newest.size() > kScored) {
      const auto narrow = "{title keywords authors} : (" + matches.expression + ")";
      rank(narrow, newest(narrow));
    }
    return matches;
  }

  /// Papers nearest to a direction, nearest first, of those that pass the filter.
  [[nodiscard]] std::vector<Near> nearest(std::span<const float> direction, std::size_t count, float least) const {
    if (vectors.ids.empty() || direction.size() != vectors.rank) return {};
    std::vector<float> cosines(vectors.ids.size());
    inner_products(vectors.values, direction, cosines);
    std::vector<Near> near;
    for (std::size_t i = 0; i < cosines.size(); ++i)
      if (cosines[i] >= least && passes(vectors.ids[i])) near.push_back({vectors.ids[i], cosines[i]});
    const auto nearer = [](const Near& a, const Near& b) {
      return a.cosine != b.cosine ? a.cosine > b.cosine : a.id < b.id;
    };
    const auto kept = std::min(count, near.size());
    std::partial_sort(near.begin(), near.begin() + static_cast<std::ptrdiff_t>(kept), near.end(), nearer);
    near.resize(kept);
    return near;
  }

  [[nodiscard]] std::vector<std::int64_t> by_meaning(const ParsedQuery& parsed) const {
    if (parsed.meaning.empty() || space.rank() == 0) return {};
    WordCounter counter(tokenizer);
    counter.read(parsed.meaning, 1.0F);
    const auto counts = counter.finish(false);
    const bool restricted = !parsed.demanded.empty() || !parsed.excluded.empty();
    const auto near = nearest(space.embed(counts), restricted ? 20 * kNear : kNear, kLeastCosine);
    Matcher demanded(store.database(), parsed.demanded);
    Matcher excluded(store.database(), parsed.excluded);
    std::vector<std::int64_t> ids;
    for (const auto& [id, cosine] : near) {
      if (ids.size() >= kNear) break;
      if ((!parsed.demanded.empty() && !demanded(id)) || (!parsed.excluded.empty() && excluded(id))) continue;
      ids.push_back(id);
    }
    return ids;
  }

  // ---- the filter of the search under way, which SQLite asks through a function of ours

  [[nodiscard]] bool passes(std::int64_t id) const { return filter_ == nullptr || filter_->has(id); }
  static void passes(sqlite3_context* context, int /*count*/, sqlite3_value** values) {
    const auto* impl = static_cast<const Impl*>(sqlite3_user_data(context));
    sqlite3_result_int(context, impl->passes(sqlite3_value_int64(values[0])) ? 1 : 0);
  }

  static constexpr const char* kPasses = " AND search_passes(rowid)";
  const IdSet* filter_ = nullptr;
  std::map<std::string, IdSet> sets_{};  // of the store as it was at the last refresh
};

SearchIndex::SearchIndex(CatalogueStore& store) : impl_(std::make_unique<Impl>(store)) {}
SearchIndex::SearchIndex(SearchIndex&&) noexcept = default;
SearchIndex::~SearchIndex() = default;

void SearchIndex::refresh() { impl_->refresh(); }

SearchResult SearchIndex::search(const SearchQuery& query) const {
  return guarded(impl_->store.database(), [&] {
    const auto parsed = parse_query(query.text, impl_->tokenizer,
                                    [&](const std::string& prefix) { return impl_->completions(prefix); });
    const auto limit = std::min<std::size_t>(query.limit, 200);
    const auto last = std::min<std::size_t>(query.offset, 1'000'000) + limit;
    auto& db = impl_->store.database();
    const SQLite::Transaction one_view(db);  // and locks are taken once, not for every statement
    const auto allowed = impl_->allowed_by(query, parsed);
    const Impl::Filtered filtered(*impl_, allowed);
    const auto words = impl_->by_keyword(parsed, last);
    const auto near = impl_->by_meaning(parsed);

    struct Fused {
      std::int64_t id = 0;
      double score = 0.0;
      bool by_keyword = false;
      bool by_meaning = false;
    };
    std::unordered_map<std::int64_t, Fused> fused;
    const auto add = [&](const std::vector<std::int64_t>& ranking, bool Fused::*how) {
      for (std::size_t i = 0; i < ranking.size(); ++i) {
        auto& f = fused[ranking[i]];
        f.id = ranking[i];
        f.score += 1.0 / (kFusion + static_cast<double>(i) + 1.0);
        f.*how = true;
      }
    };
    for (const auto& ranking : words.rankings) add(ranking, &Fused::by_keyword);
    add(near, &Fused::by_meaning);

    SearchResult result;
    result.total = words.newest.size();
    std::vector<Fused> order;
    for (auto& [id, f] : fused) {
      // with very many matches, one that meaning brought may be a keyword match that was not ranked
      f.by_keyword = f.by_keyword || words.has(id);
      if (!f.by_keyword) ++result.total;
      order.push_back(f);
    }
    std::sort(order.begin(), order.end(),
              [](const Fused& a, const Fused& b) { return a.score != b.score ? a.score > b.score : a.id > b.id; });
    Describer describe(db);
    for (std::size_t i = query.offset; i < std::min(last, order.size()); ++i) {
      auto hit = describe(order[i].id, order[i].by_keyword ? words.expression : "");
      if (!hit) continue;
      hit->score = order[i].score;
      hit->by_keyword = order[i].by_keyword;
      hit->by_meaning = order[i].by_meaning;
      result.hits.push_back(std::move(*hit));
    }
    return result;
  });
}

std::vector<SearchHit> SearchIndex::related(std::string_view key, std::size_t n) const {
  return guarded(impl_->store.database(), [&] {
    std::vector<SearchHit> list;
    const auto row = impl_->store.find(key);
    if (!row) return list;
    SQLite::Statement s(impl_->store.database(), "SELECT id FROM papers WHERE key = ?");
    s.bind(1, row->key);
    if (!s.executeStep()) return list;
    const auto id = s.getColumn(0).getInt64();
    const auto slot = impl_->vectors.slots.find(id);
    if (slot == impl_->vectors.slots.end()) return list;
    Describer describe(impl_->store.database());
    for (const auto& [other, cosine] : impl_->nearest(impl_->vectors.at(slot->second), n + 1, 0.05F)) {
      if (other == id || list.size() >= n) continue;
      if (auto hit = describe(other, "")) {
        hit->score = cosine;
        hit->by_meaning = true;
        list.push_back(std::move(*hit));
      }
    }
    return list;
  });
}

}  // namespace offprint::catalogue
