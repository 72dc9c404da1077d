// Jobs and their event streams.
#include <array>
#include <charconv>
#include <fstream>

#include <fmt/format.h>

#include "page/server/routes.hpp"

namespace offprint::page {
namespace {

constexpr std::int64_t kLogPiece = 1 << 20;

HttpReply start(Services& s, HttpRequest& q) {
  auto request = parse_job_request(q.json_body(256U << 10U));
  const Card* card = s.card(request.paper);
  if (card == nullptr) {
    std::vector<std::string> slugs;
    for (const auto& c : s.cards) slugs.push_back(c.slug);
    throw InputError(
        fmt::format("there is no paper '{}' that runs here{}", request.paper, suggestion(request.paper, slugs)));
  }
  check_against_card(request, *card,
                     [&](const std::string& value) { return resolve_path_option(value, s.folders, s.uploads); });
  s.job_rate.demand(q.address, "runs started");  // last: a form with a mistake in it costs nothing
  return json_reply(s.jobs.add(request), 202);
}

std::uint64_t last_event(const HttpRequest& q) {
  const auto text = q.header("Last-Event-ID");
  std::uint64_t id = 0;
  std::from_chars(text.data(), text.data() + text.size(), id);
  return id;
}

HttpReply stream(Services& s, std::shared_ptr<EventChannel> channel, std::uint64_t after) {
  if (s.hub.full()) throw HttpError(503, "too many pages listen for events already; try again later", 30);
  HttpReply reply;
  reply.type = "text/event-stream";
  reply.channel = std::move(channel);
  reply.events_after = after;
  reply.events_first = "retry: 3000\n\n";
  // proxies shall hand events on as they come
  return reply.with("Cache-Control", "no-store").with("X-Accel-Buffering", "no");
}

HttpReply log(Services& s, HttpRequest& q) {
  constexpr std::array<std::string_view, 1> kKnown = {"from"};
  q.query.only(kKnown);
  const auto id = parse_id(q.arguments.at(0), "job");
  static_cast<void>(s.jobs.job(id));
  const auto from = q.query.whole("from", 0, 0, INT64_MAX);
  std::string text;
  if (std::ifstream in(s.jobs.log_file(id), std::ios::binary); in) {
    in.seekg(0, std::ios::end);
    const std::int64_t size = in.tellg();
    in.seekg(std::min(from, size));
    text.resize(static_cast<std::size_t>(std::min(size - std::min(from, size), kLogPiece)));
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
  }
  auto reply = text_reply(std::move(text), "text/plain; charset=utf-8");
  return reply.with("Cache-Control", "no-store");
}

}  // namespace

void add_job_routes(Router& router, Services& s) {
  router.add("POST", "/api/v1/jobs", Guard::kToken, [&s](HttpRequest& q) { return start(s, q); });
  router.add("GET", "/api/v1/jobs", Guard::kToken, [&s](HttpRequest& q) {
    constexpr std::array<std::string_view, 1> kKnown = {"state"};
    constexpr std::array<std::string_view, 6> kStates = {"queued", "running",   "finished",
                                                         "failed", "cancelled", "interrupted"};
    q.query.only(kKnown);
    return json_reply(s.jobs.list(q.query.choice("state", "", kStates)));
  });
  router.add("GET", "/api/v1/jobs/{id}", Guard::kToken,
             [&s](HttpRequest& q) { return json_reply(s.jobs.job(parse_id(q.arguments.at(0), "job"))); });
  router.add("POST", "/api/v1/jobs/{id}/cancel", Guard::kToken,
             [&s](HttpRequest& q) { return json_reply(s.jobs.cancel(parse_id(q.arguments.at(0), "job"))); });
  router.add("POST", "/api/v1/jobs/{id}/resume", Guard::kToken, [&s](HttpRequest& q) {
    const auto id = parse_id(q.arguments.at(0), "job");
    s.job_rate.demand(q.address, "runs started");
    return json_reply(s.jobs.resume(id));
  });
  router.add("GET", "/api/v1/jobs/{id}/log", Guard::kToken, [&s](HttpRequest& q) { return log(s, q); });
  router.add("GET", "/api/v1/jobs/{id}/events", Guard::kToken, [&s](HttpRequest& q) {
    auto channel = s.jobs.events(parse_id(q.arguments.at(0), "job"));
    const auto after = last_event(q);
    // 204 tells an EventSource that has seen the end to stop coming back
    if (channel->closed() && after >= channel->last()) return text_reply("", "", 204);
    return stream(s, std::move(channel), after);
  });
  router.add("GET", "/api/v1/events", Guard::kToken, [&s](HttpRequest& q) {
    auto channel = s.jobs.site_events();
    // who comes anew wants what happens from now on; who comes back, what was missed
    const auto after = last_event(q);
    const auto from = after != 0 ? after : channel->last();
    return stream(s, std::move(channel), from);
  });
}

}  // namespace offprint::page
