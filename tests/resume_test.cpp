// Kill -9 at random moments, resume, and end with the numbers of an unbroken run.
#include <chrono>
#include <csignal>
#include <filesystem>
#include <functional>
#include <thread>

#include <sys/wait.h>

#include "harness.hpp"
#include "offprint/core/random.hpp"

namespace offprint::test {
namespace {

class Resume : public Sandbox {
 protected:
  /// Starts the command and kills it after `ms`; whether it had ended by itself.
  static bool killed_after(const std::vector<std::string>& words, int ms) {
    return killed(words, [ms] { std::this_thread::sleep_for(std::chrono::milliseconds(ms)); });
  }
  /// Kills it once the file is there: for states that a busy machine reaches later.
  static bool killed_once_there(const std::vector<std::string>& words, const std::filesystem::path& file) {
    return killed(words, [&file] {
      for (int i = 0; i < 3000 && !std::filesystem::exists(file); ++i)
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    });
  }
  static bool killed(const std::vector<std::string>& words, const std::function<void()>& wait) {
    const pid_t child = fork();
    if (child == 0) {
      std::vector<std::string> all = words;
      all.insert(all.begin(), command_path());
      std::vector<char*> argv;
      for (auto& word : all) argv.push_back(word.data());
      argv.push_back(nullptr);
      freopen("/dev/null", "w", stdout);
      freopen("/dev/null", "w", stderr);
      execv(argv[0], argv.data());
      _exit(99);
    }
    wait();
    int status = 0;
    if (waitpid(child, &status, WNOHANG) == child) return false;
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
    return WIFSIGNALED(status);
  }
  static std::string status(int id) { return offprint_json({"runs", "export", std::to_string(id)})["status"]; }
};

TEST_F(Resume, TwentyKillsAtRandomMomentsChangeNothing) {
  ASSERT_EQ(offprint({"check", "walk", "--claim", "W1,W2", "-q", "--seed", "3"}).exit_code, 0);
  const auto unbroken = numbers(1);

  Stream random(20261125, "kill moments");
  int kills = 0;
  int id = 1;
  bool started = false;
  while (kills < 20) {
    if (!started) {
      ++id;
      started = killed_after({"check", "walk", "--claim", "W1,W2", "-q", "--seed", "3"},
                             static_cast<int>(random.uniform(60.0, 250.0)));
      kills += started ? 1 : 0;
      if (!started) continue;
      if (offprint_json({"runs"}).size() <
          static_cast<std::size_t>(id)) {  // killed before the run was recorded: nothing to resume
        started = false;
        --id;
      }
      continue;
    }
    ASSERT_EQ(status(id), "interrupted");
    if (killed_after({"resume", std::to_string(id), "-q"}, static_cast<int>(random.uniform(20.0, 350.0)))) {
      ++kills;
    } else {  // it came to its end in spite of us: compare, and start another victim
      EXPECT_EQ(status(id), "finished");
      EXPECT_EQ(numbers(id), unbroken) << "run " << id << " after " << kills << " kills";
      started = false;
    }
  }
  if (started && status(id) != "finished") {
    const auto result = offprint({"resume", std::to_string(id), "-q"});
    ASSERT_EQ(result.exit_code, 0) << result.errors;
  }
  EXPECT_EQ(numbers(id), unbroken) << "run " << id << " after " << kills << " kills";
  EXPECT_EQ(kills, 20);
}

TEST_F(Resume, DamagedNewestCheckpointFallsBackToTheOneBefore) {
  ASSERT_EQ(offprint({"run", "walk", "--steps", "200", "-q"}).exit_code, 0);
  const std::filesystem::path newest = "store/runs/2/checkpoints/walk.ckpt";
  ASSERT_TRUE(killed_once_there({"run", "walk", "--steps", "200", "-q"}, newest.string() + ".previous"));
  if (!std::filesystem::exists(newest))  // killed after the old one had stepped aside, before the new one was there
    std::filesystem::copy_file(newest.string() + ".previous", newest);
  {
    std::fstream file(newest, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(40);
    file.put('\x5a');
    file.put('\xa5');
  }
  const auto result = offprint({"resume", "2"});
  ASSERT_EQ(result.exit_code, 0) << result.errors;
  EXPECT_NE(result.output.find("was damaged"), std::string::npos) << result.output;
  EXPECT_EQ(numbers(1), numbers(2));
}

TEST_F(Resume, RefusesWhatCannotBeResumed) {
  ASSERT_EQ(offprint({"run", "walk", "--steps", "2", "--fast", "-q"}).exit_code, 0);
  auto result = offprint({"resume", "1"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_NE(result.errors.find("run 1 is finished"), std::string::npos) << result.errors;
  result = offprint({"resume", "9"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_NE(result.errors.find("there is no run 9"), std::string::npos);

  write("start.txt", "1\n");
  ASSERT_TRUE(killed_once_there({"run", "walk", "--steps", "5000", "--data", "start.txt", "-q"},
                                "store/runs/2/checkpoints/walk.ckpt"));
  write("start.txt", "1\n2\n");
  result = offprint({"resume", "2"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_NE(result.errors.find("start.txt has changed"), std::string::npos) << result.errors;
}

}  // namespace
}  // namespace offprint::test
