// A program started by the page in a process group of its own: read with poll, watched, and ended for certain.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <sys/types.h>

#include "page/server/file_descriptor.hpp"

namespace offprint::page {

class ChildProcess {
 public:
  struct Settings {
    std::vector<std::string> words;  // the program's path and its arguments
    std::filesystem::path folder;    // where it runs
    int niceness = 5;
    int oom_score_adj = 800;  // the system takes a run before the page when memory runs out
  };
  /// Starts it; its standard input is empty. When this process dies, the child gets SIGINT. Throws Error when it
  /// cannot be started.
  explicit ChildProcess(const Settings& settings);
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;
  /// Kills the group and collects the process.
  ~ChildProcess();

  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] int output() const { return output_.get(); }
  [[nodiscard]] int errors() const { return errors_.get(); }
  void close_output() { output_.reset(); }
  void close_errors() { errors_.reset(); }
  /// To the whole group.
  void signal(int number) const;
  /// Whether it has ended; then `status()` is what waitpid said.
  [[nodiscard]] bool ended();
  [[nodiscard]] int status() const { return status_; }
  /// Resident memory of the process and its descendants, bytes.
  [[nodiscard]] std::uint64_t memory() const;

 private:
  pid_t pid_ = -1;
  bool collected_ = false;
  int status_ = 0;
  FileDescriptor output_;
  FileDescriptor errors_;
};

/// Runs a program to its end, at most for `patience`, and gives its exit code and the first 64 KiB of its standard
/// error. Throws Error when it takes longer (it is killed then) or cannot be started.
struct ProgramResult {
  int exit_code = -1;
  std::string errors;
};
[[nodiscard]] ProgramResult run_program(const std::vector<std::string>& words, const std::filesystem::path& folder,
                                        std::chrono::seconds patience);

/// "was ended by signal 11 (segmentation fault)" in words.
[[nodiscard]] std::string signal_words(int number);

}  // namespace offprint::page
