#include "catalogue/fetch.hpp"

#include <atomic>
#include <future>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "catalogue/test_server.hpp"

namespace offprint::catalogue {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using Clock = std::chrono::steady_clock;

FetchOptions quick() {
  FetchOptions o;
  o.courtesy = 0s;
  o.backoff = 10ms;
  o.timeout = 5s;
  return o;
}

template <class F>
std::string failure(F&& f) {
  try {
    f();
  } catch (const Error& e) {
    return e.what();
  }
  return "nothing failed";
}

/// An answer that does not come until the test is over.
class Stall {
 public:
  void operator()() { over_.get_future().wait(); }
  void end() { over_.set_value(); }

 private:
  std::promise<void> over_;
};

class FetchTest : public ::testing::Test {
 protected:
  test::Server server;
};

TEST_F(FetchTest, GivesTheBodyAndSaysWhoAsks) {
  server.start([](auto, const auto& request, auto& response) {
    response.set_content("hello " + request.get_header_value("User-Agent"), "text/plain");
  });
  Fetcher fetcher(quick());
  EXPECT_THAT(fetcher.get(server.url("/x?a=b")), ::testing::StartsWith("hello offprint/"));
  EXPECT_EQ(server.requests().at(0), "/x?a=b");
  EXPECT_EQ(fetcher.requests(), 1U);
}

TEST_F(FetchTest, WhatCannotGetBetterFailsAtOnce) {
  server.start([](auto, const auto&, auto& response) {
    response.status = 404;
    response.set_content("no\x1bsuch <page>", "text/plain");
  });
  Fetcher fetcher(quick());
  EXPECT_THAT(failure([&] { fetcher.get(server.url()); }), HasSubstr("it answers 404 (nosuch <page>)"));
  EXPECT_EQ(fetcher.requests(), 1U);
}

TEST_F(FetchTest, ComesBackAfterErrorsThatPass) {
  server.start([](auto number, const auto&, auto& response) {
    if (number == 1) response.status = 503;
    if (number == 2) response.status = 429;
    if (number == 3) return test::cut_short(response, "half", "text/plain");
    if (number >= 4) response.set_content("good", "text/plain");
  });
  std::vector<std::string> said;
  auto options = quick();
  options.say = [&](const std::string& text) { said.push_back(text); };
  Fetcher fetcher(options);
  EXPECT_EQ(fetcher.get(server.url()), "good");
  EXPECT_EQ(fetcher.requests(), 4U);
  ASSERT_EQ(said.size(), 3U);
  EXPECT_THAT(said[0], HasSubstr("attempt 1 of 6 failed: it answers 503"));
}

TEST_F(FetchTest, GivesUpAfterAllAttempts) {
  server.start([](auto, const auto&, auto& response) { response.status = 500; });
  auto options = quick();
  options.attempts = 3;
  Fetcher fetcher(options);
  EXPECT_THAT(failure([&] { fetcher.get(server.url()); }), HasSubstr("in 3 attempts: it answers 500"));
  EXPECT_EQ(fetcher.requests(), 3U);
}

TEST_F(FetchTest, HonoursRetryAfter) {
  server.start([](auto number, const auto&, auto& response) {
    if (number > 1) return response.set_content("good", "text/plain");
    response.status = 429;
    response.set_header("Retry-After", "1");
  });
  Fetcher fetcher(quick());
  const auto start = Clock::now();
  EXPECT_EQ(fetcher.get(server.url()), "good");
  EXPECT_GE(Clock::now() - start, 1s);
}

TEST_F(FetchTest, DoesNotWaitForATooLongRetryAfter) {
  server.start([](auto, const auto&, auto& response) {
    response.status = 503;
    response.set_header("Retry-After", "86400");
  });
  Fetcher fetcher(quick());
  EXPECT_THAT(failure([&] { fetcher.get(server.url()); }), HasSubstr("left alone for 86400 s"));
  EXPECT_EQ(fetcher.requests(), 1U);
}

TEST_F(FetchTest, ASlowAnswerTimesOutAndIsAskedForAgain) {
  Stall stall;
  server.start([&](auto number, const auto&, auto& response) {
    if (number == 1) stall();
    response.set_content("good", "text/plain");
  });
  auto options = quick();
  options.timeout = 300ms;
  Fetcher fetcher(options);
  EXPECT_EQ(fetcher.get(server.url()), "good");
  stall.end();
}

TEST_F(FetchTest, ARefusedConnectionIsTriedAgain) {
  std::string dead;
  {
    test::Server gone;
    gone.start([](auto, const auto&, auto&) {});
    dead = gone.url();
  }
  auto options = quick();
  options.attempts = 2;
  Fetcher fetcher(options);
  EXPECT_THAT(failure([&] { fetcher.get(dead); }), HasSubstr("in 2 attempts"));
}

TEST_F(FetchTest, TooLargeAnswersAreCutOffAlsoWhenPacked) {
  server.start(
      [](auto, const auto&, auto& response) { response.set_content(std::string(10 << 20, 'a'), "text/plain"); });
  auto options = quick();
  options.size_limit = 1 << 20;
  Fetcher fetcher(options);
  EXPECT_THAT(failure([&] { fetcher.get(server.url()); }), HasSubstr("more than 1048576 bytes"));
  EXPECT_EQ(fetcher.requests(), 1U);
}

TEST_F(FetchTest, OnlyHttpAlsoAfterRedirects) {
  server.start([](auto, const auto& request, auto& response) {
    if (request.path == "/file") return response.set_redirect("file:///etc/passwd");
    if (request.path == "/ftp") return response.set_redirect("ftp://127.0.0.1/x");
    if (request.path == "/loop") return response.set_redirect("/loop");
    if (request.path == "/good") return response.set_redirect("/end");
    response.set_content("end", "text/plain");
  });
  Fetcher fetcher(quick());
  EXPECT_EQ(fetcher.get(server.url("/good")), "end");
  for (const char* path : {"/file", "/ftp", "/loop"})
    EXPECT_THAT(failure([&] { fetcher.get(server.url(path)); }), HasSubstr("cannot be fetched")) << path;
  for (const char* url : {"file:///etc/passwd", "ftp://127.0.0.1/x", "gopher://127.0.0.1", "/etc/passwd", ""})
    EXPECT_THROW(fetcher.get(url), InputError) << url;
}

TEST_F(FetchTest, KeepsItsDistanceBetweenRequests) {
  server.start([](auto, const auto&, auto& response) { response.set_content("x", "text/plain"); });
  auto options = quick();
  options.courtesy = 300ms;
  Fetcher fetcher(options);
  const auto start = Clock::now();
  fetcher.get(server.url());
  fetcher.get(server.url());
  EXPECT_GE(Clock::now() - start, 300ms);
}

TEST_F(FetchTest, AMalformedAnswerIsAskedForThreeTimes) {
  server.start([](auto, const auto&, auto& response) { response.set_content("x", "text/plain"); });
  Fetcher fetcher(quick());
  EXPECT_EQ(failure([&] { fetcher.get(server.url(), [](const auto&) { throw InputError("not what it should be"); }); }),
            "not what it should be");
  EXPECT_EQ(fetcher.requests(), 3U);
}

TEST_F(FetchTest, InterruptionEndsWaitingWithinASecond) {
  Stall stall;
  std::atomic<bool> cancelled = false;
  std::atomic<Clock::rep> when = 0;
  const auto cancel = [&] {
    when = Clock::now().time_since_epoch().count();
    cancelled = true;
  };
  server.start([&](auto, const auto& request, auto& response) {
    cancel();
    if (request.path == "/slow") stall();
    response.status = 503;
    response.set_header("Retry-After", "60");
  });
  auto options = quick();
  options.timeout = 60s;
  options.cancel = CancelToken([&] { return cancelled.load(); });
  for (const char* path : {"/slow", "/busy"}) {
    cancelled = false;
    Fetcher fetcher(options);
    EXPECT_THROW(fetcher.get(server.url(path)), Interrupted) << path;
    EXPECT_LT(Clock::now().time_since_epoch() - Clock::duration(when), 1s) << path;
  }
  stall.end();
}

}  // namespace
}  // namespace offprint::catalogue
