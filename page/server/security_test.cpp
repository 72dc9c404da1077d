// What a hostile client, page or file name gets.
#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "page/server/server_fixture.hpp"
#include "page/syndication/clean_text.hpp"

namespace offprint::page {
namespace {

/// Sends bytes as they are and reads until the server closes or `seconds` pass.
std::string raw(int port, const std::string& text, int seconds = 5) {
  const FileDescriptor fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<std::uint16_t>(port));
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) return "no connection";
  timeval wait{seconds, 0};
  setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
  for (std::size_t at = 0; at < text.size();) {
    const auto n = send(fd.get(), text.data() + at, text.size() - at, MSG_NOSIGNAL);
    if (n <= 0) break;
    at += static_cast<std::size_t>(n);
  }
  std::string answer;
  std::array<char, 4096> piece{};
  for (ssize_t n = 0; (n = recv(fd.get(), piece.data(), piece.size(), 0)) > 0;)
    answer.append(piece.data(), static_cast<std::size_t>(n));
  return answer;
}

std::string request(const std::string& line, const std::string& headers = "", const std::string& body = "") {
  return line + " HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n" + headers + "\r\n" + body;
}

using SecurityTest = ServerTest;

TEST_F(SecurityTest, EveryReplyCarriesThePolicy) {
  start();
  for (const char* path : {"/", "/api/v1/health", "/api/v1/nothing", "/assets/app-1234.js"}) {
    const auto r = client().Get(path);
    ASSERT_TRUE(r) << path;
    EXPECT_NE(r->get_header_value("Content-Security-Policy").find("default-src 'none'"), std::string::npos) << path;
    EXPECT_EQ(r->get_header_value("Content-Security-Policy").find("unsafe-eval"), std::string::npos) << path;
    EXPECT_EQ(r->get_header_value("X-Content-Type-Options"), "nosniff");
    EXPECT_EQ(r->get_header_value("Referrer-Policy"), "no-referrer");
    EXPECT_EQ(r->get_header_value_count("Content-Security-Policy"), 1U);
  }
}

TEST_F(SecurityTest, ForeignHostNamesAreRefused) {
  start();
  for (const char* host : {"evil.example", "127.0.0.1.evil.example:80", "localhost.", "", "169.254.169.254"}) {
    const auto answer =
        raw(port(), "GET /api/v1/papers HTTP/1.1\r\nConnection: close\r\nHost: " + std::string(host) + "\r\n\r\n");
    EXPECT_EQ(answer.find("HTTP/1.1 403"), 0U) << host << ": " << answer.substr(0, 80);
  }
  EXPECT_EQ(raw(port(), "GET /api/v1/papers HTTP/1.1\r\nConnection: close\r\n\r\n").find("HTTP/1.1 403"), 0U);
  EXPECT_EQ(raw(port(), request("GET /api/v1/papers")).find("HTTP/1.1 200"), 0U);
}

TEST_F(SecurityTest, OtherSitesPagesChangeNothing) {
  start();
  auto c = client();
  const auto own = "http://127.0.0.1:" + std::to_string(port());
  const auto vote = [&](const httplib::Headers& headers) {
    return c.Post("/api/v1/papers/koopman/vote", headers, R"({"up":true})", "application/json")->status;
  };
  EXPECT_EQ(vote({{"Origin", "https://evil.example"}}), 403);
  EXPECT_EQ(vote({{"Origin", "null"}}), 403);
  EXPECT_EQ(vote({{"Origin", "null"}, {"Sec-Fetch-Site", "cross-site"}}), 403);
  EXPECT_EQ(vote({{"Origin", "null"}, {"Sec-Fetch-Site", "same-origin"}}), 200) << "a form under our Referrer-Policy";
  EXPECT_EQ(vote({{"Origin", "http://127.0.0.1:1"}}), 403);
  EXPECT_EQ(vote({{"Origin", own + ".evil.example"}}), 403);
  EXPECT_EQ(vote({{"Sec-Fetch-Site", "cross-site"}}), 403);
  EXPECT_EQ(vote({{"Sec-Fetch-Site", "same-site"}}), 403);
  EXPECT_EQ(get("/api/v1/papers/koopman").at("upvotes"), get("/api/v1/papers/koopman").at("upvotes"));
  EXPECT_FALSE(get("/api/v1/papers/koopman").at("voted").get<bool>());
  EXPECT_EQ(vote({{"Origin", own}, {"Sec-Fetch-Site", "same-origin"}}), 200);
  EXPECT_EQ(vote({}), 200);
  EXPECT_EQ(c.Delete("/api/v1/runs/1", {{"Origin", "https://evil.example"}})->status, 403);
  EXPECT_EQ(
      c.Post("/api/v1/uploads?name=x", {{"Origin", "https://evil.example"}}, "x", "application/octet-stream")->status,
      403);
}

TEST_F(SecurityTest, TheTokenOpensAndASessionKeeps) {
  settings_.access.token = "a-token-of-24-characters";
  start();
  auto c = client();
  EXPECT_EQ(c.Get("/")->status, 200) << "the site's files are public";
  EXPECT_EQ(c.Get("/api/v1/health")->status, 200);
  EXPECT_TRUE(get("/api/v1/health").at("machine").empty()) << "who has not signed in learns nothing of the machine";
  EXPECT_EQ(c.Get("/api/v1/papers")->status, 401);
  EXPECT_EQ(c.Get("/edition")->status, 401);
  EXPECT_EQ(c.Get("/api/v1/papers", {{"Authorization", "Bearer a-token-of-24-characterz"}})->status, 401);
  EXPECT_EQ(c.Get("/api/v1/papers", {{"Authorization", "Bearer "}})->status, 401);
  EXPECT_EQ(c.Get("/api/v1/papers", {{"Authorization", "Bearer a-token-of-24-characters"}})->status, 200);
  EXPECT_EQ(c.Get("/api/v1/papers", {{"Cookie", "offprint_session=0123"}})->status, 401);
  EXPECT_EQ(c.Post("/api/v1/session", R"({"token":"wrong"})", "application/json")->status, 403);
  const auto signed_in = c.Post("/api/v1/session", R"({"token":"a-token-of-24-characters"})", "application/json");
  ASSERT_EQ(signed_in->status, 204);
  const auto set = signed_in->get_header_value("Set-Cookie");
  EXPECT_NE(set.find("HttpOnly"), std::string::npos);
  EXPECT_NE(set.find("SameSite=Strict"), std::string::npos);
  const httplib::Headers session{{"Cookie", set.substr(0, set.find(';'))}};
  EXPECT_EQ(c.Get("/api/v1/papers", session)->status, 200);
  EXPECT_EQ(c.Delete("/api/v1/session", session)->status, 204);
  EXPECT_EQ(c.Get("/api/v1/papers", session)->status, 401);
}

TEST_F(SecurityTest, GuessingTokensIsSlowedDown) {
  settings_.access.token = "a-token-of-24-characters";
  start();
  auto c = client();
  int refused = 0;
  std::string wait;
  for (int i = 0; i < 30; ++i) {
    const auto r = c.Post("/api/v1/session", R"({"token":"wrong"})", "application/json");
    if (r->status != 429) continue;
    ++refused;
    wait = r->get_header_value("Retry-After");
  }
  EXPECT_GE(refused, 15);
  EXPECT_FALSE(wait.empty());
}

TEST(Access, ConstantTimeComparisonComparesRightly) {
  EXPECT_TRUE(equal_in_constant_time("abc", "abc"));
  for (const char* other : {"abd", "ab", "abcabc", "", "abcd"})
    EXPECT_FALSE(equal_in_constant_time(other, "abc")) << other;
  EXPECT_FALSE(equal_in_constant_time("a", ""));
}

TEST(RateLimit, RefillsAndForgets) {
  RateLimit limit(3, 60);
  auto now = RateLimit::Clock::now();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(limit.take("10.0.0.1", now), 0);
  EXPECT_EQ(limit.take("10.0.0.1", now), 1);
  EXPECT_EQ(limit.take("10.0.0.2", now), 0) << "another address has its own";
  EXPECT_EQ(limit.take("10.0.0.1", now + std::chrono::seconds(1)), 0);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(limit.take("2001:db8::" + std::to_string(i), now), 0);
  EXPECT_GT(limit.take("2001:db8::99", now), 0) << "one household's /64 is one address";
  for (int i = 0; i < 20000; ++i)
    static_cast<void>(limit.take("10." + std::to_string(i / 250) + ".9." + std::to_string(i % 250), now));
  EXPECT_GT(limit.take("10.0.0.1", now + std::chrono::milliseconds(1001)), -1);
}

TEST_F(SecurityTest, AddressesDoNotLeaveTheSite) {
  std::ofstream(folder_ / "share/secret.txt") << "secret";
  std::filesystem::create_symlink(folder_ / "share/secret.txt", folder_ / "share/site/assets/link.txt");
  start();
  for (const char* path : {"/../secret.txt", "/assets/../../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt",
                           "/assets/..%2f..%2fsecret.txt", "/assets/%2e%2e%2fsecret.txt", "//etc/passwd",
                           "/assets/link.txt", "/assets/.hidden", "/%00/secret.txt"}) {
    const auto answer = raw(port(), request(std::string("GET ") + path));
    EXPECT_EQ(answer.find("secret\n"), std::string::npos) << path;
    EXPECT_EQ(answer.find("root:"), std::string::npos) << path;
    EXPECT_FALSE(answer.empty()) << path;
    EXPECT_FALSE(answer.ends_with("secret")) << path;
  }
}

TEST_F(SecurityTest, RunsReadOnlyWhatIsAllowed) {
  std::filesystem::create_directories(folder_ / "elsewhere");
  std::ofstream(folder_ / "elsewhere/private.csv") << "a,b\n1,2\n";
  std::filesystem::create_symlink(folder_ / "elsewhere/private.csv", folder_ / "data/link.csv");
  std::filesystem::create_directory_symlink(folder_ / "elsewhere", folder_ / "data/out");
  ASSERT_EQ(mkfifo((folder_ / "data/pipe").c_str(), 0600), 0);
  start();
  const auto run_on = [&](const std::string& data) {
    auto c = client();
    const Json body{
        {"kind", "run"}, {"paper", "koopman"}, {"action", "spectrum"}, {"seed", 1}, {"options", {{"data", data}}}};
    return c.Post("/api/v1/jobs", body.dump(), "application/json");
  };
  const auto inside = (folder_ / "data/points.csv").string();
  EXPECT_EQ(run_on(inside)->status, 202) << run_on(inside)->body;
  EXPECT_EQ(run_on((folder_ / "data/../data/points.csv").string())->status, 202);
  for (const auto& bad :
       {std::string("/etc/passwd"), (folder_ / "elsewhere/private.csv").string(), (folder_ / "data/link.csv").string(),
        (folder_ / "data/out/private.csv").string(), (folder_ / "data/../elsewhere/private.csv").string(),
        (folder_ / "data/pipe").string(), std::string("points.csv"), std::string("../data/points.csv"),
        std::string("upload:../../etc/passwd"), std::string("upload:0123456789abcdef/points.csv"), folder_.string(),
        std::string("/dev/zero"), (folder_ / "data-not").string()})
    EXPECT_EQ(run_on(bad)->status, 400) << bad;
  const auto listing = get("/api/v1/files?folder=" + percent_encoded((folder_ / "data").string()));
  ASSERT_EQ(listing.at("entries").size(), 1U) << listing;
  EXPECT_EQ(listing["entries"][0]["name"], "points.csv");
  get("/api/v1/files?folder=/etc", 400);
  EXPECT_EQ(get("/api/v1/files").at("entries").size(), 1U);
}

TEST_F(SecurityTest, UploadsAreLimitedAndNamedSafely) {
  start();
  auto c = client();
  const auto upload = [&](const std::string& name, const std::string& body) {
    return c.Post("/api/v1/uploads?name=" + percent_encoded(name), body, "application/octet-stream");
  };
  const auto kept = upload("../../../evil,name:x.csv", "time,x\n0,1\n");
  ASSERT_EQ(kept->status, 201) << kept->body;
  const auto j = Json::parse(kept->body);
  EXPECT_EQ(j.at("name"), "evil_name_x.csv");
  EXPECT_EQ(j.at("columns"), (Json{"time", "x"}));
  EXPECT_EQ(j.at("bytes"), 11);
  EXPECT_TRUE(std::filesystem::exists(settings_.store / "uploads" / j.at("id").get<std::string>() / "evil_name_x.csv"));
  EXPECT_EQ(get("/api/v1/uploads").size(), 1U);
  EXPECT_EQ(upload("big.bin", std::string((1U << 20U) + 1, 'x'))->status, 413);
  EXPECT_EQ(upload("none", "")->status, 400);
  // no length told: the limit holds while the bytes arrive
  std::string chunks;
  for (int i = 0; i < 40; ++i) chunks += "8000\r\n" + std::string(0x8000, 'x') + "\r\n";
  const auto answer =
      raw(port(), request("POST /api/v1/uploads?name=c.bin", "Transfer-Encoding: chunked\r\n", chunks + "0\r\n\r\n"));
  EXPECT_EQ(answer.find("HTTP/1.1 413"), 0U) << answer.substr(0, 200);
  EXPECT_EQ(get("/api/v1/uploads").size(), 1U) << "what was refused leaves nothing";
  EXPECT_EQ(c.Delete("/api/v1/uploads/" + j.at("id").get<std::string>())->status, 204);
  EXPECT_EQ(c.Delete("/api/v1/uploads/..%2f..%2fstore")->status, 404);
  EXPECT_TRUE(get("/api/v1/uploads").empty());
}

TEST_F(SecurityTest, HalfAnUploadLeavesNothing) {
  start();
  raw(port(), request("POST /api/v1/uploads?name=half.bin", "Content-Length: 1000\r\n", "only this"), 0);
  ASSERT_TRUE(soon([&] { return get("/api/v1/uploads").empty(); }));
  raw(port(), "GET / HTTP/1.1\r\n", 0);
  EXPECT_EQ(get("/api/v1/health").at("status"), "ok");
}

TEST_F(SecurityTest, OldUploadsGoUnlessARunReadsThem) {
  start();
  const auto j = Json::parse(client().Post("/api/v1/uploads?name=a.csv", "x\n1\n", "application/octet-stream")->body);
  const auto file = settings_.store / "uploads" / j.at("id").get<std::string>() / "a.csv";
  std::filesystem::last_write_time(file, std::filesystem::file_time_type::clock::now() - std::chrono::hours(25));
  server_->services().uploads.expire([](const std::string&) { return true; });
  EXPECT_TRUE(std::filesystem::exists(file));
  server_->services().uploads.expire([](const std::string&) { return false; });
  EXPECT_FALSE(std::filesystem::exists(file));
}

TEST_F(SecurityTest, MalformedRequestsEndTheirConnectionOnly) {
  start();
  const std::string big(200000, 'x');
  for (const auto& bytes :
       {std::string("\0\1\2\3", 4), std::string("GET\r\n\r\n"), "GET /" + big + " HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " + big + "\r\n\r\n",
        request("POST /api/v1/jobs", "Content-Length: 5\r\nContent-Length: 6\r\n", "hello!"),
        request("POST /api/v1/jobs", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"),
        request("POST /api/v1/jobs", "Content-Length: -5\r\n"), request("BREW /api/v1/papers"),
        request("POST /api/v1/jobs", "Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 9\r\n",
                "--x\r\nabcd"),
        request("GET /api/v1/papers?limit=%zz"), request("GET /api/v1/runs/99999999999999999999"),
        request("GET /api/v1/papers/%ff%fe")}) {
    const auto answer = raw(port(), bytes, 2);
    EXPECT_TRUE(answer.empty() || answer.find("HTTP/1.1 4") == 0U)
        << bytes.substr(0, 60) << " -> " << answer.substr(0, 80);
  }
  EXPECT_EQ(get("/api/v1/health").at("status"), "ok");
}

TEST_F(SecurityTest, ARefusedBodyIsNotTakenForTheNextRequest) {
  start();
  const std::string inner = "GET /api/v1/health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
  const auto answer =
      raw(port(),
          "POST /api/v1/nothing HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: " + std::to_string(inner.size()) +
              "\r\n\r\n" + inner,
          2);
  EXPECT_EQ(answer.find("HTTP/1.1 404"), 0U);
  EXPECT_EQ(answer.find("HTTP/1.1", 1), std::string::npos) << "two answers to one request";
}

TEST_F(SecurityTest, DeepAndLargeBodiesAreRefused) {
  start();
  auto c = client();
  EXPECT_EQ(c.Post("/api/v1/jobs", std::string(100000, '['), "application/json")->status, 400);
  EXPECT_EQ(c.Post("/api/v1/jobs", "{" + std::string(300000, ' ') + "}", "application/json")->status, 413);
  EXPECT_EQ(c.Post("/api/v1/jobs", "not json", "application/json")->status, 400);
  EXPECT_EQ(c.Post("/api/v1/jobs", "5", "application/json")->status, 400);
}

TEST_F(SecurityTest, SlowHeadsAreCutOff) {
  limits_.head = std::chrono::milliseconds(300);
  start();
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(raw(port(), "GET / HTTP/1.1\r\nHost: 127", 10).find("HTTP/1.1 200"), std::string::npos);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
}

}  // namespace
}  // namespace offprint::page
