// SQLite as all parts of the catalogue use it: errors in our words, transactions that take the write lock at once.
#pragma once

#include <string>
#include <string_view>
#include <type_traits>

#include <SQLiteCpp/SQLiteCpp.h>

namespace offprint::catalogue {

/// Throws the error of ours that says what `e`, met in this database, means.
[[noreturn]] void throw_database_error(const std::string& file, const SQLite::Exception& e);

/// Runs `f`, turning SQLite's errors into ours.
template <class F>
auto guarded(const SQLite::Database& db, F&& f) {
  try {
    return f();
  } catch (const SQLite::Exception& e) {
    throw_database_error(db.getFilename(), e);
  }
}

/// Runs `f` in one write transaction, committed when it returns. The write lock is taken at the start (a transaction
/// that reads first and writes later may fail when another process wrote in between).
template <class F>
auto in_transaction(SQLite::Database& db, F&& f) {
  return guarded(db, [&] {
    SQLite::Transaction transaction(db, SQLite::TransactionBehavior::IMMEDIATE);
    if constexpr (std::is_void_v<decltype(f())>) {
      f();
      transaction.commit();
    } else {
      auto result = f();
      transaction.commit();
      return result;
    }
  });
}

/// Binds what statements here are given: text without copying (it must live until the statement has run), numbers.
inline void bind_text(SQLite::Statement& s, int index, const std::string& text) { s.bindNoCopy(index, text); }

}  // namespace offprint::catalogue
