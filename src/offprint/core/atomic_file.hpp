// Files that appear whole or not at all: written under a temporary name, synced, then renamed over the target.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace offprint {

/// A file being written. Nothing is seen under `path()` before `commit()`; a reader, a crash or a power failure finds
/// either the old file or the new one. Destroyed without commit, it leaves no trace.
///
/// The temporary file lies beside the target, so the rename stays on one file system. A target that is a symbolic link
/// is followed; an existing file keeps its permissions. Devices and pipes (/dev/null, /dev/stdout) are written
/// directly, since renaming over them would replace them. One object is used by one thread; several objects may write
/// the same path, and the last commit wins.
class AtomicFile {
 public:
  /// Opens the temporary file. Throws IoError naming the path and the cause (folder missing, permission denied, ...).
  explicit AtomicFile(const std::filesystem::path& path);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  /// Appends bytes; small writes are gathered. Throws IoError ("disk full"), after which the object is spent.
  void write(std::string_view bytes);
  void write(std::span<const std::byte> bytes) {
    write(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
  }

  /// Writes what is gathered, syncs the file, renames it to `path()`, syncs the folder. Throws IoError; the temporary
  /// file is then removed and the target is as it was.
  void commit();

  /// The target, as it was given.
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  /// Where the bytes lie before commit: for libraries that must write a file themselves before it is renamed.
  [[nodiscard]] const std::filesystem::path& temporary_path() const { return temporary_; }

 private:
  void flush();
  void write_through(std::string_view bytes);
  void abandon() noexcept;
  [[noreturn]] void fail(int error);

  std::filesystem::path path_;
  std::filesystem::path target_;     // path_ with symbolic links followed
  std::filesystem::path temporary_;  // equals target_ for a device
  std::string gathered_;
  int descriptor_ = -1;
  bool direct_ = false;
};

/// Makes `path` hold exactly `bytes`, durably and at once (see AtomicFile). Throws IoError.
void write_atomically(const std::filesystem::path& path, std::string_view bytes);

/// What errno says, in a user's words: "disk full", "permission denied", "no such file or folder", ...
[[nodiscard]] std::string describe_errno(int error);

}  // namespace offprint
