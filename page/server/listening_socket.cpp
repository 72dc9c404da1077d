// Binding, with a sentence for each way it fails.
#include "page/server/listening_socket.hpp"

#include <cerrno>
#include <cstring>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netdb.h>
#include <sys/socket.h>

#include "offprint/core/error.hpp"

namespace offprint::page {
namespace {

constexpr int kBacklog = 1024;

struct AddressList {
  addrinfo* first = nullptr;
  AddressList() = default;
  AddressList(const AddressList&) = delete;
  AddressList& operator=(const AddressList&) = delete;
  ~AddressList() {
    if (first != nullptr) freeaddrinfo(first);
  }
};

FileDescriptor bound(const std::string& address, int port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  AddressList list;
  std::string host = address;
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (const int error = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &list.first); error != 0)
    throw InputError(
        fmt::format("--listen {}: that is not an address of this machine ({}); 127.0.0.1 serves this machine "
                    "only, 0.0.0.0 every network it is in",
                    address, gai_strerror(error)));
  int problem = 0;
  for (const addrinfo* a = list.first; a != nullptr; a = a->ai_next) {
    FileDescriptor fd(::socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, a->ai_protocol));
    const int on = 1;
    setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (fd && bind(fd.get(), a->ai_addr, a->ai_addrlen) == 0 && listen(fd.get(), kBacklog) == 0) return fd;
    problem = errno;
  }
  if (problem == EADDRINUSE)
    throw InputError(
        fmt::format("port {} is in use: another 'offprint serve' may be running; choose another with --port N, "
                    "or --port 0 for any free one",
                    port));
  if (problem == EACCES)
    throw InputError(fmt::format("port {} may not be opened by this user; choose one above 1023 with --port N", port));
  throw InputError(fmt::format("--listen {} --port {} cannot be opened: {}", address, port, std::strerror(problem)));
}

}  // namespace

ListeningSocket::ListeningSocket(const std::string& address, int port) : socket_(bound(address, port)) {
  sockaddr_storage own{};
  socklen_t size = sizeof own;
  getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&own), &size);
  port_ = ntohs(own.ss_family == AF_INET ? reinterpret_cast<const sockaddr_in&>(own).sin_port
                                         : reinterpret_cast<const sockaddr_in6&>(own).sin6_port);
}

}  // namespace offprint::page
