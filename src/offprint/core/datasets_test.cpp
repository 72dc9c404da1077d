#include "offprint/core/datasets.hpp"

#include <cstdlib>
#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "offprint/core/atomic_file.hpp"
#include "offprint/core/error.hpp"
#include "offprint/core/sha256.hpp"

namespace offprint {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class DatasetsTest : public ::testing::Test {
 protected:
  DatasetsTest() {
    fs::create_directories(root_ / "public");
    fs::create_directories(root_ / "a" / "waves" / "sub");
    write_atomically(root_ / "public" / "x.csv", kX);
    write_atomically(root_ / "public" / "y.csv", kY);
    write_registry(registry_text());
  }
  ~DatasetsTest() override { fs::remove_all(root_); }

  std::string file_entry(const std::string& path, const std::string& content, const std::string& rest = "") const {
    return "{ path = \"" + path + "\", sha256 = \"" + sha256(content) +
           "\", bytes = " + std::to_string(content.size()) + rest + " }";
  }
  [[nodiscard]] std::string url(const std::string& file) const {
    return ", url = \"file://" + (root_ / "public" / file).string() + "\"";
  }
  [[nodiscard]] std::string registry_text() const {
    return "[[dataset]]\nname = \"waves\"\ntitle = \"Waves\"\nlicence = \"CC0\"\nsource = \"us\"\nfiles = [\n  " +
           file_entry("x.csv", kX, url("x.csv")) + ",\n  " +
           file_entry("sub/y.csv", kY, url("y.csv") + ", also = [{ sha256 = \"" + sha256("3\n") + "\", bytes = 2 }]") +
           ",\n]\n[[dataset]]\nname = \"manual\"\ntitle = \"M\"\nlicence = \"?\"\nsource = \"you\"\n"
           "how = \"ask the authors\"\nfiles = [" +
           file_entry("m.bin", "m") + "]\n";
  }
  void write_registry(const std::string& text) const { write_atomically(root_ / "registry.toml", text); }
  [[nodiscard]] Datasets datasets() const {
    return {root_ / "registry.toml", {root_ / "a", root_ / "b"}, root_ / "cache"};
  }
  template <class E>
  static std::string error_of(const std::function<void()>& f) {
    try {
      f();
    } catch (const E& error) {
      return error.what();
    }
    return "(nothing was thrown)";
  }
  std::string registry_error(const std::string& text) const {
    write_registry(text);
    return error_of<InputError>([&] { (void)datasets(); });
  }

  const std::string kX = "1,2\n3,4\n";
  const std::string kY = "5\n";
  fs::path root_ = fs::temp_directory_path() / ("offprint-data-" + std::to_string(::getpid()));
};

TEST_F(DatasetsTest, EntriesAreListedInOrder) {
  EXPECT_THAT(datasets().list(), ElementsAre("waves", "manual"));
  EXPECT_EQ(datasets().entry("waves").bytes(), kX.size() + kY.size());
  EXPECT_TRUE(datasets().entry("waves").fetchable());
  EXPECT_FALSE(datasets().entry("manual").fetchable());
  EXPECT_EQ(error_of<InputError>([&] { (void)datasets().entry("wave"); }),
            "there is no data set 'wave'; did you mean 'waves'?");
}

TEST_F(DatasetsTest, LocalFoldersComeBeforeTheCacheAndMustBeComplete) {
  EXPECT_EQ(datasets().find("waves"), std::nullopt);
  write_atomically(root_ / "a" / "waves" / "x.csv", kX);
  EXPECT_EQ(datasets().find("waves"), std::nullopt);
  fs::create_directories(root_ / "cache" / "waves" / "sub");
  write_atomically(root_ / "cache" / "waves" / "x.csv", kX);
  write_atomically(root_ / "cache" / "waves" / "sub" / "y.csv", kY);
  EXPECT_EQ(datasets().find("waves"), root_ / "cache" / "waves");
  write_atomically(root_ / "a" / "waves" / "sub" / "y.csv", kY);
  EXPECT_EQ(datasets().find("waves"), root_ / "a" / "waves");
}

TEST_F(DatasetsTest, FoldersComeFromTheEnvironment) {
  const char* before = std::getenv("OFFPRINT_DATA");
  const std::string kept = before == nullptr ? "" : before;
  ::setenv("OFFPRINT_DATA", (":/nowhere:" + (root_ / "a").string()).c_str(), 1);
  ::setenv("XDG_CACHE_HOME", (root_ / "xdg").c_str(), 1);
  const Datasets sets(root_ / "registry.toml");
  ::setenv("OFFPRINT_DATA", kept.c_str(), 1);
  ::unsetenv("XDG_CACHE_HOME");
  EXPECT_EQ(sets.cache(), root_ / "xdg" / "offprint" / "data");
  write_atomically(root_ / "a" / "waves" / "x.csv", kX);
  write_atomically(root_ / "a" / "waves" / "sub" / "y.csv", kY);
  EXPECT_EQ(sets.find("waves"), root_ / "a" / "waves");
}

TEST_F(DatasetsTest, FetchBringsWhatIsMissingAndVerifyAgrees) {
  const fs::path folder = datasets().fetch("waves");
  EXPECT_EQ(folder, root_ / "cache" / "waves");
  EXPECT_EQ(datasets().find("waves"), folder);
  EXPECT_THAT(datasets().verify("waves"), IsEmpty());
  EXPECT_EQ(sha256_file(folder / "x.csv"), sha256(kX));

  write_atomically(folder / "sub" / "y.csv", "3\n");  // another known version
  EXPECT_THAT(datasets().verify("waves"), IsEmpty());
  write_atomically(folder / "sub" / "y.csv", "4\n");
  write_atomically(folder / "x.csv", "cut");
  const auto defects = datasets().verify("waves");
  ASSERT_EQ(defects.size(), 2u);
  EXPECT_THAT(defects[0], HasSubstr("x.csv has 3 bytes, expected 8 bytes with SHA-256 " + sha256(kX)));
  EXPECT_THAT(defects[1], HasSubstr("y.csv has SHA-256 " + sha256("4\n")));
}

TEST_F(DatasetsTest, AWrongDownloadIsRefusedAndLeavesNothing) {
  write_atomically(root_ / "public" / "y.csv", "6\n");
  EXPECT_THAT(error_of<IoError>([&] { (void)datasets().fetch("waves"); }),
              HasSubstr("y.csv brought another file than expected"));
  EXPECT_EQ(datasets().find("waves"), std::nullopt);
  EXPECT_TRUE(fs::is_empty(root_ / "cache" / "waves" / "sub"));
  EXPECT_TRUE(fs::exists(root_ / "cache" / "waves" / "x.csv"));  // kept: the next attempt goes on from here
  write_atomically(root_ / "public" / "y.csv", kY);
  fs::remove(root_ / "public" / "x.csv");
  EXPECT_EQ(datasets().fetch("waves"), root_ / "cache" / "waves");
}

TEST_F(DatasetsTest, FailuresSayWhatToDo) {
  fs::remove(root_ / "public" / "x.csv");
  EXPECT_THAT(error_of<IoError>([&] { (void)datasets().fetch("waves"); }), HasSubstr("cannot fetch file:///"));
  EXPECT_EQ(error_of<InputError>([&] { (void)datasets().fetch("manual"); }),
            "the file m.bin of data set 'manual' cannot be fetched; ask the authors; put it into " +
                (root_ / "cache" / "manual").string());
  EXPECT_EQ(error_of<InputError>([&] { (void)datasets().verify("manual"); }),
            "the data set 'manual' is not on this machine; ask the authors");
  EXPECT_THROW((void)datasets().fetch("waves", CancelToken([] { return true; })), Interrupted);
}

TEST_F(DatasetsTest, RegistryMistakesAreNamedByPlace) {
  const std::string at = (root_ / "registry.toml").string() + ":";
  EXPECT_THAT(registry_error("[[dataset]\n"), HasSubstr(at + "1:"));
  EXPECT_THAT(registry_error("[[dataset]]\nname = \"a\"\nnam = 1\n"),
              HasSubstr(at + "3:7: unknown key 'nam'; did you mean 'name'?"));
  EXPECT_THAT(registry_error("[[dataset]]\nname = \"a\"\n"), HasSubstr("the key 'title' is missing"));
  EXPECT_THAT(registry_error("[[dataset]]\nname = \"../a\"\n"), HasSubstr("cannot be the name of a data set's folder"));
  std::string text = registry_text();
  text.replace(text.find("sub/y.csv"), 9, "../../y.c");
  EXPECT_THAT(registry_error(text), HasSubstr("the path '../../y.c' leaves the data set's folder"));
  text = registry_text();
  text.replace(text.find("how = "), 5, "#ow =");
  EXPECT_THAT(registry_error(text), HasSubstr("'how' must say how to get it by hand"));
  EXPECT_THAT(registry_error(registry_text() + registry_text()), HasSubstr("the data set 'waves' is listed twice"));
  fs::remove(root_ / "registry.toml");
  EXPECT_THAT(error_of<InputError>([&] { (void)datasets(); }), HasSubstr("no such file or folder"));
}

// The registry that is shipped; its copies are checked where OFFPRINT_DATA has them.
TEST(Registry, IsWellFormedAndItsLocalCopiesAreGood) {
  const Datasets sets(fs::path(OFFPRINT_SOURCE_DIR) / "data" / "registry.toml");
  EXPECT_THAT(sets.list(), ::testing::IsSupersetOf({"mnist", "cifar10", "libsvm", "citylearn", "cavity-ke"}));
  for (const auto& name : sets.list())
    if (sets.find(name)) {
      EXPECT_THAT(sets.verify(name), IsEmpty()) << name;
    }
}

}  // namespace
}  // namespace offprint
