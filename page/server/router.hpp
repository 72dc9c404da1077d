// Which function answers which address.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "page/server/http_message.hpp"

namespace offprint::page {

/// What an address demands of who asks.
enum class Guard {
  kToken,   // the access token, where one is set
  kPublic,  // nothing
  kMail,    // nothing, not even that it comes from our own page (a mail program's one-click request)
};

struct Route {
  std::string method;   // "GET" answers HEAD as well
  std::string pattern;  // "/api/v1/papers/{key}/vote"; a segment may be "{name}.svg"
  Guard guard = Guard::kToken;
  std::function<HttpReply(HttpRequest&)> handler;
};

class Router {
 public:
  void add(std::string method, std::string pattern, Guard guard, std::function<HttpReply(HttpRequest&)> handler);
  /// The route for the request, its arguments put into the request; null when no pattern fits. Throws HttpError 405
  /// when one fits with another method only.
  [[nodiscard]] const Route* find(HttpRequest& request) const;
  [[nodiscard]] const std::vector<Route>& routes() const { return routes_; }

 private:
  std::vector<Route> routes_;
  std::vector<std::vector<std::string>> patterns_;  // segments of each
};

}  // namespace offprint::page
