// Sessions are random ids kept in memory, hashed; restarting the server signs everybody out.
#include "page/server/access.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <sys/random.h>

#include "offprint/core/sha256.hpp"

namespace offprint::page {
namespace {

constexpr std::size_t kMostAddresses = 10000;
constexpr std::size_t kMostSessions = 10000;
constexpr std::chrono::hours kSession{24 * 30};
constexpr std::string_view kSessionCookie = "offprint_session";

/// The /64 of an IPv6 address (one household), an IPv4 address as it is.
std::string counted_address(const std::string& address) {
  in6_addr parsed{};
  if (inet_pton(AF_INET6, address.c_str(), &parsed) != 1) return address;
  std::string prefix;
  for (int i = 0; i < 8; ++i) prefix += fmt::format("{:02x}", parsed.s6_addr[i]);
  return prefix;
}

bool is_ip_address(std::string host) {
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  std::array<unsigned char, sizeof(in6_addr)> parsed{};
  return inet_pton(AF_INET, host.c_str(), parsed.data()) == 1 || inet_pton(AF_INET6, host.c_str(), parsed.data()) == 1;
}

}  // namespace

bool equal_in_constant_time(std::string_view given, std::string_view expected) {
  unsigned difference = given.size() == expected.size() ? 0 : 1;
  for (std::size_t i = 0; i < given.size(); ++i) {
    const unsigned a = static_cast<unsigned char>(given[i]);
    const unsigned b = expected.empty() ? 0 : static_cast<unsigned char>(expected[i % expected.size()]);
    difference |= a ^ b;
  }
  return difference == 0;
}

std::string random_hex(std::size_t bytes) {
  std::string raw(bytes, '\0');
  for (std::size_t at = 0; at < bytes;) {
    const auto n = getrandom(raw.data() + at, bytes - at, 0);
    if (n > 0) at += static_cast<std::size_t>(n);
  }
  std::string text;
  for (const char c : raw) text += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return text;
}

int RateLimit::take(const std::string& address, Clock::time_point now) {
  const std::lock_guard lock(mutex_);
  const auto key = counted_address(address);
  if (buckets_.size() >= kMostAddresses && !buckets_.contains(key)) {
    // full buckets say nothing; when there is none, the one that was used longest ago goes
    std::erase_if(buckets_, [&](const auto& entry) {
      return entry.second.tokens + per_second_ * std::chrono::duration<double>(now - entry.second.at).count() >= burst_;
    });
    if (buckets_.size() >= kMostAddresses)
      buckets_.erase(std::min_element(buckets_.begin(), buckets_.end(),
                                      [](const auto& a, const auto& b) { return a.second.at < b.second.at; }));
  }
  auto& bucket = buckets_.try_emplace(key, Bucket{burst_, now}).first->second;
  bucket.tokens =
      std::min(burst_, bucket.tokens + per_second_ * std::chrono::duration<double>(now - bucket.at).count());
  bucket.at = now;
  if (bucket.tokens < 1.0) return std::max(1, static_cast<int>(std::ceil((1.0 - bucket.tokens) / per_second_)));
  bucket.tokens -= 1.0;
  return 0;
}

void RateLimit::demand(const std::string& address, std::string_view what) {
  if (const int wait = take(address); wait > 0)
    throw HttpError(429, fmt::format("too many {} from this address; try again in {} s", what, wait), wait);
}

void Access::check_host(const HttpRequest& request) const {
  const auto host = host_name(request.header("Host"));
  if (!host.empty() && (settings_.hosts.contains(host) || (settings_.any_address && is_ip_address(host)))) return;
  throw HttpError(403, fmt::format("the page is not addressed as '{}'; the server's --host NAME would allow it", host));
}

void Access::check_origin(const HttpRequest& request) {
  const auto origin = request.header("Origin");
  const auto refuse = [] {
    return HttpError(403, "this request comes from another site's page; only the page's own may change anything");
  };
  const auto site = request.header("Sec-Fetch-Site");
  // our Referrer-Policy makes browsers send "null" with a form; where that form lies only the browser can say
  if (origin == "null" && site == "same-origin") return;
  if (!origin.empty()) {
    const std::string host(request.header("Host"));
    if (origin != "http://" + host && origin != "https://" + host) throw refuse();
    return;
  }
  if (!site.empty() && site != "same-origin" && site != "none") throw refuse();
}

bool Access::has_session(const HttpRequest& request) {
  const auto id = cookie(request.header("Cookie"), kSessionCookie);
  if (id.empty()) return false;
  const std::lock_guard lock(mutex_);
  const auto at = sessions_.find(sha256(id));
  return at != sessions_.end() && at->second > std::chrono::steady_clock::now();
}

bool Access::signed_in(const HttpRequest& request) {
  if (!token_needed()) return true;
  const auto authorization = request.header("Authorization");
  if (authorization.starts_with("Bearer ")) {
    if (equal_in_constant_time(authorization.substr(7), settings_.token)) return true;
    attempts_.demand(request.address, "wrong tokens");
    return false;
  }
  return has_session(request);
}

std::string Access::set_cookie(std::string_view name, std::string_view value, std::string_view same_site,
                               long seconds) const {
  return fmt::format("{}={}; Path=/; HttpOnly; SameSite={}; Max-Age={}{}", name, value, same_site, seconds,
                     settings_.secure_cookies ? "; Secure" : "");
}

std::string Access::sign_in(const HttpRequest& request, std::string_view token) {
  attempts_.demand(request.address, "sign-ins");
  if (token_needed() && !equal_in_constant_time(token, settings_.token))
    throw HttpError(403,
                    "that is not the page's access token; it is in the file that 'offprint serve --token-file' names");
  const auto id = random_hex(32);
  const auto now = std::chrono::steady_clock::now();
  const std::lock_guard lock(mutex_);
  std::erase_if(sessions_, [&](const auto& session) { return session.second <= now; });
  if (sessions_.size() >= kMostSessions)
    sessions_.erase(std::min_element(sessions_.begin(), sessions_.end(),
                                     [](const auto& a, const auto& b) { return a.second < b.second; }));
  sessions_[sha256(id)] = now + kSession;
  return set_cookie(kSessionCookie, id, "Strict", std::chrono::seconds(kSession).count());
}

std::string Access::sign_out(const HttpRequest& request) {
  const auto id = cookie(request.header("Cookie"), kSessionCookie);
  const std::lock_guard lock(mutex_);
  sessions_.erase(sha256(id));
  return set_cookie(kSessionCookie, "", "Strict", 0);
}

}  // namespace offprint::page
