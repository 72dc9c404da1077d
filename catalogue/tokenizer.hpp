// The tokenizer of the keyword index, for everything that must see the same words as it does.
#pragma once

#include <functional>
#include <memory>
#include <string_view>

namespace SQLite {
class Database;
}

namespace offprint::catalogue {

/// FTS5's own "porter unicode61 remove_diacritics 2", taken from a database connection, which must outlive it.
class Tokenizer {
 public:
  /// Throws Error when SQLite has no FTS5.
  explicit Tokenizer(const SQLite::Database& db);
  Tokenizer(Tokenizer&&) noexcept;
  ~Tokenizer();

  /// Calls `token` for every word: its stem (valid during the call only), and where in `text` it stands.
  void run(std::string_view text,
           const std::function<void(std::string_view stem, std::size_t begin, std::size_t end)>& token) const;
  [[nodiscard]] bool has_token(std::string_view text) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Words too common to tell papers apart ("the", "we", "however"), lower case, unstemmed.
[[nodiscard]] bool is_stop_word(std::string_view word);

}  // namespace offprint::catalogue
