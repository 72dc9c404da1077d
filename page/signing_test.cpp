#include "page/signing.hpp"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "offprint/core/error.hpp"

namespace offprint::page {
namespace {

class SigningTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "offprint-signing-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::filesystem::path folder_;
};

TEST(Base64Url, VectorsOfRfc4648AndOneSpellingOnly) {
  const std::vector<std::pair<std::string, std::string>> vectors = {
      {"", ""},           {"f", "Zg"},          {"fo", "Zm8"},      {"foo", "Zm9v"},
      {"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"}, {"\xfb\xff", "-_8"}};
  for (const auto& [bytes, text] : vectors) {
    EXPECT_EQ(base64url(bytes), text);
    EXPECT_EQ(from_base64url(text), bytes);
  }
  for (const char* bad : {"Zg==", "Z", "Zh", "Zm9v!", "+/8", "Zm 8"}) EXPECT_FALSE(from_base64url(bad)) << bad;
}

TEST(Tokens, HoldForTheirPurposeUntilTheyExpire) {
  const Signer signer(std::string(32, 'k'));
  const std::string payload("a\0b.c\xff", 6);
  const auto token = signer.sign(Purpose::kConfirm, payload, 1000);
  EXPECT_EQ(signer.verify(Purpose::kConfirm, token, 999), payload);
  EXPECT_FALSE(signer.verify(Purpose::kConfirm, token, 1000));
  EXPECT_FALSE(signer.verify(Purpose::kUnsubscribe, token, 1));
  EXPECT_FALSE(signer.verify(Purpose::kSession, token, 1));
  const auto forever = signer.sign(Purpose::kUnsubscribe, "7");
  EXPECT_EQ(signer.verify(Purpose::kUnsubscribe, forever, std::int64_t{1} << 60), "7");
  EXPECT_FALSE(Signer(std::string(32, 'l')).verify(Purpose::kUnsubscribe, forever, 0));
  EXPECT_EQ(forever.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."),
            std::string::npos);
}

TEST(Tokens, EveryChangedCharacterIsNoticed) {
  const Signer signer(std::string(32, 'k'));
  const auto token = signer.sign(Purpose::kConfirm, "42", 2000);
  for (std::size_t i = 0; i < token.size(); ++i) {
    for (const char c : {'A', 'B', '0', '.', '-', '='}) {
      if (token[i] == c) continue;
      std::string changed = token;
      changed[i] = c;
      EXPECT_FALSE(signer.verify(Purpose::kConfirm, changed, 1)) << changed;
    }
    EXPECT_FALSE(signer.verify(Purpose::kConfirm, token.substr(0, i), 1));
  }
  for (const auto& bad :
       {std::string(), std::string("."), std::string(".."), std::string("..."), std::string(10'000'000, 'A')})
    EXPECT_FALSE(signer.verify(Purpose::kConfirm, bad, 1));
}

TEST_F(SigningTest, TheSecretIsMadeOnceAndForTheOwnerOnly) {
  const auto token = Signer::open(folder_).sign(Purpose::kUnsubscribe, "1");
  EXPECT_TRUE(Signer::open(folder_).verify(Purpose::kUnsubscribe, token, 1));
  struct stat about {};
  ASSERT_EQ(stat((folder_ / "page.secret").c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777, 0600U);
  EXPECT_EQ(about.st_size, 32);
  chmod((folder_ / "page.secret").c_str(), 0644);
  EXPECT_THROW((void)Signer::open(folder_), InputError);
  chmod((folder_ / "page.secret").c_str(), 0600);
  std::filesystem::resize_file(folder_ / "page.secret", 31);
  EXPECT_THROW((void)Signer::open(folder_), InputError);
}

TEST_F(SigningTest, ManyProcessesAtOnceGetTheSameSecret) {
  for (int round = 0; round < 5; ++round) {
    std::filesystem::remove(folder_ / "page.secret");
    std::vector<pid_t> children;
    for (int i = 0; i < 8; ++i) {
      const pid_t child = fork();
      if (child == 0) {
        const auto token = Signer::open(folder_).sign(Purpose::kSession, "x");
        std::ofstream(folder_ / ("token" + std::to_string(i))) << token;
        _exit(0);
      }
      children.push_back(child);
    }
    for (const pid_t child : children) {
      int status = 0;
      ASSERT_EQ(waitpid(child, &status, 0), child);
      EXPECT_EQ(status, 0);
    }
    const auto expected = Signer::open(folder_).sign(Purpose::kSession, "x");
    for (int i = 0; i < 8; ++i) {
      std::string token;
      std::ifstream(folder_ / ("token" + std::to_string(i))) >> token;
      EXPECT_EQ(token, expected);
    }
    // no temporary files stay
    for (const auto& entry : std::filesystem::directory_iterator(folder_))
      EXPECT_EQ(entry.path().filename().string().find("page.secret."), std::string::npos);
  }
}

}  // namespace
}  // namespace offprint::page
