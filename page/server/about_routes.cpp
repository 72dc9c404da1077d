// What the server is, its description, signing in, the edition.
#include <algorithm>
#include <fstream>
#include <sstream>

#include "offprint/core/build_info.hpp"
#include "page/server/routes.hpp"

namespace offprint::page {
namespace {

HttpReply health(Services& s) {
  const auto build = build_info();
  const auto papers = s.catalogue.with([](catalogue::CatalogueStore& store) {
    catalogue::ListQuery one;
    one.limit = 1;
    return store.list(one).total;
  });
  // who has not signed in learns that the page is there, and not what lies on the machine
  Json folders = Json::array();
  for (const auto& folder : s.folders.folders()) folders.push_back(folder.string());
  return json_reply(
      {{"status", "ok"},
       {"version", build.version},
       {"commit", build.commit},
       {"build_type", build.build_type},
       {"machine", machine_info()},
       {"papers", papers},
       {"runnable", std::count_if(s.cards.begin(), s.cards.end(), [](const Card& c) { return c.runnable; })},
       {"mail", s.mail.set_up()},
       {"token_needed", s.access.token_needed()},
       {"uploads_limit_bytes", s.settings.upload_limit},
       {"allowed_folders", std::move(folders)}});
}

HttpReply edition(HttpRequest& q, const std::filesystem::path& file) {
  auto reply = file_reply(q, file, "text/html; charset=utf-8", "private, no-cache");
  // it carries its scripts and styles with it and needs nothing else; the figures' grammar is compiled to functions
  return reply.with("Content-Security-Policy",
                    "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'; "
                    "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox "
                    "allow-scripts allow-popups allow-modals");
}

}  // namespace

void add_about_routes(Router& router, Services& s) {
  router.add("GET", "/api/v1/health", Guard::kPublic, [&s](HttpRequest& q) {
    auto reply = health(s);
    if (!s.access.token_needed() || q.session) return reply;
    auto json = Json::parse(reply.body);
    json["machine"] = Json::object();
    json["allowed_folders"] = Json::array();
    return json_reply(json);
  });
  router.add("GET", "/api/v1/openapi.json", Guard::kPublic, [&s](HttpRequest& q) {
    const auto file = s.settings.share / "openapi.json";
    if (!std::filesystem::exists(file))
      throw HttpError(404,
                      "the description of the interface is missing from this installation; rebuild with ./offprint");
    return file_reply(q, file, "application/json", "no-cache");
  });
  router.add("POST", "/api/v1/session", Guard::kPublic, [&s](HttpRequest& q) {
    const auto body = q.json_body(4096);
    if (!body.contains("token") || !body["token"].is_string()) throw InputError("signing in is {\"token\": \"...\"}");
    return text_reply("", "", 204).with("Set-Cookie", s.access.sign_in(q, body["token"].get<std::string>()));
  });
  router.add("DELETE", "/api/v1/session", Guard::kPublic,
             [&s](HttpRequest& q) { return text_reply("", "", 204).with("Set-Cookie", s.access.sign_out(q)); });
  router.add("GET", "/edition", Guard::kToken,
             [&s](HttpRequest& q) { return edition(q, s.editions.today(s.record.snapshot()->revision)); });
  router.add("GET", "/edition/{date}", Guard::kToken, [&s](HttpRequest& q) {
    return edition(q, s.editions.of_day(parse_day(q.arguments.at(0)), s.record.snapshot()->revision));
  });
}

}  // namespace offprint::page
