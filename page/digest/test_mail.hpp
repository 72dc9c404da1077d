// What the mail's tests share: a store of their own, a mail server as a child process, messages read back by Python.
#pragma once

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include <SQLiteCpp/SQLiteCpp.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sys/wait.h>
#include <unistd.h>

#include "page/digest/mail_settings.hpp"
#include "page/digest/subscriptions.hpp"

namespace offprint::page {

inline std::string test_output_of(const std::string& command) {
  std::string text;
  FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return text;
  char buffer[4096];
  for (std::size_t n = 0; (n = fread(buffer, 1, sizeof buffer, pipe)) > 0;) text.append(buffer, n);
  EXPECT_EQ(pclose(pipe), 0) << command;
  return text;
}

/// A message as Python's email module understands it (tests/mail/parse_mail.py).
inline nlohmann::json parse_mail_file(const std::filesystem::path& file) {
  return nlohmann::json::parse(
      test_output_of("/usr/bin/python3 " OFFPRINT_SOURCE_DIR "/tests/mail/parse_mail.py '" + file.string() + "'"));
}

class TestMailServer {
 public:
  TestMailServer(const std::filesystem::path& folder, std::vector<std::string> options) : folder_(folder) {
    std::filesystem::create_directories(folder_);
    std::vector<std::string> words = {"/usr/bin/python3", OFFPRINT_SOURCE_DIR "/tests/mail/smtp_server.py", "--folder",
                                      folder_.string()};
    words.insert(words.end(), options.begin(), options.end());
    std::vector<char*> argv;
    for (auto& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    int to[2];
    int from[2];
    if (pipe2(to, O_CLOEXEC) != 0 || pipe2(from, O_CLOEXEC) != 0) throw std::runtime_error("no pipes");
    child_ = fork();
    if (child_ == 0) {
      dup2(to[0], 0);
      dup2(from[1], 1);
      execv(argv[0], argv.data());
      _exit(127);
    }
    close(to[0]);
    close(from[1]);
    stdin_ = to[1];
    FILE* out = fdopen(from[0], "r");
    if (fscanf(out, "%d", &port_) != 1)
      throw std::runtime_error("the mail server did not start: is python3-aiosmtpd there?");
    fclose(out);
  }
  TestMailServer(const TestMailServer&) = delete;
  TestMailServer& operator=(const TestMailServer&) = delete;
  ~TestMailServer() {
    close(stdin_);
    kill(child_, SIGKILL);
    waitpid(child_, nullptr, 0);
  }
  [[nodiscard]] int port() const { return port_; }

  /// The files of the messages taken, in order.
  [[nodiscard]] std::vector<std::filesystem::path> messages() const {
    std::vector<std::filesystem::path> list;
    for (const auto& entry : std::filesystem::directory_iterator(folder_))
      if (entry.path().extension() == ".eml") list.push_back(entry.path());
    std::sort(list.begin(), list.end());
    return list;
  }
  /// How often each Message-ID was taken, with its recipient: "to id".
  [[nodiscard]] std::map<std::string, int> taken() const {
    std::map<std::string, int> counts;
    for (const auto& file : messages()) {
      std::ifstream in(file);
      std::string to;
      std::string id;
      for (std::string line; std::getline(in, line) && line != "\r";) {
        if (line.starts_with("X-Envelope-To: ")) to = line.substr(15, line.find('\r') - 15);
        if (line.starts_with("Message-ID: ")) id = line.substr(12, line.find('\r') - 12);
      }
      ++counts[to + " " + id];
    }
    return counts;
  }
  [[nodiscard]] int noted(const std::string& what) const {
    std::ifstream in(folder_ / "log");
    int count = 0;
    for (std::string line; std::getline(in, line);) count += line.starts_with(what) ? 1 : 0;
    return count;
  }

 private:
  std::filesystem::path folder_;
  pid_t child_ = -1;
  int stdin_ = -1;
  int port_ = 0;
};

class MailTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "offprint-mail-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    store_ = folder_ / "store";
    std::filesystem::create_directories(store_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  [[nodiscard]] MailSettings plain_settings(int port) const {
    MailSettings settings;
    settings.smtp = "smtp://127.0.0.1:" + std::to_string(port);
    settings.from = {"Offprint", "papers@example.org"};
    settings.plain = true;
    settings.base_url = "https://papers.example.org";
    settings.connect_seconds = 5;
    settings.message_seconds = 20;
    return settings;
  }
  [[nodiscard]] Subscriptions open_subscriptions() const { return {store_, Signer::open(store_)}; }

  /// A confirmed subscriber; returns their number.
  static std::int64_t subscribe(Subscriptions& s, const std::string& email, const Wish& wish = {}) {
    s.request(email, wish, seconds_now());
    const auto id = s.database().execAndGet("SELECT MAX(id) FROM requests").getInt64();
    return s.confirm(s.confirm_token(id, seconds_now()), seconds_now()).value().id;
  }
  /// A certification authority and a certificate of it for localhost, made by openssl: ca.pem, cert.pem, key.pem.
  void make_certificates() const {
    const auto at = [&](const char* name) { return "'" + (folder_ / name).string() + "'"; };
    write("ext.cnf", "subjectAltName=DNS:localhost,IP:127.0.0.1\n");
    const std::string quiet = " 2>/dev/null";
    test_output_of(
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj '/CN=Test CA' -keyout " +
        at("ca.key") + " -out " + at("ca.pem") + quiet);
    test_output_of("openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost -keyout " +
                   at("key.pem") + " -out " + at("req.pem") + quiet);
    test_output_of("openssl x509 -req -days 2 -CAcreateserial -in " + at("req.pem") + " -CA " + at("ca.pem") +
                   " -CAkey " + at("ca.key") + " -extfile " + at("ext.cnf") + " -out " + at("cert.pem") + quiet);
  }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / name, std::ios::binary) << text;
  }

  std::filesystem::path folder_;
  std::filesystem::path store_;
};

}  // namespace offprint::page
