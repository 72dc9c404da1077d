#include "page/syndication/feeds.hpp"

#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pugixml.hpp>
#include <unistd.h>

#include "offprint/core/date.hpp"
#include "offprint/core/error.hpp"
#include "page/syndication/clean_text.hpp"

namespace offprint::page {
namespace {

FeedEntry paper(const std::string& key) {
  FeedEntry entry;
  entry.paper.key = key;
  entry.paper.title = "Title of " + key;
  entry.paper.authors = {"Ada One", "Bob Two"};
  entry.paper.abstract = "An abstract.";
  entry.paper.arxiv = "2407.06312";
  entry.paper.listed = "2024-07-10";
  entry.paper.published = "2024-07-08";
  entry.paper.categories = {"cs.LG", "math.DS"};
  entry.paper.status = "feed";
  return entry;
}

FeedEntry hostile() {
  auto entry = paper("math/0211159");
  entry.paper.title =
      "<script>alert('1')</script> ]]> &amp; \x01\xff\xe2\x80\xae"
      "desrever";
  entry.paper.authors = {"<b>Eve</b>\n\r", ""};
  entry.paper.abstract = "First <img src=x onerror=alert(1)>.\n\nSecond \xed\xa0\x80 & third.";
  entry.paper.categories = {"\"><x", ""};
  entry.paper.arxiv = "math/0211159\"><script>";
  entry.paper.listed = "not a day";
  entry.paper.published = "";
  return entry;
}

/// What RFC 4287 demands of a feed (sections 4.1.1 and 4.1.2), asserted on the parsed document.
void expect_atom(const std::string& text) {
  pugi::xml_document document;
  const auto parsed = document.load_buffer(text.data(), text.size(), pugi::parse_default | pugi::parse_declaration);
  ASSERT_TRUE(parsed) << parsed.description();
  const auto feed = document.child("feed");
  EXPECT_STREQ(feed.attribute("xmlns").value(), "http://www.w3.org/2005/Atom");
  const auto one = [](pugi::xml_node node, const char* name) {
    const auto found = node.children(name);
    EXPECT_EQ(std::distance(found.begin(), found.end()), 1) << name;
    EXPECT_STRNE(node.child(name).text().get(), "") << name;
  };
  for (const char* name : {"id", "title", "updated"}) one(feed, name);
  EXPECT_TRUE(parse_time(feed.child("updated").text().get()));
  EXPECT_TRUE(feed.find_child_by_attribute("link", "rel", "self"));
  EXPECT_TRUE(feed.find_child_by_attribute("link", "rel", "alternate"));
  std::set<std::string> ids;
  for (const auto entry : feed.children("entry")) {
    for (const char* name : {"id", "title", "updated", "summary"}) one(entry, name);
    EXPECT_TRUE(parse_time(entry.child("updated").text().get()));
    if (entry.child("published")) {
      EXPECT_TRUE(parse_time(entry.child("published").text().get()));
    }
    EXPECT_THAT(entry.child("id").text().get(), ::testing::StartsWith("tag:"));
    EXPECT_STRNE(entry.child("author").child("name").text().get(), "");
    EXPECT_TRUE(entry.find_child_by_attribute("link", "rel", "alternate"));
    EXPECT_TRUE(ids.insert(entry.child("id").text().get()).second);
    for (const auto category : entry.children("category")) EXPECT_STRNE(category.attribute("term").value(), "");
  }
}

TEST(Feeds, AtomHasWhatTheStandardDemands) {
  auto ready = paper("koopman");
  ready.paper.summary = "Ours.\n\nTwo paragraphs.";
  ready.verdicts = VerdictCounts{6, 5, 1, 0, 0, "2026-11-26T03:00:00Z"};
  const std::vector<FeedEntry> entries = {ready, paper("2407.1"), hostile()};
  const auto text = atom_feed({"https://papers.example.org", {"cs.LG", "", "a b&c"}}, entries);
  expect_atom(text);
  pugi::xml_document document;
  document.load_string(text.c_str());
  const auto first = document.child("feed").child("entry");
  EXPECT_STREQ(first.child("id").text().get(), "tag:papers.example.org,2026:papers/koopman");
  EXPECT_STREQ(first.child("updated").text().get(), "2026-11-26T03:00:00Z");
  EXPECT_STREQ(first.child("published").text().get(), "2024-07-08T00:00:00Z");
  EXPECT_THAT(first.child("content").text().get(),
              ::testing::HasSubstr(
                  "<p>Checked here: 5 of 6 claims hold, 1 falls short.</p><p>Ours.</p><p>Two paragraphs.</p>"));
  EXPECT_STREQ(document.child("feed").child("updated").text().get(), "2026-11-26T03:00:00Z");
  EXPECT_STREQ(document.child("feed").find_child_by_attribute("link", "rel", "self").attribute("href").value(),
               "https://papers.example.org/feeds/papers.atom?category=cs.LG&q=a%20b%26c");
}

TEST(Feeds, HostileTextStaysText) {
  const std::vector<FeedEntry> entries = {hostile()};
  const FeedPlace place{"http://127.0.0.1:8710", {}};
  const auto text = atom_feed(place, entries);
  expect_atom(text);
  EXPECT_THAT(text, ::testing::Not(::testing::HasSubstr("<script")));
  pugi::xml_document document;
  document.load_string(text.c_str());
  const auto entry = document.child("feed").child("entry");
  EXPECT_STREQ(entry.child("title").text().get(),
               "<script>alert('1')</script> ]]> &amp; \xef\xbf\xbd"
               "desrever");
  EXPECT_STREQ(entry.child("id").text().get(), "tag:127.0.0.1,2026:papers/math%2F0211159");
  // the content is HTML as text; in it the foreign markup is escaped once more
  EXPECT_THAT(entry.child("content").text().get(),
              ::testing::HasSubstr("<p>First &lt;img src=x onerror=alert(1)&gt;.</p>"));
  for (const auto link : entry.children("link"))
    EXPECT_THAT(link.attribute("href").value(), ::testing::Not(::testing::HasSubstr("<")));
  const auto json = Json::parse(json_feed(place, entries));
  EXPECT_THAT(json["items"][0]["content_html"].get<std::string>(), ::testing::Not(::testing::HasSubstr("<img")));
}

TEST(Feeds, JsonFeedHasWhatTheStandardDemands) {
  auto ready = paper("koopman");
  ready.verdicts = VerdictCounts{2, 0, 0, 0, 2, ""};
  const std::vector<FeedEntry> entries = {ready, hostile()};
  const auto json = Json::parse(json_feed({"https://papers.example.org", {"", "ready", ""}}, entries));
  EXPECT_EQ(json["version"], "https://jsonfeed.org/version/1.1");
  EXPECT_EQ(json["title"], "Offprint: papers that run here");
  EXPECT_EQ(json["feed_url"], "https://papers.example.org/feeds/papers.json?status=ready");
  for (const auto& item : json["items"]) {
    EXPECT_TRUE(item["id"].is_string());
    EXPECT_TRUE(item.contains("content_text") && item.contains("content_html"));
    EXPECT_TRUE(parse_time(item["date_modified"].get<std::string>()));
    for (const auto& author : item["authors"]) EXPECT_FALSE(author["name"].get<std::string>().empty());
  }
  EXPECT_EQ(json["items"][0]["id"], "tag:papers.example.org,2026:papers/koopman");
  EXPECT_EQ(json["items"][0]["external_url"], "https://arxiv.org/abs/2407.06312");
  EXPECT_EQ(json["items"][0]["tags"], Json({"cs.LG", "math.DS"}));
  EXPECT_THAT(json["items"][0]["content_text"].get<std::string>(),
              ::testing::StartsWith("Runs here; not checked yet (2 claims)."));
}

TEST(Feeds, AtMostAHundredEntriesAndNone) {
  std::vector<FeedEntry> entries;
  for (int i = 0; i < 150; ++i) entries.push_back(paper("p" + std::to_string(i)));
  const FeedPlace place{"https://papers.example.org", {}};
  const auto text = atom_feed(place, entries);
  expect_atom(text);
  pugi::xml_document document;
  document.load_string(text.c_str());
  const auto found = document.child("feed").children("entry");
  EXPECT_EQ(std::distance(found.begin(), found.end()), 100);
  EXPECT_EQ(Json::parse(json_feed(place, entries))["items"].size(), 100U);
  expect_atom(atom_feed(place, {}));
  EXPECT_EQ(atom_feed(place, entries), text);
}

TEST(Feeds, TenMegabytesOfAbstractAreCut) {
  auto entry = paper("big");
  entry.paper.abstract = std::string(10'000'000, '<');
  const std::vector<FeedEntry> entries = {entry};
  EXPECT_LT(atom_feed({"https://papers.example.org", {}}, entries).size(), 200'000U);
}

TEST(Feeds, PapersOfAListAndOfASearch) {
  const auto folder = std::filesystem::temp_directory_path() / ("offprint-feeds-" + std::to_string(getpid()));
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  {
    catalogue::CatalogueStore store(folder);
    std::vector<catalogue::FeedItem> items;
    for (int i = 1; i <= 5; ++i) {
      catalogue::FeedItem item;
      item.source = "arxiv";
      item.arxiv = "2407.0000" + std::to_string(i);
      item.title = "Paper number " + std::to_string(i);
      item.listed = "2024-07-0" + std::to_string(i);
      item.categories = {i % 2 == 1 ? "cs.LG" : "math.NA"};
      items.push_back(item);
    }
    store.add(items);
    const Searcher search = [](const catalogue::SearchQuery& query) {
      catalogue::SearchResult result;
      EXPECT_EQ(query.text, "two");
      if (query.offset == 0)
        for (const char* key : {"2407.00002", "2407.00004", "2407.00001", "gone"}) {
          catalogue::SearchHit hit;
          hit.key = key;
          hit.by_keyword = std::string(key) != "2407.00001";
          result.hits.push_back(hit);
        }
      return result;
    };
    const auto keys = [](const std::vector<catalogue::PaperRow>& rows) {
      std::vector<std::string> list;
      for (const auto& row : rows) list.push_back(row.key);
      return list;
    };
    EXPECT_EQ(keys(feed_papers(store, {"cs.LG", "", ""}, search)),
              (std::vector<std::string>{"2407.00005", "2407.00003", "2407.00001"}));
    EXPECT_EQ(keys(feed_papers(store, {"", "", "two"}, search)),
              (std::vector<std::string>{"2407.00004", "2407.00002"}));
    EXPECT_THROW((void)feed_papers(store, {"", "", std::string(501, 'x')}, search), InputError);
  }
  std::filesystem::remove_all(folder);
}

TEST(CleanText, LinesKeepTheirBreaksAndLoseTheRest) {
  EXPECT_EQ(clean_text("a \x02 b\n\nc\xc0"), "a b\n\nc\xef\xbf\xbd");
  EXPECT_EQ(clean_line(" a\n b\t"), "a b");
  EXPECT_EQ(shortened("one two three", 100), "one two three");
  EXPECT_EQ(shortened("one two three", 9), "one two…");
  EXPECT_EQ(shortened("\xc3\xbc\xc3\xbc\xc3\xbc", 2), "\xc3\xbc\xc3\xbc…");
  EXPECT_EQ(percent_encoded("a/b c\xc3\xbc~"), "a%2Fb%20c%C3%BC~");
}

}  // namespace
}  // namespace offprint::page
