#include "catalogue/pull.hpp"

#include <atomic>
#include <fstream>
#include <future>
#include <map>
#include <regex>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>

#include "catalogue/test_feeds.hpp"
#include "catalogue/test_folder.hpp"
#include "catalogue/test_server.hpp"
#include "offprint/core/date.hpp"

namespace offprint::catalogue {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// What arXiv answers: papers by the first day of the window asked for.
class FakeArxiv {
 public:
  /// `count` papers, numbered from `first`, in the window that starts on `day` (YYYYMMDD).
  void put(const std::string& day, int first, int count) {
    for (int i = 0; i < count; ++i)
      papers_[day].push_back(
          test::atom_entry(fmt::format("2407.{:05}v1", first + i), fmt::format("Paper number {}", first + i)));
  }
  void answer(const httplib::Request& request, httplib::Response& response) const {
    response.set_content(page(request), "application/atom+xml");
  }
  [[nodiscard]] std::string page(const httplib::Request& request) const {
    std::smatch day;
    const std::string query = request.get_param_value("search_query");
    if (!std::regex_search(query, day, std::regex("submittedDate:\\[(\\d{8})0000 TO \\d{8}2359\\]")))
      return test::atom_feed({"<entry><id>http://arxiv.org/api/errors#x</id><summary>no date</summary></entry>"}, 1);
    const auto start = std::stoul(request.get_param_value("start"));
    const auto count = std::stoul(request.get_param_value("max_results"));
    const auto at = papers_.find(day[1]);
    if (at == papers_.end()) return test::atom_feed({}, 0, start);
    const auto& all = at->second;
    std::vector<std::string> some;
    for (auto i = start; i < std::min(start + count, all.size()); ++i) some.push_back(all[i]);
    return test::atom_feed(some, all.size(), start);
  }

 private:
  std::map<std::string, std::vector<std::string>> papers_;
};

class PullTest : public ::testing::Test {
 protected:
  PullOptions options() const {
    PullOptions o;
    o.from = "2024-07-01";
    o.to = "2024-07-10";
    o.url = server.url("/api/query");
    o.page = 200;
    o.fetch.courtesy = 0s;
    o.fetch.backoff = 5ms;
    o.fetch.timeout = 10s;
    return o;
  }
  /// As a pull that says nothing of days, which takes up the last one.
  PullOptions continued() const {
    auto o = options();
    o.from.clear();
    o.to.clear();
    return o;
  }
  TestFolder folder;
  CatalogueStore store{folder.path()};
  test::Server server;
  FakeArxiv arxiv;
};

TEST_F(PullTest, ArxivPageByPageAndWindowByWindow) {
  arxiv.put("20240701", 0, 450);
  arxiv.put("20240708", 1000, 30);
  server.start([&](auto, const auto& request, auto& response) { arxiv.answer(request, response); });
  auto o = options();
  o.categories = {"cs.LG", "math.DS"};
  const auto first = pull_arxiv(store, o);
  EXPECT_EQ(first.papers.added, 480U);
  EXPECT_TRUE(first.complete);
  const auto requests = server.requests();
  ASSERT_EQ(requests.size(), 4U);
  EXPECT_THAT(requests[0], HasSubstr("/api/query?search_query=%28cat%3Acs.LG%20OR%20cat%3Amath.DS%29%20AND%20"
                                     "submittedDate%3A%5B202407010000%20TO%20202407072359%5D&start=0&max_results=200"));
  EXPECT_THAT(requests[2], HasSubstr("&start=400&"));
  EXPECT_THAT(requests[3], HasSubstr("202407080000%20TO%20202407102359%5D&start=0&"));
  const auto revision = store.revision();
  const auto second = pull_arxiv(store, o);
  EXPECT_EQ(second.papers.unchanged, 480U);
  EXPECT_EQ(second.papers.added + second.papers.updated, 0U);
  EXPECT_EQ(store.revision(), revision);
  const auto log = pull_log(store, 10);
  ASSERT_EQ(log.size(), 2U);
  EXPECT_EQ(log[1].source, "arxiv");
  EXPECT_EQ(log[1].query, "cs.LG,math.DS");
  EXPECT_EQ(log[1].status, "finished");
  EXPECT_EQ(log[1].added, 480U);
  EXPECT_EQ(log[1].from, "2024-07-01");
  EXPECT_NE(log[1].ended, "");
}

TEST_F(PullTest, TheNextPullStartsWhereTheLastOneEnded) {
  server.start([&](auto, const auto& request, auto& response) { arxiv.answer(request, response); });
  EXPECT_TRUE(pull_arxiv(store, options()).complete);
  auto next = continued();
  next.to = "2024-07-20";
  EXPECT_EQ(pull_arxiv(store, next).from, "2024-07-10");
  // a first pull covers a week
  auto fresh = continued();
  fresh.categories = {"math.NA"};
  fresh.to = "2024-07-20";
  EXPECT_EQ(pull_arxiv(store, fresh).from, "2024-07-13");
}

TEST_F(PullTest, SlowTruncatedMalformedEmptyAndBusyAnswersAreOvercome) {
  arxiv.put("20240701", 0, 300);
  std::promise<void> over;
  auto ended = over.get_future().share();
  server.start([&](auto number, const auto& request, auto& response) {
    if (number == 1) {
      ended.wait_for(10s);
      return;
    }
    if (number == 2) return test::cut_short(response, arxiv.page(request).substr(0, 1000), "application/atom+xml");
    if (number == 3) return response.set_content(arxiv.page(request).substr(0, 1000), "application/atom+xml");
    if (number == 5) return response.set_content(test::atom_feed({}, 300, 200), "application/atom+xml");
    if (number == 6) {
      response.status = 503;
      return;
    }
    if (number == 7) {
      response.status = 429;
      response.set_header("Retry-After", "1");
      return;
    }
    arxiv.answer(request, response);
  });
  auto o = options();
  o.fetch.timeout = 500ms;
  o.to = "2024-07-07";
  EXPECT_EQ(pull_arxiv(store, o).papers.added, 300U);
  EXPECT_EQ(server.requests().size(), 8U);
  over.set_value();
}

TEST_F(PullTest, AFailureKeepsWhatCameAndTheNextPullTakesItUp) {
  arxiv.put("20240701", 0, 450);
  std::atomic<bool> broken = true;
  server.start([&](auto number, const auto& request, auto& response) {
    if (number > 2 && broken) return response.set_content("<feed><entry>", "application/atom+xml");
    arxiv.answer(request, response);
  });
  EXPECT_THROW(pull_arxiv(store, options()), InputError);
  EXPECT_EQ(store.list({}).total, 400U);
  auto log = pull_log(store, 1);
  EXPECT_EQ(log[0].status, "failed");
  EXPECT_THAT(log[0].error, HasSubstr("not well-formed XML"));
  EXPECT_EQ(log[0].added, 400U);
  broken = false;
  const auto rest = pull_arxiv(store, continued());
  EXPECT_TRUE(rest.resumed);
  EXPECT_TRUE(rest.complete);
  EXPECT_EQ(rest.papers.added, 50U);
  EXPECT_EQ(rest.to, "2024-07-10");
  log = pull_log(store, 10);
  ASSERT_EQ(log.size(), 1U);
  EXPECT_EQ(log[0].status, "finished");
  EXPECT_EQ(log[0].added, 450U);
  EXPECT_EQ(log[0].error, "");
}

TEST_F(PullTest, AKilledPullIsTakenUpAtItsPage) {
  arxiv.put("20240701", 0, 600);
  const pid_t child = fork();  // before the server's threads
  ASSERT_GE(child, 0);
  if (child == 0) {
    try {
      auto o = options();
      o.fetch.attempts = 1000;  // until the server answers
      CatalogueStore own(folder.path());
      (void)pull_arxiv(own, o);
    } catch (...) {
    }
    _exit(1);
  }
  server.start([&](auto, const auto& request, auto& response) {
    if (request.get_param_value("start") == "400") kill(child, SIGKILL);
    arxiv.answer(request, response);
  });
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(pull_log(store, 1).at(0).status, "interrupted") << "a dead pull must not look alive";
  EXPECT_EQ(store.list({}).total, 400U);
  // the server goes on killing a process that is gone, which does nothing
  const auto before = server.requests().size();
  const auto rest = pull_arxiv(store, continued());
  EXPECT_TRUE(rest.resumed);
  EXPECT_EQ(rest.papers.added, 200U);
  EXPECT_EQ(store.list({}).total, 600U);
  EXPECT_THAT(server.requests().at(before), HasSubstr("start=400"));
}

TEST_F(PullTest, InterruptionIsWrittenDownAndTakenUp) {
  arxiv.put("20240701", 0, 400);
  std::atomic<bool> cancelled = false;
  server.start([&](auto number, const auto& request, auto& response) {
    if (number == 2) cancelled = true;
    arxiv.answer(request, response);
  });
  auto o = options();
  o.fetch.cancel = CancelToken([&] { return cancelled.load(); });
  EXPECT_THROW(pull_arxiv(store, o), Interrupted);
  EXPECT_EQ(pull_log(store, 1)[0].status, "interrupted");
  EXPECT_EQ(store.list({}).total, 200U);
  EXPECT_EQ(pull_arxiv(store, continued()).papers.added, 200U);
}

TEST_F(PullTest, StopsAtTheMostAndGoesOnTheNextTime) {
  arxiv.put("20240701", 0, 250);
  server.start([&](auto, const auto& request, auto& response) { arxiv.answer(request, response); });
  auto o = options();
  o.max = 220;
  EXPECT_FALSE(pull_arxiv(store, o).complete);
  EXPECT_EQ(store.list({}).total, 220U);
  EXPECT_EQ(pull_log(store, 1)[0].status, "partial");
  const auto rest = pull_arxiv(store, continued());
  EXPECT_EQ(rest.papers.added, 30U);
  EXPECT_TRUE(rest.complete);
}

TEST_F(PullTest, VersionsOfOnePaperAreOneRow) {
  server.start([&](auto number, const auto&, auto& response) {
    response.set_content(test::atom_feed({test::atom_entry(number == 1 ? "2407.00001v1" : "2407.00001v2",
                                                           number == 1 ? "Old title" : "New title")},
                                         1),
                         "application/atom+xml");
  });
  auto o = options();
  o.to = "2024-07-02";
  EXPECT_EQ(pull_arxiv(store, o).papers.added, 1U);
  EXPECT_EQ(pull_arxiv(store, o).papers.updated, 1U);
  EXPECT_EQ(store.list({}).total, 1U);
  EXPECT_EQ(store.find("2407.00001")->title, "New title");
}

TEST_F(PullTest, OnePullAtATime) {
  server.start([&](auto, const auto& request, auto& response) {
    CatalogueStore other(folder.path());
    EXPECT_THROW(pull_files(other, {"x.json"}, ""), InputError);
    EXPECT_EQ(pull_log(other, 1)[0].status, "running");
    arxiv.answer(request, response);
  });
  EXPECT_TRUE(pull_arxiv(store, options()).complete);
}

TEST_F(PullTest, BadOptionsAreRefusedBeforeAnythingIsAsked) {
  server.start([&](auto, const auto& request, auto& response) { arxiv.answer(request, response); });
  auto o = options();
  o.categories = {"cs.LG) OR (all:x"};
  EXPECT_THROW(pull_arxiv(store, o), InputError);
  o = options();
  o.from = "2024-07-32";
  EXPECT_THROW(pull_arxiv(store, o), InputError);
  o = options();
  o.to = "2024-06-01";
  EXPECT_THROW(pull_huggingface(store, o), InputError);
  o = options();
  o.url = "file:///etc/passwd";
  EXPECT_THROW(pull_arxiv(store, o), InputError);
  EXPECT_TRUE(server.requests().empty());
}

TEST_F(PullTest, HuggingFaceDayByDay) {
  std::atomic<int> votes = 3;
  server.start([&](auto, const auto& request, auto& response) {
    nlohmann::json list = nlohmann::json::array();
    const auto day = request.get_param_value("date");
    const auto page = std::stoi(request.get_param_value("p"));
    const int all = day == "2024-07-09" ? 130 : day == "2024-07-10" ? 2 : 0;
    for (int i = page * 100; i < std::min(all, page * 100 + 100); ++i)
      list.push_back(
          test::daily_entry(fmt::format("2407.{}{:03}", day.substr(8), i), fmt::format("{} {}", day, i), votes));
    response.set_content(list.dump(), "application/json");
  });
  auto o = options();
  o.from = "2024-07-08";
  const auto first = pull_huggingface(store, o);
  EXPECT_EQ(first.papers.added, 132U);
  EXPECT_EQ(server.requests().size(), 4U);
  EXPECT_EQ(store.list({.from = "2024-07-10", .to = "2024-07-10"}).total, 2U);
  EXPECT_EQ(store.find("2407.10000")->imported_upvotes, 3);
  votes = 5;
  EXPECT_EQ(pull_huggingface(store, o).papers.updated, 132U);
  EXPECT_EQ(store.find("2407.10000")->imported_upvotes, 5);
  o = continued();
  o.to = "2024-07-12";
  EXPECT_EQ(pull_huggingface(store, o).from, "2024-07-08") << "upvotes of the last days are fetched again";
}

TEST_F(PullTest, AServerThatIgnoresThePageNumberDoesNotKeepUsForever) {
  server.start([&](auto, const auto&, auto& response) {
    nlohmann::json list = nlohmann::json::array();
    for (int i = 0; i < 100; ++i)
      list.push_back(test::daily_entry(fmt::format("2407.{:05}", i), fmt::format("t{}", i), 1));
    response.set_content(list.dump(), "application/json");
  });
  auto o = options();
  o.from = o.to;
  EXPECT_TRUE(pull_huggingface(store, o).complete);
  EXPECT_EQ(server.requests().size(), 2U);
}

TEST_F(PullTest, FilesOfAllFormats) {
  std::ofstream(folder.path() / "a.atom") << test::atom_feed({test::atom_entry("2407.00001v1", "A")}, 1);
  std::ofstream(folder.path() / "2025-07-31.txt") << "Title of a paper\n\n" << std::string(300, 'a') << "\n";
  std::ofstream(folder.path() / "bad.json") << "[{";
  const auto result = pull_files(store, {folder.path() / "a.atom", folder.path() / "2025-07-31.txt"}, "");
  EXPECT_EQ(result.papers.added, 2U);
  EXPECT_EQ(store.list({.from = "2025-07-31", .to = "2025-07-31"}).total, 1U);
  const auto refused = [&](const char* name) -> std::string {
    try {
      pull_files(store, {folder.path() / name}, "");
    } catch (const InputError& e) {
      return e.what();
    }
    return "accepted";
  };
  EXPECT_THAT(refused("bad.json"), HasSubstr("bad.json: the daily papers are not JSON"));
  EXPECT_THAT(refused("none.txt"), HasSubstr("none.txt is not a file"));
  EXPECT_EQ(pull_log(store, 10).at(0).status, "failed");
}

}  // namespace
}  // namespace offprint::catalogue
