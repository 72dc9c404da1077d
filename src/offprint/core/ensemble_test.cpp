#include "offprint/core/ensemble.hpp"

#include <atomic>
#include <thread>

#include <gtest/gtest.h>

#include "offprint/core/error.hpp"
#include "offprint/core/random.hpp"

namespace offprint {
namespace {

std::vector<double> walk_ends(unsigned threads, const EnsembleMemory& memory = {}) {
  const auto ranks = single_process();
  return ensemble(
      100, Parallel{threads, {}, {}}, *ranks,
      [](std::size_t i) {
        Stream s(9, "walk", i);
        double x = 0.0;
        for (int k = 0; k < 50; ++k) x += s.normal();
        return x;
      },
      memory);
}

TEST(Ensemble, ThreadsDoNotChangeABit) {
  const auto one = walk_ends(1);
  EXPECT_EQ(one, walk_ends(2));
  EXPECT_EQ(one, walk_ends(3));
  EXPECT_EQ(one.size(), 100U);
}

TEST(Ensemble, FinishedMembersAreNotComputedAgain) {
  std::string kept;
  const auto ranks = single_process();
  EnsembleMemory memory{[&] { return kept; }, [&](const std::string& bytes) { kept = bytes; }};
  std::atomic<int> calls{0};
  const auto f = [&](std::size_t i) {
    ++calls;
    return static_cast<double>(i);
  };
  const auto first = ensemble(10, Parallel{2, {}, {}}, *ranks, f, memory);
  EXPECT_EQ(calls, 10);
  const auto more = ensemble(12, Parallel{2, {}, {}}, *ranks, f, memory);
  EXPECT_EQ(calls, 12) << "only the two new members";
  EXPECT_EQ(more[11], 11.0);
  EXPECT_TRUE(std::equal(first.begin(), first.end(), more.begin()));
}

TEST(Ensemble, ErrorsKeepTheirKind) {
  const auto ranks = single_process();
  const auto failing = [](std::size_t i) -> int {
    if (i == 3) throw InputError("member 3 is bad");
    return 0;
  };
  EXPECT_THROW((void)ensemble(10, Parallel{2, {}, {}}, *ranks, failing), InputError);
  EXPECT_THROW(
      (void)ensemble(10, Parallel{1, CancelToken([] { return true; }), {}}, *ranks, [](std::size_t) { return 1; }),
      Interrupted);
}

TEST(Parallel, EveryIndexOnceAndTheSmallestErrorWins) {
  for (const unsigned threads : {1U, 2U, 7U}) {
    std::vector<std::atomic<int>> seen(1000);
    parallel_for(1000, Parallel{threads, {}, {}}, [&](std::size_t i) { ++seen[i]; });
    for (const auto& s : seen) EXPECT_EQ(s, 1);
  }
  try {
    parallel_for(8, Parallel{1, {}, {}}, [](std::size_t i) {
      if (i >= 2) throw Error("index " + std::to_string(i));
    });
    FAIL() << "no error came through";
  } catch (const Error& e) {
    EXPECT_STREQ(e.what(), "index 2");
  }
  parallel_for(0, Parallel{}, [](std::size_t) { FAIL() << "called for nothing"; });
}

TEST(Parallel, ProgressReachesTheEnd) {
  std::size_t last = 0;
  Parallel how{2, {}, [&](std::size_t done) { last = done; }};
  parallel_for(50, how, [](std::size_t) { std::this_thread::yield(); });
  EXPECT_EQ(last, 50U);
}

}  // namespace
}  // namespace offprint
