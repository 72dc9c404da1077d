// Progress and its console listener.
#include "offprint/core/progress.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace offprint {

Progress::Progress(std::size_t total, std::string label, ProgressListener listener)
    : total_(total), label_(std::move(label)), listener_(std::move(listener)), start_(Clock::now()) {}

Progress::~Progress() {
  if (listener_) tell(true);
}

void Progress::advance(std::size_t items) {
  done_.fetch_add(items, std::memory_order_relaxed);
  if (!listener_) return;
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - start_).count();
  auto due = next_ms_.load(std::memory_order_relaxed);
  if (ms >= due && next_ms_.compare_exchange_strong(due, ms + 100)) tell(false);
}

void Progress::set(std::size_t done) {
  const std::size_t now = done_.load(std::memory_order_relaxed);
  if (done > now) advance(done - now);
}

void Progress::tell(bool finished) {
  ProgressState state;
  state.label = label_;
  state.done = done_.load();
  state.total = total_;
  state.seconds = std::chrono::duration<double>(Clock::now() - start_).count();
  state.per_second = state.seconds > 0.0 ? static_cast<double>(state.done) / state.seconds : 0.0;
  if (total_ > state.done && state.per_second > 0.0)
    state.remaining = static_cast<double>(total_ - state.done) / state.per_second;
  state.finished = finished;
  const std::lock_guard lock(mutex_);
  listener_(state);
}

std::string human_duration(double seconds) {
  if (seconds < 1.0) return fmt::format("{:.2f} s", seconds);
  if (seconds < 10.0) return fmt::format("{:.1f} s", seconds);
  const auto s = static_cast<long>(std::lround(seconds));
  if (s < 60) return fmt::format("{} s", s);
  if (s < 3600) return fmt::format("{} min {} s", s / 60, s % 60);
  return fmt::format("{} h {} min", s / 3600, s / 60 % 60);
}

ProgressListener console_progress(bool quiet, double plain_seconds) {
  if (quiet) return {};
  if (isatty(STDERR_FILENO) == 0) {
    return [last = 0.0, plain_seconds](const ProgressState& s) mutable {
      if (s.seconds < last) last = 0.0;  // the next piece of work
      if (s.finished ? s.seconds < plain_seconds : s.seconds - last < plain_seconds) return;
      last = s.seconds;
      const std::string share = s.total > 0 ? fmt::format("{}/{}", s.done, s.total) : fmt::format("{}", s.done);
      fmt::print(stderr, "{}: {} after {}{}\n", s.label, share, human_duration(s.seconds),
                 s.remaining > 0.0 ? ", " + human_duration(s.remaining) + " left" : "");
    };
  }
  return [drawn = false](const ProgressState& s) mutable {
    if (s.finished) {
      if (drawn) fmt::print(stderr, "\r\033[K");
      drawn = false;
      return;
    }
    winsize size{};
    const int columns = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
    std::string line;
    if (s.total > 0) {
      constexpr int kBar = 24;
      const double part = std::min(1.0, static_cast<double>(s.done) / static_cast<double>(s.total));
      const int full = static_cast<int>(part * kBar);
      line = fmt::format("{} [{}{}] {:3.0f}%  {:.3g}/s", s.label, std::string(full, '#'), std::string(kBar - full, '.'),
                         100.0 * part, s.per_second);
      if (s.remaining > 0.0) line += "  " + human_duration(s.remaining) + " left";
    } else {
      line = fmt::format("{}  {}  {:.3g}/s", s.label, s.done, s.per_second);
    }
    if (static_cast<int>(line.size()) >= columns) line.resize(static_cast<std::size_t>(std::max(columns - 1, 1)));
    fmt::print(stderr, "\r\033[K{}", line);
    std::fflush(stderr);
    drawn = true;
  };
}

}  // namespace offprint
