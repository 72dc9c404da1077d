// All open event streams in one thread: a socket that waits for events costs a few hundred bytes, not a thread.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "page/server/event_channel.hpp"
#include "page/server/file_descriptor.hpp"

namespace offprint::page {

/// Takes over sockets whose response head is sent and feeds them from their channels, without ever waiting for one:
/// a reader that takes nothing for a minute, or has left, is closed.
class EventHub {
 public:
  struct Settings {
    std::chrono::milliseconds ping{15000};      // ": ping" after so long without an event: proxies close silent streams
    std::chrono::milliseconds patience{60000};  // a reader that takes nothing for so long is gone
    std::size_t most = 4096;                    // streams at once
  };
  EventHub();
  explicit EventHub(Settings settings);
  EventHub(const EventHub&) = delete;
  EventHub& operator=(const EventHub&) = delete;
  ~EventHub();

  /// A channel whose changes this hub is told of.
  [[nodiscard]] std::shared_ptr<EventChannel> channel();
  /// Sends `first`, then the channel's events beyond `after`. False when there are too many streams: the socket is
  /// then closed.
  bool add(FileDescriptor socket, std::shared_ptr<EventChannel> channel, std::uint64_t after, std::string first);
  [[nodiscard]] std::size_t streams() const { return count_.load(); }
  [[nodiscard]] bool full() const { return count_.load() >= settings_.most; }
  /// Sends what is ready, then closes all streams. Ends the thread.
  void stop();

 private:
  struct Stream;
  void work();
  void wake();
  bool pump(Stream& stream);

  Settings settings_;
  FileDescriptor epoll_;
  std::shared_ptr<FileDescriptor> wake_;  // an eventfd; channels may outlive the hub
  std::mutex mutex_;
  std::vector<std::unique_ptr<Stream>> arriving_;
  std::unordered_map<int, std::unique_ptr<Stream>> open_;
  std::atomic<std::size_t> count_{0};
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace offprint::page
