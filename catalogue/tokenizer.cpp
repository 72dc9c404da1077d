// FTS5 hands out its tokenizers through a pointer that a query fetches.
#include "catalogue/tokenizer.hpp"

#include <algorithm>
#include <array>
#include <limits>

#include <SQLiteCpp/SQLiteCpp.h>
#include <sqlite3.h>

#include "offprint/core/error.hpp"

namespace offprint::catalogue {
namespace {

fts5_api* fts5_of(sqlite3* db) {
  fts5_api* api = nullptr;
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v2(db, "SELECT fts5(?1)", -1, &statement, nullptr) == SQLITE_OK) {
    sqlite3_bind_pointer(statement, 1, static_cast<void*>(&api), "fts5_api_ptr", nullptr);
    sqlite3_step(statement);
  }
  sqlite3_finalize(statement);
  if (api == nullptr) throw Error("this SQLite has no full-text search (FTS5); install one that was built with it");
  return api;
}

constexpr auto kStopWords = std::to_array<std::string_view>(
    {"a",           "about",     "above",   "after",   "all",   "also",     "an",      "and",   "any",  "are",
     "as",          "at",        "be",      "because", "been",  "being",    "between", "both",  "but",  "by",
     "can",         "cannot",    "could",   "do",      "does",  "each",     "every",   "for",   "from", "further",
     "furthermore", "has",       "have",    "having",  "here",  "how",      "however", "i",     "if",   "in",
     "into",        "is",        "it",      "its",     "may",   "moreover", "more",    "most",  "much", "nor",
     "not",         "of",        "on",      "only",    "or",    "other",    "our",     "over",  "own",  "same",
     "should",      "so",        "some",    "such",    "than",  "that",     "the",     "their", "them", "then",
     "there",       "therefore", "these",   "they",    "this",  "those",    "through", "thus",  "to",   "too",
     "under",       "until",     "up",      "us",      "use",   "used",     "using",   "very",  "was",  "we",
     "were",        "what",      "when",    "where",   "which", "while",    "whose",   "who",   "why",  "will",
     "with",        "within",    "without", "would"});

}  // namespace

struct Tokenizer::Impl {
  fts5_tokenizer functions{};
  Fts5Tokenizer* instance = nullptr;

  explicit Impl(sqlite3* db) {
    fts5_api* api = fts5_of(db);
    void* context = nullptr;
    std::array<const char*, 3> arguments = {"unicode61", "remove_diacritics", "2"};
    if (api->xFindTokenizer(api, "porter", &context, &functions) != SQLITE_OK ||
        functions.xCreate(context, arguments.data(), 3, &instance) != SQLITE_OK)
      throw Error("SQLite's porter tokenizer cannot be created");
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() { functions.xDelete(instance); }
};

Tokenizer::Tokenizer(const SQLite::Database& db) : impl_(std::make_unique<Impl>(db.getHandle())) {}
Tokenizer::Tokenizer(Tokenizer&&) noexcept = default;
Tokenizer::~Tokenizer() = default;

void Tokenizer::run(std::string_view text,
                    const std::function<void(std::string_view, std::size_t, std::size_t)>& token) const {
  const auto call = [](void* context, int, const char* stem, int length, int begin, int end) {
    const auto& f = *static_cast<const std::function<void(std::string_view, std::size_t, std::size_t)>*>(context);
    f({stem, static_cast<std::size_t>(length)}, static_cast<std::size_t>(begin), static_cast<std::size_t>(end));
    return SQLITE_OK;
  };
  const auto size = std::min<std::size_t>(text.size(), std::numeric_limits<int>::max());
  auto* context = const_cast<void*>(static_cast<const void*>(&token));
  impl_->functions.xTokenize(impl_->instance, context, FTS5_TOKENIZE_DOCUMENT, text.data(), static_cast<int>(size),
                             call);
}

bool Tokenizer::has_token(std::string_view text) const {
  bool found = false;
  run(text, [&](auto, auto, auto) { found = true; });
  return found;
}

bool is_stop_word(std::string_view word) {
  return std::find(kStopWords.begin(), kStopWords.end(), word) != kStopWords.end();
}

}  // namespace offprint::catalogue
