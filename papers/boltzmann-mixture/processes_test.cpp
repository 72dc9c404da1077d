// The command itself: several ranks, and a relaxation that is killed, give the numbers of one unbroken process.
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

namespace offprint::papers::boltzmann_mixture {
namespace {

namespace fs = std::filesystem;
const std::string kCommand = std::string(OFFPRINT_BINARY_DIR) + "/bin/offprint";

class MixtureProcesses : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!fs::exists(kCommand)) GTEST_SKIP() << "the command is not built";
    std::string pattern = (fs::temp_directory_path() / "offprint-mixture-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override {
    std::error_code ignored;
    if (!folder_.empty()) fs::remove_all(folder_, ignored);
  }
  [[nodiscard]] fs::path store(const std::string& name) const { return folder_ / name; }
  // The command with its results in that store; its exit status.
  [[nodiscard]] int offprint(const std::string& store_name, const std::string& words,
                             const std::string& before = "") const {
    const std::string line = "OFFPRINT_STORE=" + store(store_name).string() + " " + before + " " + kCommand + " " +
                             words + " -q --threads 1 >" + (folder_ / "log").string() + " 2>&1";
    return std::system(line.c_str());
  }
  // The bytes of the one file of that name in the store.
  [[nodiscard]] std::string file(const std::string& store_name, const std::string& name) const {
    for (const auto& entry : fs::recursive_directory_iterator(store(store_name))) {
      if (entry.path().filename() != name) continue;
      std::ifstream in(entry.path(), std::ios::binary);
      return {std::istreambuf_iterator<char>(in), {}};
    }
    return "";
  }
  [[nodiscard]] bool has_checkpoint(const std::string& store_name) const {
    if (!fs::exists(store(store_name))) return false;
    for (const auto& entry : fs::recursive_directory_iterator(store(store_name))) {
      if (entry.path().filename() == "relaxation.ckpt") return true;
    }
    return false;
  }

  fs::path folder_;
};

TEST_F(MixtureProcesses, RanksDoNotChangeNumbers) {
  if (std::system("command -v mpirun >/dev/null") != 0 ||
      !fs::exists(std::string(OFFPRINT_BINARY_DIR) + "/lib/offprint/libofp_mpi.so"))
    GTEST_SKIP() << "built without MPI";
  const std::vector<std::pair<std::string, std::string>> runs{
      {"run boltzmann-mixture relax --grid 24 --t-end 0.1", "moments.csv"},
      {"run boltzmann-mixture epochs --grid 24 --t-end 0.2 --mass-ratios 1e-2,1e-3,1e-4", "clocks.csv"}};
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const auto& [words, result] = runs[i];
    const std::string alone = "alone" + std::to_string(i);
    ASSERT_EQ(offprint(alone, words), 0);
    const std::string expected = file(alone, result);
    ASSERT_FALSE(expected.empty());
    for (const char* ranks : {"2", "3"}) {
      const std::string name = "ranks" + std::to_string(i) + ranks;
      ASSERT_EQ(offprint(name, words, std::string("mpirun --allow-run-as-root --oversubscribe -n ") + ranks), 0);
      EXPECT_EQ(file(name, result), expected) << words << " on " << ranks << " ranks";
    }
  }
}

TEST_F(MixtureProcesses, AKilledRelaxationGoesOnToTheSameNumbers) {
  const std::string words = "run boltzmann-mixture relax --grid 32 --dt 1e-3 --t-end 2";
  ASSERT_EQ(offprint("unbroken", words), 0);
  const pid_t child = fork();
  if (child == 0) {
    const std::string line = "OFFPRINT_STORE=" + store("killed").string() + " exec " + kCommand + " " + words +
                             " -q --threads 1 >" + (folder_ / "killed.log").string() + " 2>&1";
    execl("/bin/sh", "sh", "-c", line.c_str(), static_cast<char*>(nullptr));
    _exit(99);
  }
  for (int i = 0; i < 6000 && !has_checkpoint("killed"); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  int status = 0;
  if (waitpid(child, &status, WNOHANG) == child) GTEST_SKIP() << "too fast to be killed";
  kill(child, SIGKILL);
  waitpid(child, &status, 0);
  ASSERT_TRUE(WIFSIGNALED(status));
  ASSERT_TRUE(file("killed", "moments.csv").empty());
  ASSERT_EQ(offprint("killed", "resume 1"), 0);
  EXPECT_EQ(file("killed", "moments.csv"), file("unbroken", "moments.csv"));
  EXPECT_EQ(file("killed", "verdict.json"), file("unbroken", "verdict.json"));
}

}  // namespace
}  // namespace offprint::papers::boltzmann_mixture
