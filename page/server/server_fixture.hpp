// A live server in a temporary folder for the tests: a small store, a shell script for the offprint command.
#pragma once

#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <string>

#include <gtest/gtest.h>
#include <httplib.h>
#include <unistd.h>

#include "offprint/core/store.hpp"
#include "page/server/page_server.hpp"

namespace offprint::page {

/// Asks `done` every 10 ms, for at most `seconds`.
inline bool soon(const std::function<bool()>& done, double seconds = 20.0) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  while (!done()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return true;
}

/// Plays the offprint command; what it does follows from the seed it is given:
/// 1 finishes with one claim; 2 tells progress until it is interrupted; 3 ends by SIGSEGV; 4 takes 400 MB of memory;
/// 5 ignores SIGINT; 6 says that its input is wrong; 7 writes 6 MB of log and lines that are no events.
inline constexpr const char* kFakeCommand = R"sh(#!/bin/sh
seed=0
out=
previous=
for word in "$@"; do
  case "$word" in --seed=*) seed=${word#--seed=};; esac
  [ "$previous" = --out ] && out=$word
  previous=$word
done
case "$1" in
  figure) echo "<svg xmlns='http://www.w3.org/2000/svg'/>" > "$out"; exit 0;;
  report) echo "<!doctype html><title>edition</title>" > "$out"; exit 0;;
  resume) seed=1;;
esac
claim() {
  echo '{"event":"measuring","claim":"S1","says":"it holds"}'
  echo '{"event":"claim","result":{"id":"S1","verdict":"holds","reason":null,"seconds":0.1,"criteria":[]}}'
}
progress() { echo "{\"event\":\"progress\",\"claim\":\"S1\",\"label\":\"steps\",\"done\":$1,\"total\":1000,\"seconds\":1.0,\"remaining\":2.0,\"finished\":false}"; }
case "$seed" in
  6) echo "offprint: option --data: no such file" >&2; exit 2;;
esac
echo '{"event":"run","id":77}'
case "$seed" in
  1) claim; echo '{"event":"end","run":77,"status":"finished","error":""}'; exit 0;;
  2) trap 'echo "{\"event\":\"end\",\"run\":77,\"status\":\"interrupted\",\"error\":\"\"}"; exit 130' INT
     i=0; while :; do i=$((i+1)); progress $i; sleep 0.02; done;;
  3) kill -SEGV $$; sleep 5;;
  4) progress 1; head -c 400000000 /dev/zero | tail -c 400000000 | sleep 30;;
  5) trap '' INT; progress 1; while :; do sleep 0.05; done;;
  7) i=0; while [ $i -lt 1500 ]; do i=$((i+1)); echo "$i: a line of the log that is as long as lines are" >&2; done
     echo 'this is no event'; echo '{"event":5}'; echo '[1,2'; head -c 3000000 /dev/zero | tr '\0' 'x'; echo
     head -c 6000000 /dev/zero | tr '\0' 'y' >&2
     claim; echo '{"event":"end","run":77,"status":"finished","error":""}'; exit 0;;
esac
exit 1
)sh";

class ServerTest : public ::testing::Test {
 protected:
  ServerTest() {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_ / "share/site/assets");
    std::filesystem::create_directories(folder_ / "data");
    std::ofstream(folder_ / "data/points.csv") << "x,y\n1,2\n";
    std::filesystem::copy_file(OFFPRINT_SOURCE_DIR "/data/registry.toml", folder_ / "share/registry.toml");
    std::filesystem::copy_file(OFFPRINT_SOURCE_DIR "/page/server/openapi.json", folder_ / "share/openapi.json");
    std::ofstream(folder_ / "share/site/index.html") << "<!doctype html><title>Offprint</title>";
    std::ofstream(folder_ / "share/site/assets/app-1234.js") << "export {};\n";
    std::ofstream(folder_ / "command") << kFakeCommand;
    std::filesystem::permissions(folder_ / "command", std::filesystem::perms::owner_all);
    settings_.store = folder_ / "store";
    settings_.share = folder_ / "share";
    settings_.executable = folder_ / "command";
    settings_.paper_folders = {OFFPRINT_SOURCE_DIR "/papers"};
    settings_.allowed = {(folder_ / "data").string()};
    settings_.access.hosts = {"localhost", "127.0.0.1", "[::1]"};
    settings_.upload_limit = 1U << 20U;
    settings_.rates = 1000;
  }
  ~ServerTest() override {
    server_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  void start() {
    server_.reset();
    server_ = std::make_unique<PageServer>(settings_, ListeningSocket("127.0.0.1", 0), limits_);
    server_->start();
  }
  [[nodiscard]] int port() const { return server_->port(); }
  [[nodiscard]] httplib::Client client() const {
    httplib::Client c("127.0.0.1", port());
    c.set_read_timeout(30);
    return c;
  }
  Json get(const std::string& path, int status = 200) const {
    auto c = client();
    const auto result = c.Get(path);
    if (!result) {
      ADD_FAILURE() << path << ": no answer";
      return {};
    }
    EXPECT_EQ(result->status, status) << path << " " << result->body;
    return Json::parse(result->body, nullptr, false);
  }
  Json post(const std::string& path, const Json& body, int status = 200) const {
    auto c = client();
    const auto result = c.Post(path, body.dump(), "application/json");
    if (!result) {
      ADD_FAILURE() << path << ": no answer";
      return {};
    }
    EXPECT_EQ(result->status, status) << path << " " << result->body;
    return Json::parse(result->body, nullptr, false);
  }
  /// Starts a check of the fake command that behaves as `seed` says.
  Json start_job(int seed) const {
    return post("/api/v1/jobs",
                {{"kind", "check"}, {"paper", "sgd-stability"}, {"claims", {"S1"}}, {"tier", "quick"}, {"seed", seed}},
                202);
  }
  [[nodiscard]] Json job(const Json& started) const {
    return get("/api/v1/jobs/" + std::to_string(started.at("id").get<int>()));
  }
  /// The job once it is in `state`.
  Json wait_for(const Json& started, const std::string& state) const {
    Json last;
    EXPECT_TRUE(soon([&] {
      last = job(started);
      return last.at("state") == state;
    })) << "waited for "
        << state << ", got " << last;
    return last;
  }
  /// A finished check of sgd-stability in the record, with a figure, a table and a file; its number.
  std::int64_t record_run(Verdict verdict = Verdict::kHolds, double measured = 1.5) const {
    Store store(settings_.store, Store::Access::kWrite);
    RunPlan plan;
    plan.paper = "sgd-stability";
    plan.kind = "check";
    plan.claims = {"S1", "S2"};
    plan.options = {{"tier", "quick"}};
    const auto run = store.begin(plan);
    ClaimResult result;
    result.id = "S1";
    result.verdict = verdict;
    result.criteria.push_back(
        {"ratio", "the ratio", "> 1", Estimate(measured, measured - 0.1, measured + 0.1), verdict});
    run->claim_result(result);
    run->metric("S1", "ratio", Estimate(measured), "1");
    run->figure("S1", "line", Figure::line({.title = "A line", .series = {{.name = "s", .x = {0, 1}, .y = {1, 2}}}}));
    run->table("S1", "rows", Table{"Rows", {"a", "b, c"}, {{1, "x"}, {0.5, "y \"z\""}}});
    run->artifact("model.bin", [](const std::filesystem::path& p) { std::ofstream(p) << "content"; });
    run->finish("finished");
    return run->id();
  }

  std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("offprint-server-" + std::to_string(getpid()) + "-" +
                                                ::testing::UnitTest::GetInstance()->current_test_info()->name());
  PageSettings settings_;
  ConnectionLimits limits_;
  std::unique_ptr<PageServer> server_;
};

}  // namespace offprint::page
