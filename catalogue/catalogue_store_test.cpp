#include "catalogue/catalogue_store.hpp"

#include <fstream>
#include <thread>

#include <SQLiteCpp/SQLiteCpp.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "catalogue/test_folder.hpp"
#include "offprint/core/error.hpp"

namespace offprint::catalogue {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

FeedItem item(const std::string& arxiv, const std::string& title, int version = 1) {
  FeedItem i;
  i.source = "arxiv";
  i.arxiv = arxiv;
  i.version = version;
  i.title = title;
  i.authors = {"Ada Lovelace", "Emmy Noether"};
  i.abstract = "An abstract about " + title + ".";
  i.published = "2024-07-08";
  i.categories = {"cs.LG", "stat.ML"};
  return i;
}

FeedItem titled(const std::string& title, const std::string& listed = "2025-07-31") {
  FeedItem i;
  i.source = "text";
  i.title = title;
  i.abstract = "What the page said.";
  i.listed = listed;
  return i;
}

Card card(const std::string& slug, const std::string& title, const std::string& arxiv) {
  Card c;
  c.slug = slug;
  c.title = title;
  c.authors = {"Our Author"};
  c.year = 2024;
  c.arxiv = arxiv;
  c.component = "koopman";
  c.keywords = {"koopman operator"};
  c.summary = "In our words.";
  c.runnable = true;
  return c;
}

class CatalogueStoreTest : public ::testing::Test {
 protected:
  std::vector<std::string> keys(const ListQuery& query = {}) const {
    std::vector<std::string> list;
    for (const auto& p : store.list(query).papers) list.push_back(p.key);
    return list;
  }
  int keyword_matches(const std::string& word) {
    SQLite::Statement s(store.database(), "SELECT count(*) FROM keyword_index WHERE keyword_index MATCH ?");
    s.bind(1, word);
    s.executeStep();
    return s.getColumn(0).getInt();
  }
  TestFolder folder;
  CatalogueStore store{folder.path()};
};

TEST_F(CatalogueStoreTest, AddingTwiceChangesNothing) {
  const std::vector<FeedItem> items = {item("2407.06312", "One"), item("2407.06313", "Two")};
  EXPECT_EQ(store.add(items).added, 2U);
  const auto revision = store.revision();
  const auto again = store.add(items);
  EXPECT_EQ(again.added, 0U);
  EXPECT_EQ(again.updated, 0U);
  EXPECT_EQ(again.unchanged, 2U);
  EXPECT_EQ(store.revision(), revision);
  const auto row = store.find("2407.06312");
  ASSERT_TRUE(row);
  EXPECT_EQ(row->status, "feed");
  EXPECT_EQ(row->authors, (std::vector<std::string>{"Ada Lovelace", "Emmy Noether"}));
  EXPECT_EQ(row->listed, "2024-07-08");
  EXPECT_EQ(row->year, 2024);
  EXPECT_FALSE(store.find("2407.9"));
}

TEST_F(CatalogueStoreTest, ANewerVersionReplacesAnOlderOneDoesNot) {
  store.add(std::vector{item("2407.06312", "First title", 2)});
  auto newer = item("2407.06312", "Better title", 3);
  newer.categories = {"math.NA"};
  EXPECT_EQ(store.add(std::vector{newer}).updated, 1U);
  EXPECT_EQ(store.add(std::vector{item("2407.06312v1", "First title", 0)}).unchanged, 1U);
  const auto row = store.find("2407.06312");
  EXPECT_EQ(row->title, "Better title");
  EXPECT_EQ(row->version, 3);
  EXPECT_EQ(store.list({.category = "math.NA"}).total, 1U);
  EXPECT_EQ(store.list({.category = "cs.LG"}).total, 0U);
  EXPECT_EQ(keyword_matches("first"), 0);
  EXPECT_EQ(keyword_matches("better"), 1);
}

TEST_F(CatalogueStoreTest, ACardAndAFeedItemOfOnePaperAreOneRow) {
  store.add(std::vector{item("2407.06312", "Limits and powers of Koopman learning")});
  auto c = card("koopman", "Limits and Powers of Koopman Learning", "2407.06312");
  store.sync_cards(std::vector{c});
  EXPECT_EQ(store.list({}).total, 1U);
  const auto row = store.find("koopman");
  ASSERT_TRUE(row);
  EXPECT_EQ(row->status, "ready");
  EXPECT_EQ(row->title, c.title);
  EXPECT_EQ(row->authors, c.authors);
  EXPECT_THAT(row->abstract, HasSubstr("An abstract"));
  EXPECT_EQ(row->summary, "In our words.");
  EXPECT_THAT(row->categories, ElementsAre("cs.LG", "stat.ML", "koopman")) << "the field of ours comes last";
  ASSERT_TRUE(store.find("2407.06312")) << "its earlier address must still lead to it";
  EXPECT_EQ(store.find("2407.06312")->key, "koopman");
  // and the other way round: later items go to the card's row, by id or by title, and our words stay
  auto newer = item("2407.06312", "A feed's title", 5);
  newer.categories = {"math.DS"};
  EXPECT_EQ(store.add(std::vector{newer}).updated, 1U);
  EXPECT_EQ(store.list({.category = "koopman"}).total, 1U);
  EXPECT_EQ(store.list({.category = "cs.LG"}).total, 0U);
  EXPECT_EQ(store.add(std::vector{titled("LIMITS AND POWERS OF KOOPMAN LEARNING!")}).updated, 1U);
  EXPECT_EQ(store.list({}).total, 1U);
  EXPECT_EQ(store.find("koopman")->title, c.title);
  EXPECT_EQ(store.find("koopman")->version, 5);
  EXPECT_THAT(store.find("koopman")->categories, ElementsAre("math.DS", "koopman"));
  store.sync_cards({});
  EXPECT_THAT(store.find("2407.06312")->categories, ElementsAre("math.DS"));
}

TEST_F(CatalogueStoreTest, ACardAloneHasItsFieldAsCategory) {
  store.sync_cards(std::vector{card("koopman", "Koopman", "2407.06312")});
  EXPECT_THAT(store.find("koopman")->categories, ElementsAre("koopman"));
  auto found = item("2407.06312", "Koopman", 2);
  store.add(std::vector{found});
  EXPECT_THAT(store.find("koopman")->categories, ElementsAre("cs.LG", "stat.ML", "koopman"));
}

TEST_F(CatalogueStoreTest, TheDayIsTheCardsElseTheFeedsElseTheMonthOfTheId) {
  auto c = card("koopman", "Koopman", "2407.06312");
  store.sync_cards(std::vector{c});
  EXPECT_EQ(store.find("koopman")->listed, "2024-07-01");
  store.add(std::vector{titled("Koopman", "2025-07-31")});
  EXPECT_EQ(store.find("koopman")->listed, "2025-07-31");
  c.listed = "2025-08-01";
  store.sync_cards(std::vector{c});
  EXPECT_EQ(store.find("koopman")->listed, "2025-08-01");
  c.runnable = false;
  store.sync_cards(std::vector{c});
  EXPECT_EQ(store.find("koopman")->status, "planned");
}

TEST_F(CatalogueStoreTest, SyncingUnchangedCardsIsFree) {
  const std::vector cards = {card("a", "A", "2401.00001"), card("b", "B", "2401.00002")};
  store.sync_cards(cards);
  const auto revision = store.revision();
  store.sync_cards(cards);
  EXPECT_EQ(store.revision(), revision);
}

TEST_F(CatalogueStoreTest, ACardThatGoesLeavesWhatFeedsSaid) {
  store.sync_cards(std::vector{card("a", "A", "2401.00001"), card("b", "B", "2401.00002")});
  store.add(std::vector{item("2401.00001", "A")});
  store.sync_cards(std::vector<Card>{});
  EXPECT_EQ(store.list({}).total, 1U);
  const auto row = store.find("a");
  ASSERT_TRUE(row);
  EXPECT_EQ(row->key, "2401.00001");
  EXPECT_EQ(row->status, "feed");
  EXPECT_EQ(row->summary, "");
}

TEST_F(CatalogueStoreTest, ATitleFromOneFeedAndAnIdFromAnotherMeet) {
  store.add(std::vector{titled("Deep Things")});
  const auto first = store.list({}).papers.at(0);
  EXPECT_THAT(first.key, ::testing::MatchesRegex("t-[0-9a-f]{16}"));
  store.vote(first.key, "reader 1", true);
  EXPECT_EQ(store.add(std::vector{item("2407.00001", "Deep things")}).updated, 1U);
  EXPECT_EQ(store.list({}).total, 1U);
  EXPECT_EQ(store.find(first.key)->key, "2407.00001");
  EXPECT_EQ(store.find("2407.00001")->local_upvotes, 1);
  EXPECT_EQ(store.find("2407.00001")->listed, "2025-07-31");
  EXPECT_EQ(store.list({.category = "cs.LG"}).total, 1U);
}

TEST_F(CatalogueStoreTest, TwoRowsThatTurnOutToBeOnePaperBecomeOne) {
  store.add(std::vector{item("2407.00001", "Working title"), titled("Final title")});
  const auto by_title = store.list({}).papers;
  ASSERT_EQ(by_title.size(), 2U);
  const std::string other = by_title[0].arxiv.empty() ? by_title[0].key : by_title[1].key;
  store.vote(other, "reader 1", true);
  store.vote("2407.00001", "reader 1", true);
  store.vote("2407.00001", "reader 2", true);
  EXPECT_EQ(store.add(std::vector{item("2407.00001", "Final title", 2)}).updated, 1U);
  EXPECT_EQ(store.list({}).total, 1U);
  EXPECT_EQ(store.find(other)->key, "2407.00001");
  EXPECT_EQ(store.find(other)->local_upvotes, 2) << "one vote for each reader";
  EXPECT_EQ(keyword_matches("working"), 0);
  EXPECT_EQ(keyword_matches("final"), 1);
}

TEST_F(CatalogueStoreTest, TwoPapersMayHaveOneTitle) {
  store.add(std::vector{item("2407.00001", "Introduction"), item("2407.00002", "Introduction")});
  EXPECT_EQ(store.list({}).total, 2U);
}

TEST_F(CatalogueStoreTest, ListsByDayThenVotesAndInStretches) {
  auto a = item("2407.00001", "a");
  auto b = item("2407.00002", "b");
  auto c = item("2407.00003", "c");
  auto d = item("2407.00004", "d");
  a.published = "2024-07-01";
  c.upvotes = 7;
  d.published = "2024-07-09";
  d.categories = {"cs.CV"};
  store.add(std::vector{a, b, c, d});
  EXPECT_THAT(keys(), ElementsAre("2407.00004", "2407.00003", "2407.00002", "2407.00001"));
  EXPECT_THAT(keys({.order = ListQuery::Order::kUpvotes, .limit = 2}), ElementsAre("2407.00003", "2407.00004"));
  EXPECT_THAT(keys({.offset = 1, .limit = 2}), ElementsAre("2407.00003", "2407.00002"));
  EXPECT_EQ(store.list({.offset = 3, .limit = 2}).total, 4U);
  EXPECT_THAT(keys({.from = "2024-07-08", .to = "2024-07-08"}), ElementsAre("2407.00003", "2407.00002"));
  EXPECT_THAT(keys({.category = "cs.CV"}), ElementsAre("2407.00004"));
  EXPECT_EQ(store.list({.category = "cs"}).total, 4U);
  EXPECT_EQ(store.list({.category = "c"}).total, 0U);
  EXPECT_EQ(store.list({.category = "stat"}).total, 3U);
  EXPECT_EQ(store.list({.status = "runs"}).total, 0U);
  const auto days = store.days();
  ASSERT_EQ(days.size(), 3U);
  EXPECT_EQ(days[0].name, "2024-07-09");
  EXPECT_EQ(days[1].papers, 2U);
  EXPECT_EQ(store.categories().at(0).name, "cs.LG");
  EXPECT_EQ(store.categories().at(0).papers, 3U);
}

TEST_F(CatalogueStoreTest, InADayWhatRunsComesFirstThenWhatIsPlanned) {
  auto runs = card("zeta", "Zeta", "2407.00005");
  auto planned = card("beta", "Beta", "2407.00006");
  runs.listed = planned.listed = "2024-07-08";
  planned.runnable = false;
  auto loved = item("2407.00007", "loved");
  loved.upvotes = 100;
  auto next_day = item("2407.00008", "next day");
  next_day.published = "2024-07-09";
  store.add(std::vector{loved, next_day});
  store.sync_cards(std::vector{runs, planned});
  EXPECT_THAT(keys(), ElementsAre("2407.00008", "zeta", "beta", "2407.00007"));
}

TEST_F(CatalogueStoreTest, AStoreOfFormat1IsBroughtUpToDate) {
  store.add(std::vector{item("2407.00001", "a")});
  store.database().exec(
      "DROP INDEX papers_listed; CREATE INDEX papers_listed ON papers(listed DESC, key); PRAGMA user_version = 1; "
      "CREATE TRIGGER keyword_index_insert AFTER INSERT ON papers BEGIN INSERT INTO keyword_index(rowid, title) VALUES "
      "(new.id, new.title); END");
  CatalogueStore later(folder.path());
  later.add(std::vector{item("2407.00002", "indexed once")});
  store.database().exec("INSERT INTO keyword_index(keyword_index) VALUES('integrity-check')");
  EXPECT_EQ(store.database().execAndGet("PRAGMA user_version").getInt(), 2);
  EXPECT_THAT(store.database().execAndGet("SELECT sql FROM sqlite_master WHERE name = 'papers_listed'").getString(),
              HasSubstr("status DESC"));
  EXPECT_EQ(later.list({}).total, 2U);
}

TEST_F(CatalogueStoreTest, OneVoteForEachReader) {
  auto a = item("2407.00001", "a");
  a.upvotes = 10;
  store.add(std::vector{a});
  EXPECT_EQ(store.vote("2407.00001", "r1", true), 1);
  EXPECT_EQ(store.vote("2407.00001", "r1", true), 1);
  EXPECT_EQ(store.vote("2407.00001", "r2", true), 2);
  EXPECT_TRUE(store.voted("2407.00001", "r1"));
  EXPECT_EQ(store.find("2407.00001")->upvotes(), 12);
  EXPECT_EQ(store.vote("2407.00001", "r1", false), 1);
  EXPECT_FALSE(store.voted("2407.00001", "r1"));
  EXPECT_THROW(store.vote("nothing", "r1", true), InputError);
  a.upvotes = 15;
  EXPECT_EQ(store.add(std::vector{a}).updated, 1U);
  EXPECT_EQ(store.find("2407.00001")->upvotes(), 16);
}

TEST_F(CatalogueStoreTest, HostileItemsAreStoredAsTextOrNotAtAll) {
  auto a = item("'; DROP TABLE papers; --", "Robert'); DROP TABLE papers;--");
  a.listed = "2025-02-31";
  a.published = "yesterday";
  EXPECT_EQ(store.add(std::vector{a, titled("")}).added, 1U);
  const auto row = store.list({}).papers.at(0);
  EXPECT_EQ(row.arxiv, "");
  EXPECT_EQ(row.listed.size(), 10U);
  EXPECT_EQ(store.list({.category = "' OR 1=1 --"}).total, 0U);
}

TEST_F(CatalogueStoreTest, SeveralProcessesMayWrite) {
  const auto work = [&](int first) {
    CatalogueStore own(folder.path());
    for (int i = 0; i < 20; ++i)
      own.add(std::vector{item("2407.0" + std::to_string(1000 + i * 2 + first), "t" + std::to_string(i * 2 + first)),
                          item("2408.00001", "shared")});
  };
  std::thread other(work, 1);
  work(0);
  other.join();
  EXPECT_EQ(store.list({}).total, 41U);
}

TEST_F(CatalogueStoreTest, ADamagedOrNewerFileIsRefusedInOneSentence) {
  const auto refusal = [](const std::filesystem::path& where) -> std::string {
    try {
      CatalogueStore s(where);
      (void)s.list({});
    } catch (const Error& e) {
      return std::to_string(e.exit_code()) + " " + e.what();
    }
    return "accepted";
  };
  std::filesystem::create_directories(folder.path() / "damaged");
  std::ofstream(folder.path() / "damaged" / CatalogueStore::kFile) << std::string(8192, 'x');
  EXPECT_THAT(refusal(folder.path() / "damaged"), HasSubstr("is damaged"));
  store.database().exec("PRAGMA user_version = 99");
  EXPECT_THAT(refusal(folder.path()), ::testing::AllOf(HasSubstr("2 "), HasSubstr("has format 99")));
}

}  // namespace
}  // namespace offprint::catalogue
