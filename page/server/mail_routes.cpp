// Subscriptions, and the feeds that the page gives out.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "page/server/routes.hpp"
#include "page/syndication/feeds.hpp"

namespace offprint::page {
namespace {

constexpr std::string_view kDeadLink =
    "This link has expired or was used before. If you still want the papers by mail, subscribe on the page again.";

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

/// A small page without scripts: a heading, a sentence, perhaps a button that posts the token to `action`.
HttpReply small_page(std::string_view title, std::string_view sentence, int status = 200, std::string_view action = "",
                     std::string_view button = "", std::string_view token = "") {
  std::string form;
  if (!action.empty())
    form = fmt::format(
        "<form method=\"post\" action=\"{}\"><input type=\"hidden\" name=\"token\" value=\"{}\">"
        "<button style=\"font: inherit; padding: .6rem 1.2rem\">{}</button></form>",
        escaped(action), escaped(token), escaped(button));
  auto reply = text_reply(
      fmt::format("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
                  "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
                  "<meta name=\"color-scheme\" content=\"light dark\"><meta name=\"robots\" content=\"noindex\">"
                  "<title>{0} · Offprint</title></head>"
                  "<body style=\"font: 1.05rem/1.5 system-ui, sans-serif; max-width: 36rem; margin: 3rem auto; "
                  "padding: 0 1rem\">"
                  "<main><h1>{0}</h1><p>{1}</p>{2}<p><a href=\"/\">The papers</a></p></main></body></html>\n",
                  escaped(title), escaped(sentence), form),
      "text/html; charset=utf-8", status);
  return reply.with("Cache-Control", "no-store");
}

/// The token from the address, else from the form. A mail program's one-click request has it in the address, and a body
/// of a kind that is none of our business.
std::string token_of(HttpRequest& q) {
  auto token = q.query.text("token");
  if (token.empty() && q.method == "POST") token = Query::parse(q.body(8192)).text("token");
  if (token.empty())
    throw InputError("the link is incomplete: its token is missing; copy the whole of it from the mail");
  return token;
}

HttpReply subscribe(Services& s, HttpRequest& q) {
  if (!s.mail.set_up()) throw HttpError(503, "this page sends no mail: it was started without --smtp");
  const auto body = q.json_body(16U << 10U);
  constexpr std::array<std::string_view, 4> kKnown = {"email", "frequency", "categories", "search"};
  for (const auto& [key, value] : body.items())
    if (std::find(kKnown.begin(), kKnown.end(), key) == kKnown.end())
      throw InputError("a subscription is {\"email\", \"frequency\", \"categories\", \"search\"}");
  const auto text = [&](const char* name, const char* fallback) {
    if (!body.contains(name)) return std::string(fallback);
    if (!body[name].is_string()) throw InputError(fmt::format("'{}' must be a text", name));
    return body[name].get<std::string>();
  };
  Wish wish;
  wish.frequency = parse_frequency(text("frequency", "daily"));
  wish.search = text("search", "");
  if (body.contains("categories")) {
    if (!body["categories"].is_array()) throw InputError("'categories' must be a list of texts");
    for (const auto& category : body["categories"]) {
      if (!category.is_string()) throw InputError("'categories' must be a list of texts");
      wish.categories.push_back(category.get<std::string>());
    }
  }
  s.subscribe_rate.demand(q.address, "requests to subscribe");
  s.mail.subscribe(text("email", ""), wish);
  return json_reply({{"message", kSubscribeAnswer}}, 202);
}

HttpReply ask_to_confirm(Services& s, HttpRequest& q) {
  const auto token = token_of(q);
  const auto request = s.mail.pending(token);
  if (!request) return small_page("This link is dead", kDeadLink, 404);
  return small_page(
      "Papers by mail",
      fmt::format("{} would get: {}. Nothing is sent before you confirm.", request->email, describe(request->wish)),
      200, "/subscriptions/confirm", "Subscribe", token);
}

HttpReply confirm(Services& s, HttpRequest& q) {
  const auto subscriber = s.mail.confirm(token_of(q));
  if (!subscriber) return small_page("This link is dead", kDeadLink, 404);
  return small_page("Subscribed", fmt::format("{} gets: {}. Every mail has a link that ends it.", subscriber->email,
                                              describe(subscriber->wish)));
}

HttpReply ask_to_unsubscribe(Services& s, HttpRequest& q) {
  const auto token = token_of(q);
  if (!s.mail.genuine_unsubscribe(token))
    return small_page("This link is damaged", "Copy the whole of it from the mail.", 404);
  const auto subscriber = s.mail.subscriber_of(token);
  if (!subscriber) return small_page("Unsubscribed", "This address gets no mail from here.");
  return small_page("Unsubscribe?", fmt::format("{} gets: {}.", subscriber->email, describe(subscriber->wish)), 200,
                    "/subscriptions/unsubscribe", "Unsubscribe", token);
}

HttpReply unsubscribe(Services& s, HttpRequest& q) {
  if (!s.mail.unsubscribe(token_of(q)))
    return small_page("This link is damaged", "Copy the whole of it from the mail.", 404);
  return small_page("Unsubscribed", "This address gets no more mail from here, and is forgotten.");
}

/// The page's address as the reader sees it.
std::string base_url(const Services& s, const HttpRequest& q) {
  return s.settings.base_url.empty() ? "http://" + std::string(q.header("Host")) : s.settings.base_url;
}

HttpReply feed(Services& s, HttpRequest& q, bool atom) {
  constexpr std::array<std::string_view, 3> kKnown = {"category", "status", "q"};
  constexpr std::array<std::string_view, 3> kStatuses = {"ready", "planned", "feed"};
  q.query.only(kKnown);
  const FeedPlace place{base_url(s, q),
                        {q.query.text("category"), q.query.choice("status", "", kStatuses), q.query.text("q")}};
  const auto record = s.record.snapshot();
  const auto papers = s.catalogue.with([&](catalogue::CatalogueStore& store) {
    return feed_papers(store, place.query, [&](const catalogue::SearchQuery& query) { return s.search.search(query); });
  });
  std::vector<FeedEntry> entries;
  for (const auto& row : papers) {
    const auto counts = record->standing.counts.find(row.slug);
    entries.push_back({row, counts != record->standing.counts.end() ? std::optional(counts->second) : std::nullopt});
  }
  return atom ? text_reply(atom_feed(place, entries), kAtomType) : text_reply(json_feed(place, entries), kJsonFeedType);
}

}  // namespace

void add_mail_routes(Router& router, Services& s) {
  router.add("POST", "/api/v1/subscriptions", Guard::kPublic, [&s](HttpRequest& q) { return subscribe(s, q); });
  router.add("GET", "/subscriptions/confirm", Guard::kPublic, [&s](HttpRequest& q) { return ask_to_confirm(s, q); });
  router.add("POST", "/subscriptions/confirm", Guard::kPublic, [&s](HttpRequest& q) { return confirm(s, q); });
  router.add("GET", "/subscriptions/unsubscribe", Guard::kPublic,
             [&s](HttpRequest& q) { return ask_to_unsubscribe(s, q); });
  router.add("POST", "/subscriptions/unsubscribe", Guard::kMail, [&s](HttpRequest& q) { return unsubscribe(s, q); });
  router.add("GET", "/feeds/papers.atom", Guard::kToken, [&s](HttpRequest& q) { return feed(s, q, true); });
  router.add("GET", "/feeds/papers.json", Guard::kToken, [&s](HttpRequest& q) { return feed(s, q, false); });
}

}  // namespace offprint::page
