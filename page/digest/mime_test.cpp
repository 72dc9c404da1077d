#include "page/digest/mime.hpp"

#include <gmock/gmock.h>

#include "offprint/core/error.hpp"
#include "page/digest/compose.hpp"
#include "page/digest/test_mail.hpp"
#include "page/syndication/clean_text.hpp"

namespace offprint::page {
namespace {

Message example() {
  Message m;
  m.from = {"Offprint, \"the\" page", "papers@example.org"};
  m.to = "ada@example.org";
  m.subject =
      "Ein Süßes \xf0\x9f\x8d\x8e =?UTF-8?B?aGk=?= und sehr langes Thema, das nicht in eine Zeile passt, weil es lang "
      "ist";
  m.date = 1795676400;
  m.message_id = "x.1@example.org";
  m.headers = {{"List-Unsubscribe",
                "<https://papers.example.org/subscriptions/unsubscribe?token=" + std::string(150, 'a') + ">"}};
  m.text =
      ".\nFrom here\ntrailing space \n\tta\xc3\xb6"
      "b\n=3D\n" +
      std::string(500, 'x') + "\n\n" + std::string(200, ' ') + "\n";
  m.html = "<p>\xe2\x80\xa6 " + std::string(2000, 'y') + "</p>";
  return m;
}

class MimeTest : public MailTest {};

TEST_F(MimeTest, PythonReadsBackWhatWasWritten) {
  const auto m = example();
  write("mail.eml", to_mime(m));
  const auto read = parse_mail_file(folder_ / "mail.eml");
  EXPECT_TRUE(read["defects"].empty()) << read["defects"];
  EXPECT_LE(read["longest_line"].get<int>(), 998);
  EXPECT_EQ(read["bare_newlines"], 0);
  EXPECT_TRUE(read["ascii"].get<bool>());
  EXPECT_EQ(read["type"], "multipart/alternative");
  EXPECT_EQ(read["headers"]["subject"], m.subject);
  EXPECT_EQ(read["headers"]["from"], "\"Offprint, \\\"the\\\" page\" <papers@example.org>");
  EXPECT_EQ(read["headers"]["date"], "Thu, 26 Nov 2026 07:00:00 +0000");
  EXPECT_EQ(read["headers"]["message-id"], "<x.1@example.org>");
  EXPECT_EQ(read["headers"]["list-unsubscribe"], m.headers[0].second);
  ASSERT_EQ(read["parts"].size(), 2U);
  EXPECT_EQ(read["parts"][0]["type"], "text/plain");
  EXPECT_EQ(read["parts"][0]["charset"], "utf-8");
  EXPECT_EQ(read["parts"][0]["text"], m.text);
  EXPECT_EQ(read["parts"][1]["type"], "text/html");
  EXPECT_EQ(read["parts"][1]["text"], m.html);
  EXPECT_EQ(to_mime(m), to_mime(m));
}

TEST_F(MimeTest, NothingForeignBecomesAHeader) {
  auto m = example();
  m.subject = "a\r\nBcc: victim@example.org\r\n\r\nbody";
  m.from.name = "x\r\nX-Evil: 1";
  write("mail.eml", to_mime(m));
  const auto read = parse_mail_file(folder_ / "mail.eml");
  EXPECT_FALSE(read["headers"].contains("bcc"));
  EXPECT_FALSE(read["headers"].contains("x-evil"));
  EXPECT_EQ(read["headers"]["subject"], "a Bcc: victim@example.org body");
  m.headers = {{"X-Test", "a\r\nb"}};
  EXPECT_THROW((void)to_mime(m), Error);
}

TEST_F(MimeTest, EveryLengthOfEncodedHeaderSurvives) {
  std::string subject = "\xc3\xbc";
  for (int i = 0; i < 60; ++i) subject += i % 3 == 0 ? "\xe2\x82\xac" : "z";
  for (std::size_t n = 1; n < 60; ++n) {
    const auto cut = shortened(subject, n);
    for (const auto& line : {encoded_header(cut)}) {
      std::size_t longest = 0;
      std::istringstream lines(line);
      for (std::string one; std::getline(lines, one);) longest = std::max(longest, one.size());
      EXPECT_LE(longest, 77U);
    }
  }
}

Edition hostile_edition() {
  Edition edition;
  edition.name = "daily-2026-11-26";
  edition.from = edition.to = "2026-11-26";
  EditionPaper paper;
  paper.key = "math/0211159";
  paper.title = "<script>alert(1)</script> & \"quotes\" \xe2\x82\xac";
  paper.authors = "A. <b>One</b>";
  paper.text = "5 < 6 && x > y ]]> --> <!-- $\\alpha$";
  paper.categories = {"cs.LG"};
  paper.status = "ready";
  paper.verdicts = "Checked here: 5 of 6 claims hold, 1 falls short.";
  paper.source = "https://arxiv.org/abs/math/0211159";
  paper.upvotes = 1;
  edition.papers = {paper};
  paper.key = "other";
  paper.title = "Trending thing";
  edition.trending = {paper};
  edition.changes = {{"gns", "GNS", {"cs.LG"}, "P1 holds (before: falls short): it converges"}};
  return edition;
}

TEST_F(MimeTest, TheDigestSaysTheSameInBothPartsAndEscapes) {
  MailSettings settings = plain_settings(1);
  const Reader reader{"ada@example.org",
                      7,
                      {Frequency::kDaily, {"cs.LG"}, ""},
                      "https://papers.example.org/subscriptions/unsubscribe?token=t"};
  const auto mail = digest_mail(hostile_edition(), {{"math/0211159"}, {"gns"}}, reader, settings, 1795676400);
  write("digest.eml", to_mime(mail));
  const auto read = parse_mail_file(folder_ / "digest.eml");
  EXPECT_TRUE(read["defects"].empty()) << read["defects"];
  EXPECT_EQ(read["headers"]["list-unsubscribe"], "<https://papers.example.org/subscriptions/unsubscribe?token=t>");
  EXPECT_EQ(read["headers"]["list-unsubscribe-post"], "List-Unsubscribe=One-Click");
  EXPECT_EQ(read["headers"]["auto-submitted"], "auto-generated");
  EXPECT_EQ(read["headers"]["precedence"], "bulk");
  EXPECT_THAT(read["headers"]["list-id"].get<std::string>(),
              ::testing::HasSubstr("<daily.offprint-digest.example.org>"));
  const auto text = read["parts"][0]["text"].get<std::string>();
  const auto html = read["parts"][1]["text"].get<std::string>();
  EXPECT_THAT(html, ::testing::Not(::testing::HasSubstr("<script")));
  EXPECT_THAT(html, ::testing::HasSubstr("&lt;script&gt;"));
  EXPECT_THAT(html, ::testing::Not(::testing::HasSubstr("<b>")));
  EXPECT_THAT(html, ::testing::HasSubstr("prefers-color-scheme: dark"));
  EXPECT_THAT(html, ::testing::Not(::testing::ContainsRegex("src=|url\\(|@import")));
  for (const char* said :
       {"5 of 6 claims hold", "P1 holds (before: falls short)", "https://papers.example.org/papers/math%2F0211159",
        "Trending thing", "https://arxiv.org/abs/math/0211159", "token=t", "cs.LG"}) {
    EXPECT_THAT(text, ::testing::HasSubstr(said));
    EXPECT_THAT(html, ::testing::HasSubstr(said));
  }
}

TEST_F(MimeTest, MessageIdsDependOnEditionAndSubscriberAlone) {
  const auto settings = plain_settings(1);
  const auto id = [&](const std::string& name, std::int64_t number, std::int64_t date) {
    auto edition = hostile_edition();
    edition.name = name;
    return digest_mail(edition, {{"math/0211159"}, {}}, {"a@b.org", number, {}, "https://x/"}, settings, date)
        .message_id;
  };
  EXPECT_EQ(id("daily-2026-11-26", 7, 1), id("daily-2026-11-26", 7, 2));
  EXPECT_NE(id("daily-2026-11-26", 7, 1), id("daily-2026-11-26", 8, 1));
  EXPECT_NE(id("daily-2026-11-26", 7, 1), id("daily-2026-11-27", 7, 1));
}

TEST_F(MimeTest, ConfirmationsCarryTheLinkAndNoListHeaders) {
  const auto settings = plain_settings(1);
  const auto mail =
      confirmation_mail({"ada@example.org", 3, {}, "https://papers.example.org/subscriptions/confirm?token=abc"},
                        "2026-11-26T07:00:00Z", settings, 1795676400);
  write("confirm.eml", to_mime(mail));
  const auto read = parse_mail_file(folder_ / "confirm.eml");
  EXPECT_TRUE(read["defects"].empty());
  EXPECT_FALSE(read["headers"].contains("list-unsubscribe"));
  for (const auto& part : read["parts"])
    EXPECT_THAT(part["text"].get<std::string>(), ::testing::HasSubstr("confirm?token=abc"));
}

}  // namespace
}  // namespace offprint::page
