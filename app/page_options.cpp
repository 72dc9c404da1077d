// Options become one JSON object per subcommand, under their names; those not given are absent unless they have a
// default here.
#include "page_options.hpp"

#include <memory>
#include <vector>

namespace offprint::app {
namespace {

/// A subcommand whose options fill a JSON object.
class Builder {
 public:
  Builder(CLI::App* sub, std::string command, std::function<void(std::string, Json)> chosen)
      : sub_(sub), values_(std::make_shared<Json>(Json::object())) {
    sub_->callback([values = values_, name = std::move(command), use = std::move(chosen)] { use(name, *values); });
    sub_->fallthrough();
  }
  template <typename T>
  CLI::Option* value(const std::string& name, const std::string& help) {
    return sub_->add_option_function<T>(
        name, [values = values_, key = key_of(name)](const T& given) { (*values)[key] = given; }, help);
  }
  template <typename T>
  CLI::Option* value(const std::string& name, const T& fallback, const std::string& help) {
    (*values_)[key_of(name)] = fallback;
    return value<T>(name, help);
  }
  CLI::Option* list(const std::string& name, const std::string& help) {
    (*values_)[key_of(name)] = Json::array();
    return value<std::vector<std::string>>(name, help)->delimiter(',');
  }
  CLI::Option* flag(const std::string& name, const std::string& help) {
    (*values_)[key_of(name)] = false;
    return sub_->add_flag_callback(
        name, [values = values_, key = key_of(name)] { (*values)[key] = true; }, help);
  }

 private:
  static std::string key_of(const std::string& name) { return name.substr(name.find_first_not_of('-')); }
  CLI::App* sub_;
  std::shared_ptr<Json> values_;
};

/// How mail is sent: the same options for `serve` (confirmations) and `digest send`.
void add_mail_options(Builder& b) {
  b.value<std::string>("--smtp", "mail server: smtp://HOST:PORT (STARTTLS is demanded), smtps://HOST:PORT");
  b.value<std::string>("--mail-from", "sender, e.g. 'Offprint <papers@example.org>'");
  b.value<std::string>("--mail-user", "user name at the mail server");
  b.value<std::string>("--mail-password-file", "file whose first line is the password");
  b.value<std::string>("--mail-ca-file", "certificates to trust instead of the system's (PEM)");
  b.flag("--mail-plain", "allow mail without TLS, for a server on this machine only");
  b.value<std::string>("--base-url", "address of the page as readers reach it, for the links in mail");
}

}  // namespace

void add_page_subcommands(CLI::App& app, const std::function<void(std::string, Json)>& chosen) {
  const std::string group = "The page";
  auto* serve_sub =
      app.add_subcommand("serve", "the page: papers, verdicts, runs, search, in the browser")->group(group);
  Builder serve(serve_sub, "serve", chosen);
  serve.value<std::string>("--listen", "127.0.0.1",
                           "address to listen on; beyond this machine --token-file is demanded");
  serve.value<int>("--port", 8710, "port; 0 picks a free one")->check(CLI::Range(0, 65535));
  serve.value<std::string>("--token-file", "file whose first line is the access token (16 characters or more)");
  serve.list("--host", "further host names by which the page may be addressed");
  serve.list("--allow", "folders whose files runs may read, besides uploads");
  serve.value<int>("--jobs", 1, "runs at the same time")->check(CLI::Range(1, 256));
  serve.value<int>("--queue", 100, "runs that may wait")->check(CLI::Range(1, 100000));
  serve.value<int>("--upload-limit", 512, "largest upload (MiB)")->check(CLI::Range(1, 1 << 20));
  serve.value<int>("--memory-limit", 0, "memory of one run (MiB); 0: three quarters of the machine's")
      ->check(CLI::Range(0, 1 << 30));
  serve.flag("--open", "open the browser");
  add_mail_options(serve);

  auto* feed_sub = app.add_subcommand("feed", "papers from arXiv, Hugging Face, or a saved page")->group(group);
  feed_sub->require_subcommand(1)->fallthrough();
  Builder pull(feed_sub->add_subcommand("pull", "fetch new papers into the catalogue"), "feed pull", chosen);
  pull.value<std::string>("source", "arxiv, huggingface, or file")
      ->required()
      ->check(CLI::IsMember({"arxiv", "huggingface", "file"}));
  pull.value<std::vector<std::string>>(
      "files", "with 'file': what to read, each Atom, JSON, or the text of a Daily Papers page");
  pull.list("--category", "arXiv categories (default cs.LG,stat.ML,math.NA)");
  pull.value<std::string>("--from", "first day, YYYY-MM-DD (default: where the last pull ended, else a week ago)");
  pull.value<std::string>("--to", "last day, YYYY-MM-DD (default today)");
  pull.value<int>("--max", 2000, "most papers to fetch")->check(CLI::Range(1, 1000000));
  pull.value<std::string>("--date", "day of a page saved as text (default: from its file name)");
  pull.value<std::string>("--url", "another address of the same service (a mirror, a test)");
  pull.value<double>("--courtesy", 3.0, "seconds between requests; arXiv asks for three")
      ->check(CLI::Range(0.0, 3600.0));
  Builder status(feed_sub->add_subcommand("status", "what was pulled, when, and what failed"), "feed status", chosen);

  Builder search(app.add_subcommand("search", "find papers by words and by meaning")->group(group), "search", chosen);
  search
      .value<std::vector<std::string>>("words", "what to look for; \"phrases\", -without, author:name, category:cs.LG")
      ->required();
  search.value<std::string>("--category", "only this category");
  search.value<std::string>("--status", "only: ready, planned, feed")
      ->check(CLI::IsMember({"ready", "planned", "feed"}));
  search.value<int>("--limit", 10, "papers to show")->check(CLI::Range(1, 200));

  auto* digest_sub = app.add_subcommand("digest", "the papers by e-mail")->group(group);
  digest_sub->require_subcommand(1)->fallthrough();
  Builder send(digest_sub->add_subcommand("send", "send what is due, to every subscriber once"), "digest send", chosen);
  send.value<std::string>("--date", "edition of this day, YYYY-MM-DD (default: the newest)");
  send.flag("--dry-run", "tell what would be sent, send nothing");
  send.flag("--resume", "send only what an earlier call left: retries, and what it was interrupted in");
  send.value<int>("--wait", 0, "minutes to stay for retries that fall due meanwhile")->check(CLI::Range(0, 24 * 60));
  add_mail_options(send);
  Builder preview(digest_sub->add_subcommand("preview", "write the mail of an edition to files instead of sending it"),
                  "digest preview", chosen);
  preview.value<std::string>("--date", "edition of this day, YYYY-MM-DD (default: the newest)");
  preview.list("--category", "as a subscriber of these categories would get it");
  preview.value<std::string>("--search", "as a subscriber of this search would get it");
  preview.value<std::string>("--frequency", "daily", "daily or weekly")->check(CLI::IsMember({"daily", "weekly"}));
  preview.value<std::string>("--base-url", "address of the page, for the links");
  preview.value<std::string>("--out", ".", "folder for digest.eml, digest.html, digest.txt");
  Builder list(digest_sub->add_subcommand("list", "the subscribers and what each was sent"), "digest list", chosen);
  Builder remove(digest_sub->add_subcommand("remove", "forget a subscriber"), "digest remove", chosen);
  remove.value<std::string>("email", "the address")->required();
}

Json page_defaults(const std::string& command) {
  CLI::App app;
  Json defaults;
  add_page_subcommands(app, [&](const std::string&, const Json& options) { defaults = options; });
  app.parse(command);
  return defaults;
}

}  // namespace offprint::app
