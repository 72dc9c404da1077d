// Every step of a message is one synced transaction.
#include "page/digest/outbox.hpp"

#include <algorithm>
#include <cerrno>
#include <iterator>

#include <SQLiteCpp/SQLiteCpp.h>
#include <fcntl.h>
#include <unistd.h>

#include "offprint/core/atomic_file.hpp"
#include "offprint/core/error.hpp"
#include "page/digest/mail_database.hpp"

namespace offprint::page {
namespace {

struct flock byte(std::int64_t number) {
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  lock.l_start = number;
  lock.l_len = 1;
  return lock;
}

std::int64_t new_number(SQLite::Database& db, const std::filesystem::path& folder) {
  return guarded_mail(folder, [&] {
    SQLite::Transaction transaction(db, SQLite::TransactionBehavior::IMMEDIATE);
    db.exec("INSERT INTO senders DEFAULT VALUES");
    const auto number = db.getLastInsertRowid();
    db.exec("DELETE FROM senders");  // AUTOINCREMENT remembers what was given out
    transaction.commit();
    return number;
  });
}

}  // namespace

Json to_json(const Selection& selection) { return {{"papers", selection.papers}, {"changes", selection.changes}}; }

Selection selection_from_json(const Json& json) {
  return {json.value("papers", std::vector<std::string>()), json.value("changes", std::vector<std::string>())};
}

// Locks of the open file description, not of the process (F_OFD_SETLK): several senders may live in one process.
SenderLock::SenderLock(const std::filesystem::path& folder, std::int64_t number) : number_(number) {
  const auto path = folder / "mail.lock";
  fd_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  auto lock = byte(number);
  if (fd_ < 0 || ::fcntl(fd_, F_OFD_SETLK, &lock) != 0) {
    const int error = errno;
    if (fd_ >= 0) ::close(fd_);
    throw IoError("cannot lock " + path.string() + ": " + describe_errno(error));
  }
}

SenderLock::~SenderLock() { ::close(fd_); }

bool SenderLock::alive(std::int64_t number) const {
  if (number == number_) return true;
  auto lock = byte(number);
  // when the system cannot tell, the message is left alone: late is better than twice
  return ::fcntl(fd_, F_OFD_GETLK, &lock) != 0 || lock.l_type != F_UNLCK;
}

Outbox::Outbox(const std::filesystem::path& folder, Subscriptions& subscriptions)
    : folder_(folder), db_(subscriptions.database()), lock_(folder, new_number(db_, folder)) {}

int Outbox::recover(std::int64_t now) {
  return guarded_mail(folder_, [&] {
    SQLite::Transaction transaction(db_, SQLite::TransactionBehavior::IMMEDIATE);
    std::vector<std::int64_t> owners;
    SQLite::Statement s(db_, "SELECT DISTINCT owner FROM outbox WHERE state IN ('sending','committing')");
    while (s.executeStep()) owners.push_back(s.getColumn(0).getInt64());
    int unsure = 0;
    for (const auto owner : owners) {
      if (lock_.alive(owner)) continue;
      SQLite::Statement count(db_, "SELECT COUNT(*) FROM outbox WHERE owner=? AND state='committing'");
      count.bind(1, owner);
      count.executeStep();
      unsure += count.getColumn(0).getInt();
      SQLite::Statement free(
          db_,
          "UPDATE outbox SET unsure=unsure+(state='committing'), state='queued', owner=0, next_try=?, "
          "changed=? WHERE owner=? AND state IN ('sending','committing')");
      free.bind(1, now);
      free.bind(2, now);
      free.bind(3, owner);
      free.exec();
    }
    transaction.commit();
    return unsure;
  });
}

std::optional<Claim> Outbox::claim(const std::string& kind, std::int64_t now) {
  return guarded_mail(folder_, [&]() -> std::optional<Claim> {
    SQLite::Transaction transaction(db_, SQLite::TransactionBehavior::IMMEDIATE);
    SQLite::Statement s(
        db_,
        "SELECT o.id, o.kind, coalesce(o.subscriber, o.request), coalesce(s.email, r.email), o.edition, "
        "o.papers, o.attempts, coalesce(s.frequency, r.frequency), coalesce(s.categories, r.categories), "
        "coalesce(s.search, r.search) FROM outbox o LEFT JOIN subscribers s ON s.id=o.subscriber AND "
        "s.state='confirmed' LEFT JOIN requests r ON r.id=o.request WHERE o.state='queued' AND o.next_try<=? "
        "AND (?='' OR o.kind=?) AND coalesce(s.email, r.email) IS NOT NULL ORDER BY o.next_try, o.id LIMIT 1");
    s.bind(1, now);
    s.bind(2, kind);
    s.bind(3, kind);
    if (!s.executeStep()) return std::nullopt;
    Claim claim;
    claim.id = s.getColumn(0).getInt64();
    claim.kind = s.getColumn(1).getString();
    claim.subject = s.getColumn(2).getInt64();
    claim.email = s.getColumn(3).getString();
    claim.edition = s.getColumn(4).getString();
    claim.selection = selection_from_json(Json::parse(s.getColumn(5).getString()));
    claim.attempts = s.getColumn(6).getInt();
    claim.wish = {parse_frequency(s.getColumn(7).getString()),
                  Json::parse(s.getColumn(8).getString()).get<std::vector<std::string>>(), s.getColumn(9).getString()};
    s.reset();
    SQLite::Statement take(db_,
                           "UPDATE outbox SET state='sending', owner=?, attempts=attempts+1, changed=? WHERE id=?");
    take.bind(1, lock_.number());
    take.bind(2, now);
    take.bind(3, claim.id);
    take.exec();
    transaction.commit();
    return claim;
  });
}

bool Outbox::update(const Claim& claim, const char* sql, std::int64_t now, const std::string& text,
                    std::int64_t number) {
  return guarded_mail(folder_, [&] {
    SQLite::Statement s(db_, std::string(sql) + " WHERE id=:id AND owner=:owner AND state IN ('sending','committing')");
    s.bind(":now", now);
    s.bind(":text", text);
    s.bind(":number", number);
    s.bind(":id", claim.id);
    s.bind(":owner", lock_.number());
    return s.exec() == 1;
  });
}

bool Outbox::committing(const Claim& claim, std::int64_t now) {
  return update(claim, "UPDATE outbox SET state='committing', error=:text, attempts=attempts+:number, changed=:now",
                now, "", 0);
}

void Outbox::sent(const Claim& claim, std::int64_t now) {
  guarded_mail(folder_, [&] {
    SQLite::Transaction transaction(db_, SQLite::TransactionBehavior::IMMEDIATE);
    update(claim, "UPDATE outbox SET state='sent', error=:text, owner=:number, changed=:now", now, "", 0);
    if (claim.kind == "digest") {
      SQLite::Statement s(db_, "UPDATE subscribers SET bounces=0 WHERE id=? AND bounces>0");
      s.bind(1, claim.subject);
      s.exec();
    }
    transaction.commit();
  });
}

bool Outbox::later(const Claim& claim, const std::string& answer, bool unsure, std::int64_t now) {
  const int tried = claim.attempts + 1;
  if (tried >= kAttempts) {
    update(claim, "UPDATE outbox SET state='failed', error=:text, owner=:number, changed=:now", now, answer, 0);
    return false;
  }
  const auto pause =
      kRetryPauses[std::min<std::size_t>(static_cast<std::size_t>(tried) - 1, std::size(kRetryPauses) - 1)];
  update(claim,
         unsure
             ? "UPDATE outbox SET state='queued', owner=0, unsure=unsure+1, error=:text, next_try=:number, changed=:now"
             : "UPDATE outbox SET state='queued', owner=0, error=:text, next_try=:number, changed=:now",
         now, answer, now + pause);
  return true;
}

void Outbox::refused(const Claim& claim, const std::string& answer, bool about_mailbox, std::int64_t now) {
  guarded_mail(folder_, [&] {
    SQLite::Transaction transaction(db_, SQLite::TransactionBehavior::IMMEDIATE);
    update(claim, "UPDATE outbox SET state='failed', error=:text, owner=:number, changed=:now", now, answer, 0);
    if (claim.kind == "digest" && about_mailbox) {
      SQLite::Statement s(
          db_, "UPDATE subscribers SET bounces=bounces+1, state=iif(bounces+1>=?, 'suspended', state) WHERE id=?");
      s.bind(1, kBouncesToSuspend);
      s.bind(2, claim.subject);
      s.exec();
      // what else waits for a suspended subscriber would be stale by the time they come back
      SQLite::Statement rest(
          db_,
          "UPDATE outbox SET state='failed', error='suspended', changed=? WHERE subscriber=? AND "
          "state='queued' AND EXISTS (SELECT 1 FROM subscribers WHERE id=subscriber AND state='suspended')");
      rest.bind(1, now);
      rest.bind(2, claim.subject);
      rest.exec();
    }
    transaction.commit();
  });
}

void Outbox::release(const Claim& claim, std::int64_t now) {
  update(claim, "UPDATE outbox SET state='queued', owner=0, error=:text, attempts=attempts+:number, changed=:now", now,
         "", -1);
}

std::optional<std::int64_t> Outbox::next_due(const std::string& kind) const {
  return guarded_mail(folder_, [&]() -> std::optional<std::int64_t> {
    SQLite::Statement s(db_, "SELECT MIN(next_try) FROM outbox WHERE state='queued' AND (?='' OR kind=?)");
    s.bind(1, kind);
    s.bind(2, kind);
    if (!s.executeStep() || s.getColumn(0).isNull()) return std::nullopt;
    return s.getColumn(0).getInt64();
  });
}

}  // namespace offprint::page
