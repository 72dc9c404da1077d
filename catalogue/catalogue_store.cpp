// Cards and feed items in catalogue.sqlite. A row is read, merged with what comes in, and written when that changed it:
// hence adding twice changes nothing. The keyword index follows in the same transaction (changes and deletions by
// triggers), so it never disagrees with the rows.
#include "catalogue/catalogue_store.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <type_traits>

#include <SQLiteCpp/SQLiteCpp.h>
#include <SQLiteCpp/VariadicBind.h>
#include <fmt/format.h>
#include <sqlite3.h>

#include "catalogue/arxiv_id.hpp"
#include "catalogue/database.hpp"
#include "catalogue/text.hpp"
#include "offprint/core/date.hpp"
#include "offprint/core/error.hpp"
#include "offprint/core/sha256.hpp"

namespace offprint::catalogue {
namespace {

constexpr int kSchema = 2;
// papers: lists are joined by newlines, which cleaned text never holds. listed_by: 0 derived, 1 a feed's, 2 the card's.
// changed: the revision at which the text last changed, for the vectors.
constexpr const char* kTables = R"sql(
CREATE TABLE meta(name TEXT PRIMARY KEY, value) WITHOUT ROWID;
INSERT INTO meta VALUES('revision', 0), ('cards', '');
CREATE TABLE papers(
  id INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE, slug TEXT NOT NULL, status TEXT NOT NULL,
  arxiv TEXT NOT NULL, version INTEGER NOT NULL, title TEXT NOT NULL, normal TEXT NOT NULL, authors TEXT NOT NULL,
  abstract TEXT NOT NULL, summary TEXT NOT NULL, year INTEGER NOT NULL, published TEXT NOT NULL, updated TEXT NOT NULL,
  listed TEXT NOT NULL, listed_by INTEGER NOT NULL, categories TEXT NOT NULL, keywords TEXT NOT NULL, doi TEXT NOT NULL,
  venue TEXT NOT NULL, code TEXT NOT NULL, from_feed INTEGER NOT NULL, imported_upvotes INTEGER NOT NULL,
  local_upvotes INTEGER NOT NULL DEFAULT 0, changed INTEGER NOT NULL);
CREATE UNIQUE INDEX papers_arxiv ON papers(arxiv) WHERE arxiv <> '';
CREATE UNIQUE INDEX papers_slug ON papers(slug) WHERE slug <> '';
CREATE INDEX papers_normal ON papers(normal);
CREATE INDEX papers_upvotes ON papers(imported_upvotes + local_upvotes DESC, listed DESC, key);
CREATE INDEX papers_changed ON papers(changed);
CREATE TABLE earlier_keys(key TEXT PRIMARY KEY, paper INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE paper_categories(category TEXT NOT NULL, paper INTEGER NOT NULL, PRIMARY KEY(category, paper)) WITHOUT ROWID;
CREATE INDEX paper_categories_paper ON paper_categories(paper);
CREATE TABLE votes(paper INTEGER NOT NULL, voter TEXT NOT NULL, given TEXT NOT NULL, PRIMARY KEY(paper, voter)) WITHOUT ROWID;
CREATE VIRTUAL TABLE keyword_index USING fts5(title, keywords, authors, abstract, summary, content='papers',
  content_rowid='id', tokenize='porter unicode61 remove_diacritics 2');
CREATE TRIGGER keyword_index_delete AFTER DELETE ON papers BEGIN
  INSERT INTO keyword_index(keyword_index, rowid, title, keywords, authors, abstract, summary)
    VALUES ('delete', old.id, old.title, old.keywords, old.authors, old.abstract, old.summary);
END;
CREATE TRIGGER keyword_index_update AFTER UPDATE OF title, keywords, authors, abstract, summary ON papers
  WHEN old.title <> new.title OR old.keywords <> new.keywords OR old.authors <> new.authors
    OR old.abstract <> new.abstract OR old.summary <> new.summary BEGIN
  INSERT INTO keyword_index(keyword_index, rowid, title, keywords, authors, abstract, summary)
    VALUES ('delete', old.id, old.title, old.keywords, old.authors, old.abstract, old.summary);
  INSERT INTO keyword_index(rowid, title, keywords, authors, abstract, summary)
    VALUES (new.id, new.title, new.keywords, new.authors, new.abstract, new.summary);
END;
)sql";

constexpr const char* kListedIndex =
    "CREATE INDEX papers_listed ON papers(listed DESC, status DESC, imported_upvotes + local_upvotes DESC, key)";
// Format 1 listed a day by upvotes alone, and had new rows indexed by a trigger.
constexpr const char* kFromFormat1 = "DROP INDEX papers_listed; DROP TRIGGER keyword_index_insert;";

constexpr const char* kColumns =
    "id, key, slug, status, arxiv, version, title, authors, abstract, summary, year, published, updated, listed, "
    "listed_by, categories, keywords, doi, venue, code, from_feed, imported_upvotes, local_upvotes";

enum ListedBy : int { kDerived, kFeed, kCard };

std::string joined(const std::vector<std::string>& list) { return fmt::format("{}", fmt::join(list, "\n")); }

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> list;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    list.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return list;
}

/// A row with what only the store knows of it.
struct Row {
  std::int64_t id = 0;  // 0: not stored yet
  PaperRow paper;
  int listed_by = kDerived;
  bool from_feed = false;
};

Row read_row(SQLite::Statement& s) {
  Row row;
  int column = 0;
  const auto text = [&] { return s.getColumn(column++).getString(); };
  const auto number = [&] { return s.getColumn(column++).getInt(); };
  row.id = s.getColumn(column++).getInt64();
  PaperRow& p = row.paper;
  p.key = text();
  p.slug = text();
  p.status = text();
  p.arxiv = text();
  p.version = number();
  p.title = text();
  p.authors = split(text());
  p.abstract = text();
  p.summary = text();
  p.year = number();
  p.published = text();
  p.updated = text();
  p.listed = text();
  row.listed_by = number();
  p.categories = split(text());
  p.keywords = split(text());
  p.doi = text();
  p.venue = text();
  p.code = text();
  row.from_feed = number() != 0;
  p.imported_upvotes = number();
  p.local_upvotes = number();
  return row;
}

std::string key_of(const PaperRow& p) {
  if (!p.slug.empty()) return p.slug;
  if (!p.arxiv.empty()) return p.arxiv;
  return "t-" + sha256(normalised_title(p.title)).substr(0, 16);
}

/// What follows from the rest: key, year and day when nobody said.
void derive(Row& row) {
  PaperRow& p = row.paper;
  p.key = key_of(p);
  if (row.listed_by == kDerived) {
    if (!p.published.empty()) {
      p.listed = p.published;
    } else if (!p.arxiv.empty()) {
      p.listed = month_of_arxiv_id(p.arxiv);
    } else if (p.listed.empty()) {
      p.listed = format_date(std::chrono::floor<std::chrono::days>(utc_now()));
    }
  }
  if (p.year == 0) {
    const auto& day = p.published.empty() ? p.listed : p.published;
    p.year = std::stoi(day.substr(0, 4));
  }
}

bool same_text(const PaperRow& a, const PaperRow& b) {
  return a.title == b.title && a.authors == b.authors && a.abstract == b.abstract && a.summary == b.summary &&
         a.keywords == b.keywords;
}

bool same(const Row& a, const Row& b) {
  const PaperRow& p = a.paper;
  const PaperRow& q = b.paper;
  return same_text(p, q) && a.listed_by == b.listed_by && a.from_feed == b.from_feed && p.key == q.key &&
         p.slug == q.slug && p.status == q.status && p.arxiv == q.arxiv && p.version == q.version && p.year == q.year &&
         p.published == q.published && p.updated == q.updated && p.listed == q.listed && p.categories == q.categories &&
         p.doi == q.doi && p.venue == q.venue && p.code == q.code && p.imported_upvotes == q.imported_upvotes;
}

/// Our field (the card's component: "koopman", "optimize") is the last category of a row with a card, so that every
/// paper of ours has a category before any feed has told its own.
std::string take_field(PaperRow& p) {
  if (p.slug.empty() || p.categories.empty()) return "";
  std::string field = std::move(p.categories.back());
  p.categories.pop_back();
  return field;
}
void put_field(PaperRow& p, const std::string& field) {
  if (!p.slug.empty()) p.categories.push_back(field.empty() ? "other" : field);
}

void merge(Row& row, const Card& card) {
  PaperRow& p = row.paper;
  take_field(p);
  p.slug = card.slug;
  put_field(p, card.component);
  p.status = card.runnable ? "ready" : "planned";
  if (!card.arxiv.empty()) p.arxiv = card.arxiv;
  p.title = card.title;
  p.authors = card.authors;
  p.summary = card.summary;
  p.year = card.year;
  p.keywords = card.keywords;
  p.code = card.code;
  if (!card.doi.empty()) p.doi = card.doi;
  if (!card.venue.empty()) p.venue = card.venue;
  if (!card.listed.empty()) {
    p.listed = card.listed;
    row.listed_by = kCard;
  } else if (row.listed_by == kCard) {
    row.listed_by = kDerived;
  }
  derive(row);
}

void merge(Row& row, const FeedItem& item) {
  PaperRow& p = row.paper;
  const bool newer = row.id == 0 || item.version > p.version;
  const auto take = [&](auto& mine, const auto& theirs, bool ours_first = false) {
    if constexpr (std::is_arithmetic_v<std::remove_cvref_t<decltype(mine)>>) {
      if (theirs != 0 && newer) mine = theirs;
    } else {
      if (!theirs.empty() && (mine.empty() || (newer && !ours_first))) mine = theirs;
    }
  };
  const bool has_card = !p.slug.empty();  // our words stand before the feed's
  if (p.status.empty()) p.status = "feed";
  if (p.arxiv.empty()) p.arxiv = item.arxiv;
  take(p.title, item.title, has_card);
  take(p.authors, item.authors, has_card);
  take(p.abstract, item.abstract);
  take(p.updated, item.updated);
  const auto field = take_field(p);
  take(p.categories, item.categories);
  put_field(p, field);
  take(p.doi, item.doi, has_card);
  take(p.venue, item.venue, has_card);
  take(p.published, item.published, true);
  take(p.version, item.version);
  if (!item.listed.empty() && row.listed_by == kDerived) {
    p.listed = item.listed;
    row.listed_by = kFeed;
  }
  if (item.upvotes >= 0) p.imported_upvotes = item.upvotes;
  row.from_feed = true;
  derive(row);
}

/// Whatever is malformed here came past a parser: dropped rather than stored.
FeedItem checked(FeedItem item) {
  const auto day = [](std::string& text) {
    if (!parse_date(text)) text.clear();
  };
  day(item.published);
  day(item.updated);
  day(item.listed);
  if (const auto id = parse_arxiv_id(item.arxiv)) {
    item.arxiv = id->id;
    item.version = std::max(item.version, id->version);
  } else {
    item.arxiv.clear();
  }
  return item;
}

std::string hashed_voter(std::string_view voter) {
  return sha256("offprint voter\n" + std::string(voter)).substr(0, 32);
}

/// The write side of one transaction, its statements prepared once.
class Writer {
 public:
  explicit Writer(SQLite::Database& db)
      : db_(db),
        by_arxiv_(db, fmt::format("SELECT {} FROM papers WHERE arxiv = ? AND arxiv <> ''", kColumns)),
        by_slug_(db, fmt::format("SELECT {} FROM papers WHERE slug = ? AND slug <> ''", kColumns)),
        by_title_(db, fmt::format("SELECT {} FROM papers WHERE normal = ? ORDER BY slug = '', id", kColumns)),
        insert_(
            db,
            "INSERT INTO papers(key, slug, status, arxiv, version, title, normal, authors, abstract, summary, year, "
            "published, updated, listed, listed_by, categories, keywords, doi, venue, code, from_feed, "
            "imported_upvotes, changed) VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"),
        update_(db,
                "UPDATE papers SET key=?, slug=?, status=?, arxiv=?, version=?, title=?, normal=?, authors=?, "
                "abstract=?, summary=?, year=?, published=?, updated=?, listed=?, listed_by=?, categories=?, "
                "keywords=?, doi=?, venue=?, code=?, from_feed=?, imported_upvotes=?, changed=? WHERE id=?"),
        // A statement of its own: a trigger would make FTS5 write a segment for every row.
        index_(db, "INSERT INTO keyword_index(rowid, title, keywords, authors, abstract, summary) VALUES(?,?,?,?,?,?)"),
        forget_categories_(db, "DELETE FROM paper_categories WHERE paper = ?"),
        add_category_(db, "INSERT OR IGNORE INTO paper_categories VALUES(?, ?)"),
        forget_key_(db, "DELETE FROM earlier_keys WHERE key = ?"),
        add_key_(db, "INSERT OR REPLACE INTO earlier_keys VALUES(?, ?)"),
        revision_(db.execAndGet("SELECT value FROM meta WHERE name = 'revision'").getInt64() + 1) {}

  std::optional<Row> by_slug(const std::string& slug) { return first(by_slug_, slug); }
  std::optional<Row> by_arxiv(const std::string& arxiv) {
    return arxiv.empty() ? std::nullopt : first(by_arxiv_, arxiv);
  }
  /// Of this title, unless both have an arXiv id and they differ: then they are two papers of one title.
  std::optional<Row> by_title(const std::string& normal, const std::string& arxiv) {
    if (normal.empty()) return std::nullopt;
    by_title_.bindNoCopy(1, normal);
    std::optional<Row> found;
    while (!found && by_title_.executeStep()) {
      Row row = read_row(by_title_);
      if (row.paper.arxiv.empty() || arxiv.empty() || row.paper.arxiv == arxiv) found = std::move(row);
    }
    by_title_.reset();
    return found;
  }

  void write(const Row& row, const Row* before) {
    const PaperRow& p = row.paper;
    const std::string normal = normalised_title(p.title);
    const std::string authors = joined(p.authors);
    const std::string categories = joined(p.categories);
    const std::string keywords = joined(p.keywords);
    SQLite::Statement& s = before == nullptr ? insert_ : update_;
    int i = 0;
    for (const std::string* text : {&p.key, &p.slug, &p.status, &p.arxiv}) s.bindNoCopy(++i, *text);
    s.bind(++i, p.version);
    for (const std::string* text : {&p.title, &normal, &authors, &p.abstract, &p.summary}) s.bindNoCopy(++i, *text);
    s.bind(++i, p.year);
    for (const std::string* text : {&p.published, &p.updated, &p.listed}) s.bindNoCopy(++i, *text);
    s.bind(++i, row.listed_by);
    for (const std::string* text : {&categories, &keywords, &p.doi, &p.venue, &p.code}) s.bindNoCopy(++i, *text);
    s.bind(++i, row.from_feed ? 1 : 0);
    s.bind(++i, p.imported_upvotes);
    const bool text_changed = before == nullptr || !same_text(p, before->paper);
    s.bind(++i, text_changed ? revision_ : changed_at(row.id));
    if (before != nullptr) s.bind(++i, row.id);
    s.exec();
    s.reset();
    const std::int64_t id = before == nullptr ? db_.getLastInsertRowid() : row.id;
    if (before == nullptr) run(index_, id, p.title, keywords, authors, p.abstract, p.summary);
    if (before == nullptr || before->paper.categories != p.categories) {
      if (before != nullptr) run(forget_categories_, id);
      for (const auto& category : p.categories) run(add_category_, category, id);
    }
    if (before != nullptr && before->paper.key != p.key) run(add_key_, before->paper.key, id);
    if (before == nullptr || before->paper.key != p.key) run(forget_key_, p.key);
    dirty_ = true;
  }

  /// `from` was found to be the same paper as `into`: its votes, day and what `into` lacks go there, it goes.
  void absorb(Row& into, const Row& from) {
    const PaperRow& q = from.paper;
    PaperRow& p = into.paper;
    remove(from.id, into.id);
    run(add_key_, q.key, into.id);
    const auto take = [](auto& mine, const auto& theirs) {
      if (mine.empty()) mine = theirs;
    };
    take(p.arxiv, q.arxiv);
    take(p.authors, q.authors);
    take(p.abstract, q.abstract);
    take(p.published, q.published);
    take(p.updated, q.updated);
    const auto field = take_field(p);
    take(p.categories, q.categories);
    put_field(p, field);
    take(p.doi, q.doi);
    take(p.venue, q.venue);
    p.version = std::max(p.version, q.version);
    p.imported_upvotes = std::max(p.imported_upvotes, q.imported_upvotes);
    if (into.listed_by == kDerived && from.listed_by != kDerived) {
      p.listed = q.listed;
      into.listed_by = kFeed;
    }
    into.from_feed = into.from_feed || from.from_feed;
  }

  /// Removes a row; votes and earlier keys go to the row `heir`, or with it when there is none (0).
  void remove(std::int64_t id, std::int64_t heir) {
    if (heir != 0) {
      execute("UPDATE OR IGNORE votes SET paper = ?2 WHERE paper = ?1", id, heir);
      execute("UPDATE earlier_keys SET paper = ?2 WHERE paper = ?1", id, heir);
    } else {
      execute("DELETE FROM earlier_keys WHERE paper = ?", id);
    }
    execute("DELETE FROM votes WHERE paper = ?", id);
    execute("DELETE FROM paper_categories WHERE paper = ?", id);
    execute("DELETE FROM papers WHERE id = ?", id);
    if (heir != 0)
      execute("UPDATE papers SET local_upvotes = (SELECT count(*) FROM votes WHERE paper = ?1) WHERE id = ?1", heir);
    dirty_ = true;
  }

  /// Records that something changed, if something did.
  void finish() {
    if (dirty_) execute("UPDATE meta SET value = ? WHERE name = 'revision'", revision_);
  }

 private:
  static std::optional<Row> first(SQLite::Statement& s, const std::string& value) {
    s.bindNoCopy(1, value);
    std::optional<Row> row;
    if (s.executeStep()) row = read_row(s);
    s.reset();
    return row;
  }
  template <class... Values>
  static void run(SQLite::Statement& s, const Values&... values) {
    SQLite::bind(s, values...);
    s.exec();
    s.reset();
  }
  template <class... Values>
  void execute(const char* sql, const Values&... values) {
    SQLite::Statement s(db_, sql);
    run(s, values...);
  }
  std::int64_t changed_at(std::int64_t id) {
    SQLite::Statement s(db_, "SELECT changed FROM papers WHERE id = ?");
    s.bind(1, id);
    s.executeStep();
    return s.getColumn(0).getInt64();
  }

  SQLite::Database& db_;
  SQLite::Statement by_arxiv_;
  SQLite::Statement by_slug_;
  SQLite::Statement by_title_;
  SQLite::Statement insert_;
  SQLite::Statement update_;
  SQLite::Statement index_;
  SQLite::Statement forget_categories_;
  SQLite::Statement add_category_;
  SQLite::Statement forget_key_;
  SQLite::Statement add_key_;
  std::int64_t revision_;
  bool dirty_ = false;
};

/// The row of a paper as it shall become, and as it is stored (nothing: not yet).
struct Found {
  Row row;
  std::optional<Row> stored;
};

/// By slug, arXiv id and title. Two rows (one knew the id, another only the title) become one, which then differs from
/// what is stored.
Found find_row(Writer& writer, const std::optional<Row>& by_slug, const std::string& arxiv, const std::string& title) {
  Found found{by_slug.value_or(Row{}), by_slug};
  const auto join = [&](std::optional<Row> other) {
    if (!other || other->id == found.row.id) return;
    if (!found.stored) {
      found = {*other, other};
    } else if (other->paper.slug.empty()) {
      writer.absorb(found.row, *other);
    } else if (found.row.paper.slug.empty()) {
      const Row absorbed = std::move(found.row);
      found = {*other, other};
      writer.absorb(found.row, absorbed);
    }  // else two cards, which are two papers whatever feeds say
  };
  join(writer.by_arxiv(arxiv));
  join(writer.by_title(normalised_title(title), found.row.paper.arxiv.empty() ? arxiv : found.row.paper.arxiv));
  return found;
}

std::string fingerprint(std::span<const Card> cards) {
  Sha256 hash;
  const auto put = [&](const std::string& text) { hash.update(std::to_string(text.size()) + ":" + text); };
  for (const auto& card : cards) {
    for (const std::string* text : {&card.slug, &card.title, &card.arxiv, &card.doi, &card.venue, &card.code,
                                    &card.component, &card.listed, &card.summary})
      put(*text);
    put(joined(card.authors));
    put(joined(card.keywords));
    put(fmt::format("{} {}", card.year, card.runnable));
  }
  return hash.hex_digest();
}

/// The card of this row is gone: what feeds said of the paper stays, a row of the card's alone goes.
void drop_card(Writer& writer, Row row) {
  if (!row.from_feed) {
    writer.remove(row.id, 0);
    return;
  }
  const Row before = row;
  PaperRow& p = row.paper;
  take_field(p);
  p.slug.clear();
  p.status = "feed";
  p.summary.clear();
  p.keywords.clear();
  p.code.clear();
  if (row.listed_by == kCard) row.listed_by = kDerived;
  derive(row);
  writer.write(row, &before);
}

std::string where_clause(const ListQuery& query) {
  std::string where = " WHERE 1";
  if (!query.from.empty()) where += " AND listed >= :from";
  if (!query.to.empty()) where += " AND listed <= :to";
  if (!query.status.empty()) where += " AND status = :status";
  if (!query.category.empty()) {
    where += " AND id IN (SELECT paper FROM paper_categories WHERE category = :category";
    if (query.category.find('.') == std::string::npos)
      where += " OR (category > :category || '.' AND category < :category || '/')";
    where += ")";
  }
  return where;
}

void bind_query(SQLite::Statement& s, const ListQuery& query) {
  if (!query.from.empty()) s.bind(":from", query.from);
  if (!query.to.empty()) s.bind(":to", query.to);
  if (!query.status.empty()) s.bind(":status", query.status == "runs" ? "ready" : query.status);
  if (!query.category.empty()) s.bind(":category", query.category);
}

std::vector<Count> counts(const SQLite::Database& db, const char* sql) {
  return guarded(db, [&] {
    SQLite::Statement s(db, sql);
    std::vector<Count> list;
    while (s.executeStep())
      list.push_back({s.getColumn(0).getString(), static_cast<std::size_t>(s.getColumn(1).getInt64())});
    return list;
  });
}

std::optional<std::int64_t> id_of(const SQLite::Database& db, std::string_view key) {
  SQLite::Statement s(
      db, "SELECT id FROM papers WHERE key = ?1 UNION ALL SELECT paper FROM earlier_keys WHERE key = ?1 LIMIT 1");
  s.bind(1, std::string(key));
  if (!s.executeStep()) return std::nullopt;
  return s.getColumn(0).getInt64();
}

}  // namespace

void throw_database_error(const std::string& file, const SQLite::Exception& e) {
  const int code = e.getErrorCode();
  const std::string where = "the catalogue " + file;
  if (code == SQLITE_FULL) throw IoError(where + " cannot grow: disk full; free some space and try again");
  if (code == SQLITE_READONLY || code == SQLITE_CANTOPEN || code == SQLITE_PERM)
    throw InputError(where + " cannot be written; choose another folder with --store DIR or OFFPRINT_STORE");
  if (code == SQLITE_NOTADB || code == SQLITE_CORRUPT)
    throw IoError(where + " is damaged (" + e.what() + "); move it away and pull the feeds again");
  if (code == SQLITE_BUSY)
    throw IoError(where + " has been locked by another process for 15 s; wait for it, or end it");
  throw IoError(where + ": " + e.what());
}

CatalogueStore::CatalogueStore(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  const auto file = (folder / kFile).string();
  try {
    db_ = std::make_unique<SQLite::Database>(file, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE, 15000);
    db_->exec("PRAGMA journal_mode = WAL");
    db_->exec("PRAGMA cache_size = -65536");  // 64 MB at most: a search reads widely scattered pages
    db_->exec("PRAGMA synchronous = FULL");   // digests must not be sent twice after a power cut
    const auto version = [&] { return db_->execAndGet("PRAGMA user_version").getInt(); };
    if (version() < kSchema)
      in_transaction(*db_, [&] {
        if (version() >= kSchema) return;  // another process was first
        db_->exec(version() == 0 ? kTables : kFromFormat1);
        db_->exec(kListedIndex);
        db_->exec(fmt::format("PRAGMA user_version = {}", kSchema));
      });
    if (version() > kSchema)
      throw InputError(
          fmt::format("the catalogue {} has format {}, this Offprint knows {}; use the newer Offprint, or "
                      "another folder with --store DIR",
                      file, version(), kSchema));
  } catch (const SQLite::Exception& e) {
    throw_database_error(file, e);
  }
}

CatalogueStore::CatalogueStore(CatalogueStore&&) noexcept = default;
CatalogueStore::~CatalogueStore() = default;

void CatalogueStore::sync_cards(std::span<const Card> cards) {
  const std::string now = fingerprint(cards);
  const auto synced = [&] { return db_->execAndGet("SELECT value FROM meta WHERE name = 'cards'").getString(); };
  if (guarded(*db_, synced) == now) return;
  in_transaction(*db_, [&] {
    if (synced() == now) return;
    Writer writer(*db_);
    std::set<std::string> slugs;
    for (const auto& card : cards) slugs.insert(card.slug);
    std::vector<Row> orphans;
    {
      SQLite::Statement s(*db_, fmt::format("SELECT {} FROM papers WHERE slug <> ''", kColumns));
      while (s.executeStep())
        if (Row row = read_row(s); !slugs.contains(row.paper.slug)) orphans.push_back(std::move(row));
    }
    for (auto& row : orphans) drop_card(writer, std::move(row));
    for (const auto& card : cards) {
      auto [row, stored] = find_row(writer, writer.by_slug(card.slug), card.arxiv, card.title);
      if (!row.paper.slug.empty() && row.paper.slug != card.slug) {  // another card's paper of this title
        row = Row{};
        stored.reset();
      }
      merge(row, card);
      if (!stored || !same(row, *stored)) writer.write(row, stored ? &*stored : nullptr);
    }
    writer.finish();
    SQLite::Statement s(*db_, "UPDATE meta SET value = ? WHERE name = 'cards'");
    s.bind(1, now);
    s.exec();
  });
}

AddResult CatalogueStore::add(std::span<const FeedItem> items, const std::function<void(const AddResult&)>& also) {
  return in_transaction(*db_, [&] {
    AddResult result;
    Writer writer(*db_);
    for (const auto& given : items) {
      const FeedItem item = checked(given);
      if (item.title.empty()) continue;
      auto [row, stored] = find_row(writer, std::nullopt, item.arxiv, item.title);
      merge(row, item);
      if (!stored) {
        writer.write(row, nullptr);
        ++result.added;
      } else if (!same(row, *stored)) {
        writer.write(row, &*stored);
        ++result.updated;
      } else {
        ++result.unchanged;
      }
    }
    writer.finish();
    if (also) also(result);
    return result;
  });
}

std::optional<PaperRow> CatalogueStore::find(std::string_view key) const {
  return guarded(*db_, [&]() -> std::optional<PaperRow> {
    const auto id = id_of(*db_, key);
    if (!id) return std::nullopt;
    SQLite::Statement s(*db_, fmt::format("SELECT {} FROM papers WHERE id = ?", kColumns));
    s.bind(1, *id);
    if (!s.executeStep()) return std::nullopt;
    return read_row(s).paper;
  });
}

PaperPage CatalogueStore::list(const ListQuery& query) const {
  return guarded(*db_, [&] {
    PaperPage page;
    const std::string where = where_clause(query);
    SQLite::Statement count(*db_, "SELECT count(*) FROM papers" + where);
    bind_query(count, query);
    count.executeStep();
    page.total = static_cast<std::size_t>(count.getColumn(0).getInt64());
    // "ready", "planned", "feed" in this order is the statuses' alphabet backwards.
    const char* order = query.order == ListQuery::Order::kListed
                            ? " ORDER BY listed DESC, status DESC, imported_upvotes + local_upvotes DESC, key"
                            : " ORDER BY imported_upvotes + local_upvotes DESC, listed DESC, key";
    SQLite::Statement s(*db_,
                        fmt::format("SELECT {} FROM papers{}{} LIMIT :limit OFFSET :offset", kColumns, where, order));
    bind_query(s, query);
    s.bind(":limit", static_cast<std::int64_t>(std::min<std::size_t>(query.limit, 500)));
    s.bind(":offset", static_cast<std::int64_t>(std::min<std::size_t>(query.offset, 1'000'000'000)));
    while (s.executeStep()) page.papers.push_back(read_row(s).paper);
    return page;
  });
}

std::vector<Count> CatalogueStore::days() const {
  return counts(*db_, "SELECT listed, count(*) FROM papers GROUP BY listed ORDER BY listed DESC");
}

std::vector<Count> CatalogueStore::categories() const {
  return counts(*db_,
                "SELECT category, count(*) AS n FROM paper_categories GROUP BY category ORDER BY n DESC, category");
}

int CatalogueStore::vote(std::string_view key, std::string_view voter, bool up, std::string_view when) {
  if (!when.empty() && !parse_time(when))
    throw InputError("the time of a vote must be ISO 8601 in UTC, not '" + std::string(when) + "'");
  return in_transaction(*db_, [&] {
    const auto id = id_of(*db_, key);
    if (!id) throw InputError("there is no paper '" + std::string(key) + "' in the catalogue");
    SQLite::Statement change(
        *db_, up ? "INSERT OR IGNORE INTO votes VALUES(?, ?, ?)" : "DELETE FROM votes WHERE paper = ? AND voter = ?");
    change.bind(1, *id);
    change.bind(2, hashed_voter(voter));
    if (up) change.bind(3, when.empty() ? format_time(utc_now()) : format_time(*parse_time(when)));
    if (change.exec() > 0) {
      SQLite::Statement sum(
          *db_, "UPDATE papers SET local_upvotes = (SELECT count(*) FROM votes WHERE paper = ?1) WHERE id = ?1");
      sum.bind(1, *id);
      sum.exec();
      db_->exec("UPDATE meta SET value = value + 1 WHERE name = 'revision'");
    }
    SQLite::Statement s(*db_, "SELECT local_upvotes FROM papers WHERE id = ?");
    s.bind(1, *id);
    s.executeStep();
    return s.getColumn(0).getInt();
  });
}

bool CatalogueStore::voted(std::string_view key, std::string_view voter) const {
  return guarded(*db_, [&] {
    const auto id = id_of(*db_, key);
    if (!id) return false;
    SQLite::Statement s(*db_, "SELECT 1 FROM votes WHERE paper = ? AND voter = ?");
    s.bind(1, *id);
    s.bind(2, hashed_voter(voter));
    return s.executeStep();
  });
}

std::int64_t CatalogueStore::revision() const {
  return guarded(*db_, [&] { return db_->execAndGet("SELECT value FROM meta WHERE name = 'revision'").getInt64(); });
}

}  // namespace offprint::catalogue
