// Files that runs may read: uploads, and the folders that the operator opened.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "page/server/http_message.hpp"
#include "page/server/query.hpp"

namespace offprint::page {

/// Folders opened with --allow. What a symbolic link inside one points to counts by where it lies, not by its name.
class AllowedFolders {
 public:
  /// Throws InputError when one is not a folder.
  explicit AllowedFolders(const std::vector<std::string>& folders);
  [[nodiscard]] const std::vector<std::filesystem::path>& folders() const { return folders_; }
  /// The canonical path of a regular file or folder inside an allowed one. Throws InputError otherwise, with the same
  /// sentence whether it exists or not.
  [[nodiscard]] std::filesystem::path confined(const std::string& path) const;
  /// The allowed folders (folder ""), or what is in one: {"folder", "parent", "entries"}; at most 2,000 entries, hidden
  /// ones and special files left out. Throws InputError.
  [[nodiscard]] Json listing(const std::string& folder) const;

 private:
  [[nodiscard]] bool holds(const std::filesystem::path& canonical) const;
  std::vector<std::filesystem::path> folders_;  // canonical
};

/// Uploaded files, each in a folder of its own, for a day. Thread-safe.
class Uploads {
 public:
  struct Settings {
    std::filesystem::path folder;
    std::uint64_t file_limit = 512ULL << 20U;
    std::uint64_t total_limit = 4ULL << 30U;
    std::size_t count_limit = 200;
    std::chrono::seconds lifetime{24 * 3600};
  };
  explicit Uploads(Settings settings);

  /// Streams the body to disk. Returns {"id", "name", "bytes", "value", "columns"}. Throws HttpError 413, 507.
  [[nodiscard]] Json receive(HttpRequest& request, const std::string& name);
  [[nodiscard]] Json list() const;
  /// Throws HttpError 404.
  void remove(const std::string& id);
  /// The path behind "ID/FILE". Throws InputError.
  [[nodiscard]] std::filesystem::path find(const std::string& id_and_file) const;
  /// Removes what is older than a day, except files for which `in_use` says so.
  void expire(const std::function<bool(const std::string& path)>& in_use);
  [[nodiscard]] std::uint64_t file_limit() const { return settings_.file_limit; }

 private:
  struct Upload {
    std::string id;
    std::filesystem::path file;
    std::uint64_t bytes = 0;
  };
  [[nodiscard]] std::vector<Upload> all() const;
  [[nodiscard]] static Json describe(const Upload& upload);
  void count_bytes();

  Settings settings_;
  mutable std::mutex mutex_;
  std::uint64_t stored_ = 0;
  std::uint64_t arriving_ = 0;  // bytes of uploads on their way
  std::size_t arriving_count_ = 0;
};

/// "upload:ID/FILE" or a path in an allowed folder, perhaps with ":NAME" behind it, as a path for the command.
[[nodiscard]] std::string resolve_path_option(const std::string& value, const AllowedFolders& folders,
                                              const Uploads& uploads);

}  // namespace offprint::page
