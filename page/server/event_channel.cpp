// Events in memory.
#include "page/server/event_channel.hpp"

#include <algorithm>
#include <chrono>

#include <fmt/format.h>

namespace offprint::page {

std::string event_text(std::uint64_t id, std::string_view name, std::string_view data) {
  const auto rest = fmt::format("event: {}\ndata: {}\n\n", name, data);
  return id == 0 ? rest : fmt::format("id: {}\n{}", id, rest);
}

EventChannel::EventChannel(std::size_t events, std::size_t bytes)
    : last_(static_cast<std::uint64_t>(
          std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::system_clock::now().time_since_epoch())
              .count())),
      most_(events),
      most_bytes_(bytes) {}

void EventChannel::publish(std::string_view name, std::string_view data, bool transient) {
  std::function<void()> wake;
  {
    const std::lock_guard lock(mutex_);
    if (closed_) return;
    if (transient && !events_.empty() && events_.back().transient) {
      bytes_ -= events_.back().wire->size();
      events_.pop_back();
    }
    ++last_;
    events_.push_back({last_, transient, std::make_shared<const std::string>(event_text(last_, name, data))});
    bytes_ += events_.back().wire->size();
    while (events_.size() > most_ || (bytes_ > most_bytes_ && events_.size() > 1)) {
      bytes_ -= events_.front().wire->size();
      events_.pop_front();
    }
    wake = wake_;
  }
  if (wake) wake();
}

void EventChannel::close() {
  std::function<void()> wake;
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    wake = wake_;
  }
  if (wake) wake();
}

std::shared_ptr<const std::string> EventChannel::next(std::uint64_t after, std::uint64_t& id) const {
  const std::lock_guard lock(mutex_);
  const auto at =
      std::upper_bound(events_.begin(), events_.end(), after, [](std::uint64_t x, const Event& e) { return x < e.id; });
  if (at == events_.end()) return nullptr;
  id = at->id;
  return at->wire;
}

bool EventChannel::closed() const {
  const std::lock_guard lock(mutex_);
  return closed_;
}

std::uint64_t EventChannel::last() const {
  const std::lock_guard lock(mutex_);
  return last_;
}

void EventChannel::on_change(std::function<void()> wake) {
  const std::lock_guard lock(mutex_);
  wake_ = std::move(wake);
}

}  // namespace offprint::page
