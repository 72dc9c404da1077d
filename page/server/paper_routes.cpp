// Papers: lists, one paper, search, trending, votes.
#include <array>
#include <chrono>

#include <fmt/format.h>

#include "offprint/core/date.hpp"
#include "page/server/describe.hpp"
#include "page/server/routes.hpp"

namespace offprint::page {
namespace {

constexpr std::array<std::string_view, 3> kStatuses = {"ready", "planned", "feed"};

catalogue::PaperRow paper_of(const catalogue::CatalogueStore& store, const std::string& text) {
  const auto key = parse_key(text);
  auto row = store.find(key);
  if (!row) throw HttpError(404, fmt::format("there is no paper '{}'", key));
  return *row;
}

Json text_or_null(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }

HttpReply papers(Services& s, HttpRequest& q) {
  constexpr std::array<std::string_view, 7> kKnown = {"date", "span", "category", "status", "order", "offset", "limit"};
  constexpr std::array<std::string_view, 4> kSpans = {"day", "week", "month", "all"};
  constexpr std::array<std::string_view, 2> kOrders = {"listed", "upvotes"};
  q.query.only(kKnown);
  const auto span = q.query.choice("span", "day", kSpans);
  catalogue::ListQuery list;
  list.category = q.query.text("category");
  list.status = q.query.choice("status", "", kStatuses);
  if (q.query.choice("order", "listed", kOrders) == "upvotes") list.order = catalogue::ListQuery::Order::kUpvotes;
  list.offset = static_cast<std::size_t>(q.query.whole("offset", 0, 0, 100'000'000));
  list.limit = static_cast<std::size_t>(q.query.whole("limit", 50, 1, 500));
  std::string date = q.query.text("date");
  if (!date.empty()) date = parse_day(date);
  const auto record = s.record.snapshot();
  return s.catalogue.with([&](catalogue::CatalogueStore& store) {
    std::string previous;
    std::string next;
    if (span == "all") {
      date.clear();
    } else {
      const auto days = store.days();  // newest first
      if (date.empty()) date = days.empty() ? today_utc() : days.front().name;
      const auto range = day_range(date, span);
      list.from = range.from;
      list.to = range.to;
      for (const auto& day : days) {
        if (day.name > list.to) next = day.name;
        if (day.name < list.from) {
          previous = day.name;
          break;
        }
      }
    }
    const auto page = store.list(list);
    Json found = Json::array();
    for (const auto& row : page.papers) found.push_back(paper_summary(s, *record, row, store, q.reader));
    return json_reply({{"papers", std::move(found)},
                       {"total", page.total},
                       {"date", text_or_null(date)},
                       {"from", text_or_null(list.from)},
                       {"to", text_or_null(list.to)},
                       {"previous", text_or_null(previous)},
                       {"next", text_or_null(next)}});
  });
}

Json fragments(const std::vector<catalogue::Fragment>& list) {
  Json j = Json::array();
  for (const auto& f : list) j.push_back({{"text", f.text}, {"hit", f.hit}});
  return j;
}

HttpReply search(Services& s, HttpRequest& q) {
  constexpr std::array<std::string_view, 5> kKnown = {"q", "category", "status", "offset", "limit"};
  q.query.only(kKnown);
  catalogue::SearchQuery query;
  query.text = q.query.text("q");
  query.category = q.query.text("category");
  query.status = q.query.choice("status", "", kStatuses);
  query.offset = static_cast<std::size_t>(q.query.whole("offset", 0, 0, 1'000'000));
  query.limit = static_cast<std::size_t>(q.query.whole("limit", 20, 1, 200));
  if (query.text.size() > 1000) throw InputError("the search is longer than 1000 bytes; use fewer words");
  const auto start = std::chrono::steady_clock::now();
  const auto result = s.search.search(query);
  const double took = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
  const auto record = s.record.snapshot();
  return s.catalogue.with([&](catalogue::CatalogueStore& store) {
    Json hits = Json::array();
    for (const auto& hit : result.hits) {
      const auto row = store.find(hit.key);
      if (!row) continue;
      hits.push_back({{"paper", paper_summary(s, *record, *row, store, q.reader)},
                      {"title", fragments(hit.title)},
                      {"snippet", fragments(hit.snippet)},
                      {"by_keyword", hit.by_keyword},
                      {"by_meaning", hit.by_meaning}});
    }
    return json_reply(
        {{"query", query.text}, {"total", result.total}, {"milliseconds", took}, {"hits", std::move(hits)}});
  });
}

HttpReply trending(Services& s, HttpRequest& q) {
  constexpr std::array<std::string_view, 1> kKnown = {"limit"};
  q.query.only(kKnown);
  const auto limit = static_cast<std::size_t>(q.query.whole("limit", 10, 1, 100));
  const auto record = s.record.snapshot();
  const auto changes = record->standing.for_trending();
  return s.catalogue.with([&](catalogue::CatalogueStore& store) {
    Json list = Json::array();
    for (const auto& t : catalogue::trending(store, changes, format_time(utc_now()), limit))
      list.push_back({{"paper", paper_summary(s, *record, t.paper, store, q.reader)},
                      {"score", t.score},
                      {"from_votes", t.from_votes},
                      {"from_verdicts", t.from_verdicts}});
    return json_reply(list);
  });
}

Json counts(const std::vector<catalogue::Count>& list, const char* name) {
  Json j = Json::array();
  for (const auto& count : list) j.push_back({{name, count.name}, {"papers", count.papers}});
  return j;
}

HttpReply vote(Services& s, HttpRequest& q) {
  s.vote_rate.demand(q.address, "votes");
  const auto body = q.json_body(4096);
  if (!body.contains("up") || !body["up"].is_boolean())
    throw InputError("a vote is {\"up\": true}, or {\"up\": false} to take it back");
  const bool up = body["up"].get<bool>();
  const std::string reader = q.reader.empty() ? random_hex(16) : q.reader;
  auto reply = s.catalogue.with([&](catalogue::CatalogueStore& store) {
    const auto row = paper_of(store, q.arguments.at(0));
    const int local = store.vote(row.key, reader, up);
    return json_reply({{"upvotes", row.imported_upvotes + local}, {"voted", store.voted(row.key, reader)}});
  });
  constexpr long kYear = 365L * 24 * 3600;
  return reply.with("Set-Cookie", s.access.set_cookie("offprint_reader", reader, "Lax", kYear));
}

}  // namespace

void add_paper_routes(Router& router, Services& s) {
  router.add("GET", "/api/v1/papers", Guard::kToken, [&s](HttpRequest& q) { return papers(s, q); });
  router.add("GET", "/api/v1/days", Guard::kToken, [&s](HttpRequest&) {
    return s.catalogue.with([](catalogue::CatalogueStore& store) { return json_reply(counts(store.days(), "date")); });
  });
  router.add("GET", "/api/v1/categories", Guard::kToken, [&s](HttpRequest&) {
    return s.catalogue.with(
        [](catalogue::CatalogueStore& store) { return json_reply(counts(store.categories(), "name")); });
  });
  router.add("GET", "/api/v1/trending", Guard::kToken, [&s](HttpRequest& q) { return trending(s, q); });
  router.add("GET", "/api/v1/search", Guard::kToken, [&s](HttpRequest& q) { return search(s, q); });
  router.add("GET", "/api/v1/papers/{key}", Guard::kToken, [&s](HttpRequest& q) {
    const auto record = s.record.snapshot();
    return s.catalogue.with([&](catalogue::CatalogueStore& store) {
      return json_reply(whole_paper(s, *record, paper_of(store, q.arguments.at(0)), store, q.reader));
    });
  });
  router.add("GET", "/api/v1/papers/{key}/related", Guard::kToken, [&s](HttpRequest& q) {
    constexpr std::array<std::string_view, 1> kKnown = {"n"};
    q.query.only(kKnown);
    const auto n = static_cast<std::size_t>(q.query.whole("n", 6, 1, 50));
    const auto record = s.record.snapshot();
    return s.catalogue.with([&](catalogue::CatalogueStore& store) {
      const auto row = paper_of(store, q.arguments.at(0));
      Json list = Json::array();
      for (const auto& hit : s.search.related(row.key, n))
        if (const auto other = store.find(hit.key)) list.push_back(paper_summary(s, *record, *other, store, q.reader));
      return json_reply(list);
    });
  });
  router.add("POST", "/api/v1/papers/{key}/vote", Guard::kToken, [&s](HttpRequest& q) { return vote(s, q); });
}

}  // namespace offprint::page
