#include "catalogue/feed_parsers.hpp"

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "catalogue/limits.hpp"
#include "catalogue/test_feeds.hpp"
#include "catalogue/text.hpp"
#include "offprint/core/card.hpp"
#include "offprint/core/error.hpp"

namespace offprint::catalogue {
namespace {

using test::atom_entry;
using test::atom_feed;
using test::daily_entry;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

template <class F>
std::string refusal(F&& f) {
  try {
    (void)f();
  } catch (const InputError& e) {
    return e.what();
  }
  return "accepted";
}

TEST(Atom, ReadsWhatArxivSends) {
  const auto page = parse_atom(atom_feed({atom_entry("2407.06312v2", "Limits and\n  powers"),
                                          atom_entry("math/0211159v1", "The entropy formula &lt;i&gt; &amp; more")},
                                         1234, 10));
  EXPECT_EQ(page.total, 1234U);
  ASSERT_EQ(page.items.size(), 2U);
  const auto& a = page.items[0];
  EXPECT_EQ(a.source, "arxiv");
  EXPECT_EQ(a.arxiv, "2407.06312");
  EXPECT_EQ(a.version, 2);
  EXPECT_EQ(a.title, "Limits and powers");
  EXPECT_EQ(a.abstract, "We study something. It works.");
  EXPECT_THAT(a.authors, ElementsAre("Ada Lovelace", "Henri Poincaré"));
  EXPECT_EQ(a.published, "2024-07-08");
  EXPECT_EQ(a.updated, "2024-09-02");
  EXPECT_THAT(a.categories, ElementsAre("math.DS", "cs.LG"));
  EXPECT_EQ(a.doi, "10.1000/xyz.1");
  EXPECT_EQ(a.venue, "J. Made Up 1 (2024) 2");
  EXPECT_EQ(a.upvotes, -1);
  EXPECT_EQ(page.items[1].arxiv, "math/0211159");
  EXPECT_EQ(page.items[1].title, "The entropy formula <i> & more");
}

TEST(Atom, AnEmptyPageIsNoError) {
  const auto page = parse_atom(atom_feed({}, 0));
  EXPECT_TRUE(page.items.empty());
  EXPECT_EQ(page.total, 0U);
}

TEST(Atom, ArxivsErrorEntryIsAnError) {
  const std::string error = R"(<entry><id>http://arxiv.org/api/errors#incorrect_id_format_for_x</id><title>Error</title>
    <summary>incorrect id format for x</summary></entry>)";
  EXPECT_THAT(refusal([&] { return parse_atom(atom_feed({error}, 1)); }),
              HasSubstr("arXiv refuses the query: incorrect id format for x"));
}

TEST(Atom, SkipsEntriesWithoutIdOrTitle) {
  const auto page = parse_atom(atom_feed(
      {atom_entry("nonsense", "A"), atom_entry("2407.00001", "  "), atom_entry("2407.00002", "B"), "<entry/>"}, 4));
  EXPECT_EQ(page.items.size(), 1U);
  EXPECT_EQ(page.skipped, 3U);
}

TEST(Atom, TruncatedEverywhereIsRefusedOrHarmless) {
  const auto whole = atom_feed({atom_entry("2407.00001", "A"), atom_entry("2407.00002", "B")}, 2);
  for (std::size_t n = 0; n + 8 < whole.size(); n += 7)
    EXPECT_THAT(refusal([&] { return parse_atom(whole.substr(0, n)); }), HasSubstr("the ")) << n;
  EXPECT_THAT(refusal([&] { return parse_atom(whole.substr(0, 1000)); }), HasSubstr("cut short"));
  EXPECT_THAT(refusal([] { return parse_atom("<html><body>Sorry</body></html>"); }), HasSubstr("not an Atom <feed>"));
}

TEST(Atom, EntityBombsAndExternalEntitiesAreNotExpanded) {
  std::string bomb = "<?xml version=\"1.0\"?><!DOCTYPE feed [<!ENTITY a \"aaaaaaaaaa\">";
  for (char c = 'b'; c <= 'k'; ++c) {
    bomb += std::string("<!ENTITY ") + c + " \"";
    for (int i = 0; i < 10; ++i) bomb += std::string("&") + static_cast<char>(c - 1) + ";";
    bomb += "\">";
  }
  bomb += "<!ENTITY x SYSTEM \"file:///etc/passwd\">]><feed>" + atom_entry("2407.00001", "&k; and &x;") + "</feed>";
  const auto page = parse_atom(bomb);
  ASSERT_EQ(page.items.size(), 1U);
  EXPECT_EQ(page.items[0].title, "&k; and &x;");
}

TEST(Atom, HugeAndDeepDocumentsAreCutOrHarmless) {
  auto page = parse_atom(atom_feed({atom_entry("2407.00001", std::string(5000, 't'), std::string(10 << 20, 'a'))}, 1));
  EXPECT_EQ(page.items[0].title.size(), limits::kTitle);
  EXPECT_EQ(page.items[0].abstract.size(), limits::kAbstract);
  std::string deep;
  for (int i = 0; i < 200000; ++i) deep += "<a>";
  for (int i = 0; i < 200000; ++i) deep += "</a>";
  page = parse_atom("<feed><entry><id>http://arxiv.org/abs/2407.00001</id><title>T" + deep + "</title></entry></feed>");
  EXPECT_EQ(page.items[0].title, "T");
  std::string crowd = "<feed><entry><id>2407.00001</id><title>T</title>";
  for (int i = 0; i < 5000; ++i)
    crowd += "<author><name>A</name></author><category term=\"c" + std::to_string(i) + "\"/>";
  page = parse_atom(crowd + "</entry></feed>");
  EXPECT_EQ(page.items[0].authors.size(), limits::kAuthors);
  EXPECT_EQ(page.items[0].categories.size(), limits::kCategories);
  EXPECT_THAT(refusal([] { return parse_atom(std::string(limits::kDocument + 1, ' ')); }), HasSubstr("at most"));
}

TEST(Atom, HostileTextIsCleanedNotInterpreted) {
  const auto page = parse_atom(atom_feed(
      {atom_entry("2407.00001", "<![CDATA[<script>alert(1)</script>\x01]]>&#x202E;evil\xff", "&lt;img onerror=x&gt;")},
      1));
  EXPECT_EQ(page.items[0].title, "<script>alert(1)</script>evil\uFFFD");
  EXPECT_EQ(page.items[0].abstract, "<img onerror=x>");
}

TEST(DailyJson, ReadsWhatHuggingFaceSends) {
  const nlohmann::json list = {daily_entry("2407.06312", "A title", 42), daily_entry("2407.06313", "Another", 0)};
  const auto page = parse_daily_json(list.dump(), "2024-07-11");
  ASSERT_EQ(page.items.size(), 2U);
  const auto& a = page.items[0];
  EXPECT_EQ(a.source, "huggingface");
  EXPECT_EQ(a.arxiv, "2407.06312");
  EXPECT_EQ(a.version, 0);
  EXPECT_EQ(a.title, "A title");
  EXPECT_EQ(a.abstract, "We study something.");
  EXPECT_THAT(a.authors, ElementsAre("Ada Lovelace", "Emmy Noether"));
  EXPECT_EQ(a.published, "2024-07-08");
  EXPECT_EQ(a.listed, "2024-07-11");
  EXPECT_EQ(a.upvotes, 42);
  EXPECT_EQ(parse_daily_json(list.dump(), "").items[0].listed, "2024-07-10");
}

TEST(DailyJson, OddEntriesAreSkippedOrHalved) {
  const auto page = parse_daily_json(
      R"([1, null, "x", [], {}, {"paper": 3}, {"paper": {"title": ["x"]}},
          {"paper": {"id": 7, "title": "T", "summary": null, "authors": [3, {"name": 4}, {"name": "N"}], "upvotes": "many"}},
          {"paper": {"id": "2407.00001", "title": "U", "upvotes": 99999999999999999999}},
          {"paper": {"id": "2407.00002", "title": "V", "upvotes": -5, "publishedAt": "soon"}}])",
      "");
  ASSERT_EQ(page.items.size(), 3U);
  EXPECT_EQ(page.skipped, 7U);
  EXPECT_EQ(page.items[0].arxiv, "");
  EXPECT_THAT(page.items[0].authors, ElementsAre("N"));
  EXPECT_EQ(page.items[0].upvotes, -1);
  EXPECT_EQ(page.items[1].upvotes, -1);
  EXPECT_EQ(page.items[2].upvotes, 0);
  EXPECT_EQ(page.items[2].published, "");
}

TEST(DailyJson, WhatIsNoListIsRefused) {
  EXPECT_THAT(refusal([] { return parse_daily_json(R"({"error": "Invalid date"})", ""); }),
              HasSubstr("Hugging Face refuses the query: Invalid date"));
  EXPECT_THAT(refusal([] { return parse_daily_json("{}", ""); }), HasSubstr("must be a JSON list"));
  EXPECT_THAT(refusal([] { return parse_daily_json(R"([{"paper": {"id": )", ""); }), HasSubstr("cut short"));
  EXPECT_THAT(refusal([] { return parse_daily_json(std::string(1 << 20, '['), ""); }), HasSubstr("nests deeper"));
  EXPECT_EQ(parse_daily_json("[]", "").items.size(), 0U);
  EXPECT_EQ(parse_daily_json("[{\"title\": \"a\xff\\u202e[[[[\"}]", "").items.at(0).title, "a\uFFFD[[[[");
}

TEST(DailyText, FindsThePapersBetweenTheFurniture) {
  const std::string abstract(300, 'a');
  const auto page = parse_daily_text(
      "new\n\nGet papers in your inbox!\n\nSubscribe\n\nJul 31\n\nA First Paper\r\n\r\n" + abstract +
          "\n\n·5 authors\n\nIs Attention All\nYou Need?\n \n" + abstract + ".\n\n" + abstract + "\n\nShort\n\n" +
          "A short abstract, which has just enough letters to be taken for a sentence of an author.\n",
      "2025-07-31");
  ASSERT_EQ(page.items.size(), 3U);
  EXPECT_EQ(page.items[0].title, "A First Paper");
  EXPECT_EQ(page.items[0].abstract, abstract);
  EXPECT_EQ(page.items[0].listed, "2025-07-31");
  EXPECT_EQ(page.items[1].title, "Is Attention All You Need?");
  EXPECT_EQ(page.items[1].abstract, abstract + ". " + abstract);
  EXPECT_EQ(page.items[2].title, "Short");
}

TEST(DailyText, ALongTitleThatEndsLikeASentenceIsATitle) {
  const std::string title =
      "Is a title of more than eighty bytes, which ends in a question mark, still taken for a title?";
  const std::string abstract(300, 'a');
  const auto page = parse_daily_text("First\n\n" + abstract + "\n\nBetween\n\n" + title + "\n\n" + abstract, "");
  ASSERT_EQ(page.items.size(), 2U);
  EXPECT_EQ(page.items[1].title, title);
}

TEST(DailyText, WithoutAPaperIsRefused) {
  for (const char* text : {"", "\n\n", "new\n\nSubscribe\n", "Title\n\nanother line"})
    EXPECT_THAT(refusal([&] { return parse_daily_text(text, ""); }), HasSubstr("has no paper"));
}

TEST(DailyText, ManyParagraphsDoNotTakeQuadraticTime) {
  std::string text = "Title\n\n";
  for (int i = 0; i < 100000; ++i) text += std::string(100, 'a') + ".\n\n";
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(parse_daily_text(text, "").items.size(), 1U);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10));
}

TEST(Feeds, AreToldApartByTheirFirstCharacter) {
  EXPECT_EQ(parse_feed("\xEF\xBB\xBF\n" + atom_feed({atom_entry("2407.00001", "A")}, 1), "").items[0].source, "arxiv");
  EXPECT_EQ(parse_feed(" " + nlohmann::json{daily_entry("2407.1", "A", 1)}.dump(), "").items[0].source, "huggingface");
  EXPECT_EQ(parse_feed("T\n\n" + std::string(300, 'a'), "").items[0].source, "text");
}

// The page as it was saved, where it is at hand: all its papers are cards of ours.
TEST(DailyText, TheSavedPageHoldsOurCards) {
  const char* data = std::getenv("OFFPRINT_DATA");
  const auto file = std::filesystem::path(data == nullptr ? "" : data) / "daily-papers" / "2025-07-31.txt";
  if (data == nullptr || !std::filesystem::exists(file)) GTEST_SKIP() << "no " << file;
  std::ifstream in(file);
  const std::string text((std::istreambuf_iterator<char>(in)), {});
  const auto page = parse_daily_text(text, "2025-07-31");
  std::set<std::string> found;
  for (const auto& item : page.items) found.insert(normalised_title(item.title));
  std::set<std::string> ours;
  const Catalogue cards({std::filesystem::path(OFFPRINT_SOURCE_DIR) / "papers"});
  for (const auto& card : cards.cards()) ours.insert(normalised_title(card.title));
  EXPECT_EQ(page.items.size(), 26U);
  EXPECT_EQ(found, ours);
}

}  // namespace
}  // namespace offprint::catalogue
