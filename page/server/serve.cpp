// offprint serve: options to settings, the server, until a signal ends it.
#include <csignal>
#include <fstream>

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/resource.h>
#include <unistd.h>

#include "page/call.hpp"
#include "page/digest/mail_settings.hpp"
#include "page/server/page_server.hpp"

namespace offprint::page {
namespace {

bool is_loopback(const std::string& address) {
  return address == "localhost" || address == "::1" || address == "[::1]" || address.starts_with("127.");
}

std::string token_from(const std::string& file) {
  std::ifstream in(file);
  std::string token;
  if (!in || !std::getline(in, token))
    throw InputError(fmt::format("--token-file {}: it cannot be read, or is empty", file));
  while (!token.empty() && (token.back() == '\r' || token.back() == ' ')) token.pop_back();
  if (token.size() < 16)
    throw InputError(fmt::format(
        "--token-file {}: a token has 16 characters or more, e.g. the output of 'openssl rand -hex 24'", file));
  return token;
}

/// Every event stream and connection is a descriptor.
void allow_many_descriptors() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max == RLIM_INFINITY ? 65536 : std::min<rlim_t>(limit.rlim_max, 65536);
  setrlimit(RLIMIT_NOFILE, &limit);
}

void open_browser(const std::string& address) {
  std::string program = "xdg-open";
  std::string url = address;
  std::array<char*, 3> argv{program.data(), url.data(), nullptr};
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  for (const int fd : {1, 2}) posix_spawn_file_actions_addopen(&actions, fd, "/dev/null", O_WRONLY, 0);
  pid_t pid = 0;
  posix_spawnp(&pid, program.c_str(), &actions, nullptr, argv.data(), environ);  // without one the address is printed
  posix_spawn_file_actions_destroy(&actions);
}

PageSettings settings_of(const Call& call, bool beyond_loopback, int port) {
  const Json& o = call.options;
  PageSettings s;
  s.store = std::filesystem::absolute(call.store);
  s.share = call.share;
  s.executable = call.executable;
  s.paper_folders = call.paper_folders;
  s.allowed = o.value("allow", std::vector<std::string>{});
  s.jobs = o.value("jobs", 1);
  s.queue = o.value("queue", 100);
  s.upload_limit = o.value("upload-limit", std::uint64_t{512}) << 20U;
  s.memory_limit = o.value("memory-limit", std::uint64_t{0}) << 20U;
  s.base_url = o.contains("base-url") ? checked_base_url(o["base-url"].get<std::string>()) : std::string();
  const auto& base = s.base_url;
  // without --base-url, links in mail lead to this machine's own address: right for trying it out
  s.mail = mail_settings(o, fmt::format("http://localhost:{}", port));
  s.log = call.say;
  s.access.secure_cookies = base.starts_with("https://");
  s.access.hosts = {"localhost", "127.0.0.1", "[::1]"};
  for (const auto& host : o.value("host", std::vector<std::string>{})) {
    const auto name = host_name(host);
    if (name.empty()) throw InputError(fmt::format("--host {}: that is not a host name", host));
    s.access.hosts.insert(name);
  }
  if (!base.empty())
    s.access.hosts.insert(host_name(base.substr(base.find("//") + 2, base.find('/', 8) - base.find("//") - 2)));
  const auto listen = o.value("listen", std::string("127.0.0.1"));
  s.access.hosts.insert(
      host_name(listen.find(':') != std::string::npos && !listen.starts_with('[') ? "[" + listen + "]" : listen));
  if (beyond_loopback) {
    s.access.any_address = true;
    std::array<char, 256> own{};
    if (gethostname(own.data(), own.size() - 1) == 0) s.access.hosts.insert(host_name(own.data()));
  }
  s.access.hosts.erase("");
  if (o.contains("token-file")) s.access.token = token_from(o["token-file"].get<std::string>());
  if (beyond_loopback && s.access.token.empty())
    throw InputError(
        "beyond this machine the page demands an access token: put 16 characters or more into a file that only you may "
        "read (openssl rand -hex 24) and name it with --token-file FILE");
  return s;
}

}  // namespace

int serve(const Call& call) {
  const auto address = call.options.value("listen", std::string("127.0.0.1"));
  ListeningSocket socket(address, call.options.value("port", 8710));
  const auto settings = settings_of(call, !is_loopback(address), socket.port());
  allow_many_descriptors();
  // signals are taken by this thread alone; those that are started below inherit the mask
  sigset_t ends;
  sigemptyset(&ends);
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&ends, number);
  pthread_sigmask(SIG_BLOCK, &ends, nullptr);
  std::signal(SIGPIPE, SIG_IGN);

  PageServer server(settings, std::move(socket));
  server.start();
  const std::string host = address == "0.0.0.0" || address == "::" ? "localhost" : address;
  const auto url = fmt::format("http://{}:{}/",
                               host.find(':') != std::string::npos && !host.starts_with('[') ? "[" + host + "]" : host,
                               server.port());
  if (call.json) {
    call.print(Json{{"address", url}, {"port", server.port()}, {"store", settings.store.string()}}.dump() + "\n");
  } else {
    call.print(fmt::format("Offprint's page: {}\n", url));
    call.say("Ctrl-C ends it; runs that are under way can be resumed.");
  }
  if (call.options.value("open", false)) open_browser(url);
  int number = 0;
  sigwait(&ends, &number);
  call.say("ending: no new requests, runs are interrupted (they can be resumed)");
  server.stop();
  return 0;
}

}  // namespace offprint::page
