// The command itself: offprint digest, also killed and interrupted at random moments.
#include <chrono>
#include <random>
#include <thread>

#include <gmock/gmock.h>

#include "catalogue/catalogue_store.hpp"
#include "page/digest/test_mail.hpp"

namespace offprint::page {
namespace {

class DigestCommandTest : public MailTest {
 protected:
  void SetUp() override {
    MailTest::SetUp();
    add_papers("2026-11-20", 3);
  }

  void add_papers(const std::string& day, int n) const {
    catalogue::CatalogueStore catalogue(store_);
    std::vector<catalogue::FeedItem> items;
    for (int i = 0; i < n; ++i) {
      catalogue::FeedItem item;
      item.source = "arxiv";
      item.arxiv = "2611.2" + day.substr(8, 2) + std::to_string(10 + i);
      item.title = "A paper of " + day + " with the number " + std::to_string(i);
      item.abstract = "About spectra.";
      item.listed = day;
      item.categories = {i == 0 ? "math.NA" : "cs.LG"};
      items.push_back(std::move(item));
    }
    catalogue.add(items);
  }
  void subscribe_many(int n) const {
    auto s = open_subscriptions();
    for (int i = 0; i < n; ++i) subscribe(s, "reader" + std::to_string(i) + "@example.org");
  }
  static std::vector<std::string> send_words(int port) {
    return {"digest",
            "send",
            "--date",
            "2026-11-20",
            "--smtp",
            "smtp://127.0.0.1:" + std::to_string(port),
            "--mail-plain",
            "--mail-from",
            "Offprint <papers@example.org>",
            "--base-url",
            "https://papers.example.org"};
  }
  /// Starts the command; what it prints goes to out.txt and err.txt.
  [[nodiscard]] pid_t start(std::vector<std::string> words) const {
    words.insert(words.begin(), std::string(OFFPRINT_BINARY_DIR) + "/bin/offprint");
    words.insert(words.end(), {"--store", store_.string()});
    std::vector<char*> argv;
    for (auto& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    const std::string out = (folder_ / "out.txt").string();
    const std::string err = (folder_ / "err.txt").string();
    const pid_t child = fork();
    if (child == 0) {
      dup2(open(out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600), 1);
      dup2(open(err.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600), 2);
      execv(argv[0], argv.data());
      _exit(127);
    }
    return child;
  }
  static int wait_for(pid_t child) {
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
  }
  [[nodiscard]] int run(std::vector<std::string> words) const { return wait_for(start(std::move(words))); }
  [[nodiscard]] std::string read(const char* name) const {
    std::ostringstream text;
    text << std::ifstream(folder_ / name).rdbuf();
    return text.str();
  }
};

TEST_F(DigestCommandTest, SendsListsAndForgets) {
  const TestMailServer server(folder_ / "mail", {"--reject", "reader1@example.org"});
  subscribe_many(2);
  {
    auto s = open_subscriptions();
    subscribe(s, "weekly@example.org", {Frequency::kWeekly, {"physics"}, ""});
  }
  auto dry = send_words(server.port());
  dry.emplace_back("--dry-run");
  ASSERT_EQ(run(dry), 0) << read("err.txt");
  EXPECT_THAT(read("out.txt"), ::testing::HasSubstr("reader0@example.org  daily-2026-11-20  3 papers"));
  EXPECT_TRUE(server.messages().empty());

  auto words = send_words(server.port());
  words.emplace_back("--json");
  ASSERT_EQ(run(words), 0) << read("err.txt");
  const auto told = nlohmann::json::parse(read("out.txt"));
  EXPECT_EQ(told["sent"], 1);
  EXPECT_EQ(told["failed"], 1);
  EXPECT_EQ(told["editions"].size(), 2U);
  EXPECT_EQ(told["editions"][1]["edition"], "weekly-2026-W47");
  EXPECT_EQ(told["editions"][1]["nothing_new"], 1);
  EXPECT_THAT(read("err.txt"), ::testing::HasSubstr("550 5.1.1 no such mailbox"));
  EXPECT_THAT(read("err.txt"), ::testing::Not(::testing::HasSubstr("reader1")));

  ASSERT_EQ(run({"digest", "list", "--json"}), 0);
  const auto list = nlohmann::json::parse(read("out.txt"));
  ASSERT_EQ(list.size(), 3U);
  EXPECT_EQ(list[0]["editions"][0]["state"], "sent");
  EXPECT_EQ(list[1]["editions"][0]["state"], "failed");
  EXPECT_EQ(list[1]["bounces"], 1);
  EXPECT_EQ(list[2]["editions"][0]["state"], "nothing");

  EXPECT_EQ(run({"digest", "remove", "reader0@example.org"}), 0);
  EXPECT_EQ(run({"digest", "remove", "reader0@example.org"}), 2);
  EXPECT_EQ(run(send_words(1)), 0);  // nothing is due, so that nobody listens does not matter
  subscribe_many(5);
  EXPECT_EQ(run(send_words(1)), 1);
  EXPECT_THAT(read("err.txt"), ::testing::HasSubstr("cannot be reached"));
  EXPECT_EQ(run({"digest", "send"}), 2);
  EXPECT_THAT(read("err.txt"), ::testing::HasSubstr("--smtp is needed"));
}

TEST_F(DigestCommandTest, PreviewWritesTheMailInThreeForms) {
  ASSERT_EQ(run({"digest", "preview", "--date", "2026-11-20", "--category", "cs.LG", "--out",
                 (folder_ / "preview").string()}),
            0)
      << read("err.txt");
  const auto mail = parse_mail_file(folder_ / "preview" / "digest.eml");
  EXPECT_TRUE(mail["defects"].empty());
  EXPECT_EQ(mail["headers"]["subject"], "Offprint 2026-11-20: 2 papers, A paper of 2026-11-20 with the number 1");
  EXPECT_TRUE(std::filesystem::exists(folder_ / "preview" / "digest.html"));
  EXPECT_TRUE(std::filesystem::exists(folder_ / "preview" / "digest.txt"));
  EXPECT_EQ(run({"digest", "preview", "--date", "2999-01-01"}), 2);
  EXPECT_EQ(run({"digest", "preview", "--date", "yesterday"}), 2);
}

TEST_F(DigestCommandTest, TerminatedItFinishesTheMessageInFlight) {
  const TestMailServer server(folder_ / "mail", {"--slow", "0.1"});
  subscribe_many(40);
  const pid_t child = start(send_words(server.port()));
  for (int i = 0; i < 1000 && server.messages().empty(); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  kill(child, SIGTERM);
  EXPECT_EQ(wait_for(child), 130);
  EXPECT_THAT(read("err.txt"), ::testing::HasSubstr("goes on where this one stopped"));
  auto s = open_subscriptions();
  const auto count = [&](const char* where) {
    return s.database().execAndGet(std::string("SELECT COUNT(*) FROM outbox WHERE ") + where).getInt();
  };
  EXPECT_EQ(count("state='sent'"), static_cast<int>(server.messages().size()));
  EXPECT_EQ(count("state IN ('sending','committing')"), 0);
  EXPECT_GT(count("state='queued'"), 0);
}

TEST_F(DigestCommandTest, KilledWithNineAtRandomMomentsEverySubscriberGetsTheEditionOnce) {
  constexpr int kReaders = 40;
  const TestMailServer server(folder_ / "mail", {"--slow", "0.002"});
  subscribe_many(kReaders);
  std::mt19937 random(4);
  std::uniform_int_distribution<std::size_t> further(0,
                                                     5);  // messages: a fast machine is killed as often as a slow one
  std::uniform_int_distribution<int> moment(0, 20);       // milliseconds behind that
  int kills = 0;
  const auto start_time = std::chrono::steady_clock::now();
  int code = -1;
  while (code != 0 && std::chrono::steady_clock::now() - start_time < std::chrono::seconds(10)) {
    const std::size_t enough = server.messages().size() + further(random);
    const pid_t child = start(send_words(server.port()));
    for (int i = 0; i < 100 && server.messages().size() < enough; ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(3));
    std::this_thread::sleep_for(std::chrono::milliseconds(moment(random)));
    kill(child, SIGKILL);
    code = wait_for(child);
    kills += code == 1000 + SIGKILL ? 1 : 0;
  }
  if (code != 0) {
    ASSERT_EQ(run(send_words(server.port())), 0) << read("err.txt");
  }
  auto s = open_subscriptions();
  EXPECT_EQ(s.database().execAndGet("SELECT COUNT(*) FROM outbox WHERE state='sent'").getInt(), kReaders);
  EXPECT_EQ(server.taken().size(), static_cast<std::size_t>(kReaders));
  const int unsure = s.database().execAndGet("SELECT SUM(unsure) FROM outbox").getInt();
  const int twice = static_cast<int>(server.messages().size()) - kReaders;
  EXPECT_LE(twice, unsure);
  EXPECT_GE(kills, 5);
  std::printf("kills %d, in the ambiguous window %d, taken twice by the server (same Message-ID) %d\n", kills, unsure,
              twice);
}

}  // namespace
}  // namespace offprint::page
