// poll with deadlines around a non-blocking socket.
#include "page/server/connection.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <poll.h>
#include <sys/socket.h>

namespace offprint::page {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

milliseconds left(Clock::time_point deadline) {
  return std::max(std::chrono::duration_cast<milliseconds>(deadline - Clock::now()), milliseconds(0));
}

}  // namespace

bool Connection::ready(short events, milliseconds wait) const {
  const auto deadline = Clock::now() + wait;
  for (;;) {
    pollfd fd{socket_.get(), events, 0};
    const int n = poll(&fd, 1, static_cast<int>(left(deadline).count()));
    if (n > 0) return true;
    if (n == 0 || errno != EINTR) return false;
  }
}

ssize_t Connection::fill() {
  const auto n = recv(socket_.get(), buffer_.data(), buffer_.size(), 0);
  at_ = 0;
  end_ = n > 0 ? static_cast<std::size_t>(n) : 0;
  return n;
}

bool Connection::wait_for_request(const std::function<bool()>& give_way) {
  in_head_ = true;
  head_left_ = limits_.head_bytes;
  const auto deadline = Clock::now() + limits_.idle;
  while (at_ == end_) {
    const auto wait = std::min(left(deadline), milliseconds(100));
    if (ready(POLLIN, wait)) {
      if (fill() <= 0) return false;
    } else if (wait == milliseconds(0) || give_way()) {
      return false;
    }
  }
  head_deadline_ = Clock::now() + limits_.head;
  return true;
}

void Connection::linger() {
  if (!socket_) return;
  shutdown(socket_.get(), SHUT_WR);
  const auto deadline = Clock::now() + milliseconds(500);
  for (std::size_t taken = 0; taken < (4U << 20U) && ready(POLLIN, left(deadline));) {
    const auto n = fill();
    if (n <= 0) break;
    taken += static_cast<std::size_t>(n);
  }
  socket_.reset();
}

bool Connection::is_readable() const { return at_ < end_ || ready(POLLIN, limits_.silence); }
bool Connection::is_writable() const { return ready(POLLOUT, limits_.silence); }

ssize_t Connection::read(char* ptr, size_t size) {
  if (at_ == end_) {
    const auto wait = in_head_ ? std::min(left(head_deadline_), limits_.silence) : limits_.silence;
    if (!ready(POLLIN, wait)) return -1;
    const auto n = fill();
    if (n <= 0) return n;
  }
  auto take = std::min(size, end_ - at_);
  if (in_head_) {
    if (head_left_ == 0) return -1;
    take = std::min(take, head_left_);
    head_left_ -= take;
  }
  std::memcpy(ptr, buffer_.data() + at_, take);
  at_ += take;
  return static_cast<ssize_t>(take);
}

ssize_t Connection::write(const char* ptr, size_t size) {
  for (;;) {
    const auto n = send(socket_.get(), ptr, size, MSG_NOSIGNAL);
    if (n >= 0) return n;
    if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) return -1;
    if (errno != EINTR && !ready(POLLOUT, limits_.silence)) return -1;
  }
}

void Connection::get_remote_ip_and_port(std::string& ip, int& port) const {
  ip = address_;
  port = 0;
}

void Connection::get_local_ip_and_port(std::string& ip, int& port) const {
  ip.clear();
  port = 0;
}

}  // namespace offprint::page
