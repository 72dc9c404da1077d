// Checkpoints on disk: atomic, checksummed, versioned, the previous one kept.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace offprint {

/// A checkpoint as read back.
struct LoadedCheckpoint {
  std::string bytes;
  bool from_previous = false;  // the newest was missing or damaged, this is the one before
  std::string damage;          // what was wrong with the newest, if it was damaged
};

/// One named checkpoint: `<path>` and, one save older, `<path>.previous`. File: magic, format version, length, CRC-32
/// of the payload, payload.
class CheckpointFile {
 public:
  explicit CheckpointFile(std::filesystem::path path) : path_(std::move(path)) {}
  /// Replaces the newest checkpoint, keeping it as the previous one. Throws IoError (disk full, ...); then the old ones
  /// remain.
  void save(std::string_view bytes) const;
  /// The newest undamaged checkpoint, or nothing when none was ever saved. Throws IoError when both are damaged or the
  /// file was written by a newer format.
  [[nodiscard]] std::optional<LoadedCheckpoint> load() const;

 private:
  std::filesystem::path path_;
};

}  // namespace offprint
