// Driving the built command from tests: a store of its own per test, the test paper on OFFPRINT_PAPERS.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "../app/process.hpp"

namespace offprint::test {

inline std::string command_path() { return std::string(OFFPRINT_BINARY_DIR) + "/bin/offprint"; }

/// A fresh folder, removed at the end, holding the store and whatever the test writes; current directory of the test.
class Sandbox : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "offprint-test-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    before_ = std::filesystem::current_path();
    std::filesystem::current_path(folder_);
    setenv("OFFPRINT_STORE", (folder_ / "store").c_str(), 1);
    setenv("OFFPRINT_PAPERS", (std::string(OFFPRINT_BINARY_DIR) + "/tests/papers").c_str(), 1);
    unsetenv("OFFPRINT_DATA");
    setenv("XDG_CACHE_HOME", (folder_ / "cache").c_str(), 1);
  }
  void TearDown() override {
    std::filesystem::current_path(before_);
    std::error_code ignored;
    std::filesystem::permissions(folder_, std::filesystem::perms::owner_all, ignored);
    std::filesystem::remove_all(folder_, ignored);
  }

  [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }

  static app::ProcessResult offprint(std::vector<std::string> words) {
    words.insert(words.begin(), command_path());
    return app::run_process(words);
  }
  static nlohmann::json offprint_json(std::vector<std::string> words) {
    words.emplace_back("--json");
    const auto result = offprint(words);
    EXPECT_EQ(result.exit_code, 0) << result.errors;
    return nlohmann::json::parse(result.output);
  }
  void write(const std::string& name, const std::string& text) const { std::ofstream(folder_ / name) << text; }

  /// What must not differ between two runs that computed the same: verdicts, metrics, tables.
  static nlohmann::json numbers(int id) {
    auto all = offprint_json({"runs", "export", std::to_string(id)});
    nlohmann::json kept;
    for (const auto& claim : all["claims"])
      kept["claims"].push_back({claim["id"], claim["verdict"], claim["criteria"]});
    kept["metrics"] = all["metrics"];
    kept["tables"] = all["tables"];
    return kept;
  }

 private:
  std::filesystem::path folder_;
  std::filesystem::path before_;
};

}  // namespace offprint::test
