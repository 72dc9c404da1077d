#include "offprint/core/atomic_file.hpp"

#include <csignal>
#include <fstream>
#include <iterator>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "offprint/core/error.hpp"

namespace offprint {
namespace {

namespace fs = std::filesystem;

class AtomicFileTest : public ::testing::Test {
 protected:
  AtomicFileTest() { fs::create_directories(folder_); }
  ~AtomicFileTest() override { fs::remove_all(folder_); }
  static std::string contents(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  [[nodiscard]] std::size_t files() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()));
  }
  fs::path folder_ = fs::temp_directory_path() / ("offprint-atomic-" + std::to_string(::getpid()));
};

std::string message_of(const std::function<void()>& f) {
  try {
    f();
  } catch (const IoError& error) {
    return error.what();
  }
  return "(nothing was thrown)";
}

TEST_F(AtomicFileTest, ReplacesTheWholeFileAndKeepsItsPermissions) {
  const auto path = folder_ / "a.bin";
  write_atomically(path, std::string_view("one\0two", 7));
  EXPECT_EQ(contents(path), std::string("one\0two", 7));
  ASSERT_EQ(::chmod(path.c_str(), 0640), 0);
  write_atomically(path, "");
  EXPECT_EQ(contents(path), "");
  EXPECT_EQ(fs::status(path).permissions(), static_cast<fs::perms>(0640));
  EXPECT_EQ(files(), 1u);
}

TEST_F(AtomicFileTest, NothingIsSeenBeforeCommitAndNothingRemainsWithoutIt) {
  const auto path = folder_ / "a";
  write_atomically(path, "old");
  {
    AtomicFile file(path);
    file.write(std::string(1 << 20, 'x'));
    EXPECT_EQ(contents(path), "old");
    EXPECT_EQ(files(), 2u);
  }
  EXPECT_EQ(contents(path), "old");
  EXPECT_EQ(files(), 1u);
}

TEST_F(AtomicFileTest, ManySmallAndLargePiecesKeepTheirOrder) {
  const auto path = folder_ / "a";
  std::string expected;
  AtomicFile file(path);
  for (int i = 0; i < 2000; ++i) {
    const std::string piece(i % 500 == 7 ? 300000 : i % 97, static_cast<char>('a' + i % 26));
    file.write(piece);
    expected += piece;
  }
  file.commit();
  EXPECT_TRUE(contents(path) == expected);
  EXPECT_THAT(message_of([&] { file.write("more"); }), ::testing::HasSubstr("already closed"));
}

TEST_F(AtomicFileTest, AProcessKilledWhileWritingLeavesTheOldFile) {
  const auto path = folder_ / "a";
  write_atomically(path, "old");
  const pid_t child = ::fork();
  if (child == 0) {
    AtomicFile file(path);
    file.write(std::string(1 << 20, 'x'));
    ::raise(SIGKILL);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(contents(path), "old");
}

TEST_F(AtomicFileTest, FollowsALinkAndWritesDevicesDirectly) {
  const auto path = folder_ / "target";
  write_atomically(path, "old");
  fs::create_symlink("target", folder_ / "link");
  write_atomically(folder_ / "link", "new");
  EXPECT_TRUE(fs::is_symlink(folder_ / "link"));
  EXPECT_EQ(contents(path), "new");
  write_atomically("/dev/null", "gone");
  EXPECT_TRUE(fs::is_character_file("/dev/null"));
}

TEST_F(AtomicFileTest, ErrorsNameThePathAndTheCause) {
  const auto missing = folder_ / "no" / "a";
  EXPECT_EQ(message_of([&] { write_atomically(missing, "x"); }),
            "cannot write '" + missing.string() + "': the folder '" + (folder_ / "no").string() + "' does not exist");
  EXPECT_EQ(message_of([&] { write_atomically(folder_, "x"); }),
            "cannot write '" + folder_.string() + "': it is a folder");
  EXPECT_THAT(message_of([&] { write_atomically(folder_ / "", "x"); }), ::testing::HasSubstr("not the name of a file"));
  if (fs::exists("/dev/full")) {
    EXPECT_EQ(message_of([&] { write_atomically("/dev/full", "x"); }), "cannot write '/dev/full': disk full");
  }
}

TEST_F(AtomicFileTest, AFullDiskLeavesTheOldFileAndNoTemporary) {
  const auto path = folder_ / "a";
  write_atomically(path, "old");
  const pid_t child = ::fork();
  if (child == 0) {  // a file-size limit is the full disk that a test can have without privileges
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{1 << 16, 1 << 16};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    const std::string message = message_of([&] { write_atomically(path, std::string(1 << 20, 'x')); });
    ::_exit(message.find("largest allowed size") != std::string::npos ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(WEXITSTATUS(status), 0);
  EXPECT_EQ(contents(path), "old");
  EXPECT_EQ(files(), 1u);
}

}  // namespace
}  // namespace offprint
