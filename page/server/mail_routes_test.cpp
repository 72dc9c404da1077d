// Subscribing, confirming and unsubscribing as a browser and a mail program do it.
#include "page/server/server_fixture.hpp"

namespace offprint::page {
namespace {

class MailRoutesTest : public ServerTest {
 protected:
  MailRoutesTest() {
    MailSettings mail;
    mail.smtp = "smtp://127.0.0.1:1";  // nobody listens: what is sent waits
    mail.from = {"Offprint", "papers@example.org"};
    mail.plain = true;
    mail.base_url = "http://localhost";
    mail.connect_seconds = 1;
    settings_.mail = mail;
  }
};

TEST_F(MailRoutesTest, TheAnswerIsTheSameForEveryAddress) {
  start();
  EXPECT_TRUE(get("/api/v1/health").at("mail").get<bool>());
  const Json wish{
      {"email", "ada@example.org"}, {"frequency", "weekly"}, {"categories", {"cs.LG"}}, {"search", "koopman"}};
  const auto first = post("/api/v1/subscriptions", wish, 202);
  EXPECT_EQ(post("/api/v1/subscriptions", wish, 202), first);
  post("/api/v1/subscriptions", {{"email", "no address"}}, 400);
  post("/api/v1/subscriptions", {{"email", "ada@example.org"}, {"frequency", "hourly"}}, 400);
  post("/api/v1/subscriptions", {{"email", "ada@example.org"}, {"admin", true}}, 400);
}

TEST_F(MailRoutesTest, SubscribingIsSlowedDown) {
  settings_.rates = 1;
  start();
  int refused = 0;
  for (int i = 0; i < 8; ++i) {
    const Json wish{{"email", "reader" + std::to_string(i) + "@example.org"}};
    const auto r = client().Post("/api/v1/subscriptions", wish.dump(), "application/json");
    refused += r->status == 429 ? 1 : 0;
  }
  EXPECT_EQ(refused, 3);
}

TEST_F(MailRoutesTest, ConfirmedByAButtonEndedByOneClick) {
  start();
  post("/api/v1/subscriptions", {{"email", "ada+<b>@example.org"}, {"search", "<script>x</script>"}}, 400);
  post("/api/v1/subscriptions", {{"email", "ada@example.org"}, {"search", "<script>x</script>"}}, 202);
  Subscriptions subscriptions(settings_.store, Signer::open(settings_.store));
  const auto token = subscriptions.confirm_token(1, seconds_now());
  auto c = client();
  const auto page = c.Get(("/subscriptions/confirm?token=" + token).c_str());
  ASSERT_EQ(page->status, 200);
  EXPECT_NE(page->body.find("method=\"post\""), std::string::npos);
  EXPECT_EQ(page->body.find("<script>"), std::string::npos) << "what a reader typed is text";
  EXPECT_TRUE(subscriptions.all().empty()) << "looking at the link confirms nothing: mail scanners follow links";
  EXPECT_EQ(c.Post("/subscriptions/confirm", {{"Origin", "https://evil.example"}}, "token=" + token,
                   "application/x-www-form-urlencoded")
                ->status,
            403);
  EXPECT_EQ(c.Post("/subscriptions/confirm", "token=" + token, "application/x-www-form-urlencoded")->status, 200);
  ASSERT_EQ(subscriptions.all().size(), 1U);
  EXPECT_EQ(c.Post("/subscriptions/confirm", "token=" + token, "application/x-www-form-urlencoded")->status, 404);
  const auto leave = "/subscriptions/unsubscribe?token=" + subscriptions.unsubscribe_token(subscriptions.all()[0].id);
  EXPECT_NE(c.Get(leave.c_str())->body.find("ada@example.org"), std::string::npos);
  // a mail program: its own origin, a multipart body, no cookie
  httplib::MultipartFormDataItems form{{"List-Unsubscribe", "One-Click", "", ""}};
  EXPECT_EQ(c.Post(leave.c_str(), {{"Origin", "https://mail.example"}, {"Sec-Fetch-Site", "cross-site"}}, form)->status,
            200);
  EXPECT_TRUE(subscriptions.all().empty());
  EXPECT_EQ(c.Post(leave.c_str(), "List-Unsubscribe=One-Click", "application/x-www-form-urlencoded")->status, 200)
      << "clients repeat";
}

}  // namespace
}  // namespace offprint::page
