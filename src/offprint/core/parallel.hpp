// parallel_for: the one way this library uses threads. Work is handed out by index, so results placed by index do not
// depend on the number of threads.
#pragma once

#include <cstddef>
#include <functional>

namespace offprint {

/// Cooperative cancellation, checked between work items. Copies share the flag; a default token is never cancelled.
class CancelToken {
 public:
  CancelToken() = default;
  explicit CancelToken(std::function<bool()> asked) : asked_(std::move(asked)) {}
  [[nodiscard]] bool cancelled() const { return asked_ && asked_(); }
  /// Throws Interrupted when cancelled.
  void check() const;

 private:
  std::function<bool()> asked_;
};

/// Threads this process may use: the affinity mask's size (what `nproc` prints), at least 1.
[[nodiscard]] unsigned hardware_threads();

/// How work is spread: `threads` = 0 means all of hardware_threads().
struct Parallel {
  unsigned threads = 0;
  CancelToken cancel{};
  /// Called from the calling thread's share of the work after items finish, with the number finished so far.
  std::function<void(std::size_t)> done{};
};

/// Calls f(i) for i = 0..n-1, each exactly once, on up to `how.threads` threads (the caller's included); items are
/// taken in order. The first exception (of the smallest index that threw) is rethrown after all threads have stopped;
/// cancellation throws Interrupted. f must not touch what another index writes.
void parallel_for(std::size_t n, const Parallel& how, const std::function<void(std::size_t)>& f);

}  // namespace offprint
