// One request and its reply on a connection: the only place where the HTTP library's types meet the page's.
#pragma once

#include <optional>
#include <string>

#include <httplib.h>

#include "page/server/connection.hpp"
#include "page/server/listener.hpp"

namespace offprint::page {

/// The library's protocol code without its sockets, threads and routing. Routing is ours because its own matches a
/// regular expression against the whole address, recursing once a character.
class Exchange final : private httplib::Server {
 public:
  Exchange(Connection& connection, const HttpHandler& handler, const HeaderList& headers);

  enum class Outcome { kNext, kClose, kStream };
  /// Reads one request and answers it. kStream: the reply's head is sent and `reply()` says what follows.
  Outcome one(bool last);
  [[nodiscard]] HttpReply& reply() { return reply_; }

 private:
  void prepare(httplib::Request& request);
  void answer(const httplib::Request& request, httplib::Response& response, const httplib::ContentReader* content);
  void fill(httplib::Response& response);

  Connection& connection_;
  const HttpHandler& handler_;
  HttpRequest request_;
  std::optional<std::string> refusal_;
  HttpReply reply_;
  bool prepared_ = false;
  bool chunked_ = false;
  bool body_left_ = false;
};

}  // namespace offprint::page
