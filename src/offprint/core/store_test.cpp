#include "offprint/core/store.hpp"

#include <cmath>
#include <fstream>
#include <thread>

#include <gtest/gtest.h>
#include <unistd.h>

#include "offprint/core/error.hpp"

namespace offprint {
namespace {

class StoreTest : public ::testing::Test {
 protected:
  void TearDown() override { std::filesystem::remove_all(folder_); }
  static RunPlan plan() {
    RunPlan p;
    p.paper = "test";
    p.kind = "run";
    p.action = "fit";
    p.options = {{"tol", 1e-3}};
    p.seed = 18446744073709551615ULL;  // all 64 bits must survive
    return p;
  }
  std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("offprint-store-" + std::to_string(getpid()));
};

TEST_F(StoreTest, RecordsAndReturnsEverything) {
  Store store(folder_, Store::Access::kWrite);
  const auto run = store.begin(plan());
  run->metric("", "error", Estimate(0.1, 0.05, 0.2, 0.9), "m");
  run->metric("", "nothing", Estimate(std::nan("")), "");
  run->table("", "t", Table{"Title", {"a", "b"}, {{1, "x"}, {0.1, "y"}}});
  run->figure("", "f", Figure::line({.title = "L", .series = {{.name = "s", .x = {0, 1}, .y = {1, 2}}}}));
  run->note("", "a note");
  run->artifact("file.txt", [](const std::filesystem::path& p) { std::ofstream(p) << "content"; });
  run->finish("finished");
  const auto id = run->id();

  const auto info = store.run(id);
  EXPECT_EQ(info.plan.seed, plan().seed);
  EXPECT_EQ(info.status, "finished");
  const auto json = store.export_run(id);
  EXPECT_EQ(json["metrics"].size(), 2U);
  EXPECT_EQ(json["metrics"][0]["hi"], 0.2);
  EXPECT_TRUE(json["metrics"][1]["value"].is_null());
  EXPECT_EQ(json["tables"][0]["rows"][1][0], 0.1);
  EXPECT_EQ(json["figures"][0]["title"], "L");
  EXPECT_EQ(json["notes"][0], "a note");
  EXPECT_EQ(store.artifacts(id)[0].bytes, 7U);
  store.remove(id);
  EXPECT_THROW((void)store.run(id), InputError);
  EXPECT_FALSE(std::filesystem::exists(store.run_folder(id)));
}

TEST_F(StoreTest, ARunWithoutAProcessIsInterrupted) {
  Store store(folder_, Store::Access::kWrite);
  auto run = store.begin(plan());
  const auto id = run->id();
  EXPECT_EQ(store.run(id).status, "running");
  EXPECT_THROW(store.remove(id), InputError);
  EXPECT_THROW((void)store.reopen(id), InputError) << "it is being computed";
  run->save_checkpoint("c", "state");
  run.reset();
  EXPECT_EQ(store.run(id).status, "interrupted");
  const auto again = store.reopen(id);
  EXPECT_EQ(again->load_checkpoint("c"), "state");
  EXPECT_FALSE(again->load_checkpoint("other"));
  EXPECT_EQ(store.run(id).attempts, 2);
  again->finish("finished");
  EXPECT_FALSE(std::filesystem::exists(store.run_folder(id) / "checkpoints"));
  EXPECT_THROW((void)store.reopen(id), InputError);
}

TEST_F(StoreTest, ScopesAreClearedAlone) {
  Store store(folder_, Store::Access::kWrite);
  const auto run = store.begin(plan());
  run->metric("A", "x", 1.0, "");
  run->metric("B", "x", 2.0, "");
  run->clear_scope("A");
  const auto metrics = store.metrics(run->id());
  ASSERT_EQ(metrics.size(), 1U);
  EXPECT_EQ(metrics[0].scope, "B");
}

TEST_F(StoreTest, ReadingWhatDoesNotExistIsEmpty) {
  EXPECT_TRUE(Store(folder_, Store::Access::kRead).runs().empty());
  EXPECT_FALSE(std::filesystem::exists(folder_));
}

TEST_F(StoreTest, ManyThreadsWithStoresOfTheirOwn) {
  Store(folder_, Store::Access::kWrite);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      Store store(folder_, Store::Access::kWrite);
      for (int i = 0; i < 5; ++i) {
        const auto run = store.begin(plan());
        run->metric("", "i", static_cast<double>(i), "");
        run->finish("finished");
      }
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(Store(folder_, Store::Access::kRead).runs().size(), 20U);
}

TEST_F(StoreTest, TheLatestResultOfEachClaim) {
  Store store(folder_, Store::Access::kWrite);
  const auto measured = [&](const std::vector<std::pair<std::string, Verdict>>& outcomes) {
    const auto run = store.begin(plan());
    for (const auto& [claim, verdict] : outcomes) {
      ClaimResult result;
      result.id = claim;
      result.verdict = verdict;
      run->claim_result(result);
    }
    run->finish("finished");
    return run->id();
  };
  const auto first = measured({{"A", Verdict::kHolds}, {"B", Verdict::kHolds}, {"C", Verdict::kNotRun}});
  const auto second = measured({{"A", Verdict::kFallsShort}, {"B", Verdict::kNotRun}, {"C", Verdict::kNotRun}});
  EXPECT_EQ(store.results("test").size(), 6U);
  EXPECT_TRUE(store.results("other").empty());
  const auto latest = store.latest_results();
  ASSERT_EQ(latest.size(), 3U);
  EXPECT_EQ(latest[0].result.verdict, Verdict::kFallsShort);
  EXPECT_EQ(latest[0].run, second);
  EXPECT_EQ(latest[1].result.verdict, Verdict::kHolds) << "a claim that was skipped later keeps its verdict";
  EXPECT_EQ(latest[1].run, first);
  EXPECT_EQ(latest[2].result.verdict, Verdict::kNotRun);
  EXPECT_EQ(latest[2].seed, plan().seed);
  EXPECT_EQ(latest[2].commit, store.run(second).build.value("commit", ""));
}

TEST_F(StoreTest, LookingAtARunDoesNotKeepAnybodyFromTakingItUp) {
  Store store(folder_, Store::Access::kWrite);
  const auto id = [&] {
    const auto run = store.begin(plan());
    return run->id();  // destroyed without finish(): interrupted
  }();
  std::atomic<bool> done{false};
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i)
    readers.emplace_back([&] {
      const Store reader(folder_, Store::Access::kRead);
      while (!done) static_cast<void>(reader.runs());
    });
  for (int i = 0; i < 50; ++i) EXPECT_NO_THROW(static_cast<void>(store.reopen(id)));
  done = true;
  for (auto& reader : readers) reader.join();
}

TEST_F(StoreTest, FiguresOneByOne) {
  Store store(folder_, Store::Access::kWrite);
  const auto run = store.begin(plan());
  LinePlot plot;
  plot.title = "A line";
  plot.series = {{.name = "s", .x = {1, 2}, .y = {3, 4}}};
  run->figure("C1", "line", Figure::line(plot));
  const auto titles = store.figure_titles();
  ASSERT_EQ(titles.size(), 1U);
  EXPECT_EQ(titles[0].run, run->id());
  EXPECT_EQ(titles[0].name, "C1.line");
  EXPECT_EQ(titles[0].title, "A line");
  ASSERT_TRUE(store.figure(run->id(), "C1.line"));
  EXPECT_EQ(store.figure(run->id(), "C1.line")->at("title"), "A line");
  EXPECT_FALSE(store.figure(run->id(), "line"));
}

TEST_F(StoreTest, DataVersionTellsOfOthersWrites) {
  Store store(folder_, Store::Access::kWrite);
  const Store reader(folder_, Store::Access::kRead);
  const auto before = reader.data_version();
  EXPECT_EQ(reader.data_version(), before);
  const auto run = store.begin(plan());
  EXPECT_NE(reader.data_version(), before);
}

TEST_F(StoreTest, FailedArtefactsLeaveNothing) {
  Store store(folder_, Store::Access::kWrite);
  const auto run = store.begin(plan());
  EXPECT_THROW(run->artifact("x.txt",
                             [](const std::filesystem::path& p) {
                               std::ofstream(p) << "half";
                               throw Error("stop");
                             }),
               Error);
  EXPECT_TRUE(std::filesystem::is_empty(run->folder() / "artifacts"));
  EXPECT_TRUE(store.artifacts(run->id()).empty());
}

}  // namespace
}  // namespace offprint
