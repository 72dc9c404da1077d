// Ctrl-C: a cooperative flag first, and a guarantee that the process is gone within a second even inside a long BLAS
// call.
#pragma once

#include <functional>
#include <thread>

#include "offprint/core/parallel.hpp"

namespace offprint {

/// While it lives, SIGINT and SIGTERM set the flag behind token(). If the process has not ended `grace_seconds` after
/// the first signal, `last_words` is called and the process exits with 130; a second signal exits at once. That is safe
/// at any moment because everything on disk is replaced atomically. At most one may live at a time.
class InterruptGuard {
 public:
  /// `last_words` runs on the watching thread: it may print, and must not wait for locks the work may hold.
  explicit InterruptGuard(std::function<void()> last_words, double grace_seconds = 0.7);
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;
  ~InterruptGuard();
  [[nodiscard]] static CancelToken token();

 private:
  std::thread watcher_;
};

}  // namespace offprint
