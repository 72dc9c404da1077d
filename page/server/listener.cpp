// accept in one thread; each connection is served by a thread of the crew for as long as it has requests.
#include "page/server/listener.hpp"

#include <cerrno>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include "page/server/connection.hpp"
#include "page/server/exchange.hpp"

namespace offprint::page {
namespace {

std::string text_of(const sockaddr_storage& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (address.ss_family == AF_INET) {
    inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in&>(address).sin_addr, text.data(), text.size());
  } else {
    inet_ntop(AF_INET6, &reinterpret_cast<const sockaddr_in6&>(address).sin6_addr, text.data(), text.size());
  }
  return text.data();
}

}  // namespace

Listener::Listener(ListeningSocket socket, Settings settings, HttpHandler handler, EventHub& hub)
    : settings_(std::move(settings)),
      handler_(std::move(handler)),
      hub_(hub),
      port_(socket.port()),
      socket_(socket.give_away()),
      wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      crew_(settings_.threads) {}

Listener::~Listener() { stop(); }

void Listener::start() {
  accepting_ = std::thread([this] { accept_all(); });
}

void Listener::stop(std::chrono::milliseconds patience) {
  stopping_ = true;
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto n = write(wake_.get(), &one, sizeof one);
  if (accepting_.joinable()) accepting_.join();
  socket_.reset();
  const auto deadline = std::chrono::steady_clock::now() + patience;
  for (;;) {  // connections that wait for a next request see `stopping_` within 100 ms
    {
      const std::lock_guard lock(mutex_);
      if (sockets_.empty()) break;
      if (std::chrono::steady_clock::now() > deadline)
        for (const int fd : sockets_) shutdown(fd, SHUT_RDWR);
    }
    if (std::chrono::steady_clock::now() > deadline) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  crew_.stop();
}

void Listener::accept_all() {
  while (!stopping_) {
    std::array<pollfd, 2> fds{{{socket_.get(), POLLIN, 0}, {wake_.get(), POLLIN, 0}}};
    if (poll(fds.data(), fds.size(), -1) < 0 && errno != EINTR) break;
    if (stopping_) break;
    sockaddr_storage peer{};
    socklen_t size = sizeof peer;
    const int fd = accept4(socket_.get(), reinterpret_cast<sockaddr*>(&peer), &size, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) {
      // a peer that left before it was accepted, or no descriptor left just now: neither ends the server
      if (errno != EAGAIN && errno != EWOULDBLOCK && errno != ECONNABORTED && errno != EINTR)
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
      continue;
    }
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    auto held = std::make_shared<FileDescriptor>(fd);
    crew_.add([this, held, address = text_of(peer)] { serve(std::move(*held), address); });
  }
}

void Listener::serve(FileDescriptor socket, const std::string& address) {
  const int fd = socket.get();
  {
    const std::lock_guard lock(mutex_);
    sockets_.insert(fd);
  }
  const auto forget = [&] {
    const std::lock_guard lock(mutex_);
    sockets_.erase(fd);
  };
  Connection connection(std::move(socket), address, settings_.limits);
  Exchange exchange(connection, handler_, settings_.headers);
  const auto give_way = [this] { return stopping_.load() || crew_.pressed(); };
  while (connection.wait_for_request(give_way)) {
    const auto outcome = exchange.one(stopping_);
    if (outcome == Exchange::Outcome::kNext) continue;
    if (outcome == Exchange::Outcome::kStream && !stopping_) {
      forget();
      auto& reply = exchange.reply();
      hub_.add(connection.give_away(), reply.channel, reply.events_after, std::move(reply.events_first));
      return;
    }
    break;
  }
  forget();  // before the descriptor is closed: its number may be another connection's a moment later
  connection.linger();
}

}  // namespace offprint::page
