// A web server on a free port of this machine that answers as a test wants.
#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <httplib.h>

namespace offprint::catalogue::test {

/// Bound on construction (so that its address is known), answering from start() until destruction.
class Server {
 public:
  using Handler = std::function<void(std::size_t number, const httplib::Request&, httplib::Response&)>;

  Server() : port_(server_.bind_to_any_port("127.0.0.1")) {}
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server() {
    server_.stop();
    if (thread_.joinable()) thread_.join();
  }

  /// `handler` is given the number of the request, from 1.
  void start(Handler handler) {
    server_.Get(".*",
                [this, handler = std::move(handler)](const httplib::Request& request, httplib::Response& response) {
                  std::size_t number = 0;
                  {
                    const std::lock_guard lock(mutex_);
                    requests_.push_back(request.target);
                    number = requests_.size();
                  }
                  handler(number, request, response);
                });
    thread_ = std::thread([this] { server_.listen_after_bind(); });
    server_.set_keep_alive_timeout(1);
    while (!server_.is_running()) std::this_thread::yield();
  }

  [[nodiscard]] std::string url(const std::string& path = "/") const {
    return "http://127.0.0.1:" + std::to_string(port_) + path;
  }
  [[nodiscard]] std::vector<std::string> requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }

 private:
  httplib::Server server_;
  int port_;
  mutable std::mutex mutex_;
  std::vector<std::string> requests_;
  std::thread thread_;
};

/// Promises more bytes than it sends, then hangs up.
inline void cut_short(httplib::Response& response, const std::string& whole, const char* type) {
  response.set_content_provider(whole.size() + 1000, type,
                                [whole](std::size_t offset, std::size_t, httplib::DataSink& sink) {
                                  if (offset > 0) return false;
                                  sink.write(whole.data(), whole.size());
                                  return true;
                                });
}

}  // namespace offprint::catalogue::test
