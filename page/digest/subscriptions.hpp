// Who gets the digest: requests, double opt-in, unsubscribing. In mail.sqlite in the store's folder, apart from the
// catalogue: it holds personal data (file mode 0600, deleted rows are overwritten), it must survive a catalogue that is
// thrown away and pulled anew, every change of it is synced, and a long feed pull must not hold up a sender.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "offprint/core/card.hpp"
#include "page/signing.hpp"

namespace SQLite {
class Database;
}

namespace offprint::page {

enum class Frequency { kDaily, kWeekly };
[[nodiscard]] std::string to_string(Frequency frequency);
/// Throws InputError naming the two.
[[nodiscard]] Frequency parse_frequency(std::string_view text);

/// What somebody wants to get. No categories and no search: every paper. Both: papers of the categories that also
/// match.
struct Wish {
  Frequency frequency = Frequency::kDaily;
  std::vector<std::string> categories;  // "cs.LG", or a whole archive "cs"
  std::string search;
};

/// The wish in checked form: at most 30 categories of letters, digits, '.' and '-' (sorted, each once), a search of at
/// most 200 characters on one line. Throws InputError.
[[nodiscard]] Wish checked(Wish wish);
/// "daily, all papers", "weekly, cs.LG and stat.ML, matching "koopman"".
[[nodiscard]] std::string describe(const Wish& wish);

/// A request that waits for its confirmation.
struct PendingRequest {
  std::int64_t id = 0;
  std::string email;
  Wish wish;
};

struct Subscriber {
  std::int64_t id = 0;
  std::string email;
  Wish wish;
  std::string state;  // "confirmed", or "suspended" after kBouncesToSuspend permanent failures in a row
  std::string since;  // ISO 8601, UTC
  int bounces = 0;    // permanent failures since the last mail that was taken
};

/// One edition of one subscriber, for lists and exports.
struct DeliveryRow {
  std::string edition;
  std::string state;  // see outbox.hpp
  int papers = 0;
  int attempts = 0;
  std::string when;   // of the last change
  std::string error;  // the mail server's last answer
};

inline constexpr int kBouncesToSuspend = 3;
/// One confirmation mail an hour and address, so that the form cannot be used to pester somebody.
inline constexpr std::int64_t kConfirmationPause = 3600;

/// All times are seconds since 1970. Members throw IoError when the database fails. One object belongs to one thread at
/// a time; any number of them, in any number of processes, may use one store.
class Subscriptions {
 public:
  /// Opens (creates) <folder>/mail.sqlite. Throws InputError when it cannot be written or is from a newer Offprint.
  Subscriptions(const std::filesystem::path& folder, Signer signer);
  Subscriptions(Subscriptions&&) noexcept;
  ~Subscriptions();

  /// Somebody asks to subscribe (or to change their wish). Puts a confirmation mail into the outbox, unless the address
  /// got one in the last hour; a request that is still pending takes the new wish and its link stays good. Returns
  /// whether a mail was put there: for wake-ups, never for the answer to the reader, which must not tell whether an
  /// address is known. Throws InputError for an address or a wish that cannot be.
  bool request(std::string_view email, const Wish& wish, std::int64_t now);

  /// What a confirmation link asks for, to show before the button is pressed; nothing when the token is not genuine,
  /// expired or used.
  [[nodiscard]] std::optional<PendingRequest> pending(std::string_view token, std::int64_t now) const;
  /// Confirms: the subscriber now exists with the wish of the request (an existing one takes it). Nothing as above.
  std::optional<Subscriber> confirm(std::string_view token, std::int64_t now);

  /// Whom an unsubscribe link is for; nothing when they are gone or the token is not genuine.
  [[nodiscard]] std::optional<Subscriber> subscriber_of(std::string_view token) const;
  /// Whether the token is a genuine unsubscribe token, whoever it was for.
  [[nodiscard]] bool genuine_unsubscribe(std::string_view token) const;
  /// Removes the subscriber with everything kept of them. True when the token is genuine, also the second time (RFC
  /// 8058 clients repeat); false otherwise.
  bool unsubscribe(std::string_view token);

  /// Removes by address, as above. False when there was nobody.
  bool remove(std::string_view email);

  [[nodiscard]] std::vector<Subscriber> all() const;
  [[nodiscard]] std::vector<DeliveryRow> deliveries(std::int64_t subscriber) const;

  /// For links in mail.
  [[nodiscard]] std::string confirm_token(std::int64_t request, std::int64_t now) const;
  [[nodiscard]] std::string unsubscribe_token(std::int64_t subscriber) const;

  /// For the outbox, which keeps its tables in the same file.
  [[nodiscard]] SQLite::Database& database() { return *db_; }

 private:
  void forget(std::int64_t subscriber, const std::string& email);

  std::filesystem::path folder_;
  Signer signer_;
  std::unique_ptr<SQLite::Database> db_;
};

/// ISO 8601 in UTC, "2026-11-26T07:00:00Z".
[[nodiscard]] std::string utc_time(std::int64_t seconds);
[[nodiscard]] std::int64_t seconds_now();

}  // namespace offprint::page
