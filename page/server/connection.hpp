// One client's socket, as the HTTP library reads and writes it: buffered, with deadlines and a limit on what a
// request's head may hold.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <string>

#include <httplib.h>

#include "page/server/connection_limits.hpp"
#include "page/server/file_descriptor.hpp"

namespace offprint::page {

class Connection final : public httplib::Stream {
 public:
  Connection(FileDescriptor socket, std::string address, const ConnectionLimits& limits)
      : socket_(std::move(socket)), address_(std::move(address)), limits_(limits) {}

  /// Waits for the first byte of a request; false when none came, the peer left, or `give_way` said so.
  [[nodiscard]] bool wait_for_request(const std::function<bool()>& give_way);
  /// The head has been read: what follows is the body.
  void head_is_read() { in_head_ = false; }
  /// Ends politely: tells the peer that nothing follows, and takes in what it still sends for a moment, so that it gets
  /// to read the reply.
  void linger();
  [[nodiscard]] FileDescriptor give_away() { return std::move(socket_); }
  /// Bytes that arrived beyond what was asked for (they would be the next request).
  [[nodiscard]] bool holds_more() const { return at_ < end_; }
  [[nodiscard]] const std::string& address() const { return address_; }

  // httplib::Stream
  [[nodiscard]] bool is_readable() const override;
  [[nodiscard]] bool is_writable() const override;
  ssize_t read(char* ptr, size_t size) override;
  ssize_t write(const char* ptr, size_t size) override;
  void get_remote_ip_and_port(std::string& ip, int& port) const override;
  void get_local_ip_and_port(std::string& ip, int& port) const override;
  [[nodiscard]] socket_t socket() const override { return socket_.get(); }

 private:
  [[nodiscard]] bool ready(short events, std::chrono::milliseconds wait) const;
  ssize_t fill();

  FileDescriptor socket_;
  std::string address_;
  ConnectionLimits limits_;
  std::array<char, 16384> buffer_{};
  std::size_t at_ = 0;
  std::size_t end_ = 0;
  bool in_head_ = false;
  std::size_t head_left_ = 0;
  std::chrono::steady_clock::time_point head_deadline_;
};

}  // namespace offprint::page
