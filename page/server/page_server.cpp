// Host, then origin, then token, then the route; GETs of the catalogue and the record come from a cache while neither
// has changed.
#include "page/server/page_server.hpp"

#include <algorithm>
#include <array>
#include <ctime>

#include <fmt/format.h>

#include "offprint/core/sha256.hpp"
#include "page/server/routes.hpp"

namespace offprint::page {
namespace {

constexpr std::size_t kMostReplies = 1000;
constexpr std::size_t kMostBytes = 64U << 20U;
constexpr std::string_view kPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Addresses whose answers follow from the catalogue, the record and the reader's votes alone.
constexpr std::array<std::string_view, 9> kCached = {
    "/api/v1/papers",   "/api/v1/days",         "/api/v1/categories",
    "/api/v1/trending", "/api/v1/papers/{key}", "/api/v1/papers/{key}/related",
    "/api/v1/search",   "/feeds/papers.atom",   "/feeds/papers.json"};

HeaderList common_headers() {
  return {{"Content-Security-Policy", std::string(kPolicy)},
          {"X-Content-Type-Options", "nosniff"},
          {"Referrer-Policy", "no-referrer"},
          {"Cross-Origin-Opener-Policy", "same-origin"},
          {"Cross-Origin-Resource-Policy", "same-origin"}};
}

bool changes_something(const std::string& method) { return method != "GET" && method != "HEAD"; }

bool is_reader_id(std::string_view id) {
  return id.size() == 32 &&
         std::all_of(id.begin(), id.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

}  // namespace

std::shared_ptr<const HttpReply> ReplyCache::find(const std::string& key) {
  const std::lock_guard lock(mutex_);
  const auto at = replies_.find(key);
  return at != replies_.end() ? at->second : nullptr;
}

void ReplyCache::keep(const std::string& key, std::shared_ptr<const HttpReply> reply) {
  const std::lock_guard lock(mutex_);
  if (replies_.size() >= kMostReplies || bytes_ + reply->body.size() > kMostBytes) {
    replies_.clear();  // most are of an earlier revision
    bytes_ = 0;
  }
  bytes_ += reply->body.size();
  replies_[key] = std::move(reply);
}

PageServer::PageServer(const PageSettings& settings, ListeningSocket socket, const ConnectionLimits& limits)
    : services_(settings, hub_),
      boot_(random_hex(8)),
      listener_(
          std::move(socket), {.headers = common_headers(), .limits = limits},
          [this](HttpRequest& request) { return handle(request); }, hub_) {
  add_about_routes(router_, services_);
  add_paper_routes(router_, services_);
  add_run_routes(router_, services_);
  add_job_routes(router_, services_);
  add_file_routes(router_, services_);
  add_mail_routes(router_, services_);
}

PageServer::~PageServer() { stop(); }

void PageServer::start() {
  watcher_ = std::thread([this] { watch(); });
  listener_.start();
}

void PageServer::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    stopped_.notify_all();
  }
  if (watcher_.joinable()) watcher_.join();
  listener_.stop();
  services_.jobs.stop();
  hub_.stop();
}

/// Tells the site's readers when there is something new, and forgets old uploads.
void PageServer::watch() {
  std::int64_t catalogue = -1;
  std::int64_t record = -1;
  auto next_expiry = std::chrono::steady_clock::now();
  std::unique_lock lock(mutex_);
  while (!stopped_.wait_for(lock, std::chrono::seconds(1), [this] { return stopping_; })) {
    lock.unlock();
    try {
      const auto c = services_.catalogue.with([](catalogue::CatalogueStore& store) { return store.revision(); });
      const auto r = services_.record.snapshot()->revision;
      if (c != catalogue) services_.search.refresh();  // no reader should wait for a large catalogue
      if (catalogue >= 0 && (c != catalogue || r != record))
        services_.jobs.site_events()->publish("catalogue", Json{{"revision", c + r}}.dump());
      catalogue = c;
      record = r;
      if (std::chrono::steady_clock::now() > next_expiry) {
        next_expiry = std::chrono::steady_clock::now() + std::chrono::minutes(10);
        services_.uploads.expire([this](const std::string& path) { return services_.jobs.uses_file(path); });
      }
    } catch (
        const std::exception&) {  // a busy or full disk: the next second may be better, requests tell what is wrong
    }
    lock.lock();
  }
}

HttpReply PageServer::handle(HttpRequest& request) {
  try {
    return dispatch(request);
  } catch (...) {
    return reply_of(std::current_exception());
  }
}

HttpReply PageServer::dispatch(HttpRequest& request) {
  services_.access.check_host(request);
  const bool ours = request.segments.size() > 0 &&
                    (request.segments[0] == "api" || request.segments[0] == "feeds" || request.segments[0] == "assets");
  const Route* route = router_.find(request);
  if (route == nullptr || route->guard != Guard::kMail)
    if (changes_something(request.method)) Access::check_origin(request);
  if (route == nullptr) {
    if (changes_something(request.method))
      throw HttpError(404, "there is nothing at this address that could be changed");
    if (ours && request.segments[0] != "assets")
      throw HttpError(404, "the interface has no such address; /api/v1/openapi.json describes it");
    return services_.site.reply(request);
  }
  request.session = services_.access.token_needed() && services_.access.signed_in(request);
  if (route->guard == Guard::kToken && services_.access.token_needed() && !request.session)
    throw HttpError(401, "the page needs its access token here: sign in, or send 'Authorization: Bearer TOKEN'");
  if (const auto reader = cookie(request.header("Cookie"), "offprint_reader"); is_reader_id(reader))
    request.reader = reader;
  const bool can_cache =
      !changes_something(request.method) && std::find(kCached.begin(), kCached.end(), route->pattern) != kCached.end();
  if (can_cache) return cached(request, *route);
  auto reply = route->handler(request);
  if (std::none_of(reply.headers.begin(), reply.headers.end(),
                   [](const auto& h) { return h.first == "Cache-Control"; }))
    reply.with("Cache-Control", "no-store");
  return reply;
}

HttpReply PageServer::cached(HttpRequest& request, const Route& route) {
  const auto revision = services_.catalogue.with([](catalogue::CatalogueStore& store) { return store.revision(); });
  // some answers depend a little on the time (trending, data that came); none is older than a minute
  const auto key = fmt::format("{} {} {} {} {} {} {}", boot_, revision, services_.record.snapshot()->revision,
                               std::time(nullptr) / 60, request.reader, request.header("Host"), request.target);
  const auto etag = "\"" + sha256(key).substr(0, 24) + "\"";
  const auto finish = [&](HttpReply reply) {
    reply.with("ETag", etag).with("Cache-Control", "private, no-cache").with("Vary", "Cookie");
    return reply;
  };
  if (etag_matches(request.header("If-None-Match"), etag)) {
    HttpReply unchanged;
    unchanged.status = 304;
    return finish(std::move(unchanged));
  }
  if (const auto known = cache_.find(etag)) return finish(*known);
  const auto making = cache_.making(etag);
  if (const auto known = cache_.find(etag)) return finish(*known);
  auto reply = route.handler(request);
  if (reply.status != 200) return reply;
  if (reply.body.size() < (1U << 20U)) cache_.keep(etag, std::make_shared<const HttpReply>(reply));
  return finish(std::move(reply));
}

}  // namespace offprint::page
