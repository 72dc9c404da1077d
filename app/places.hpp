// Where things lie: the modules and cards, shared files, found relative to the command itself (build tree or
// installation).
#pragma once

#include <filesystem>
#include <vector>

namespace offprint::app {

struct Places {
  std::filesystem::path executable;                  // the command itself
  std::filesystem::path prefix;                      // build/release or the installation prefix
  std::vector<std::filesystem::path> paper_folders;  // OFFPRINT_PAPERS entries first, then the built-in one
  std::filesystem::path library_folder;              // lib/offprint: transports, papers/
  std::filesystem::path share_folder;                // share/offprint: registry, report template, figure renderer
  std::filesystem::path source_folder;               // the repository, when running from its build tree; else empty
};

/// Throws Error when the command's own location cannot be read.
[[nodiscard]] Places find_places();

}  // namespace offprint::app
