#include "page/digest/subscriptions.hpp"

#include <fstream>
#include <sstream>

#include <SQLiteCpp/SQLiteCpp.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "offprint/core/error.hpp"
#include "page/digest/address.hpp"

namespace offprint::page {
namespace {

TEST(Address, AcceptsWhatProvidersGiveOutAndNormalises) {
  EXPECT_EQ(normalised_address("ada@example.org"), "ada@example.org");
  EXPECT_EQ(normalised_address("  Ada.Lovelace+papers@EXAMPLE.Org\t"), "Ada.Lovelace+papers@example.org");
  EXPECT_EQ(normalised_address("o'neil_{x}@xn--bcher-kva.example"), "o'neil_{x}@xn--bcher-kva.example");
  EXPECT_EQ(normalised_address("root@localhost"), "root@localhost");
  const std::string local(64, 'a');
  EXPECT_NO_THROW((void)normalised_address(local + "@example.org"));
}

TEST(Address, RefusesEverythingElse) {
  const std::vector<std::string> bad = {"",
                                        " ",
                                        "ada",
                                        "@example.org",
                                        "ada@",
                                        "ada@@example.org",
                                        "a b@example.org",
                                        ".ada@example.org",
                                        "ada.@example.org",
                                        "a..b@example.org",
                                        "\"a b\"@example.org",
                                        "ada@[127.0.0.1]",
                                        "ada@127.0.0.1",
                                        "ada@example",
                                        "ada@-example.org",
                                        "ada@example-.org",
                                        "ada@example..org",
                                        "ada@.org",
                                        "ada@example.org.",
                                        "ada@exa_mple.org",
                                        "ada@example.org\r\nBcc: x@y.z",
                                        "ada\n@example.org",
                                        "ada@example.org\nX: y",
                                        std::string("ada\0@example.org", 16),
                                        "ada@b\xc3\xbc"
                                        "cher.example",
                                        "ad\xc3\xa4@example.org",
                                        "ada@example.org, b@example.org",
                                        "<ada@example.org>",
                                        "Ada <ada@example.org>",
                                        "ada(comment)@example.org",
                                        "ada@example.org?subject=x",
                                        std::string(65, 'a') + "@example.org",
                                        "a@" + std::string(64, 'b') + ".org",
                                        "a@" + std::string(260, 'b') + ".org",
                                        "-@%",
                                        "ada@example.org>"};
  for (const auto& text : bad) EXPECT_THROW((void)normalised_address(text), InputError) << text;
  try {
    (void)normalised_address(
        "ada@b\xc3\xbc"
        "cher.example");
    FAIL();
  } catch (const InputError& e) {
    EXPECT_THAT(e.what(), ::testing::HasSubstr("xn--"));
  }
}

TEST(Address, Senders) {
  EXPECT_EQ(parse_sender("papers@example.org").address, "papers@example.org");
  const auto sender = parse_sender("\"Offprint, the page\" <papers@example.org>");
  EXPECT_EQ(sender.name, "Offprint, the page");
  EXPECT_EQ(sender.address, "papers@example.org");
  for (const char* bad : {"", "Offprint", "Offprint <papers@example.org", "Offprint <papers@example.org> x", "a>b<c"})
    EXPECT_THROW((void)parse_sender(bad), InputError) << bad;
}

class SubscriptionsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "offprint-subscriptions-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    subscriptions_.emplace(folder_, Signer::open(folder_));
  }
  void TearDown() override {
    subscriptions_.reset();
    std::filesystem::remove_all(folder_);
  }
  Subscriptions& s() { return *subscriptions_; }
  int queued() { return s().database().execAndGet("SELECT COUNT(*) FROM outbox WHERE state='queued'").getInt(); }
  std::int64_t request_id() { return s().database().execAndGet("SELECT MAX(id) FROM requests").getInt64(); }
  Subscriber subscribe(const std::string& email, std::int64_t now = 1000) {
    s().request(email, {}, now);
    return s().confirm(s().confirm_token(request_id(), now), now).value();
  }
  std::filesystem::path folder_;
  std::optional<Subscriptions> subscriptions_;
};

TEST_F(SubscriptionsTest, DoubleOptIn) {
  EXPECT_TRUE(
      s().request("Ada@Example.org", {Frequency::kWeekly, {"stat.ML", "cs.LG", "cs.LG"}, "koopman  operator"}, 1000));
  EXPECT_EQ(queued(), 1);
  EXPECT_TRUE(s().all().empty());
  const auto token = s().confirm_token(request_id(), 1000);
  const auto pending = s().pending(token, 1001);
  ASSERT_TRUE(pending);
  EXPECT_EQ(pending->email, "Ada@example.org");
  EXPECT_EQ(describe(pending->wish), "weekly, cs.LG and stat.ML, matching \"koopman operator\"");
  EXPECT_TRUE(s().all().empty());  // looking does not confirm
  const auto subscriber = s().confirm(token, 1002);
  ASSERT_TRUE(subscriber);
  EXPECT_EQ(subscriber->state, "confirmed");
  EXPECT_EQ(s().all().size(), 1U);
  EXPECT_FALSE(s().confirm(token, 1003));  // once
  EXPECT_EQ(queued(), 0);
}

TEST_F(SubscriptionsTest, TokensOfOthersExpiredOrForUnsubscribingDoNotConfirm) {
  s().request("ada@example.org", {}, 1000);
  const auto token = s().confirm_token(request_id(), 1000);
  EXPECT_FALSE(s().confirm(token, 1000 + kConfirmSeconds));
  EXPECT_FALSE(s().confirm(s().unsubscribe_token(request_id()), 1001));
  EXPECT_FALSE(s().confirm("x.y.z", 1001));
  EXPECT_FALSE(s().confirm(s().confirm_token(request_id() + 1, 1000), 1001));
  EXPECT_TRUE(s().confirm(token, 1000 + kConfirmSeconds - 1));
}

TEST_F(SubscriptionsTest, OneConfirmationMailAnHourAndTheLinkStaysGood) {
  EXPECT_TRUE(s().request("ada@example.org", {}, 1000));
  const auto token = s().confirm_token(request_id(), 1000);
  EXPECT_FALSE(s().request("ADA@example.org", {Frequency::kWeekly, {"cs.LG"}, ""}, 1000 + kConfirmationPause - 1));
  EXPECT_EQ(queued(), 1);
  EXPECT_EQ(s().pending(token, 5000)->wish.frequency, Frequency::kWeekly);
  EXPECT_TRUE(s().request("ada@example.org", {}, 1000 + kConfirmationPause));
  EXPECT_EQ(queued(), 2);
  EXPECT_TRUE(s().confirm(token, 5000));
}

TEST_F(SubscriptionsTest, AChangeOfWishNeedsItsOwnConfirmation) {
  const auto before = subscribe("ada@example.org");
  s().request("ada@example.org", {Frequency::kWeekly, {}, ""}, 2000);
  EXPECT_EQ(s().all().at(0).wish.frequency, Frequency::kDaily);
  const auto after = s().confirm(s().confirm_token(request_id(), 2000), 2001);
  ASSERT_TRUE(after);
  EXPECT_EQ(after->id, before.id);
  EXPECT_EQ(after->wish.frequency, Frequency::kWeekly);
}

TEST_F(SubscriptionsTest, UnsubscribingIsIdempotentAndLeavesNoTrace) {
  const auto subscriber = subscribe("ada.lovelace@example.org");
  s().request("ada.lovelace@example.org", {}, 5000);
  const auto token = s().unsubscribe_token(subscriber.id);
  EXPECT_EQ(s().subscriber_of(token)->email, "ada.lovelace@example.org");
  EXPECT_FALSE(s().unsubscribe("nonsense"));
  EXPECT_FALSE(s().unsubscribe(s().confirm_token(subscriber.id, 5000)));
  EXPECT_TRUE(s().unsubscribe(token));
  EXPECT_TRUE(s().unsubscribe(token));
  EXPECT_FALSE(s().subscriber_of(token));
  EXPECT_TRUE(s().all().empty());
  s().database().exec("PRAGMA wal_checkpoint(TRUNCATE)");
  std::ostringstream bytes;
  bytes << std::ifstream(folder_ / "mail.sqlite", std::ios::binary).rdbuf();
  EXPECT_EQ(bytes.str().find("lovelace"), std::string::npos);
  // the number is not given out again, so the old link cannot hit the next subscriber
  const auto next = subscribe("bob@example.org");
  EXPECT_NE(next.id, subscriber.id);
  EXPECT_TRUE(s().unsubscribe(token));
  EXPECT_EQ(s().all().size(), 1U);
}

TEST_F(SubscriptionsTest, RequestsThatNobodyConfirmedAreForgotten) {
  s().request("ada@example.org", {}, 1000);
  s().request("bob@example.org", {}, 1000 + kConfirmSeconds);
  EXPECT_EQ(s().database().execAndGet("SELECT group_concat(email) FROM requests").getString(), "bob@example.org");
  EXPECT_EQ(queued(), 1);
}

TEST_F(SubscriptionsTest, RemovingByAddress) {
  subscribe("ada@example.org");
  s().request("bob@example.org", {}, 2000);
  EXPECT_TRUE(s().remove("ADA@EXAMPLE.ORG"));
  EXPECT_FALSE(s().remove("ada@example.org"));
  EXPECT_TRUE(s().remove("bob@example.org"));
  EXPECT_EQ(queued(), 0);
}

TEST_F(SubscriptionsTest, WishesAreChecked) {
  EXPECT_THROW(s().request("ada@example.org", {Frequency::kDaily, {"cs.LG'; DROP TABLE subscribers"}, ""}, 1),
               InputError);
  EXPECT_THROW(s().request("ada@example.org", {Frequency::kDaily, std::vector<std::string>(31, "cs.LG"), ""}, 1),
               InputError);
  EXPECT_THROW(s().request("ada@example.org", {Frequency::kDaily, {""}, ""}, 1), InputError);
  EXPECT_THROW(s().request("ada@example.org", {Frequency::kDaily, {}, std::string(201, 'x')}, 1), InputError);
  EXPECT_THROW((void)parse_frequency("hourly"), InputError);
  EXPECT_TRUE(s().request("ada@example.org", {Frequency::kDaily, {}, "x\r\nBcc: y\x01"}, 1));
  EXPECT_EQ(s().database().execAndGet("SELECT search FROM requests").getString(), "x Bcc: y");
  EXPECT_EQ(queued(), 1);
}

TEST_F(SubscriptionsTest, OnlyTheOwnerMayReadTheDatabase) {
  subscribe("ada@example.org");
  for (const char* name : {"mail.sqlite", "mail.sqlite-wal", "mail.sqlite-shm"}) {
    struct stat about {};
    ASSERT_EQ(stat((folder_ / name).c_str(), &about), 0) << name;
    EXPECT_EQ(about.st_mode & 0777, 0600U) << name;
  }
}

}  // namespace
}  // namespace offprint::page
