#include "catalogue/search.hpp"

#include <fstream>
#include <set>

#include <SQLiteCpp/SQLiteCpp.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "catalogue/cosine.hpp"
#include "catalogue/query.hpp"
#include "catalogue/semantic_space.hpp"
#include "catalogue/test_folder.hpp"
#include "catalogue/tokenizer.hpp"
#include "offprint/core/error.hpp"

namespace offprint::catalogue {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;

FeedItem item(int number, const std::string& title, const std::string& abstract,
              std::vector<std::string> authors = {"Ada Lovelace"}, std::vector<std::string> categories = {"cs.LG"}) {
  FeedItem i;
  i.source = "arxiv";
  i.arxiv = "2407.0" + std::to_string(1000 + number);
  i.version = 1;
  i.title = title;
  i.abstract = abstract;
  i.authors = std::move(authors);
  i.categories = std::move(categories);
  i.published = "2024-07-08";
  return i;
}

std::string key(int number) { return "2407.0" + std::to_string(1000 + number); }

std::string text_of(const std::vector<Fragment>& fragments) {
  std::string text;
  for (const auto& f : fragments) text += f.hit ? "[" + f.text + "]" : f.text;
  return text;
}

class SearchTest : public ::testing::Test {
 protected:
  void add(const std::vector<FeedItem>& items) {
    store.add(items);
    index.refresh();
  }
  std::vector<std::string> found(const SearchQuery& query) const {
    std::vector<std::string> keys;
    for (const auto& hit : index.search(query).hits) keys.push_back(hit.key);
    return keys;
  }
  std::vector<std::string> found(const std::string& text) const { return found(SearchQuery{.text = text}); }
  /// Those with the words, without what meaning brings.
  std::set<std::string> by_keyword(const std::string& text) const {
    std::set<std::string> keys;
    for (const auto& hit : index.search({.text = text}).hits)
      if (hit.by_keyword) keys.insert(hit.key);
    return keys;
  }
  void add_some() {
    add({item(1, "Diffusion models for images", "We sample pictures by denoising.", {"Kurt Gödel", "Emmy Noether"}),
         item(2, "Spectral measures of operators", "Computing the spectral measure of a Koopman operator."),
         item(3, "Optimization of networks", "Stochastic gradient descent and denoising.", {"Emil Post"}, {"math.OC"}),
         item(4, "Bilevel problems", "We optimise optimizers; diffusion is mentioned here.", {"Ada Noether"})});
  }
  TestFolder folder;
  CatalogueStore store{folder.path()};
  SearchIndex index{store};
};

TEST_F(SearchTest, TitlesBeforeAbstractsAndStemsAndDiacritics) {
  add_some();
  auto ranked = found("diffusion ");
  ASSERT_GE(ranked.size(), 2U);
  ranked.resize(2);
  EXPECT_THAT(ranked, ElementsAre(key(1), key(4)));
  EXPECT_EQ(by_keyword("optimizing "), (std::set{key(3), key(4)}));
  EXPECT_EQ(by_keyword("godel "), (std::set{key(1)}));
  EXPECT_EQ(by_keyword("GÖDEL "), (std::set{key(1)}));
  EXPECT_THAT(found("unheard-of"), IsEmpty());
  EXPECT_THAT(found(""), IsEmpty());
}

TEST_F(SearchTest, PhrasesFieldsExclusionsAndCategories) {
  add_some();
  EXPECT_EQ(by_keyword("\"spectral measure\""), (std::set{key(2)}));
  EXPECT_EQ(by_keyword("\"measure spectral\""), std::set<std::string>{});
  EXPECT_EQ(by_keyword("author:noether"), (std::set{key(1), key(4)}));
  EXPECT_EQ(by_keyword("author:\"emmy noether\""), (std::set{key(1)}));
  EXPECT_EQ(by_keyword("title:diffusion"), (std::set{key(1)}));
  EXPECT_EQ(by_keyword("denoising -pictures"), (std::set{key(3)}));
  EXPECT_THAT(found("denoising -pictures"), Not(Contains(key(1)))) << "not by meaning either";
  EXPECT_EQ(by_keyword("denoising category:math.OC"), (std::set{key(3)}));
  EXPECT_EQ(by_keyword("denoising category:cs"), (std::set{key(1)}));
  EXPECT_THAT(found(SearchQuery{.text = "denoising", .category = "math"}), ElementsAre(key(3)));
  EXPECT_THAT(found(SearchQuery{.text = "denoising", .status = "ready"}), IsEmpty());
}

TEST_F(SearchTest, TheWordBeingTypedIsCompleted) {
  add_some();
  for (const char* typed : {"di", "diff", "diffus", "diffusio", "diffusion"})
    EXPECT_EQ(by_keyword(typed), (std::set{key(1), key(4)})) << typed;
  // Porter's stem of "optimizers" is no beginning of "optimizatio"
  EXPECT_THAT(by_keyword("optimizatio"), Contains(key(3)));
  EXPECT_EQ(by_keyword("diff "), std::set<std::string>{}) << "a space ends the word";
  EXPECT_EQ(by_keyword("koopman opera"), (std::set{key(2)}));
}

TEST_F(SearchTest, WithoutAPaperWithAllWordsThoseWithSome) {
  add_some();
  EXPECT_EQ(by_keyword("koopman pictures "), (std::set{key(1), key(2)}));
  EXPECT_EQ(by_keyword("what is the spectral measure of an operator "), (std::set{key(2)}));
  EXPECT_FALSE(by_keyword("the").empty() && by_keyword("of ").empty());
}

TEST_F(SearchTest, HighlightsWithoutMarkup) {
  add({item(1, "<b>Diffusion</b> & diffusing",
            "First words. " + std::string(400, 'x') + " then a diffusion at last.")});
  const auto hits = index.search({.text = "diffusion "}).hits;
  ASSERT_EQ(hits.size(), 1U);
  EXPECT_EQ(text_of(hits[0].title), "<b>[Diffusion]</b> & [diffusing]");
  EXPECT_THAT(text_of(hits[0].snippet), ::testing::HasSubstr("then a [diffusion] at last"));
}

TEST_F(SearchTest, NothingTypedIsASyntaxError) {
  add_some();
  for (const char* odd : {"\"",          "\"\"",        "\"unbalanced",
                          "-",           "--",          "- -",
                          "*",           "a*",          "(",
                          ")",           "(a AND",      "AND",
                          "OR NOT",      "NEAR(",       "a:b",
                          "author:",     "author:\"",   "category:",
                          "-category:x", "title:-",     "{title}:x",
                          "^a",          "+",           "a + b",
                          ";",           "' OR 1=1",    "\\",
                          "\x01\x02",    "\xff\xfe",    "category:'; DROP TABLE papers",
                          "-a",          "-\"a b\" -c", "++",
                          "c++",         "...",         "\xF0\x9F\x93\x84"})
    EXPECT_NO_THROW((void)index.search({.text = odd})) << odd;
  EXPECT_NO_THROW((void)index.search({.text = std::string(1 << 20, '"')}));
  std::string many;
  for (int i = 0; i < 10000; ++i) many += "w" + std::to_string(i) + " ";
  EXPECT_NO_THROW((void)index.search({.text = many}));
  EXPECT_NO_THROW((void)index.search({.text = "diffusion", .offset = ~std::size_t{0}, .limit = ~std::size_t{0}}));
}

/// Two fields with vocabularies of their own; some papers use only one half of their field's words.
std::vector<FeedItem> two_fields() {
  const std::vector<std::string> galaxies = {"galaxy", "disk", "halo", "spiral", "stellar", "orbit", "bar", "gravity"};
  const std::vector<std::string> networks = {"neuron",   "layer",  "gradient", "loss",
                                             "training", "weight", "batch",    "epoch"};
  std::vector<FeedItem> items;
  Stream stream(3, "two fields");
  for (int i = 0; i < 80; ++i) {
    const auto& words = i % 2 == 0 ? galaxies : networks;
    std::string abstract;
    for (int w = 0; w < 12; ++w) abstract += words[stream.below(8)] + " ";
    items.push_back(item(i, "Paper " + std::to_string(i), abstract));
  }
  items.push_back(item(200, "Paper 200", "galaxy disk galaxy disk"));
  items.push_back(item(201, "Paper 201", "neuron layer neuron layer"));
  return items;
}

TEST_F(SearchTest, FindsByMeaningWhatSharesNoWord) {
  add(two_fields());
  const auto hits = index.search({.text = "orbit gravity ", .limit = 200}).hits;
  bool there = false;
  for (const auto& hit : hits) {
    if (hit.key == key(200)) {
      there = true;
      EXPECT_TRUE(hit.by_meaning);
      EXPECT_FALSE(hit.by_keyword);
    }
    EXPECT_NE(hit.key, key(201));
  }
  EXPECT_TRUE(there);
}

TEST_F(SearchTest, RelatedPapersAreOfTheSameField) {
  add(two_fields());
  const auto related = index.related(key(200), 10);
  ASSERT_EQ(related.size(), 10U);
  for (const auto& hit : related) {
    EXPECT_EQ(std::stoi(hit.key.substr(6)) % 2, 0) << hit.key;
    EXPECT_NE(hit.key, key(200));
  }
  EXPECT_TRUE(index.related("nothing", 3).empty());
}

TEST_F(SearchTest, NewDocumentsAreFoldedInAndLaterRefitted) {
  auto items = two_fields();
  add(items);
  const auto generation = [&] { return store.database().execAndGet("SELECT generation FROM search_space").getInt(); };
  EXPECT_EQ(generation(), 1);
  add({item(300, "Fresh", "spiral stellar halo halo")});
  EXPECT_EQ(generation(), 1);
  EXPECT_THAT(found("spiral stellar "), Contains(key(300)));
  ASSERT_FALSE(index.related(key(300), 3).empty());
  EXPECT_EQ(std::stoi(index.related(key(300), 1)[0].key.substr(6)) % 2, 0);
  std::vector<FeedItem> more;
  for (int i = 0; i < 70; ++i)
    more.push_back(item(400 + i, "More " + std::to_string(i), items[static_cast<std::size_t>(i)].abstract));
  add(more);
  EXPECT_EQ(generation(), 2);
  // an index opened later has the same vectors without computing them
  SearchIndex other(store);
  other.refresh();
  EXPECT_EQ(generation(), 2);
  std::vector<std::string> a;
  std::vector<std::string> b;
  for (const auto& hit : index.related(key(200), 5)) a.push_back(hit.key);
  for (const auto& hit : other.related(key(200), 5)) b.push_back(hit.key);
  EXPECT_EQ(a, b);
}

TEST_F(SearchTest, ChangedAndMergedPapersAreFollowedAlsoByAnotherIndex) {
  add(two_fields());
  CatalogueStore elsewhere(folder.path());
  SearchIndex other(elsewhere);
  other.refresh();
  auto changed = item(200, "Paper 200", "neuron layer neuron layer loss");
  changed.version = 2;
  elsewhere.add(std::vector{changed});
  other.refresh();
  index.refresh();
  EXPECT_EQ(std::stoi(index.related(key(200), 1)[0].key.substr(6)) % 2, 1);
  EXPECT_TRUE(by_keyword("galaxy disk ").count(key(200)) == 0);
}

TEST_F(SearchTest, StretchesDoNotOverlapAndTheTotalHolds) {
  add(two_fields());
  std::set<std::string> all;
  std::size_t total = 0;
  for (std::size_t offset = 0; offset < 100; offset += 10) {
    const auto page = index.search({.text = "galaxy ", .offset = offset, .limit = 10});
    total = page.total;
    for (const auto& hit : page.hits) EXPECT_TRUE(all.insert(hit.key).second) << hit.key;
  }
  EXPECT_EQ(all.size(), total);
}

TEST(SemanticSpace, SurvivesStorageAndRefusesDamage) {
  std::vector<TermCounts> corpus = {
      {{"a", 1.0F}, {"b", 2.0F}}, {{"b", 1.0F}, {"c", 1.0F}}, {{"c", 3.0F}, {"d", 1.0F}}, {{"d", 1.0F}}};
  const auto space = SemanticSpace::fit(corpus, {}, Stream(1, "space"));
  EXPECT_EQ(space.rank(), 1U);
  const auto bytes = space.bytes();
  EXPECT_EQ(SemanticSpace::parse(bytes).embed(corpus[0]), space.embed(corpus[0]));
  EXPECT_THROW((void)SemanticSpace::parse(bytes.substr(0, bytes.size() - 1)), IoError);
  EXPECT_THROW((void)SemanticSpace::parse(std::string(64, '\xff')), IoError);
  EXPECT_THROW((void)SemanticSpace::parse(""), IoError);
  for (const float x : space.embed({{"unknown", 1.0F}})) EXPECT_EQ(x, 0.0F);
  EXPECT_EQ(SemanticSpace::fit(std::vector<TermCounts>(3), {}, Stream(1, "space")).rank(), 0U);
}

TEST(Cosine, AgreesWithPlainSumsForEveryLength) {
  Stream stream(1, "cosine");
  for (const std::size_t dimension : {1U, 3U, 8U, 13U, 16U, 33U, 128U}) {
    std::vector<float> rows(5 * dimension);
    std::vector<float> query(dimension);
    for (float& x : rows) x = static_cast<float>(stream.normal());
    for (float& x : query) x = static_cast<float>(stream.normal());
    std::vector<float> out(5);
    inner_products(rows, query, out);
    for (std::size_t i = 0; i < 5; ++i) {
      double sum = 0.0;
      for (std::size_t k = 0; k < dimension; ++k) sum += static_cast<double>(rows[i * dimension + k]) * query[k];
      EXPECT_NEAR(out[i], sum, 1e-4);
    }
  }
}

TEST(SearchOfOurCards, FindsThemByTheirSubject) {
  const TestFolder folder;
  CatalogueStore store(folder.path());
  const Catalogue cards({std::filesystem::path(OFFPRINT_SOURCE_DIR) / "papers"});
  store.sync_cards(cards.cards());
  SearchIndex index(store);
  index.refresh();
  for (const auto& [query, slug] : {std::pair{"koopman", "koopman"},
                                    {"bilevel", "bo-rep"},
                                    {"fractional noise", "fractional-sde"},
                                    {"author:Colbrook", "koopman"},
                                    {"randomized smoothing", "rrcm"}}) {
    const auto hits = index.search({.text = query}).hits;
    std::vector<std::string> first;
    for (const auto& hit : hits)
      if (first.size() < 2) first.push_back(hit.key);
    EXPECT_THAT(first, Contains(slug)) << query;
  }
}

}  // namespace
}  // namespace offprint::catalogue
