// From /proc/self/exe outwards.
#include "places.hpp"

#include <cstdlib>
#include <sstream>

#include "offprint/core/error.hpp"

namespace offprint::app {

Places find_places() {
  std::error_code error;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error) throw Error("cannot find where the offprint command lies: " + error.message());
  Places places;
  places.executable = self;
  places.prefix = self.parent_path().parent_path();
  places.library_folder = places.prefix / OFFPRINT_LIBRARY_DIR;
  places.share_folder = places.prefix / OFFPRINT_SHARE_DIR;
  if (const char* extra = std::getenv("OFFPRINT_PAPERS"); extra != nullptr) {
    std::istringstream list(extra);
    for (std::string folder; std::getline(list, folder, ':');)
      if (!folder.empty()) places.paper_folders.emplace_back(folder);
  }
  places.paper_folders.push_back(places.library_folder / "papers");
  if (std::filesystem::exists(places.prefix / "CMakeCache.txt", error)) places.source_folder = OFFPRINT_SOURCE_DIR;
  return places;
}

}  // namespace offprint::app
