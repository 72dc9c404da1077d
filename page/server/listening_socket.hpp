// The socket that the page listens on: bound before anything else is set up, so that the port is known to what needs
// it.
#pragma once

#include <string>
#include <utility>

#include "page/server/file_descriptor.hpp"

namespace offprint::page {

class ListeningSocket {
 public:
  /// Binds and listens; port 0 takes a free one. Throws InputError when the address is not one of this machine's or the
  /// port is taken.
  ListeningSocket(const std::string& address, int port);
  [[nodiscard]] int port() const { return port_; }
  [[nodiscard]] FileDescriptor give_away() { return std::move(socket_); }

 private:
  FileDescriptor socket_;
  int port_ = 0;
};

}  // namespace offprint::page
