// The network side of the server: a listening socket, a thread for each connection that is at work, HTTP by
// cpp-httplib.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_set>

#include "page/server/connection_limits.hpp"
#include "page/server/event_hub.hpp"
#include "page/server/http_message.hpp"
#include "page/server/listening_socket.hpp"
#include "page/server/thread_crew.hpp"

namespace offprint::page {

using HttpHandler = std::function<HttpReply(HttpRequest&)>;

class Listener {
 public:
  struct Settings {
    HeaderList headers;  // on every reply
    ConnectionLimits limits;
    std::size_t threads = 512;  // connections at work at once; event streams are not among them
  };
  Listener(ListeningSocket socket, Settings settings, HttpHandler handler, EventHub& hub);
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  ~Listener();

  [[nodiscard]] int port() const { return port_; }
  /// Accepts connections in a thread of its own.
  void start();
  /// Accepts no more, lets requests at work end (they are cut off after `patience`), ends all threads.
  void stop(std::chrono::milliseconds patience = std::chrono::milliseconds(500));

 private:
  void accept_all();
  void serve(FileDescriptor socket, const std::string& address);

  Settings settings_;
  HttpHandler handler_;
  EventHub& hub_;
  int port_ = 0;
  FileDescriptor socket_;
  FileDescriptor wake_;
  std::atomic<bool> stopping_{false};
  std::mutex mutex_;
  std::unordered_set<int> sockets_;  // of connections, to be shut down at the end
  ThreadCrew crew_;
  std::thread accepting_;
};

}  // namespace offprint::page
