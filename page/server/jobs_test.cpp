// Jobs: the queue, cancelling, crashes, memory, restarts; their event streams.
#include <csignal>

#include <arpa/inet.h>
#include <sys/socket.h>

#include "page/server/server_fixture.hpp"

namespace offprint::page {
namespace {

using JobsTest = ServerTest;

/// Reads an event stream until `done` says so or the stream ends; what arrived.
std::string read_stream(int port, const std::string& path, const std::function<bool(const std::string&)>& done,
                        const httplib::Headers& headers = {}) {
  httplib::Client c("127.0.0.1", port);
  c.set_read_timeout(20);
  std::string text;
  c.Get(path, headers, [&](const char* data, std::size_t size) {
    text.append(data, size);
    return !done(text);
  });
  return text;
}

std::size_t count(const std::string& text, const std::string& what) {
  std::size_t n = 0;
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++n;
  return n;
}

TEST_F(JobsTest, AJobRunsAndTellsItsResult) {
  start();
  const auto started = start_job(1);
  EXPECT_EQ(started.at("paper"), "sgd-stability");
  const auto done = wait_for(started, "finished");
  EXPECT_EQ(done.at("run"), 77);
  EXPECT_EQ(done.at("exit_code"), 0);
  ASSERT_EQ(done.at("results").size(), 1U);
  EXPECT_EQ(done["results"][0].at("verdict"), "holds");
  EXPECT_TRUE(done.at("position").is_null());
  const auto path = "/api/v1/jobs/" + done.at("id").dump() + "/events";
  const auto text = read_stream(port(), path, [](const std::string&) { return false; });
  for (const char* event : {"event: state", "event: measuring", "event: claim", "event: end"})
    EXPECT_EQ(text.find(event) == std::string::npos, false) << event << " is missing in " << text;
  EXPECT_EQ(count(text, "event: end"), 1U);
  // who has seen some gets the rest, who has seen all is told to stay away
  const auto last = text.substr(text.rfind("id: ") + 4, text.find('\n', text.rfind("id: ")) - text.rfind("id: ") - 4);
  EXPECT_EQ(client().Get(path.c_str(), {{"Last-Event-ID", last}})->status, 204);
  const auto claim = text.rfind("id: ", text.find("event: claim"));
  const auto claim_id = text.substr(claim + 4, text.find('\n', claim) - claim - 4);
  const auto rest = read_stream(port(), path, [](const std::string&) { return false; }, {{"Last-Event-ID", claim_id}});
  EXPECT_EQ(count(rest, "event: claim"), 0U) << rest;
  EXPECT_EQ(count(rest, "event: end"), 1U) << rest;
}

TEST_F(JobsTest, TheQueueHasAnOrderAndALimit) {
  settings_.queue = 2;
  start();
  const auto first = start_job(2);
  wait_for(first, "running");
  const auto second = start_job(1);
  const auto third = start_job(1);
  EXPECT_EQ(job(first).at("position"), 0);
  EXPECT_EQ(job(second).at("position"), 1);
  EXPECT_EQ(job(third).at("position"), 2);
  const auto refused = post("/api/v1/jobs", {{"kind", "check"}, {"paper", "sgd-stability"}, {"seed", 1}}, 503);
  EXPECT_TRUE(refused.contains("error"));
  EXPECT_EQ(post("/api/v1/jobs/" + third.at("id").dump() + "/cancel", Json::object()).at("state"), "cancelled");
  post("/api/v1/jobs/" + third.at("id").dump() + "/cancel", Json::object(), 409);
  post("/api/v1/jobs/" + first.at("id").dump() + "/cancel", Json::object());
  EXPECT_EQ(wait_for(first, "cancelled").at("exit_code"), 130);
  wait_for(second, "finished");
  EXPECT_EQ(get("/api/v1/jobs?state=cancelled").size(), 2U);
  get("/api/v1/jobs?state=nonsense", 400);
  get("/api/v1/jobs/12345", 404);
}

TEST_F(JobsTest, ProgressIsTold) {
  start();
  const auto started = start_job(2);
  const auto text = read_stream(port(), "/api/v1/jobs/" + started.at("id").dump() + "/events",
                                [](const std::string& t) { return count(t, "event: progress") >= 3; });
  EXPECT_GE(count(text, "event: progress"), 3U);
  EXPECT_GT(job(started).at("progress").at("done").get<int>(), 0);
  EXPECT_EQ(job(started).at("progress").at("label"), "steps");
  post("/api/v1/jobs/" + started.at("id").dump() + "/cancel", Json::object());
  const auto cancelled = wait_for(started, "cancelled");
  EXPECT_TRUE(cancelled.at("progress").is_null());
  // what was interrupted can be taken up
  post("/api/v1/jobs/" + started.at("id").dump() + "/resume", Json::object());
  wait_for(started, "finished");
  post("/api/v1/jobs/" + started.at("id").dump() + "/resume", Json::object(), 409);
}

TEST_F(JobsTest, ACrashIsToldInWordsAndThePageGoesOn) {
  start();
  const auto crashed = wait_for(start_job(3), "failed");
  EXPECT_NE(crashed.at("error").get<std::string>().find("signal 11"), std::string::npos) << crashed;
  EXPECT_EQ(crashed.at("exit_code"), 128 + SIGSEGV);
  const auto wrong = wait_for(start_job(6), "failed");
  EXPECT_EQ(wrong.at("error"), "option --data: no such file");
  EXPECT_EQ(wrong.at("exit_code"), 2);
  EXPECT_TRUE(wrong.at("run").is_null());
  post("/api/v1/jobs/" + wrong.at("id").dump() + "/resume", Json::object(), 409);
  wait_for(start_job(1), "finished");
}

TEST_F(JobsTest, TooMuchMemoryIsEnded) {
  settings_.memory_limit = 100ULL << 20U;
  start();
  const auto j = wait_for(start_job(4), "failed");
  EXPECT_NE(j.at("error").get<std::string>().find("memory"), std::string::npos) << j;
  EXPECT_NE(j.at("error").get<std::string>().find("100 MiB"), std::string::npos) << j;
  wait_for(start_job(1), "finished");
}

TEST_F(JobsTest, WhatIgnoresTheInterruptIsKilled) {
  std::filesystem::create_directories(settings_.store);
  EventHub hub;
  Jobs jobs({.store = settings_.store,
             .executable = settings_.executable,
             .cancel_patience = std::chrono::milliseconds(200),
             .record_changed = {}},
            hub);
  JobRequest request = parse_job_request({{"kind", "check"}, {"paper", "sgd-stability"}, {"seed", 5}});
  const auto id = jobs.add(request).at("id").get<std::int64_t>();
  ASSERT_TRUE(soon([&] { return jobs.job(id).at("state") == "running" && !jobs.job(id).at("progress").is_null(); }));
  static_cast<void>(jobs.cancel(id));
  ASSERT_TRUE(soon([&] { return jobs.job(id).at("state") == "cancelled"; }));
  EXPECT_EQ(jobs.job(id).at("exit_code"), 128 + SIGKILL);
}

TEST_F(JobsTest, ALongLogIsCutAndJunkIsIgnored) {
  start();
  const auto j = wait_for(start_job(7), "finished");
  EXPECT_EQ(j.at("results").size(), 1U);
  const auto log = client().Get(("/api/v1/jobs/" + j.at("id").dump() + "/log").c_str());
  EXPECT_EQ(log->body.find("1: a line of the log"), 0U);
  EXPECT_LE(std::filesystem::file_size(server_->services().jobs.log_file(j.at("id").get<int>())), (4U << 20U) + 100);
  const auto tail = client().Get(("/api/v1/jobs/" + j.at("id").dump() + "/log?from=3").c_str());
  EXPECT_EQ(tail->body.substr(0, 5), log->body.substr(3, 5));
  EXPECT_EQ(client().Get(("/api/v1/jobs/" + j.at("id").dump() + "/log?from=99999999").c_str())->body, "");
}

TEST_F(JobsTest, TheQueueSurvivesARestart) {
  start();
  const auto running = start_job(2);
  ASSERT_TRUE(soon([&] { return !job(running).at("progress").is_null(); }));
  const auto waiting = start_job(1);
  const auto begin = std::chrono::steady_clock::now();
  server_->stop();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(2500));
  start();
  EXPECT_EQ(job(running).at("state"), "interrupted");
  EXPECT_EQ(job(running).at("run"), 77);
  wait_for(waiting, "finished");
  const auto stream = read_stream(port(), "/api/v1/jobs/" + running.at("id").dump() + "/events",
                                  [](const std::string&) { return false; });
  EXPECT_EQ(count(stream, "event: end"), 1U) << "the events of before are gone, how it ended is not";
  post("/api/v1/jobs/" + running.at("id").dump() + "/resume", Json::object());
  wait_for(running, "finished");
}

TEST_F(JobsTest, StoppingIsQuickEvenWhenARunIgnoresIt) {
  start();
  const auto stubborn = start_job(5);
  ASSERT_TRUE(soon([&] { return !job(stubborn).at("progress").is_null(); }));
  auto c = client();  // a connection that is kept alive
  c.set_keep_alive(true);
  EXPECT_EQ(c.Get("/api/v1/health")->status, 200);
  std::string stream;
  std::thread reader([&] { stream = read_stream(port(), "/api/v1/events", [](const std::string&) { return false; }); });
  ASSERT_TRUE(soon([&] { return server_->services().hub.streams() == 1; }));
  const auto begin = std::chrono::steady_clock::now();
  server_->stop();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(2500));
  reader.join();
}

TEST_F(JobsTest, TheSiteHearsOfJobs) {
  start();
  std::string text;
  std::thread reader([&] {
    text = read_stream(port(), "/api/v1/events",
                       [](const std::string& t) { return t.find("\"state\":\"finished\"") != std::string::npos; });
  });
  ASSERT_TRUE(soon([&] { return server_->services().hub.streams() == 1; }));
  wait_for(start_job(1), "finished");
  reader.join();
  EXPECT_GE(count(text, "event: job"), 2U) << text;
  EXPECT_TRUE(soon([&] { return server_->services().hub.streams() == 0; })) << "a reader that left is noticed";
}

TEST(EventHub, SlowReadersHoldUpNobodyAndAreLetGo) {
  EventHub hub({.ping = std::chrono::milliseconds(50), .patience = std::chrono::milliseconds(400)});
  const auto channel = hub.channel();
  std::array<int, 2> slow{};
  std::array<int, 2> quick{};
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, slow.data()), 0);
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, quick.data()), 0);
  const FileDescriptor slow_end(slow[1]);
  const FileDescriptor quick_end(quick[1]);
  ASSERT_TRUE(hub.add(FileDescriptor(slow[0]), channel, 0, "retry: 1\n\n"));
  ASSERT_TRUE(hub.add(FileDescriptor(quick[0]), channel, 0, "retry: 1\n\n"));
  std::string got;
  std::thread reader([&] {
    std::array<char, 65536> piece{};
    for (ssize_t n = 0; (n = read(quick_end.get(), piece.data(), piece.size())) > 0;)
      got.append(piece.data(), static_cast<std::size_t>(n));
  });
  const std::string data(2000, 'x');
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < 5000; ++i) channel->publish("log", data);  // 10 MB; a socket takes some 200 kB
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5)) << "publishing waits for nobody";
  EXPECT_TRUE(soon([&] { return hub.streams() == 1; })) << "a reader that takes nothing is let go";
  channel->publish("end", "{}");
  channel->close();
  reader.join();
  EXPECT_TRUE(got.ends_with("event: end\ndata: {}\n\n"));
  EXPECT_TRUE(soon([&] { return hub.streams() == 0; }));
}

TEST(EventHub, PingsKeepSilentStreamsOpen) {
  EventHub hub({.ping = std::chrono::milliseconds(40), .patience = std::chrono::milliseconds(10000)});
  std::array<int, 2> pair{};
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()), 0);
  const FileDescriptor end(pair[1]);
  ASSERT_TRUE(hub.add(FileDescriptor(pair[0]), hub.channel(), 0, ""));
  std::string got;
  std::array<char, 256> piece{};
  while (count(got, ": ping\n\n") < 3) {
    const auto n = read(end.get(), piece.data(), piece.size());
    ASSERT_GT(n, 0);
    got.append(piece.data(), static_cast<std::size_t>(n));
  }
}

TEST(EventChannel, KeepsWithinItsBounds) {
  EventChannel channel(10, 1000);
  for (int i = 0; i < 100; ++i) channel.publish("progress", std::to_string(i), true);
  channel.publish("claim", "c");
  std::uint64_t id = 0;
  const auto first = channel.next(0, id);
  ASSERT_TRUE(first);
  EXPECT_NE(first->find("data: 99"), std::string::npos) << "progress replaces progress";
  EXPECT_NE(channel.next(id, id)->find("claim"), std::string::npos);
  EXPECT_FALSE(channel.next(id, id));
  for (int i = 0; i < 100; ++i) channel.publish("log", std::string(90, 'x'));
  std::size_t kept = 0;
  for (id = 0; channel.next(id, id);) ++kept;
  EXPECT_LE(kept, 10U);
}

TEST_F(JobsTest, TheRealCommandMeasuresAClaim) {
  const std::filesystem::path command = OFFPRINT_BINARY_DIR "/bin/offprint";
  if (!std::filesystem::exists(command) ||
      !std::filesystem::exists(OFFPRINT_BINARY_DIR "/lib/offprint/papers/sgd-stability/libofp_sgd-stability.so"))
    GTEST_SKIP() << "the offprint command or the paper's module is not built";
  settings_.executable = command;
  settings_.paper_folders = {OFFPRINT_BINARY_DIR "/lib/offprint/papers"};
  start();
  const auto done = wait_for(start_job(0), "finished");
  ASSERT_EQ(done.at("results").size(), 1U);
  EXPECT_EQ(done["results"][0].at("id"), "S1");
  EXPECT_EQ(done["results"][0].at("verdict"), "holds");
  const auto run = get("/api/v1/runs/" + done.at("run").dump());
  EXPECT_EQ(run.at("status"), "finished");
  EXPECT_EQ(run.at("job").at("id"), done.at("id"));
  const auto paper = get("/api/v1/papers/sgd-stability");
  EXPECT_EQ(paper.at("verdicts").at("holds"), 1);
  EXPECT_EQ(paper.at("runs").size(), 1U);
  for (const auto& claim : paper.at("claims"))
    if (claim.at("id") == "S1") {
      EXPECT_EQ(claim.at("result").at("run"), done.at("run"));
    }
}

}  // namespace
}  // namespace offprint::page
