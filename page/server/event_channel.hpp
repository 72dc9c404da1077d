// The events of one stream (a job's, or the whole page's), kept for those who come late, within bounds.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace offprint::page {

/// A bounded list of server-sent events, each already in the form that goes over the wire and shared by all readers.
/// Thread-safe; publishing never waits for a reader.
class EventChannel {
 public:
  struct Event {
    std::uint64_t id = 0;
    bool transient = false;  // progress: the next one replaces it
    std::shared_ptr<const std::string> wire;
  };
  /// Keeps at most `events` events and `bytes` bytes; the oldest go first. 2,000 events of 200 bytes are a long run.
  /// Numbers begin at the time in microseconds: those of a job's next stream, and of the next server, are higher, so
  /// that a browser which comes back with the last number it saw misses nothing.
  explicit EventChannel(std::size_t events = 2000, std::size_t bytes = 1U << 20U);

  /// Adds `event: name`, `data: data` (one line). A `transient` event replaces the transient one just before it.
  void publish(std::string_view name, std::string_view data, bool transient = false);
  /// No event follows: streams end once they have sent what there is.
  void close();

  /// The first event beyond `after`; null when there is none yet.
  [[nodiscard]] std::shared_ptr<const std::string> next(std::uint64_t after, std::uint64_t& id) const;
  [[nodiscard]] bool closed() const;
  [[nodiscard]] std::uint64_t last() const;

  /// Called after every publish and close, from the publishing thread.
  void on_change(std::function<void()> wake);

 private:
  mutable std::mutex mutex_;
  std::deque<Event> events_;
  std::size_t bytes_ = 0;
  std::uint64_t last_ = 0;
  bool closed_ = false;
  std::function<void()> wake_;
  std::size_t most_;
  std::size_t most_bytes_;
};

/// "id: 3\nevent: name\ndata: data\n\n"; id 0 is left out.
[[nodiscard]] std::string event_text(std::uint64_t id, std::string_view name, std::string_view data);

}  // namespace offprint::page
