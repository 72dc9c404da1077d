// Signals reach ordinary code through a pipe, the one thing a handler may safely write to besides an atomic flag.
#include "offprint/core/interrupt.hpp"

#include <atomic>
#include <cerrno>
#include <cstdlib>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include "offprint/core/error.hpp"

namespace offprint {
namespace {

// A signal handler has no argument of ours: these two are the process-wide state that signals are.
std::atomic<int> signals_seen{0};
std::atomic<int> wake_fd{-1};

void on_signal(int) {
  const int saved = errno;
  if (signals_seen.fetch_add(1) > 0) _exit(130);
  const char byte = 's';
  [[maybe_unused]] const auto written = write(wake_fd.load(), &byte, 1);
  errno = saved;
}

}  // namespace

InterruptGuard::InterruptGuard(std::function<void()> last_words, double grace_seconds) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) throw IoError("cannot create a pipe for signals: too many open files?");
  wake_fd = ends[1];
  struct sigaction action {};
  action.sa_handler = on_signal;
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  watcher_ = std::thread([read_end = ends[0], last_words = std::move(last_words), grace_seconds] {
    char byte = 0;
    while (read(read_end, &byte, 1) < 0 && errno == EINTR) {
    }
    if (byte == 's') {
      pollfd ended{read_end, POLLIN, 0};
      if (poll(&ended, 1, static_cast<int>(grace_seconds * 1000.0)) == 0) {
        if (last_words) last_words();
        _exit(130);
      }
    }
    close(read_end);
  });
}

InterruptGuard::~InterruptGuard() {
  const char byte = 'e';
  [[maybe_unused]] const auto written = write(wake_fd.load(), &byte, 1);
  watcher_.join();
  close(wake_fd.exchange(-1));
  signal(SIGINT, SIG_DFL);
  signal(SIGTERM, SIG_DFL);
  signals_seen = 0;
}

CancelToken InterruptGuard::token() {
  return CancelToken([] { return signals_seen.load(std::memory_order_relaxed) > 0; });
}

}  // namespace offprint
