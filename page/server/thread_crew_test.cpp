// Threads come when there is work; only where there is no room for more does anybody have to give way.
#include "page/server/thread_crew.hpp"

#include <atomic>
#include <chrono>
#include <functional>
#include <thread>

#include <gtest/gtest.h>

namespace offprint::page {
namespace {

using std::chrono::milliseconds;

void wait_until(const std::function<bool()>& done) {
  for (int k = 0; k < 5000 && !done(); ++k) std::this_thread::sleep_for(milliseconds(1));
}

// An idle connection that closes although there is room makes a browser lose a request (it gives up after a few such
// sockets).
TEST(ThreadCrew, NobodyGivesWayWhileThereIsRoom) {
  ThreadCrew crew(64);
  std::atomic<bool> over{false};
  std::atomic<int> done{0};
  std::atomic<int> pressed{0};
  for (int k = 0; k < 2; ++k)
    crew.add([&] {
      while (!over)
        if (crew.pressed()) ++pressed;
    });
  for (int k = 0; k < 200; ++k) {
    crew.add([&] { ++done; });
    if (k % 8 == 7) wait_until([&] { return done == k + 1; });
  }
  wait_until([&] { return done == 200; });
  over = true;
  EXPECT_EQ(done, 200);
  EXPECT_EQ(pressed, 0);
}

TEST(ThreadCrew, WorkThatFindsNoThreadPresses) {
  ThreadCrew crew(2);
  std::atomic<bool> over{false};
  std::atomic<int> busy{0};
  std::atomic<bool> late{false};
  for (int k = 0; k < 2; ++k)
    crew.add([&] {
      ++busy;
      while (!over) std::this_thread::sleep_for(milliseconds(1));
    });
  wait_until([&] { return busy == 2; });
  EXPECT_FALSE(crew.pressed());
  crew.add([&] { late = true; });
  EXPECT_TRUE(crew.pressed());
  EXPECT_EQ(crew.threads(), 2U);
  over = true;
  wait_until([&] { return late.load(); });
  EXPECT_TRUE(late);
  EXPECT_FALSE(crew.pressed());
}

}  // namespace
}  // namespace offprint::page
