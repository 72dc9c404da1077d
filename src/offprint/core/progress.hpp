// Progress of long work: counted by the work, shown by whoever listens (a terminal bar, plain lines, the page).
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

namespace offprint {

/// A moment of some work: what a listener is told.
struct ProgressState {
  std::string label;
  std::size_t done = 0;
  std::size_t total = 0;    // 0 when unknown
  double seconds = 0.0;     // since the work began
  double per_second = 0.0;  // mean rate since it began
  double remaining = 0.0;   // seconds left at that rate; 0 when unknown
  bool finished = false;
};

using ProgressListener = std::function<void(const ProgressState&)>;

/// Counts finished items of one piece of work; tells the listener at most every 100 ms, and once at the end
/// (destruction). `advance` may be called from any thread and costs an atomic addition when nothing is due.
class Progress {
 public:
  Progress(std::size_t total, std::string label, ProgressListener listener);
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress();
  void advance(std::size_t items = 1);
  /// Sets the number of finished items (never backwards).
  void set(std::size_t done);

 private:
  using Clock = std::chrono::steady_clock;
  void tell(bool finished);

  std::size_t total_;
  std::string label_;
  ProgressListener listener_;
  Clock::time_point start_;
  std::atomic<std::size_t> done_{0};
  std::atomic<std::int64_t> next_ms_{100};
  std::mutex mutex_;
};

/// A listener for standard error: on a terminal one line redrawn in place (bar, percentage, rate, time left); elsewhere
/// a plain line at most every `plain_seconds` (log files stay short). `quiet` listens to nothing.
[[nodiscard]] ProgressListener console_progress(bool quiet, double plain_seconds = 10.0);

/// "3 s", "2 min 5 s", "1 h 12 min".
[[nodiscard]] std::string human_duration(double seconds);

}  // namespace offprint
