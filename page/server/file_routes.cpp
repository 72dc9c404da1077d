// Uploads and the allowed folders.
#include <array>

#include "page/server/routes.hpp"

namespace offprint::page {

void add_file_routes(Router& router, Services& s) {
  router.add("POST", "/api/v1/uploads", Guard::kToken, [&s](HttpRequest& q) {
    constexpr std::array<std::string_view, 1> kKnown = {"name"};
    q.query.only(kKnown);
    s.upload_rate.demand(q.address, "uploads");
    s.uploads.expire([&s](const std::string& path) { return s.jobs.uses_file(path); });
    return json_reply(s.uploads.receive(q, q.query.text("name", "upload")), 201);
  });
  router.add("GET", "/api/v1/uploads", Guard::kToken, [&s](HttpRequest&) { return json_reply(s.uploads.list()); });
  router.add("DELETE", "/api/v1/uploads/{id}", Guard::kToken, [&s](HttpRequest& q) {
    s.uploads.remove(q.arguments.at(0));
    return text_reply("", "", 204);
  });
  router.add("GET", "/api/v1/files", Guard::kToken, [&s](HttpRequest& q) {
    constexpr std::array<std::string_view, 1> kKnown = {"folder"};
    q.query.only(kKnown);
    return json_reply(s.folders.listing(q.query.text("folder")));
  });
}

}  // namespace offprint::page
