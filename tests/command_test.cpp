// The command as a user meets it: what it prints, what it refuses and how, what it leaves behind.
#include <chrono>
#include <csignal>
#include <regex>
#include <thread>

#include <SQLiteCpp/SQLiteCpp.h>
#include <gmock/gmock.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "harness.hpp"

namespace offprint::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class CommandLine : public Sandbox {
 protected:
  /// The command must refuse with this exit code and one line that holds all the pieces.
  static void refuses(const std::vector<std::string>& words, int code, const std::vector<std::string>& pieces) {
    const auto result = offprint(words);
    EXPECT_EQ(result.exit_code, code) << result.output << result.errors;
    for (const auto& piece : pieces) EXPECT_THAT(result.errors, HasSubstr(piece));
    EXPECT_EQ(std::count(result.errors.begin(), result.errors.end(), '\n'), 1) << result.errors;
  }
};

TEST_F(CommandLine, ListsAllPapersOfTheCatalogue) {
  const auto list = offprint_json({"list"});
  EXPECT_EQ(list.size(), 27U);  // the 26 papers and the test's own
  for (const auto& card : list) {
    EXPECT_FALSE(card["title"].get<std::string>().empty());
    EXPECT_FALSE(card["summary"].get<std::string>().empty());
    EXPECT_GE(card["keywords"].size(), 1U);
  }
}

TEST_F(CommandLine, ShowTellsClaimsActionsAndOptions) {
  const auto result = offprint({"show", "walk"});
  EXPECT_EQ(result.exit_code, 0);
  for (const char* piece : {"A random walk for testing", "W1", "--steps", "1 to 100000", "default 10"})
    EXPECT_THAT(result.output, HasSubstr(piece));
}

TEST_F(CommandLine, HelpNamesTheActionsOptions) {
  const auto result = offprint({"run", "walk", "walk", "--help"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.output, HasSubstr("--kind"));
  EXPECT_THAT(result.output, HasSubstr("offprint run walk walk --steps 10"));
}

TEST_F(CommandLine, UnknownNamesSuggestTheNearest) {
  refuses({"lst"}, 2, {"no subcommand 'lst'", "did you mean 'list'"});
  refuses({"show", "koopmann"}, 2, {"no paper 'koopmann'", "did you mean 'koopman'"});
  refuses({"check", "wlak"}, 2, {"no paper 'wlak'", "did you mean 'walk'"});
  refuses({"run", "walk", "wakl"}, 2, {"no action 'wakl'", "did you mean 'walk'"});
  refuses({"run", "walk", "walk", "--stpes", "3"}, 2, {"unknown option --stpes", "did you mean '--steps'"});
  refuses({"check", "walk", "--claim", "W11"}, 2, {"no claim 'W11'", "did you mean 'W1'"});
  refuses({"list", "--jsn"}, 2, {"unknown option --jsn", "did you mean '--json'"});
}

TEST_F(CommandLine, OptionValuesAreChecked) {
  refuses({"run", "walk", "walk", "--steps", "0"}, 2, {"--steps", "0 is out of range", "from 1 to 100000"});
  refuses({"run", "walk", "walk", "--steps", "1.5"}, 2, {"--steps", "'1.5' is not a whole number"});
  refuses({"run", "walk", "walk", "--scale", "abc"}, 2, {"--scale", "'abc' is not a number"});
  refuses({"run", "walk", "walk", "--scale", "-1"}, 2, {"--scale", "at least 0 m"});
  refuses({"run", "walk", "walk", "--kind", "odd"}, 2, {"--kind", "'odd' is not one of normal, uniform"});
  refuses({"run", "walk", "walk", "--levels", "1,x"}, 2, {"--levels", "'x' is not a number"});
  refuses({"run", "walk", "walk", "--data", "absent.csv"}, 2, {"absent.csv", "no such file"});
  EXPECT_TRUE(offprint_json({"runs"}).empty()) << "bad input leaves nothing behind";
  refuses({"check", "walk", "--device", "cuda"}, 2, {"device 'cuda' is not available", "--device cpu"});
}

TEST_F(CommandLine, PlannedPapersSaySo) { refuses({"check", "pfgmpp"}, 2, {"'pfgmpp' is planned"}); }

TEST_F(CommandLine, CheckJudgesEveryClaimHonestly) {
  const auto runs = offprint_json({"check", "walk", "-q"});
  const auto& claims = runs[0]["claims"];
  ASSERT_EQ(claims.size(), 5U);
  EXPECT_EQ(claims[0]["verdict"], "holds");
  EXPECT_EQ(claims[1]["verdict"], "holds");
  EXPECT_EQ(claims[2]["verdict"], "falls short");
  EXPECT_EQ(claims[2]["criteria"][0]["measured"], 1.5);
  EXPECT_EQ(claims[3]["verdict"], "not run");
  EXPECT_THAT(claims[3]["reason"].get<std::string>(), HasSubstr("offprint data fetch cavity-ke"));
  EXPECT_EQ(claims[4]["verdict"], "not run");
  EXPECT_THAT(claims[4]["reason"].get<std::string>(), HasSubstr("--tier full"));
  // an interval on the ensemble's mean
  EXPECT_LT(claims[1]["criteria"][0]["lo"].get<double>(), claims[1]["criteria"][0]["measured"].get<double>());

  const auto text = offprint({"check", "walk", "--claim", "W3", "--strict", "-q"});
  EXPECT_EQ(text.exit_code, 1);
  EXPECT_THAT(text.output, HasSubstr("1 claims: 0 hold, 1 falls short, 0 inconclusive, 0 not run"));
}

TEST_F(CommandLine, OnlyWhatThisBuildHasNotJudged) {
  const auto first = offprint_json({"check", "walk", "--claim", "W1,W3", "-q"});
  const auto commit = offprint_json({"runs", "export", "1"})["build"]["commit"].get<std::string>();
  const auto second = offprint_json({"check", "walk", "--new", "-q"});
  const auto claims = second[0]["claims"];
  ASSERT_EQ(claims.size(), 4U) << "the quick claims, measured now or before";
  EXPECT_EQ(claims[0]["id"], "W1");
  EXPECT_EQ(claims[2]["criteria"], first[0]["claims"][1]["criteria"]);
  const auto measured = offprint_json({"runs", "export", "2"})["claims"];
  if (commit.find("+changes") == std::string::npos) {
    ASSERT_EQ(measured.size(), 2U) << "W2, and W4 which could not be measured";
    EXPECT_EQ(measured[0]["id"], "W2");
    offprint_json({"check", "walk", "--new", "--seed", "5", "-q"});
    EXPECT_EQ(offprint_json({"runs", "export", "3"})["claims"].size(), 4U) << "another seed is another measurement";
  } else {
    EXPECT_EQ(measured.size(), 4U) << "a changed tree does not say what was built";
  }
}

TEST_F(CommandLine, MarkdownAndReport) {
  const auto result = offprint({"check", "walk", "--claim", "W3", "--markdown", "r.md", "--report", "r.html", "-q"});
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  std::stringstream markdown;
  markdown << std::ifstream("r.md").rdbuf();
  EXPECT_THAT(markdown.str(), HasSubstr("| W3 |"));
  EXPECT_THAT(markdown.str(), HasSubstr("`length` = 1.5 (>= 2)"));
  std::stringstream html;
  html << std::ifstream("r.html").rdbuf();
  EXPECT_THAT(html.str(), HasSubstr("A random walk for testing"));
  EXPECT_THAT(html.str(), Not(HasSubstr("@@")));
  EXPECT_THAT(html.str(), Not(HasSubstr("<script src")));
}

TEST_F(CommandLine, RunRecordsWhereNumbersComeFrom) {
  const auto run =
      offprint_json({"run", "walk", "walk", "--steps", "5", "--fast", "--seed", "7", "--out", "out", "-q"});
  EXPECT_EQ(run["seed"], 7);
  EXPECT_EQ(run["options"]["steps"], 5);
  EXPECT_EQ(run["status"], "finished");
  EXPECT_EQ(run["libraries"]["walklib"], "1.0");
  EXPECT_FALSE(run["build"]["commit"].get<std::string>().empty());
  EXPECT_GT(run["machine"]["threads"].get<int>(), 0);
  EXPECT_EQ(run["tables"][0]["rows"].size(), 5U);
  for (const char* file : {"out/path.csv", "out/path.vl.json", "out/path.txt", "out/summary.json", "out/report.html"})
    EXPECT_TRUE(std::filesystem::exists(file)) << file;
}

TEST_F(CommandLine, SingleActionMayBeLeftOut) {
  EXPECT_EQ(offprint({"run", "walk", "--steps", "2", "--fast", "-q"}).exit_code, 0);
}

TEST_F(CommandLine, RunsCanBeListedComparedAndRemoved) {
  for (const char* seed : {"1", "1", "2"})
    ASSERT_EQ(offprint({"run", "walk", "--steps", "3", "--fast", "-q", "--seed", seed}).exit_code, 0);
  EXPECT_EQ(offprint_json({"runs"}).size(), 3U);
  EXPECT_TRUE(offprint_json({"runs", "compare", "1", "2"})["identical"].get<bool>());
  EXPECT_FALSE(offprint_json({"runs", "compare", "1", "3"})["identical"].get<bool>());
  EXPECT_EQ(offprint({"runs", "rm", "2"}).exit_code, 0);
  EXPECT_EQ(offprint_json({"runs"}).size(), 2U);
  EXPECT_FALSE(std::filesystem::exists("store/runs/2"));
  refuses({"runs", "show", "2"}, 2, {"there is no run 2"});
}

TEST_F(CommandLine, FiguresAreDrawn) {
  ASSERT_EQ(offprint({"run", "walk", "--steps", "30", "--fast", "-q"}).exit_code, 0);
  refuses({"figure", "1", "pth"}, 2, {"no figure 'pth'", "did you mean 'path'"});
  const auto svg = offprint({"figure", "1", "path", "--svg", "--out", "f.svg", "-q"});
  ASSERT_EQ(svg.exit_code, 0) << svg.errors;
  std::stringstream text;
  text << std::ifstream("f.svg").rdbuf();
  EXPECT_THAT(text.str(), HasSubstr("<svg"));
  EXPECT_THAT(text.str(), HasSubstr("position (m)"));
  const auto png = offprint({"figure", "1", "path", "--png", "--theme", "dark", "--out", "f.png", "-q"});
  ASSERT_EQ(png.exit_code, 0) << png.errors;
  EXPECT_GT(std::filesystem::file_size("f.png"), 5000U);
}

TEST_F(CommandLine, CompletionIsLive) {
  EXPECT_EQ(offprint({"__complete", "run", "wa"}).output, "walk\n");
  EXPECT_EQ(offprint({"__complete", "run", "walk", "walk", "--ki"}).output, "--kind\n");
  EXPECT_EQ(offprint({"__complete", "run", "walk", "walk", "--kind", ""}).output, "normal\nuniform\n");
  EXPECT_EQ(offprint({"__complete", "run", "walk", "walk", "--data", ""}).output, "@files\n");
  EXPECT_THAT(offprint({"completion", "bash"}).output, HasSubstr("complete -F _offprint offprint"));
  EXPECT_THAT(offprint({"completion", "zsh"}).output, HasSubstr("#compdef offprint"));
}

TEST_F(CommandLine, DoctorKnowsThisMachine) {
  const auto doctor = offprint_json({"doctor"});
  std::set<std::string> names;
  for (const auto& finding : doctor["findings"]) names.insert(finding["name"]);
  for (const char* name : {"threads", "SIMD", "MPI", "LibTorch", "CUDA", "BLAS", "data", "store"})
    EXPECT_TRUE(names.contains(name)) << name;
}

TEST_F(CommandLine, StoreThatCannotBeWrittenIsRefused) {
  if (geteuid() == 0) {
    // root writes anywhere but into what is not a folder
    write("file", "x");
    refuses({"check", "walk", "--store", "file/store"}, 2, {"cannot be created", "--store DIR"});
    refuses({"check", "walk", "--store", "/proc/offprint"}, 2, {"/proc/offprint", "--store DIR"});
  } else {
    std::filesystem::create_directories("ro/runs");
    std::filesystem::permissions("ro/runs", std::filesystem::perms::owner_read | std::filesystem::perms::owner_exec);
    refuses({"check", "walk", "--store", "ro"}, 2, {"read-only", "--store DIR"});
  }
}

TEST_F(CommandLine, StoreFromANewerVersionIsRefused) {
  ASSERT_EQ(offprint({"run", "walk", "--steps", "2", "--fast", "-q"}).exit_code, 0);
  SQLite::Database("store/runs.sqlite", SQLite::OPEN_READWRITE).exec("PRAGMA user_version=99");
  refuses({"runs"}, 2, {"newer Offprint", "format 99"});
  refuses({"check", "walk"}, 2, {"newer Offprint", "format 99"});
}

TEST_F(CommandLine, DamagedStoreIsSaid) {
  std::filesystem::create_directories("store/runs");
  std::ofstream("store/runs.sqlite") << std::string(8192, 'x');
  refuses({"runs"}, 1, {"damaged", "--store DIR"});
}

TEST_F(CommandLine, EditionHoldsTheNewestVerdictOfEachClaimInOneFile) {
  ASSERT_EQ(offprint({"check", "walk", "--claim", "W1,W2", "-q"}).exit_code, 0);
  ASSERT_EQ(offprint({"check", "walk", "--claim", "W2", "--seed", "1", "-q"}).exit_code, 0);
  const auto result = offprint({"report", "--edition", "--out", "today.html"});
  ASSERT_EQ(result.exit_code, 0) << result.errors;
  std::stringstream page;
  page << std::ifstream("today.html").rdbuf();
  const auto text = page.str();
  for (const char* piece : {"A random walk for testing", "W1", "W2"}) EXPECT_THAT(text, HasSubstr(piece));
  EXPECT_THAT(text, Not(HasSubstr("<script src")));
  EXPECT_THAT(text, Not(HasSubstr("<link rel=\"stylesheet\"")));
  const auto claim = text.find("\"id\":\"W2\"");
  ASSERT_NE(claim, std::string::npos);
  const auto run = text.find("\"run\":", claim);
  EXPECT_EQ(text.substr(run, 7), "\"run\":2") << "the newest verdict of W2 is the second run's";
}

TEST_F(CommandLine, ModuleOfAnotherVersionIsRefused) {
  setenv("OFFPRINT_PAPERS", (std::string(OFFPRINT_BINARY_DIR) + "/tests/papers-other-version").c_str(), 1);
  refuses({"check", "stale"}, 1, {"built for Offprint 0.0.0", "rebuild the module"});
}

TEST_F(CommandLine, CardAndModuleMustAgree) {
  std::filesystem::create_directories("papers/walk");
  const std::filesystem::path built = std::string(OFFPRINT_BINARY_DIR) + "/tests/papers/walk";
  std::filesystem::copy_file(built / "libofp_walk.so", "papers/walk/libofp_walk.so");
  std::stringstream card;
  card << std::ifstream(built / "paper.toml").rdbuf();
  write("papers/walk/paper.toml", std::regex_replace(card.str(), std::regex("id = \"W5\""), "id = \"W6\""));
  setenv("OFFPRINT_PAPERS", (folder() / "papers").c_str(), 1);
  refuses({"check", "walk"}, 1, {"claim 'W6' is on the card but not in the module"});
}

TEST_F(CommandLine, BadCardsNameFileAndLine) {
  std::filesystem::create_directories("papers/bad");
  write("papers/bad/paper.toml", "title = \"x\"\nauthors = [\"y\"]\nyear = 2026\nstatsu = \"ready\"\n");
  setenv("OFFPRINT_PAPERS", (folder() / "papers").c_str(), 1);
  refuses({"list"}, 2, {"papers/bad/paper.toml:4", "unknown key 'statsu'", "did you mean 'status'"});
}

/// A full disk: every file of the child may grow to this many bytes at most (RLIMIT_FSIZE acts as the disk's end).
TEST_F(CommandLine, FullDiskEndsCleanlyAndTheRunResumes) {
  const auto limited = [&](rlim_t bytes) {
    std::fflush(nullptr);  // a child must not print the parent's buffer again
    const pid_t child = fork();
    if (child == 0) {
      signal(SIGXFSZ, SIG_IGN);  // write() then fails with EFBIG, as it would with ENOSPC
      const rlimit limit{bytes, bytes};
      setrlimit(RLIMIT_FSIZE, &limit);
      freopen("out.txt", "w", stdout);
      freopen("err.txt", "w", stderr);
      execl(command_path().c_str(), "offprint", "run", "walk", "walk", "--steps", "5", "--ballast", "40000", "--fast",
            "-q", nullptr);
      _exit(99);
    }
    int status = 0;
    waitpid(child, &status, 0);
    return WEXITSTATUS(status);
  };
  ASSERT_EQ(offprint({"runs"}).exit_code, 0);
  EXPECT_EQ(limited(250000), 1);
  std::stringstream errors;
  errors << std::ifstream("err.txt").rdbuf();
  EXPECT_THAT(errors.str(), ::testing::AnyOf(HasSubstr("disk full"), HasSubstr("largest allowed size")));
  for (const auto& entry : std::filesystem::recursive_directory_iterator("store"))
    EXPECT_THAT(entry.path().filename().string(), Not(HasSubstr(".tmp"))) << "a half-written file was left behind";
  EXPECT_EQ(offprint_json({"runs"})[0]["status"], "failed");
  EXPECT_EQ(offprint({"resume", "1", "-q"}).exit_code, 0);  // once there is room
  EXPECT_EQ(offprint_json({"runs"})[0]["status"], "finished");
}

TEST_F(CommandLine, InterruptEndsWithinASecondEvenWhenTheWorkDoesNotLook) {
  for (const bool ignores : {false, true}) {
    std::fflush(nullptr);  // a child must not print the parent's buffer again
    const pid_t child = fork();
    if (child == 0) {
      freopen("out.txt", "w", stdout);
      freopen("err.txt", "w", stderr);
      execl(command_path().c_str(), "offprint", "run", "walk", "walk", "--steps", "100000", "-q",
            ignores ? "--ignore-cancel" : nullptr, nullptr);
      _exit(99);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(700));
    const auto asked = std::chrono::steady_clock::now();
    kill(child, SIGINT);
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_LT(std::chrono::duration<double>(std::chrono::steady_clock::now() - asked).count(), 1.0);
    ASSERT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), 130);
    std::stringstream errors;
    errors << std::ifstream("err.txt").rdbuf();
    EXPECT_THAT(errors.str(), HasSubstr("offprint resume"));
  }
  for (const auto& run : offprint_json({"runs"})) EXPECT_EQ(run["status"], "interrupted");
}

TEST_F(CommandLine, SeveralProcessesShareOneStore) {
  std::vector<std::thread> threads;
  std::vector<int> codes(6, -1);
  for (std::size_t i = 0; i < codes.size(); ++i)
    threads.emplace_back([&, i] {
      codes[i] = offprint({"run", "walk", "--steps", "50", "--fast", "-q", "--seed", std::to_string(i)}).exit_code;
    });
  for (auto& thread : threads) thread.join();
  for (const int code : codes) EXPECT_EQ(code, 0);
  const auto runs = offprint_json({"runs"});
  EXPECT_EQ(runs.size(), codes.size());
  for (const auto& run : runs) EXPECT_EQ(run["status"], "finished");
}

TEST_F(CommandLine, ThreadsDoNotChangeNumbers) {
  for (const char* threads : {"1", "2", "3"})
    ASSERT_EQ(offprint({"check", "walk", "--claim", "W2", "--threads", threads, "-q"}).exit_code, 0);
  EXPECT_EQ(numbers(1), numbers(2));
  EXPECT_EQ(numbers(1), numbers(3));
}

TEST_F(CommandLine, RanksDoNotChangeNumbers) {
  if (!app::on_path("mpirun") ||
      !std::filesystem::exists(std::string(OFFPRINT_BINARY_DIR) + "/lib/offprint/libofp_mpi.so"))
    GTEST_SKIP() << "built without MPI";
  ASSERT_EQ(offprint({"check", "walk", "--claim", "W1,W2", "-q"}).exit_code, 0);
  for (const char* ranks : {"1", "2", "3"}) {
    const auto result = app::run_process({"mpirun", "--allow-run-as-root", "--oversubscribe", "-n", ranks,
                                          command_path(), "check", "walk", "--claim", "W1,W2", "-q", "--threads", "1"});
    ASSERT_EQ(result.exit_code, 0) << result.errors;
    EXPECT_EQ(result.output.find("2 claims"), result.output.rfind("2 claims")) << "more than one rank spoke";
  }
  EXPECT_EQ(offprint_json({"runs"}).size(), 4U);
  for (const int id : {2, 3, 4}) EXPECT_EQ(numbers(1), numbers(id)) << id;
}

TEST_F(CommandLine, NewPaperRefusesWhatIsNoSlugOrExists) {
  refuses({"new-paper", "Not A Slug"}, 2, {"'Not A Slug' is not a slug"});
  refuses({"new-paper", "fine"}, 2, {"inside a clone"});
  std::filesystem::create_directories("papers/taken");
  write("papers/CMakeLists.txt", "");
  write("papers/taken/study.cpp", "");
  refuses({"new-paper", "taken"}, 2, {"exists already"});
}

}  // namespace
}  // namespace offprint::test
