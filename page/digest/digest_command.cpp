// offprint digest send|preview|list|remove.
#include <algorithm>
#include <filesystem>
#include <map>
#include <thread>

#include <fmt/format.h>

#include "catalogue/catalogue_store.hpp"
#include "catalogue/search.hpp"
#include "catalogue/trending.hpp"
#include "offprint/core/atomic_file.hpp"
#include "offprint/core/date.hpp"
#include "offprint/core/error.hpp"
#include "offprint/core/interrupt.hpp"
#include "page/call.hpp"
#include "page/digest/compose.hpp"
#include "page/digest/mailer.hpp"
#include "page/digest/plan.hpp"

namespace offprint::page {
namespace {

constexpr std::int64_t kTrendingDays = 90;  // verdicts older than this weigh nothing in the score
constexpr std::int64_t kServerPause = 60;   // seconds before a server that was down is tried again (--wait)
constexpr double kFinishSeconds = 30.0;     // after a first Ctrl-C, for the message in flight

/// Catalogue, record and search of the store, read once.
class Material {
 public:
  explicit Material(const Call& call) : cards_(call.paper_folders), catalogue_(call.store) {
    catalogue_.sync_cards(cards_.cards());
    const Store record(call.store, Store::Access::kRead);
    const auto since = utc_time(seconds_now() - kTrendingDays * 24 * 3600);
    verdicts_ = read_verdicts(record, cards_.cards(), since);
  }
  [[nodiscard]] EditionSources sources() {
    return {catalogue_, verdicts_,
            catalogue::trending(catalogue_, verdicts_.for_trending(), utc_time(seconds_now()), 30)};
  }
  [[nodiscard]] Searcher search() {
    return [this](const catalogue::SearchQuery& query) {
      if (!index_) {
        index_.emplace(catalogue_);
        index_->refresh();
      }
      return index_->search(query);
    };
  }
  [[nodiscard]] catalogue::CatalogueStore& catalogue() { return catalogue_; }

 private:
  Catalogue cards_;
  catalogue::CatalogueStore catalogue_;
  VerdictRecord verdicts_;
  std::optional<catalogue::SearchIndex> index_;  // only when a wish has a search
};

std::string today() { return utc_time(seconds_now()).substr(0, 10); }

/// The day asked for, or that of the newest edition; nothing when there is none.
std::optional<std::string> edition_day(const Call& call, Material& material, Frequency frequency) {
  const auto given = call.options.value("date", std::string());
  if (given.empty()) return newest_edition_day(material.catalogue(), frequency, today());
  if (!parse_date(given)) throw InputError("--date '" + given + "' is not a day; write it as YYYY-MM-DD");
  if (given > today()) throw InputError("--date " + given + " is in the future; its papers are not known yet");
  return given;
}

std::vector<PlanCounts> plan(const Call& call, Subscriptions& subscriptions) {
  std::vector<PlanCounts> plans;
  Material material(call);
  const auto subscribers = subscriptions.all();
  for (const auto frequency : {Frequency::kDaily, Frequency::kWeekly}) {
    const bool wanted = std::any_of(subscribers.begin(), subscribers.end(),
                                    [&](const Subscriber& s) { return s.wish.frequency == frequency; });
    if (!wanted) continue;
    const auto day = edition_day(call, material, frequency);
    if (!day) continue;
    plans.push_back(
        plan_edition(call.store, subscriptions, frequency, *day, material.sources(), material.search(), seconds_now()));
  }
  return plans;
}

int dry_run(const Call& call, Subscriptions& subscriptions) {
  Material material(call);
  Json list = Json::array();
  for (const auto& subscriber : subscriptions.all()) {
    if (subscriber.state != "confirmed") continue;
    const auto day = edition_day(call, material, subscriber.wish.frequency);
    if (!day) continue;
    const auto edition =
        edition_of(call.store, subscriptions, subscriber.wish.frequency, *day, material.sources(), seconds_now());
    const auto had = subscriptions.deliveries(subscriber.id);
    const bool again =
        std::any_of(had.begin(), had.end(), [&](const DeliveryRow& d) { return d.edition == edition.name; });
    const auto selection = select(edition, subscriber.wish, material.search());
    const std::string what = again ? "has it already" : selection.empty() ? "nothing new" : "would be sent";
    list.push_back({{"email", subscriber.email},
                    {"edition", edition.name},
                    {"papers", selection.papers.size()},
                    {"changed_verdicts", selection.changes.size()},
                    {"what", what}});
    if (!call.json)
      call.print(fmt::format("{}  {}  {} papers, {} papers with changed verdicts: {}\n", subscriber.email, edition.name,
                             selection.papers.size(), selection.changes.size(), what));
  }
  if (call.json) call.print(list.dump(2) + "\n");
  return 0;
}

int send(const Call& call) {
  Subscriptions subscriptions(call.store, Signer::open(call.store));
  if (call.options.value("dry-run", false)) return dry_run(call, subscriptions);
  const auto settings = mail_settings(call.options);
  if (!settings)
    throw InputError("--smtp is needed to send mail, e.g. --smtp smtp://localhost:587; 'digest preview' needs none");
  std::vector<PlanCounts> plans;
  if (!call.options.value("resume", false)) plans = plan(call, subscriptions);

  SendCounts total;
  {
    InterruptGuard guard([] {}, kFinishSeconds);
    const auto cancel = InterruptGuard::token();
    Mailer mailer(call.store, *settings, call.say);
    total = mailer.send_due("", cancel);
    const std::int64_t until = seconds_now() + 60 * std::int64_t{call.options.value("wait", 0)};
    for (;;) {
      auto due = mailer.outbox().next_due("");
      // what was not tried because the server is down is due now, but the server is not
      if (due && !total.unreachable.empty()) due = std::max(*due, seconds_now() + kServerPause);
      if (!due || *due > until) break;
      while (*due > seconds_now() && !cancel.cancelled()) std::this_thread::sleep_for(std::chrono::milliseconds(200));
      if (cancel.cancelled()) break;
      const auto more = mailer.send_due("", cancel);
      total.sent += more.sent;
      total.failed += more.failed;
      total.unsure += more.unsure;
      total.later = more.later;
      total.unreachable = more.unreachable;
      if (more.sent + more.failed + more.later == 0)
        break;  // what is due belongs to another sender or a suspended reader
    }
    if (cancel.cancelled()) {
      call.say(fmt::format("interrupted after {} message{}; the next 'digest send' goes on where this one stopped",
                           total.sent, total.sent == 1 ? "" : "s"));
      throw Interrupted();
    }
  }
  if (call.json) {
    Json editions = Json::array();
    for (const auto& p : plans)
      editions.push_back(
          {{"edition", p.edition}, {"papers", p.papers}, {"queued", p.queued}, {"nothing_new", p.nothing}});
    call.print(Json{{"editions", editions},
                    {"sent", total.sent},
                    {"later", total.later},
                    {"failed", total.failed},
                    {"possibly_twice", total.unsure}}
                   .dump(2) +
               "\n");
  } else {
    for (const auto& p : plans)
      call.print(
          fmt::format("{}: {} papers, queued for {}, nothing new for {}\n", p.edition, p.papers, p.queued, p.nothing));
    call.print(fmt::format("sent {}, later {}, given up {}\n", total.sent, total.later, total.failed));
    if (total.unsure > 0)
      call.print(fmt::format(
          "{} sent again under the same Message-ID: an earlier sender was killed while the mail server took it\n",
          total.unsure));
  }
  if (!total.unreachable.empty())
    throw IoError("the mail server " + settings->smtp + " cannot be reached (" + total.unreachable +
                  "); what is unsent goes out with the next 'digest send'");
  return 0;
}

int preview(const Call& call) {
  Material material(call);
  Wish wish;
  wish.frequency = parse_frequency(call.options.value("frequency", std::string("daily")));
  wish.categories = call.options.value("category", std::vector<std::string>());
  wish.search = call.options.value("search", std::string());
  wish = checked(wish);
  const auto day = edition_day(call, material, wish.frequency);
  if (!day) throw InputError("the catalogue has no papers yet; 'offprint feed pull' brings some");
  Subscriptions subscriptions(call.store, Signer::open(call.store));
  const auto edition = edition_of(call.store, subscriptions, wish.frequency, *day, material.sources(), seconds_now());
  const auto selection = select(edition, wish, material.search());
  MailSettings settings;
  settings.from = {"Offprint", "papers@example.org"};
  settings.base_url = "http://127.0.0.1:8710";
  if (const auto given = call.options.value("base-url", std::string()); !given.empty())
    settings.base_url = checked_base_url(given);
  const Reader reader{"reader@example.org", 0, wish, settings.base_url + "/subscriptions/unsubscribe?token=preview"};
  const auto mail = digest_mail(edition, selection, reader, settings, seconds_now());
  const std::filesystem::path folder = call.options.value("out", std::string("."));
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) throw InputError("the folder " + folder.string() + " cannot be made: " + error.message());
  write_atomically(folder / "digest.eml", to_mime(mail));
  write_atomically(folder / "digest.html", mail.html);
  write_atomically(folder / "digest.txt", mail.text);
  if (call.json) {
    call.print(Json{{"edition", edition.name},
                    {"subject", mail.subject},
                    {"papers", selection.papers.size()},
                    {"folder", folder.string()}}
                   .dump(2) +
               "\n");
  } else {
    call.print(fmt::format("{}: {} papers in {}{}\n", edition.name, selection.papers.size(),
                           (folder / "digest.{eml,html,txt}").string(),
                           selection.empty() ? " (nothing new: this would not be sent)" : ""));
  }
  return 0;
}

int list(const Call& call) {
  Subscriptions subscriptions(call.store, Signer::open(call.store));
  Json out = Json::array();
  for (const auto& s : subscriptions.all()) {
    const auto deliveries = subscriptions.deliveries(s.id);
    if (!call.json) {
      std::map<std::string, int> states;
      for (const auto& d : deliveries) ++states[d.state];
      std::string told;
      for (const auto& [state, n] : states) told += fmt::format("{}{} {}", told.empty() ? "" : ", ", n, state);
      call.print(fmt::format("{}  {}  {}  since {}{}{}\n", s.email, s.state, describe(s.wish), s.since.substr(0, 10),
                             told.empty() ? "" : "  editions: ", told));
      continue;
    }
    Json editions = Json::array();
    for (const auto& d : deliveries)
      editions.push_back({{"edition", d.edition},
                          {"state", d.state},
                          {"papers", d.papers},
                          {"attempts", d.attempts},
                          {"when", d.when},
                          {"error", d.error.empty() ? Json(nullptr) : Json(d.error)}});
    out.push_back({{"email", s.email},
                   {"state", s.state},
                   {"frequency", to_string(s.wish.frequency)},
                   {"categories", s.wish.categories},
                   {"search", s.wish.search},
                   {"since", s.since},
                   {"bounces", s.bounces},
                   {"editions", std::move(editions)}});
  }
  if (call.json) {
    call.print(out.dump(2) + "\n");
  } else if (subscriptions.all().empty()) {
    call.say("nobody is subscribed");
  }
  return 0;
}

int remove(const Call& call) {
  Subscriptions subscriptions(call.store, Signer::open(call.store));
  const auto email = call.options.at("email").get<std::string>();
  if (!subscriptions.remove(email))
    throw InputError("nobody is subscribed as " + email + "; 'offprint digest list' shows who is");
  call.say("forgot " + email);
  return 0;
}

}  // namespace

int digest(const Call& call) {
  if (call.command == "digest send") return send(call);
  if (call.command == "digest preview") return preview(call);
  if (call.command == "digest list") return list(call);
  if (call.command == "digest remove") return remove(call);
  throw Error("there is no '" + call.command + "'");
}

}  // namespace offprint::page
