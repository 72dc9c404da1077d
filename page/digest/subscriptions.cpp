// Subscriptions on SQLite; what a link means is looked up by the number that its token signs.
#include "page/digest/subscriptions.hpp"

#include <algorithm>
#include <charconv>

#include <SQLiteCpp/SQLiteCpp.h>

#include "offprint/core/date.hpp"
#include "offprint/core/error.hpp"
#include "page/digest/address.hpp"
#include "page/digest/mail_database.hpp"
#include "page/digest/outbox.hpp"
#include "page/syndication/clean_text.hpp"

namespace offprint::page {
namespace {

constexpr std::size_t kCategories = 30;
constexpr std::size_t kCategoryBytes = 40;
constexpr std::size_t kSearchPoints = 200;

std::int64_t number_of(const std::optional<std::string>& payload) {
  std::int64_t id = 0;
  if (!payload) return 0;
  const char* end = payload->data() + payload->size();
  const auto [stop, problem] = std::from_chars(payload->data(), end, id);
  return problem == std::errc() && stop == end && id > 0 ? id : 0;
}

Wish wish_of(SQLite::Statement& s, int first) {
  return {parse_frequency(s.getColumn(first).getString()),
          Json::parse(s.getColumn(first + 1).getString()).get<std::vector<std::string>>(),
          s.getColumn(first + 2).getString()};
}

void bind_wish(SQLite::Statement& s, int first, const Wish& wish) {
  s.bind(first, to_string(wish.frequency));
  s.bind(first + 1, Json(wish.categories).dump());
  s.bind(first + 2, wish.search);
}

constexpr const char* kSubscriberColumns = "id,email,frequency,categories,search,state,since,bounces";

Subscriber subscriber_row(SQLite::Statement& s) {
  return {s.getColumn(0).getInt64(),  s.getColumn(1).getString(),          wish_of(s, 2),
          s.getColumn(5).getString(), utc_time(s.getColumn(6).getInt64()), s.getColumn(7).getInt()};
}

/// Takes requests whose links have expired out of the database: nobody agreed to being kept there.
void drop_expired(SQLite::Database& db, std::int64_t now) {
  for (const char* sql :
       {"DELETE FROM outbox WHERE kind='confirm' AND request IN (SELECT id FROM requests WHERE mailed<=?)",
        "DELETE FROM requests WHERE mailed<=?"}) {
    SQLite::Statement s(db, sql);
    s.bind(1, now - kConfirmSeconds);
    s.exec();
  }
}

}  // namespace

std::string utc_time(std::int64_t seconds) {
  return format_time(std::chrono::sys_seconds(std::chrono::seconds(seconds)));
}

std::int64_t seconds_now() { return utc_now().time_since_epoch().count(); }

std::string to_string(Frequency frequency) { return frequency == Frequency::kDaily ? "daily" : "weekly"; }

Frequency parse_frequency(std::string_view text) {
  if (text == "daily") return Frequency::kDaily;
  if (text == "weekly") return Frequency::kWeekly;
  throw InputError("the frequency should be daily or weekly, not '" + shortened(clean_line(text), 40) + "'");
}

Wish checked(Wish wish) {
  if (wish.categories.size() > kCategories)
    throw InputError("at most " + std::to_string(kCategories) + " categories can be subscribed to, not " +
                     std::to_string(wish.categories.size()) + "; leave them out to get every paper");
  for (const auto& category : wish.categories) {
    const bool right =
        !category.empty() && category.size() <= kCategoryBytes &&
        std::all_of(category.begin(), category.end(), [](char c) {
          return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-';
        });
    if (!right)
      throw InputError("'" + shortened(clean_line(category), kCategoryBytes) +
                       "' is not a category; they look like cs.LG, or cs for a whole archive");
  }
  std::sort(wish.categories.begin(), wish.categories.end());
  wish.categories.erase(std::unique(wish.categories.begin(), wish.categories.end()), wish.categories.end());
  const auto search = clean_line(wish.search);
  if (shortened(search, kSearchPoints) != search)
    throw InputError("a saved search may have " + std::to_string(kSearchPoints) + " characters");
  wish.search = search;
  return wish;
}

std::string describe(const Wish& wish) {
  std::string text = to_string(wish.frequency) + ", ";
  if (wish.categories.empty()) text += "all categories";
  for (std::size_t i = 0; i < wish.categories.size(); ++i)
    text += (i == 0 ? "" : i + 1 == wish.categories.size() ? " and " : ", ") + wish.categories[i];
  if (!wish.search.empty()) text += ", matching \"" + wish.search + "\"";
  return text;
}

Subscriptions::Subscriptions(const std::filesystem::path& folder, Signer signer)
    : folder_(folder), signer_(std::move(signer)), db_(open_mail_database(folder)) {}
Subscriptions::Subscriptions(Subscriptions&&) noexcept = default;
Subscriptions::~Subscriptions() = default;

bool Subscriptions::request(std::string_view email, const Wish& wish, std::int64_t now) {
  const auto address = normalised_address(email);
  const auto wanted = checked(wish);
  return guarded_mail(folder_, [&] {
    SQLite::Transaction transaction(*db_, SQLite::TransactionBehavior::IMMEDIATE);
    drop_expired(*db_, now);
    std::int64_t id = 0;
    bool mail = true;
    SQLite::Statement known(*db_, "SELECT id, mailed FROM requests WHERE email=?");
    known.bind(1, address);
    if (known.executeStep()) {
      id = known.getColumn(0).getInt64();
      mail = known.getColumn(1).getInt64() <= now - kConfirmationPause;
      SQLite::Statement s(
          *db_, "UPDATE requests SET frequency=?, categories=?, search=?, mailed=iif(?, ?, mailed) WHERE id=?");
      bind_wish(s, 1, wanted);
      s.bind(4, mail ? 1 : 0);
      s.bind(5, now);
      s.bind(6, id);
      s.exec();
    } else {
      SQLite::Statement s(*db_,
                          "INSERT INTO requests(email,frequency,categories,search,created,mailed) VALUES(?,?,?,?,?,?)");
      s.bind(1, address);
      bind_wish(s, 2, wanted);
      s.bind(5, now);
      s.bind(6, now);
      s.exec();
      id = db_->getLastInsertRowid();
    }
    if (mail) {
      SQLite::Statement s(*db_,
                          "INSERT INTO outbox(kind,request,edition,papers,state,next_try,changed) "
                          "VALUES('confirm',?,?,'{}','queued',?,?)");
      s.bind(1, id);
      s.bind(2, utc_time(now));
      s.bind(3, now);
      s.bind(4, now);
      s.exec();
    }
    transaction.commit();
    return mail;
  });
}

std::optional<PendingRequest> Subscriptions::pending(std::string_view token, std::int64_t now) const {
  const auto id = number_of(signer_.verify(Purpose::kConfirm, token, now));
  if (id == 0) return std::nullopt;
  return guarded_mail(folder_, [&]() -> std::optional<PendingRequest> {
    SQLite::Statement s(*db_, "SELECT id,email,frequency,categories,search FROM requests WHERE id=?");
    s.bind(1, id);
    if (!s.executeStep()) return std::nullopt;
    return PendingRequest{s.getColumn(0).getInt64(), s.getColumn(1).getString(), wish_of(s, 2)};
  });
}

std::optional<Subscriber> Subscriptions::confirm(std::string_view token, std::int64_t now) {
  return guarded_mail(folder_, [&]() -> std::optional<Subscriber> {
    SQLite::Transaction transaction(*db_, SQLite::TransactionBehavior::IMMEDIATE);
    const auto request = pending(token, now);
    if (!request) return std::nullopt;
    SQLite::Statement s(
        *db_,
        "INSERT INTO subscribers(email,frequency,categories,search,state,since,bounces) "
        "VALUES(?,?,?,?,'confirmed',?,0) ON CONFLICT(email) DO UPDATE SET frequency=excluded.frequency, "
        "categories=excluded.categories, search=excluded.search, state='confirmed', bounces=0");
    s.bind(1, request->email);
    bind_wish(s, 2, request->wish);
    s.bind(5, now);
    s.exec();
    for (const char* sql : {"DELETE FROM outbox WHERE request=?", "DELETE FROM requests WHERE id=?"}) {
      SQLite::Statement gone(*db_, sql);
      gone.bind(1, request->id);
      gone.exec();
    }
    SQLite::Statement found(*db_, std::string("SELECT ") + kSubscriberColumns + " FROM subscribers WHERE email=?");
    found.bind(1, request->email);
    found.executeStep();
    auto subscriber = subscriber_row(found);
    found.reset();
    transaction.commit();
    return subscriber;
  });
}

bool Subscriptions::genuine_unsubscribe(std::string_view token) const {
  return number_of(signer_.verify(Purpose::kUnsubscribe, token, 0)) != 0;
}

std::optional<Subscriber> Subscriptions::subscriber_of(std::string_view token) const {
  const auto id = number_of(signer_.verify(Purpose::kUnsubscribe, token, 0));
  if (id == 0) return std::nullopt;
  return guarded_mail(folder_, [&]() -> std::optional<Subscriber> {
    SQLite::Statement s(*db_, std::string("SELECT ") + kSubscriberColumns + " FROM subscribers WHERE id=?");
    s.bind(1, id);
    if (!s.executeStep()) return std::nullopt;
    return subscriber_row(s);
  });
}

void Subscriptions::forget(std::int64_t subscriber, const std::string& email) {
  for (const char* sql : {"DELETE FROM outbox WHERE subscriber=?", "DELETE FROM subscribers WHERE id=?"}) {
    SQLite::Statement s(*db_, sql);
    s.bind(1, subscriber);
    s.exec();
  }
  for (const char* sql : {"DELETE FROM outbox WHERE request IN (SELECT id FROM requests WHERE email=?)",
                          "DELETE FROM requests WHERE email=?"}) {
    SQLite::Statement s(*db_, sql);
    s.bind(1, email);
    s.exec();
  }
}

bool Subscriptions::unsubscribe(std::string_view token) {
  if (!genuine_unsubscribe(token)) return false;
  guarded_mail(folder_, [&] {
    SQLite::Transaction transaction(*db_, SQLite::TransactionBehavior::IMMEDIATE);
    if (const auto subscriber = subscriber_of(token)) forget(subscriber->id, subscriber->email);
    transaction.commit();
  });
  return true;
}

bool Subscriptions::remove(std::string_view email) {
  const auto address = normalised_address(email);
  return guarded_mail(folder_, [&] {
    SQLite::Transaction transaction(*db_, SQLite::TransactionBehavior::IMMEDIATE);
    const auto id = [&](const char* sql) -> std::int64_t {
      SQLite::Statement s(*db_, sql);
      s.bind(1, address);
      return s.executeStep() ? s.getColumn(0).getInt64() : 0;
    };
    const auto subscriber = id("SELECT id FROM subscribers WHERE email=?");
    const auto request = id("SELECT id FROM requests WHERE email=?");
    forget(subscriber, address);
    transaction.commit();
    return subscriber != 0 || request != 0;
  });
}

std::vector<Subscriber> Subscriptions::all() const {
  return guarded_mail(folder_, [&] {
    std::vector<Subscriber> list;
    SQLite::Statement s(*db_, std::string("SELECT ") + kSubscriberColumns + " FROM subscribers ORDER BY id");
    while (s.executeStep()) list.push_back(subscriber_row(s));
    return list;
  });
}

std::vector<DeliveryRow> Subscriptions::deliveries(std::int64_t subscriber) const {
  return guarded_mail(folder_, [&] {
    std::vector<DeliveryRow> list;
    SQLite::Statement s(
        *db_,
        "SELECT edition,state,papers,attempts,changed,error FROM outbox WHERE kind='digest' AND subscriber=? "
        "ORDER BY id DESC");
    s.bind(1, subscriber);
    while (s.executeStep())
      list.push_back({s.getColumn(0).getString(), s.getColumn(1).getString(),
                      static_cast<int>(selection_from_json(Json::parse(s.getColumn(2).getString())).papers.size()),
                      s.getColumn(3).getInt(), utc_time(s.getColumn(4).getInt64()), s.getColumn(5).getString()});
    return list;
  });
}

std::string Subscriptions::confirm_token(std::int64_t request, std::int64_t now) const {
  return signer_.sign(Purpose::kConfirm, std::to_string(request), now + kConfirmSeconds);
}

std::string Subscriptions::unsubscribe_token(std::int64_t subscriber) const {
  return signer_.sign(Purpose::kUnsubscribe, std::to_string(subscriber));
}

}  // namespace offprint::page
