// Sending against a real SMTP server on loopback (tests/mail/smtp_server.py) with the troubles that real ones make.
#include "page/digest/mailer.hpp"

#include <chrono>
#include <random>
#include <thread>

#include <gmock/gmock.h>
#include <poll.h>

#include "offprint/core/error.hpp"
#include "page/digest/edition.hpp"
#include "page/digest/mail_service.hpp"
#include "page/digest/plan.hpp"
#include "page/digest/test_mail.hpp"

namespace offprint::page {
namespace {

const Searcher kNoSearch = [](const catalogue::SearchQuery&) { return catalogue::SearchResult(); };

class MailerTest : public MailTest {
 protected:
  void SetUp() override {
    MailTest::SetUp();
    mail_ = folder_ / "mail";
  }

  /// Papers of one day in the catalogue.
  void add_papers(const std::string& day, int n, const std::string& category = "cs.LG") const {
    catalogue::CatalogueStore catalogue(store_);
    std::vector<catalogue::FeedItem> items;
    for (int i = 0; i < n; ++i) {
      catalogue::FeedItem item;
      item.source = "arxiv";
      item.arxiv = "26" + day.substr(5, 2) + "." + day.substr(8, 2) + std::to_string(100 + i);
      item.title = "A paper of " + day + ", number " + std::to_string(i) + " in " + category;
      item.abstract = std::string(400, 'a');
      item.listed = day;
      item.categories = {category};
      items.push_back(std::move(item));
    }
    catalogue.add(items);
  }
  PlanCounts plan(Subscriptions& s, const std::string& day, Frequency frequency = Frequency::kDaily,
                  std::int64_t now = seconds_now()) const {
    const catalogue::CatalogueStore catalogue(store_);
    const VerdictRecord verdicts;
    return plan_edition(store_, s, frequency, day, {catalogue, verdicts, {}}, kNoSearch, now);
  }
  /// n subscribers, each with one message queued.
  void queue(int n) const {
    auto s = open_subscriptions();
    for (int i = 0; i < n; ++i) subscribe(s, "reader" + std::to_string(i) + "@example.org");
    add_papers("2026-11-26", 3);
    EXPECT_EQ(plan(s, "2026-11-26").queued, n);
  }
  [[nodiscard]] std::string value(const std::string& sql) const {
    auto s = open_subscriptions();
    return s.database().execAndGet(sql).getString();
  }
  Mailer mailer(const MailSettings& settings) {
    return {store_, settings, [this](const std::string& line) { log_.push_back(line); }};
  }
  SendCounts send(const MailSettings& settings, std::int64_t ahead = 0) {
    Mailer m(store_, settings, [this](const std::string& line) { log_.push_back(line); });
    m.set_clock([ahead] { return seconds_now() + ahead; });
    return m.send_due("");
  }
  static void expect_each_once(const TestMailServer& server, int n) {
    const auto taken = server.taken();
    EXPECT_EQ(taken.size(), static_cast<std::size_t>(n));
    for (const auto& [message, times] : taken) EXPECT_EQ(times, 1) << message;
  }

  std::filesystem::path mail_;
  std::vector<std::string> log_;
};

TEST_F(MailerTest, DeliversOverStartTlsWithSignInAndOneConnection) {
  make_certificates();
  const TestMailServer server(
      mail_, {"--cert", folder_ / "cert.pem", "--key", folder_ / "key.pem", "--auth", "papers:s3cret"});
  queue(20);
  auto settings = plain_settings(server.port());
  settings.plain = false;
  settings.ca_file = folder_ / "ca.pem";
  settings.user = "papers";
  settings.password = "s3cret";
  EXPECT_EQ(send(settings).sent, 20);
  expect_each_once(server, 20);
  EXPECT_EQ(server.noted("connected"), 1);
  const auto read = parse_mail_file(server.messages().at(0));
  EXPECT_TRUE(read["defects"].empty()) << read["defects"];
  EXPECT_EQ(read["headers"]["to"], "reader0@example.org");
  EXPECT_EQ(send(settings).sent, 0);

  settings.password = "wrong";
  add_papers("2026-11-27", 1);
  auto s = open_subscriptions();
  plan(s, "2026-11-27");
  EXPECT_THROW(send(settings), Error);
  EXPECT_EQ(value("SELECT COUNT(*) FROM outbox WHERE state='queued' AND attempts=0"), "20");
}

TEST_F(MailerTest, DeliversOverTlsFromTheFirstByte) {
  make_certificates();
  const TestMailServer server(mail_, {"--cert", folder_ / "cert.pem", "--key", folder_ / "key.pem", "--smtps"});
  queue(2);
  auto settings = plain_settings(server.port());
  settings.smtp = "smtps://localhost:" + std::to_string(server.port());
  settings.plain = false;
  settings.ca_file = folder_ / "ca.pem";
  EXPECT_EQ(send(settings).sent, 2);
}

TEST_F(MailerTest, WithoutTrustedTlsNothingIsSent) {
  make_certificates();
  queue(1);
  {
    const TestMailServer server(mail_, {"--cert", folder_ / "cert.pem", "--key", folder_ / "key.pem"});
    auto settings = plain_settings(server.port());
    settings.plain = false;  // the system does not know the test's authority
    EXPECT_THROW(send(settings), Error);
    EXPECT_TRUE(server.messages().empty());
  }
  {
    const TestMailServer server(mail_, {});  // no STARTTLS
    auto settings = plain_settings(server.port());
    settings.plain = false;
    settings.ca_file = folder_ / "ca.pem";
    EXPECT_THROW(send(settings), Error);
    EXPECT_TRUE(server.messages().empty());
  }
  EXPECT_EQ(value("SELECT state || attempts FROM outbox"), "queued0");
}

TEST_F(MailerTest, ASenderThatIsRefusedIsOurMistakeAndNoReaders) {
  const TestMailServer server(mail_, {"--refuse-sender"});
  queue(2);
  try {
    send(plain_settings(server.port()));
    FAIL();
  } catch (const Error& e) {
    EXPECT_THAT(e.what(), ::testing::HasSubstr("553 5.7.1 sender not allowed here"));
  }
  EXPECT_EQ(value("SELECT SUM(bounces) FROM subscribers"), "0");
}

TEST_F(MailerTest, AConnectionLostInsideAMessageIsTriedAgainOnce) {
  const TestMailServer server(mail_, {"--drop-data", "2"});
  queue(5);
  const auto settings = plain_settings(server.port());
  const auto first = send(settings);
  EXPECT_EQ(first.sent, 3);
  EXPECT_EQ(first.later, 2);
  EXPECT_EQ(send(settings).sent, 0);  // not due yet
  EXPECT_EQ(send(settings, kRetryPauses[0] + 1).sent, 2);
  expect_each_once(server, 5);
}

TEST_F(MailerTest, GreylistedMessagesComeLater) {
  const TestMailServer server(mail_, {"--greylist"});
  queue(3);
  const auto settings = plain_settings(server.port());
  EXPECT_EQ(send(settings).later, 3);
  EXPECT_THAT(value("SELECT error FROM outbox"), ::testing::StartsWith("451 4.7.1 greylisted"));
  EXPECT_EQ(send(settings, kRetryPauses[0] - 10).sent, 0);
  EXPECT_EQ(send(settings, kRetryPauses[0] + 1).sent, 3);
  expect_each_once(server, 3);
}

TEST_F(MailerTest, GivesUpAfterDays) {
  queue(1);
  const auto settings = plain_settings(1);  // nobody listens
  std::int64_t ahead = 0;
  for (int i = 1; i < kAttempts; ++i) {
    EXPECT_EQ(send(settings, ahead).later, 1) << i;
    ahead += kRetryPauses[std::min<std::size_t>(static_cast<std::size_t>(i) - 1, std::size(kRetryPauses) - 1)] + 1;
  }
  EXPECT_GT(ahead, 3 * 24 * 3600);
  EXPECT_EQ(send(settings, ahead).failed, 1);
  EXPECT_EQ(value("SELECT state FROM outbox"), "failed");
}

TEST_F(MailerTest, RejectedMailboxesAreSuspendedAfterThreeEditions) {
  const TestMailServer server(mail_, {"--reject", "reader1@example.org", "--policy", "reader2@example.org"});
  queue(3);
  const auto settings = plain_settings(server.port());
  EXPECT_EQ(send(settings).failed, 2);
  auto s = open_subscriptions();
  for (const char* day : {"2026-11-27", "2026-11-28"}) {
    add_papers(day, 1);
    plan(s, day);
    EXPECT_EQ(send(settings).failed, 2);
  }
  EXPECT_EQ(s.all().at(0).state, "confirmed");
  EXPECT_EQ(s.all().at(1).state, "suspended");
  EXPECT_EQ(s.all().at(2).state, "confirmed");  // refused for what we are, not because the mailbox is gone
  EXPECT_EQ(s.all().at(2).bounces, 0);
  add_papers("2026-11-29", 1);
  EXPECT_EQ(plan(s, "2026-11-29").queued, 2);
  EXPECT_EQ(server.messages().size(), 3U);
  // who confirms anew gets mail again
  EXPECT_EQ(subscribe(s, "reader1@example.org"), s.all().at(1).id);
  EXPECT_EQ(s.all().at(1).state, "confirmed");
}

TEST_F(MailerTest, AMessageTakenResetsTheCountOfBounces) {
  const TestMailServer server(mail_, {});
  queue(1);
  auto s = open_subscriptions();
  s.database().exec("UPDATE subscribers SET bounces=2");
  send(plain_settings(server.port()));
  EXPECT_EQ(s.all().at(0).bounces, 0);
}

TEST_F(MailerTest, ASlowServerDoesNotHoldUsForever) {
  const TestMailServer server(mail_, {"--slow", "30"});
  queue(1);
  auto settings = plain_settings(server.port());
  settings.message_seconds = 1;
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(send(settings).later, 1);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(4));
  EXPECT_EQ(value("SELECT unsure FROM outbox"), "1");  // the dot was sent
}

TEST_F(MailerTest, WhatWasTakenUnansweredIsSentAgainUnderItsMessageId) {
  const TestMailServer server(mail_, {"--vanish", "1"});
  queue(2);
  const auto settings = plain_settings(server.port());
  const auto first = send(settings);
  EXPECT_EQ(first.sent, 1);
  EXPECT_EQ(first.later, 1);
  EXPECT_EQ(send(settings, kRetryPauses[0] + 1).sent, 1);
  const auto taken = server.taken();
  EXPECT_EQ(taken.size(), 2U);  // by address and Message-ID
  EXPECT_EQ(server.messages().size(), 3U);
  EXPECT_EQ(value("SELECT SUM(unsure) FROM outbox"), "1");
}

TEST_F(MailerTest, AServerThatIsDownCostsThreeAttempts) {
  queue(10);
  const auto counts = send(plain_settings(1));
  EXPECT_EQ(counts.later, 3);
  EXPECT_FALSE(counts.unreachable.empty());
  EXPECT_EQ(value("SELECT COUNT(*) FROM outbox WHERE attempts=0 AND state='queued'"), "7");
}

TEST_F(MailerTest, WhoLeavesWhileTheirMessageIsOnItsWayGetsNone) {
  const TestMailServer server(mail_, {});
  queue(1);
  auto s = open_subscriptions();
  Outbox outbox(store_, s);
  const auto claim = outbox.claim("", seconds_now());
  ASSERT_TRUE(claim);
  EXPECT_TRUE(s.unsubscribe(s.unsubscribe_token(claim->subject)));
  EXPECT_FALSE(outbox.committing(*claim, seconds_now()));
  EXPECT_EQ(send(plain_settings(server.port())).sent, 0);
}

TEST_F(MailerTest, ClaimsOfTheLivingStayTheirsAndThoseOfTheDeadAreFreeAtOnce) {
  queue(2);
  auto s1 = open_subscriptions();
  auto s2 = open_subscriptions();
  Outbox other(store_, s2);
  {
    Outbox first(store_, s1);
    const auto a = first.claim("", seconds_now());
    const auto b = first.claim("", seconds_now());
    ASSERT_TRUE(a && b);
    EXPECT_TRUE(first.committing(*b, seconds_now()));
    EXPECT_EQ(other.recover(seconds_now() + 1'000'000), 0);
    EXPECT_FALSE(other.claim("", seconds_now() + 1'000'000));
  }
  EXPECT_EQ(other.recover(seconds_now()), 1);
  EXPECT_TRUE(other.claim("", seconds_now()));
  EXPECT_TRUE(other.claim("", seconds_now()));
  EXPECT_EQ(value("SELECT SUM(unsure) FROM outbox"), "1");
}

TEST_F(MailerTest, CancelledBeforeTheDotNothingIsSentAndNothingLost) {
  const TestMailServer server(mail_, {"--slow", "0.2"});
  queue(30);
  const auto settings = plain_settings(server.port());
  const auto start = std::chrono::steady_clock::now();
  Mailer m(store_, settings, [](const std::string&) {});
  const auto counts = m.send_due(
      "", CancelToken([start] { return std::chrono::steady_clock::now() - start > std::chrono::milliseconds(700); }));
  EXPECT_GT(counts.sent, 0);
  EXPECT_LT(counts.sent, 30);
  EXPECT_EQ(value("SELECT COUNT(*) FROM outbox WHERE state='queued' AND attempts=0"), std::to_string(30 - counts.sent));
  EXPECT_EQ(server.messages().size(), static_cast<std::size_t>(counts.sent));
}

TEST_F(MailerTest, TwoSendersAtOnceSendEachMessageOnce) {
  const TestMailServer server(mail_, {"--slow", "0.005"});
  queue(60);
  const auto settings = plain_settings(server.port());
  std::vector<std::thread> senders;
  std::atomic<int> sent = 0;
  for (int i = 0; i < 3; ++i)
    senders.emplace_back([&] {
      Mailer m(store_, settings, [](const std::string&) {});
      sent += m.send_due("").sent;
    });
  for (auto& sender : senders) sender.join();
  EXPECT_EQ(sent, 60);
  expect_each_once(server, 60);
}

// A process that sends is killed at random moments, often, and another one takes over.
TEST_F(MailerTest, KilledAtAnyMomentEverySubscriberGetsTheEditionOnce) {
  constexpr int kReaders = 80;
  const TestMailServer server(mail_, {"--slow", "0.003"});
  queue(kReaders);
  const auto settings = plain_settings(server.port());
  std::mt19937 random(20261126);
  std::uniform_int_distribution<int> moment(0, 80'000);
  int kills = 0;
  for (bool finished = false; !finished && kills < 150;) {
    int ready[2];
    ASSERT_EQ(pipe2(ready, O_CLOEXEC), 0);
    const pid_t child = fork();
    if (child == 0) {
      int code = 1;
      {
        Mailer m(store_, settings, [](const std::string&) {});
        (void)!::write(ready[1], "r", 1);
        m.send_due("");
        code = 0;
      }
      _exit(code);
    }
    close(ready[1]);
    char byte = 0;
    (void)!::read(ready[0], &byte, 1);
    close(ready[0]);
    std::this_thread::sleep_for(std::chrono::microseconds(moment(random)));
    int status = 0;
    if (waitpid(child, &status, WNOHANG) == 0) {
      kill(child, SIGKILL);
      ++kills;
      ASSERT_EQ(waitpid(child, &status, 0), child);
    }
    finished = WIFEXITED(status) && WEXITSTATUS(status) == 0;
  }
  (void)send(settings);
  EXPECT_EQ(value("SELECT COUNT(*) FROM outbox WHERE state='sent'"), std::to_string(kReaders));
  const auto taken = server.taken();
  EXPECT_EQ(taken.size(), static_cast<std::size_t>(kReaders)) << "each reader under one Message-ID";
  const int unsure = std::stoi(value("SELECT SUM(unsure) FROM outbox"));
  const int twice = static_cast<int>(server.messages().size()) - kReaders;
  EXPECT_LE(twice, unsure);
  EXPECT_GE(kills, 5);
  RecordProperty("kills", kills);
  std::printf("kills %d, in the ambiguous window %d, taken twice by the server (same Message-ID) %d\n", kills, unsure,
              twice);
}

class PlanTest : public MailerTest {};

TEST_F(PlanTest, TwiceOrByTwoQueuesOnceAndNothingNewIsRecorded) {
  add_papers("2026-11-26", 3, "cs.LG");
  auto s = open_subscriptions();
  subscribe(s, "all@example.org");
  subscribe(s, "archive@example.org", {Frequency::kDaily, {"cs"}, ""});
  const auto none = subscribe(s, "none@example.org", {Frequency::kDaily, {"math.NA", "csx"}, ""});
  subscribe(s, "weekly@example.org", {Frequency::kWeekly, {}, ""});
  const auto first = plan(s, "2026-11-26");
  EXPECT_EQ(first.edition, "daily-2026-11-26");
  EXPECT_EQ(first.queued, 2);
  EXPECT_EQ(first.nothing, 1);
  EXPECT_EQ(plan(s, "2026-11-26").queued, 0);
  EXPECT_EQ(s.deliveries(none).at(0).state, "nothing");
  subscribe(s, "late@example.org");
  EXPECT_EQ(plan(s, "2026-11-26").queued, 1);
}

TEST_F(PlanTest, WhatComesLateIsInTheNextEditionAndNothingIsToldTwice) {
  add_papers("2026-11-25", 2);
  auto s = open_subscriptions();
  const auto reader = subscribe(s, "ada@example.org");
  plan(s, "2026-11-25");
  add_papers("2026-11-25", 3);  // the first two again, and a third that came late
  add_papers("2026-11-26", 1);
  plan(s, "2026-11-26");
  const auto deliveries = s.deliveries(reader);
  ASSERT_EQ(deliveries.size(), 2U);
  EXPECT_EQ(deliveries[0].edition, "daily-2026-11-26");
  EXPECT_EQ(deliveries[0].papers, 2);
  EXPECT_EQ(deliveries[1].papers, 2);
}

TEST_F(PlanTest, AnEditionOnceMadeStaysAsItIs) {
  add_papers("2026-11-26", 2);
  auto s = open_subscriptions();
  plan(s, "2026-11-26");
  add_papers("2026-11-26", 5);
  EXPECT_EQ(plan(s, "2026-11-26").papers, 2U);
}

TEST_F(PlanTest, OldEditionsGoAndAreNotSentAgain) {
  add_papers("2026-09-01", 1);
  auto s = open_subscriptions();
  const auto reader = subscribe(s, "ada@example.org");
  const auto now = seconds_now();
  plan(s, "2026-09-01", Frequency::kDaily, now - 61 * 24 * 3600);
  add_papers("2026-11-26", 1);
  plan(s, "2026-11-26", Frequency::kDaily, now);
  EXPECT_EQ(value("SELECT group_concat(name) FROM editions"), "daily-2026-11-26");
  EXPECT_EQ(s.deliveries(reader).at(1).state, "failed");  // it still waited, and would be stale
  EXPECT_EQ(plan(s, "2026-09-01", Frequency::kDaily, now).queued, 0);
}

TEST_F(PlanTest, WeeksAreIso) {
  EXPECT_EQ(edition_span(Frequency::kWeekly, "2026-11-26").name, "weekly-2026-W48");
  EXPECT_EQ(edition_span(Frequency::kWeekly, "2026-11-26").from, "2026-11-23");
  EXPECT_EQ(edition_span(Frequency::kWeekly, "2026-11-29").to, "2026-11-29");
  EXPECT_EQ(edition_span(Frequency::kWeekly, "2027-01-03").name, "weekly-2026-W53");
  EXPECT_EQ(edition_span(Frequency::kWeekly, "2024-12-30").name, "weekly-2025-W01");
  EXPECT_THROW((void)edition_span(Frequency::kDaily, "2026-13-01"), InputError);
}

TEST_F(PlanTest, TheNewestEdition) {
  const catalogue::CatalogueStore empty(store_);
  EXPECT_FALSE(newest_edition_day(empty, Frequency::kDaily, "2026-11-26"));
  for (const char* day : {"2026-11-19", "2026-11-24", "2026-11-30"}) add_papers(day, 1);
  const catalogue::CatalogueStore catalogue(store_);
  EXPECT_EQ(newest_edition_day(catalogue, Frequency::kDaily, "2026-11-26"), "2026-11-24");   // nothing of the future
  EXPECT_EQ(newest_edition_day(catalogue, Frequency::kWeekly, "2026-11-26"), "2026-11-22");  // a complete week
}

TEST_F(PlanTest, ASavedSearchChoosesAmongTheEditionsPapers) {
  add_papers("2026-11-26", 3);
  auto s = open_subscriptions();
  const auto reader = subscribe(s, "ada@example.org", {Frequency::kDaily, {}, "koopman"});
  const catalogue::CatalogueStore catalogue(store_);
  const VerdictRecord verdicts;
  const Searcher search = [](const catalogue::SearchQuery& query) {
    EXPECT_EQ(query.text, "koopman");
    catalogue::SearchResult result;
    for (const char* key : {"2611.26101", "2611.26102", "2001.00001"}) {
      catalogue::SearchHit hit;
      hit.key = key;
      hit.by_keyword = std::string(key) != "2611.26102";
      result.hits.push_back(hit);
    }
    return result;
  };
  EXPECT_EQ(
      plan_edition(store_, s, Frequency::kDaily, "2026-11-26", {catalogue, verdicts, {}}, search, seconds_now()).queued,
      1);
  EXPECT_EQ(s.deliveries(reader).at(0).papers, 1);
}

TEST_F(PlanTest, FreshlyChangedVerdictsAreNewsByThemselves) {
  add_papers("2026-11-26", 1, "cs.LG");
  auto s = open_subscriptions();
  subscribe(s, "math@example.org", {Frequency::kDaily, {"math.NA"}, ""});
  const catalogue::CatalogueStore catalogue(store_);
  VerdictRecord verdicts;
  const auto now = seconds_now();
  verdicts.changes = {{"2611.26100", "P1", "it converges", "falls short", "holds", utc_time(now - 60)},
                      {"2611.26100", "P2", "too old", "", "holds", utc_time(now - 48 * 3600)}};
  const auto edition = gather_edition(Frequency::kDaily, "2026-11-26", {catalogue, verdicts, {}}, std::nullopt,
                                      utc_time(now - 24 * 3600));
  ASSERT_EQ(edition.changes.size(), 1U);
  EXPECT_EQ(edition.changes[0].text, "P1 holds (before: falls short): it converges");
  EXPECT_TRUE(select(edition, {Frequency::kDaily, {"math.NA"}, ""}, kNoSearch).empty());
  EXPECT_EQ(select(edition, {Frequency::kDaily, {"cs"}, ""}, kNoSearch).changes.size(), 1U);
  EXPECT_EQ(to_json(edition_from_json(to_json(edition))), to_json(edition));
}

class ServiceTest : public MailerTest {
 protected:
  template <class F>
  static bool eventually(F&& f) {
    for (int i = 0; i < 500; ++i) {
      if (f()) return true;
      poll(nullptr, 0, 20);
    }
    return false;
  }
};

TEST_F(ServiceTest, ConfirmationsGoOutAtOnceAndTheirLinksWork) {
  const TestMailServer server(mail_, {});
  MailService mail(store_, plain_settings(server.port()), [](const std::string&) {});
  EXPECT_TRUE(mail.set_up());
  EXPECT_THROW(mail.subscribe("nonsense", {}), InputError);
  mail.subscribe("ada@example.org", {Frequency::kWeekly, {"cs.LG"}, ""});
  mail.subscribe("ada@example.org", {Frequency::kWeekly, {"cs.LG"}, ""});
  ASSERT_TRUE(eventually([&] { return server.messages().size() == 1; }));
  const auto read = parse_mail_file(server.messages().at(0));
  const auto text = read["parts"][0]["text"].get<std::string>();
  const auto at = text.find("?token=") + 7;
  const auto token = text.substr(at, text.find('\n', at) - at);
  EXPECT_EQ(mail.pending(token)->email, "ada@example.org");
  const auto subscriber = mail.confirm(token);
  ASSERT_TRUE(subscriber);
  EXPECT_FALSE(mail.confirm(token));
  const auto leave = open_subscriptions().unsubscribe_token(subscriber->id);
  EXPECT_TRUE(mail.genuine_unsubscribe(leave));
  EXPECT_EQ(mail.subscriber_of(leave)->email, "ada@example.org");
  EXPECT_TRUE(mail.unsubscribe(leave));
  EXPECT_TRUE(mail.unsubscribe(leave));
  EXPECT_FALSE(mail.subscriber_of(leave));
}

TEST_F(ServiceTest, WithoutAMailServerNobodySubscribesButLinksWork) {
  MailService mail(store_, std::nullopt, [](const std::string&) {});
  EXPECT_FALSE(mail.set_up());
  EXPECT_THROW(mail.subscribe("ada@example.org", {}), NotAvailable);
  auto s = open_subscriptions();
  const auto id = subscribe(s, "ada@example.org");
  EXPECT_TRUE(mail.unsubscribe(s.unsubscribe_token(id)));
  EXPECT_TRUE(s.all().empty());
}

TEST_F(ServiceTest, StopsWhileTheServerIsSlow) {
  const TestMailServer server(mail_, {"--slow", "0.3"});
  const auto start = std::chrono::steady_clock::now();
  {
    MailService mail(store_, plain_settings(server.port()), [](const std::string&) {});
    for (int i = 0; i < 20; ++i) mail.subscribe("reader" + std::to_string(i) + "@example.org", {});
    ASSERT_TRUE(eventually([&] { return !server.messages().empty(); }));
  }
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(4));
}

TEST(MailSettingsTest, OptionsAreCheckedBeforeAnythingIsSent) {
  const Json good = {{"smtp", "smtp://mail.example.org"},
                     {"mail-from", "Offprint <papers@example.org>"},
                     {"base-url", "https://papers.example.org/"}};
  const auto settings = mail_settings(good).value();
  EXPECT_EQ(settings.smtp, "smtp://mail.example.org:587");
  EXPECT_EQ(settings.base_url, "https://papers.example.org");
  EXPECT_FALSE(mail_settings(Json::object()));
  const auto with = [&](const char* name, const Json& value) {
    auto options = good;
    options[name] = value;
    return options;
  };
  EXPECT_EQ(mail_settings(with("smtp", "smtps://[::1]:4650"))->smtp, "smtps://[::1]:4650");
  EXPECT_EQ(mail_settings(with("smtp", "smtps://mail.example.org"))->smtp, "smtps://mail.example.org:465");
  for (const char* bad : {"mail.example.org", "http://x", "smtp://", "smtp://a b", "smtp://host:0", "smtp://host:99999",
                          "smtp://host:x", "smtp://user:pw@host", "smtp://host/path", "smtp://[::1"})
    EXPECT_THROW((void)mail_settings(with("smtp", bad)), InputError) << bad;
  for (const char* bad : {"", "papers.example.org", "ftp://x", "https://", "https://user@host", "https://x?y",
                          "https://a b", "javascript:x"})
    EXPECT_THROW((void)mail_settings(with("base-url", bad)), InputError) << bad;
  EXPECT_THROW((void)mail_settings(with("mail-from", "nobody")), InputError);
  EXPECT_THROW((void)mail_settings(with("mail-plain", true)), InputError);
  EXPECT_THROW((void)mail_settings(with("mail-user", "x")), InputError);
  EXPECT_THROW((void)mail_settings(with("mail-ca-file", "/nowhere.pem")), InputError);
  auto local = with("mail-plain", true);
  local["smtp"] = "smtp://127.0.0.1:25";
  EXPECT_TRUE(mail_settings(local)->plain);
  local["smtp"] = "smtp://127.0.0.1.example.org:25";
  EXPECT_THROW((void)mail_settings(local), InputError);
}

}  // namespace
}  // namespace offprint::page
