// The page's server: every request's way through access checks, routes and caches.
#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>

#include "page/server/listener.hpp"
#include "page/server/router.hpp"
#include "page/server/services.hpp"

namespace offprint::page {

/// Replies that were made before, by what they depend on. Thread-safe; at most 1,000 replies and 64 MiB.
class ReplyCache {
 public:
  [[nodiscard]] std::shared_ptr<const HttpReply> find(const std::string& key);
  void keep(const std::string& key, std::shared_ptr<const HttpReply> reply);
  /// Held while a reply is made: whoever wants the same one waits and then finds it, instead of making it again.
  [[nodiscard]] std::unique_lock<std::mutex> making(const std::string& key) {
    return std::unique_lock(making_[std::hash<std::string>()(key) % making_.size()]);
  }

 private:
  std::array<std::mutex, 64> making_;
  std::mutex mutex_;
  std::unordered_map<std::string, std::shared_ptr<const HttpReply>> replies_;
  std::size_t bytes_ = 0;
};

class PageServer {
 public:
  /// Opens the store. Throws InputError when it cannot be.
  PageServer(const PageSettings& settings, ListeningSocket socket, const ConnectionLimits& limits = {});
  PageServer(const PageServer&) = delete;
  PageServer& operator=(const PageServer&) = delete;
  ~PageServer();

  void start();
  /// Ends within two seconds: event streams are closed, runs interrupted (they can be resumed).
  void stop();

  [[nodiscard]] int port() const { return listener_.port(); }
  [[nodiscard]] const Router& router() const { return router_; }
  [[nodiscard]] Services& services() { return services_; }

  /// Answers a request. From any thread.
  [[nodiscard]] HttpReply handle(HttpRequest& request);

 private:
  [[nodiscard]] HttpReply dispatch(HttpRequest& request);
  [[nodiscard]] HttpReply cached(HttpRequest& request, const Route& route);
  void watch();

  EventHub hub_;
  Services services_;
  Router router_;
  ReplyCache cache_;
  std::string boot_;  // tells this server's entity tags from an earlier one's
  std::mutex mutex_;
  std::condition_variable stopped_;
  bool stopping_ = false;
  std::thread watcher_;
  Listener listener_;  // last: it is the first to go
};

}  // namespace offprint::page
