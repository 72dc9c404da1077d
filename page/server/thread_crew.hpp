// Threads that come when there is work and go when there is none.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>

namespace offprint::page {

/// At most `most` threads with small stacks: a handler of the page needs little, and a thread that waits for a slow
/// peer should cost little. Work beyond that waits in line.
class ThreadCrew {
 public:
  explicit ThreadCrew(std::size_t most) : most_(most) {}
  ThreadCrew(const ThreadCrew&) = delete;
  ThreadCrew& operator=(const ThreadCrew&) = delete;
  /// Waits for all work.
  ~ThreadCrew() { stop(); }

  /// False when `stop` was called or 10,000 tasks wait.
  bool add(std::function<void()> work);
  /// Whether work waits for a thread, and none is free or about to begin: those that only wait for a peer should give
  /// way.
  [[nodiscard]] bool pressed() const;
  [[nodiscard]] std::size_t threads() const;
  /// Drops the work that has not begun and waits for the rest.
  void stop();

 private:
  static void* enter(void* crew);
  void labour();

  mutable std::mutex mutex_;
  std::condition_variable work_;
  std::condition_variable gone_;
  std::deque<std::function<void()>> waiting_;
  std::size_t most_;
  std::size_t threads_ = 0;
  std::size_t starting_ = 0;  // made, but not yet at work
  std::size_t idle_ = 0;
  bool stopping_ = false;
};

}  // namespace offprint::page
