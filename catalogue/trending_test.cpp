#include "catalogue/trending.hpp"

#include <cmath>

#include <gtest/gtest.h>

#include "catalogue/test_folder.hpp"
#include "offprint/core/error.hpp"

namespace offprint::catalogue {
namespace {

FeedItem item(const std::string& arxiv, const std::string& listed, int upvotes) {
  FeedItem i;
  i.arxiv = arxiv;
  i.title = "Paper " + arxiv;
  i.listed = listed;
  i.upvotes = upvotes;
  return i;
}

TEST(Trending, ScoresComputedByHand) {
  const TestFolder folder;
  CatalogueStore store(folder.path());
  Card card;
  card.slug = "koopman";
  card.title = "Koopman";
  card.authors = {"A"};
  card.year = 2024;
  card.listed = "2024-01-01";
  store.sync_cards(std::vector{card});
  store.add(std::vector{item("2407.00001", "2024-07-10", 8), item("2407.00002", "2024-07-07", 24),
                        item("2407.00003", "2024-04-01", 10000), item("2407.00004", "2024-07-10", -1)});
  store.vote("2407.00001", "r1", true, "2024-07-10T00:00:00Z");
  store.vote("koopman", "r1", true, "2024-07-07T00:00:00Z");
  const std::vector<VerdictChange> changes = {{"koopman", "K1", "2024-07-03T00:00:00Z"},
                                              {"koopman", "K2", "2024-07-10T00:00:00Z"},
                                              {"gone", "G1", "2024-07-10T00:00:00Z"}};
  const auto list = trending(store, changes, "2024-07-10T00:00:00Z", 10);
  ASSERT_EQ(list.size(), 3U);
  EXPECT_EQ(list[0].paper.key, "2407.00002");
  EXPECT_NEAR(list[0].score, 12.0, 1e-12);  // 24 votes, three days old
  EXPECT_EQ(list[1].paper.key, "2407.00001");
  EXPECT_NEAR(list[1].from_votes, 9.0, 1e-12);  // 8 imported today and one of now
  EXPECT_EQ(list[2].paper.key, "koopman");
  EXPECT_NEAR(list[2].from_votes, 0.5, 1e-12);
  EXPECT_NEAR(list[2].from_verdicts, 7.5, 1e-12);  // 5 of now, 5 of a half-life ago
  EXPECT_NEAR(list[2].score, 8.0, 1e-12);
  // a day and a half later
  const auto later = trending(store, changes, "2024-07-11T12:00:00Z", 1);
  ASSERT_EQ(later.size(), 1U);
  EXPECT_NEAR(later[0].score, 12.0 / std::sqrt(2.0), 1e-12);
}

TEST(Trending, WhatIsOfTheFutureCountsAsNowAndNonsenseIsRefused) {
  const TestFolder folder;
  CatalogueStore store(folder.path());
  store.add(std::vector{item("2407.00001", "2024-07-20", 3)});
  const auto list = trending(store, {}, "2024-07-10T00:00:00Z", 10);
  ASSERT_EQ(list.size(), 1U);
  EXPECT_EQ(list[0].score, 3.0);
  EXPECT_TRUE(trending(store, {}, "2025-07-10T00:00:00Z", 10).empty());
  EXPECT_THROW((void)trending(store, {}, "now", 10), InputError);
}

}  // namespace
}  // namespace offprint::catalogue
