// parallel_for on std::thread: threads live for one call, which is cheap against the work items it is meant for.
#include "offprint/core/parallel.hpp"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include <sched.h>

#include "offprint/core/error.hpp"

namespace offprint {

void CancelToken::check() const {
  if (cancelled()) throw Interrupted();
}

unsigned hardware_threads() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) == 0) return std::max(1, CPU_COUNT(&set));
  return std::max(1U, std::thread::hardware_concurrency());
}

void parallel_for(std::size_t n, const Parallel& how, const std::function<void(std::size_t)>& f) {
  const std::size_t wanted = how.threads == 0 ? hardware_threads() : how.threads;
  const std::size_t threads = std::min(wanted, n);
  std::atomic<std::size_t> next{0};
  std::atomic<std::size_t> finished{0};
  std::atomic<bool> stop{false};
  std::mutex mutex;
  std::exception_ptr error;
  std::size_t error_index = n;

  const auto work = [&](bool reports) {
    for (;;) {
      if (stop.load(std::memory_order_relaxed)) return;
      const std::size_t i = next.fetch_add(1, std::memory_order_relaxed);
      if (i >= n) return;
      try {
        how.cancel.check();
        f(i);
        const std::size_t count = finished.fetch_add(1, std::memory_order_relaxed) + 1;
        if (reports && how.done) how.done(count);
      } catch (...) {
        const std::lock_guard lock(mutex);
        if (i < error_index) {
          error = std::current_exception();
          error_index = i;
        }
        stop = true;
      }
    }
  };

  std::vector<std::thread> pool;
  pool.reserve(threads > 0 ? threads - 1 : 0);
  for (std::size_t t = 1; t < threads; ++t) pool.emplace_back(work, false);
  work(true);
  for (auto& thread : pool) thread.join();
  if (error) std::rethrow_exception(error);
  if (how.done) how.done(n);
}

}  // namespace offprint
