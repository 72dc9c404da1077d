// mail.sqlite: the tables of subscriptions and outbox, opened with the settings that both rely on.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include <SQLiteCpp/SQLiteCpp.h>

#include "offprint/core/error.hpp"

namespace offprint::page {

/// Opens (creates, mode 0600) <folder>/mail.sqlite in WAL mode, every commit synced, deleted rows overwritten. Throws
/// InputError when it cannot be written or is from a newer Offprint, IoError when it is damaged.
[[nodiscard]] std::unique_ptr<SQLite::Database> open_mail_database(const std::filesystem::path& folder);

/// SQLite's complaint as an Error with a sentence.
[[noreturn]] void throw_mail_error(const std::filesystem::path& folder, const SQLite::Exception& e);

/// Runs `f`, turning SQLite's errors into ours.
template <class F>
auto guarded_mail(const std::filesystem::path& folder, F&& f) {
  try {
    return f();
  } catch (const SQLite::Exception& e) {
    throw_mail_error(folder, e);
  }
}

}  // namespace offprint::page
