// The outbox: what is to be sent and how far each message is. Its table is in mail.sqlite.
//
// A message goes queued -> sending -> committing -> sent. `committing` is recorded, synced, after the server has the
// whole text and before the final dot, which is when it takes responsibility. So after a crash a message found
// `sending` was not taken and is sent again, and only one found `committing` may have been: it is sent again under the
// same Message-ID, counted in `unsure`.
//
// A sender claims messages under a number of its own and holds a lock on that byte of <store>/mail.lock while it lives;
// the system drops the lock whatever ends the process. A message whose claimer is gone is free at once, and one whose
// claimer lives is never taken, however slow it is: no clock decides.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "page/digest/subscriptions.hpp"

namespace offprint::page {

/// A sender's number and the lock that says that it lives.
class SenderLock {
 public:
  /// Throws IoError when the lock file cannot be made.
  SenderLock(const std::filesystem::path& folder, std::int64_t number);
  SenderLock(const SenderLock&) = delete;
  SenderLock& operator=(const SenderLock&) = delete;
  ~SenderLock();
  [[nodiscard]] std::int64_t number() const { return number_; }
  /// Whether the sender of that number lives (in whichever process).
  [[nodiscard]] bool alive(std::int64_t number) const;

 private:
  std::int64_t number_;
  int fd_;
};

/// What of an edition goes to one subscriber, as keys of papers.
struct Selection {
  std::vector<std::string> papers{};   // new ones
  std::vector<std::string> changes{};  // of which a verdict changed
  [[nodiscard]] bool empty() const { return papers.empty() && changes.empty(); }
};
[[nodiscard]] Json to_json(const Selection& selection);
[[nodiscard]] Selection selection_from_json(const Json& json);

/// A message to send now.
struct Claim {
  std::int64_t id = 0;
  std::string kind;          // "confirm" or "digest"
  std::int64_t subject = 0;  // the request's or the subscriber's number
  std::string email;
  Wish wish;
  std::string edition;  // of a digest; of a confirmation the time when it was asked for
  Selection selection;
  int attempts = 0;  // before this one
};

/// What one drain of the outbox did.
struct SendCounts {
  int sent = 0;
  int later = 0;            // to be tried again
  int failed = 0;           // given up
  int unsure = 0;           // taken up again although an earlier attempt may have been taken
  std::string unreachable;  // why the server could not be reached three times in a row, "" otherwise
};

/// Gives up after this many attempts: with kRetryPauses, after about three days.
inline constexpr int kAttempts = 10;
/// Seconds to wait after the first, second, ... failed attempt: greylisting wants minutes, a full mailbox hours.
inline constexpr std::int64_t kRetryPauses[] = {300,      900,       1800,      3600,     4 * 3600,
                                                8 * 3600, 16 * 3600, 24 * 3600, 24 * 3600};

/// One sender's view of the outbox. For one thread at a time. Members throw IoError.
class Outbox {
 public:
  Outbox(const std::filesystem::path& folder, Subscriptions& subscriptions);

  /// Frees messages whose senders are gone; returns how many of them were `committing`.
  int recover(std::int64_t now);
  /// Takes the next message that is due, of that kind ("" : any); nothing when there is none.
  [[nodiscard]] std::optional<Claim> claim(const std::string& kind, std::int64_t now);
  /// Records that the final dot is about to go. False when the message was withdrawn meanwhile (its subscriber left).
  [[nodiscard]] bool committing(const Claim& claim, std::int64_t now);
  void sent(const Claim& claim, std::int64_t now);
  /// Puts it back for later with the pause of its attempt; gives up after kAttempts. `unsure`: it may have been taken.
  /// Returns whether there will be another attempt.
  bool later(const Claim& claim, const std::string& answer, bool unsure, std::int64_t now);
  /// Gives up. A mailbox that refuses counts against its subscriber: suspended after kBouncesToSuspend in a row.
  void refused(const Claim& claim, const std::string& answer, bool about_mailbox, std::int64_t now);
  /// Puts it back as if it had not been claimed: the trouble was not about it.
  void release(const Claim& claim, std::int64_t now);
  /// When the next waiting message of that kind is due; nothing when none waits.
  [[nodiscard]] std::optional<std::int64_t> next_due(const std::string& kind) const;

 private:
  bool update(const Claim& claim, const char* sql, std::int64_t now, const std::string& text, std::int64_t number);

  std::filesystem::path folder_;
  SQLite::Database& db_;
  SenderLock lock_;
};

}  // namespace offprint::page
