// Who may ask: the Host a request names, the page it comes from, the token, and how often.
#pragma once

#include <chrono>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <string_view>

#include "page/server/http_message.hpp"

namespace offprint::page {

/// Compares without telling by its time how much of `given` was right. O(|given|).
[[nodiscard]] bool equal_in_constant_time(std::string_view given, std::string_view expected);

/// `bytes` random bytes of the system as hexadecimal digits.
[[nodiscard]] std::string random_hex(std::size_t bytes);

/// A bucket of `burst` tokens per address that refills by `per_minute`. Keeps at most 10,000 addresses.
class RateLimit {
 public:
  using Clock = std::chrono::steady_clock;
  RateLimit(double burst, double per_minute) : burst_(burst), per_second_(per_minute / 60.0) {}
  /// Takes a token; 0 when there was one, otherwise the seconds until there is. IPv6 addresses count by their /64.
  [[nodiscard]] int take(const std::string& address, Clock::time_point now = Clock::now());
  /// Throws HttpError 429 when there is no token.
  void demand(const std::string& address, std::string_view what);

 private:
  struct Bucket {
    double tokens = 0.0;
    Clock::time_point at;
  };
  double burst_;
  double per_second_;
  std::mutex mutex_;
  std::map<std::string, Bucket> buckets_;
};

/// Sign-ins, Host and origin.
class Access {
 public:
  struct Settings {
    std::string token;            // "" : none is demanded
    std::set<std::string> hosts;  // lower case, without ports, by which the page may be addressed
    bool any_address = false;     // an IP address will do as Host: it cannot be rebound by DNS
    bool secure_cookies = false;  // the page is reached over https
  };
  explicit Access(Settings settings) : settings_(std::move(settings)) {}

  [[nodiscard]] bool token_needed() const { return !settings_.token.empty(); }
  /// Throws HttpError 403 when the Host is none of ours: a foreign name that resolves to this machine (DNS rebinding)
  /// would let its owner's scripts read the page.
  void check_host(const HttpRequest& request) const;
  /// Throws HttpError 403 when a changing request comes from another site's page.
  static void check_origin(const HttpRequest& request);
  /// Whether the request carries the token or a session. Counts wrong tokens against `attempts`.
  [[nodiscard]] bool signed_in(const HttpRequest& request);
  /// The Set-Cookie of a new session. Throws HttpError 403 for a wrong token, 429.
  [[nodiscard]] std::string sign_in(const HttpRequest& request, std::string_view token);
  /// Ends the session; the Set-Cookie that removes it.
  [[nodiscard]] std::string sign_out(const HttpRequest& request);
  /// "NAME=VALUE; HttpOnly; ..."
  [[nodiscard]] std::string set_cookie(std::string_view name, std::string_view value, std::string_view same_site,
                                       long seconds) const;

 private:
  [[nodiscard]] bool has_session(const HttpRequest& request);

  Settings settings_;
  RateLimit attempts_{10, 10};
  std::mutex mutex_;
  std::map<std::string, std::chrono::steady_clock::time_point> sessions_;  // hashed id -> until when
};

}  // namespace offprint::page
