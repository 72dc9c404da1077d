// Running another program without a shell.
#pragma once

#include <string>
#include <vector>

namespace offprint::app {

struct ProcessResult {
  int exit_code = -1;
  std::string output;  // standard output
  std::string errors;  // standard error
};

/// Runs `words[0]` (found on PATH) with `input` on its standard input. Throws Error when it cannot be started.
[[nodiscard]] ProcessResult run_process(const std::vector<std::string>& words, const std::string& input = "");

/// Whether a program of that name is on PATH.
[[nodiscard]] bool on_path(const std::string& program);

}  // namespace offprint::app
