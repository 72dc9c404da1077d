// Editions are gathered outside the transaction (searching takes time) and kept by the first who commits.
#include "page/digest/plan.hpp"

#include <algorithm>

#include <SQLiteCpp/SQLiteCpp.h>

#include "offprint/core/error.hpp"
#include "page/digest/mail_database.hpp"

namespace offprint::page {
namespace {

constexpr std::int64_t kDay = 24 * 3600;
constexpr std::int64_t kCoveredDays = 60;  // papers of older editions are outside every window

std::optional<Edition> find_edition(SQLite::Database& db, const std::string& name) {
  SQLite::Statement s(db, "SELECT content FROM editions WHERE name=?");
  s.bind(1, name);
  if (!s.executeStep()) return std::nullopt;
  return edition_from_json(Json::parse(s.getColumn(0).getString()));
}

Edition gather(SQLite::Database& db, Frequency frequency, const std::string& day, const EditionSources& sources,
               std::int64_t now) {
  std::optional<std::vector<std::string>> covered;
  std::int64_t since = now - (frequency == Frequency::kDaily ? kDay : 7 * kDay);
  SQLite::Statement s(db, "SELECT content, created FROM editions WHERE name LIKE ? AND created>? ORDER BY created");
  s.bind(1, to_string(frequency) + "-%");
  s.bind(2, now - kCoveredDays * kDay);
  while (s.executeStep()) {
    if (!covered) covered.emplace();
    for (const auto& paper : edition_from_json(Json::parse(s.getColumn(0).getString())).papers)
      covered->push_back(paper.key);
    since = s.getColumn(1).getInt64();
  }
  return gather_edition(frequency, day, sources, covered, utc_time(since));
}

/// Old editions go; that they were sent stays on record, so that they are not sent again.
void drop_old(SQLite::Database& db, std::int64_t now) {
  for (const char* sql :
       {"UPDATE outbox SET state='failed', error='too old' WHERE kind='digest' AND state='queued' AND edition "
        "IN (SELECT name FROM editions WHERE created<=?)",
        "DELETE FROM editions WHERE created<=?"}) {
    SQLite::Statement s(db, sql);
    s.bind(1, now - kCoveredDays * kDay);
    s.exec();
  }
}

}  // namespace

Edition kept_edition(const std::filesystem::path& folder, Subscriptions& subscriptions, const std::string& name) {
  auto edition = guarded_mail(folder, [&] { return find_edition(subscriptions.database(), name); });
  if (!edition) throw Error("the edition " + name + " is not in mail.sqlite");
  return std::move(*edition);
}

Edition edition_of(const std::filesystem::path& folder, Subscriptions& subscriptions, Frequency frequency,
                   const std::string& day, const EditionSources& sources, std::int64_t now) {
  return guarded_mail(folder, [&] {
    auto& db = subscriptions.database();
    if (auto kept = find_edition(db, edition_span(frequency, day).name)) return std::move(*kept);
    return gather(db, frequency, day, sources, now);
  });
}

PlanCounts plan_edition(const std::filesystem::path& folder, Subscriptions& subscriptions, Frequency frequency,
                        const std::string& day, const EditionSources& sources, const Searcher& search,
                        std::int64_t now) {
  auto& db = subscriptions.database();
  Edition edition = edition_of(folder, subscriptions, frequency, day, sources, now);
  return guarded_mail(folder, [&] {
    {
      SQLite::Statement keep(db, "INSERT OR IGNORE INTO editions(name, content, created) VALUES(?,?,?)");
      keep.bind(1, edition.name);
      keep.bind(2, to_json(edition).dump());
      keep.bind(3, now);
      if (keep.exec() == 0) edition = kept_edition(folder, subscriptions, edition.name);
    }
    PlanCounts counts{edition.name, edition.papers.size(), 0, 0};
    std::vector<Subscriber> lacking;
    for (auto& subscriber : subscriptions.all()) {
      if (subscriber.state != "confirmed" || subscriber.wish.frequency != frequency) continue;
      SQLite::Statement s(db, "SELECT 1 FROM outbox WHERE kind='digest' AND subscriber=? AND edition=?");
      s.bind(1, subscriber.id);
      s.bind(2, edition.name);
      if (!s.executeStep()) lacking.push_back(std::move(subscriber));
    }
    std::vector<Selection> selections;
    for (const auto& subscriber : lacking) selections.push_back(select(edition, subscriber.wish, search));

    SQLite::Transaction transaction(db, SQLite::TransactionBehavior::IMMEDIATE);
    drop_old(db, now);
    for (std::size_t i = 0; i < lacking.size(); ++i) {
      // only for those who are still subscribed: somebody may have left since
      SQLite::Statement s(db,
                          "INSERT OR IGNORE INTO outbox(kind,subscriber,edition,papers,state,next_try,changed) SELECT "
                          "'digest',id,?,?,?,?,? FROM subscribers WHERE id=?");
      s.bind(1, edition.name);
      s.bind(2, to_json(selections[i]).dump());
      s.bind(3, selections[i].empty() ? "nothing" : "queued");
      s.bind(4, now);
      s.bind(5, now);
      s.bind(6, lacking[i].id);
      const int added = s.exec();
      (selections[i].empty() ? counts.nothing : counts.queued) += added;
    }
    transaction.commit();
    return counts;
  });
}

}  // namespace offprint::page
