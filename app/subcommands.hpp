// The names of the subcommands, for suggestions and completion.
#pragma once

#include <string>
#include <vector>

namespace offprint::app {

[[nodiscard]] inline std::vector<std::string> subcommand_names() {
  return {"list", "show",   "check",  "run",  "resume",    "runs",   "report",  "figure",    "serve",
          "feed", "search", "digest", "data", "new-paper", "doctor", "version", "completion"};
}

}  // namespace offprint::app
