// Every address of the description is asked on a live server, and the server has no other.
#include <map>
#include <set>
#include <span>

#include <arpa/inet.h>
#include <sys/socket.h>

#include "page/server/json_schema.hpp"
#include "page/server/server_fixture.hpp"

namespace offprint::page {
namespace {

using ApiTest = ServerTest;

Json description() {
  std::ifstream in(OFFPRINT_SOURCE_DIR "/page/server/openapi.json");
  return Json::parse(in);
}

/// One call for an address and a method: what is asked and which status that gives.
struct Call {
  std::string path{};
  int status = 200;
  std::string body{};
  std::string type = "application/json";
};

TEST_F(ApiTest, TheServerIsAsDescribed) {
  start();
  const auto run = std::to_string(record_run());
  const auto other = std::to_string(record_run(Verdict::kFallsShort, 0.5));
  const auto gone = std::to_string(record_run());
  server_->services().record.expire();
  const auto upload =
      Json::parse(client().Post("/api/v1/uploads?name=a.csv", "x,y\n1,2\n", "application/octet-stream")->body);
  const auto finished = wait_for(start_job(1), "finished").at("id").dump();
  const auto running = start_job(2);
  wait_for(running, "running");
  const auto cancelled = start_job(2);
  const auto body = [](const Json& json) { return json.dump(); };
  const std::string a = "/api/v1";
  const std::map<std::string, std::vector<Call>> calls = {
      {"get " + a + "/health", {{a + "/health"}}},
      {"get " + a + "/openapi.json", {{a + "/openapi.json"}}},
      {"post " + a + "/session",
       {{a + "/session", 204, R"({"token":"any: none is needed here"})"}, {a + "/session", 400, "{}"}}},
      {"delete " + a + "/session", {{a + "/session", 204}}},
      {"get " + a + "/papers",
       {{a + "/papers"},
        {a + "/papers?span=all&limit=500"},
        {a + "/papers?date=2024-07-10&span=month"},
        {a + "/papers?span=week&order=upvotes&status=ready"},
        {a + "/papers?date=yesterday", 400},
        {a + "/papers?span=year", 400},
        {a + "/papers?limit=501", 400},
        {a + "/papers?days=3", 400}}},
      {"get " + a + "/days", {{a + "/days"}}},
      {"get " + a + "/categories", {{a + "/categories"}}},
      {"get " + a + "/trending", {{a + "/trending?limit=5"}, {a + "/trending?limit=0", 400}}},
      {"get " + a + "/search",
       {{a + "/search?q=koopman"},
        {a + "/search?q="},
        {a + "/search?q=%22unbalanced"},
        {a + "/search?q=x&status=odd", 400}}},
      {"get " + a + "/papers/{key}",
       {{a + "/papers/sgd-stability"}, {a + "/papers/koopman"}, {a + "/papers/none", 404}, {a + "/papers/a%20b", 400}}},
      {"get " + a + "/papers/{key}/related", {{a + "/papers/koopman/related?n=3"}, {a + "/papers/none/related", 404}}},
      {"post " + a + "/papers/{key}/vote",
       {{a + "/papers/koopman/vote", 200, R"({"up":true})"},
        {a + "/papers/koopman/vote", 400, R"({"up":1})"},
        {a + "/papers/none/vote", 404, R"({"up":true})"}}},
      {"get " + a + "/runs",
       {{a + "/runs"},
        {a + "/runs?paper=sgd-stability&status=finished&limit=1&offset=1"},
        {a + "/runs?status=odd", 400}}},
      {"get " + a + "/runs/compare",
       {{a + "/runs/compare?a=" + run + "&b=" + other},
        {a + "/runs/compare?a=" + run + "&b=999", 404},
        {a + "/runs/compare", 400}}},
      {"get " + a + "/runs/{id}", {{a + "/runs/" + run}, {a + "/runs/999", 404}, {a + "/runs/x", 400}}},
      {"delete " + a + "/runs/{id}", {{a + "/runs/" + gone, 204}, {a + "/runs/999", 404}}},
      {"get " + a + "/runs/{id}/export.json",
       {{a + "/runs/" + run + "/export.json"}, {a + "/runs/999/export.json", 404}}},
      {"get " + a + "/runs/{id}/figures/{name}.vl.json",
       {{a + "/runs/" + run + "/figures/S1.line.vl.json"}, {a + "/runs/" + run + "/figures/none.vl.json", 404}}},
      {"get " + a + "/runs/{id}/figures/{name}.svg",
       {{a + "/runs/" + run + "/figures/S1.line.svg?theme=dark"},
        {a + "/runs/" + run + "/figures/S1.line.svg?theme=odd", 400}}},
      {"get " + a + "/runs/{id}/figures/{name}.png",
       {{a + "/runs/" + run + "/figures/S1.line.png"}, {a + "/runs/999/figures/S1.line.png", 404}}},
      {"get " + a + "/runs/{id}/figures/{name}.csv",
       {{a + "/runs/" + run + "/figures/S1.line.csv"}, {a + "/runs/" + run + "/figures/none.csv", 404}}},
      {"get " + a + "/runs/{id}/tables/{name}.csv",
       {{a + "/runs/" + run + "/tables/S1.rows.csv"}, {a + "/runs/" + run + "/tables/none.csv", 404}}},
      {"get " + a + "/runs/{id}/artifacts/{name}",
       {{a + "/runs/" + run + "/artifacts/model.bin"}, {a + "/runs/" + run + "/artifacts/none", 404}}},
      {"post " + a + "/jobs",
       {{a + "/jobs", 202, body({{"kind", "check"}, {"paper", "sgd-stability"}, {"seed", 1}})},
        {a + "/jobs", 400, body({{"kind", "check"}, {"paper", "sgd-stabilty"}})},
        {a + "/jobs", 400, body({{"kind", "check"}, {"paper", "sgd-stability"}, {"claims", {"Q9"}}})},
        {a + "/jobs", 400, body({{"kind", "run"}, {"paper", "sgd-stability"}, {"options", {{"learning-rat", 0.1}}}})},
        {a + "/jobs", 400, body({{"kind", "run"}, {"paper", "sgd-stability"}, {"options", {{"outputs", 0}}}})}}},
      {"get " + a + "/jobs", {{a + "/jobs"}, {a + "/jobs?state=running"}}},
      {"get " + a + "/jobs/{id}", {{a + "/jobs/" + finished}, {a + "/jobs/999", 404}}},
      {"post " + a + "/jobs/{id}/cancel",
       {{a + "/jobs/" + cancelled.at("id").dump() + "/cancel", 200, "{}"},
        {a + "/jobs/" + finished + "/cancel", 409, "{}"},
        {a + "/jobs/999/cancel", 404, "{}"}}},
      {"post " + a + "/jobs/{id}/resume",
       {{a + "/jobs/" + finished + "/resume", 409, "{}"}, {a + "/jobs/999/resume", 404, "{}"}}},
      {"get " + a + "/jobs/{id}/log", {{a + "/jobs/" + finished + "/log?from=0"}, {a + "/jobs/999/log", 404}}},
      {"get " + a + "/jobs/{id}/events", {{a + "/jobs/" + finished + "/events"}, {a + "/jobs/999/events", 404}}},
      {"get " + a + "/events", {{a + "/events"}}},
      {"post " + a + "/uploads",
       {{a + "/uploads?name=b.csv", 201, "1,2\n", "application/octet-stream"},
        {a + "/uploads?nam=b", 400, "x", "application/octet-stream"}}},
      {"get " + a + "/uploads", {{a + "/uploads"}}},
      {"delete " + a + "/uploads/{id}",
       {{a + "/uploads/" + upload.at("id").get<std::string>(), 204}, {a + "/uploads/0123456789abcdef", 404}}},
      {"get " + a + "/files", {{a + "/files"}, {a + "/files?folder=/", 400}}},
      {"get /edition", {{"/edition"}}},
      {"get /edition/{date}", {{"/edition/" + today_utc()}, {"/edition/1999-01-01", 404}, {"/edition/today", 400}}},
      {"get /feeds/papers.atom", {{"/feeds/papers.atom"}, {"/feeds/papers.atom?category=cs.LG&status=ready"}}},
      {"get /feeds/papers.json", {{"/feeds/papers.json"}, {"/feeds/papers.json?status=odd", 400}}},
      {"post " + a + "/subscriptions",
       {{a + "/subscriptions", 503, body({{"email", "ada@example.org"}, {"frequency", "daily"}})}}},
      {"get /subscriptions/confirm", {{"/subscriptions/confirm?token=abc", 404}, {"/subscriptions/confirm", 400}}},
      {"post /subscriptions/confirm",
       {{"/subscriptions/confirm", 404, "token=abc", "application/x-www-form-urlencoded"}}},
      {"get /subscriptions/unsubscribe", {{"/subscriptions/unsubscribe?token=a.0.b", 404}}},
      {"post /subscriptions/unsubscribe",
       {{"/subscriptions/unsubscribe?token=a.0.b", 404, "List-Unsubscribe=One-Click",
         "application/x-www-form-urlencoded"}}},
  };
  const Json api = description();
  std::set<std::string> described;
  for (const auto& [path, methods] : api.at("paths").items())
    for (const auto& [method, operation] : methods.items()) {
      const auto name = method + " " + path;
      described.insert(name);
      const auto at = calls.find(name);
      ASSERT_NE(at, calls.end()) << name << " is described and not tested";
      for (const auto& call : at->second) {
        auto c = client();
        std::string text;
        int status = 0;
        std::string type;
        if (path.ends_with("/events") && call.status == 200) {  // the first bytes of a stream are enough
          c.Get(
              call.path.c_str(), httplib::Headers{},
              [&](const httplib::Response& r) {
                status = r.status;
                type = r.get_header_value("Content-Type");
                return true;
              },
              [&](const char*, std::size_t) { return false; });
        } else {
          const auto r = method == "get"    ? c.Get(call.path.c_str())
                         : method == "post" ? c.Post(call.path.c_str(), call.body, call.type)
                                            : c.Delete(call.path.c_str());
          ASSERT_TRUE(r) << name;
          status = r->status;
          type = r->get_header_value("Content-Type");
          text = r->body;
        }
        EXPECT_EQ(status, call.status) << method << " " << call.path << ": " << text.substr(0, 300);
        const auto& responses = operation.at("responses");
        ASSERT_TRUE(responses.contains(std::to_string(status))) << name << " gives an undescribed " << status;
        const auto& response = responses.at(std::to_string(status));
        if (!response.contains("content")) {
          EXPECT_TRUE(text.empty()) << name;
          continue;
        }
        const auto& content = response.at("content");
        const auto plain = type.substr(0, type.find(';'));
        ASSERT_TRUE(content.contains(plain)) << name << " gives an undescribed " << type;
        if (plain == "application/json" || plain == "application/feed+json") {
          const auto json = Json::parse(text, nullptr, false);
          EXPECT_EQ(schema_mistake(json, content.at(plain).at("schema"), api), "") << method << " " << call.path;
        }
      }
    }
  std::set<std::string> routes;
  for (const auto& route : server_->router().routes()) {
    std::string method = route.method;
    for (char& c : method) c = static_cast<char>(std::tolower(c));
    routes.insert(method + " " + route.pattern);
  }
  EXPECT_EQ(routes, described) << "the server's routes and the description differ";
  post("/api/v1/jobs/" + running.at("id").dump() + "/cancel", Json::object());
}

TEST_F(ApiTest, PapersShowWhatTheRecordSays) {
  start();
  const auto first = record_run(Verdict::kHolds, 1.5);
  const auto second = record_run(Verdict::kFallsShort, 0.5);
  server_->services().record.expire();
  const auto paper = get("/api/v1/papers/sgd-stability");
  EXPECT_EQ(paper.at("status"), "ready");
  EXPECT_EQ(paper.at("verdicts").at("falls_short"), 1);
  EXPECT_EQ(paper.at("verdicts").at("holds"), 0);
  EXPECT_EQ(paper.at("verdicts").at("total"), paper.at("claims").size());
  EXPECT_EQ(paper.at("thumbnail"), "/api/v1/runs/" + std::to_string(second) + "/figures/S1.line.svg");
  EXPECT_EQ(client().Get(paper.at("thumbnail").get<std::string>().c_str())->status, 200);
  EXPECT_NE(paper.at("bibtex").get<std::string>().find("@article{sgd-stability,"), std::string::npos);
  EXPECT_NE(paper.at("install").get<std::string>().find("COMPONENTS landscape"), std::string::npos);
  EXPECT_TRUE(get("/api/v1/papers?span=all&status=planned").at("papers").at(0).at("verdicts").is_null());
  const auto comparison = get("/api/v1/runs/compare?a=" + std::to_string(first) + "&b=" + std::to_string(second));
  EXPECT_EQ(comparison.at("claims").at(0).at("criteria").at(0).at("difference"), -1.0);
  EXPECT_EQ(comparison.at("metrics").at(0).at("a").at("value"), 1.5);
  EXPECT_TRUE(comparison.at("options").empty());
  const auto table = client().Get(("/api/v1/runs/" + std::to_string(first) + "/tables/S1.rows.csv").c_str());
  EXPECT_EQ(table->body, "a,\"b, c\"\r\n1,x\r\n0.5,\"y \"\"z\"\"\"\r\n");
  const auto data = client().Get(("/api/v1/runs/" + std::to_string(first) + "/figures/S1.line.csv").c_str());
  EXPECT_NE(data->body.find("\r\n"), std::string::npos);
  EXPECT_GE(std::count(data->body.begin(), data->body.end(), '\n'), 3);
  EXPECT_EQ(client().Delete(("/api/v1/runs/" + std::to_string(second)).c_str())->status, 204);
  EXPECT_EQ(get("/api/v1/papers/sgd-stability").at("verdicts").at("holds"), 1) << "the earlier verdict stands again";
}

TEST_F(ApiTest, DatesLeadFromDayToDay) {
  start();
  catalogue::FeedItem item;
  item.source = "arxiv";
  item.arxiv = "2001.00001";
  item.title = "An older paper";
  item.listed = "2020-01-02";
  server_->services().catalogue.with([&](catalogue::CatalogueStore& store) { store.add(std::span(&item, 1)); });
  const auto days = get("/api/v1/days");
  ASSERT_GE(days.size(), 2U);
  const auto newest = get("/api/v1/papers");
  EXPECT_EQ(newest.at("date"), days[0].at("date"));
  EXPECT_EQ(newest.at("total"), days[0].at("papers"));
  EXPECT_TRUE(newest.at("next").is_null());
  EXPECT_EQ(newest.at("previous"), days[1].at("date"));
  const auto before = get("/api/v1/papers?date=" + days[1].at("date").get<std::string>());
  EXPECT_EQ(before.at("next"), days[0].at("date"));
  const auto month = get("/api/v1/papers?span=month&date=" + days[0].at("date").get<std::string>());
  EXPECT_GE(month.at("total").get<int>(), newest.at("total").get<int>());
  EXPECT_EQ(get("/api/v1/papers?span=all&limit=500").at("total"), 27);
}

TEST_F(ApiTest, VotesAreOnesOwn) {
  start();
  auto c = client();
  const int before = get("/api/v1/papers/koopman").at("upvotes").get<int>();
  const auto vote = c.Post("/api/v1/papers/koopman/vote", R"({"up":true})", "application/json");
  const auto set = vote->get_header_value("Set-Cookie");
  EXPECT_NE(set.find("offprint_reader="), std::string::npos);
  EXPECT_NE(set.find("SameSite=Lax"), std::string::npos);
  const httplib::Headers mine{{"Cookie", set.substr(0, set.find(';'))}};
  EXPECT_TRUE(Json::parse(c.Get("/api/v1/papers/koopman", mine)->body).at("voted").get<bool>());
  EXPECT_FALSE(get("/api/v1/papers/koopman").at("voted").get<bool>()) << "others have not voted";
  EXPECT_EQ(get("/api/v1/papers/koopman").at("upvotes"), before + 1);
  c.Post("/api/v1/papers/koopman/vote", mine, R"({"up":true})", "application/json");
  EXPECT_EQ(get("/api/v1/papers/koopman").at("upvotes"), before + 1);
  c.Post("/api/v1/papers/koopman/vote", mine, R"({"up":false})", "application/json");
  EXPECT_EQ(get("/api/v1/papers/koopman").at("upvotes"), before);
}

TEST_F(ApiTest, UnchangedAnswersAreNotSentAgain) {
  start();
  auto c = client();
  const auto first = c.Get("/api/v1/papers?span=all");
  const auto etag = first->get_header_value("ETag");
  ASSERT_FALSE(etag.empty());
  EXPECT_EQ(c.Get("/api/v1/papers?span=all", {{"If-None-Match", etag}})->status, 304);
  EXPECT_EQ(c.Get("/api/v1/papers?span=day", {{"If-None-Match", etag}})->status, 200);
  c.Post("/api/v1/papers/koopman/vote", R"({"up":true})", "application/json");
  EXPECT_EQ(c.Get("/api/v1/papers?span=all", {{"If-None-Match", etag}})->status, 200) << "a vote changes the list";
  const auto after = c.Get("/api/v1/papers?span=all")->get_header_value("ETag");
  static_cast<void>(record_run());
  server_->services().record.expire();
  EXPECT_EQ(c.Get("/api/v1/papers?span=all", {{"If-None-Match", after}})->status, 200) << "so does a run";
  const auto asset = c.Get("/assets/app-1234.js");
  EXPECT_NE(asset->get_header_value("Cache-Control").find("immutable"), std::string::npos);
  EXPECT_EQ(c.Get("/assets/app-1234.js", {{"If-None-Match", asset->get_header_value("ETag")}})->status, 304);
}

TEST_F(ApiTest, TheSiteIsASinglePage) {
  start();
  auto c = client();
  for (const char* path : {"/", "/papers/koopman", "/day/2024-07-10", "/search?q=x", "/runs/3"}) {
    const auto r = c.Get(path);
    EXPECT_EQ(r->status, 200) << path;
    EXPECT_EQ(r->body, "<!doctype html><title>Offprint</title>") << path;
    EXPECT_EQ(r->get_header_value("Content-Type"), "text/html; charset=utf-8");
  }
  EXPECT_EQ(c.Get("/assets/none.js")->status, 404);
  EXPECT_EQ(c.Get("/api/v2/papers")->status, 404);
  EXPECT_EQ(c.Put("/api/v1/papers", "", "text/plain")->status, 405);
  EXPECT_EQ(c.Post("/", "", "text/plain")->status, 404);
  const auto head = c.Head("/api/v1/papers");
  EXPECT_EQ(head->status, 200);
  EXPECT_TRUE(head->body.empty());
  std::filesystem::remove_all(folder_ / "share/site");
  const auto missing = c.Get("/");
  EXPECT_EQ(missing->status, 503);
  EXPECT_NE(missing->body.find("was not built"), std::string::npos);
}

TEST_F(ApiTest, APortInUseIsToldInASentence) {
  start();
  try {
    const ListeningSocket second("127.0.0.1", port());
    FAIL() << "two servers on one port";
  } catch (const InputError& e) {
    EXPECT_NE(std::string(e.what()).find("in use"), std::string::npos) << e.what();
  }
}

TEST_F(ApiTest, ManyStreamsAndRequestsAtOnce) {
  start();
  std::vector<FileDescriptor> streams;
  for (int i = 0; i < 300; ++i) {
    FileDescriptor fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<std::uint16_t>(port()));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ASSERT_EQ(connect(fd.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to), 0);
    const std::string text = "GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n";
    ASSERT_EQ(send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
    streams.push_back(std::move(fd));
  }
  ASSERT_TRUE(soon([&] { return server_->services().hub.streams() == 300; }));
  EXPECT_EQ(get("/api/v1/health").at("status"), "ok");
  wait_for(start_job(1), "finished");
  streams.clear();
  EXPECT_TRUE(soon([&] { return server_->services().hub.streams() == 0; }));
}

}  // namespace
}  // namespace offprint::page
