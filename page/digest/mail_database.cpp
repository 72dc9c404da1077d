// The schema of mail.sqlite.
#include "page/digest/mail_database.hpp"

#include <cerrno>

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include "offprint/core/atomic_file.hpp"

namespace offprint::page {
namespace {

constexpr int kSchema = 1;
// Numbers of subscribers, requests and senders are never given out twice (AUTOINCREMENT): a link in an old mail must
// not come to mean somebody else.
constexpr const char* kTables = R"sql(
CREATE TABLE subscribers(
  id INTEGER PRIMARY KEY AUTOINCREMENT, email TEXT NOT NULL UNIQUE COLLATE NOCASE, frequency TEXT NOT NULL,
  categories TEXT NOT NULL, search TEXT NOT NULL, state TEXT NOT NULL, since INTEGER NOT NULL, bounces INTEGER NOT NULL);
CREATE TABLE requests(
  id INTEGER PRIMARY KEY AUTOINCREMENT, email TEXT NOT NULL UNIQUE COLLATE NOCASE, frequency TEXT NOT NULL,
  categories TEXT NOT NULL, search TEXT NOT NULL, created INTEGER NOT NULL, mailed INTEGER NOT NULL);
CREATE TABLE editions(name TEXT PRIMARY KEY, content TEXT NOT NULL, created INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE outbox(
  id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, subscriber INTEGER, request INTEGER, edition TEXT NOT NULL,
  papers TEXT NOT NULL, state TEXT NOT NULL, owner INTEGER NOT NULL DEFAULT 0, attempts INTEGER NOT NULL DEFAULT 0,
  unsure INTEGER NOT NULL DEFAULT 0, next_try INTEGER NOT NULL, changed INTEGER NOT NULL, error TEXT NOT NULL DEFAULT '');
CREATE UNIQUE INDEX outbox_once ON outbox(subscriber, edition) WHERE kind='digest';
CREATE INDEX outbox_state ON outbox(state, next_try);
CREATE TABLE senders(id INTEGER PRIMARY KEY AUTOINCREMENT);
)sql";

}  // namespace

void throw_mail_error(const std::filesystem::path& folder, const SQLite::Exception& e) {
  const std::string where = (folder / "mail.sqlite").string();
  switch (e.getErrorCode()) {
    case SQLITE_FULL:
      throw IoError(where + " cannot grow: disk full");
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
      throw InputError(where + " cannot be written; choose another folder with --store DIR or OFFPRINT_STORE");
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
      throw IoError(where + " is damaged (" + e.what() + "); restore it from a backup or move it away");
    default:
      throw IoError(where + ": " + e.what());
  }
}

std::unique_ptr<SQLite::Database> open_mail_database(const std::filesystem::path& folder) {
  const auto file = folder / "mail.sqlite";
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) throw InputError("the store " + folder.string() + " cannot be created: " + error.message());
  // SQLite gives its -wal and -shm files the mode of the database, so the mode is set before SQLite sees it
  const int fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) throw InputError(file.string() + " cannot be written: " + describe_errno(errno));
  ::close(fd);
  return guarded_mail(folder, [&] {
    auto db = std::make_unique<SQLite::Database>(file.string(), SQLite::OPEN_READWRITE, 15000);
    db->exec("PRAGMA journal_mode=WAL");
    db->exec("PRAGMA synchronous=FULL");
    db->exec("PRAGMA secure_delete=ON");
    const auto schema = [&] { return db->execAndGet("PRAGMA user_version").getInt(); };
    if (schema() > kSchema)
      throw InputError(file.string() + " was written by a newer Offprint; update Offprint or choose another store");
    if (schema() < kSchema) {
      SQLite::Transaction transaction(*db, SQLite::TransactionBehavior::IMMEDIATE);
      if (schema() < kSchema) {  // another process may have been faster
        db->exec(kTables);
        db->exec("PRAGMA user_version=" + std::to_string(kSchema));
      }
      transaction.commit();
    }
    return db;
  });
}

}  // namespace offprint::page
